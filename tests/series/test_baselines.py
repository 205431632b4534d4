"""The detectors to compare with do what their rules say."""

import pytest

from results.episodes import Episode, Row
from tests.series.baselines import cusum_of_medians, three_in_a_row
from tests.series.build import START, THROTTLING
from tests.series.chance import HOUR_S


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
