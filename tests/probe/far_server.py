"""The wire's other end: a server that volunteers' probes join, as far as they can see it. It may be in a bad mood.

It believes nobody whose signature probe.vantage.signing does not believe, and takes no signature twice.
"""

import asyncio
import json
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from probe.vantage.identity import key_id_of, public_key
from probe.vantage.signing import NotSigned, Signed, verified
from tests.probe.servers import Reader, Writer, linger_none, site

VANTAGE = "kz-home-7f3a"


@dataclass
class Asked:
    """One request, as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in zstandard.ZstdDecompressor().decompress(self.body).splitlines()]

    @property
    def uids(self) -> list[str]:
        return [line["uid"] for line in self.lines]


@dataclass
class FarServer:
    """What it has, whom it knows, and what it does to the next requests."""

    moods: deque[str] = field(default_factory=deque)  # one for each request for as long as there are any
    arrived: Counter[str] = field(default_factory=Counter)  # how often each uid was stored
    kept: set[str] = field(default_factory=set)
    believed: list[Asked] = field(default_factory=list)
    met: list[str] = field(default_factory=list)  # the moods that were met
    members: dict[str, Ed25519PublicKey] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=lambda: {"k7qd-m2xp": ""})  # and the key that used it
    nonces: set[str] = field(default_factory=set)
    ahead: timedelta = timedelta()
    revoked: bool = False
    port: int = 0
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(30), self.news:
            await self.news.wait_for(true)

    async def meet(self, reader: Reader, writer: Writer) -> None:
        while head := await _head(reader):
            path, headers = _parsed(head)
            mood = self.moods.popleft() if self.moods and path == "/v1/measurements" else ""
            if mood.startswith("cut after "):
                await reader.readexactly(min(int(mood.split()[2]), int(headers["content-length"])))
                await self._tell(mood)
                linger_none(writer)
                return
            asked = Asked(path, headers, await reader.readexactly(int(headers["content-length"])))
            status, answer = self._answer(asked, mood)
            await self._tell(mood)
            if mood == "silent":
                await asyncio.Event().wait()
            if mood == "lost":
                linger_none(writer)
                return
            writer.write(_response(status, answer))
            await writer.drain()

    def _answer(self, asked: Asked, mood: str) -> tuple[str, bytes]:
        match mood:
            case "500" | "503" | "404":
                return f"{mood} Trouble", b"<html>sorry</html>"
            case "429":
                return "429 Too Many Requests\r\nretry-after: 1", b'{"detail": "Slower."}'
            case "413":
                return "413 Content Too Large", b"<html>nginx</html>"
            case "422":
                return "422 Unprocessable", _json(detail="What is that?")
            case "garbage":
                return "200 OK", b"<html>Log in to the hotel's network</html>"
            case "portal 401":
                return "401 Unauthorized", b"<html>Log in to the hotel's network</html>"
        if asked.path == "/v1/enrol":
            return self._enrolled(asked)
        try:
            self._signed(asked, self.members.get)
        except NotSigned as exc:
            return "401 Unauthorized", _json(detail=str(exc), at=self.now().isoformat())
        return "200 OK", self._receipts(asked, mood)

    def _signed(self, asked: Asked, key_of: Callable[[str], Ed25519PublicKey | None]) -> Signed:
        url = f"http://{asked.headers['host']}{asked.path}"
        signed = verified("POST", url, asked.headers, asked.body, key_of=key_of, now=self.now())
        if self.revoked:
            raise NotSigned("This vantage was revoked.")
        if signed.nonce in self.nonces:
            raise NotSigned("This signature was seen before.")
        self.nonces.add(signed.nonce)
        return signed

    def _receipts(self, asked: Asked, mood: str) -> bytes:
        self.believed.append(asked)
        receipts = []
        for line in asked.lines:
            uid = line["uid"]
            if uid.startswith("bad"):
                receipts.append({"uid": uid, "fate": "refused", "says": "It is \x1b[31mred."})
                continue
            if uid.startswith("unread"):
                receipts.append({"uid": None, "fate": "refused", "says": "It is no JSON."})
                continue
            receipts.append({"uid": uid, "fate": "there" if uid in self.kept else "stored", "says": ""})
            self.kept.add(uid)
            self.arrived[uid] += receipts[-1]["fate"] == "stored"
        if mood == "half":
            receipts = receipts[::2]
        if mood == "foreign":
            receipts = [one | {"uid": f"not {one['uid']}"} for one in receipts]
        if mood == "odd fate":
            receipts[0]["fate"] = "eaten"
        return _json(receipts=receipts, at=self.now().isoformat())

    def _enrolled(self, asked: Asked) -> tuple[str, bytes]:
        said = json.loads(asked.body)
        key = public_key(said["public_key"])
        known = key_id_of(key)
        try:
            self._signed(asked, {known: key}.get)
        except NotSigned as exc:
            return "401 Unauthorized", _json(detail=str(exc), at=self.now().isoformat())
        if self.codes.get(said["code"], "nobody") not in {"", known}:
            return "403 Forbidden", _json(detail="This code is not known here, was used, or is too old.")
        self.codes[said["code"]] = known
        self.members[known] = key
        given = {"vantage": VANTAGE, "class": "home", "country": "KZ", "at": self.now().isoformat()}
        return "200 OK", _json(**given)

    async def _tell(self, mood: str) -> None:
        self.met.append(mood)
        async with self.news:
            self.news.notify_all()


@asynccontextmanager
async def serving(server: FarServer, port: int = 0) -> AsyncIterator[FarServer]:
    async with site(server.meet, port=port) as server.port:
        yield server


async def _head(reader: Reader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""


def _parsed(head: bytes) -> tuple[str, dict[str, str]]:
    first, *rest = head.decode("ascii").strip().split("\r\n")
    method, path, _ = first.split(" ")
    assert method == "POST"
    return path, {name.lower(): value for name, _, value in (line.partition(": ") for line in rest)}


def _response(status: str, body: bytes) -> bytes:
    return f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


def _json(**said: Any) -> bytes:
    return json.dumps(said).encode()
