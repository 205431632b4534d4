"""What pages read of rollups: whatever the cells, they say what the measurements themselves say."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from results import looking
from results.looking import Lane, Scope
from results.rollups import Rollups
from results.store import Store
from results.sums import step_of
from tests.results.build import AT, HOME
from tests.results.test_rollups import KCELL, NAMELESS, SAID, put

NUMBER = count()
MIDNIGHT = datetime(AT.year, AT.month, AT.day, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
GRIDS = [
    (MIDNIGHT - 2 * DAY, DAY, 4),
    (MIDNIGHT - 2 * DAY, 2 * DAY, 2),
    (MIDNIGHT - 5 * HOUR, DAY, 2),  # days of another zone are made of hours
    (MIDNIGHT - DAY, 4 * HOUR, 11),
    (MIDNIGHT - 2 * HOUR, 4 * HOUR, 1),  # few hours, across midnight
    (MIDNIGHT + 3 * HOUR, HOUR, 1),
]
LOOKS = st.lists(
    st.tuples(
        st.sampled_from(["https://a.kz/", "https://b.kz/"]),
        st.sampled_from([HOME, KCELL, NAMELESS]),
        st.integers(-3 * 1440, 2 * 1440),  # minutes from midnight
        st.sampled_from(sorted(SAID)),
        st.one_of(st.none(), st.floats(1, 1e6)),
    ),
    max_size=25,
)


@settings(
    max_examples=20,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(looks=LOOKS)
def test_a_cell_says_what_its_measurements_say(
    store: Store, looks: Sequence[tuple[str, object, int, str, float]]
) -> None:
    example = f"example-{next(NUMBER)}"
    urls = [f"https://a.kz/{example}", f"https://b.kz/{example}"]
    for url, vantage, minutes, letter, tls_ms in looks:
        put(store, f"{url}{example}", vantage, MIDNIGHT + timedelta(minutes=minutes), letter, tls_ms=tls_ms)  # type: ignore[arg-type]
    Rollups(store).follow()
    for start, cell, cells in GRIDS:
        said: Counter[tuple[object, ...]] = Counter()
        times: dict[tuple[object, ...], list[datetime]] = {}
        paces: Counter[tuple[object, ...]] = Counter()
        for url, vantage, minutes, letter, tls_ms in looks:
            at = MIDNIGHT + timedelta(minutes=minutes)
            if not start <= at < start + cell * cells:
                continue
            lane = Lane(f"{url}{example}", str(vantage.asn or vantage.network))  # type: ignore[attr-defined]
            key = (lane, (at - start) // cell, *SAID[letter])
            said[key] += 1
            times.setdefault(key, []).append(at)
            if tls_ms is not None:
                paces[lane, key[1], step_of(tls_ms)] += 1
        found = looking.lanes(store, Scope(urls=urls), start=start, cell=cell, count=cells, paces=["tls"])
        bare = looking.lanes(store, Scope(urls=urls), start=start, cell=cell, count=cells)
        assert bare.tallies == found.tallies
        told = {
            (lane, one.cell, one.verdict, one.mechanisms, one.confidence): one
            for lane, tallies in found.tallies.items()
            for one in tallies
        }
        assert {key: one.count for key, one in told.items()} == said
        assert {key: [one.first_at, one.last_at] for key, one in told.items()} == {
            key: [min(each), max(each)] for key, each in times.items()
        }
        assert {
            (lane, place, step): times
            for lane, by_cell in found.paces.items()
            for place, spreads in by_cell.items()
            for step, times in spreads["tls"].items()
        } == paces


@pytest.mark.parametrize("network", ["", "29355"])
def test_the_newest_checks_are_chosen_and_ordered_by_time(store: Store, network: str) -> None:
    put(store, "https://b.kz/", HOME, AT, "x")
    uids = [put(store, "https://a.kz/", [HOME, KCELL][n % 2], AT + n * HOUR, ".x"[n // 6]) for n in range(12)]
    wanted = [uid for n, uid in enumerate(uids) if n % 2 or not network]
    scope = Scope(network=network)
    found = looking.newest(store, "https://a.kz/", scope, start=AT, end=AT + 11 * HOUR, limit=4)
    assert [point.uid for point in found] == [uid for uid in wanted if uid != uids[11]][::-1][:4]
    assert {point.verdict for point in found} == {SAID["x"][0]} | ({SAID["."][0]} if network else set())


def test_only_the_networks_that_are_asked_for_are_read(store: Store) -> None:
    for vantage in (HOME, KCELL, NAMELESS):
        put(store, "https://a.kz/", replace(vantage), AT, ".")
    Rollups(store).follow()
    scope = Scope(networks=["29355", "a network"])
    found = looking.lanes(store, scope, start=MIDNIGHT, cell=DAY, count=1)
    assert {lane.network_key for lane in found.tallies} == {"29355", "a network"}
