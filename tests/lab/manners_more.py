"""More manners of web servers: what depends on who asks, long chains of redirects, large files.

The plain ones are in `pages`.
"""

import random
from asyncio import StreamWriter
from dataclasses import dataclass, field
from functools import cache

from tests.lab.addresses import CLIENT
from tests.lab.pages import Manner, Page, Redirect, Request, head

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
