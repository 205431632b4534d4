"""What a censor reads in a payload: the SNI of a ClientHello, the Host of a request, the name in a DNS query.

Bytes in, a name out; nothing is kept between calls. `MORE` means that the payload is not whole yet.
"""

import struct
from enum import Enum
from typing import Final, Literal


class Wait(Enum):
    MORE = "more bytes needed"


MORE: Final = Wait.MORE
Reading = str | None | Literal[Wait.MORE]
_METHODS = (b"GET ", b"HEAD ", b"POST ", b"PUT ", b"OPTIONS ", b"CONNECT ", b"DELETE ", b"PATCH ")


def sni(stream: bytes) -> Reading:
    """The server name of the ClientHello with which this stream begins, if it begins with one."""
    if stream[:1] != b"\x16"[: len(stream)]:
        return None
    hello = b""
    while len(stream) >= 5 and stream[0] == 0x16:
        size = int.from_bytes(stream[3:5], "big")
        hello += stream[5 : 5 + size]
        stream = stream[5 + size :]
    if hello[:1] not in (b"", b"\x01"):
        return None
    if len(hello) < 4 or len(hello) < 4 + int.from_bytes(hello[1:4], "big"):
        return MORE
    return _server_name(hello)


def _server_name(hello: bytes) -> str | None:
    try:
        at = 38
        at += 1 + hello[at]
        at += 2 + int.from_bytes(hello[at : at + 2], "big")
        at += 1 + hello[at]
        end = at + 2 + int.from_bytes(hello[at : at + 2], "big")
        at += 2
        while at < end:
            kind, size = struct.unpack_from("!HH", hello, at)
            if kind == 0:
                (length,) = struct.unpack_from("!H", hello, at + 7)
                return hello[at + 9 : at + 9 + length].decode("ascii", "replace").lower()
            at += 4 + size
    except (IndexError, struct.error):
        pass
    return None


def host(stream: bytes) -> Reading:
    """The Host header of the HTTP request with which this stream begins, if it begins with one."""
    if not any(stream.startswith(m) or m.startswith(stream) for m in _METHODS):
        return None
    head, whole, _ = stream.partition(b"\r\n\r\n")
    if not whole:
        return MORE
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"host":
            return value.strip().decode("ascii", "replace").lower().rsplit(":", 1)[0]
    return None


def question(query: bytes) -> str | None:
    """The name asked for, in small letters, without the last dot."""
    if len(query) < 17 or query[2] & 0x80:
        return None
    labels, at = [], 12
    while at < len(query) and query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].decode("ascii", "replace").lower())
        at += 1 + query[at]
    return ".".join(labels)


def dns_answer(query: bytes, rcode: int, addresses: tuple[bytes, ...]) -> bytes:
    """A forged answer: the question as it was asked, and A records if it asked for them. No EDNS."""
    end = query.index(b"\0", 12) + 5
    asked = query[12:end]
    records = addresses if asked[-4:-2] == b"\0\x01" else ()
    head = query[:2] + struct.pack("!BBHHHH", 0x84 | query[2] & 0x01, 0x80 | rcode, 1, len(records), 0, 0)
    return head + asked + b"".join(b"\xc0\x0c\0\x01\0\x01" + struct.pack("!IH", 300, 4) + a for a in records)
