"""Months of measurements on PostgreSQL: made ahead, each once, and what waited for them is in them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from results import months
from results.months import TABLES, ensure, is_month
from results.store import Store, StoreError
from results.verdict import judge
from tests.results.test_store import FINE, rows
from tests.stores import Opening

FAR = datetime(2031, 5, 17, 12, tzinfo=UTC)


pytestmark = pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)


def add(store: Store, *times: datetime) -> None:
    for number, at in enumerate(times):
        measurement = replace(FINE, uid=f"{at:%Y-%m-%d %H:%M} {number}", started_at=at)
        assert store.add(measurement, judge(measurement))


def in_months(store: Store, table: str = "measurement") -> dict[str, int]:
    """Rows by the table that has them."""
    query = f"select tableoid::regclass::text as name, count(*) as many from {table} group by 1"
    with store.transaction() as connection:
        return {row.name: row.many for row in connection.execute(sa.text(query))}


def test_this_month_and_the_next_three_are_made_once(store: Store) -> None:
    made = ensure(store, FAR)
    assert made == [f"{table}_2031_{month:02}" for table in TABLES for month in (5, 6, 7, 8)]
    assert all(map(is_month, made))
    assert not any(map(is_month, ("measurement", "evidence_2026_1", "link_2026_01", "verdict_default_", "events")))
    assert ensure(store, FAR) == []
    assert ensure(store, FAR + timedelta(days=31)) == [f"{table}_2031_09" for table in TABLES]


def test_a_year_ends(store: Store) -> None:
    made = ensure(store, datetime(2032, 12, 31, 23, 59, tzinfo=UTC), ahead=1)
    assert made == [f"{table}_{month}" for table in TABLES for month in ("2032_12", "2033_01")]


def test_a_measurement_lies_in_its_month_in_utc(store: Store) -> None:
    ensure(store, FAR)
    last = datetime(2031, 5, 31, 23, 59, 59, 999999, tzinfo=UTC)
    add(store, last, last + timedelta(microseconds=1))
    for table in TABLES:
        assert in_months(store, table) == {f"{table}_2031_05": 1, f"{table}_2031_06": 1}


def test_what_no_month_was_made_for_is_kept_and_moves_when_it_is_made(store: Store) -> None:
    add(store, FAR, FAR + timedelta(days=40), FAR + timedelta(days=4000))
    assert in_months(store) == {"measurement_default": 3}
    ensure(store, FAR)
    for table in TABLES:
        assert in_months(store, table) == {f"{table}_2031_05": 1, f"{table}_2031_06": 1, f"{table}_default": 1}
    assert [point.at for point in store.points(since=FAR)] == [FAR, FAR + timedelta(40), FAR + timedelta(4000)]
    assert store.measurement(f"{FAR:%Y-%m-%d %H:%M} 0") is not None


def test_a_month_gone_by_gets_its_table_when_much_of_it_has_come(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(months, "WORTH", 3)
    old, older = datetime(2001, 2, 3, tzinfo=UTC), datetime(1999, 2, 3, tzinfo=UTC)
    add(store, old, old, older, old)
    assert [name for name in ensure(store, FAR) if "_2031_" not in name] == [f"{table}_2001_02" for table in TABLES]
    assert in_months(store) == {"measurement_2001_02": 3, "measurement_default": 1}


def test_two_programs_make_months_at_once(opened: Opening) -> None:
    stores = [opened() for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(lambda store: ensure(store, FAR), stores))
    assert sorted(name for each in made for name in each) == sorted(
        f"{table}_2031_{month:02}" for table in TABLES for month in (5, 6, 7, 8)
    )


def test_what_is_stored_while_months_are_made_is_stored_once(opened: Opening) -> None:
    writing, making = opened(), opened()
    with ThreadPoolExecutor(1) as thread:
        busy = thread.submit(add, writing, *(FAR + timedelta(hours=number) for number in range(150)))
        made = [name for months_on in range(6) for name in ensure(making, FAR + timedelta(days=31 * months_on))]
        busy.result()
    assert len(made) == len(set(made)) == 3 * 9
    assert [rows(writing, table) for table in TABLES] == [150] * 3
    assert in_months(writing) == {"measurement_2031_05": 150}


@pytest.fixture
def reading(store: Store) -> Iterator[None]:
    """Somebody who reads all that is stored, and takes long."""
    with store.transaction() as connection:
        connection.execute(sa.text("select count(*) from verdict"))
        yield


@pytest.mark.usefixtures("reading")
def test_who_reads_for_long_is_not_in_the_way_of_all_others_for_long(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(months, "_PATIENCE", "50ms")
    with pytest.raises(StoreError, match="lock timeout"):
        ensure(store, FAR)
    add(store, FAR)
    assert in_months(store) == {"measurement_2031_05": 1}
    assert in_months(store, "verdict") == {"verdict_default": 1}


def test_a_day_is_found_by_a_small_index_and_in_its_month_alone(store: Store) -> None:
    ensure(store, FAR)
    add(store, FAR)
    with store.transaction() as connection:
        kinds = connection.execute(
            sa.text(
                "select indexdef from pg_indexes where tablename = 'measurement_2031_05' and indexdef like '%brin%'"
            )
        ).scalars()
        assert [kind.rpartition("USING ")[2] for kind in kinds] == ["brin (started_at)"]
        query = f"explain select * from measurement where started_at >= '{FAR}' and started_at < '{FAR + timedelta(1)}'"
        plan = "\n".join(connection.execute(sa.text(query)).scalars())
        assert "measurement_2031_05" in plan
        assert "measurement_2031_06" not in plan
        follow = (
            "explain select 1 from link join measurement m on m.uid = link.uid and m.started_at = link.started_at "
            "where link.vantage = 'v' and link.number between 1 and 5"
        )
        assert "Index" in "\n".join(connection.execute(sa.text(follow)).scalars())
