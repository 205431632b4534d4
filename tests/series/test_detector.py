"""The detector keeps its promises, on series of every habit."""

from functools import cache

import pytest

from results.episodes import episodes
from tests.series.baselines import three_in_a_row
from tests.series.build import some
from tests.series.chance import HABITS
from tests.series.figures import Scored, figures, score
from tests.series.score import measured


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
    assert values["throttling 5-fold: recall"] >= 0.75
    assert values["throttling 10-fold: recall"] >= 0.75
    assert values["begins blocked: known as such"] == 1


def test_the_detector_is_in_time_and_knows_since_when() -> None:
    """Of all habits together, since a tenth of a few is one."""
    scored = [one for habit in HABITS for one in of_the_detector(habit)]
    values = {one.name: one.value or 0.0 for one in figures(scored)}
    assert values["share 0.5: recall"] >= 0.75
    assert values["onset delay in rounds: median"] <= 4.5
    assert values["onset delay in rounds: p90"] <= 9
    assert values["true start in the bracket"] >= 0.85
    assert values["episodes for a true one"] <= 1.15


def test_the_program_times_each_detector() -> None:
    (speed,) = [one[-1] for one in measured({"three": three_in_a_row}, some("left", 2)).values()]
    assert (speed.name, speed.of) == ("thousand rows a second", sum(len(one.rows) for one in some("left", 2)))
    assert (speed.value or 0) > 0
