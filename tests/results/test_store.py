"""The store, on SQLite and on PostgreSQL: what goes in comes out, whole, once, and in order."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from results.failure import Failure
from results.judgement import Confidence, Fault, Judgement, Reason, Throttling, Timings, Verdict
from results.points import Point
from results.records import Measurement, Past, Vantage
from results.store import Store, StoreError, Tally
from results.tables import GapRow, RoundRow
from results.verdict import judge
from tests.results.build import AT, HTTP, HTTPS, chain, dns, page, seen, tcp, tls, twice
from tests.stores import Opening

HOUR = timedelta(hours=1)
TABLES = ("measurement", "evidence", "verdict")
LONG_AGO = datetime.min.replace(tzinfo=AT.tzinfo, year=2000)
FINE = seen(dns(), tcp(), tls(), page(kbps=900.0), control=[dns(), tcp(), tls(), page()], round_uid="round-1")
BLOCKED = seen(dns(), *twice(tcp(), tls(Failure.RESET)), control=[dns(), tcp(), tls(), page()])
EMPTY = chain(vantage=Vantage(name="almaty-home-1"))
# A hostile page may put anything into a title.
ODD = seen(dns(), tcp(), page(title="\x00 Қазақ \u2028 😀 '; --", length=1), url=HTTP, control=[dns(), tcp(), page()])


def measured(uid: str, after: timedelta = timedelta(), of: Measurement = FINE, **more: object) -> Measurement:
    return replace(of, uid=uid, started_at=AT + after, **more)  # type: ignore[arg-type]


def add(store: Store, *measurements: Measurement) -> list[bool]:
    return [store.add(measurement, judge(measurement)) for measurement in measurements]


def rows(store: Store, table: str) -> int:
    with store._engine.connect() as connection:
        return int(connection.execute(sa.text(f"select count(*) from {table}")).scalar_one())


@pytest.mark.parametrize("measurement", [FINE, BLOCKED, EMPTY, ODD], ids=["fine", "blocked", "empty", "odd"])
def test_what_is_stored_comes_back_as_it_was(store: Store, measurement: Measurement) -> None:
    judgement = judge(measurement)
    assert store.add(measurement, judgement) is True
    assert store.measurement(measurement.uid) == (measurement, judgement)


def test_a_judgement_without_confidence_and_fault_comes_back_as_it_was(store: Store) -> None:
    judgement = Judgement(verdict=Verdict.INCONCLUSIVE, rules_version=7)
    store.add(FINE, judgement)
    assert store.measurement(FINE.uid) == (FINE, judgement)
    assert [point.says for point in store.points(since=LONG_AGO)] == [""]


NUMBERS = Throttling(
    by="name", ceiling_kbps=128.4, ceiling_spread=0.031, times=46.9, interval=(40.1, 52.0), p_value=0.004, pairs=5
)


@pytest.mark.parametrize(
    "numbers",
    [NUMBERS, Throttling(by="address", ceiling_kbps=128.0, pairs=1), Throttling(by=None), None],
    ids=["by name", "by address", "not told apart", "not throttled"],
)
def test_the_numbers_of_what_is_slow_come_back_as_they_were(store: Store, numbers: Throttling | None) -> None:
    judgement = Judgement(verdict=Verdict.THROTTLED, kbps=128.4, throttling=numbers, rules_version=7)
    store.add(FINE, judgement)
    assert store.measurement(FINE.uid) == (FINE, judgement)


@pytest.mark.parametrize(("numbers", "is_null"), [(NUMBERS, False), (None, True)])
def test_what_is_not_slow_has_null_for_its_numbers_and_no_text_that_says_so(
    store: Store, numbers: Throttling | None, *, is_null: bool
) -> None:
    store.add(FINE, Judgement(verdict=Verdict.THROTTLED, throttling=numbers, rules_version=7))
    with store._engine.connect() as connection:
        found = connection.execute(sa.text("select throttling is null from verdict")).scalar_one()
    assert bool(found) is is_null


def test_an_unknown_measurement_is_none(store: Store) -> None:
    assert store.measurement("nobody") is None


def test_the_same_uid_is_stored_once_and_the_first_stays(store: Store) -> None:
    other = replace(BLOCKED, uid=FINE.uid)
    assert add(store, FINE, FINE, other) == [True, False, False]
    assert store.measurement(FINE.uid) == (FINE, judge(FINE))
    assert [rows(store, table) for table in TABLES] == [1, 1, 1]


@pytest.mark.parametrize("broken", ["evidence", "verdict"])
def test_a_measurement_is_stored_whole_or_not_at_all(store: Store, broken: str) -> None:
    with store._engine.begin() as connection:
        connection.execute(sa.text(f"alter table {broken} rename to elsewhere"))
    with pytest.raises(StoreError, match=f"Can't write to the store .*{broken}"):
        add(store, FINE)
    with store._engine.begin() as connection:
        connection.execute(sa.text(f"alter table elsewhere rename to {broken}"))
    assert [rows(store, table) for table in TABLES] == [0, 0, 0]
    assert add(store, FINE) == [True]


def test_what_was_stored_is_there_when_the_store_is_opened_again(opened: Opening) -> None:
    first = opened()
    add(first, FINE)
    first.close()
    assert opened().measurement(FINE.uid) == (FINE, judge(FINE))


# Points and tallies


def test_points_come_oldest_first_whatever_the_order_in_which_they_were_stored(store: Store) -> None:
    add(store, measured("c", 2 * HOUR), measured("b"), measured("a"), measured("d", HOUR))
    assert [point.uid for point in store.points(since=LONG_AGO)] == ["a", "b", "d", "c"]


def test_points_are_of_one_site_or_of_all_and_since_a_moment(store: Store) -> None:
    add(store, measured("a"), measured("b", HOUR), measured("c", HOUR, of=ODD, url=HTTP))
    assert [point.uid for point in store.points(since=AT + HOUR)] == ["b", "c"]
    assert [point.uid for point in store.points(since=AT, url=HTTPS)] == ["a", "b"]
    assert store.points(since=AT, url="https://other.kz/") == []


def test_a_point_is_what_a_timeline_needs(store: Store) -> None:
    judgement = Judgement(
        verdict=Verdict.THROTTLED,
        mechanisms=("latency.high", "throughput.low"),
        confidence=Confidence.LIKELY,
        fault=Fault.PATH,
        reasons=(Reason(rule="a", says="It is slow."), Reason(rule="b", says="Very.")),
        timings=Timings(dns=1.5, tcp=2.5, tls=3.5, ttfb=4.5, total=5.5),
        kbps=64.0,
        status=200,
        rules_version=1,
    )
    store.add(FINE, judgement)
    assert store.points(since=AT) == [
        Point(
            uid="1", url=HTTPS, vantage="almaty-home-1", asn=9198, network="Kazakhtelecom", at=AT,
            verdict=Verdict.THROTTLED, mechanisms=("latency.high", "throughput.low"), confidence="likely",
            says="It is slow.", dns_ms=1.5, tcp_ms=2.5, tls_ms=3.5, ttfb_ms=4.5, total_ms=5.5, kbps=64.0, status=200,
        )
    ]  # fmt: skip


def test_tallies_count_what_was_said_in_each_cell_of_time(store: Store) -> None:
    second, elsewhere = timedelta(seconds=1), Vantage(name="elsewhere")
    add(store, measured("a"), measured("b", HOUR - second), measured("c", HOUR), measured("d", HOUR, of=BLOCKED))
    add(store, measured("e", -second), measured("f", vantage=elsewhere), measured("g", url=HTTP))
    fine = Tally(
        url=HTTPS, cell=0, network="Kazakhtelecom", verdict=Verdict.ACCESSIBLE, mechanisms=(), confidence="confirmed",
        count=2, first_at=AT, last_at=AT + HOUR - second,
    )  # fmt: skip
    later = replace(fine, cell=1, count=1, first_at=AT + HOUR, last_at=AT + HOUR)
    blocked = replace(later, verdict=Verdict.BLOCKED, mechanisms=("tls.reset",), confidence="likely")
    found = store.tallies(vantage="almaty-home-1", since=AT, cell=HOUR, urls=[HTTPS])
    assert sorted(found, key=lambda tally: (tally.cell, tally.verdict)) == [fine, later, blocked]


def test_tallies_are_of_all_sites_or_of_some(store: Store) -> None:
    add(store, measured("a"), measured("b", url=HTTP))
    asked = [None, [HTTPS], [HTTP, HTTPS], []]
    found = [store.tallies(vantage="almaty-home-1", since=AT, cell=HOUR, urls=urls) for urls in asked]
    assert [sorted(tally.url for tally in some) for some in found] == [[HTTP, HTTPS], [HTTPS], [HTTP, HTTPS], []]


def test_the_last_moment_of_a_cell_belongs_to_it(store: Store) -> None:
    add(store, measured("a", HOUR - timedelta(milliseconds=1)))
    assert [tally.cell for tally in store.tallies(vantage="almaty-home-1", since=AT, cell=HOUR)] == [0]


# Rounds, gaps, turns


def test_each_sites_last_turn_at_this_vantage_is_known(store: Store) -> None:
    elsewhere = Vantage(name="elsewhere")
    add(store, measured("a", HOUR), measured("b"), measured("c", 2 * HOUR, vantage=elsewhere), measured("d", url=HTTP))
    assert store.last_started("almaty-home-1") == {HTTPS: AT + HOUR, HTTP: AT}
    assert store.last_started("nobody") == {}


# What a series was like


def visited(
    store: Store,
    uid: str,
    after: timedelta,
    *,
    kbps: float | None,
    tls_ms: float | None = 80.0,
    of: Measurement = FINE,
    url: str = HTTPS,
) -> None:
    """A check in which the page came, so fast."""
    fine = Judgement(verdict=Verdict.ACCESSIBLE, timings=Timings(tls=tls_ms), kbps=kbps, rules_version=1)
    store.add(measured(uid, after, of, url=url), fine)


def test_the_past_of_a_series_is_the_median_of_its_accessible_checks(store: Store) -> None:
    for number, (kbps, tls_ms) in enumerate([(900, 70), (4_000, 90), (5_000, 80), (None, None), (4_500, 2_000)]):
        visited(store, str(number), number * HOUR, kbps=kbps, tls_ms=tls_ms)
    slow = Judgement(verdict=Verdict.THROTTLED, timings=Timings(tls=3_000.0), kbps=64.0, rules_version=1)
    store.add(measured("slow", 9 * HOUR), slow)
    past = Past(since=AT, checks=5, asn=9198, tls_ms=85.0, kbps=4_250.0)
    assert store.pasts("almaty-home-1", since=AT) == {HTTPS: past}


def test_the_past_is_that_of_the_newest_check_s_network(store: Store) -> None:
    """A laptop moves: the line that it is on now has its own past."""
    mobile = replace(FINE, vantage=replace(FINE.vantage, asn=21299, network="Kar-Tel"))
    visited(store, "a", timedelta(), kbps=9_000)
    visited(store, "b", HOUR, kbps=500, of=mobile)
    visited(store, "c", 2 * HOUR, kbps=700, of=mobile)
    past = Past(since=AT + HOUR, checks=2, asn=21299, tls_ms=80.0, kbps=600.0)
    assert store.pasts("almaty-home-1", since=AT) == {HTTPS: past}
    visited(store, "d", 3 * HOUR, kbps=7_000)
    past = Past(since=AT, checks=2, asn=9198, tls_ms=80.0, kbps=8_000.0)
    assert store.pasts("almaty-home-1", since=AT) == {HTTPS: past}


def test_each_address_and_each_vantage_has_its_own_past(store: Store) -> None:
    visited(store, "a", timedelta(), kbps=9_000)
    visited(store, "b", timedelta(), kbps=700, url=HTTP)
    visited(store, "c", timedelta(), kbps=64, of=replace(FINE, vantage=Vantage(name="elsewhere", asn=9198)))
    found = {name: store.pasts(name, since=AT) for name in ("almaty-home-1", "elsewhere", "nobody")}
    told = {name: {url: past.kbps for url, past in pasts.items()} for name, pasts in found.items()}
    assert told == {"almaty-home-1": {HTTPS: 9_000.0, HTTP: 700.0}, "elsewhere": {HTTPS: 64.0}, "nobody": {}}


def test_the_past_begins_at_a_moment(store: Store) -> None:
    visited(store, "a", timedelta(), kbps=100)
    visited(store, "b", HOUR, kbps=900)
    visited(store, "c", 2 * HOUR, kbps=1_000)
    past = Past(since=AT + HOUR, checks=2, asn=9198, tls_ms=80.0, kbps=950.0)
    assert store.pasts("almaty-home-1", since=AT + HOUR) == {HTTPS: past}
    assert store.pasts("almaty-home-1", since=AT + 3 * HOUR) == {}


def test_a_long_past_is_told_by_its_newest_checks(store: Store) -> None:
    """So that it costs the same after years."""
    for number in range(120):
        visited(store, str(number), number * HOUR, kbps=100 if number < 60 else 5_000)
    past = store.pasts("almaty-home-1", since=AT)[HTTPS]
    assert (past.kbps, past.checks < 60) == (5_000, True)


def test_a_past_without_any_speed_has_none(store: Store) -> None:
    visited(store, "a", timedelta(), kbps=None, tls_ms=None)
    assert store.pasts("almaty-home-1", since=AT) == {HTTPS: Past(since=AT, checks=1, asn=9198)}


def test_rounds_come_newest_first_and_one_that_was_killed_has_no_end(store: Store) -> None:
    store.begin_round("1", vantage="v", started_at=AT, planned=3)
    store.begin_round("2", vantage="v", started_at=AT + HOUR, planned=4)
    store.end_round("1", ended_at=AT + HOUR, measured=2, line_up=False)
    ended = RoundRow(uid="1", vantage="v", started_at=AT, ended_at=AT + HOUR, planned=3, measured=2, line_up=False)
    killed = RoundRow(uid="2", vantage="v", started_at=AT + HOUR, planned=4)
    assert store.rounds() == [killed, ended]
    assert [row.uid for row in store.rounds(limit=1)] == ["2"]


def test_what_a_vantage_used_in_a_time_is_its_checks_and_its_rounds(store: Store) -> None:
    elsewhere, second = Vantage(name="elsewhere"), timedelta(seconds=1)
    add(store, measured("a", received_bytes=5_000_000_000, sent_bytes=7), measured("b"), measured("c", sent_bytes=30))
    add(store, measured("before", -second, received_bytes=200), measured("after", HOUR, received_bytes=4000))
    add(store, measured("another's", vantage=elsewhere, received_bytes=50_000))
    for uid, vantage, used in (("1", "almaty-home-1", 600_000), ("2", "elsewhere", 8), ("3", "almaty-home-1", None)):
        store.begin_round(uid, vantage=vantage, started_at=AT, planned=3)
        store.end_round(uid, ended_at=AT + HOUR, measured=2, line_up=True, traffic_bytes=used)
    assert store.used_bytes("almaty-home-1", since=AT, before=AT + HOUR) == 5_000_600_037
    assert store.used_bytes("almaty-home-1", since=AT, before=AT + 2 * HOUR) == 5_000_604_037
    assert store.used_bytes("nobody", since=AT, before=AT + HOUR) == 0


def test_a_round_begins_once(store: Store) -> None:
    store.begin_round("1", vantage="v", started_at=AT, planned=3)
    with pytest.raises(StoreError, match="Can't write to the store"):
        store.begin_round("1", vantage="v", started_at=AT, planned=3)


def test_gaps_that_end_after_a_moment_come_oldest_first(store: Store) -> None:
    store.add_gap(vantage="v", began_at=AT + 2 * HOUR, ended_at=AT + 3 * HOUR, why="asleep")
    store.add_gap(vantage="v", began_at=AT - HOUR, ended_at=AT, why="busy")
    store.add_gap(vantage="v", began_at=AT - HOUR, ended_at=AT - timedelta(seconds=1), why="stopped")
    found = [gap.model_dump(exclude={"id"}) for gap in store.gaps(since=AT)]
    busy = {"vantage": "v", "began_at": AT - HOUR, "ended_at": AT, "why": "busy"}
    asleep = {"vantage": "v", "began_at": AT + 2 * HOUR, "ended_at": AT + 3 * HOUR, "why": "asleep"}
    assert found == [busy, asleep]
    assert all(isinstance(gap, GapRow) for gap in store.gaps(since=AT))


def test_a_gap_whose_reason_goes_on_gets_longer(store: Store) -> None:
    for vantage in ("v", "w"):
        store.add_gap(vantage=vantage, began_at=AT, ended_at=AT + HOUR, why="budget")
    first = next(gap for gap in store.gaps(since=AT) if gap.vantage == "v")
    store.lengthen_gap(first, ended_at=AT + 2 * HOUR)
    found = {gap.vantage: (gap.began_at, gap.ended_at, gap.why) for gap in store.gaps(since=AT)}
    assert found == {"v": (AT, AT + 2 * HOUR, "budget"), "w": (AT, AT + HOUR, "budget")}
