"""What is old leaves a vantage's store: by age, by size, never what is unsent, and what is left is whole."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from results import outbox, trimming
from results.fate import Fate
from results.links import broken
from results.outbox import Receipt, Sender
from results.records import Measurement
from results.store import Store
from results.verdict import judge
from tests.results.build import AT, HOME, dns, page, seen, tcp, tls

SINCE = AT - timedelta(days=400)
MEMBER = Sender(HOME.name, SINCE)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "kedergi.db"


@pytest.fixture
def store(file: Path) -> Iterator[Store]:
    opened = Store(f"sqlite:///{file}")
    yield opened
    opened.close()


def measured(day: int, *, secret: str = "") -> Measurement:
    steps = (dns(), tcp(), tls(), page(title=secret or "Ratel.kz"))
    return seen(*steps, uid=f"day-{day}", started_at=AT + timedelta(days=day))


def fill(store: Store, days: int, *, sent: int = 0) -> None:
    """A measurement a day; the first so many are sent."""
    for day in range(days):
        measurement = measured(day)
        store.add(measurement, judge(measurement))
        store.begin_round(f"round-{day}", vantage=HOME.name, started_at=at(day), planned=1)
        store.add_gap(vantage=HOME.name, began_at=at(day), ended_at=at(day), why="budget")
    outbox.keep(store, [Receipt(f"day-{day}", Fate.STORED) for day in range(sent)], at=AT)


def at(day: int) -> datetime:
    return AT + timedelta(days=day)


def uids(store: Store, table: str) -> list[str]:
    with store.transaction() as connection:
        return sorted(connection.execute(sa.text(f"select uid from {table}")).scalars())


def days(first: int, end: int) -> list[str]:
    return sorted(f"day-{day}" for day in range(first, end))


def test_what_is_older_leaves_with_all_that_belongs_to_it_and_the_rest_is_whole(store: Store) -> None:
    fill(store, 10)
    assert trimming.by_age(store, None, before=at(4)) == 4
    assert {tuple(uids(store, table)) for table in ("measurement", "evidence", "verdict")} == {tuple(days(4, 10))}
    assert len(uids(store, "link")) == 10
    assert [row.started_at for row in store.rounds(limit=99)] == [at(day) for day in range(9, 3, -1)]
    assert [gap.ended_at for gap in store.gaps(since=at(-1))] == [at(day) for day in range(4, 10)]
    found = store.measurement("day-4")
    assert found is not None
    assert found[0] == measured(4)
    assert trimming.by_age(store, None, before=at(4)) == 0


@pytest.mark.parametrize("sent", [0, 3])
def test_what_has_not_reached_the_server_is_never_taken(store: Store, sent: int) -> None:
    fill(store, 10, sent=sent)
    assert trimming.by_age(store, MEMBER, before=at(99)) == sent
    assert trimming.by_size(store, MEMBER, most_bytes=1) == 0
    assert uids(store, "measurement") == uids(store, "evidence") == days(sent, 10)
    assert outbox.standing(store, MEMBER).waiting == 10 - sent


def test_what_was_measured_before_joining_is_not_waiting_for_anything(store: Store) -> None:
    fill(store, 10)
    assert trimming.by_age(store, Sender(HOME.name, at(5)), before=at(99)) == 5


def test_of_a_store_that_is_too_large_the_oldest_evidence_leaves_and_lists_stay(store: Store) -> None:
    for day in range(600):
        measurement = measured(day, secret=f"{day} " + "".join(chr(33 + (day * 7 + at) % 90) for at in range(3000)))
        store.add(measurement, judge(measurement))
    with store.transaction() as connection:
        full = trimming._used_bytes(connection)
    most = full * 3 // 4
    taken = trimming.by_size(store, None, most_bytes=most)
    assert 0 < taken < 600
    assert uids(store, "evidence") == days(taken, 600)
    assert uids(store, "measurement") == days(0, 600)
    with store.transaction() as connection:
        assert trimming._used_bytes(connection) <= most
    assert trimming.by_size(store, None, most_bytes=most) == 0


def test_what_was_deleted_is_in_no_byte_of_the_file(store: Store, file: Path) -> None:
    secret = "a-name-that-only-this-page-has"
    old = measured(0)
    store.add(old, judge(old))
    store.add_gap(vantage=HOME.name, began_at=at(0), ended_at=at(0), why=secret)
    assert secret.encode() in everything(file)
    trimming.by_age(store, None, before=at(1))
    store.close()
    assert secret.encode() not in everything(file)


def everything(file: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(file.parent.glob("kedergi.db*")))


def test_a_file_that_is_mostly_empty_is_written_anew(store: Store, file: Path) -> None:
    with store.transaction() as connection:
        connection.execute(sa.text("create table filler (blob blob)"))
        connection.execute(sa.text("insert into filler values (zeroblob(20000000))"))
        connection.execute(sa.text("drop table filler"))
    fill(store, 2)
    assert trimming.shrink(file)
    assert not trimming.shrink(file)
    assert store.measurement("day-1") is not None
    store.close()
    assert file.stat().st_size < 5_000_000


@pytest.mark.parametrize("by", ["age", "size"])
def test_verify_can_tell_what_was_trimmed_from_what_was_stolen(store: Store, by: str) -> None:
    fill(store, 10)
    if by == "age":
        trimming.by_age(store, None, before=at(4))
    else:
        with store.transaction() as connection:
            trimming._delete(connection, trimming._EVIDENCE, [(f"day-{day}", at(day)) for day in range(4)])
    with store.transaction() as connection:
        connection.execute(sa.text("delete from evidence where uid = 'day-7'"))
        assert trimming.taken_from(connection, HOME.name) == 4
        troubles = list(broken(connection, HOME.name))
    assert [trouble.number for trouble in troubles] == [1, 2, 3, 4, 8]
