"""When the demo looks at which site from which network, and what held then. Pure.

Where it is not known when something began or ended, nothing is looked at: so the bracket of an episode that the
detector finds is what is known, and no more was made up.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from server.demo.facts import Bounds, Fact

CLOCK = datetime(2023, 4, 11, 12, tzinfo=UTC)  # at which the demo stands: the last report of the last fact
BEFORE_AND_AFTER = timedelta(days=45)  # of a fact are looked at
_FAR, _LATELY, _RECENT = timedelta(days=1), timedelta(hours=6), timedelta(days=60)
_NEAR = timedelta(days=10)  # of a bound: its own pace; of one whose minute is known, less
_NEAR_MINUTE = timedelta(days=2)
_HOUR = timedelta(hours=1)
_SOON, _SOON_MINUTE = timedelta(days=2), timedelta(hours=3)  # after what happened, when a detector knows it


@dataclass(frozen=True, slots=True)
class Series:
    """A site on a network, with the facts about it in the order of time."""

    url: str
    asn: int
    facts: Sequence[Fact]  # about the site, or the whole line


def series(facts: Iterable[Fact]) -> list[Series]:
    """All that are looked at. What befell a line befell all sites on it."""
    known = list(facts)
    pairs = dict.fromkeys((url, asn) for fact in known for asn in fact.asns for url in fact.urls)
    return [Series(url, asn, sorted(_about(known, url, asn), key=lambda fact: fact.began.after)) for url, asn in pairs]


def moments(facts: Iterable[Fact]) -> list[datetime]:
    """When what was looked at is to be followed: soon after each beginning and end, and at last at the demo's clock."""
    found = set()
    for fact in facts:
        soon = _SOON if fact.pace > _HOUR else _SOON_MINUTE
        ends = [fact.began.by, *([fact.ended.by] if fact.ended else []), *(end for each in fact.open for end in each)]
        found |= {end + soon for end in ends if end + soon < CLOCK}
    return [*sorted(found), CLOCK]


def _about(facts: Iterable[Fact], url: str, asn: int) -> Iterator[Fact]:
    return (fact for fact in facts if asn in fact.asns and (url in fact.urls or fact.way == "line"))


def looks(one: Series) -> Iterator[tuple[datetime, Fact | None]]:
    """When it is looked at, and the fact that holds then; None: nothing is known to be wrong."""
    stretches = _merged(_stretch(fact) for fact in one.facts if one.url in fact.urls)
    unknown = [bounds for of_a_kind in _kinds(one.facts) for bounds in _unknown(of_a_kind)]
    for start, end in stretches:
        at = start
        while at < min(end, CLOCK):
            if not any(after <= at < by for after, by in unknown):
                yield at, _holds(one.facts, at)
            at = _next(at, _pace(one.facts, at))


def _kinds(facts: Sequence[Fact]) -> tuple[list[Fact], list[Fact]]:
    """The site's own and the line's: the end of the one says nothing of the other."""
    return [fact for fact in facts if fact.way != "line"], [fact for fact in facts if fact.way == "line"]


def _stretch(fact: Fact) -> Bounds:
    start = fact.looked_from or fact.began.after - BEFORE_AND_AFTER
    end = fact.ended.by + BEFORE_AND_AFTER if fact.ended else fact.last
    return Bounds(start, end)


def _merged(stretches: Iterable[Bounds]) -> list[Bounds]:
    found: list[Bounds] = []
    for one in sorted(stretches):
        if found and one.after <= found[-1].by:
            found[-1] = Bounds(found[-1].after, max(found[-1].by, one.by))
        else:
            found.append(one)
    return found


def _unknown(facts: Sequence[Fact]) -> Iterator[Bounds]:
    """From the last report of what has no known end, nothing is known until the next fact."""
    for fact in facts:
        yield fact.began
        if fact.ended:
            yield fact.ended
    for fact, following in pairwise(facts):
        if not fact.ended and fact.last < following.began.by:
            yield Bounds(fact.last, following.began.by)
    if facts and not facts[-1].ended:
        yield Bounds(facts[-1].last, max(CLOCK, facts[-1].last))


def _holds(facts: Sequence[Fact], at: datetime) -> Fact | None:
    """The line before the site: without it no site is reached."""
    on = [fact for fact in facts if fact.began.by <= at < fact.last and not _lifted(fact, at)]
    return next(iter(sorted(on, key=lambda fact: fact.way != "line")), None)


def _lifted(fact: Fact, at: datetime) -> bool:
    return any(after <= at < by for after, by in fact.open)


def _pace(facts: Sequence[Fact], at: datetime) -> timedelta:
    paces = [fact.pace for fact in facts if _is_near(fact, at)]
    lately = _LATELY if CLOCK - at < _RECENT else _FAR
    return min([*paces, lately])


def _is_near(fact: Fact, at: datetime) -> bool:
    near = _NEAR if fact.pace > _HOUR else _NEAR_MINUTE
    ends = (*fact.began, *(fact.ended or (fact.last,)))
    return min(ends) - near <= at <= max(ends) + near and any(abs(at - end) <= near for end in ends)


def _next(at: datetime, pace: timedelta) -> datetime:
    """On a grid, so that the sites of a network are looked at in the same rounds."""
    return at + pace - (at - datetime(2000, 1, 1, tzinfo=UTC)) % pace
