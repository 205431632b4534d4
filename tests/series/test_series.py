"""The series of chance hold what their truth says, the scorer counts right, and the detector keeps its promises."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from itertools import islice
from statistics import mean, median
from typing import Any

import pytest

from results.episodes import Episode, Kind, Row, episodes
from tests.series.baselines import BASELINES, cusum_of_medians, three_in_a_row
from tests.series.chance import BURST_MEAN, DAY_S, HABITS, HOUR_S, failures
from tests.series.figures import Figure, Scored, Told, figures, p90, score
from tests.series.generator import GROUPS, NUISANCES, SPEAKING, Case, Medians, Truth, case, cases, rows
from tests.series.score import measured, shown, table

BLOCKING, THROTTLING = Kind.BLOCKING, Kind.THROTTLING
START = 1_750_003_200.0  # a full hour
USUAL = Medians(handshake_ms=346, kbps=5_000, reference_handshake_ms=90, reference_kbps=20_000)


@cache
def some(group: str, count: int, habit: str = "chains") -> list[Case]:
    return [case(1, habit, f"{group}-{number}") for number in range(count)]


def blocked_share(seen: list[Row]) -> float:
    speaking = [row for row in seen if row.verdict in SPEAKING]
    return mean(row.verdict == "blocked" for row in speaking)


def quantile(values: list[float], share: float) -> float:
    return sorted(values)[int(share * len(values))]


# The generator


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


# The scorer


def moment(rounds: float | None) -> datetime | None:
    return None if rounds is None else datetime.fromtimestamp(START + 1_800 * rounds, UTC)


def found(
    first_bad: float,
    first_good: float | None,
    *,
    kind: Kind = BLOCKING,
    last_good: float | None = -1,
    opened: float | None = None,
) -> Episode:
    """Times are in rounds since the start."""
    times: dict[str, Any] = {
        "last_good_at": moment(None if last_good == -1 else last_good),
        "first_bad_at": moment(first_bad),
        "opened_at": moment(opened if opened is not None else first_bad + 2),
        "last_bad_at": moment(first_bad + 2),
        "first_good_at": moment(first_good),
        "closed_at": moment(first_good),
    }
    return Episode(kind=kind, mechanisms=(), measurements=3, bad=3, **times)


def truth(start: float, end: float, share: float = 1.0, kind: Kind = BLOCKING, factor: float | None = None) -> Truth:
    return Truth(kind=kind, start=START + 1_800 * start, end=START + 1_800 * end, share=share, factor=factor)


def made(truths: list[Truth], group: str = "blocking", silent: tuple[int, ...] = ()) -> Case:
    """A hundred rounds of half an hour each, of which the silent ones say nothing."""
    return Case(
        name=f"{group}-0",
        group=group,
        nuisance="",
        rows=[
            Row(START + 1_800 * number, "inconclusive" if number in silent else "accessible") for number in range(100)
        ],
        truths=truths,
        months=2.0,
        interval_s=1_800.0,
        left_censored=group == "left",
        noise=0.0,
    )


@pytest.mark.parametrize(
    ("one", "ours"),
    [
        (found(10, 20), True),
        (found(5, 11), True),
        (found(19, 30), True),
        (found(5, 50), True),
        (found(5, None), True),  # open until the last row
        (found(5, 10), False),  # ended when it began
        (found(20, 30), False),
        (found(20, None), False),
        (found(10, 20, kind=THROTTLING), False),
    ],
)
def test_a_found_episode_is_of_a_truth_of_its_kind_when_they_share_a_moment(one: Episode, ours: bool) -> None:
    scored = score(made([truth(10, 20)]), [one])
    assert scored.told[0].episodes == ours
    assert (sum(scored.right.values()), sum(scored.wrong.values())) == (ours, not ours)


def test_one_that_is_open_before_the_truth_began_is_of_no_truth_if_the_series_ended_first() -> None:
    assert score(made([truth(120, 130)]), [found(5, None)]).told[0].episodes == 0


def test_only_rows_inside_that_speak_are_counted() -> None:
    scored = score(made([truth(9.5, 20)], silent=(3, 12, 13)), [])
    assert scored.told[0].speaking == 8  # 10, 11 and 14 to 19


def test_the_delay_is_from_the_true_start_to_the_opening_of_the_first_found_in_rounds() -> None:
    scored = score(made([truth(9.5, 40)]), [found(10, 20, opened=12), found(25, 40, opened=27)])
    assert scored.told[0].delay_rounds == pytest.approx(2.5)
    assert scored.told[0].episodes == 2


@pytest.mark.parametrize(
    ("last_good", "first_bad", "inside"),
    [
        (9, 10, True),
        (9, 9.5, True),  # the first bad row is in the bracket
        (9.5, 10, False),  # the last good one is not
        (9, 9.4, False),
        (None, 10, False),
        (10, 11, False),
    ],
)
def test_the_bracket_holds_the_true_start_or_not(last_good: float | None, first_bad: float, inside: bool) -> None:
    one = found(first_bad, 40, last_good=-1 if last_good is None else last_good)
    assert score(made([truth(9.5, 40)]), [one]).told[0].bracketed is inside


def test_what_is_known_of_a_beginning_is_that_of_the_first_episode_and_of_an_end_that_of_the_last() -> None:
    begun = [found(0, 5), found(8, None, last_good=7)]
    scored = score(made([truth(-1, 20)], "left"), begun)
    assert (scored.begins_bad, scored.closed) == (True, False)
    scored = score(made([truth(-1, 20)], "left"), [*begun[1:], found(15, 20, last_good=14)])
    assert (scored.begins_bad, scored.closed) == (False, True)


FULL = Told(
    group="blocking", kind=BLOCKING, share=1.0, factor=None, speaking=20, episodes=1, delay_rounds=2.0, bracketed=True
)
MISSED = replace(FULL, episodes=0, delay_rounds=None, bracketed=None)
SLOW = replace(FULL, group="throttling", kind=THROTTLING, factor=5.0)
SLOW_MISSED = replace(SLOW, episodes=0, delay_rounds=None, bracketed=None)
NONE = {BLOCKING: 0, THROTTLING: 0}
PLAIN = Scored(
    group="blocking",
    nuisance="",
    months=1.0,
    rows=100,
    told=(),
    right=NONE,
    wrong=NONE,
    begins_bad=False,
    closed=False,
)
QUIET = replace(PLAIN, group="quiet", months=25.0)
LEFT = replace(PLAIN, group="left", told=(replace(FULL, group="left"),), begins_bad=True, closed=True)


def figure(name: str, *scored: Scored) -> Figure:
    (ours,) = [one for one in figures(list(scored)) if one.name == name]
    return ours


def of(*told: Told) -> Scored:
    return replace(PLAIN, told=told)


@pytest.mark.parametrize(
    ("name", "scored", "value", "counted"),
    [
        ("full blocks: recall", [of(FULL, FULL), of(FULL, MISSED)], 0.75, 4),
        ("full blocks: recall", [of(FULL, replace(MISSED, share=0.9))], 0.5, 2),
        ("full blocks: recall", [of(FULL, replace(MISSED, share=0.5))], 1, 1),
        ("full blocks: recall", [of(replace(FULL, speaking=6), replace(MISSED, speaking=5))], 1, 1),
        ("full blocks: recall", [of(FULL, SLOW_MISSED), replace(LEFT, told=(replace(MISSED, group="left"),))], 1, 1),
        ("share 0.5: recall", [of(replace(FULL, share=0.5), replace(MISSED, share=0.5), MISSED)], 0.5, 2),
        ("share 0.5: recall", [of(*(replace(MISSED, share=0.5, speaking=n) for n in (11, 12)))], 0, 1),
        ("share 0.3: recall", [of(replace(FULL, share=0.3), replace(MISSED, share=0.5))], 1, 1),
        ("onset delay in rounds: median", [of(*(replace(FULL, delay_rounds=n) for n in (1, 2, 9)), MISSED)], 2, 3),
        ("onset delay in rounds: p90", [of(*(replace(FULL, delay_rounds=float(n)) for n in range(10, 0, -1)))], 9, 10),
        ("true start in the bracket", [of(FULL, FULL, replace(FULL, bracketed=False), FULL, MISSED)], 0.75, 4),
        ("episodes for a true one", [of(FULL, replace(FULL, episodes=2), MISSED)], 1.5, 2),
        ("throttling 3-fold: recall", [of(replace(SLOW, factor=3.0), SLOW_MISSED)], 1, 1),
        ("throttling 5-fold: recall", [of(SLOW, SLOW_MISSED, FULL)], 0.5, 2),
        ("throttling 5-fold: recall", [of(*(replace(SLOW_MISSED, speaking=n) for n in (11, 12)), SLOW)], 0.5, 2),
        ("throttling 10-fold: recall", [of(replace(SLOW_MISSED, factor=10.0), SLOW)], 0, 1),
        ("begins blocked: known as such", [LEFT, replace(LEFT, begins_bad=False)], 0.5, 2),
        ("begins blocked: closed later", [LEFT, LEFT, LEFT, replace(LEFT, closed=False)], 0.75, 4),
        (
            "begins blocked: known as such",
            [LEFT, replace(LEFT, told=(replace(FULL, speaking=5),), begins_bad=False)],
            1,
            1,
        ),
    ],
)
def test_a_figure_is_of_those_that_it_is_about(name: str, scored: list[Scored], value: float, counted: int) -> None:
    ours = figure(name, *scored)
    assert ours.value == pytest.approx(value)
    assert ours.of == counted


def test_precision_is_of_what_was_found_in_blocking_and_quiet_together() -> None:
    ours = figure(
        "full blocks: precision",
        replace(PLAIN, right={BLOCKING: 6, THROTTLING: 9}, wrong={BLOCKING: 1, THROTTLING: 9}),
        replace(QUIET, wrong={BLOCKING: 1, THROTTLING: 9}),
        replace(PLAIN, group="throttling", wrong={BLOCKING: 9, THROTTLING: 0}),
        replace(PLAIN, group="nuisance", wrong={BLOCKING: 9, THROTTLING: 0}),
    )
    assert (ours.value, ours.of) == (0.75, 8)


@pytest.mark.parametrize(("kind", "rate"), [(BLOCKING, 0.02), (THROTTLING, 0.06)])
def test_false_alarms_are_those_of_the_quiet_for_each_month(kind: Kind, rate: float) -> None:
    loud = {BLOCKING: 50, THROTTLING: 50}
    quiet = [replace(QUIET, wrong={BLOCKING: 1, THROTTLING: 3}), QUIET]
    ours = figure(f"{kind}: false alarms a month", *quiet, replace(PLAIN, wrong=loud))
    assert ours.value == pytest.approx(rate)
    assert ours.of == 50


@pytest.mark.parametrize("nuisance", NUISANCES)
def test_a_nuisance_counts_the_cases_in_which_anything_was_opened(nuisance: str) -> None:
    ours = replace(PLAIN, group="nuisance", nuisance=nuisance)
    opened = [replace(ours, wrong={BLOCKING: 3, THROTTLING: 1}), replace(ours, wrong={BLOCKING: 0, THROTTLING: 1})]
    others = [replace(one, nuisance=other) for one in opened for other in NUISANCES if other != nuisance]
    counted = figure(f"nuisance {nuisance}: opened", ours, *opened, *others)
    assert (counted.value, counted.of, counted.good) == (2, 3, False)


def test_what_has_a_bound_and_what_it_is() -> None:
    assert {one.name: (one.bound, one.at_most) for one in figures([]) if one.bound is not None} == {
        "full blocks: recall": (0.98, False),
        "full blocks: precision": (0.98, False),
        "onset delay in rounds: median": (3, True),
        "onset delay in rounds: p90": (6, True),
        "true start in the bracket": (0.95, False),
        "episodes for a true one": (1.1, True),
        "blocking: false alarms a month": (0.02, True),
        "share 0.5: recall": (0.9, False),
        "throttling 5-fold: recall": (0.95, False),
        "throttling 10-fold: recall": (0.98, False),
        "begins blocked: known as such": (1, False),
        **{f"nuisance {name}: opened": (0, True) for name in NUISANCES},
    }


@pytest.mark.parametrize(
    ("value", "at_most", "good"),
    [(0.5, False, True), (0.4, False, False), (0.5, True, True), (0.6, True, False), (None, False, True)],
)
def test_a_figure_is_good_up_to_its_bound(value: float | None, at_most: bool, good: bool) -> None:
    assert Figure(name="x", value=value, of=1, bound=0.5, at_most=at_most).good is good


@pytest.mark.parametrize(("count", "value"), [(1, 1), (9, 9), (10, 9), (11, 10), (100, 90)])
def test_nine_tenths_are_not_above_p90(count: int, value: float) -> None:
    assert p90([float(one) for one in range(1, count + 1)]) == value


def test_a_table_has_a_line_for_each_figure_and_a_column_for_each_habit() -> None:
    by_habit = {
        "lone": [Figure(name="recall", value=0.5, of=10, bound=0.9), Figure(name="speed", value=3.0, of=7)],
        "short": [Figure(name="recall", value=1.0, of=9, bound=0.9), Figure(name="speed", value=None, of=0)],
    }
    assert [line.split() for line in table("name", by_habit).splitlines()] == [
        ["name", "bound", "lone", "short"],
        ["recall", ">=", "0.9", "0.500", "/", "10", "!", "1.000", "/", "9"],
        ["speed", "3.000", "/", "7", "-", "/", "0"],
    ]


def test_a_case_is_shown_with_its_truths_and_what_was_found() -> None:
    lines = list(shown(case(1, "lone", "blocking-0"), BASELINES))
    assert sum(line.startswith("  true: blocking") for line in lines) == len(case(1, "lone", "blocking-0").truths)
    assert any(line.startswith("  three_in_a_row: blocking") for line in lines)


# The baselines


def hourly(verdicts: str, every_s: float = HOUR_S) -> list[Row]:
    """`.` accessible, `b` blocked, `t` throttled, `-` inconclusive."""
    names = {".": "accessible", "b": "blocked", "t": "throttled", "-": "inconclusive"}
    return [
        Row(START + every_s * number, names[one], ("tls.timeout",) if one == "b" else (), 100.0)
        for number, one in enumerate(verdicts)
        if one != " "
    ]


def places(one: Episode) -> list[float | None]:
    """When it was last good, first bad, opened, last bad, first good and closed: in hours since the start."""
    times = (one.last_good_at, one.first_bad_at, one.opened_at, one.last_bad_at, one.first_good_at, one.closed_at)
    return [None if at is None else (at.timestamp() - START) / HOUR_S for at in times]


def test_the_cusum_opens_at_the_sixth_hour_of_a_total_block_and_closes_at_the_eleventh_without() -> None:
    (one,) = cusum_of_medians(hourly("." * 10 + "b" * 20 + "." * 20))
    assert places(one) == [9, 10, 15, 29, 30, 40]
    assert (one.measurements, one.bad, one.mechanisms) == (20, 20, ("tls.timeout",))


@pytest.mark.parametrize("verdicts", ["." * 10 + "b" * 5 + "." * 10, "b.." * 20, "t" * 20, "." * 10 + "-" * 20])
def test_the_cusum_opens_for_nothing_less(verdicts: str) -> None:
    assert cusum_of_medians(hourly(verdicts)) == []


def test_the_cusum_takes_the_median_of_an_hour() -> None:
    assert cusum_of_medians(hourly("bb." * 5, HOUR_S / 3)) == []
    assert len(cusum_of_medians(hourly("bb." * 6, HOUR_S / 3))) == 1
    assert cusum_of_medians(hourly("b.." * 30, HOUR_S / 3)) == []


@pytest.mark.parametrize(("silent_hours", "opens"), [(20, True), (48, False)])
def test_the_cusum_forgets_in_silence(silent_hours: int, opens: bool) -> None:
    """Five bad hours are 3.25 of 3.5; after two days half of it is left."""
    verdicts = "." + "b" * 5 + " " * silent_hours + "b"
    assert bool(cusum_of_medians(hourly(verdicts))) is opens


def test_what_begins_blocked_has_no_last_good_row() -> None:
    (cusum,), (three,) = cusum_of_medians(hourly("b" * 9)), three_in_a_row(hourly("b" * 9))
    assert places(cusum) == [None, 0, 5, 8, None, None]
    assert places(three) == [None, 0, 2, 8, None, None]


def test_three_bad_rows_running_open_and_three_good_ones_close() -> None:
    (one,) = three_in_a_row(hourly("..b.bb.b-bb..b...." + "b"))
    assert places(one) == [6, 7, 10, 13, 14, 16]
    assert (one.measurements, one.bad) == (6, 4)


@pytest.mark.parametrize("verdicts", ["bb." * 9, "b-b" + "." * 5, "t" * 2 + "." * 5])
def test_two_running_are_not_three(verdicts: str) -> None:
    assert three_in_a_row(hourly(verdicts)) == []


def test_three_throttled_rows_are_throttling() -> None:
    (one,) = three_in_a_row(hourly("..ttbt..."))
    assert (one.kind, places(one)) == (THROTTLING, [1, 2, 5, 5, 6, 8])


@pytest.mark.parametrize(("handshake_ms", "past", "opens"), [(301, 10, True), (300, 10, False), (301, 9, False)])
def test_slow_is_over_three_times_the_median_of_the_past(handshake_ms: float, past: int, opens: bool) -> None:
    seen = hourly("." * (past + 3))
    seen[past:] = [row._replace(handshake_ms=handshake_ms) for row in seen[past:]]
    assert [one.kind for one in three_in_a_row(seen)] == [THROTTLING] * opens


def test_the_past_is_of_fifty_rows() -> None:
    seen = [row._replace(handshake_ms=1.0 if number < 26 else 100.0) for number, row in enumerate(hourly("." * 80))]
    (one,) = three_in_a_row(seen)
    assert places(one)[1:3] == [26, 28]
    assert places(one)[4] == 51  # the first with half of its past at 100 ms: the median is 50.5 ms


# The detector


@cache
def of_the_detector(habit: str) -> list[Scored]:
    ours = [*some("blocking", 20, habit), *some("throttling", 12, habit), *some("quiet", 5, habit)]
    return [score(one, episodes(one.rows)) for one in [*ours, *some("left", 4, habit)]]


@pytest.mark.parametrize("habit", HABITS)
def test_the_detector_finds_what_was_done_and_little_else(habit: str) -> None:
    """Leniently: of so few, one more or less is chance. For the bounds there is `python -m tests.series.score`."""
    values = {one.name: one.value or 0.0 for one in figures(of_the_detector(habit))}
    assert values["full blocks: recall"] >= 0.95
    assert values["full blocks: precision"] >= 0.7  # a handful of false ones among twenty-five
    assert values["share 0.5: recall"] >= 0.75
    assert values["throttling 5-fold: recall"] >= 0.75
    assert values["throttling 10-fold: recall"] >= 0.75
    assert values["begins blocked: known as such"] == 1


def test_the_detector_is_in_time_and_knows_since_when() -> None:
    """Of all habits together, since a tenth of a few is one."""
    scored = [one for habit in HABITS for one in of_the_detector(habit)]
    values = {one.name: one.value or 0.0 for one in figures(scored)}
    assert values["onset delay in rounds: median"] <= 4.5
    assert values["onset delay in rounds: p90"] <= 9
    assert values["true start in the bracket"] >= 0.85
    assert values["episodes for a true one"] <= 1.15


def test_the_program_times_each_detector() -> None:
    (speed,) = [one[-1] for one in measured({"three": three_in_a_row}, some("left", 2)).values()]
    assert (speed.name, speed.of) == ("thousand rows a second", sum(len(one.rows) for one in some("left", 2)))
    assert (speed.value or 0) > 0
