"""Batches that are stored at the same moment, on both databases: a uid has one owner, whatever time it bears."""

import random
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

from results.fate import Fate
from results.intake import Batch, Receipt, entry, take
from results.links import append, broken
from results.months import ensure
from results.records import Vantage
from results.store import Store
from results.verdict import judge
from tests.results.test_store import FINE, rows
from tests.stores import Opening

NOW = datetime(2026, 11, 26, tzinfo=UTC)
MONTH = timedelta(days=31)
TABLES = ("measurement", "evidence", "verdict", "link")
SEED = 20261126


def member(store: Store, name: str) -> None:
    values = {"key_id": name, "public_key": name, "vantage": name, "vantage_class": "home", "country": "KZ"}
    with store.transaction() as connection:
        connection.execute(sa.insert(SQLModel.metadata.tables["member"]).values(**values, joined_at=NOW))


def batch(name: str, uids: Sequence[str], at: datetime = NOW, nonce: str = "n") -> Batch:
    vantage = Vantage(name=name)
    found = [replace(FINE, uid=uid, vantage=vantage, started_at=at) for uid in uids]
    entries = tuple(entry(one, judge(one), ["unlisted"]) for one in found)
    return Batch(key_id=name, nonce=nonce, at=NOW, vantage=name, interval_s=None, entries=entries)


@contextmanager
def waiting(store: Store, taking: "Future[list[Receipt]]") -> Iterator[None]:
    """Until somebody waits for what another transaction holds. (SQLite tells nobody.)"""
    with store._engine.connect() as connection:
        asked = sa.text("select count(*) from pg_locks where not granted")
        while connection.dialect.name == "postgresql" and not connection.execute(asked).scalar():
            connection.rollback()
            assert not taking.done()
    yield


def test_who_links_a_uid_first_owns_it_and_the_other_is_told_and_keeps_the_rest(opened: Opening) -> None:
    first, second = opened(), opened()
    member(first, "two")
    with ThreadPoolExecutor(1) as thread:
        with first.transaction(alone=True) as connection:
            assert append(connection, "one", "b", NOW - MONTH, b"{}")
            taking = thread.submit(take, second, batch("two", ["c", "b", "a"]))
            with waiting(first, taking):
                pass
        assert [(one.uid, one.fate) for one in taking.result()] == [
            ("c", Fate.STORED),
            ("b", Fate.REFUSED),
            ("a", Fate.STORED),
        ]
    assert [rows(first, name) for name in TABLES] == [2, 2, 2, 3]
    with second.transaction() as connection:
        assert list(broken(connection, "two")) == []


def test_many_who_send_the_same_uids_with_other_times_at_once_store_each_once(opened: Opening) -> None:
    names = ["one", "two", "three"]
    stores, chance, start = [opened() for _ in names], random.Random(SEED), Barrier(len(names))
    for name in names:
        member(stores[0], name)
    uids = [f"u{number:03}" for number in range(40)]

    def send(place: int) -> list[list[Receipt]]:
        found = []
        for turn in range(6):
            mine = chance.sample(uids, len(uids) // 2)
            start.wait(60)
            found.append(take(stores[place], batch(names[place], mine, NOW - place * MONTH, nonce=str(turn))))
        return found

    with ThreadPoolExecutor(len(names)) as threads:
        said = list(threads.map(send, range(len(names))))
    kept = [one.uid for each in said for receipts in each for one in receipts if one.fate is Fate.STORED]
    assert len(kept) == len(set(kept))
    with stores[0].transaction() as connection:
        found = {
            name: set(connection.execute(sa.text(f"select uid from {name}")).scalars()) for name in (*TABLES, "mark")
        }
        assert found == {name: set(kept) for name in (*TABLES, "mark")}
        assert [list(broken(connection, name)) for name in names] == [[], [], []]
    assert [rows(stores[0], name) for name in TABLES] == [len(kept)] * 4


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_a_batch_that_comes_while_its_month_is_made_is_stored(opened: Opening) -> None:
    stores, far = [opened(), opened()], datetime(2031, 5, 17, tzinfo=UTC)
    member(stores[0], "one")
    with ThreadPoolExecutor(1) as thread:
        made = thread.submit(lambda: [ensure(stores[1], far + turn * MONTH) for turn in range(4)])
        fates = [
            one.fate
            for turn in range(40)
            for one in take(stores[0], batch("one", [f"{turn}-{number}" for number in range(5)], far, str(turn)))
        ]
        made.result()
    assert fates == [Fate.STORED] * 200
    assert [rows(stores[0], name) for name in TABLES] == [200] * 4


def test_what_is_in_no_chain_is_not_stored_twice(store: Store) -> None:
    member(store, "one")
    take(store, batch("one", ["a"]))
    with store.transaction() as connection:
        connection.execute(sa.text("delete from link"))
    said = take(store, batch("one", ["a", "b"], nonce="other"))
    assert [one.fate for one in said] == [Fate.THERE, Fate.STORED]
    assert [rows(store, name) for name in TABLES] == [2, 2, 2, 1]


def test_a_network_may_have_the_highest_number_that_there_is(opened: Opening) -> None:
    store = opened()
    member(store, "one")
    found = replace(FINE, uid="a", vantage=Vantage(name="one", asn=4294967295), started_at=NOW)
    sent = Batch(
        key_id="one", nonce="n", at=NOW, vantage="one", interval_s=None, entries=(entry(found, judge(found), ()),)
    )
    assert [one.fate for one in take(store, sent)] == [Fate.STORED]
    [point] = store.points(since=NOW - MONTH)
    assert point.asn == 4294967295
