"""Runs cases of some families as a program of its own, and says what became of them.

    python -m tests.fuzz.run certificates URLs --cases 1000          # the first thousand cases of each
    python -m tests.fuzz.run certificates --cases 1 --first 4711     # one of them again

The last line of its output is JSON: of each family how many cases ended, what was wrong by case and the slowest; and
the most memory that was taken.
"""

import argparse
import asyncio
import faulthandler
import gc
import json
import sys
import time
import traceback
import warnings
from pathlib import Path
from random import Random
from typing import Any

from tests.fuzz import controls, handshakes, pages, resolvers, texts
from tests.fuzz.family import Case, Family

FAMILIES: dict[str, Family] = {
    "DNS over UDP": resolvers.datagrams,
    "DNS over TCP": resolvers.streams,
    "DNS over HTTPS": resolvers.encrypted,
    "TLS records": handshakes.records,
    "certificates": handshakes.certificates,
    "HTTP/1.1": pages.one,
    "HTTP/2": pages.two,
    "harm": pages.harm,
    "control": controls.answers,
    "URLs": texts.urls,
    "lists": texts.lists,
    "settings": texts.settings,
}
CASE_S = 25.0
HANG_S = 60.0  # a hang that no loop can end: all threads' traces, and out
_SIDE_BY_SIDE = 8


class Book:
    """What is to be said of one family at the end."""

    def __init__(self) -> None:
        self.wrong: dict[str, str] = {}
        self.slowest_s = 0.0
        self.ended = 0

    def note(self, case: str, exc: BaseException) -> None:
        self.wrong.setdefault(case, "".join(traceback.format_exception(exc)[-6:])[-3000:])

    def said(self) -> dict[str, Any]:
        return {"cases": self.ended, "wrong": self.wrong, "slowest_s": round(self.slowest_s, 2)}


async def run(name: str, first: int, cases: int) -> Book:
    book, numbers = Book(), iter(range(first, first + cases))
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, said: book.note("beside", said.get("exception") or Exception(said["message"])))
    sys.unraisablehook = lambda said: book.note("unraisable", said.exc_value or Exception(said.err_msg))
    async with FAMILIES[name]() as one:

        async def some() -> None:
            for number in numbers:
                await _case(book, one, name, number)

        await asyncio.gather(*(some() for _ in range(_SIDE_BY_SIDE)))
    gc.collect()  # what is left open is found now
    return book


async def _case(book: Book, one: Case, name: str, number: int) -> None:
    began = time.monotonic()
    faulthandler.dump_traceback_later(HANG_S, exit=True)
    try:
        async with asyncio.timeout(CASE_S):
            await one(Random(f"{name} {number}"))
    except Exception as exc:  # noqa: BLE001 - each is one line of the report
        book.note(str(number), exc)
    faulthandler.cancel_dump_traceback_later()
    book.slowest_s = max(book.slowest_s, time.monotonic() - began)
    book.ended += 1


def _peak_mb() -> float:
    """The most memory that this program had. Not by getrusage: there, whoever started it counts until it begins."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def main() -> int:
    asked = argparse.ArgumentParser(description="Fuzzes some families, or all.")
    asked.add_argument("families", nargs="*", metavar="FAMILY", help=", ".join(FAMILIES))
    asked.add_argument("--cases", type=int, default=1000)
    asked.add_argument("--first", type=int, default=0)
    given = asked.parse_args()
    warnings.simplefilter("error")
    said = {}
    for name in given.families or FAMILIES:
        said[name] = asyncio.run(run(name, given.first, given.cases)).said()
    print(json.dumps({"families": said, "peak_mb": round(_peak_mb())}))
    return int(any(found["wrong"] for found in said.values()))


if __name__ == "__main__":
    sys.exit(main())
