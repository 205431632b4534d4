"""Manners of servers that are not the same twice: pages that change, servers that reset who comes first."""

from asyncio import StreamWriter
from dataclasses import dataclass, field
from itertools import count

from tests.lab.pages import Abort, Manner, Page, Request


@dataclass(frozen=True)
class Dynamic:
    """Another title, length and text at each visit, as a news page has; what it loads stays the same."""

    title: str = "Steppe news"
    visits: "count[int]" = field(default_factory=count, compare=False)

    async def answer(self, request: Request, out: StreamWriter) -> bool:
        number = next(self.visits)
        files = '<link rel=stylesheet href="/assets/steppe-7.css"><script src="/assets/ticker-7.js"></script>'
        head = f"<!doctype html><html><head><title>{self.title}, {number} new stories</title>{files}</head><body>"
        body = head + "".join(f"<p>Story {number * 7 + line} of the day.</p>" for line in range(20 + 60 * (number % 3)))
        return await Page(body=body.encode()).answer(request, out)


@dataclass(frozen=True)
class Overloaded:
    """Resets each visitor's first request, whoever that is, and answers the next ones."""

    otherwise: Manner = field(default_factory=Page)
    known: set[str] = field(default_factory=set, compare=False)

    async def answer(self, request: Request, out: StreamWriter) -> bool:
        visitor = out.get_extra_info("peername")[0]
        manner = self.otherwise if visitor in self.known else Abort()
        self.known.add(visitor)
        return await manner.answer(request, out)
