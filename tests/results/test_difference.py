"""What is a difference between two groups of times, and what is an accident, a lost packet, or too little to tell."""

import pytest

from results.difference import Difference


def differs(*both: tuple[float, float], crowded: bool = False) -> Difference:
    return Difference(tuple(slow for slow, _ in both), tuple(fast for _, fast in both), crowded)


@pytest.mark.parametrize(
    ("difference", "steady"),
    [
        (differs((3, 1), (3.1, 1)), True),
        (differs((3, 1)), False),
        (differs((3, 1), (6, 1)), False),  # what is slow on purpose is slow in the same way
        (differs((3, 1), (3, 2.9)), False),  # each pair has to differ
        (differs((3, 1), (3, 1), crowded=True), False),
        (differs((3, 1), (3, 1), (3, 1), crowded=True), True),
        (differs(), False),
    ],
)
def test_it_is_steady_where_each_pair_differs_in_the_same_way(difference: Difference, *, steady: bool) -> None:
    assert difference.steady is steady


@pytest.mark.parametrize(
    ("difference", "apart"),
    [
        (differs((2, 0.1), (0.9, 0.2), (1.6, 0.1)), True),
        (differs((2, 0.1), (0.9, 0.2)), False),
        (differs((2, 0.1), (0.9, 0.8), (1.6, 0.1)), False),  # the shortest is hardly longer than the longest
        (differs((0.2, 0.01), (0.09, 0.01), (0.1, 0.01)), False),  # too little to be noticed
        (differs((0.1, 2), (0.2, 0.9), (0.1, 1.6)), False),
    ],
)
def test_they_are_apart_where_the_shortest_is_far_above_the_longest(difference: Difference, *, apart: bool) -> None:
    assert difference.apart is apart


@pytest.mark.parametrize(
    ("difference", "ranked"),
    [
        (differs(*[(2 + number, 1) for number in range(5)]), True),
        (differs(*[(2 + number, 1) for number in range(4)]), False),
        (differs((2, 1), (3, 1), (4, 1), (5, 1), (6, 2.5)), True),  # one out of order
        (differs((2, 1), (3, 1), (4, 1), (5, 1), (6, 3.5)), False),
        (differs(*[(1, 2 + number) for number in range(5)]), False),
    ],
)
def test_many_pairs_are_ranked_where_hardly_one_is_out_of_order(difference: Difference, *, ranked: bool) -> None:
    assert difference.ranked is ranked


TEN = [1, 1.1, 0.9, 1.05, 0.95, 1.02, 1.08, 0.92, 0.98, 1.0]


@pytest.mark.parametrize(
    ("difference", "significant"),
    [
        (differs(*[(2 * one, other) for one, other in zip(TEN, reversed(TEN), strict=True)]), True),
        (differs(*[(1.2 * one, other) for one, other in zip(TEN, reversed(TEN), strict=True)]), False),  # too small
        (differs(*[(2 * one, 1) for one in TEN[:4]]), False),  # too few
        (differs(*[(one, 2 * other) for one, other in zip(TEN, reversed(TEN), strict=True)]), False),
        (differs(*zip(TEN, reversed(TEN), strict=True)), False),
    ],
)
def test_many_pairs_prove_a_small_difference(difference: Difference, *, significant: bool) -> None:
    assert difference.significant is significant
    assert difference.proven is False


@pytest.mark.parametrize(
    ("difference", "proven"),
    [
        (differs((3.2, 1), (3.2, 1)), True),
        (differs((2.5, 1), (2.5, 1)), False),  # less than three times
        (differs((0.09, 0.01), (0.09, 0.01)), False),  # too little to tell
        (differs((9, 1), (4, 1), (6, 1), (5, 1), (5, 1)), True),  # not steady, but ranked
        (differs((9, 1), (4, 1), (6, 1)), False),
    ],
)
def test_a_difference_is_proven_where_it_is_clear_and_no_accident(difference: Difference, *, proven: bool) -> None:
    assert difference.proven is proven


def test_a_time_that_a_clock_made_negative_is_none_at_all() -> None:
    """Judgement is total, also of a line that somebody wrote by hand."""
    odd = differs(*[(3, -0.02)] * 5)
    assert odd.interval[0] == odd.times == pytest.approx(151)
