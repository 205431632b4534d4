"""Points go into an archive once, whole or not at all, and any reader of Parquet finds them."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from results.archive import manifest as _manifest
from results.archive.appending import Added, append
from results.archive.columns import COLUMNS, ORDER, WITH_EVIDENCE, bucket
from results.archive.manifest import EVIDENCE, POINTS, Manifest, Part, paths, writing
from results.archive.needs import ArchiveError
from results.archive.place import NEW, Folder
from tests.results.archive.generated import archive
from tests.results.archive.tables import points, table

SERIES = [f"site-{number}.kz AS9198" for number in range(6)]


def add(folder: Path, made: pa.Table, buckets: int = 4) -> Added:
    with writing(Folder(folder)):
        now = _manifest.read_or_begin(Folder(folder), buckets)
        _manifest.sweep(Folder(folder), now)
        return append(Folder(folder), now, made)


def of(*series: str, count: int = 10, first: int = 0) -> pa.Table:
    return table([row for name in series for row in points(count, series=name, first=first)])


def read(folder: Path) -> pa.Table:
    files = paths(Folder(folder), _manifest.read(Folder(folder)).parts)
    return pa.concat_tables([COLUMNS.empty_table(), *(pq.ParquetFile(file).read() for file in files)]).sort_by(ORDER)


def files_of(folder: Path, kind: str = POINTS) -> list[Path]:
    return sorted((folder / kind).rglob("*.parquet*"))


def test_what_goes_in_comes_out(tmp_path: Path) -> None:
    made = of(*SERIES)
    assert add(tmp_path, made).stored == 60
    assert read(tmp_path).equals(made)


def test_each_measurement_is_there_once_however_often_it_comes(tmp_path: Path) -> None:
    add(tmp_path, of(*SERIES))
    twice = pa.concat_tables([of(*SERIES, count=15), of(*SERIES, count=15)])
    added = add(tmp_path, twice)
    assert (added.stored, added.there) == (30, 150)
    assert read(tmp_path).equals(of(*SERIES, count=15))
    assert add(tmp_path, twice).stored == 0


def test_parts_are_by_month_and_bucket_of_the_series_and_sorted(tmp_path: Path) -> None:
    made = add(tmp_path, of(*SERIES, count=1500)).manifest
    assert {part.month for part in made.parts} == {"2026-01", "2026-02", "2026-03"}
    for part in made.parts:
        rows = pq.ParquetFile(tmp_path / part.inside(POINTS)).read()
        assert rows.equals(rows.sort_by(ORDER))
        assert {bucket(series, 4) for series in rows["series"].to_pylist()} == {part.bucket}
        assert {f"{at:%Y-%m}" for at in rows["at"].to_pylist()} == {part.month}
        assert rows.num_rows == part.rows


def test_a_part_says_its_schema_and_is_packed_with_zstandard(tmp_path: Path) -> None:
    add(tmp_path, of("a"))
    footer = pq.read_metadata(files_of(tmp_path)[0])
    assert footer.metadata[b"kedergi.schema"] == b"1"
    assert footer.row_group(0).column(0).compression == "ZSTD"


def test_duckdb_and_arrow_read_the_folder_with_month_and_bucket_as_columns(tmp_path: Path) -> None:
    made = of(*SERIES, count=1500)
    add(tmp_path, made)
    folder = tmp_path / POINTS
    query = (
        f"""SELECT month, count(*), min("at")::VARCHAR FROM '{folder}/*/*/*.parquet' GROUP BY month ORDER BY month"""
    )
    with duckdb.connect() as connection:
        found = connection.sql(query).fetchall()
    assert [row[:2] for row in found] == [("2026-01", 6 * 744), ("2026-02", 6 * 672), ("2026-03", 6 * 84)]
    whole = ds.dataset(folder, partitioning="hive").to_table()
    assert whole.select(COLUMNS.names).sort_by(ORDER).equals(made)
    assert whole["bucket"].to_pylist() == [bucket(series, 4) for series in whole["series"].to_pylist()]


def test_what_no_manifest_names_is_read_by_nobody_and_swept(tmp_path: Path) -> None:
    add(tmp_path, of("a"))
    [kept] = files_of(tmp_path)
    for name in ("part-00000009.parquet", f"part-00000010.parquet{NEW}"):
        (kept.parent / name).write_bytes(kept.read_bytes())
    assert read(tmp_path).num_rows == 10
    add(tmp_path, of("a"))
    assert files_of(tmp_path) == [kept]


def test_many_small_parts_become_one(tmp_path: Path) -> None:
    for number in range(20):
        add(tmp_path, of("a", first=number, count=1), buckets=1)
    assert len(_manifest.read(Folder(tmp_path)).parts) < 8
    assert len(files_of(tmp_path)) == len(_manifest.read(Folder(tmp_path)).parts)
    assert read(tmp_path).equals(of("a", count=20))


def test_evidence_stands_beside_its_points_row_by_row(tmp_path: Path) -> None:
    for number in range(20):
        rows = [{**row, "evidence": json.dumps(row)} for row in points(2, first=2 * number)]
        made = pa.Table.from_pylist(
            [{**one, "evidence": row["evidence"]} for one, row in zip(table(rows).to_pylist(), rows, strict=True)],
            WITH_EVIDENCE,
        )
        add(tmp_path, made, buckets=1)
    for part in _manifest.read(Folder(tmp_path)).parts:
        uids = pq.ParquetFile(tmp_path / part.inside(POINTS)).read()["uid"].to_pylist()
        beside = pq.ParquetFile(tmp_path / part.inside(EVIDENCE)).read().to_pylist()
        assert part.evidence == part.rows
        assert [row["uid"] for row in beside] == [json.loads(row["evidence"])["uid"] for row in beside] == uids


def test_an_archive_keeps_its_number_of_buckets(tmp_path: Path) -> None:
    add(tmp_path, of("a"), buckets=4)
    with pytest.raises(ArchiveError, match=r"has 4 buckets, and keeps them; 8 were asked for\.$"):
        add(tmp_path, of("a"), buckets=8)


def test_a_folder_with_other_things_in_it_does_not_become_an_archive(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    with pytest.raises(ArchiveError, match="is no archive and not empty"):
        add(tmp_path, of("a"))


@pytest.mark.parametrize(
    ("text", "says"),
    [(None, "is no archive"), ('{"schema":2}', "has the schema 2; this program reads 1"), ("{", "Can't read")],
)
def test_what_is_no_archive_of_this_schema_is_said(tmp_path: Path, text: str | None, says: str) -> None:
    if text is not None:
        (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(ArchiveError, match=says):
        _manifest.read(Folder(tmp_path))


def test_a_second_writer_is_told_that_there_is_one(tmp_path: Path) -> None:
    with (
        writing(Folder(tmp_path)),
        pytest.raises(ArchiveError, match="Another program writes"),
        writing(Folder(tmp_path)),
    ):
        pass


WRITER = """
import sys
from pathlib import Path
import tests.results.archive.test_appending as here
for number in range(1000):
    here.add(Path(sys.argv[1]), here.of(*here.SERIES, first=number, count=3))
    print(number, flush=True)
