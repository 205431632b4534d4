"""Series as they may come from a probe, each with its truth: what was done to the target, when, and to which share.

No detector is known here, and nothing is made so that one of them likes it. A case comes from the seed and its own
name alone, so that one can be made again without the others; each next case is made when it is asked for.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import ceil
from random import Random

from results.episodes import Kind, Row
from tests.series.chance import (
    CORE,
    DAY_S,
    HOUR_S,
    LINE_MEAN,
    LINE_SHARE,
    TAIL_SHARE,
    failures,
    log_uniform,
    rounds,
    tails,
    windows,
)

SPEAKING = frozenset({"accessible", "blocked", "throttled"})
MONTH_S = 30 * DAY_S
NOISE_MOST = 0.05
INCONCLUSIVE = 0.1  # of the failures that nobody makes
EPOCH = 1_750_000_000.0

_INTERVALS_S = (600.0, 1_800.0, 3_600.0, 21_600.0)
_INTERVAL_WEIGHTS = (15, 60, 17, 8)
_WEEKS_S = 28 * DAY_S  # the longest quiet before an episode, and the longest episode
_SHARES = (1.0, 0.9, 0.5, 1.0, 0.3, 1.0, 0.9, 1.0, 0.5, 1.0, 0.3, 1.0, 0.5, 0.9, 1.0, 0.3, 1.0, 0.5, 0.9, 1.0)
_FACTORS = (3.0, 5.0, 10.0)

_TIMEOUTS = (("tcp.timeout",), ("tls.timeout",), ("dns.timeout",), ("http.timeout",))
_RESOLVER = (("dns.timeout",), ("dns.servfail",))
_BLOCKS = (
    *(("tls.timeout",), ("tls.reset",), ("tls.interception",), ("tcp.timeout",), ("tcp.reset",)),
    *(("dns.nxdomain",), ("dns.bogus",), ("dns.timeout",), ("dns.injection", "tls.timeout")),
    *(("http.blockpage",), ("http.reset",)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What was done to the target from `start` until before `end`."""

    kind: Kind
    start: float
    end: float
    share: float  # of the measurements that are bad by it
    factor: float | None = None  # how many times slower, of throttling


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    name: str
    group: str
    nuisance: str  # which one, or nothing
    rows: list[Row]
    truths: list[Truth]
    months: float  # of 30 days that were looked at
    interval_s: float
    left_censored: bool
    noise: float  # the share that fails though nobody blocks


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """A time in which rows are other than usual: the folds slow all of them down, the verdict is that of a share."""

    start: float
    end: float
    verdict: str = "accessible"
    share: float = 1.0
    mechanisms: tuple[tuple[str, ...], ...] = ((),)  # one of them, each time anew
    handshake: float = 1.0
    kbps: float = 1.0
    references: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Medians:
    """What is usual in this series; None is not measured."""

    handshake_ms: float
    kbps: float | None
    reference_handshake_ms: float | None
    reference_kbps: float | None


@dataclass(kw_only=True)
class Plan:
    """A case before chance has its way with it. Spells follow each other and never overlap."""

    interval_s: float
    start: float
    end: float
    missing: float
    noise: float
    spells: list[Spell] = field(default_factory=list)
    truths: list[Truth] = field(default_factory=list)
    gaps: list[tuple[float, float]] = field(default_factory=list)
    references: bool = True
    speed: bool = True
    nuisance: str = ""
    left_censored: bool = False


def cases(seed: int, habit: str, scale: float = 1.0) -> Iterator[Case]:
    """All groups, one case after the other; a smaller scale gives the first of each group."""
    for group, (count, _) in GROUPS.items():
        for number in range(ceil(count * scale)):
            yield case(seed, habit, f"{group}-{number}")


