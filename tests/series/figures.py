"""How well a detector did: of each case what it found of the truth, and of all of them the figures with their bounds.

Pure arithmetic: nothing is printed, drawn by chance or timed here.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from statistics import mean, median

from results.episodes import Episode, Kind
from tests.series.generator import NUISANCES, SPEAKING, Case, Truth

FULL_SHARE = 0.9
LEAST_FULL, LEAST_HALF, LEAST_SLOW = 6, 12, 12  # measurements inside that speak; with fewer, a miss is no fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What was found of one true episode."""

    group: str
    kind: Kind
    share: float
    factor: float | None
    speaking: int  # measurements inside
    episodes: int  # found for it
    delay_rounds: float | None = None  # from its true start until the first of them was opened
    bracketed: bool | None = None  # the true start is in (last good, first bad] of the first of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """One case, without its rows."""

    group: str
    nuisance: str
    months: float
    rows: int
    told: tuple[Told, ...]
    right: dict[Kind, int]  # found, and there is a truth of this kind at the time
    wrong: dict[Kind, int]
    begins_bad: bool  # what was found of the first truth has no last good row
    closed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    name: str
    value: float | None  # None: nothing to tell it by
    of: int  # how many it stands on
    bound: float | None = None
    at_most: bool = False

    @property
    def good(self) -> bool:
        """Within its bound, as far as can be told."""
        if self.value is None or self.bound is None:
            return True
        return self.value <= self.bound if self.at_most else self.value >= self.bound


def score(case: Case, found: list[Episode]) -> Scored:
    """A found episode is of a truth of its kind when they share a moment."""
    last_at = case.rows[-1].at if case.rows else 0.0
    of_truth = [[one for one in found if _overlap(truth, one, last_at)] for truth in case.truths]
    right, wrong = dict.fromkeys(Kind, 0), dict.fromkeys(Kind, 0)
    for one in found:
        (right if any(_overlap(truth, one, last_at) for truth in case.truths) else wrong)[one.kind] += 1
    first = of_truth[0] if of_truth else []
    return Scored(
        group=case.group,
        nuisance=case.nuisance,
        months=case.months,
        rows=len(case.rows),
        told=tuple(_told(case, truth, ours) for truth, ours in zip(case.truths, of_truth, strict=True)),
        right=right,
        wrong=wrong,
        begins_bad=bool(first) and first[0].last_good_at is None,
        closed=bool(first) and first[-1].closed_at is not None,
    )


def _overlap(truth: Truth, found: Episode, last_at: float) -> bool:
    end = found.first_good_at.timestamp() if found.first_good_at else last_at
    return found.kind == truth.kind and found.first_bad_at.timestamp() < truth.end and end > truth.start


def _told(case: Case, truth: Truth, ours: list[Episode]) -> Told:
    inside = sum(truth.start <= row.at < truth.end and row.verdict in SPEAKING for row in case.rows)
    return Told(
        group=case.group,
        kind=truth.kind,
        share=truth.share,
        factor=truth.factor,
        speaking=inside,
        episodes=len(ours),
        delay_rounds=(ours[0].opened_at.timestamp() - truth.start) / case.interval_s if ours else None,
        bracketed=_bracketed(truth, ours[0]) if ours else None,
    )


def _bracketed(truth: Truth, found: Episode) -> bool:
    after = found.last_good_at is not None and found.last_good_at.timestamp() < truth.start
    return after and truth.start <= found.first_bad_at.timestamp()


def figures(scored: list[Scored]) -> list[Figure]:
    """All of them, in the order in which they are read."""
    return [*_blocking(scored), *_throttling(scored), *_nuisances(scored), *_left(scored)]


def _blocking(scored: list[Scored]) -> list[Figure]:
    told = [one for case in scored for one in case.told if one.group == "blocking"]
    full = [one for one in told if one.share >= FULL_SHARE and one.speaking >= LEAST_FULL]
    half = [one for one in told if one.share == 0.5 and one.speaking >= LEAST_HALF]
    third = [one for one in told if one.share == 0.3 and one.speaking >= LEAST_HALF]
    delays = sorted(one.delay_rounds for one in full if one.delay_rounds is not None)
    inside = [bool(one.bracketed) for one in full if one.episodes]
    times = [one.episodes for one in full if one.episodes]
    return [
        _recall("full blocks: recall", full, 0.98),
        _precision("full blocks: precision", scored),
        _figure("onset delay in rounds: median", delays, median, 3, at_most=True),
        _figure("onset delay in rounds: p90", delays, p90, 6, at_most=True),
        _figure("true start in the bracket", inside, mean, 0.95),
        _figure("episodes for a true one", times, mean, 1.1, at_most=True),
        _false_alarms("blocking: false alarms a month", scored, Kind.BLOCKING, 0.02),
        _recall("share 0.5: recall", half, 0.9),
        _recall("share 0.3: recall", third, None),
    ]


def _throttling(scored: list[Scored]) -> list[Figure]:
    slow = [
        one
        for case in scored
        for one in case.told
        if one.kind == Kind.THROTTLING and one.group == "throttling" and one.speaking >= LEAST_SLOW
    ]
    bounds = ((3.0, None), (5.0, 0.95), (10.0, 0.98))
    return [
        *(
            _recall(f"throttling {factor:g}-fold: recall", [one for one in slow if one.factor == factor], bound)
            for factor, bound in bounds
        ),
        _false_alarms("throttling: false alarms a month", scored, Kind.THROTTLING, None),
    ]


def _nuisances(scored: list[Scored]) -> list[Figure]:
    """How many cases of each have any episode at all."""
    found = []
    for name in NUISANCES:
        opened = [any(case.wrong.values()) for case in scored if case.nuisance == name]
        found.append(_figure(f"nuisance {name}: opened", opened, sum, 0, at_most=True))
    return found


def _left(scored: list[Scored]) -> list[Figure]:
    left = [case for case in scored if case.group == "left" and case.told[0].speaking >= LEAST_FULL]
    return [
        _figure("begins blocked: known as such", [case.begins_bad for case in left], mean, 1),
        _figure("begins blocked: closed later", [case.closed for case in left], mean, None),
    ]


# Figures


def p90(ordered: Sequence[float]) -> float:
    """The least value that nine tenths do not exceed."""
    return ordered[ceil(0.9 * len(ordered)) - 1]


def _figure(
    name: str,
    values: Sequence[float],
    fold: Callable[[Sequence[float]], float],
    bound: float | None,
    *,
    at_most: bool = False,
) -> Figure:
    value = float(fold(values)) if values else None
    return Figure(name=name, value=value, of=len(values), bound=bound, at_most=at_most)


def _recall(name: str, told: Iterable[Told], bound: float | None) -> Figure:
    return _figure(name, [one.episodes > 0 for one in told], mean, bound)


def _precision(name: str, scored: list[Scored]) -> Figure:
    ours = [case for case in scored if case.group in ("blocking", "quiet")]
    right = sum(case.right[Kind.BLOCKING] for case in ours)
    found = right + sum(case.wrong[Kind.BLOCKING] for case in ours)
    return Figure(name=name, value=right / found if found else None, of=found, bound=0.98)


def _false_alarms(name: str, scored: list[Scored], kind: Kind, bound: float | None) -> Figure:
    """In the quiet group, for each month of one target."""
    quiet = [case for case in scored if case.group == "quiet"]
    months = sum(case.months for case in quiet)
    alarms = sum(case.wrong[kind] for case in quiet)
    value = alarms / months if months else None
    return Figure(name=name, value=value, of=round(months), bound=bound, at_most=True)
