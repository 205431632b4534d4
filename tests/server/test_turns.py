"""Since when: tallies must tell the same as the points themselves."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from results.points import Point, current_run
from results.store import Store, Tally
from server.pages.cells import tally
from server.pages.times import Window
from server.pages.turns import turn
from tests.server.simulated import EVERY, HOME, NOW, VERDICTS, Simulated, site

START = NOW - timedelta(days=30)
WIDTHS = (EVERY, 4 * EVERY, timedelta(days=1), timedelta(days=30))


def points(letters: str) -> list[Point]:
    return [
        Point(
            uid=str(place), url=site("a.kz"), vantage=HOME.name, asn=None, network=None, at=START + EVERY * place,
            verdict=VERDICTS[letter][0], mechanisms=VERDICTS[letter][1], confidence=None, says="", dns_ms=None,
            tcp_ms=None, tls_ms=None, ttfb_ms=None, total_ms=None, kbps=None, status=None,
        )
        for place, letter in enumerate(letters)
    ]  # fmt: skip


def merged(series: list[Point], cell: timedelta) -> list[Tally]:
    """Counted per cell, as the store does it."""
    found: dict[tuple[object, ...], Tally] = {}
    for entry in tally(series, Window(START, cell, 2000)):
        key = (entry.cell, entry.verdict, entry.mechanisms)
        known = found.get(key, entry)
        count = known.count + 1 if key in found else 1
        found[key] = replace(entry, count=count, first_at=known.first_at)
    return list(found.values())


@given(st.text("oobbbsdu", max_size=60), st.sampled_from(WIDTHS))
def test_tallies_tell_what_points_tell(letters: str, cell: timedelta) -> None:
    """Or they say that they are not exact, and then they are not far off either."""
    series = points(letters)
    run = current_run(series)
    found = turn(merged(series, cell))
    if run is None or found is None:
        assert run is None
        assert found is None
        return
    assert (found.verdict, found.newest) == (run.verdict, run.newest.at)
    assert found.before == (run.before.at if run.before else None)
    if found.exact:
        assert (found.first, found.count) == (run.first.at, run.count)
    else:
        assert found.before is not None
        assert found.before < run.first.at <= found.first


def test_a_change_of_the_line_at_the_same_time_is_noticed(simulated: Simulated, store: Store) -> None:
    simulated.past("a.kz", "ooo", until=NOW - timedelta(hours=2))
    simulated.vantage = type(HOME)(name=HOME.name, network="Kcell")
    simulated.past("a.kz", "bb")
    found = turn(store.tallies(vantage=HOME.name, since=NOW - timedelta(hours=24), cell=timedelta(hours=1)))
    assert found is not None
    assert found.moved


def test_tallies_count_each_check_once(simulated: Simulated, store: Store) -> None:
    simulated.past("a.kz", "oobbnou")
    simulated.past("b.kz", "oo")
    found = store.tallies(vantage=HOME.name, since=NOW - timedelta(hours=24), cell=timedelta(hours=1))
    assert sum(entry.count for entry in found) == 9
    assert store.tallies(vantage="another", since=START, cell=timedelta(hours=1)) == []
    only = store.tallies(vantage=HOME.name, since=START, cell=timedelta(days=60), urls=[site("b.kz")])
    assert [(entry.url, entry.count, entry.cell) for entry in only] == [(site("b.kz"), 2, 0)]
    assert only[0].last_at - only[0].first_at == EVERY


def test_the_stores_tallies_are_those_of_its_points(simulated: Simulated, store: Store) -> None:
    simulated.past("a.kz", "oobbnouhs ooppccd")
    view = Window(NOW - timedelta(hours=24), timedelta(hours=2), 12)
    by_hand: dict[tuple[object, ...], int] = {}
    for entry in tally(store.points(since=view.start), view):
        key = (entry.cell, entry.verdict, entry.mechanisms, entry.confidence)
        by_hand[key] = by_hand.get(key, 0) + 1
    counted = store.tallies(vantage=HOME.name, since=view.start, cell=view.cell)
    assert {(e.cell, e.verdict, e.mechanisms, e.confidence): e.count for e in counted} == by_hand
