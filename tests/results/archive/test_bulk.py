"""OONI's files into an archive: the same verdicts as `judge` gives, each measurement once, and on after an end."""

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from results.archive import bulk
from results.archive import manifest as _manifest
from results.archive.needs import ArchiveError
from results.archive.place import Folder
from results.judging import Judged, judged
from tests.results.archive.test_appending import read
from tests.results.ooni_cases import CASES

SEEN = [case.seen for case in CASES if "largeFile" not in case.name]
Run = Callable[..., tuple[bulk.Progress, list[bulk.Trouble]]]


def lines(first: int, count: int) -> bytes:
    made = []
    for number in range(first, first + count):
        case = SEEN[number % len(SEEN)]
        made.append(json.dumps({**case, "measurement_uid": f"uid-{number}", "probe_asn": f"AS{number % 7 + 1}"}))
    return ("\n".join(made) + "\n").encode()


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    folder = tmp_path / "ooni"
    folder.mkdir()
    (folder / "a.jsonl").write_bytes(lines(0, 30))
    (folder / "b.jsonl.gz").write_bytes(gzip.compress(lines(30, 30)))
    (folder / "c.jsonl.zst").write_bytes(zstandard.compress(lines(60, 30)))
    return [str(folder / name) for name in ("a.jsonl", "b.jsonl.gz", "c.jsonl.zst")]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def once(files: list[str], workers: int = 2) -> tuple[bulk.Progress, list[bulk.Trouble]]:
        troubles: list[bulk.Trouble] = []
        done = bulk.bring_in(
            files,
            Folder(tmp_path / "archive"),
            buckets=2,
            workers=workers,
            tell=lambda _, found: troubles.extend(found),
        )
        return done, troubles

    return once


def test_points_say_what_judge_says(tmp_path: Path, files: list[str], run: Run) -> None:
    done, troubles = run(files)
    assert (done.files, done.stored, done.there, done.not_read, troubles) == (3, 90, 0, 0, [])
    said = {one.measurement.uid: one.judgement for one in judged(files) if isinstance(one, Judged)}
    rows = {row["uid"]: row for row in read(tmp_path / "archive").to_pylist()}
    assert rows.keys() == said.keys()
    assert {uid: (row["verdict"], row["mechanism"]) for uid, row in rows.items()} == {
        uid: (one.verdict.value, " ".join(one.mechanisms)) for uid, one in said.items()
    }
    assert {row["handshake_ms"] for row in rows.values()} == {one.timings.tls for one in said.values()}
    assert not list((tmp_path / "archive" / "incoming").iterdir())


def test_a_file_that_was_taken_in_is_not_read_again(files: list[str], run: Run) -> None:
    run(files[:2])
    done, _ = run(files)
    assert (done.files, done.skipped, done.stored) == (1, 2, 30)


def test_a_file_that_grew_gives_what_is_new(files: list[str], run: Run) -> None:
    run(files)
    with Path(files[0]).open("ab") as file:
        file.write(lines(90, 5))
    done, _ = run(files)
    assert (done.skipped, done.stored, done.there) == (2, 5, 30)


def test_another_file_of_the_same_name_and_length_is_read(tmp_path: Path, files: list[str], run: Run) -> None:
    run(files[:1])
    other = tmp_path / "a.jsonl"
    other.write_bytes(Path(files[0]).read_bytes().replace(b"uid-1", b"uid-x"))
    done, _ = run([str(other)])
    assert done.stored == 11


def test_what_cant_be_read_is_told_with_file_and_line(tmp_path: Path, run: Run) -> None:
    bad = tmp_path / "bad.jsonl"
    undated = {**SEEN[0], "measurement_start_time": None, "test_start_time": None, "report_id": ""}
    bad.write_bytes(lines(0, 2) + b"{\n" + json.dumps(undated).encode() + b"\n" + lines(2, 1))
    cut = tmp_path / "cut.jsonl.gz"
    cut.write_bytes(gzip.compress(lines(3, 20))[:-100])
    done, troubles = run([str(bad), str(cut), str(tmp_path / "absent.jsonl")])
    assert done.stored >= 3
    assert done.not_read == len(troubles) == 4
    told = {(Path(one.file).name, one.line) for one in troubles if one.file == str(bad)}
    assert told == {("bad.jsonl", 3), ("bad.jsonl", 4)}
    assert "It does not say when it was measured." in {one.says for one in troubles}
    assert any(one.file.endswith("absent.jsonl") and "can't be read" in one.says for one in troubles)
    done, troubles = run([str(tmp_path / "absent.jsonl")])
    assert done.not_read == 1


PROGRAM = """
import sys
from pathlib import Path
from results.archive import bulk
from results.archive.place import Folder
if __name__ == "__main__":
    bulk.AT_ONCE = 1
    place = Folder(Path(sys.argv[1]))
    bulk.bring_in(sys.argv[2:], place, buckets=2, workers=2, tell=lambda done, _: print(done, flush=True))
"""


def test_a_run_that_is_killed_goes_on_where_it_was(tmp_path: Path, files: list[str], run: Run) -> None:
    for number in range(6):
        extra = tmp_path / f"more-{number}.jsonl"
        extra.write_bytes(lines(100 + 20 * number, 20))
        files.append(str(extra))
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "archive"), *files]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as one:
        assert one.stdout is not None
        one.stdout.readline()
        one.stdout.readline()
        os.kill(one.pid, signal.SIGKILL)
    before = len(_manifest.read(Folder(tmp_path / "archive")).sources)
    assert before >= 1
    released(tmp_path / "archive")
    done, _ = run(files)
    assert (done.skipped, done.files) == (before, 9 - before)
    assert sorted(read(tmp_path / "archive")["uid"].to_pylist()) == sorted(
        [f"uid-{number}" for number in (*range(90), *range(100, 220))]
    )


def released(folder: Path) -> None:
    """Waits for the programs of a killed run, which notice that nobody wants their answers."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            with _manifest.writing(Folder(folder)):
                return
        except ArchiveError:
            time.sleep(0.05)
    pytest.fail("the archive is still locked")
