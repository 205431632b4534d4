"""Chains of a store, on SQLite and on PostgreSQL: whatever is done to what is stored behind our back is named."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest
import sqlalchemy as sa
from alembic import command
from sqlmodel import SQLModel

from results.chain import BEGINNING, Link, Trouble, digest, troubles
from results.links import broken, chains, has, vantages
from results.packing import packed, unpacked
from results.records import Vantage, adapter
from results.store import Store
from results.verdict import judge
from tests.results.build import AT
from tests.results.test_store import FINE
from tests.results.test_store_troubles import settings
from tests.stores import Opening

HOME, OFFICE = Vantage(name="almaty-home-1", asn=9198), Vantage(name="astana-office-1", asn=29355)
MINUTE = timedelta(minutes=1)


def fill(store: Store, count: int = 6, vantage: Vantage = HOME) -> None:
    for number in range(count):
        at = AT + number * MINUTE
        measurement = replace(FINE, uid=f"{vantage.name} {number + 1}", vantage=vantage, started_at=at)
        store.add(measurement, judge(measurement))


def found(store: Store, vantage: Vantage = HOME) -> list[tuple[int | None, str | None]]:
    with store.transaction() as connection:
        return [(one.number, one.uid) for one in broken(connection, vantage.name)]


def says(store: Store) -> list[str]:
    with store.transaction() as connection:
        return [one.says for one in broken(connection, HOME.name)]


def behind_our_back(store: Store, *statements: str, **values: object) -> None:
    with store._engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement), values)


def test_what_is_left_alone_fits(store: Store) -> None:
    fill(store)
    fill(store, 3, OFFICE)
    store.add(replace(FINE, uid=f"{HOME.name} 1", vantage=HOME), judge(FINE))  # again: no new link
    assert found(store) == found(store, OFFICE) == []
    with store.transaction() as connection:
        assert vantages(connection) == [HOME.name, OFFICE.name]
        assert [(one.vantage, one.links) for one in chains(connection)] == [(HOME.name, 6), (OFFICE.name, 3)]


def swap(store: Store) -> None:
    """Two records in each other's place."""
    for one, other in (("2", "x"), ("3", "2"), ("x", "3")):
        values = {"one": f"{HOME.name} {one}", "other": f"{HOME.name} {other}"}
        behind_our_back(store, "update link set uid = :other where uid = :one", **values)


def alter(store: Store) -> None:
    """A word in the evidence."""
    altered = replace(FINE, uid=f"{HOME.name} 4", vantage=HOME, started_at=AT + 3 * MINUTE, runtime_ms=1.0)
    blob = packed(adapter().dump_json(altered))["blob"]
    behind_our_back(store, "update evidence set blob = :blob where uid = :uid", blob=blob, uid=altered.uid)
    behind_our_back(store, "update measurement set runtime_ms = 1.0 where uid = :uid", uid=altered.uid)


def alter_with_its_digest(store: Store) -> None:
    """Who knows how digests are made still breaks the next link."""
    alter(store)
    with store.transaction() as connection:
        before = connection.execute(
            sa.text("select digest from link where vantage like 'almaty%' and number = 3")
        ).scalar_one()
        blob = connection.execute(sa.text("select blob from evidence where uid like '% 4'")).scalar_one()
    made = digest(before, f"{HOME.name} 4", unpacked("json+zstd", blob))
    behind_our_back(store, "update link set digest = :made where number = 4", made=made)


def remove(store: Store) -> None:
    uid = f"{HOME.name} 3"
    for table in ("verdict", "evidence", "measurement"):
        behind_our_back(store, f"delete from {table} where uid = :uid", uid=uid)


def remove_with_its_link(store: Store) -> None:
    remove(store)
    behind_our_back(store, "delete from link where vantage like 'almaty%' and number = 3")


def set_in(column: str, value: object) -> Callable[[Store], None]:
    """A row for lists that says other than its evidence."""

    def act(store: Store) -> None:
        uid = f"{HOME.name} 5"
        behind_our_back(store, f"update measurement set {column} = :value where uid = :uid", value=value, uid=uid)

    return act


def garble(store: Store) -> None:
    behind_our_back(store, "update evidence set blob = :blob where uid = :uid", blob=b"{}", uid=f"{HOME.name} 1")


