"""What the pages share: the line that is shown, and how a request becomes a moment and a span. No drawing, no query."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from urllib.parse import urlencode

from results.records import Vantage
from results.store import Store, Tally
from results.tables import GapRow
from server.pages.cells import Cell
from server.pages.phrases import plural
from server.pages.times import SPANS, Clock, Local, Window
from targets.target import Target

EVER = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One line and its list: what all pages are made from."""

    store: Store
    targets: Mapping[str, Target]  # by URL
    vantage: Vantage
    interval: timedelta
    clock: Clock
    zone: tzinfo | None  # None: the machine's
    version: str

    def now(self) -> Local:
        return Local.at(self.clock(), self.zone)


def began(
    shown: Shown, tallies: Mapping[str, Sequence[Tally]], view: Window, gaps: Sequence[GapRow]
) -> dict[str, datetime]:
    """When measuring began, for the series that have nothing in the first cell and no gap to explain it."""
    if any(gap.began_at <= view.start + view.cell and gap.ended_at >= view.start for gap in gaps):
        return {}
    late = [url for url, entries in tallies.items() if all(entry.cell > 0 for entry in entries)]
    if not late:
        return {}
    found: dict[str, datetime] = {}
    ever = shown.store.tallies(vantage=shown.vantage.name, since=EVER, cell=view.end - EVER, urls=late)
    for entry in ever:
        found[entry.url] = min(entry.first_at, found.get(entry.url, entry.first_at))
    return {url: found.get(url, view.end) for url in late}


def span_of(wanted: str | None) -> str:
    """A span's name from the address bar; the day where it is no known one."""
    return wanted if wanted in SPANS else "24h"


def site_href(url: str, **more: str) -> str:
    return "/site?" + urlencode({"url": url, **more})


def cell_words(cell: Cell, now: Local) -> str:
    """A cell in words: "14:00 to 15:00: blocked 2 of 2 (tls.reset, likely)"."""
    first, last = now.between(cell.start, cell.end)
    when = f"{first} to {last}"
    if not cell.pieces:
        return f"{when}: {cell.empty.value}"
    return f"{when}: " + "; ".join(
        f"{piece.kind.verdict.value} {piece.count} of {cell.total}" + _how(piece.mechanism, piece.confidence)
        for piece in cell.pieces
    )


def strip_words(row: Sequence[Cell]) -> str:
    """A strip in words: what a screen reader says instead of it."""
    counts: dict[str, int] = {}
    for cell in row:
        for piece in cell.pieces:
            counts[piece.kind.verdict.value] = counts.get(piece.kind.verdict.value, 0) + piece.count
    if not counts:
        return "no checks"
    total = sum(counts.values())
    said = ", ".join(f"{verdict} {count}" for verdict, count in sorted(counts.items(), key=lambda item: -item[1]))
    return f"{total} {plural(total, 'check', 'checks')}: {said}"


def _how(mechanism: str, confidence: str | None) -> str:
    known = [word for word in (mechanism, confidence) if word]
    return f" ({', '.join(known)})" if known else ""
