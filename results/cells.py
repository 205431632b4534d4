"""One series' rollups laid into cells of time: what was said in each, and how fast. Pure.

The rows are read in looking.py. A cell adds up what its days or hours say, so that a page weighs as many numbers as it
draws and no more.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from functools import cached_property
from types import MappingProxyType
from typing import Any

from results.judgement import Verdict
from results.store import Tally
from results.sums import PACES, Spread

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
_FEW = 6


@dataclass(frozen=True)
class Grid:
    """The cells: so many of one length, from a start on. What follows from that is asked for with every row."""

    start: datetime
    cell: timedelta
    count: int

    @property
    def end(self) -> datetime:
        return self.start + self.cell * self.count

    @cached_property
    def by_day(self) -> bool:
        """Cells of whole days that begin at midnight UTC are made of days; shorter ones of hours."""
        return not self.cell % DAY and self.start.astimezone(UTC).time() == time()

    @cached_property
    def hours(self) -> list[int]:
        """The hours of the day that it holds, where they are few; none where it holds many."""
        count = round((self.end - self.start) / HOUR)
        first = self.start.astimezone(UTC).hour
        return [(first + place) % 24 for place in range(count)] if count <= _FEW else []


@dataclass(slots=True)
class Cells:
    """Of one series. Rows are taken in any order."""

    url: str
    grid: Grid
    wanted: Collection[str] = ()  # of PACES
    paces: dict[int, dict[str, Spread]] = field(default_factory=dict)  # by cell
    _said: dict[tuple[Any, ...], list[int]] = field(default_factory=dict)  # how often, first and last second

    def take_day(
        self,
        midnight: datetime,
        network: str | None,
        said: Sequence[Sequence[Any]],
        paces: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        """What a day says, as sums.py wrote it, and how fast it was."""
        since = round((midnight - self.grid.start).total_seconds())
        place = (midnight - self.grid.start) // self.grid.cell
        for verdict, confidence, mechanisms, *numbers in said:
            self._tell((place, network, verdict, confidence, tuple(mechanisms)), numbers, since)
        for name in self.wanted:
            self._pace(place, name, paces[name])

    def take_hours(
        self, midnight: datetime, network: str | None, said: Sequence[Sequence[Any]], hours: Mapping[Any, Any]
    ) -> None:
        """The hours of a day that lie in the grid; `said`: what the day says, which they refer to."""
        since, length = round((midnight - self.grid.start).total_seconds()), round(self.grid.cell.total_seconds())
        known = [(network, verdict, confidence, tuple(mechanisms)) for verdict, confidence, mechanisms, *_ in said]
        paces = [(name, PACES.index(name) + 1) for name in self.wanted]
        for hour, kept in hours.items():
            place = (since + 3600 * int(hour)) // length
            if not 0 <= place < self.grid.count:
                continue
            for number, *numbers in kept[0]:
                self._tell((place, *known[number]), numbers, since)
            for name, index in paces:
                self._pace(place, name, kept[index])

    def tallies(self) -> list[Tally]:
        """What was said in each cell, the earliest cell first."""
        start = self.grid.start.astimezone(UTC)
        return [
            Tally(
                url=self.url,
                cell=place,
                network=network,
                verdict=Verdict(verdict),
                mechanisms=mechanisms,
                confidence=confidence or None,
                count=count,
                first_at=start + timedelta(seconds=first_s),
                last_at=start + timedelta(seconds=last_s),
            )
            for (place, network, verdict, confidence, mechanisms), (count, first_s, last_s) in sorted(
                self._said.items(), key=lambda item: item[0][0]
            )
        ]

    def _tell(self, of: tuple[Any, ...], numbers: Sequence[int], since: int) -> None:
        count, first_s, last_s = numbers
        kept = self._said.get(of)
        if kept is None:
            self._said[of] = [count, since + first_s, since + last_s]
            return
        kept[0] += count
        kept[1] = min(kept[1], since + first_s)
        kept[2] = max(kept[2], since + last_s)

    def _pace(self, place: int, name: str, kept: Iterable[Sequence[int]]) -> None:
        spreads = self.paces.setdefault(place, {})
        spread = spreads.get(name)
        if spread is None:
            spreads[name] = dict(kept)  # type: ignore[arg-type]  # pairs, as lists
            return
        for step, count in kept:
            spread[step] = spread.get(step, 0) + count
