"""The run at the end of a site's past, and points sorted into series. One letter a point, an hour apart."""

from datetime import timedelta

import pytest

from results.judgement import Verdict
from results.points import Point, by_url, current_run, network_key
from tests.results.build import AT, HTTP, HTTPS

LETTERS = {
    "o": Verdict.ACCESSIBLE,
    "b": Verdict.BLOCKED,
    "t": Verdict.THROTTLED,
    "d": Verdict.DOWN,
    "u": Verdict.INCONCLUSIVE,
}


def point(letter: str, hour: int = 0, url: str = HTTPS) -> Point:
    return Point(
        uid=f"{hour}",
        url=url,
        vantage="almaty-home-1",
        asn=9198,
        network="Kazakhtelecom",
        at=AT + timedelta(hours=hour),
        verdict=LETTERS[letter],
        mechanisms=(),
        confidence=None,
        says="",
        dns_ms=None,
        tcp_ms=None,
        tls_ms=None,
        ttfb_ms=None,
        total_ms=None,
        kbps=None,
        status=None,
    )


def series(pattern: str) -> list[Point]:
    return [point(letter, hour) for hour, letter in enumerate(pattern)]


@pytest.mark.parametrize(
    # The run's letter, the places of its first point, of the one before it and of the newest, and how many it has.
    ("pattern", "letter", "first", "before", "newest", "count"),
    [
        ("o", "o", 0, None, 0, 1),
        ("ooo", "o", 0, None, 2, 3),
        ("oob", "b", 2, 1, 2, 1),
        ("obbb", "b", 1, 0, 3, 3),
        ("bobb", "b", 2, 1, 3, 2),
        ("obubb", "b", 1, 0, 4, 3),
        ("obuuu", "b", 1, 0, 1, 1),
        ("obdb", "b", 3, 2, 3, 1),
        ("ot", "t", 1, 0, 1, 1),
        ("uo", "o", 1, None, 1, 1),
        ("uuu", "u", 0, None, 2, 3),
    ],
)
def test_the_run_at_the_end_is(
    pattern: str, letter: str, first: int, before: int | None, newest: int, count: int
) -> None:
    points = series(pattern)
    run = current_run(points)
    assert run is not None
    assert (run.verdict, run.count) == (LETTERS[letter], count)
    assert (run.first, run.newest) == (points[first], points[newest])
    assert run.before == (None if before is None else points[before])


def test_without_points_there_is_no_run() -> None:
    assert current_run([]) is None


def test_points_are_sorted_into_series_in_their_order() -> None:
    points = [point("o", 0, HTTPS), point("b", 1, HTTP), point("b", 2, HTTPS)]
    assert by_url(iter(points)) == {HTTPS: [points[0], points[2]], HTTP: [points[1]]}
    assert by_url([]) == {}


def test_who_calls_itself_by_a_number_is_not_the_network_that_has_it() -> None:
    assert network_key(9198, "Kazakhtelecom") == "9198"
    assert network_key(None, "9198") not in {"9198", ""}
    assert network_key(None, "Kazakhtelecom") == "Kazakhtelecom"
    assert network_key(None, None) == ""