def case(seed: int, habit: str, name: str) -> Case:
    """The one of this name, such as `blocking-17`."""
    group, _, number = name.partition("-")
    dice = Random(f"{seed}/{habit}/{name}")
    plan = GROUPS[group][1](dice, int(number))
    times, covered_s = rounds(
        dice, plan.start, plan.end, plan.interval_s, missing=plan.missing, gaps=plan.gaps or _gaps(dice, plan)
    )
    bad = failures(dice, habit, times, plan.noise)
    return Case(
        name=name,
        group=group,
        nuisance=plan.nuisance,
        rows=rows(dice, times, bad, medians(dice, plan), plan.spells),
        truths=plan.truths,
        months=covered_s / MONTH_S,
        interval_s=plan.interval_s,
        left_censored=plan.left_censored,
        noise=plan.noise,
    )


# Rows


def medians(dice: Random, plan: Plan) -> Medians:
    handshake_ms, kbps = log_uniform(dice, 30, 800), log_uniform(dice, 300, 20_000)
    reference_handshake_ms, reference_kbps = log_uniform(dice, 20, 300), log_uniform(dice, 2_000, 30_000)
    return Medians(
        handshake_ms=handshake_ms,
        kbps=kbps if plan.speed else None,
        reference_handshake_ms=reference_handshake_ms if plan.references else None,
        reference_kbps=reference_kbps if plan.references and plan.speed else None,
    )


def rows(dice: Random, times: list[float], bad: bytearray, usual: Medians, spells: list[Spell]) -> list[Row]:
    """What was measured: the spell that it was in, then a failure of chance over it, and times with long tails."""
    count, steps, chance = len(times), len(CORE), dice.random
    line = tails(dice, count, LINE_SHARE, LINE_MEAN)
    own = [tails(dice, count, TAIL_SHARE) for _ in range(4)]
    quiet = Spell(start=0, end=float("inf"))
    coming = iter([*spells, Spell(start=float("inf"), end=float("inf"))])
    spell = next(coming)
    made = []
    for at, failed, slow, one, two, three, four in zip(times, bad, line, *own, strict=True):
        while at >= spell.end:
            spell = next(coming)
        now = spell if at >= spell.start else quiet
        verdict, mechanisms = _seen(dice, now, failed) if failed or now is not quiet else ("accessible", ())
        handshake, kbps = _measured(verdict, mechanisms)
        there = slow * now.references
        took = slow * one * now.handshake * CORE[int(chance() * steps)]
        dragged = slow * two * now.kbps * CORE[int(chance() * steps)]
        took_there = there * three * CORE[int(chance() * steps)]
        made.append(
            Row(
                at,
                verdict,
                mechanisms,
                usual.handshake_ms * took if handshake else None,
                usual.kbps / dragged if kbps and usual.kbps else None,
                usual.reference_handshake_ms * took_there if usual.reference_handshake_ms else None,
                usual.reference_kbps / (there * four * CORE[int(chance() * steps)]) if usual.reference_kbps else None,
            )
        )
    return made


def _seen(dice: Random, now: Spell, failed: int) -> tuple[str, tuple[str, ...]]:
    verdict = "accessible"
    mechanisms: tuple[str, ...] = ()
    if now.share >= 1 or dice.random() < now.share:
        verdict, mechanisms = now.verdict, dice.choice(now.mechanisms)
    if not failed or verdict not in SPEAKING:
        return verdict, mechanisms
    if dice.random() < INCONCLUSIVE:
        return "inconclusive", ()
    return (verdict, mechanisms) if verdict == "blocked" else ("blocked", dice.choice(_TIMEOUTS))


def _measured(verdict: str, mechanisms: tuple[str, ...]) -> tuple[bool, bool]:
    """Whether it came as far as a handshake, and as far as a page whose speed can be told."""
    if verdict in ("accessible", "throttled"):
        return True, True
    return verdict == "blocked" and mechanisms[0].startswith("http."), False


# Groups


