"""The detector over an archive on one machine: the same episodes as without one, whatever the pieces are."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from results.archive import appending, detecting, duckdb_engine, findings
from results.archive import manifest as _manifest
from results.archive.manifest import POINTS
from results.archive.needs import ArchiveError
from results.archive.place import Folder
from tests.results.archive.generated import archive
from tests.results.archive.tables import points, table
from tests.results.archive.test_appending import add, of, read

COUNT, LENGTH = 12, 600


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(appending, "_ROWS_A_GROUP", 250)
    archive(tmp_path, count=COUNT, length=LENGTH, buckets=3)
    return tmp_path


def found(folder: Path) -> pa.Table:
    return findings.whole(
        one.episodes for one in duckdb_engine.episodes(Folder(folder), _manifest.read(Folder(folder)))
    )


def test_it_finds_what_the_plain_detector_finds(folder: Path) -> None:
    plain = findings.whole([findings.table(detecting.found(read(folder), loop=None))])
    assert plain.num_rows > COUNT / 2
    assert list(findings.lines(found(folder))) == list(findings.lines(plain))


@pytest.mark.parametrize("rows", [1, 100, 5_000])
def test_it_finds_the_same_in_pieces_of_any_length(folder: Path, rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = found(folder)
    monkeypatch.setattr(duckdb_engine, "_ROWS_AT_ONCE", rows)
    assert found(folder).equals(whole)


def test_the_pieces_hold_each_series_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duckdb_engine, "_ROWS_AT_ONCE", 100)
    place = Folder(folder)
    pieces = list(duckdb_engine.pieces(duckdb_engine.buckets(place, _manifest.read(place))[0]))
    assert len(pieces) > 1
    assert [piece.end for piece in pieces[:-1]] == [piece.first for piece in pieces[1:]]
    assert (pieces[0].first, pieces[-1].end) == ("", None)


def test_more_cores_than_four_are_used_by_programs_of_their_own(folder: Path) -> None:
    work = duckdb_engine.buckets(Folder(folder), _manifest.read(Folder(folder)))
    apart = list(duckdb_engine.side_by_side(duckdb_engine._episodes, work, workers=5))
    assert findings.whole(one.episodes for one in apart).equals(found(folder))
    assert sum(one.share.points for one in apart) == COUNT * LENGTH


def test_points_at_one_instant_count_in_the_order_of_their_uids(tmp_path: Path) -> None:
    """Twenty goods and twenty bads at each instant: whichever comes first decides whether a stretch begins."""
    rows = points(40)
    for hour in range(40, 44):
        rows += [
            {"uid": f"{hour} {order} {number}", "series": rows[0]["series"], "at": hour, "verdict": verdict}
            for number in range(20)
            for order, verdict in enumerate(("blocked", "accessible"))
        ]
    add(tmp_path, table(rows[::2]))
    add(tmp_path, table(rows[1::2]))
    plain = findings.whole([findings.table(detecting.found(table(rows), loop=None))])
    assert plain.num_rows
    assert found(tmp_path).equals(plain)


def test_an_empty_archive_has_no_episodes(tmp_path: Path) -> None:
    add(tmp_path, of())
    assert found(tmp_path).num_rows == 0


def test_a_part_that_is_gone_is_said_in_a_sentence(folder: Path) -> None:
    manifest = _manifest.read(Folder(folder))
    (folder / manifest.parts[0].inside(POINTS)).unlink()
    with pytest.raises(ArchiveError, match=r"^Can't read the archive: .*part-00000001\.parquet"):
        found(folder)


def test_what_is_found_is_written_as_json_lines_and_as_parquet(folder: Path, tmp_path: Path) -> None:
    episodes = found(folder)
    findings.write(episodes, tmp_path / "found.jsonl")
    findings.write(episodes, tmp_path / "found.parquet")
    lines = (tmp_path / "found.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["series"] for line in lines] == episodes["series"].to_pylist()
    assert lines == sorted(lines, key=lambda line: (json.loads(line)["series"], json.loads(line)["first_bad_at"]))
    assert pq.ParquetFile(tmp_path / "found.parquet").read().equals(episodes)
    assert not list(tmp_path.glob("*.new"))


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match=r"allowed are names that end with \.parquet or \.jsonl"):
        findings.write(findings.whole([]), tmp_path / "found.csv")
