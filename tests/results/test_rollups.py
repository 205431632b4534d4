"""Rollups: whatever comes, late or twice or judged anew, they say what a recount says."""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import SQLModel

from results.judgement import Confidence, Judgement, Verdict
from results.records import Vantage
from results.rollups import Rollups, recounted
from results.store import Store
from results.sums import STEPS, quantile, step_of
from results.verdict import judge
from tests.results.build import AT, HOME, dns, page, seen, tcp, tls
from tests.stores import Opening

FINE = seen(dns(), tcp(), tls(), page(kbps=900.0), control=[dns(), tcp(), tls(), page()])
JUDGED = judge(FINE)
KCELL = Vantage(name="astana-1", country="KZ", asn=29355, network="Kcell", vantage_class="mobile")
NAMELESS = Vantage(name="nowhere-1", network="a network", vantage_class="office")
NUMBER = count()
TABLES = SQLModel.metadata.tables
SAID = {
    ".": (Verdict.ACCESSIBLE, (), None),
    "x": (Verdict.BLOCKED, ("tls.timeout",), Confidence.LIKELY),
    "n": (Verdict.BLOCKED, ("dns.bogus", "http.blockpage"), Confidence.CONFIRMED),
    "s": (Verdict.THROTTLED, ("latency.high",), Confidence.WEAK),
    "?": (Verdict.INCONCLUSIVE, (), None),
}


def told(letter: str, *, tls_ms: float | None = 90.0) -> Judgement:
    verdict, mechanisms, confidence = SAID[letter]
    timings = replace(JUDGED.timings, tls=tls_ms)
    return replace(JUDGED, verdict=verdict, mechanisms=mechanisms, confidence=confidence, timings=timings)


def put(store: Store, url: str, vantage: Vantage, at: datetime, letter: str, *, tls_ms: float | None = 90.0) -> str:
    uid = f"uid-{next(NUMBER)}"
    store.add(replace(FINE, uid=uid, url=url, vantage=vantage, started_at=at), told(letter, tls_ms=tls_ms))
    return uid


Kept = dict[tuple[Any, ...], dict[str, Any]]


def kept(store: Store, prefix: str = "") -> Kept:
    """What stands in both tables."""
    found: Kept = {}
    with store.transaction() as connection:
        for name, of in (("rollup", "url"), ("vantage_rollup", "vantage")):
            for row in connection.execute(sa.select(TABLES[name])).mappings():
                values = dict(row)
                key = tuple(values.pop(one) for one in (of, "network_key", "country", "vantage_class", "day"))
                if prefix in key[0]:
                    found[name, *key] = values
    return found


def counted(store: Store, prefix: str = "") -> Kept:
    """The same, from the measurements themselves."""
    with store.transaction() as connection:
        return {(name, *place): values for name, place, values in recounted(connection) if prefix in place.of}


LOOKS = st.lists(
    st.tuples(
        st.sampled_from(["https://a.kz/", "https://b.kz/"]),
        st.sampled_from([HOME, replace(HOME, vantage_class="office"), KCELL, NAMELESS, replace(HOME, network="Other")]),
        st.integers(-3000, 3000),  # minutes: two days before and after, in any order
        st.sampled_from(sorted(SAID)),
        st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True, width=32)),
        st.integers(0, 5),  # 0: counted now; at most so many at once
    ),
    max_size=25,
)


