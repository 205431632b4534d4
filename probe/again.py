"""When to look again before the next round: at what has come into doubt, and at its outlet's other addresses.

No clock is asked here, and nothing is measured or read (probe/schedule.py). What doubt is, is told by
results/episodes.py.
"""

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Protocol

from results.episodes import Row, Series
from results.judgement import Judgement, Verdict
from results.points import Point, network_key
from results.records import Measurement

PAST = timedelta(days=30)  # how far back `learn` wants to be told
_SOONEST = timedelta(minutes=2)
_LATEST = timedelta(minutes=4, seconds=40)  # with the wait for a tick and a look at the line it is no more than five
_NEXT_ROUND_DOES = timedelta(minutes=2.5)  # with an interval of no more
_TOGETHER = timedelta(minutes=1)  # who is due so soon comes along: each tour looks at the references as well
_MOST_IN_A_ROW = 12  # of one target; what is in doubt for longer is not told by haste
_MOST_WAITING, _SAMPLE = 32, 16  # so many at once are the line's or the country's doing: some of them will tell
_NEVER = datetime.min.replace(tzinfo=UTC)


class Doubting(Protocol):
    """What is needed of a series."""

    def add(self, row: Row, /) -> object: ...

    def open_episodes(self) -> Sequence[object]: ...

    @property
    def in_doubt(self) -> bool: ...


@dataclass(slots=True)
class _Followed:
    """A series, with what is remembered of it beside."""

    series: Doubting
    was_good: bool = False  # the newest point that speaks
    doubtful: int = 0  # looks in a row, up to the newest, that left it in doubt


class Again:
    """Follows each series of one vantage, and says which URLs are due between rounds."""

    def __init__(
        self,
        every: timedelta,
        chance: Random,
        outlets: Mapping[str, str] | None = None,
        *,
        make: Callable[[], Doubting] = Series,
    ) -> None:
        """`outlets`: of each URL, as far as it has one."""
        self.useful = every > _NEXT_ROUND_DOES
        self._chance = chance
        self._make = make
        self._latest_s = min(_LATEST, every).total_seconds()
        self._others = _others(outlets or {})
        self._followed: dict[tuple[str, str], _Followed] = {}
        self._last: dict[str, datetime] = {}
        self._waiting: dict[str, datetime] = {}  # when each is due

    def regroup(self, outlets: Mapping[str, str]) -> None:
        """The targets are others now: `outlets` is of each URL, as at the beginning."""
        self._others = _others(outlets)

    def learn(self, points: Iterable[Point]) -> None:
        """The past of this vantage, oldest point first. What it left in doubt is looked at again."""
        for point in points:
            row = Row(point.at.timestamp(), point.verdict.value, point.mechanisms, point.tls_ms, point.kbps)
            self._follow(point.url, network_key(point.asn, point.network), point.at, row)

    def add(self, measurement: Measurement, judgement: Judgement) -> datetime | None:
        """One look more; when the same URL is due again before its round, if it is.

        Where it is the first of its outlet to fall, the others are due at once, unless they were looked at just now.
        """
        if not self.useful:
            return None
        url, at, vantage = measurement.url, measurement.started_at, measurement.vantage
        handshake_ms = judgement.timings.tls
        row = Row(at.timestamp(), judgement.verdict.value, judgement.mechanisms, handshake_ms, judgement.kbps)
        if self._follow(url, network_key(vantage.asn, vantage.network), at, row):
            for other in self._others.get(url, ()):
                if at - self._last.get(other, _NEVER) >= _SOONEST:
                    self._waiting[other] = at
        return self._waiting.get(url)

    def due(self, now: datetime, busy: Container[str] = ()) -> list[str]:
        """Whom to look at now. They wait no longer, and are heard of again by `add`. Whoever is `busy` waits on."""
        if not any(at <= now and url not in busy for url, at in self._waiting.items()):
            return []
        if len(self._waiting) > _MOST_WAITING:
            drawn = self._chance.sample(sorted(self._waiting), _SAMPLE)
            self._waiting = {url: self._waiting[url] for url in drawn}
        soon = [url for url, at in self._waiting.items() if at <= now + _TOGETHER and url not in busy]
        found = [url for url in soon if now - self._last.get(url, _NEVER) >= _SOONEST]
        for url in found:
            del self._waiting[url]
        return found

    def _follow(self, url: str, network: str, at: datetime, row: Row) -> bool:
        """Whether it fell just now: was good, and something may have begun."""
        followed = self._followed.get((url, network))
        if followed is None:
            followed = self._followed[url, network] = _Followed(self._make())
        series, was_good, was_in_doubt = followed.series, followed.was_good, followed.series.in_doubt
        series.add(row)
        self._last[url] = at
        if row.verdict in {Verdict.ACCESSIBLE, Verdict.BLOCKED, Verdict.THROTTLED}:
            followed.was_good = row.verdict == Verdict.ACCESSIBLE
        followed.doubtful = followed.doubtful + 1 if series.in_doubt else 0
        if 0 < followed.doubtful <= _MOST_IN_A_ROW:
            pause_s = self._chance.uniform(_SOONEST.total_seconds(), self._latest_s)
            self._waiting[url] = at + timedelta(seconds=pause_s)
        else:
            self._waiting.pop(url, None)
        return was_good and series.in_doubt and not was_in_doubt and not series.open_episodes()


def _others(outlets: Mapping[str, str]) -> dict[str, list[str]]:
    """To each URL the others of its outlet."""
    groups: dict[str, list[str]] = defaultdict(list)
    for url, outlet in outlets.items():
        if outlet:
            groups[outlet].append(url)
    return {url: [other for other in group if other != url] for group in groups.values() for url in group}
