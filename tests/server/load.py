"""Many vantages that send at once: keys and bodies made beforehand, and programs that send them and take the time.

The sending program: python -m tests.server.load FILE. It prints one line of JSON when everything has arrived.
"""

import base64
import json
import pickle
import random
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from threading import Lock

import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from probe.vantage.identity import Identity
from probe.vantage.signing import sign
from results.formats.jsonl import line
from results.records import Vantage
from results.verdict import judge
from tests.results.build import HTTPS, dns, page, seen, tcp, tls

LINES = 100
PATH = "/v1/measurements"
_BODY, _UID, _AT = "body goes here", "uid-goes-here", datetime(2026, 1, 1, 1, 1, 1, tzinfo=UTC)
_BODY_BYTES = 1900  # with it the evidence is four kilobytes
_SITES, _ROUND = 200, timedelta(minutes=30)
_NETWORKS = ((9198, "Kazakhtelecom"), (48503, "Tele2"), (206026, "Kcell"), (21299, "Beeline"))
_WORDS = [secrets.token_urlsafe(length) for length in (2, 3, 4, 5, 6, 7, 8, 9) for _ in range(60)]


@dataclass
class Volunteer:
    """A vantage that has joined, and its batches in the order in which they go."""

    key: bytes
    name: str
    batches: list[bytes] = field(default_factory=list)

    @property
    def identity(self) -> Identity:
        return Identity(Ed25519PrivateKey.from_private_bytes(self.key))


@dataclass(frozen=True, slots=True)
class Sent:
    """What sending came to."""

    seconds: float
    waits_ms: list[float]  # of each request that was taken, from its first byte to its answer
    busy: int  # answers that asked to come later
    failed: int  # connections that broke

    def wait_ms(self, part: float) -> float:
        return sorted(self.waits_ms)[min(int(len(self.waits_ms) * part), len(self.waits_ms) - 1)]


def volunteer(invitation: str, port: int) -> Volunteer:
    """Joins."""
    key = Ed25519PrivateKey.generate()
    identity = Identity(key)
    body = json.dumps({"code": invitation, "public_key": identity.public}).encode()
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    _post(connection, identity, "/v1/enrol", body, {"Content-Type": "application/json"})
    said = connection.getresponse()
    told = json.loads(said.read())
    assert said.status == 200, told
    connection.close()
    return Volunteer(key.private_bytes_raw(), told["vantage"])


def batches(name: str, count: int, chance: random.Random) -> Iterator[bytes]:
    """Packed, a hundred measurements each, of round after round over the same sites; no two have the same evidence."""
    asn, network = chance.choice(_NETWORKS)
    vantage = Vantage(name=name, country="KZ", asn=asn, network=network, vantage_class="home")
    whole = seen(dns(), tcp(), tls(), page(body=_BODY), control=[dns(), tcp(), tls(), page()], url=HTTPS)
    whole = replace(whole, uid=_UID, vantage=vantage, started_at=_AT)
    template = line(whole, judge(whole)).replace("2026-01-01T01:01:01.000Z", "{at}")
    pack = zstandard.ZstdCompressor(level=9)  # as a probe does (results/outbox.py)
    began = datetime.now(UTC) - _ROUND * (count * LINES // _SITES + 1) + timedelta(seconds=chance.uniform(0, 1000))
    for batch in range(count):
        lines = []
        for number in range(batch * LINES, (batch + 1) * LINES):
            tour, site = divmod(number, _SITES)
            at = (began + tour * _ROUND + timedelta(seconds=site)).isoformat(timespec="milliseconds")
            made = template.replace(_UID, f"{name}-{number:06}").replace("{at}", at.replace("+00:00", "Z"))
            made = made.replace("ratel.kz", f"site{site}.kz")
            lines.append(made.replace(_BODY, " ".join(chance.choices(_WORDS, k=_BODY_BYTES // 8))))
        yield pack.compress("".join(f"{one}\n" for one in lines).encode())


def send(volunteers: Sequence[Volunteer], port: int, folder: Path, *, programs: int, at_once: int) -> Sent:
    """All batches of all; `at_once` in each of so many programs. A vantage has one request on the way at most."""
    running = []
    for number in range(programs):
        file = folder / f"sender-{number}"
        file.write_bytes(pickle.dumps((port, at_once, volunteers[number::programs])))
        command = [sys.executable, "-m", "tests.server.load", str(file)]
        root = Path(__file__).parents[2]
        running.append(subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
    for process in running:  # each has read what it will send
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    began = time.monotonic()
    for process in running:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    told = [json.loads(process.communicate()[0].splitlines()[-1]) for process in running]
    seconds = time.monotonic() - began
    waits = [wait for one in told for wait in one["waits_ms"]]
    return Sent(seconds, waits, sum(one["busy"] for one in told), sum(one["failed"] for one in told))


class _Sending:
    """What the threads of a sending program share."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.lock = Lock()
        self.waits_ms: list[float] = []
        self.busy = self.failed = 0

    def all_of(self, volunteer: Volunteer) -> None:
        identity = volunteer.identity
        headers = {"Content-Type": "application/x-ndjson", "Content-Encoding": "zstd", "Kedergi-Interval": "1800"}
        connection = HTTPConnection("127.0.0.1", self.port, timeout=120)
        for body in volunteer.batches:
            while not self._taken(connection, identity, body, headers):
                pass
        connection.close()

    def _taken(self, connection: HTTPConnection, identity: Identity, body: bytes, headers: dict[str, str]) -> bool:
        began = time.perf_counter()
        try:
            _post(connection, identity, PATH, body, headers)
            said = connection.getresponse()
            told = said.read()
        except (HTTPException, OSError):
            connection.close()
            with self.lock:
                self.failed += 1
            time.sleep(0.1)
            return False
        took_ms = (time.perf_counter() - began) * 1000
        if said.status == 429:
            connection.close()
            with self.lock:
                self.busy += 1
            time.sleep(float(said.headers["retry-after"]))
            return False
        assert said.status == 200, told
        assert told.count(b'"fate":"stored"') + told.count(b'"fate":"there"') == LINES
        with self.lock:
            self.waits_ms.append(took_ms)
        return True


def _post(connection: HTTPConnection, identity: Identity, path: str, body: bytes, headers: dict[str, str]) -> None:
    url = f"http://127.0.0.1:{connection.port}{path}"
    nonce = base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")
    connection.request(
        "POST", path, body, sign(identity, "POST", url, headers, body, now=datetime.now(UTC), nonce=nonce)
    )
    if connection.sock is not None:
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def main() -> None:
    port, at_once, volunteers = pickle.loads(Path(sys.argv[1]).read_bytes())
    sending = _Sending(port)
    print("ready", flush=True)
    sys.stdin.readline()
    with ThreadPoolExecutor(at_once) as threads:
        list(threads.map(sending.all_of, volunteers))
    print(json.dumps({"waits_ms": sending.waits_ms, "busy": sending.busy, "failed": sending.failed}))


if __name__ == "__main__":
    main()
