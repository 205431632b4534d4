"""Two detectors that others use, or would write first: what a detector of ours has to be better than.

Their thresholds are as published; nothing is tuned to the generator, and nothing is learned.
"""

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import groupby
from statistics import median

from results.episodes import Episode, Kind, Row, in_order
from tests.series.chance import HOUR_S

# OONI's: the means of before and after, the threshold, and how what was summed up fades in silence.
_MU0, _MU1, _H = 0.0, 0.7, 3.5
_SILENCE_S, _HALF_LIFE_S = 24 * HOUR_S, 48 * HOUR_S
_SCORES = {"accessible": 0.0, "throttled": 0.0, "blocked": 1.0}

_RUNNING = 3
_FOLD = 3.0
_PAST, _PAST_LEAST = 50, 10


@dataclass(kw_only=True)
class _Count:
    """The rows of one series as they come, and the episode that may be open."""

    kind: Kind
    good: Row | None = None  # the last good row of all
    bad: Row | None = None
    turn: list[tuple[Row, bool]] = field(default_factory=list)  # what may be a change, since when it may be
    before: Row | None = None  # the last row of the other side before the turn
    open: Episode | None = None
    found: list[Episode] = field(default_factory=list)

    def add(self, row: Row, *, bad: bool) -> None:
        if bad:
            self.bad = row
        else:
            self.good = row
        self.turn.append((row, bad))
        if self.open:
            self.open = replace(
                self.open,
                last_bad_at=_moment(row) if bad else self.open.last_bad_at,
                measurements=self.open.measurements + 1,
                bad=self.open.bad + bad,
            )

    def settle(self) -> None:
        """There is no sign of a change, so it can begin with the next row at the earliest."""
        self.turn.clear()
        self.before = self.bad if self.open else self.good

    def change(self, row: Row) -> None:
        """Open or close, at this row, what began in the turn."""
        if self.open is None:
            self._begin(row)
        else:
            self._end(self.open, row)
        self.settle()

    def _end(self, begun: Episode, row: Row) -> None:
        end = next((place for place, (_, bad) in enumerate(self.turn) if not bad), 0)
        after = self.turn[end:]
        last_bad = self.turn[end - 1][0] if end else self.before
        self.found.append(
            replace(
                begun,
                last_bad_at=_moment(last_bad) if last_bad else begun.last_bad_at,
                first_good_at=_moment(after[0][0]),
                closed_at=_moment(row),
                measurements=begun.measurements - len(after),
                bad=begun.bad - sum(bad for _, bad in after),
            )
        )
        self.open = None

    def _begin(self, row: Row) -> None:
        start = next((place for place, (_, bad) in enumerate(self.turn) if bad), 0)
        before = self.turn[start - 1][0] if start else self.before
        inside = self.turn[start:]
        self.open = Episode(
            kind=self.kind,
            mechanisms=tuple(dict.fromkeys(name for one, bad in inside if bad for name in one.mechanisms)),
            last_good_at=_moment(before) if before else None,
            first_bad_at=_moment(inside[0][0]),
            opened_at=_moment(row),
            last_bad_at=_moment(next((one for one, bad in reversed(inside) if bad), row)),
            first_good_at=None,
            closed_at=None,
            measurements=len(inside),
            bad=sum(bad for _, bad in inside),
        )

    def all(self) -> list[Episode]:
        return [*self.found, self.open] if self.open else self.found


def cusum_of_medians(rows: Iterable[Row]) -> list[Episode]:
    """OONI's: the medians of each hour, summed up where they are above the middle of two means, or below it."""
    count = _Count(kind=Kind.BLOCKING)
    level, until = 0.0, 0.0
    for _, of_hour in groupby((row for row in rows if row.verdict in _SCORES), key=lambda row: row.at // HOUR_S):
        hour = list(of_hour)
        if until and hour[0].at - until > _SILENCE_S:
            level *= 0.5 ** ((hour[0].at - until) / _HALF_LIFE_S)
        until = hour[-1].at
        for row in hour:
            count.add(row, bad=row.verdict == "blocked")
        step = median(_SCORES[row.verdict] for row in hour) - (_MU0 + _MU1) / 2
        level = round(max(0.0, level + (-step if count.open else step)), 9)  # ten times 0.35 is 3.5
        if level > _H:
            count.change(hour[-1])
            level = 0.0
        elif level == 0:
            count.settle()
    return count.all()


def three_in_a_row(rows: Iterable[Row]) -> list[Episode]:
    """Three bad rows running open, three good ones close."""
    speaking = [row for row in rows if row.verdict in _SCORES]
    throttling = zip((row for row in speaking if row.verdict != "blocked"), _slow(speaking), strict=True)
    return in_order(
        [
            *_runs(Kind.BLOCKING, ((row, row.verdict == "blocked") for row in speaking)),
            *_runs(Kind.THROTTLING, throttling),
        ]
    )


def _runs(kind: Kind, judged: Iterable[tuple[Row, bool]]) -> list[Episode]:
    count = _Count(kind=kind)
    for row, bad in judged:
        if bad == bool(count.open):
            count.add(row, bad=bad)
            count.settle()
            continue
        count.add(row, bad=bad)
        if len(count.turn) == _RUNNING:
            count.change(row)
    return count.all()


def _slow(speaking: Iterable[Row]) -> Iterator[bool]:
    """Of each row that is not blocked: by its verdict, or against the median of the accessible ones before it."""
    past: deque[float] = deque()
    in_rank: list[float] = []
    for row in speaking:
        if row.verdict == "blocked":
            continue
        took = row.handshake_ms
        usual = (in_rank[(len(in_rank) - 1) // 2] + in_rank[len(in_rank) // 2]) / 2 if in_rank else 0.0
        yield row.verdict == "throttled" or bool(took and len(past) >= _PAST_LEAST and took > _FOLD * usual)
        if took is None or row.verdict != "accessible":
            continue
        past.append(took)
        insort(in_rank, took)
        if len(past) > _PAST:
            del in_rank[bisect_left(in_rank, past.popleft())]


def _moment(row: Row) -> datetime:
    return datetime.fromtimestamp(row.at, UTC)


BASELINES: dict[str, Callable[[list[Row]], list[Episode]]] = {
    "cusum_of_medians": cusum_of_medians,
    "three_in_a_row": three_in_a_row,
}