ACTS = [
    pytest.param(swap, [2, 3], id="two swapped"),
    pytest.param(alter, [4], id="altered"),
    pytest.param(alter_with_its_digest, [5], id="altered with its digest"),
    pytest.param(remove, [3], id="removed"),
    pytest.param(remove_with_its_link, [3], id="removed with its link"),
    pytest.param(set_in("url", "https://other.kz/"), [5], id="another address in the list"),
    pytest.param(set_in("asn", 1), [5], id="another network in the list"),
    pytest.param(set_in("runtime_ms", 2.0), [5], id="another number in the list"),
    pytest.param(garble, [1], id="garbled"),
]


@pytest.mark.parametrize(("act", "numbers"), ACTS)
def test_whatever_is_done_is_named_and_nothing_else(
    store: Store, act: Callable[[Store], None], numbers: list[int]
) -> None:
    fill(store)
    fill(store, 3, OFFICE)
    act(store)
    assert [number for number, _ in found(store)] == numbers
    assert found(store, OFFICE) == []


def test_what_was_moved_to_another_vantage_is_named_there(store: Store) -> None:
    fill(store)
    uid = f"{HOME.name} 5"
    behind_our_back(store, "update measurement set vantage = 'other' where uid = :uid", uid=uid)
    assert found(store) == [(5, uid)]
    assert found(store, Vantage(name="other")) == [(None, uid)]


def test_what_was_put_in_behind_our_back_is_in_no_chain(store: Store) -> None:
    fill(store, 2)
    behind_our_back(store, "delete from link where number = 2")
    assert found(store) == [(None, f"{HOME.name} 2")]
    assert says(store) == ["It is in no chain: it was not stored by this program."]


def test_the_newest_cut_off_are_missed_by_a_digest_that_was_noted(store: Store) -> None:
    fill(store)
    with store.transaction() as connection:
        [chain] = chains(connection)
        assert has(connection, chain.head)
    behind_our_back(store, "delete from link where number = 6")
    behind_our_back(store, *(f"delete from {table} where uid like '% 6'" for table in ("verdict", "evidence")))
    behind_our_back(store, "delete from measurement where uid like '% 6'")
    assert found(store) == []
    with store.transaction() as connection:
        assert not has(connection, chain.head)


def test_two_programs_make_one_chain(opened: Opening) -> None:
    stores = [opened(), opened()]
    with ThreadPoolExecutor(4) as threads:
        turns = [
            threads.submit(stores[number % 2].add, measurement, judge(measurement))
            for number in range(40)
            for measurement in [replace(FINE, uid=str(number), vantage=HOME)]
        ]
    assert all(turn.result() for turn in turns)
    assert found(stores[0]) == []
    with stores[1].transaction() as connection:
        assert [one.links for one in chains(connection)] == [40]


def test_a_store_of_an_older_program_gets_its_chains(store_url: str, opened: Opening) -> None:
    store = opened()
    fill(store, 4)
    fill(store, 2, OFFICE)
    store.close()
    engine = sa.create_engine(store_url)
    command.downgrade(settings(engine), "0004")
    assert not sa.inspect(engine).has_table("link")
    engine.dispose()
    store = opened()
    assert found(store) == found(store, OFFICE) == []
    fill(store, 6)
    with store.transaction() as connection:
        assert [one.links for one in chains(connection)] == [6, 2]
        numbers = connection.execute(sa.select(SQLModel.metadata.tables["link"].c.number)).scalars()
        assert sorted(numbers) == [1, 1, 2, 2, 3, 4, 5, 6]


def link(number: int, before: str) -> Link:
    uid, evidence = str(number), b"{}"
    made = digest(before, uid, evidence)
    said = sha256(evidence).hexdigest()
    return Link(number=number, uid=uid, digest=made, url=None, started_at=None, evidence_sha256=said)


def test_links_that_are_gone_are_told_as_one_gap() -> None:
    first = link(1, BEGINNING)
    fifth = link(5, "a" * 64)
    assert list(troubles([first, fifth, link(6, fifth.digest)])) == [
        Trouble(number=2, uid=None, url=None, started_at=None, says="The chain has no number 2 to 4.")
    ]


def test_a_digest_is_made_as_it_is_written_down() -> None:
    """Anybody can make it anew: docs/verify.md has the recipe."""
    assert digest(BEGINNING, "u", b"{}") == "3f7e55ad501f9eeca135748b924f7cb3bac66c13e7099d38ec54f5ec7b53c85c"
