"""The manners of web servers: how each answers a request. To add one, write a small dataclass with `answer`.

Requests are read and connections closed by `web`; nothing here knows of TLS or addresses.
"""

import asyncio
import gzip
import socket
import struct
import zlib
from asyncio import StreamWriter
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from importlib import import_module
from typing import Protocol

PIECE_BYTES = 1_400
_WORDS = "The steppe wind carries news from the market to the mountains and back again. "


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    host: str
    headers: Mapping[str, str]
    """Names in small letters."""
    body: bytes
    secure: bool


class Manner(Protocol):
    async def answer(self, request: Request, out: StreamWriter) -> bool:
        """Write the answer. True keeps the connection for another request."""


def _text(title: str, size: int) -> bytes:
    head = (
        f"<!doctype html><html lang=en><head><meta charset=utf-8><title>{title}</title></head><body><h1>{title}</h1><p>"
    )
    end = "</p></body></html>"
    room = max(0, size - len(head.encode()) - len(end))
    return (head + (_WORDS * (room // len(_WORDS) + 1))[:room] + end).encode()


@dataclass(frozen=True)
class Page:
    """A page of about `size` bytes. Everything that may be odd about an honest answer is a field."""

    title: str = "Welcome"
    size: int = 3_000
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    encoding: str | None = None
    """`gzip`, `deflate`, or `br` where brotli is installed."""
    first_byte_s: float = 0.0
    kbit_s: float | None = None
    burst_bytes: int = 0
    """So many come at once before `kbit_s` holds."""
    http_1_0: bool = False

    def parts(self) -> tuple[bytes, bytes]:
        """The head and the body of the answer."""
        body = _text(self.title, self.size) if self.body is None else self.body
        fields = {"Content-Type": "text/html; charset=utf-8", "Server": "nginx", **dict(self.headers)}
        if self.encoding is not None:
            body = _encoded(body, self.encoding)
            fields["Content-Encoding"] = self.encoding
        fields |= {"Connection": "close"} if self.http_1_0 else {"Content-Length": str(len(body))}
        return head(self.status, fields, version="1.0" if self.http_1_0 else "1.1"), body

    async def answer(self, request: Request, out: StreamWriter) -> bool:
        said, body = self.parts()
        await asyncio.sleep(self.first_byte_s)
        out.write(said)
        if request.method != "HEAD":
            await _write_at(out, body, self.kbit_s, self.burst_bytes)
        return not self.http_1_0


def _encoded(body: bytes, encoding: str) -> bytes:
    if encoding == "br":
        packed: bytes = import_module("brotli").compress(body)
        return packed
    return zlib.compress(body) if encoding == "deflate" else gzip.compress(body, 6, mtime=0)


async def _write_at(out: StreamWriter, body: bytes, kbit_s: float | None, burst_bytes: int = 0) -> None:
    if kbit_s is None:
        out.write(body)
        await out.drain()
        return
    clock = asyncio.get_running_loop().time
    started = clock()
    for at in range(0, len(body), PIECE_BYTES):
        await write_piece(out, body[at : at + PIECE_BYTES])
        await asyncio.sleep(started + (at + PIECE_BYTES - burst_bytes) / (kbit_s * 125) - clock())


async def write_piece(out: StreamWriter, piece: bytes) -> None:
    if out.is_closing():
        raise ConnectionResetError("the client has left")
    out.write(piece)
    await out.drain()


def head(status: int, fields: Mapping[str, str], *, version: str = "1.1") -> bytes:
    lines = [f"HTTP/{version} {status} {HTTPStatus(status).phrase}", *(f"{k}: {v}" for k, v in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode()


@dataclass(frozen=True)
class Redirect:
    location: str
    status: int = 301

    async def answer(self, request: Request, out: StreamWriter) -> bool:
        return await Page("Moved", 200, self.status, (("Location", self.location),)).answer(request, out)


@dataclass(frozen=True)
class Paths:
    """A manner for each path; `otherwise` for the rest."""

    at: Mapping[str, Manner]
    otherwise: Manner = field(default_factory=lambda: Page("Not found", 400, 404))

    async def answer(self, request: Request, out: StreamWriter) -> bool:
        return await self.at.get(request.path, self.otherwise).answer(request, out)


@dataclass(frozen=True)
class EndlessBody:
    kbit_s: float = 800.0

    async def answer(self, request: Request, out: StreamWriter) -> bool:  # noqa: ARG002
        out.write(head(200, {"Content-Type": "text/html"}))
        while True:
            await _write_at(out, _WORDS.encode() * 20, self.kbit_s)


@dataclass(frozen=True)
class EndlessHeaders:
    kbit_s: float = 800.0

    async def answer(self, request: Request, out: StreamWriter) -> bool:  # noqa: ARG002
        out.write(b"HTTP/1.1 200 OK\r\n")
        number = 0
        while True:
            number += 1
            await _write_at(out, f"X-More-{number}: {_WORDS.strip()}\r\n".encode(), self.kbit_s)


@dataclass(frozen=True)
class Raw:
    """These bytes, then close: garbage, half an answer, anything."""

    said: bytes = b"\x00\xff\x13garbage that is no HTTP\r\n\r\n"

    async def answer(self, request: Request, out: StreamWriter) -> bool:  # noqa: ARG002
        out.write(self.said)
        return False


@dataclass(frozen=True)
class Pours:
    """`first`, then `again` without end, as fast as it is taken or once in `every_s`; without it, no more is said."""

    first: bytes = b""
    again: bytes = b""
    every_s: float = 0.0

    async def answer(self, request: Request, out: StreamWriter) -> bool:  # noqa: ARG002
        out.write(self.first)
        while not out.is_closing():
            out.write(self.again)
            await out.drain()
            await asyncio.sleep(self.every_s if self.again else 3600)
        return False


@dataclass(frozen=True)
class NeedsCookie:
    """Sends everyone to `door`, which gives a cookie, and lets in who brings it back."""

    door: str
    set_cookie: str
    brings: str

    async def answer(self, request: Request, out: StreamWriter) -> bool:
        if self.brings in request.headers.get("cookie", ""):
            return await Page("Welcome back").answer(request, out)
        fields = (("Location", self.door), ("Set-Cookie", self.set_cookie))
        return await Page("Moved", 200, 302, fields).answer(request, out)


@dataclass(frozen=True)
class Echo:
    """A page whose title is what the client asked for: the path and its cookies."""

    async def answer(self, request: Request, out: StreamWriter) -> bool:
        asked = f"{request.path} {request.headers.get('cookie', '')}".strip()
        return await Page(asked).answer(request, out)


@dataclass(frozen=True)
class Hangup:
    """Closes without a word."""

    async def answer(self, request: Request, out: StreamWriter) -> bool:  # noqa: ARG002
        return False


@dataclass(frozen=True)
class Abort:
    """Resets the connection."""

    async def answer(self, request: Request, out: StreamWriter) -> bool:  # noqa: ARG002
        reset(out)
        return False


def reset(out: StreamWriter) -> None:
    out.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    out.transport.abort()


@dataclass(frozen=True)
class Silence:
    """Accepts the request and never answers."""

    async def answer(self, request: Request, out: StreamWriter) -> bool:  # noqa: ARG002
        await asyncio.Event().wait()
        return False