def _plan(dice: Random, noise_most: float = NOISE_MOST) -> Plan:
    start = EPOCH + dice.uniform(0, 365 * DAY_S)
    return Plan(
        interval_s=dice.choices(_INTERVALS_S, _INTERVAL_WEIGHTS)[0],
        start=start,
        end=start,
        missing=dice.uniform(0, 0.2),
        noise=dice.uniform(0, noise_most),
        speed=dice.random() < 0.7,
    )


def _gaps(dice: Random, plan: Plan) -> list[tuple[float, float]]:
    """Whole hours or days, in a third of the series."""
    if dice.random() < 2 / 3:
        return []
    return windows(dice, plan.start, plan.end, 21 * DAY_S, 3 * HOUR_S, 4 * DAY_S)


def _wait(dice: Random, plan: Plan, least_s: float, least_rounds: int) -> None:
    plan.end += max(log_uniform(dice, least_s, _WEEKS_S), least_rounds * plan.interval_s)


def _last(dice: Random, plan: Plan, least_rounds: int) -> tuple[float, float]:
    """From the plan's end, which moves on: as many episodes of ten rounds as of a hundred or a thousand."""
    start = plan.end
    plan.end += plan.interval_s * log_uniform(dice, least_rounds, _WEEKS_S / plan.interval_s)
    return start, plan.end


def _blocking(dice: Random, number: int) -> Plan:
    plan = _plan(dice)
    share = _SHARES[number % len(_SHARES)]
    mechanisms = dice.choice(_BLOCKS)
    _wait(dice, plan, 12 * HOUR_S, 6)
    for again in (True, False) if dice.random() < 0.2 else (False,):
        start, end = _last(dice, plan, 6)
        plan.spells.append(Spell(start=start, end=end, verdict="blocked", share=share, mechanisms=(mechanisms,)))
        plan.truths.append(Truth(kind=Kind.BLOCKING, start=start, end=end, share=share))
        if again:
            _wait(dice, plan, 2 * DAY_S, 24)
    _wait(dice, plan, 2 * DAY_S, 24)
    return plan


def _throttling(dice: Random, number: int) -> Plan:
    plan = _plan(dice)
    plan.references = dice.random() < 0.8
    factor = _FACTORS[number % len(_FACTORS)]
    what = dice.choice(("handshake", "kbps", "both"))
    plan.speed = plan.speed or what != "handshake"
    handshake = factor if what != "kbps" else 1.0
    kbps = factor if what != "handshake" else 1.0
    said = dice.random() < 0.25  # by the verdict; else only the numbers tell
    _wait(dice, plan, 12 * HOUR_S, 6)
    start, end = _last(dice, plan, 12)
    plan.spells.append(
        Spell(
            start=start,
            end=end,
            verdict="throttled" if said else "accessible",
            share=dice.uniform(0.6, 1) if said else 1.0,
            mechanisms=(("throughput.low",) if kbps > 1 else ("latency.high",),) if said else ((),),
            handshake=handshake,
            kbps=kbps,
        )
    )
    plan.truths.append(Truth(kind=Kind.THROTTLING, start=start, end=end, share=1.0, factor=factor))
    _wait(dice, plan, 2 * DAY_S, 24)
    return plan


def _quiet(dice: Random, _number: int) -> Plan:
    plan = _plan(dice)
    plan.references = dice.random() < 0.8
    plan.end += dice.uniform(1, 4) * MONTH_S
    return plan


def _left(dice: Random, _number: int) -> Plan:
    """Blocked since before the first row."""
    plan = _plan(dice)
    mechanisms = dice.choice(_BLOCKS)
    _, end = _last(dice, plan, 8)
    before = plan.start - DAY_S
    plan.spells.append(Spell(start=before, end=end, verdict="blocked", mechanisms=(mechanisms,)))
    plan.truths.append(Truth(kind=Kind.BLOCKING, start=before, end=end, share=1.0))
    plan.left_censored = True
    _wait(dice, plan, 2 * DAY_S, 24)
    return plan


