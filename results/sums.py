"""What one stretch of a series comes to: how often what was said, when first and last, and how fast. Pure.

Whole numbers alone: added in any order they are the same, so that what was kept up to date equals a recount. How they
are stored is in rollups.py.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import floor, log2
from typing import Any, NamedTuple

STEPS = 8  # to the doubling: a value is known to within nine hundredths
_MOST = 1e9
PACES = ("tls", "kbps", "ref", "ttfb")  # handshake, speed, the references' handshake, first byte


class Said(NamedTuple):
    """What a measurement says, as a strip knows it."""

    verdict: str
    confidence: str
    mechanisms: tuple[str, ...]


class Told(NamedTuple):
    """How often something was said, and when."""

    times: int
    first_s: int  # since the beginning of the day, UTC
    last_s: int

    def and_also(self, other: "Told") -> "Told":
        return Told(self.times + other.times, min(self.first_s, other.first_s), max(self.last_s, other.last_s))


class Look(NamedTuple):
    """What is counted of one measurement."""

    at_s: int  # since the beginning of its day, UTC
    said: Said
    tls: float | None = None  # these in the order of PACES
    kbps: float | None = None
    ref: float | None = None
    ttfb: float | None = None


Spread = dict[int, int]  # how many values fell into which step


def step_of(value: float | None) -> int | None:
    """None for what can't have been measured: a member's word is no number until it is looked at."""
    if value is None or not 0 < value < _MOST:
        return None
    return floor(STEPS * log2(value))


def quantile(spread: Mapping[int, int], share: float) -> float | None:
    """The middle of the step that it falls into; None of nothing."""
    total = sum(spread.values())
    if not total:
        return None
    wanted, seen = share * (total - 1), 0
    for step in sorted(spread):
        seen += spread[step]
        if seen > wanted:
            return float(2 ** ((step + 0.5) / STEPS))
    return None


@dataclass(slots=True)
class Sums:
    """Of an hour, of a day, or of any that are put together."""

    said: dict[Said, Told] = field(default_factory=dict)
    paces: dict[str, Spread] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return sum(told.times for told in self.said.values())

    def add(self, look: Look) -> None:
        self._tell(look.said, Told(1, look.at_s, look.at_s))
        for name, value in zip(PACES, look[2:], strict=True):
            step = step_of(value)
            if step is not None:
                spread = self.paces.setdefault(name, {})
                spread[step] = spread.get(step, 0) + 1

    def take(self, other: "Sums") -> None:
        """All of another stretch too."""
        for said, told in other.said.items():
            self._tell(said, told)
        self.take_paces(other.paces)

    def take_paces(self, paces: Mapping[str, Mapping[int, int]]) -> None:
        for name, found in paces.items():
            spread = self.paces.setdefault(name, {})
            for step, count in found.items():
                spread[step] = spread.get(step, 0) + count

    def _tell(self, said: Said, told: Told) -> None:
        known = self.said.get(said)
        self.said[said] = told if known is None else known.and_also(told)


@dataclass(slots=True)
class Day:
    """A series' day by its hours, UTC."""

    hours: dict[int, Sums] = field(default_factory=dict)

    def add(self, look: Look) -> None:
        self.hours.setdefault(look.at_s // 3600, Sums()).add(look)

    def take(self, other: "Day") -> None:
        for hour, sums in other.hours.items():
            self.hours.setdefault(hour, Sums()).take(sums)

    def whole(self) -> Sums:
        found = Sums()
        for sums in self.hours.values():
            found.take(sums)
        return found


def whole_json(sums: Sums) -> dict[str, Any]:
    """A stretch for a JSON column, in one order."""
    said = [[said.verdict, said.confidence, list(said.mechanisms), *told] for said, told in sorted(sums.said.items())]
    return {"said": said, **{name: _spread_json(sums.paces.get(name, {})) for name in PACES}}


def hours_json(day: Day, whole: Sums) -> dict[str, Any]:
    """The hours beside their day: what is said is said there, and here by its place."""
    place = {said: number for number, said in enumerate(sorted(whole.said))}
    return {
        str(hour): [
            sorted([place[said], *told] for said, told in sums.said.items()),
            *(_spread_json(sums.paces.get(name, {})) for name in PACES),
        ]
        for hour, sums in sorted(day.hours.items())
    }


def whole_of(kept: Mapping[str, Any]) -> Sums:
    """As `whole_json` wrote it."""
    said = {Said(row[0], row[1], tuple(row[2])): Told(*row[3:]) for row in kept["said"]}
    return Sums(said=said, paces={name: dict(kept[name]) for name in PACES if kept[name]})


def hours_of(hours: Mapping[str, Any], whole: Sequence[Any]) -> Iterator[tuple[int, Sums]]:
    """As `hours_json` wrote them; `whole`: what their day says, in its order."""
    known = [Said(row[0], row[1], tuple(row[2])) for row in whole]
    for hour, (told, *spreads) in hours.items():
        paces = {name: dict(spread) for name, spread in zip(PACES, spreads, strict=True) if spread}
        yield int(hour), Sums(said={known[row[0]]: Told(*row[1:]) for row in told}, paces=paces)


def day_of(hours: Mapping[str, Any], whole: Sequence[Any]) -> Day:
    return Day(hours=dict(hours_of(hours, whole)))


def together(found: Iterable[Sums]) -> Sums:
    """Several as one."""
    all_of_them = Sums()
    for sums in found:
        all_of_them.take(sums)
    return all_of_them


def _spread_json(spread: Spread) -> list[list[int]]:
    return [[step, count] for step, count in sorted(spread.items())] if spread else []
