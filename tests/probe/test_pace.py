"""Which targets a round is over, and when rounds begin: at no fixed minute, and never later than the interval."""

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from probe.schedule import due, pace

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
EVERY = timedelta(minutes=30)
HOUR_S = 3600.0


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


# Which targets a round is over


@pytest.mark.parametrize(
    ("last", "first", "then"),
    [
        ({}, [], "abc"),
        ({"a": ago(30), "b": ago(31), "c": ago(29)}, ["b"], "ac"),
        ({"a": ago(30), "c": ago(90)}, ["b", "c"], "a"),
        ({"a": ago(14), "b": ago(15), "c": ago(16)}, [], "bc"),
        ({"a": ago(1), "b": ago(2), "c": ago(3)}, [], ""),
        ({"a": NOW + timedelta(hours=1), "b": ago(30), "c": ago(40)}, ["c"], "ab"),  # the clock was ahead
        ({"a": ago(30), "b": ago(30), "c": ago(30), "gone": ago(900)}, [], "abc"),
    ],
)
def test_never_measured_first_then_the_longest_overdue_then_by_chance(
    last: dict[str, datetime], first: list[str], then: str
) -> None:
    found = [due("abc", last, NOW, EVERY, random.Random(seed)) for seed in range(40)]
    assert {tuple(urls[: len(first)]) for urls in found} == {tuple(first)}
    assert {tuple(sorted(urls[len(first) :])) for urls in found} == {tuple(then)}
    assert len({tuple(urls) for urls in found}) == {0: 1, 1: 1, 2: 2, 3: 6}[len(then)], "all orders come"


# When rounds begin


def starts(every: timedelta, days: int, seed: int) -> list[datetime]:
    """Of the rounds of so many days. The scheduler asks with the time for which the last was meant."""
    random.seed(seed)
    trigger, found = pace(every), [NOW]
    while found[-1] < NOW + timedelta(days=days):
        found.append(trigger.get_next_fire_time(found[-1], found[-1]))
    return found


def open_shares(at: list[datetime], open_minutes: int) -> list[float]:
    """Which part of the looks finds a block open that is so for some minutes of each hour, from each minute on."""
    seconds = [(one - NOW).total_seconds() for one in at]
    return [
        sum((one + first * 60) % HOUR_S < open_minutes * 60 for one in seconds) / len(seconds) for first in range(60)
    ]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("every_minutes", "within"), [(15, 0.03), (30, 0.05), (60, 0.08)])
@pytest.mark.parametrize("open_minutes", [15, 17, 20])
def test_a_block_that_opens_for_a_quarter_of_each_hour_is_seen_as_it_is_within_a_week(
    every_minutes: int, within: float, open_minutes: int, seed: int
) -> None:
    shares = open_shares(starts(timedelta(minutes=every_minutes), 7, seed), open_minutes)
    assert max(abs(share - open_minutes / 60) for share in shares) < within


def test_at_fixed_minutes_it_would_look_open_for_ever_or_shut() -> None:
    """What the test above would find without what is drawn."""
    assert set(open_shares([NOW + number * timedelta(hours=1) for number in range(168)], 17)) == {0, 1}


@pytest.mark.parametrize("every_s", [60, 1800, 86400])
def test_rounds_are_never_later_than_the_interval_and_hardly_sooner(every_s: int) -> None:
    every = timedelta(seconds=every_s)
    between = [(later - sooner) / every for sooner, later in pairwise(starts(every, 1 + every_s // 100, 1))]
    assert 0.9 - 1e-6 <= min(between) < 0.91
    assert 0.99 < max(between) <= 1 + 1e-6


@pytest.mark.parametrize("every_s", [5, 59])
def test_intervals_under_a_minute_are_kept_to(every_s: int) -> None:
    every = timedelta(seconds=every_s)
    assert {later - sooner for sooner, later in pairwise(starts(every, 1, 1))} == {every}


@pytest.mark.parametrize("seed", range(5))
def test_a_look_between_two_rounds_puts_the_next_off_to_one_and_a_half_intervals_at_most(seed: int) -> None:
    chance, last = random.Random(seed), {"a": NOW}
    waits = []
    for start, following in pairwise(starts(EVERY, 30, seed)):
        if due("a", last, start, EVERY, chance):
            waits.append(start - last["a"])
            last["a"] = start
        if chance.random() < 0.3:
            last["a"] = start + chance.random() * (following - start)
    assert EVERY * 1.4 < max(waits) <= EVERY * 1.5
