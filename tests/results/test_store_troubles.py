"""The store in trouble: other schemas, full disks, and what is said of a store that can't be used."""

import re
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlmodel import SQLModel

import results.store
from results.judgement import Verdict
from results.months import is_month
from results.records import Vantage, adapter
from results.schema import HEAD
from results.store import Store, StoreError
from results.verdict import judge
from tests.results.build import AT
from tests.results.test_store import FINE, NUMBERS, TABLES, rows
from tests.results.writer import numbered
from tests.stores import Opening

# The schema


@pytest.fixture
def store_url(empty_url: str) -> str:
    """Nobody has opened it yet."""
    return empty_url


def scripts() -> ScriptDirectory:
    settings = Config()
    settings.set_main_option("script_location", str(Path(results.store.__file__).with_name("migrations")))
    return ScriptDirectory.from_config(settings)


def test_head_is_the_newest_migration() -> None:
    assert scripts().get_heads() == [HEAD]


def test_the_tables_are_those_of_the_migrations(store: Store) -> None:
    with store._engine.connect() as connection:
        beside = set() if connection.dialect.name == "postgresql" else {"measurement_days"}  # a kind that SQLite lacks
        options = {
            "include_name": lambda name, kind, _: kind != "table" or not is_month(name),
            "include_object": lambda _, name, *__: name not in beside,
        }
        differences = compare_metadata(MigrationContext.configure(connection, opts=options), SQLModel.metadata)
        found = connection.execute(sa.text("select version_num from alembic_version")).scalar_one()
    assert differences == []
    assert found == HEAD


def settings(engine: sa.Engine) -> Config:
    """How Alembic is told where to work."""
    found = Config()
    found.set_main_option("script_location", scripts().dir)
    found.attributes["engine"] = engine
    return found


def insert(engine: sa.Engine, name: str, **values: object) -> None:
    """A row, as far as the table of an older program has its columns."""
    known = {column["name"] for column in sa.inspect(engine).get_columns(name)}
    row = {column: value for column, value in values.items() if column in known}
    table = sa.table(name, *(sa.column(column, SQLModel.metadata.tables[name].c[column].type) for column in row))
    with engine.begin() as connection:
        connection.execute(sa.insert(table), row)


def insert_fine(engine: sa.Engine) -> None:
    insert(
        engine,
        "measurement",
        uid=FINE.uid,
        url=FINE.url,
        vantage="v",
        vantage_class="home",
        started_at=AT,
        runtime_ms=812.4,
    )
    insert(
        engine,
        "evidence",
        uid=FINE.uid,
        started_at=AT,
        codec="json+zlib",
        blob=zlib.compress(adapter().dump_json(FINE)),
    )
    insert(engine, "verdict", **results.store.verdict_values(FINE.uid, AT, judge(FINE)))
    insert(engine, "round", uid="r1", vantage="v", started_at=AT, planned=1)


@pytest.mark.parametrize("older", ["0001", "0002"], ids=["before bytes were counted", "before speed had its numbers"])
def test_a_store_of_an_older_program_is_brought_up_to_date_and_loses_nothing(
    store_url: str, opened: Opening, older: str
) -> None:
    engine, judgement = sa.create_engine(store_url), judge(FINE)
    command.upgrade(settings(engine), older)
    insert_fine(engine)
    engine.dispose()
    store = opened()
    assert store.measurement(FINE.uid) == (FINE, judgement)
    assert [(row.uid, row.traffic_bytes) for row in store.rounds()] == [("r1", None)]
    assert store.used_bytes("v", since=AT, before=AT + timedelta(days=1)) == 0
    newer = replace(FINE, uid="2", vantage=Vantage(name="v"), received_bytes=10, sent_bytes=2)
    slow = replace(judgement, verdict=Verdict.THROTTLED, throttling=NUMBERS)
    assert [store.add(FINE, judgement), store.add(newer, slow)] == [False, True]
    assert store.measurement("2") == (newer, slow)
    assert store.used_bytes("v", since=AT, before=AT + timedelta(days=1)) == 12
    assert rows(store, "measurement") == 2


def columns(engine: sa.Engine) -> dict[str, set[str]]:
    tables = sa.inspect(engine)
    return {
        name: {column["name"] for column in tables.get_columns(name)}
        for name in tables.get_table_names()
        if not is_month(name)
    }


def test_a_schema_can_be_taken_back_and_what_it_did_not_know_stays(store_url: str, opened: Opening) -> None:
    engine = sa.create_engine(store_url)
    command.upgrade(settings(engine), "0002")
    before = columns(engine)
    store, slow = opened(), replace(judge(FINE), verdict=Verdict.THROTTLED, throttling=NUMBERS)
    store.add(FINE, slow)
    store.close()
    command.downgrade(settings(engine), "0002")
    assert columns(engine) == before
    engine.dispose()
    assert opened().measurement(FINE.uid) == (FINE, replace(slow, throttling=None))


def test_a_store_of_a_newer_program_is_left_alone(opened: Opening) -> None:
    with opened()._engine.begin() as connection:
        connection.execute(sa.text("update alembic_version set version_num = '9999'"))
    with pytest.raises(StoreError, match="newer"):
        opened()


