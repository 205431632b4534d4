"""The series of chance hold what their truth says."""

import random
from collections.abc import Callable
from functools import cache
from itertools import islice
from statistics import mean, median

import pytest

from results.episodes import Row
from tests.series.build import START, USUAL, blocked_share, quantile, some
from tests.series.chance import BURST_MEAN, DAY_S, HABITS, failures
from tests.series.generator import GROUPS, NUISANCES, SPEAKING, Case, case, cases, rows


@pytest.mark.parametrize("habit", HABITS)
def test_the_same_seed_gives_the_same_series(habit: str) -> None:
    assert list(islice(cases(7, habit), 3)) == list(islice(cases(7, habit), 3))


@pytest.mark.parametrize("group", GROUPS)
def test_another_seed_or_habit_gives_another(group: str) -> None:
    one = case(7, "lone", f"{group}-0")
    assert one.rows != case(8, "lone", f"{group}-0").rows
    assert one.rows != case(7, "squalls", f"{group}-0").rows


def test_a_case_can_be_made_without_the_others() -> None:
    assert all(one == case(3, "short", one.name) for one in cases(3, "short", 0.001))


def test_a_smaller_scale_gives_the_first_of_each_group() -> None:
    names = [one.name for one in cases(3, "short", 0.02)]
    assert names[:7] == [f"blocking-{number}" for number in range(7)]
    assert {name.partition("-")[0] for name in names} == set(GROUPS)


def test_at_full_size_there_are_enough_of_each_group() -> None:
    """A quiet case is a month long at least, and two and a half in the mean; few have gaps."""
    months = mean(one.months for one in some("quiet", 40))
    counts = {group: count for group, (count, _) in GROUPS.items()}
    assert counts["blocking"] >= 300
    assert counts["throttling"] >= 120
    assert counts["quiet"] * months >= 1_000
    assert counts["nuisance"] >= len(NUISANCES)
    assert counts["left"] > 0


@cache
def without_noise(count: int) -> list[Row]:
    times = [START + 600.0 * number for number in range(count)]
    return rows(random.Random(5), times, bytearray(count), USUAL, [])


@pytest.mark.parametrize(("share", "handshake_ms", "within"), [(0.5, 346, 0.02), (0.9, 590, 0.03), (0.99, 2_560, 0.1)])
def test_handshakes_have_the_tail_that_was_measured(share: float, handshake_ms: float, within: float) -> None:
    times = [row.handshake_ms or 0 for row in without_noise(80_000)]
    assert quantile(times, share) == pytest.approx(handshake_ms, rel=within)


@pytest.mark.parametrize(("share", "times"), [(0.5, 1), (0.1, 590 / 346), (0.01, 2_560 / 346)])
def test_speeds_have_it_the_other_way_round(share: float, times: float) -> None:
    speeds = [row.kbps or 0 for row in without_noise(80_000)]
    assert quantile(speeds, share) == pytest.approx(5_000 / times, rel=0.1)


def test_a_line_that_is_slow_is_slow_for_the_references_too() -> None:
    """Times apart from each other would be that far out together in one row of a thousand."""
    seen = without_noise(20_000)
    slow = [row for row in seen if (row.reference_handshake_ms or 0) > 5 * 90]
    both = mean((row.handshake_ms or 0) > 4 * 346 for row in slow)
    assert 0.3 < both < 0.8


@pytest.mark.parametrize("habit", HABITS)
@pytest.mark.parametrize("share", [0.0, 0.01, 0.05])
def test_a_habit_fails_as_often_as_it_should(habit: str, share: float) -> None:
    times = [START + 1_800.0 * number for number in range(100_000)]
    assert mean(failures(random.Random(2), habit, times, share)) == pytest.approx(share, rel=0.1)


@pytest.mark.parametrize(("habit", "rows_long"), BURST_MEAN.items())
def test_a_habit_fails_in_bursts_of_its_length(habit: str, rows_long: float) -> None:
    times = [START + 1_800.0 * number for number in range(100_000)]
    bad = bytes(failures(random.Random(2), habit, times, 0.03))
    assert mean(len(burst) for burst in bad.split(b"\0") if burst) == pytest.approx(rows_long, rel=0.05)


def test_in_squalls_a_third_of_the_rows_fail_for_hours() -> None:
    times = [START + 600.0 * number for number in range(100_000)]
    bad = failures(random.Random(2), "squalls", times, 0.02)
    after = [bad[place + 1] for place in range(len(bad) - 1) if bad[place]]
    assert mean(after) == pytest.approx(0.3, abs=0.05)


