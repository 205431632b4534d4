"""Out of one store and into another, on SQLite and on PostgreSQL: whole, once, and in order."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from results.carrying import POINT_COLUMNS, Chosen, measurements, points, taken
from results.episodes import episodes
from results.fate import Fate
from results.formats import points as points_file
from results.formats.jsonl import line
from results.judging import judged
from results.links import broken, chains
from results.records import Measurement, Vantage
from results.store import Store
from results.verdict import judge
from tests.results.build import AT, HOME
from tests.results.test_history import BLOCK, RATEL, looks, put
from tests.results.test_store import BLOCKED, EMPTY, FINE, ODD

OTHER = Vantage(name="aktau-1", country="KZ", asn=21299, network="Beeline", vantage_class="mobile")
ALL = [
    replace(FINE, uid="a", vantage=HOME, started_at=AT + timedelta(hours=3)),
    replace(BLOCKED, uid="b", vantage=OTHER, started_at=AT + timedelta(hours=1)),
    replace(EMPTY, uid="c", started_at=AT + timedelta(hours=2)),
    replace(ODD, uid="d", vantage=HOME, started_at=AT),
]


@pytest.fixture
def another(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path / 'another.db'}")
    yield store
    store.close()


def add(store: Store, found: list[Measurement]) -> None:
    for one in found:
        store.add(one, judge(one))


def written(store: Store, file: Path, chosen: Chosen = Chosen()) -> Path:  # noqa: B008 - it is frozen
    file.write_text("".join(line(*one) + "\n" for one in measurements(store, chosen)), "utf-8")
    return file


def fates(store: Store, *files: Path) -> list[tuple[int | None, Fate]]:
    return [(one.line, one.fate) for one in taken(store, judged(map(str, files)))]


def test_what_goes_out_comes_in_whole_and_in_order(store: Store, another: Store, tmp_path: Path) -> None:
    add(store, ALL)
    file = written(store, tmp_path / "all.jsonl")
    assert fates(another, file) == [(number, Fate.STORED) for number in (1, 2, 3, 4)]
    assert list(measurements(another, Chosen())) == list(measurements(store, Chosen()))
    assert [one.uid for one, _ in measurements(another, Chosen())] == ["d", "b", "c", "a"]
    with another.transaction() as connection:
        assert sum(chain.links for chain in chains(connection)) == 4
        assert list(broken(connection, HOME.name)) == []


def test_what_comes_in_twice_is_there_once(store: Store, another: Store, tmp_path: Path) -> None:
    add(store, ALL)
    file = written(store, tmp_path / "all.jsonl")
    first = written(store, tmp_path / "first.jsonl", Chosen(until=AT + timedelta(hours=1)))
    assert fates(another, first) == [(1, Fate.STORED)]
    assert [fate for _, fate in fates(another, file, file)] == [Fate.THERE, *[Fate.STORED] * 3, *[Fate.THERE] * 4]


@pytest.mark.parametrize(
    ("chosen", "uids"),
    [
        (Chosen(since=AT + timedelta(hours=1)), "bca"),
        (Chosen(until=AT + timedelta(hours=2)), "db"),
        (Chosen(since=AT + timedelta(hours=1), until=AT + timedelta(hours=3)), "bc"),
        (Chosen(vantage=OTHER.name), "b"),
        (Chosen(url=ODD.url), "d"),
        (Chosen(url="https://nobody.kz/"), ""),
    ],
)
def test_what_is_chosen_is_taken_out(store: Store, chosen: Chosen, uids: str) -> None:
    add(store, ALL)
    assert "".join(one.uid for one, _ in measurements(store, chosen)) == uids
    assert "".join(row["uid"] for row in points(store, chosen)) == uids


def test_a_bad_line_is_refused_and_the_rest_is_stored(store: Store, another: Store, tmp_path: Path) -> None:
    add(store, ALL[:2])
    file = written(store, tmp_path / "all.jsonl")
    one, two = file.read_text("utf-8").splitlines()
    file.write_text("\n".join([one, "no measurement", one.replace('"schema":1', '"schema":9'), two]) + "\n", "utf-8")
    found = list(taken(another, judged([str(file)])))
    assert [(each.line, each.fate) for each in found] == [
        (1, Fate.STORED),
        (2, Fate.REFUSED),
        (3, Fate.REFUSED),
        (4, Fate.STORED),
    ]
    assert "schema" in found[2].says
    assert another.held().measurements == 2


def test_points_are_what_the_detector_reads(store: Store, tmp_path: Path) -> None:
    put(store, looks(RATEL, HOME, BLOCK))
    rows = list(points(store, Chosen()))
    assert all(tuple(sorted(row)) == tuple(sorted(POINT_COLUMNS)) for row in rows)
    file = tmp_path / "points.csv"
    cells = [",".join("" if row[name] is None else str(row[name]) for name in POINT_COLUMNS) for row in rows]
    file.write_text("\n".join([",".join(POINT_COLUMNS), *cells]) + "\n", "utf-8")
    series, troubles = points_file.read(str(file))
    assert list(troubles) == []
    [found] = episodes(series["https://ratel.kz/ AS9198"])
    assert (found.bad, found.mechanisms) == (30, ("tls.timeout",))