@settings(
    max_examples=25,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(looks=LOOKS)
def test_what_was_counted_as_it_came_is_what_a_recount_counts(
    store: Store, looks: Sequence[tuple[str, Vantage, int, str, float | None, int]]
) -> None:
    rollups, example = Rollups(store), f"example-{next(NUMBER)}"
    known: Counter[tuple[Any, ...]] = Counter()
    for url, vantage, minutes, letter, tls_ms, at_once in looks:
        at = AT + timedelta(minutes=minutes)
        mine = replace(vantage, name=f"{vantage.name}-{example}")
        put(store, f"{url}{example}", mine, at, letter, tls_ms=tls_ms)
        network, where = str(vantage.asn or vantage.network), vantage.country or ""
        place = (f"{url}{example}", network, where, vantage.vantage_class, at.date())
        known[(*place, SAID[letter][0].value)] += 1
        if at_once == 0:
            rollups.follow(at_once=1 + len(looks) % 3)
    rollups.follow()
    assert kept(store, example) == counted(store, example)
    # And by other means: how often each verdict was said, per series and day.
    found: Counter[tuple[Any, ...]] = Counter()
    for key, values in kept(store, example).items():
        for verdict, _, _, times, *_ in values["whole"]["said"] if key[0] == "rollup" else ():
            found[(*key[1:], verdict)] += times
    assert found == known


def test_it_is_counted_once_however_often_and_by_however_many(opened: Opening) -> None:
    store = opened()
    for number in range(60):
        put(store, "https://a.kz/", HOME, AT + timedelta(minutes=number * 30), ".")
    followers = [Rollups(opened()) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        total = sum(threads.map(lambda one: one.follow(at_once=7), followers))
    assert total == 60
    assert followers[0].follow() == 0
    assert kept(store) == counted(store)


def test_a_late_measurement_joins_its_own_day_and_hour(store: Store) -> None:
    rollups = Rollups(store)
    put(store, "https://a.kz/", HOME, AT, ".")
    rollups.follow()
    put(store, "https://a.kz/", HOME, AT - timedelta(days=40), "x")
    rollups.follow()
    days = sorted(key[-1] for key in kept(store) if key[0] == "rollup")
    assert days == [(AT - timedelta(days=40)).date(), AT.date()]


def test_rebuilt_it_says_the_same(store: Store) -> None:
    rollups = Rollups(store)
    for number in range(40):
        put(
            store,
            "https://a.kz/",
            [HOME, KCELL, NAMELESS][number % 3],
            AT + timedelta(hours=number),
            "x.ns?"[number % 5],
        )
        rollups.follow()
    before = kept(store)
    assert rollups.rebuild() == 40
    assert kept(store) == before


def test_what_was_judged_anew_is_counted_anew_and_what_waits_still_waits(store: Store) -> None:
    rollups = Rollups(store)
    uid = put(store, "https://a.kz/", HOME, AT, "x")
    put(store, "https://b.kz/", HOME, AT, ".")
    rollups.follow()
    put(store, "https://a.kz/", HOME, AT + timedelta(minutes=1), "n")  # nobody has counted it yet
    with store.transaction(alone=True) as connection:
        verdict = TABLES["verdict"]
        connection.execute(sa.update(verdict).where(verdict.c.uid == uid).values(verdict="accessible", mechanisms=[]))
    rollups.recount([("https://a.kz/", AT.date())])
    assert kept(store) == counted(store)
    [mine] = [values for key, values in kept(store).items() if key[:2] == ("rollup", "https://a.kz/")]
    assert [(row[0], row[3]) for row in mine["whole"]["said"]] == [("accessible", 1)]
    assert rollups.follow() == 1
    assert kept(store) == counted(store)


def test_the_network_is_called_as_the_newest_calls_it_whichever_came_first(store: Store) -> None:
    rollups = Rollups(store)
    for minutes, name in ((50, "New"), (10, "Old"), (30, "Middle")):
        put(store, "https://a.kz/", replace(HOME, network=name), AT + timedelta(minutes=minutes), ".")
        rollups.follow()
    assert {values["network"] for values in kept(store).values()} == {"New"}


def test_a_link_whose_measurement_is_gone_is_passed_over(store: Store) -> None:
    rollups = Rollups(store)
    uid = put(store, "https://a.kz/", HOME, AT, ".")
    put(store, "https://a.kz/", HOME, AT, ".")
    with store.transaction(alone=True) as connection:
        for name in ("evidence", "verdict", "measurement"):
            connection.execute(sa.delete(TABLES[name]).where(TABLES[name].c.uid == uid))
    assert rollups.follow() == 2
    assert [values["whole"]["said"][0][3] for key, values in kept(store).items() if key[0] == "rollup"] == [1]


@pytest.mark.parametrize("value", [None, 0.0, -3.0, float("nan"), float("inf"), 1e12])
def test_what_cannot_have_been_measured_is_no_value(value: float | None) -> None:
    assert step_of(value) is None


@pytest.mark.parametrize("value", [0.4, 1.0, 7.5, 90.0, 1234.5, 29_999.0])
def test_a_value_is_known_to_within_a_step(value: float) -> None:
    step = step_of(value)
    assert step is not None
    found = quantile({step: 1}, 0.5)
    assert found is not None
    assert max(found / value, value / found) <= 2 ** (1 / STEPS)


def test_quantiles_are_those_of_the_values() -> None:
    spread = Counter(step for value in range(1, 101) if (step := step_of(float(value))) is not None)
    middle, low = quantile(spread, 0.5), quantile(spread, 0.1)
    assert middle is not None
    assert low is not None
    assert 46 < middle < 55
    assert 9 < low < 12
    assert quantile({}, 0.5) is None