"""


@pytest.fixture
def killed(tmp_path: Path) -> list[int]:
    """A writer that is killed after a while, three times over: how far it came each time."""
    came = []
    for _ in range(3):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as one:
            assert one.stdout is not None
            for line in one.stdout:
                if int(line) == 12:
                    os.kill(one.pid, signal.SIGKILL)
            came.append(int(line))
    return came


def test_a_writer_that_is_killed_leaves_an_archive_that_goes_on(tmp_path: Path, killed: list[int]) -> None:
    """Twelve appends merge parts, too; where in one of them the signal comes is chance."""
    assert min(killed) >= 12
    before = read(tmp_path)
    assert before.equals(of(*SERIES, count=before.num_rows // 6))
    add(tmp_path, of(*SERIES, count=100))
    assert read(tmp_path).equals(of(*SERIES, count=100))
    assert len(files_of(tmp_path)) == len(_manifest.read(Folder(tmp_path)).parts)


STEPS = ("replace", "fsync", "unlink")


@pytest.mark.parametrize("die_at", [1, 3, 6, 8, 9, 11, 12])
def test_dying_at_any_step_of_a_commit_loses_nothing_and_doubles_nothing(tmp_path: Path, die_at: int) -> None:
    """The n-th time that something is made to last, renamed or removed, the program ends there and then."""
    for number in range(7):
        add(tmp_path, of("a", "b", first=number, count=1), buckets=2)
    program = f"""
import os, sys
from pathlib import Path
import tests.results.archive.test_appending as here
left = {die_at}
def dying(real):
    def one(*arguments, **named):
        global left
        left -= 1
        if left == 0:
            os._exit(9)
        return real(*arguments, **named)
    return one
os.fsync = dying(os.fsync)
Path.replace, Path.unlink = dying(Path.replace), dying(Path.unlink)
here.add(Path(sys.argv[1]), here.of("a", "b", first=7, count=5), buckets=2)
"""
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    assert done.returncode in (0, 9)
    found = read(tmp_path)
    assert found.equals(of("a", "b", count=7)) or found.equals(of("a", "b", count=12))
    add(tmp_path, of("a", "b", count=12), buckets=2)
    assert read(tmp_path).equals(of("a", "b", count=12))


def test_the_generated_archive_is_one(tmp_path: Path) -> None:
    made = archive(tmp_path, count=5, length=100, buckets=2)
    assert made.rows == read(tmp_path).num_rows == 500


def test_a_manifest_is_read_as_it_was_written(tmp_path: Path) -> None:
    part = Part(month="2026-01", bucket=1, name="part-00000001.parquet", rows=3, evidence=2)
    mark, source = _manifest.Mark(3, "abc"), _manifest.Source(mark="d", read=3, not_read=1)
    made = Manifest(buckets=2, parts=(part,), marks={"алматы": mark}, sources={"a.jsonl": source})
    assert _manifest.commit(Folder(tmp_path), made) == replace(made, commits=1) == _manifest.read(Folder(tmp_path))
