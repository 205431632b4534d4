"""More manners of web servers: what depends on who asks, long chains of redirects, large files, a rate for all.

The plain ones are in `pages`.
"""

import asyncio
import random
from asyncio import StreamWriter
from dataclasses import dataclass, field
from functools import cache

from tests.lab.addresses import CLIENT
from tests.lab.pages import PIECE_BYTES, Manner, Page, Redirect, Request, head, write_piece

_PIECE_BYTES = 1 << 16


@dataclass(frozen=True)
class ByAsker:
    """One answer for the client of the lab, and another for everybody else: a CAPTCHA for some networks only."""

    client: Manner
    others: Manner = field(default_factory=Page)

    async def answer(self, request: Request, out: StreamWriter) -> bool:
        chosen = self.client if out.get_extra_info("peername")[0] == CLIENT else self.others
        return await chosen.answer(request, out)


@dataclass(frozen=True)
class Countdown:
    """`/redirect/15` leads to `/redirect/14`, and so on; at 0, and at every other path, there is a page."""

    status: int = 302

    async def answer(self, request: Request, out: StreamWriter) -> bool:
        folder, _, left = request.path.rpartition("/")
        if left.isdecimal() and int(left) > 0:
            return await Redirect(f"{folder}/{int(left) - 1}", self.status).answer(request, out)
        return await Page("Arrived").answer(request, out)


@cache
def _noise() -> bytes:
    return random.Random(1).randbytes(_PIECE_BYTES)


@dataclass(frozen=True)
class Large:
    """A file of so many bytes that nobody can compress, written as fast as it is taken and never held whole."""

    size: int = 1 << 25

    async def answer(self, request: Request, out: StreamWriter) -> bool:  # noqa: ARG002
        out.write(head(200, {"Content-Type": "application/octet-stream", "Content-Length": str(self.size)}))
        for at in range(0, self.size, _PIECE_BYTES):
            out.write(_noise()[: self.size - at])
            await out.drain()
        return True


class _Uplink:
    """A token bucket told as a clock: `_free_at` is when it will have sent all it was given."""

    def __init__(self) -> None:
        self._free_at = 0.0

    def wait(self, seconds: float, burst_s: float) -> float:
        """How long to wait before saying what takes so many seconds."""
        now = asyncio.get_running_loop().time()
        self._free_at = max(self._free_at, now - burst_s) + seconds
        return self._free_at - now


@dataclass(frozen=True)
class SharedRate:
    """A page from a server that has one rate for all its connections together, as behind a narrow uplink."""

    page: Page
    kbit_s: float
    burst_bytes: int = 8_000
    """What the server may say at once after it was idle."""
    uplink: _Uplink = field(default_factory=_Uplink, compare=False)

    async def answer(self, request: Request, out: StreamWriter) -> bool:
        said, body = self.page.parts()
        await asyncio.sleep(self.page.first_byte_s)
        out.write(said)
        for at in range(0, 0 if request.method == "HEAD" else len(body), PIECE_BYTES):
            piece, bytes_s = body[at : at + PIECE_BYTES], self.kbit_s * 125
            await asyncio.sleep(self.uplink.wait(len(piece) / bytes_s, self.burst_bytes / bytes_s))
            await write_piece(out, piece)
        return not self.page.http_1_0
