"""How alike an episode's failures are, at which hours they come, and whether others got through at the same minute.

Pure: tallies and measurements in, counts out; no words that a page says but their names.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from results.judgement import Verdict
from results.records import Aim, AnyStep, HttpStep, Measurement, TlsStep
from results.store import Tally
from server.pages.times import Local
from server.pages.tongue import N_

PARTS = 5  # into which an episode is cut, to see whether it changed
BAD = frozenset({Verdict.BLOCKED, Verdict.THROTTLED})


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of an episode: how many of its bad checks show each mechanism, of each check the most telling."""

    first_at: datetime
    last_at: datetime
    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Alike:
    """Whether the failures look alike. A censor's mostly do, a bad line's mostly don't."""

    mechanism: str  # the commonest; empty where none was told
    count: int
    total: int
    parts: Sequence[Part]

    @property
    def share(self) -> float:
        return self.count / self.total if self.total else 0.0


def alike(tallies: Iterable[Tally]) -> Alike | None:
    """Of the bad checks; None of none."""
    bad = sorted((one for one in tallies if one.verdict in BAD), key=lambda one: one.first_at)
    if not bad:
        return None
    counts = _counted(bad)
    commonest = max(counts, key=lambda name: (counts[name], name))
    start, end = bad[0].first_at, max(one.last_at for one in bad)
    length = (end - start) / PARTS
    cut: list[list[Tally]] = [[] for _ in range(PARTS)]
    for one in bad:
        middle = one.first_at + (one.last_at - one.first_at) / 2
        cut[min(PARTS - 1, (middle - start) // length) if length else 0].append(one)
    parts = [Part(min(one.first_at for one in of), max(one.last_at for one in of), _counted(of)) for of in cut if of]
    return Alike(commonest, counts[commonest], sum(counts.values()), parts)


def _counted(tallies: Iterable[Tally]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for one in tallies:
        name = one.mechanisms[0] if one.mechanisms else ""
        counts[name] = counts.get(name, 0) + one.count
    return counts


Week = Sequence[Sequence[tuple[int, int]]]
"""Seven days from Monday of 24 hours each: bad checks, and all that could tell."""


def week(tallies: Iterable[Tally], now: Local) -> Week:
    """By the reader's hours."""
    counts = [[[0, 0] for _ in range(24)] for _ in range(7)]
    for entry in tallies:
        if entry.verdict is not Verdict.INCONCLUSIVE:
            at = now.local(entry.first_at)
            cell = counts[at.weekday()][at.hour]
            cell[0] += entry.count if entry.verdict in BAD else 0
            cell[1] += entry.count
    return [[(bad, total) for bad, total in day] for day in counts]


def by_hour(of: Week) -> list[tuple[int, int, int]]:
    """All days together: hour, bad, all."""
    return [(hour, sum(day[hour][0] for day in of), sum(day[hour][1] for day in of)) for hour in range(24)]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Something that was tried beside the site at the same minute: how often, and how often it got through."""

    what: str
    tried: int
    through: int


def comparisons(measurements: Sequence[Measurement]) -> list[Comparison]:
    """Of bad checks, each kind that was tried at all."""
    found = []
    for what, tried in _TRIED.items():
        ends = [end for one in measurements if (end := tried(one)) is not None]
        if ends:
            found.append(Comparison(what, len(ends), sum(ends)))
    return found


def _beside(*aims: Aim) -> Callable[[Measurement], bool | None]:
    def tried(measurement: Measurement) -> bool | None:
        steps = [step for step in measurement.steps if step.aim in aims and isinstance(step, (TlsStep, HttpStep))]
        return any(_through(step) for step in steps) if steps else None

    return tried


def _control(measurement: Measurement) -> bool | None:
    """Whether it had the page. One that gave no answer says nothing of the site."""
    if measurement.control is None or measurement.control.failure is not None:
        return None
    pages = [step for step in measurement.control.steps if isinstance(step, HttpStep)]
    return any(step.failure is None for step in pages)


def _references(measurement: Measurement) -> bool | None:
    asked = [one for one in measurement.references or () if not one.gone]
    return any(one.failure is None for one in asked) if asked else None


def _through(step: AnyStep) -> bool:
    """A certificate for another name is an answer, and that is what was asked."""
    return step.failure is None or (isinstance(step, TlsStep) and step.answered)


_TRIED: Mapping[str, Callable[[Measurement], bool | None]] = {
    N_("the control, from elsewhere"): _control,
    N_("another name at the same address"): _beside(Aim.NEUTRAL_NAME),
    N_("this name at another address"): _beside(Aim.NEUTRAL_ADDRESS),
    N_("an unrelated name at that other address"): _beside(Aim.BASELINE),
    N_("speed: another name at the same address"): _beside(Aim.SAMPLE_NEUTRAL),
    N_("speed: from elsewhere over this line"): _beside(Aim.SAMPLE_LINE),
    N_("references of the same round"): _references,
}