def test_a_store_that_is_refused_leaves_no_connection_open(opened: Opening) -> None:
    with opened()._engine.begin() as connection:
        connection.execute(sa.text("update alembic_version set version_num = '9999'"))
    counts = {"connect": 0, "close": 0}

    def connected(*_: object) -> None:
        counts["connect"] += 1

    def closed(*_: object) -> None:
        counts["close"] += 1

    sa.event.listen(sa.Pool, "connect", connected)
    sa.event.listen(sa.Pool, "close", closed)
    with pytest.raises(Exception, match=r"9999|newer"):
        opened()
    sa.event.remove(sa.Pool, "connect", connected)
    sa.event.remove(sa.Pool, "close", closed)
    assert counts["close"] == counts["connect"] > 0


# SQLite


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "kedergi.db"


def test_the_folder_of_a_new_store_is_made(file: Path) -> None:
    Store(f"sqlite:///{file}").close()
    assert file.stat().st_size > 0


def test_a_store_in_memory_needs_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Store("sqlite://").close()
    Store("sqlite:///:memory:").close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("pragma", "value"), [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 10_000)]
)
def test_sqlite_is_told_to_be_careful(file: Path, pragma: str, value: object) -> None:
    store = Store(f"sqlite:///{file}")
    with store._engine.connect() as connection:
        assert connection.execute(sa.text(f"pragma {pragma}")).scalar_one() == value
    store.close()


def test_a_page_can_be_read_while_a_round_writes(file: Path) -> None:
    writing, reading = Store(f"sqlite:///{file}"), Store(f"sqlite:///{file}")
    with writing._engine.begin() as connection:
        connection.execute(sa.text("insert into gap (vantage, began_at, ended_at, why) values ('v', 0, 0, 'busy')"))
        assert rows(reading, "gap") == 0
    assert rows(reading, "gap") == 1
    writing.close()
    reading.close()


def fill(store: Store, stored: list[bool]) -> None:
    """Stores measurements until the store refuses one."""
    while len(stored) < 5000:
        stored.append(store.add(numbered("a", len(stored)), judge(FINE)))


def test_a_full_disk_loses_nothing_that_was_stored_and_leaves_no_half(file: Path) -> None:
    store = Store(f"sqlite:///{file}")
    with store._engine.connect() as connection:
        pages = connection.execute(sa.text("pragma page_count")).scalar_one() + 8
    full = f"pragma max_page_count = {pages}"
    sa.event.listen(store._engine, "connect", lambda connection, _: connection.execute(full).close())
    store._engine.dispose()
    stored: list[bool] = []
    with pytest.raises(StoreError, match=r"^Can't write to the store .+\.db: database or disk is full\.$"):
        fill(store, stored)
    assert len(stored) > 1
    assert [rows(store, table) for table in TABLES] == [len(stored)] * 3
    store.close()


# What is said


def no_database(path: Path) -> str:
    path.write_bytes(b"This is a letter to my mother. " * 99)
    return f"sqlite:///{path}"


def folder(path: Path) -> str:
    path.mkdir()
    return f"sqlite:///{path}"


def below_a_file(path: Path) -> str:
    path.touch()
    return f"sqlite:///{path}/kedergi.db"


def refusal(url: str) -> str:
    with pytest.raises(StoreError) as refused:
        Store(url)
    return str(refused.value)


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (no_database, r"Can't open the store sqlite:///\S+/x: file is not a database\."),
        (folder, r"Can't open the store sqlite:///\S+/x: unable to open database file\."),
        (below_a_file, r"Can't open the store sqlite:///\S+/x/kedergi.db: .*(File exists|Not a directory).*"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_in_one_sentence(
    tmp_path: Path, made: Callable[[Path], str], says: str
) -> None:
    assert re.fullmatch(says, refusal(made(tmp_path / "x")))


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("kedergi.db", '"kedergi.db"'),
        ("", '""'),
        ("oracle8://u:secret@host/db", "oracle8://u:***@host/db"),
        ("mysql://u:secret@host/db", "mysql://u:***@host/db"),
        ("oracle8://u@host/db?password=secret", "oracle8://u@host/db?password=***"),
        ("postgresql+psycopg:u:secret@host", '"host"'),
        ("postgresql:u:p@secret@host", '"host"'),
        ("postgresql+psycopg://u:secret@host:port/db", "*"),
    ],
)
def test_an_address_that_cannot_be_used_is_shown_without_its_password(url: str, shown: str) -> None:
    says = refusal(url)
    start = "store.url: " if shown == "*" else f"store.url: {shown} is no address of a store"
    assert says.startswith(start)
    assert "secret" not in says
    assert "\n" not in says


def test_a_server_that_does_not_answer_is_named_without_its_password(postgresql: str) -> None:
    assert postgresql
    with pytest.raises(StoreError) as refused:
        Store("postgresql+psycopg://u:secret@127.0.0.1:1/db")
    assert str(refused.value).startswith("Can't open the store postgresql+psycopg://u:***@127.0.0.1:1/db: ")
    assert "secret" not in str(refused.value)
