"""Points of one series over time become episodes of blocking and of throttling. A pure fold: no clock, no store.

When a stretch has begun or ended is told by results/sequential.py, the same for both kinds; which accessible rows count
as slow by results/slowness.py. Episodes of several series become events in results/events.py.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from math import log, nan
from typing import Any, NamedTuple

from results import sequential, slowness
from results.sequential import NONE

VERSION = 3  # of the detector; what an older one kept of a series is not gone on with

# They come and go with a resolver's own troubles.
_SOFT = frozenset({"dns.timeout", "dns.servfail", "dns.refused"})


class Kind(StrEnum):
    BLOCKING = "blocking"
    THROTTLING = "throttling"


# Times and speeds have heavy tails, and are slow for more reasons than a site is silent.
_CAUTIOUS = {Kind.BLOCKING: 0.0, Kind.THROTTLING: 2.5}


class Row(NamedTuple):
    """What the fold reads of one measurement."""

    at: float  # seconds since 1970, UTC
    verdict: str
    mechanisms: tuple[str, ...] = ()
    handshake_ms: float | None = None
    kbps: float | None = None
    reference_handshake_ms: float | None = None
    reference_kbps: float | None = None
    weight: float = 1.0  # of its vantage among those of the same network


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """A stretch of a series. It began in (last_good_at, first_bad_at] and ended in (last_bad_at, first_good_at]."""

    kind: Kind
    mechanisms: tuple[str, ...]  # the most often seen first
    last_good_at: datetime | None  # None: the series begins bad
    first_bad_at: datetime
    opened_at: datetime  # of the measurement at which the running detector knew
    last_bad_at: datetime
    first_good_at: datetime | None  # None while it is open
    closed_at: datetime | None
    measurements: int  # rows that speak, from the first bad one to the last
    bad: int

    @property
    def state(self) -> str:
        return "closed" if self.closed_at else "open"

    @property
    def intermittent(self) -> bool:
        """At least a fifth of its measurements are good."""
        return 5 * (self.measurements - self.bad) >= self.measurements


class _Detector:
    """One kind of episode in one series: the test, and which mechanisms were seen in what may have begun."""

    __slots__ = ("held", "kind", "last", "seen", "state")

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.state = fresh(kind)
        self.held: list[dict[str, int]] = [{} for _ in sequential.SHARES]
        self.seen: dict[str, int] = {}  # of the open episode
        self.last: tuple[str, ...] = ()  # of the newest bad row

    def add(self, at: float, mechanisms: tuple[str, ...], *, bad: bool, soft: bool, weight: float) -> Episode | None:
        was_open = self.state[sequential.OPEN]
        said = sequential.step(self.state, at, bad, self._alike(mechanisms) if bad else NONE, soft, weight)
        if bad:
            self._tell_apart(mechanisms, said, was_open=bool(was_open))
        return self.episode() if said else None

    def _alike(self, mechanisms: tuple[str, ...]) -> float:
        """Whether any mechanism of the bad row before was seen again; NONE where either says none."""
        before, self.last = self.last, mechanisms
        if not before or not mechanisms:
            return NONE
        return 0.0 if set(before).isdisjoint(mechanisms) else 1.0

    def _tell_apart(self, mechanisms: tuple[str, ...], said: int, *, was_open: bool) -> None:
        """Each stretch that may have begun keeps its own count, for it is not known yet which one it is."""
        if was_open:
            _count(self.seen, mechanisms)
            return
        if said == sequential.OPENED:
            self.seen = dict(self.held[int(self.state[sequential.CHOSEN])])
            _count(self.seen, mechanisms)
            return
        for number, held in enumerate(self.held):
            first = sequential.STRETCHES + sequential.WIDTH * number
            if self.state[first + sequential.BADS] <= 1:
                held.clear()
            _count(held, mechanisms)

    def episode(self) -> Episode:
        return told(self.kind, self.state, self.seen)


def told(kind: Kind, state: Sequence[float], seen: Mapping[str, int]) -> Episode:
    """The one that is open in this state, or was closed by the last row; `seen`: how often each mechanism was."""
    is_open = state[sequential.OPEN]
    return Episode(
        kind=kind,
        mechanisms=tuple(sorted(seen, key=lambda name: (-seen[name], name))),
        last_good_at=_time(state[sequential.LAST_GOOD_BEFORE]),
        first_bad_at=_moment(state[sequential.FIRST_BAD]),
        opened_at=_moment(state[sequential.OPENED_AT]),
        last_bad_at=_moment(state[sequential.LAST_BAD]),
        first_good_at=None if is_open else _time(state[sequential.FIRST_GOOD_AFTER]),
        closed_at=None if is_open else _time(state[sequential.AT]),
        measurements=int(state[sequential.COUNT]),
        bad=int(state[sequential.BAD]),
    )


def fresh(kind: Kind) -> sequential.State:
    """Nothing is known of a series' stretches of this kind."""
    return sequential.fresh(_CAUTIOUS[kind])


