"""Bytes over time: where a burst ends, what a transfer held to, and what several hold to together."""

from itertools import accumulate

import pytest

from results.curves import Curve, at_last_kbps, ceiling, from_zero, last, rounds, steady, steady_kbps, time_to

STEP_S = 0.1


def flow(*sizes: int) -> Curve:
    """So many bytes in each tenth of a second."""
    return tuple((round(place * STEP_S, 6), amount) for place, amount in enumerate(accumulate(sizes, initial=0)))


def even(kbps: float, seconds: float) -> Curve:
    return flow(*[round(kbps * 1000 / 8 * STEP_S)] * round(seconds / STEP_S))


def policed(burst: int, kbps: float, seconds: float) -> Curve:
    """A full bucket, and then what trickles into it."""
    began = ((0.0, 0), (STEP_S / 2, burst))
    return began + tuple((t + STEP_S / 2, amount + burst) for t, amount in even(kbps, seconds)[1:])


SLOW_START = flow(14_600, 29_200, 58_400, *[100_000] * 10)


# One transfer


@pytest.mark.parametrize(
    ("curve", "kbps"),
    [
        (even(128, 4), 128),
        (even(8_000, 1), 8_000),
        (policed(30_000, 128, 3), 128),
        (policed(120_000, 128, 3), 128),
        (policed(16_000, 512, 3), 512),
        (SLOW_START, 8_000),
    ],
    ids=["even", "even and fast", "policer", "large bucket", "small bucket", "slow start"],
)
def test_a_transfer_is_as_fast_as_it_ran_after_its_beginning(curve: Curve, kbps: float) -> None:
    assert steady_kbps(from_zero(curve)) == pytest.approx(kbps, rel=0.05)


def test_what_a_bucket_gave_at_once_is_no_part_of_what_it_holds_to() -> None:
    held = steady(policed(30_000, 128, 3))
    assert held is not None
    assert held.bytes == 48_000
    assert held.seconds == pytest.approx(3, abs=0.01)


def test_without_a_burst_only_the_beginning_is_left_out() -> None:
    held = steady(even(128, 4))
    assert held is not None
    assert held.bytes == pytest.approx(48_000, rel=0.05)


@pytest.mark.parametrize(
    "curve",
    [
        (),
        ((0.0, 0),),
        even(128, 0.2),
        ((0.0, 0), (0.0, 60_000)),
        ((0.0, 0), (-1.0, 60_000)),
        policed(60_000, 128, 0.2),
        ((0.0, 0), (1.0, -60_000)),
    ],
    ids=["nothing", "one read", "too few bytes", "no time", "a clock that went back", "all but a burst", "fewer bytes"],
)
def test_too_little_tells_no_speed(curve: Curve) -> None:
    assert steady(curve) is None
    assert steady_kbps(curve) is None
    assert ceiling([curve]) is None


def test_a_packet_more_or_less_makes_a_speed_uncertain_and_the_longer_one_less_so() -> None:
    short, long = steady(even(128, 2)), steady(even(128, 20))
    assert short is not None
    assert long is not None
    assert short.least_kbps < long.least_kbps < 128 < long.most_kbps < short.most_kbps


@pytest.mark.parametrize(
    ("curve", "kbps"),
    [
        (even(128, 4), 128),
        (SLOW_START, 8_000),
        (flow(1_000, 1_000, 8_000, 8_000), 640),
        ((), None),
        (flow(9_000), None),
    ],
    ids=["even", "slow start", "slow and then fast", "nothing", "in one read"],
)
def test_what_can_flow_is_told_by_the_second_half(curve: Curve, kbps: float | None) -> None:
    assert at_last_kbps(curve) == (kbps and pytest.approx(kbps, rel=0.05))


# Several


def test_a_ceiling_is_the_fastest_of_the_long_ones() -> None:
    """What a policer drops keeps some below it; what ended soon may have been let through."""
    held = ceiling([even(120, 4), even(128, 4), even(700, 1)])
    assert held is not None
    assert held.kbps == pytest.approx(128, rel=0.02)
    assert held.transfers == 3


def test_what_ran_far_shorter_than_the_longest_is_not_compared() -> None:
    held = ceiling([even(128, 20), even(700, 0.2)])
    assert held is not None
    assert (held.spread, held.transfers) == (0, 1)


def test_what_was_short_because_it_was_fast_is_compared() -> None:
    held = ceiling([even(128, 20), even(2_560, 1)])
    assert held is not None
    assert held.transfers == 2
    assert held.spread > 0.9


@pytest.mark.parametrize("other", [128, 132, 124])
def test_what_single_packets_explain_is_no_spread(other: float) -> None:
    held = ceiling([even(128, 4), even(128, 4), even(other, 4)])
    assert held is not None
    assert (held.spread, held.transfers) == (0, 3)


def test_a_spread_is_from_the_slowest_to_the_fastest_of_the_ceiling() -> None:
    held = ceiling([even(128, 20), even(96, 20), even(64, 20)])
    assert held is not None
    assert held.spread == pytest.approx(0.5, abs=0.04)


def test_what_is_held_to_one_speed_has_no_second_that_is_much_faster() -> None:
    held = ceiling([even(128, 10), policed(30_000, 128, 10)])
    assert held is not None
    assert held.peak == pytest.approx(1, abs=0.1)


def test_transfers_that_average_out_alike_have_fast_seconds() -> None:
    """An evening: one second in five brings six times as much."""
    slow, fast = [800] * 40, [4_800] * 10
    held = ceiling([flow(*(slow + fast) * 2), flow(*(slow + fast) * 2)])
    assert held is not None
    assert held.spread <= 0.1
    assert held.peak > 2


def test_what_tells_nothing_is_no_transfer() -> None:
    held = ceiling([even(128, 4), (), even(128, 0.1)])
    assert held is not None
    assert held.transfers == 1


def test_nothing_has_no_ceiling() -> None:
    assert ceiling([]) is None


# Times and rounds


@pytest.mark.parametrize(("amount", "seconds"), [(0, 0), (500, 0.05), (1_000, 0.1), (2_000, 0.15), (3_000, 0.2)])
def test_between_two_reads_bytes_come_in_proportion(amount: int, seconds: float) -> None:
    assert time_to(flow(1_000, 2_000), amount) == pytest.approx(seconds)


def test_what_never_came_took_until_the_end_at_least() -> None:
    assert time_to(flow(1_000, 2_000), 9_000) == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("curve", "moved"), [((), ()), (((3.5, 1_000), (4.0, 3_000)), ((0, 0), (0.5, 2_000))), (flow(5), flow(5))]
)
def test_a_curve_begins_at_its_first_read(curve: Curve, moved: Curve) -> None:
    assert from_zero(curve) == moved
    assert last(from_zero(curve)) == (moved[-1][1] if moved else 0)


@pytest.mark.parametrize(
    ("amount", "needed"), [(0, 0), (14_600, 0), (14_601, 1), (43_800, 1), (43_801, 2), (524_288, 5)]
)
def test_slow_start_doubles_from_ten_packets(amount: int, needed: int) -> None:
    assert rounds(amount) == needed