# Nuisances: nothing was done to the target, and nothing may be opened


def _nuisance(dice: Random, number: int) -> Plan:
    """The noise is small, so that what is opened was opened for the nuisance."""
    plan = _plan(dice, 0.01)
    plan.end += dice.uniform(1, 2) * MONTH_S
    plan.nuisance = list(NUISANCES)[number % len(NUISANCES)]
    NUISANCES[plan.nuisance](dice, plan)
    return plan


def _down(dice: Random, plan: Plan) -> None:
    """The site is down for everyone."""
    hours = windows(dice, plan.start, plan.end, 10 * DAY_S, 2 * HOUR_S, 4 * DAY_S)
    plan.spells = [Spell(start=start, end=end, verdict="down") for start, end in hours]


def _offline(dice: Random, plan: Plan) -> None:
    """The vantage is offline: nothing comes of it, or nothing that says anything."""
    for start, end in windows(dice, plan.start, plan.end, 7 * DAY_S, 2 * HOUR_S, 4 * DAY_S):
        if dice.random() < 0.5:
            plan.gaps.append((start, end))
        else:
            plan.spells.append(Spell(start=start, end=end, verdict="inconclusive"))


def _evenings(dice: Random, plan: Plan) -> None:
    """Each evening the line is full: all are two to four times slower, and some run into their time limits."""
    at = plan.start + dice.uniform(0, DAY_S)
    while at < plan.end:
        fold, share = dice.uniform(2, 4), dice.uniform(0, 0.05)
        plan.spells.append(
            Spell(
                start=at + dice.uniform(0, HOUR_S),
                end=at + dice.uniform(4, 6) * HOUR_S,
                verdict="blocked",
                share=share,
                mechanisms=_TIMEOUTS,
                handshake=fold,
                kbps=fold,
                references=fold,
            )
        )
        at += DAY_S


def _moves(dice: Random, plan: Plan) -> None:
    """The site's servers move by 30 %, farther or nearer, and weeks later back."""
    at, level = plan.start, 1.0
    while at < plan.end:
        end = at + dice.uniform(7, 21) * DAY_S
        plan.spells.append(Spell(start=at, end=end, handshake=level))
        at, level = end, dice.choice((1.3, 1 / 1.3)) if level == 1 else 1.0


def _resolver(dice: Random, plan: Plan) -> None:
    """A resolver that flaps: for hours, up to two days, it has no answer to each third question."""
    plan.spells = [
        Spell(start=start, end=end, verdict="blocked", share=1 / 3, mechanisms=_RESOLVER)
        for start, end in windows(dice, plan.start, plan.end, 12 * DAY_S, 3 * HOUR_S, 2 * DAY_S)
    ]


def _missing(dice: Random, plan: Plan) -> None:
    plan.missing = dice.uniform(0.2, 0.6)
    plan.gaps = windows(dice, plan.start, plan.end, 5 * DAY_S, 3 * HOUR_S, 5 * DAY_S)


def _references(dice: Random, plan: Plan) -> None:
    """References become slower or faster for days or weeks; the target does not."""
    for start, end in windows(dice, plan.start, plan.end, 7 * DAY_S, 2 * DAY_S, 21 * DAY_S):
        fold = log_uniform(dice, 2, 5)
        plan.spells.append(Spell(start=start, end=end, references=dice.choice((fold, 1 / fold))))


NUISANCES: dict[str, Callable[[Random, Plan], None]] = {
    "down": _down,
    "offline": _offline,
    "evenings": _evenings,
    "moves": _moves,
    "resolver": _resolver,
    "missing": _missing,
    "references": _references,
}

GROUPS: dict[str, tuple[int, Callable[[Random, int], Plan]]] = {
    "blocking": (320, _blocking),
    "throttling": (126, _throttling),
    "quiet": (440, _quiet),
    "nuisance": (140, _nuisance),
    "left": (40, _left),
}
