"""An archive in a bucket of S3's kind is what one in a folder is: whole, once, and with the same episodes."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from results.archive import bulk, duckdb_engine, findings, rollup
from results.archive import manifest as _manifest
from results.archive.appending import Added, append
from results.archive.columns import ORDER
from results.archive.manifest import POINTS, paths, writing
from results.archive.needs import ArchiveError
from results.archive.place import Folder, Objects, Place, at
from tests.results.archive.generated import points as generated
from tests.results.archive.storage import storage
from tests.results.archive.test_appending import SERIES, of
from tests.results.archive.test_bulk import lines

BUCKET = "measurements"


@pytest.fixture(scope="module")
def reached() -> Iterator[dict[str, str]]:
    with storage(BUCKET) as environment:
        yield environment


@pytest.fixture
def place(reached: dict[str, str], request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Place:
    for name, value in reached.items():
        monkeypatch.setenv(name, value)
    return at(f"s3://{BUCKET}/{request.node.name}/archive")


def add(place: Place, made: pa.Table) -> Added:
    with writing(place):
        now = _manifest.read_or_begin(place, 2)
        _manifest.sweep(place, now)
        return append(place, now, made)


def read(place: Place) -> pa.Table:
    files = paths(place, _manifest.read(place).parts)
    return pa.concat_tables([pq.ParquetFile(file, filesystem=place.system).read() for file in files]).sort_by(ORDER)


def parts(place: Place) -> list[str]:
    return [name for name in place.files(POINTS) if name.endswith(".parquet")]


def test_each_measurement_is_there_once_and_small_parts_become_one(place: Place) -> None:
    for number in range(9):
        add(place, of(*SERIES, first=number, count=2))
    assert read(place).equals(of(*SERIES, count=10))
    assert len(parts(place)) == len(_manifest.read(place).parts) < 8
    assert not place.files("writing")


def test_the_episodes_and_the_days_are_those_of_a_folder(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import numpy as np

    monkeypatch.setattr("results.archive.appending._ROWS_A_GROUP", 250)
    monkeypatch.setattr(duckdb_engine, "_ROWS_AT_ONCE", 1_000)
    folder, made = Folder(tmp_path), generated(np.random.default_rng(1), [*range(8)], 600)
    for one in (place, folder):
        add(one, made)
        assert len(list(duckdb_engine.pieces(duckdb_engine.buckets(one, _manifest.read(one))[0]))) > 1
    found = [
        findings.whole(each.episodes for each in duckdb_engine.episodes(one, _manifest.read(one)))
        for one in (place, folder)
    ]
    assert found[0].equals(found[1])
    assert found[0].num_rows
    assert rollup.with_duckdb(place, _manifest.read(place)).equals(rollup.with_duckdb(folder, _manifest.read(folder)))


DYING = """
import os, sys
import tests.results.archive.test_objects as here
from results.archive.place import Objects, at
commit = Objects.commit
def dying(place, inside, text):
    if inside == "manifest.json":
        os._exit(9)
    commit(place, inside, text)
Objects.commit = dying
here.add(at(sys.argv[1]), here.of(*here.SERIES, count=20))
"""


def test_a_program_that_dies_before_the_manifest_has_added_nothing(place: Place) -> None:
    add(place, of(*SERIES))
    assert subprocess.run([sys.executable, "-c", DYING, str(place)], check=False).returncode == 9
    assert len(parts(place)) > len(_manifest.read(place).parts)
    assert read(place).equals(of(*SERIES))
    [left] = place.files("writing")
    with pytest.raises(ArchiveError, match=f"or if it was killed, remove {place}/{left}"):
        add(place, of(*SERIES, count=20))
    assert place.files("writing") == [left]
    place.remove(left)
    add(place, of(*SERIES, count=15))
    assert read(place).equals(of(*SERIES, count=15))
    assert len(parts(place)) == len(_manifest.read(place).parts)


def test_a_second_writer_is_told_that_there_is_one(place: Place) -> None:
    with writing(place), pytest.raises(ArchiveError, match="Another program writes"), writing(place):
        pass
    assert not place.files("writing")


def test_oonis_files_go_there_and_are_not_read_again(place: Place, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(lines(0, 20))
    for stored, skipped in ((20, 0), (0, 1)):
        done = bulk.bring_in([str(tmp_path / "a.jsonl")], place, buckets=2, workers=1, tell=lambda *_: None)
        assert (done.stored, done.skipped) == (stored, skipped)
    assert read(place).num_rows == 20


def test_a_place_with_other_things_in_it_does_not_become_an_archive(place: Place) -> None:
    place.commit("letters/a.txt", "Dear")
    with pytest.raises(ArchiveError, match=r"^s3://.* is no archive and not empty"):
        add(place, of("a"))


@pytest.mark.usefixtures("place")
def test_the_command_tells_what_the_storage_says_and_no_key() -> None:
    kedergi = Path(sys.executable).with_name("kedergi")
    asked = [str(kedergi), "rollup", "--archive", f"s3://no-such-bucket/{BUCKET}"]
    done = subprocess.run(asked, env=os.environ, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 2
    assert done.stderr == f"kedergi: s3://no-such-bucket/{BUCKET} is no archive: it has no manifest.json.\n"
    with pytest.raises(ArchiveError, match="NO_SUCH_BUCKET") as refused:
        add(at("s3://no-such-bucket/archive"), of("a"))
    assert os.environ["AWS_SECRET_ACCESS_KEY"] not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_storage_with_spark_is_refused(place: Place) -> None:
    pytest.importorskip("pyspark")
    from results.archive import spark_engine

    add(place, of("a"))
    with pytest.raises(ArchiveError, match=r"--engine spark reads a folder that all workers have, and not s3://"):
        spark_engine.episodes(place, _manifest.read(place), master="local[1]")


@pytest.mark.parametrize("name", ["s3://", "s3://bucket", "s3://bucket/", "s3://k:w@bucket/a", "s3://bucket/a?x=1"])
def test_what_is_no_address_of_an_archive_is_refused(name: str) -> None:
    with pytest.raises(ArchiveError, match="is not an address like s3://BUCKET/NAME"):
        at(name)


def test_an_address_is_one_however_it_ends() -> None:
    assert at("s3://bucket/a/b/") == at("s3://bucket/a/b") == Objects("bucket/a/b")
