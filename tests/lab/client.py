"""What a plain program sees from inside the country: one step at a time, told as JSON on standard output.

The lab's own tests start it once in the client's network and give it steps, a line of JSON each:
`["tls", {"ip": "193.108.20.10", "name": "plain.kz"}]`. It imports nothing of ours.
"""

import errno
import json
import os
import socket
import ssl
import struct
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

TIMEOUT_S = 0.3
IP_TTL, IP_RECVTTL, IP_RECVERR, MSG_ERRQUEUE = 2, 12, 11, 0x2000
Seen = dict[str, Any]


def outcome(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate {error.verify_code}"
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return "eof"
    if isinstance(error, ssl.SSLError):
        return str(error.reason or error)
    if isinstance(error, OSError) and error.errno is not None:
        return errno.errorcode.get(error.errno, str(error.errno))
    return repr(error)


def opened(ip: str, port: int, **_: Any) -> socket.socket:
    line = socket.create_connection((ip, port), timeout=TIMEOUT_S)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return line


def connect(ip: str, port: int) -> Seen:
    started = time.perf_counter()
    opened(ip, port).close()
    return {"ms": (time.perf_counter() - started) * 1000}


def connects(ip: str, port: int, times: int) -> Seen:
    """The same several times: milliseconds, or why not."""
    found: list[float | str] = []
    for _ in range(times):
        try:
            found.append(connect(ip, port)["ms"])
        except OSError as error:
            found.append(outcome(error))
    return {"each": found}


def in_pieces(line: socket.socket, said: bytes, pieces: int) -> None:
    size = -(-len(said) // pieces)
    for at in range(0, len(said), size):
        line.sendall(said[at : at + size])
        time.sleep(0.002 if pieces > 1 else 0)


def tls(ip: str, name: str, port: int = 443, *, verify: bool = True) -> Seen:
    context = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
    if not verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with opened(ip, port) as line, context.wrap_socket(line, server_hostname=name or None) as secure:
        der = secure.getpeercert(binary_form=True) or b""
        secure.sendall(f"GET / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
        return {"version": secure.version(), "der": der.hex(), "said": secure.recv(200).decode("latin-1")}


def hello(ip: str, name: str, pieces: int = 1, ttl: int = 64) -> Seen:
    """A ClientHello sent by hand, in pieces or with a short TTL; and the first bytes that come back."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with suppress(ssl.SSLWantReadError):
        ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname=name).do_handshake()
    with opened(ip, 443) as line:
        line.setsockopt(socket.IPPROTO_IP, IP_TTL, ttl)
        in_pieces(line, outgoing.read(), pieces)
        return {"said": line.recv(1).hex()}


def http(ip: str, host: str, path: str = "/", pieces: int = 1, timeout_s: float = TIMEOUT_S) -> Seen:
    """The whole answer, as far as it came."""
    started, said, error, arrivals = time.perf_counter(), b"", None, []
    with opened(ip, 80) as line:
        line.settimeout(timeout_s)
        in_pieces(line, f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode(), pieces)
        try:
            while piece := line.recv(65536):
                if time.perf_counter() > started + timeout_s:
                    raise TimeoutError
                said += piece
                arrivals.append(time.perf_counter() - started)
        except OSError as raised:
            error = outcome(raised)
    head, _, body = said.decode("latin-1").partition("\r\n\r\n")
    seconds = arrivals[-1] if arrivals else None
    return {"outcome": error, "head": head, "body": body[:300], "bytes": len(said), "seconds": seconds}


def asked(name: str, number: int, kind: int = 1) -> bytes:
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    return struct.pack("!6H", number, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!2H", kind, 1)


def told(wire: bytes) -> Seen:
    count, at = struct.unpack_from("!H", wire, 6)[0], wire.index(b"\0", 12) + 5
    addresses = []
    for _ in range(count):
        kind, size = struct.unpack_from("!2xH6xH", wire, at)
        addresses += [socket.inet_ntoa(wire[at + 12 : at + 16])] if kind == 1 else []
        at += 12 + size
    return {"rcode": wire[3] & 0x0F, "addresses": sorted(addresses)}


def dns(name: str, resolver: str, ttl: int = 64, wait_s: float = 0.15, kind: int = 1, most: int = 1) -> Seen:
    """The first answers, with their IP TTL."""
    answers: list[Seen] = []
    started = time.perf_counter()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.setsockopt(socket.IPPROTO_IP, IP_RECVTTL, 1)
        line.setsockopt(socket.IPPROTO_IP, IP_TTL, ttl)
        line.connect((resolver, 53))
        line.send(asked(name, 7, kind))
        try:
            while len(answers) < most and (left := started + wait_s - time.perf_counter()) > 0:
                line.settimeout(left)
                wire, extra, _, _ = line.recvmsg(4096, 256)
                after_ms = (time.perf_counter() - started) * 1000
                answers.append({**told(wire), "ip_ttl": struct.unpack("i", extra[0][2][:4])[0], "after_ms": after_ms})
        except TimeoutError:
            pass
    return {"answers": answers}


def dns_tcp(name: str, resolver: str) -> Seen:
    with opened(resolver, 53) as line:
        query = asked(name, 7)
        line.sendall(len(query).to_bytes(2, "big") + query)
        return told(line.recv(4096)[2:])


def hop(ip: str, ttl: int, port: int = 53, name: str | None = None) -> Seen:
    """Who says that the TTL ran out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
        line.setsockopt(socket.IPPROTO_IP, IP_TTL, ttl)
        line.connect((ip, port))
        line.send(asked(name or "nobody.kz", 7))
        started = time.monotonic()
        while time.monotonic() < started + TIMEOUT_S:
            try:
                _, extra, _, _ = line.recvmsg(512, 512, MSG_ERRQUEUE)
            except BlockingIOError:
                time.sleep(0.001)
                continue
            error = extra[0][2]
            return {"type": error[5], "code": error[6], "from": socket.inet_ntoa(error[20:24])}
    return {"outcome": "timeout"}


def look_up(name: str) -> Seen:
    return {"addresses": sorted({found[4][0] for found in socket.getaddrinfo(name, 80)})}


STEPS: dict[str, Callable[..., Seen]] = {
    step.__name__: step for step in (connect, connects, tls, hello, http, dns, dns_tcp, hop, look_up)
}


def main() -> None:
    for line in sys.stdin:
        step, arguments = json.loads(line)
        try:
            seen = {"outcome": "ok", **STEPS[step](**arguments)}
        except OSError as error:
            seen = {"outcome": outcome(error)}
        print(json.dumps(seen), flush=True)


if __name__ == "__main__":
    main()
