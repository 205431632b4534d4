"""Whether two groups of times differ: the exact test against every order there is, and an interval that holds."""

import random
from collections.abc import Sequence
from itertools import combinations

import pytest

from results.significance import greater_p, ratio

SIZES = [(1, 1), (1, 4), (4, 1), (2, 2), (2, 5), (3, 3), (4, 6), (5, 5), (6, 3)]


def above(slow: Sequence[float], fast: Sequence[float]) -> int:
    return sum(one > other for one in slow for other in fast)


def by_every_order(slow: Sequence[float], fast: Sequence[float]) -> float:
    """The second implementation: all ways to deal out the ranks."""
    ranks = range(len(slow) + len(fast))
    dealt = [(set(ours), set(ranks) - set(ours)) for ours in combinations(ranks, len(slow))]
    return sum(above([*ours], [*theirs]) >= above(slow, fast) for ours, theirs in dealt) / len(dealt)


def groups(seed: int, n: int, m: int, *, fold: float = 1.0) -> tuple[list[float], list[float]]:
    """Times with a long tail; those of the first group so many times as long."""
    dice = random.Random(seed)
    return [fold * dice.lognormvariate(0, 0.5) for _ in range(n)], [dice.lognormvariate(0, 0.5) for _ in range(m)]


@pytest.mark.parametrize(("n", "m"), SIZES)
@pytest.mark.parametrize("fold", [0.5, 1.0, 2.0, 9.0])
def test_the_probability_is_that_of_every_order_there_is(n: int, m: int, fold: float) -> None:
    slow, fast = groups(n * 10 + m, n, m, fold=fold)
    assert greater_p(slow, fast) == pytest.approx(by_every_order(slow, fast), abs=1e-12)


@pytest.mark.parametrize(("n", "m"), SIZES)
def test_both_sides_together_are_certain_and_one_order_more(n: int, m: int) -> None:
    slow, fast = groups(7, n, m)
    ranks = range(n + m)
    same = [above(ours, sorted(set(ranks) - set(ours))) == above(slow, fast) for ours in combinations(ranks, n)]
    assert greater_p(slow, fast) + greater_p(fast, slow) == pytest.approx(1 + sum(same) / len(same))


@pytest.mark.parametrize(
    ("slow", "fast", "p_value"),
    [
        ([2], [1], 1 / 2),
        ([1], [2], 1),
        ([4, 5, 6], [1, 2, 3], 1 / 20),
        ([1, 2, 3], [4, 5, 6], 1),  # faster is not slower
        ([4, 5, 6, 7, 8], [0, 1, 2, 3, 3.5], 1 / 252),
        ([3, 5, 6, 7, 8], [0, 1, 2, 2.5, 4], 2 / 252),
        ([1, 1], [1, 1], 1),
        ([2, 1], [1, 1], 4 / 6),  # as with one that is below both
        ([9, 9, 9], [1, 1, 1], 1 / 20),
    ],
)
def test_a_tie_counts_against_a_difference(slow: list[float], fast: list[float], p_value: float) -> None:
    assert greater_p(slow, fast) == pytest.approx(p_value)


def test_ten_of_each_that_do_not_overlap_are_hardly_chance() -> None:
    assert greater_p(range(10, 20), range(10)) == pytest.approx(1 / 184_756)


# How many times


@pytest.mark.parametrize(
    ("slow", "fast", "times"),
    [
        ([2, 2, 2], [1, 1, 1], (2, 2, 2)),
        ([6], [3], (2, 2, 2)),
        ([2, 4, 8], [1, 1, 1], (4, 2, 8)),  # too few for 95 %: all that they allow
        ([1, 1, 1], [2, 4, 8], (1 / 4, 1 / 8, 1 / 2)),
        ([1, 2, 4, 8, 16], [1, 1, 1, 1, 1], (4, 1, 16)),
        ([4, 8, 16, 32, 64], [1, 2, 4, 8, 16], (4, 4 / 8, 32)),  # the third from either end
    ],
)
def test_the_ratio_is_that_of_the_middle_pair(
    slow: list[float], fast: list[float], times: tuple[float, float, float]
) -> None:
    assert ratio(slow, fast) == pytest.approx(times)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("n", "m"), [(1, 1), (3, 4), (5, 5), (10, 10), (10, 3)])
def test_a_group_that_is_so_many_times_as_great_has_so_many_times_the_ratio(n: int, m: int, seed: int) -> None:
    slow, fast = groups(seed, n, m)
    assert ratio([3 * one for one in slow], fast) == pytest.approx([3 * one for one in ratio(slow, fast)])
    assert ratio(slow, [3 * one for one in fast]) == pytest.approx([one / 3 for one in ratio(slow, fast)])


@pytest.mark.parametrize("seed", range(3))
def test_the_other_way_round_it_is_the_reciprocal(seed: int) -> None:
    slow, fast = groups(seed, 10, 7)
    times, low, high = ratio(slow, fast)
    assert ratio(fast, slow) == pytest.approx((1 / times, 1 / high, 1 / low))


@pytest.mark.parametrize(("n", "m"), [(1, 1), (2, 2), (3, 3), (2, 6)])
def test_groups_that_are_too_small_have_the_widest_interval(n: int, m: int) -> None:
    slow, fast = groups(5, n, m)
    _, low, high = ratio(slow, fast)
    assert (low, high) == pytest.approx((min(slow) / max(fast), max(slow) / min(fast)))


@pytest.mark.parametrize(("n", "m", "holds"), [(5, 5, 0.968), (10, 10, 0.957), (10, 6, 0.958)])
def test_the_interval_holds_the_truth_about_as_often_as_it_says(n: int, m: int, holds: float) -> None:
    """`holds`: 1 - 2 P(U <= u) of so small groups, as the tables of Mann and Whitney have it; never below 95 %."""
    found = [ratio(*groups(seed, n, m, fold=2.0)) for seed in range(1_000)]
    covered = sum(low <= 2 <= high for _, low, high in found) / len(found)
    assert covered == pytest.approx(holds, abs=0.02)


def test_more_confidence_takes_a_wider_interval() -> None:
    slow, fast = groups(1, 10, 10)
    (_, low, high), (_, lower, higher) = ratio(slow, fast, confidence=0.8), ratio(slow, fast, confidence=0.99)
    assert lower < low < high < higher
