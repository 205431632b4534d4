"""All schemas up and down with data in them, on both databases; and times that no zone of a database can shift."""

import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy.exc import StatementError
from sqlmodel import SQLModel

from results.links import broken
from results.many_rows import add_all
from results.packing import unpacked
from results.records import Vantage, adapter
from results.schema import HEAD
from results.store import Store
from results.tables import narrow
from results.verdict import judge
from tests.results.test_store import BLOCKED, EMPTY, FINE, LONG_AGO, ODD, rows
from tests.results.test_store_troubles import insert, settings
from tests.stores import Opening

HOME = Vantage(name="almaty-home-1", asn=9198, vantage_class="home")
LAST = datetime(2026, 10, 31, 23, 59, 59, 999999, tzinfo=UTC)
MEASURED = [
    replace(FINE, uid="1", vantage=HOME, started_at=LAST),
    replace(BLOCKED, uid="2", vantage=HOME, started_at=LAST + timedelta(microseconds=1)),
    replace(ODD, uid="3", vantage=HOME, started_at=datetime(1999, 12, 31, 20, tzinfo=UTC)),
    replace(EMPTY, uid="4", vantage=HOME, started_at=datetime(2099, 1, 1, tzinfo=UTC)),
]
ALMATY = timezone(timedelta(hours=5))


@pytest.fixture
def store_url(empty_url: str) -> str:
    """Nobody has opened it yet."""
    return empty_url


def fill(engine: sa.Engine) -> None:
    """As the oldest program did."""
    for one in MEASURED:
        insert(engine, "measurement", **narrow(one))
        blob = zlib.compress(adapter().dump_json(one))
        insert(engine, "evidence", uid=one.uid, codec="json+zlib", blob=blob)
        insert(engine, "verdict", **_verdict(one.uid))


def _verdict(uid: str) -> dict[str, object]:
    return {
        "uid": uid,
        "rules_version": 1,
        "verdict": "blocked",
        "mechanisms": ["tls.reset"],
        "reasons": [{"rule": "tls_reset", "says": "Қазақ 😀"}],
        "tls_ms": 81.5,
    }


def contents(engine: sa.Engine) -> dict[str, list[object]]:
    """Of the tables that every schema has, the columns that every schema has; evidence unpacked."""
    tables = SQLModel.metadata.tables
    with engine.connect() as connection:
        found: dict[str, list[object]] = {}
        for name, left_out in (("measurement", _NEWER), ("verdict", {"started_at", "throttling"})):
            columns = [column for column in tables[name].c if column.name not in left_out]
            found[name] = [tuple(row) for row in connection.execute(sa.select(*columns).order_by(columns[0]))]
        evidence = connection.execute(sa.text("select uid, codec, blob from evidence order by uid")).all()
        found["evidence"] = [(uid, unpacked(codec, bytes(blob))) for uid, codec, blob in evidence]
    return found


_NEWER = {"received_bytes", "sent_bytes", "reference_tls_ms"}


@pytest.fixture
def engine(store_url: str) -> Iterator[sa.Engine]:
    engine = sa.create_engine(store_url)
    yield engine
    engine.dispose()


def test_every_schema_keeps_what_was_stored_up_and_down_and_up_again(engine: sa.Engine, opened: Opening) -> None:
    command.upgrade(settings(engine), "0001")
    fill(engine)
    before = contents(engine)
    assert len(before["evidence"]) == len(MEASURED)
    for schema in [f"{number:04}" for number in range(2, int(HEAD) + 1)]:
        command.upgrade(settings(engine), schema)
        assert contents(engine) == before, schema
    store = opened()
    newer = replace(FINE, uid="5", vantage=HOME, started_at=LAST)
    assert store.add(newer, judge(newer))
    store.close()
    engine.dispose()
    with_newer = contents(engine)
    for schema in [f"{number:04}" for number in range(int(HEAD) - 1, 0, -1)]:
        command.downgrade(settings(engine), schema)
        assert contents(engine) == with_newer, schema
    engine.dispose()
    store = opened()
    assert contents(engine) == with_newer
    with store.transaction() as connection:
        assert list(broken(connection, HOME.name)) == []
    assert [rows(store, table) for table in ("measurement", "evidence", "verdict", "link")] == [5] * 4


def test_a_schema_can_be_taken_back_to_the_beginning(engine: sa.Engine, opened: Opening) -> None:
    opened().close()
    command.downgrade(settings(engine), "base")
    assert set(sa.inspect(engine).get_table_names()) == {"alembic_version"}


@pytest.fixture
def elsewhere(store_url: str) -> str:
    """The store's database as one that was set up by somebody in Almaty."""
    if store_url.startswith("postgresql"):
        engine = sa.create_engine(store_url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            name = connection.execute(sa.text("select current_database()")).scalar_one()
            connection.execute(sa.text(f"alter database {name} set timezone to 'Asia/Almaty'"))
        engine.dispose()
    return store_url


@pytest.mark.usefixtures("elsewhere")
def test_no_zone_of_a_database_shifts_a_time(opened: Opening) -> None:
    store = opened()
    for one in MEASURED:
        local = replace(one, started_at=one.started_at.astimezone(ALMATY))
        assert store.add(local, judge(local))
    found = {point.uid: point.at for point in store.points(since=LONG_AGO - timedelta(days=9999))}
    assert found == {one.uid: one.started_at for one in MEASURED}
    assert {at.utcoffset() for at in found.values()} == {timedelta()}
    assert [one.uid for one in store.points(since=LAST)] == ["1", "2", "4"]
    assert store.last_started(HOME.name)[FINE.url].utcoffset() == timedelta()
    with store.transaction() as connection:
        if connection.dialect.name == "postgresql":
            assert connection.execute(sa.text("show timezone")).scalar() == "Asia/Almaty"
        assert list(broken(connection, HOME.name)) == []


@pytest.mark.usefixtures("elsewhere")
def test_a_store_of_an_older_program_elsewhere_keeps_its_times(engine: sa.Engine, opened: Opening) -> None:
    command.upgrade(settings(engine), "0001")
    fill(engine)
    engine.dispose()
    found = {point.uid: point.at for point in opened().points(since=LONG_AGO - timedelta(days=9999))}
    assert found == {one.uid: one.started_at for one in MEASURED}


def test_a_time_without_a_zone_is_not_stored(store: Store) -> None:
    naive = datetime(2026, 11, 1)  # noqa: DTZ001
    with pytest.raises(StatementError):
        store.add(replace(FINE, started_at=naive), judge(FINE))
    with pytest.raises((StatementError, ValueError), match="timezone"), store.transaction() as connection:
        add_all(connection, SQLModel.metadata.tables["nonce"], [{"key_id": "k", "nonce": "n", "at": naive}])
    assert rows(store, "measurement") == rows(store, "link") == rows(store, "nonce") == 0
