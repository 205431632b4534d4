"""Local times in words, and the windows of strips."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from server.pages.times import SPANS, Local, ticks, window
from server.pages.tongue import ENGLISH
from tests.server.conftest import ALMATY
from tests.server.simulated import NOW

LOCAL = Local.at(NOW, ALMATY)  # 14:45 on 22 November in Almaty
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("offset", "name"),
    [(5, "UTC+5"), (0, "UTC"), (-3.5, "UTC\N{MINUS SIGN}3:30"), (5.75, "UTC+5:45")],
)
def test_the_zone_is_named(offset: float, name: str) -> None:
    assert Local.at(NOW, timezone(timedelta(hours=offset))).zone == name


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (NOW - timedelta(minutes=35), "14:10"),
        (NOW - timedelta(hours=14), "00:45"),
        (NOW - timedelta(hours=15), "21 Nov, 23:45"),
        (NOW - timedelta(days=400), "18 Oct 2025, 14:45"),
    ],
)
def test_a_time_is_as_short_as_it_can_be(moment: datetime, words: str) -> None:
    assert LOCAL.when(moment) == words


@pytest.mark.parametrize(
    ("hours", "ends"),
    [
        ((1, 0.5), ("13:45", "14:15")),
        ((24, 23), ("21 Nov, 14:45", "15:45")),
        ((24, 1), ("21 Nov, 14:45", "13:45")),
    ],
)
def test_a_bracket_says_a_shared_day_once(hours: tuple[float, float], ends: tuple[str, str]) -> None:
    assert LOCAL.between(NOW - hours[0] * HOUR, NOW - hours[1] * HOUR) == ends


@pytest.mark.parametrize("span", SPANS)
@pytest.mark.parametrize("minutes", [1, 5, 30, 60, 360, 1440])
def test_a_window_ends_with_the_cell_of_now_and_covers_the_span(span: str, minutes: int) -> None:
    view = window(LOCAL.now, SPANS[span], timedelta(minutes=minutes))
    assert view.end - view.cell <= NOW < view.end
    assert view.end - view.start >= SPANS[span]
    assert view.count <= 97


@pytest.mark.parametrize("minutes", [1, 5, 30, 60, 180])
def test_every_cell_has_room_for_two_rounds(minutes: int) -> None:
    """Else a round that is a little late leaves an empty cell, which would look like a hole in the data."""
    assert window(LOCAL.now, SPANS["24h"], timedelta(minutes=minutes)).cell >= 2 * timedelta(minutes=minutes)


def test_cells_of_a_day_begin_at_local_midnight() -> None:
    view = window(LOCAL.now, SPANS["30d"], timedelta(minutes=30))
    assert view.cell == timedelta(days=1)
    assert LOCAL.local(view.start).hour == 0
    assert view.start.astimezone(UTC).hour == 19


@pytest.mark.parametrize("span", SPANS)
@pytest.mark.parametrize("most", [4, 10])
def test_an_axis_has_few_labels_at_whole_hours_or_midnights(span: str, most: int) -> None:
    view = window(LOCAL.now, SPANS[span], timedelta(minutes=30))
    labels = ticks(view, most)
    assert 2 <= len(labels) <= most + 1
    assert all(view.start <= at < view.end and at.minute == 0 for at in labels)
    assert span == "24h" or all(at.hour == 0 for at in labels)


@pytest.mark.parametrize(
    ("seconds", "words"), [(1800, "30 minutes"), (3600, "1 hour"), (90, "90 seconds"), (172800, "2 days")]
)
def test_an_interval_in_words(seconds: int, words: str) -> None:
    assert ENGLISH.every(timedelta(seconds=seconds)) == words
