"""The scorer counts right."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from results.episodes import Episode, Kind, Row
from tests.series.baselines import BASELINES
from tests.series.build import BLOCKING, START, THROTTLING
from tests.series.figures import Figure, Scored, Told, figures, p90, score
from tests.series.generator import NUISANCES, Case, Truth, case
from tests.series.score import shown, table


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