@pytest.mark.parametrize("share", [1.0, 0.9, 0.5, 0.3])
def test_in_a_block_as_many_rows_are_blocked_as_the_truth_says(share: float) -> None:
    """And a few more, by the failures that nobody makes; before and after it there are none but these."""
    inside, outside, noise = [], [], []
    for one in some("blocking", 60):
        if one.truths[0].share == share:
            within = [any(truth.start <= row.at < truth.end for truth in one.truths) for row in one.rows]
            inside += [row for row, here in zip(one.rows, within, strict=True) if here]
            outside += [row for row, here in zip(one.rows, within, strict=True) if not here]
            noise.append(one.noise)
    assert blocked_share(inside) == pytest.approx(share + (1 - share) * mean(noise), abs=0.03)
    assert blocked_share(outside) == pytest.approx(mean(noise), abs=0.015)


def slowness(one: Case) -> float:
    """How many times slower the handshakes, or else the transfers, are inside the truth than outside."""
    (truth,) = one.truths
    parts: list[tuple[list[float], list[float]]] = [([], []), ([], [])]  # outside, inside: of the one and of the other
    for row in one.rows:
        here = truth.start <= row.at < truth.end
        if row.handshake_ms and row.verdict != "blocked":
            parts[here][0].append(row.handshake_ms)
        if row.kbps:
            parts[here][1].append(1 / row.kbps)
    (usual, usual_speed), (slow, slow_speed) = parts
    return max(median(slow) / median(usual), median(slow_speed) / median(usual_speed) if usual_speed else 0.0)


@pytest.mark.parametrize("factor", [3.0, 5.0, 10.0])
def test_in_throttling_the_times_are_as_many_times_longer(factor: float) -> None:
    ours = [one for one in some("throttling", 30) if one.truths[0].factor == factor]
    assert median(map(slowness, ours)) == pytest.approx(factor, rel=0.15)


def test_most_throttling_is_in_the_numbers_only() -> None:
    said = [any(row.verdict == "throttled" for row in one.rows) for one in some("throttling", 40)]
    assert 0.1 < mean(said) < 0.5


@pytest.mark.parametrize("group", ["quiet", "nuisance"])
def test_where_nothing_was_done_there_is_no_truth(group: str) -> None:
    assert [one.truths for one in some(group, 14)] == [[]] * 14


def test_what_begins_blocked_has_no_good_row_before_and_good_ones_after() -> None:
    for one in some("left", 10):
        seen = [row.verdict for row in one.rows if row.verdict in SPEAKING]
        assert one.left_censored
        assert (seen[0], blocked_share(one.rows[-20:]) < 0.5) == ("blocked", True)


@pytest.mark.parametrize(
    ("nuisance", "holds"),
    [
        ("down", lambda one: any(row.verdict == "down" for row in one.rows)),
        ("offline", lambda one: len(one.rows) * one.interval_s < 0.95 * (one.rows[-1].at - one.rows[0].at)),
        ("evenings", lambda one: times_apart(one, DAY_S / 4, 3) > 1.3),
        ("moves", lambda one: 1.1 < times_apart(one, 7 * DAY_S, 1) < 2),
        ("resolver", lambda one: sum("dns.servfail" in row.mechanisms for row in one.rows) > 5),
        ("missing", lambda one: len(one.rows) * one.interval_s < 0.8 * (one.rows[-1].at - one.rows[0].at)),
        ("references", lambda one: times_apart(one, 2 * DAY_S, 1, of="reference_handshake_ms") > 1.8),
    ],
)
def test_each_nuisance_is_there(nuisance: str, holds: Callable[[Case], bool]) -> None:
    """In most of its cases: some have none by chance, or are too short for it."""
    ours = [one for one in some("nuisance", 70) if one.nuisance == nuisance]
    assert mean(map(holds, ours)) >= 0.7


def times_apart(one: Case, every_s: float, least: int, of: str = "handshake_ms") -> float:
    """How far the slowest stretches of that length are above the fastest."""
    stretches: dict[float, list[float]] = {}
    for row in one.rows:
        if value := getattr(row, of):
            stretches.setdefault(row.at // every_s, []).append(value)
    medians = sorted(median(values) for values in stretches.values() if len(values) >= least + 2)
    return medians[int(0.9 * len(medians))] / medians[int(0.1 * len(medians))] if medians else 0.0
