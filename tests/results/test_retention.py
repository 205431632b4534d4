"""Old evidence on its way into the archive and back, on both databases: whole, once, whatever happens in between."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
import sqlalchemy as sa

from results import retention
from results.archived import EvidenceArchive
from results.carrying import Chosen, archived, measurements, points, taken
from results.fate import Fate
from results.judging import Judged, judged
from results.links import broken
from results.packing import packed
from results.records import Measurement, adapter
from results.retention import Moved, bring_back, move
from results.store import InArchive, Store
from results.verdict import judge
from tests.results.test_links import HOME, OFFICE, behind_our_back
from tests.results.test_store import BLOCKED, FINE, ODD, rows
from tests.stores import Opening

JUNE, JULY, AUGUST = (datetime(2026, month, 30, 23, 59, tzinfo=UTC) for month in (6, 7, 8))
NOW = datetime(2026, 9, 5, tzinfo=UTC)


def stored(store: Store, *times: datetime) -> list[Measurement]:
    """Of two vantages in turn."""
    made = []
    for number, at in enumerate(times):
        of = (FINE, BLOCKED, ODD)[number % 3]
        one = replace(of, uid=f"{at:%m-%d} {number}", started_at=at, vantage=(HOME, OFFICE)[number % 2])
        assert store.add(one, judge(one))
        made.append(one)
    return made


def moved(store: Store, folder: Path, before: datetime = AUGUST) -> list[Moved]:
    return list(move(store, folder, before=before, now=NOW))


def troubles(store: Store, folder: Path | None) -> list[str]:
    with store.transaction() as connection:
        names = (HOME.name, OFFICE.name)
        return [one.says for name in names for one in broken(connection, name, EvidenceArchive(folder))]


def lines(folder: Path) -> dict[str, bytes]:
    """The evidence in all files of an archive, by uid."""
    found = {}
    for file in sorted(folder.glob("*.zst")):
        for one in judged([str(file)]):
            assert isinstance(one, Judged)
            assert one.evidence is not None
            found[one.measurement.uid] = one.evidence
    return found


def fates(store: Store, *files: Path) -> list[Fate]:
    return [one.fate for one in taken(store, judged(map(str, files)))]


def test_whole_months_that_are_over_go_a_file_each_and_the_rest_stays(store: Store, tmp_path: Path) -> None:
    made = stored(store, JUNE, JUNE - timedelta(days=20), JULY, AUGUST, NOW)
    first, second = moved(store, tmp_path)
    assert [first.file[:17], second.file[:17]] == ["evidence-2026-06-", "evidence-2026-07-"]
    assert (first.measurements, first.first_at, first.last_at) == (2, made[1].started_at, JUNE)
    assert [rows(store, name) for name in ("measurement", "verdict", "link", "evidence")] == [5, 5, 5, 2]
    assert lines(tmp_path) == {one.uid: adapter().dump_json(one) for one in made[:3]}
    assert store.measurement(made[3].uid) == (made[3], judge(made[3]))
    assert len(store.points(since=JUNE - timedelta(days=30))) == 5
    assert moved(store, tmp_path) == []


def test_a_note_beside_each_file_says_what_is_in_it(store: Store, tmp_path: Path) -> None:
    stored(store, JUNE, JUNE - timedelta(days=20))
    [one] = moved(store, tmp_path)
    note = json.loads((tmp_path / f"{one.file}.json").read_text("utf-8"))
    content = (tmp_path / one.file).read_bytes()
    assert note == {
        "file": one.file,
        "measurements": 2,
        "size_bytes": len(content),
        "first_at": "2026-06-10T23:59:00.000Z",
        "last_at": "2026-06-30T23:59:00.000Z",
        "sha256": sha256(content).hexdigest(),
    }
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix != ".db") >= [one.file, f"{one.file}.json"]
    assert not list(tmp_path.glob(".*"))
    assert not any(name in one.file for name in (HOME.name, OFFICE.name))


def test_the_chains_fit_with_the_archive_and_say_what_is_away_without(store: Store, tmp_path: Path) -> None:
    stored(store, JUNE, JUNE - timedelta(days=20), JULY, AUGUST, NOW)
    first, second = moved(store, tmp_path)
    assert troubles(store, tmp_path) == []
    with store.transaction() as connection:
        archive = EvidenceArchive(tmp_path)
        assert list(broken(connection, HOME.name, archive)) == []
        assert archive.fits == 2
    (tmp_path / first.file).unlink()
    away = f"1 of its measurements are archived in {first.file}, which is not there, or damaged."
    assert troubles(store, tmp_path) == [away, away]
    assert {f"1 of its measurements are archived in {second.file}, which is not there, or damaged."} < set(
        troubles(store, None)
    )


def alter(file: Path) -> None:
    evidence = next(iter(lines(file.parent).values()))
    file.write_bytes(b'{"archived":1,"record":' + evidence.replace(b'"runtime_ms":', b'"runtime_ms":1') + b"}\n")


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-9])


def empty(file: Path) -> None:
    file.write_bytes(b"\n")


@pytest.mark.parametrize(
    ("act", "says"),
    [
        (alter, "The measurement is not what was stored under this number."),
        (cut, "which is not there, or damaged."),
        (empty, "The measurement is gone, or can't be read."),
    ],
)
def test_what_is_done_to_the_archive_is_named(
    store: Store, tmp_path: Path, act: Callable[[Path], None], says: str
) -> None:
    stored(store, JUNE)
    [one] = moved(store, tmp_path)
    act(tmp_path / one.file)
    [said] = troubles(store, tmp_path)
    assert said.endswith(says)


def test_it_is_said_where_a_measurement_is(store: Store, tmp_path: Path) -> None:
    [one] = stored(store, JUNE)
    [file] = moved(store, tmp_path)
    with pytest.raises(InArchive, match=f"archived in {file.file}; `kedergi import` of that file brings it back"):
        store.measurement(one.uid)
    assert store.measurement("nobody") is None


def test_an_export_says_what_it_leaves_out(store: Store, tmp_path: Path) -> None:
    stored(store, JUNE, JULY, NOW)
    moved(store, tmp_path)
    assert [one.started_at for one, _ in measurements(store, Chosen())] == [NOW]
    assert len(list(points(store, Chosen()))) == 3
    assert archived(store, Chosen()) == 2
    assert archived(store, Chosen(since=JULY)) == 1
    assert archived(store, Chosen(vantage=OFFICE.name)) == 1


def test_importing_a_file_brings_its_evidence_back(store: Store, tmp_path: Path) -> None:
    made = stored(store, JUNE, JULY, NOW)
    files = [tmp_path / one.file for one in moved(store, tmp_path)]
    assert fates(store, *files) == [Fate.STORED, Fate.STORED]
    assert [store.measurement(one.uid) for one in made] == [(one, judge(one)) for one in made]
    for file in files:
        file.unlink()
    assert troubles(store, tmp_path) == []
    assert rows(store, "link") == 3


def test_importing_a_file_twice_stores_it_once(store: Store, tmp_path: Path) -> None:
    stored(store, JUNE, JULY)
    files = [tmp_path / one.file for one in moved(store, tmp_path)]
    assert fates(store, *files, *files) == [Fate.STORED] * 2 + [Fate.THERE] * 2


def test_another_store_takes_a_file_whole(store: Store, tmp_path: Path) -> None:
    made = stored(store, JUNE)
    [file] = moved(store, tmp_path)
    another = Store(f"sqlite:///{tmp_path}/another.db")
    assert fates(another, tmp_path / file.file) == [Fate.STORED]
    assert another.measurement(made[0].uid) == (made[0], judge(made[0]))
    another.close()


def test_evidence_of_an_older_program_goes_and_comes_back_byte_for_byte(store: Store, tmp_path: Path) -> None:
    """It had fewer fields: written anew by this one it would not be what its link was made of."""
    one = replace(FINE, uid="old", started_at=JUNE, vantage=HOME)
    older = adapter().dump_json(one).replace(b',"software":""', b"")
    assert older != adapter().dump_json(one)
    assert store.add(one, judge(one), older)
    [file] = moved(store, tmp_path)
    assert lines(tmp_path) == {"old": older}
    assert troubles(store, tmp_path) == []
    assert fates(store, tmp_path / file.file) == [Fate.STORED]
    assert troubles(store, None) == []


def test_other_evidence_than_was_stored_is_not_brought_back(store: Store, tmp_path: Path) -> None:
    [one] = stored(store, JUNE)
    moved(store, tmp_path)
    assert bring_back(store, one, adapter().dump_json(replace(one, runtime_ms=1.0))) is False
    assert bring_back(store, replace(one, uid="nobody")) is False
    assert bring_back(store, one) is True
    assert bring_back(store, one) is False


def test_what_can_not_be_unpacked_stays_and_is_named_and_the_rest_goes(store: Store, tmp_path: Path) -> None:
    made = stored(store, JUNE - timedelta(days=1), JUNE, JULY)
    behind_our_back(store, "update evidence set blob = :blob where uid = :uid", blob=b"spoilt", uid=made[0].uid)
    text = packed(b"[\n]")
    behind_our_back(store, "update evidence set blob = :blob where uid = :uid", blob=text["blob"], uid=made[1].uid)
    assert [one.measurements for one in moved(store, tmp_path)] == [1]
    assert rows(store, "evidence") == 2
    assert len(troubles(store, tmp_path)) == 2
    assert not list(tmp_path.glob(".*"))


def test_what_comes_late_for_a_month_that_is_archived_gets_a_file_of_its_own(store: Store, tmp_path: Path) -> None:
    made = stored(store, JUNE - timedelta(days=20), JUNE)
    moved(store, tmp_path)
    late = replace(FINE, uid="late", started_at=JUNE - timedelta(days=10), vantage=HOME)
    assert store.add(late, judge(late))
    [file] = moved(store, tmp_path)
    assert file.measurements == 1
    assert set(lines(tmp_path)) == {late.uid, *(one.uid for one in made)}
    assert troubles(store, tmp_path) == []


def test_a_month_of_many_goes_in_parts(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "_PART_ROWS", 2)
    stored(store, *(JUNE for _ in range(5)))  # at one moment
    assert [one.measurements for one in moved(store, tmp_path)] == [2, 2, 1]
    assert len(lines(tmp_path)) == 5
    assert troubles(store, tmp_path) == []


def test_two_programs_that_move_at_once_lose_nothing(opened: Opening, tmp_path: Path) -> None:
    stores = [opened(), opened()]
    made = stored(stores[0], *(JUNE - timedelta(hours=number) for number in range(60)))
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda store: moved(store, tmp_path), stores))
    assert set(lines(tmp_path)) == {one.uid for one in made}
    assert rows(stores[0], "evidence") == 0
    assert troubles(stores[0], tmp_path) == []


def test_a_folder_that_can_not_be_written_deletes_nothing(store: Store, tmp_path: Path) -> None:
    stored(store, JUNE)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match="file"):
        moved(store, tmp_path / "file" / "archive")
    assert rows(store, "evidence") == 1


def killed(url: str, folder: Path, step: int) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "tests.results.mover", url, str(folder), AUGUST.isoformat(), str(step), "2"]
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)


def test_killed_at_any_step_it_loses_nothing_and_whoever_goes_on_ends_it(
    opened: Opening, store_url: str, tmp_path: Path
) -> None:
    """At each step in turn, on what the kill before left."""
    store, folder, step = opened(), tmp_path / "archive", 0
    made: list[Measurement] = []
    while True:
        step += 1
        number = len(made)
        for more in range(3):
            at = (JUNE if more else JULY) - timedelta(minutes=number + more)
            one = replace(FINE, uid=f"{step}-{more}", started_at=at, vantage=HOME)
            store.add(one, judge(one))
            made.append(one)
        done = killed(store_url, folder, step)
        assert done.returncode in {0, -9}, done.stderr
        with store.transaction() as connection:
            inside = set(connection.execute(sa.text("select uid from evidence")).scalars())
        assert inside | (set(lines(folder)) if folder.is_dir() else set()) == {one.uid for one in made}
        assert troubles(store, folder) == []
        if done.returncode == 0:
            break
    assert step > 12
    for left in folder.glob(".*"):
        os.utime(left, (0, 0))
    moved(store, folder)
    assert not list(folder.glob(".*"))
    assert rows(store, "evidence") == 0
    evidence = lines(folder)
    assert evidence == {one.uid: adapter().dump_json(one) for one in made}
