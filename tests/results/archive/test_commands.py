"""The commands over archives, as a person types them; and what is said where something is missing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from results.archive.needs import ArchiveError, demand
from results.archive.place import Folder, at
from results.carrying import Chosen, measurements
from results.store import Store
from tests.results.archive.generated import archive
from tests.results.archive.test_bulk import lines
from tests.results.test_carrying import ALL, add

KEDERGI = Path(sys.executable).with_name("kedergi")


def kedergi(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [KEDERGI, *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )


def config(tmp_path: Path, name: str) -> Path:
    file = tmp_path / f"{name}.toml"
    file.write_text(f'[store]\nurl = "sqlite:///{tmp_path / name}.db"\n')
    return file


def test_a_store_goes_into_an_archive_and_comes_back(tmp_path: Path) -> None:
    store, other = (Store(f"sqlite:///{tmp_path / name}.db") for name in ("one", "two"))
    add(store, ALL)
    made = tmp_path / "archive"
    out = kedergi("export", "--archive", made, "--config", config(tmp_path, "one"))
    assert (out.returncode, out.stdout) == (0, "4 added; the archive has 4 points.\n"), out.stderr
    back = kedergi("import", "--archive", made, "--config", config(tmp_path, "two"))
    assert (back.returncode, back.stdout) == (0, "4 stored, 0 refused.\n"), back.stderr
    assert list(measurements(other, Chosen())) == list(measurements(store, Chosen()))
    store.close()
    other.close()


def test_points_without_evidence_are_said_to_be_no_measurements(tmp_path: Path) -> None:
    archive(tmp_path / "archive", count=2, length=5, buckets=1)
    done = kedergi("import", "--archive", tmp_path / "archive", "--config", config(tmp_path, "one"))
    assert (done.returncode, done.stdout) == (0, "0 stored, 0 refused.\n")
    assert done.stderr == "10 points have no evidence in the archive, and are no measurements to store.\n"


def test_episodes_of_an_archive_are_printed_or_written(tmp_path: Path) -> None:
    archive(tmp_path / "archive", count=6, length=1000, buckets=2)
    printed = kedergi("episodes", "--archive", tmp_path / "archive", "--format", "json")
    assert printed.returncode == 0, printed.stderr
    assert {json.loads(line)["kind"] for line in printed.stdout.splitlines()} >= {"blocking"}
    written = kedergi("episodes", "--archive", tmp_path / "archive", "--to", tmp_path / "found.jsonl")
    assert (written.returncode, written.stdout) == (0, "")
    assert (tmp_path / "found.jsonl").read_text("utf-8") == printed.stdout


def test_ooni_files_go_into_an_archive_and_into_no_store(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(lines(0, 20) + b"{\n")
    done = kedergi("import", "--from", "ooni", "--archive", tmp_path / "archive", tmp_path / "a.jsonl")
    assert (done.returncode, done.stdout) == (1, "20 added, 1 not read, of 1 files.\n"), done.stderr
    assert done.stderr.startswith(f"{tmp_path}/a.jsonl:21: ")
    again = kedergi("import", "--from", "ooni", "--archive", tmp_path / "archive", tmp_path / "a.jsonl")
    assert again.stdout == "0 added, 0 not read, of 0 files, 1 files were taken in before.\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("episodes", "--archive", "gs://bucket/archive"), "allowed is a folder, or s3://BUCKET/NAME."),
        (("episodes", "--archive", "s3://key:word@bucket/archive"), "keys are taken from the environment"),
        (("episodes", "--archive", "nowhere"), "nowhere is no archive: it has no manifest.json."),
        (("rollup", "--archive", "nowhere"), "nowhere is no archive: it has no manifest.json."),
        (("import", "--archive", "nowhere", "--from", "ooni"), "--from ooni needs files"),
    ],
)
def test_a_wrong_call_is_one_sentence_and_status_2(arguments: tuple[str, ...], says: str) -> None:
    done = kedergi(*arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(("extra", "hidden"), [("archive", "pyarrow"), ("archive", "duckdb"), ("spark", "pyspark")])
def test_a_missing_package_is_told_with_the_extra_that_brings_it(
    extra: str, hidden: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("results.archive.needs.find_spec", lambda name: None if name == hidden else object())
    says = rf"^This needs {hidden}, which is not installed: pip install 'kedergi\[{extra}\]' brings what is missing\.$"
    with pytest.raises(ArchiveError, match=says):
        demand(extra)


WITHOUT = """
import sys
for name in ("pyarrow", "duckdb", "numba", "numpy", "pyspark"):
    sys.modules[name] = None
import kedergi, probe.archiving, probe.cli, server.by_hand_cli, results.archive.cli
"""


def test_the_base_installation_needs_nothing_of_it() -> None:
    subprocess.run([sys.executable, "-c", WITHOUT], check=True, timeout=60)


def test_a_folder_is_named_plainly_or_as_a_file_address() -> None:
    assert at("file:///tmp/archive") == at("/tmp/archive") == Folder(Path("/tmp/archive"))
