"""Tallies and gaps to the cells of a strip. Pure; how a cell is drawn is in charts/strip.py."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise

from results.points import Point
from results.store import Tally
from results.tables import GapRow
from server.pages.charts.palette import KINDS, Kind, kind_of
from server.pages.times import Window
from server.pages.tongue import N_

_ORDER = {kind.key: place for place, kind in enumerate(KINDS)}


class Empty(StrEnum):
    """Why a cell has nothing in it. None of these may ever look like a site that is fine."""

    NO_DATA = N_("no data")
    GAP = N_("not measuring")  # asleep, stopped: known to be ours
    BEFORE = N_("before measuring began")
    AHEAD = N_("not yet")


@dataclass(frozen=True, slots=True)
class Piece:
    """The checks of one cell that said the same."""

    kind: Kind
    confidence: str | None
    mechanism: str
    count: int


@dataclass(frozen=True, slots=True)
class Cell:
    """One stretch of time, as a stack from below."""

    start: datetime
    end: datetime
    pieces: tuple[Piece, ...] = ()
    empty: Empty = Empty.NO_DATA  # only where there are no pieces
    why: str = ""  # of a gap: a word of `gap.why`

    @property
    def total(self) -> int:
        return sum(piece.count for piece in self.pieces)

    @property
    def worst(self) -> Piece | None:
        """The trouble with the most checks; None where all is quiet."""
        loud = [piece for piece in self.pieces if piece.kind.key not in {"ok", "unsure"}]
        return max(loud, key=lambda piece: piece.count, default=None)


def tally(points: Iterable[Point], window: Window) -> list[Tally]:
    """What the store counts by itself, for points in hand."""
    return [
        Tally(
            url=point.url,
            cell=(point.at - window.start) // window.cell,
            network=point.network,
            verdict=point.verdict,
            mechanisms=point.mechanisms,
            confidence=point.confidence,
            count=1,
            first_at=point.at,
            last_at=point.at,
        )
        for point in points
    ]


def cells(
    tallies: Iterable[Tally], gaps: Sequence[GapRow], window: Window, *, now: datetime, began: datetime | None = None
) -> list[Cell]:
    """One series as cells. `began`: when its first measurement ever was, where that is known."""
    sorted_in: list[dict[tuple[int, str, str], int]] = [{} for _ in range(window.count)]
    for entry in tallies:
        if 0 <= entry.cell < window.count:
            kind = kind_of(entry.verdict, entry.mechanisms)
            mechanism = entry.mechanisms[0] if entry.mechanisms else ""
            key = (_ORDER[kind.key], entry.confidence or "", mechanism)
            sorted_in[entry.cell][key] = sorted_in[entry.cell].get(key, 0) + entry.count
    result = []
    for (start, end), counts in zip(_stretches(window), sorted_in, strict=True):
        if not counts:
            result.append(Cell(start, end, (), *_why_empty(start, end, gaps, now, began)))
            continue
        pieces = tuple(
            Piece(KINDS[order], confidence or None, mechanism, count)
            for (order, confidence, mechanism), count in sorted(counts.items())
        )
        result.append(Cell(start, end, pieces))
    return result


@lru_cache(maxsize=64)
def _stretches(window: Window) -> list[tuple[datetime, datetime]]:
    """The cells' starts and ends: the same for all strips of a page."""
    edges = [window.start + window.cell * index for index in range(window.count + 1)]
    return list(pairwise(edges))


def _why_empty(
    start: datetime, end: datetime, gaps: Sequence[GapRow], now: datetime, began: datetime | None
) -> tuple[Empty, str]:
    if start > now:
        return Empty.AHEAD, ""
    if began is not None and end <= began:
        return Empty.BEFORE, ""
    within = [gap for gap in gaps if gap.began_at < end and start < gap.ended_at]
    if within:
        return Empty.GAP, max(within, key=lambda gap: min(end, gap.ended_at) - max(start, gap.began_at)).why
    return Empty.NO_DATA, ""
