"""Tallies and gaps to the cells of a strip. Pure; how a cell is drawn is in charts/strip.py."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from results.points import Point
from results.store import Tally
from results.tables import GapRow
from server.pages.charts.palette import KINDS, Kind, kind_of
from server.pages.times import Window


class Empty(StrEnum):
    """Why a cell has nothing in it. None of these may ever look like a site that is fine."""

    NO_DATA = "no data"
    GAP = "not measuring"  # asleep, stopped: known to be ours
    BEFORE = "before measuring began"
    AHEAD = "not yet"


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
            key = (KINDS.index(kind), entry.confidence or "", mechanism)
            sorted_in[entry.cell][key] = sorted_in[entry.cell].get(key, 0) + entry.count
    result = []
    for index, counts in enumerate(sorted_in):
        start = window.start + window.cell * index
        end = start + window.cell
        pieces = tuple(
            Piece(KINDS[order], confidence or None, mechanism, count)
            for (order, confidence, mechanism), count in sorted(counts.items())
        )
        result.append(Cell(start, end, pieces, _why_empty(start, end, gaps, now, began)))
    return result


def _why_empty(start: datetime, end: datetime, gaps: Sequence[GapRow], now: datetime, began: datetime | None) -> Empty:
    if start > now:
        return Empty.AHEAD
    if began is not None and end <= began:
        return Empty.BEFORE
    if any(gap.began_at < end and start < gap.ended_at for gap in gaps):
        return Empty.GAP
    return Empty.NO_DATA
