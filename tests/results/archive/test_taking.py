"""Out of a store into an archive and back, on SQLite and on PostgreSQL: whole, once, and with the same episodes."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

from results.archive import duckdb_engine, findings
from results.archive import manifest as _manifest
from results.archive.manifest import POINTS
from results.archive.place import Folder
from results.archive.reading import judged, without_evidence
from results.archive.taking import export
from results.carrying import POINT_COLUMNS, Chosen, measurements, taken
from results.carrying import points as points_of
from results.history import folded
from results.knowledge import bundled
from results.records import iso
from results.store import Store
from tests.results.archive.test_appending import read
from tests.results.build import AT, HOME
from tests.results.test_carrying import ALL, add
from tests.results.test_history import BEELINE, BLOCK, FERGANA, KCELL, RATEL, looks, put

ANOTHER_HOME = replace(HOME, name="almaty-home-2", vantage_class="hosting")


@pytest.fixture
def another(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path / 'another.db'}")
    yield store
    store.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "archive"


def exported(store: Store, folder: Path, chosen: Chosen = Chosen(), *, evidence: bool = True) -> tuple[int, int]:  # noqa: B008 - it is frozen
    added = export(store, Folder(folder), chosen, buckets=None, evidence=evidence)
    return added.stored, added.there


def uids(folder: Path) -> list[str]:
    return sorted(read(folder)["uid"].to_pylist())


def test_what_goes_into_an_archive_comes_back_whole(store: Store, another: Store, folder: Path) -> None:
    add(store, ALL)
    assert exported(store, folder) == (4, 0)
    back = list(taken(another, judged(Folder(folder), _manifest.read(Folder(folder)), bundled())))
    assert sorted(one.uid or "" for one in back) == ["a", "b", "c", "d"]
    assert list(measurements(another, Chosen())) == list(measurements(store, Chosen()))
    assert [one.fate for one in taken(another, judged(Folder(folder), _manifest.read(Folder(folder)), bundled()))] == [
        "there"
    ] * 4


def test_the_points_of_an_archive_are_those_of_the_store(store: Store, folder: Path) -> None:
    add(store, ALL)
    exported(store, folder, evidence=False)
    found = sorted(read(folder).to_pylist(), key=lambda row: str(row["at"]))
    rows = [{**row, "at": iso(row["at"])} for row in found]
    assert [{name: row[name] for name in POINT_COLUMNS} for row in rows] == list(points_of(store, Chosen()))
    assert {row["rules_version"] for row in rows} == {one.rules_version for _, one in measurements(store, Chosen())}
    assert without_evidence(_manifest.read(Folder(folder))) == 4
    assert list(judged(Folder(folder), _manifest.read(Folder(folder)), bundled())) == []


def test_only_what_is_new_is_looked_at_again(store: Store, folder: Path) -> None:
    add(store, ALL[:2])
    assert exported(store, folder) == (2, 0)
    assert exported(store, folder) == (0, 0)
    commits = _manifest.read(Folder(folder)).commits
    add(store, ALL[2:])
    assert exported(store, folder) == (2, 0)
    assert uids(folder) == ["a", "b", "c", "d"]
    assert _manifest.read(Folder(folder)).commits == commits + 2


@pytest.mark.parametrize(
    ("chosen", "wanted"),
    [
        (Chosen(since=AT + timedelta(hours=2)), "ac"),
        (Chosen(until=AT + timedelta(hours=2)), "bd"),
        (Chosen(vantage="aktau-1"), "b"),
        (Chosen(url="http://ratel.kz/"), "d"),
    ],
)
def test_what_is_chosen_is_taken_and_the_rest_follows(store: Store, folder: Path, chosen: Chosen, wanted: str) -> None:
    add(store, ALL)
    assert exported(store, folder, chosen) == (len(wanted), 0)
    assert uids(folder) == sorted(wanted)
    assert exported(store, folder) == (4 - len(wanted), len(wanted))


def test_a_second_store_with_a_chain_of_its_own_is_looked_at_from_its_beginning(
    store: Store, another: Store, folder: Path
) -> None:
    """Its vantages have the same names; that its second link is another one shows in the digest."""
    add(store, ALL)
    exported(store, folder)
    add(another, [ALL[0], replace(ALL[3], uid="e"), ALL[2]])
    assert exported(another, folder) == (1, 2)
    assert uids(folder) == ["a", "b", "c", "d", "e"]


def test_an_export_that_died_before_its_last_commit_goes_on(store: Store, folder: Path) -> None:
    add(store, ALL)
    exported(store, folder)
    _manifest.commit(Folder(folder), replace(_manifest.read(Folder(folder)), marks={}))
    assert exported(store, folder) == (0, 4)
    assert uids(folder) == ["a", "b", "c", "d"]


def test_evidence_that_has_left_the_store_leaves_its_point(store: Store, folder: Path) -> None:
    add(store, ALL)
    evidence = SQLModel.metadata.tables["evidence"]
    with store.transaction() as connection:
        connection.execute(sa.delete(evidence).where(evidence.c.uid == "b"))
    assert exported(store, folder) == (4, 0)
    assert without_evidence(_manifest.read(Folder(folder))) == 1
    assert len(list(judged(Folder(folder), _manifest.read(Folder(folder)), bundled()))) == 3


def test_an_archive_has_the_episodes_of_its_store(store: Store, folder: Path) -> None:
    """With several vantages on one network, and with a network whose number is not known."""
    for number, vantage in enumerate((HOME, ANOTHER_HOME, KCELL, BEELINE, replace(BEELINE, name="b", asn=None))):
        put(store, looks(RATEL, vantage, BLOCK, AT + timedelta(minutes=number)))
        put(store, looks(FERGANA, vantage, "." * 30 + "x.x" * 10))
    put(store, looks(FERGANA, replace(KCELL, name="astana-2"), "xx...xxx" * 5))
    exported(store, folder, evidence=False)
    found = findings.whole(
        one.episodes for one in duckdb_engine.episodes(Folder(folder), _manifest.read(Folder(folder)))
    )
    assert list(findings.episodes(found)) == list(folded(store))
    assert found.num_rows > 6


def test_what_an_archive_holds_of_a_month_lies_together(store: Store, folder: Path) -> None:
    add(store, [replace(one, started_at=AT + timedelta(days=40 * number)) for number, one in enumerate(ALL)])
    exported(store, folder)
    assert {path.name for path in (folder / POINTS).iterdir()} == {
        f"month={month}" for month in ("2026-11", "2027-01", "2027-02", "2027-03")
    }