def soft(mechanisms: tuple[str, ...]) -> bool:
    """Whether failures like this one also come and go by themselves."""
    return bool(mechanisms) and _SOFT.issuperset(mechanisms)


class Series:
    """The running detector of one series: rows go in, in order of time; what opened or closed by it comes out."""

    __slots__ = ("_blocking", "_slowness", "_throttling")

    def __init__(self) -> None:
        self._blocking = _Detector(Kind.BLOCKING)
        self._throttling = _Detector(Kind.THROTTLING)
        self._slowness = slowness.fresh()

    def add(self, row: Row) -> list[Episode]:
        """The episodes that this row opened or closed."""
        at, verdict = row.at, row.verdict
        if verdict == "blocked":
            said = row.mechanisms
            found = self._blocking.add(at, said, bad=True, soft=soft(said), weight=row.weight)
            return [found] if found else []
        if verdict not in ("accessible", "throttled"):
            return []
        slow = self._slow(row)
        bad = bool(slow) or verdict == "throttled"
        how = row.mechanisms if verdict == "throttled" else slow
        blocking = self._blocking.add(at, (), bad=False, soft=False, weight=row.weight)
        # Without references nothing tells a slow line from a slow site, and lines come and go.
        alone = verdict == "accessible" and row.reference_handshake_ms is None and row.reference_kbps is None
        throttling = self._throttling.add(at, how, bad=bad, soft=alone, weight=row.weight)
        return [episode for episode in (blocking, throttling) if episode]

    def _slow(self, row: Row) -> tuple[str, ...]:
        """How an accessible row is slow. Nothing is learned from what may be an episode's."""
        learn = row.verdict == "accessible" and not self._throttling.state[sequential.OPEN]
        found: tuple[str, ...] = ()
        if row.handshake_ms and row.handshake_ms > 0:
            reference = log(row.reference_handshake_ms) if row.reference_handshake_ms else nan
            if slowness.slow(self._slowness, slowness.HANDSHAKE, log(row.handshake_ms), reference, learn):
                found = ("latency.high",)
        if row.kbps and row.kbps > 0:
            reference = -log(row.reference_kbps) if row.reference_kbps else nan
            if slowness.slow(self._slowness, slowness.SPEED, -log(row.kbps), reference, learn):
                found = (*found, "throughput.low")
        return found

    @property
    def in_doubt(self) -> bool:
        """Something may have begun or ended, and the next rows will tell."""
        return any(sequential.in_doubt(one.state) for one in (self._blocking, self._throttling))

    def open_episodes(self) -> list[Episode]:
        """As they stand now, blocking first."""
        return [one.episode() for one in (self._blocking, self._throttling) if one.state[sequential.OPEN]]

    def state(self) -> dict[str, Any]:
        """All that goes on from here, as plain lists: what `from_state` takes."""
        both = (self._blocking, self._throttling)
        detectors = {one.kind.value: [one.state, one.held, one.seen, list(one.last)] for one in both}
        return {**detectors, "slowness": self._slowness}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> "Series":
        """Where `state` was taken, changed by nothing that came after."""
        made = cls()
        for one in (made._blocking, made._throttling):
            numbers, held, seen, last = state[one.kind.value]
            one.state, one.held, one.seen = list(numbers), [dict(each) for each in held], dict(seen)
            one.last = tuple(last)
        made._slowness = list(state["slowness"])
        return made


def episodes(rows: Iterable[Row]) -> list[Episode]:
    """All episodes of one series, by their first bad row. Rows may come unsorted; equal times keep their order."""
    series = Series()
    found: list[Episode] = []
    for row in sorted(rows, key=lambda row: row.at):
        found += [episode for episode in series.add(row) if episode.closed_at]
    return in_order(found + series.open_episodes())


def in_order(found: Iterable[Episode]) -> list[Episode]:
    """By their first bad row, blocking before throttling."""
    return sorted(found, key=lambda episode: (episode.first_bad_at, episode.kind))


def _count(seen: dict[str, int], mechanisms: tuple[str, ...]) -> None:
    for name in mechanisms:
        seen[name] = seen.get(name, 0) + 1


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _time(seconds: float) -> datetime | None:
    return None if seconds == NONE else _moment(seconds)
