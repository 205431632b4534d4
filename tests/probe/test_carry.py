"""`kedergi export` and `import`, as they are called."""

import csv
import gzip
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from results.store import Store
from tests.results.test_carrying import ALL, add


class Place:
    """A configuration with a store of its own."""

    def __init__(self, folder: Path, name: str) -> None:
        self.url = f"sqlite:///{folder / name}.db"
        self.config = folder / f"{name}.toml"
        self.config.write_text(f'[store]\nurl = "{self.url}"\n')

    def run(self, *words: str | Path) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "kedergi", *map(str, words), "--config", str(self.config)]
        return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=60, check=False)


@pytest.fixture
def here(tmp_path: Path) -> Place:
    place = Place(tmp_path, "here")
    store = Store(place.url)
    add(store, ALL)
    store.close()
    return place


@pytest.fixture
def there(tmp_path: Path) -> Place:
    return Place(tmp_path, "there")


def test_carried_from_one_store_to_another(here: Place, there: Place, tmp_path: Path) -> None:
    done = here.run("export")
    assert (done.returncode, done.stderr) == (0, "")
    file = tmp_path / "carried.jsonl.gz"
    file.write_bytes(gzip.compress(done.stdout.encode()))
    assert there.run("import", file).stdout == "4 stored, 0 refused.\n"
    assert there.run("import", file).stdout == "0 stored, 4 were there already, 0 refused.\n"
    assert there.run("export").stdout == done.stdout


def test_what_is_refused_is_said_with_file_and_line(here: Place, there: Place, tmp_path: Path) -> None:
    file = tmp_path / "carried.jsonl"
    file.write_text("{}\n" + here.run("export").stdout, "utf-8")
    done = there.run("import", file)
    assert (done.returncode, done.stdout) == (1, "4 stored, 1 refused.\n")
    assert done.stderr.startswith(f"{file}:1: ")
    told = [json.loads(text) for text in there.run("import", file, "--format", "json").stdout.splitlines()]
    assert [one["fate"] for one in told] == ["refused", *["there"] * 4]


def test_points_are_a_table_that_episodes_reads(here: Place, tmp_path: Path) -> None:
    done = here.run("export", "--format", "csv", "--since", "2026-11-22", "--until", "2026-11-22T11:30:00")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [row["uid"] for row in rows] == ["d", "b", "c"]
    assert (rows[1]["verdict"], rows[1]["mechanism"], rows[1]["series"]) == (
        "blocked",
        "tls.reset",
        f"{rows[1]['url']} AS21299",
    )
    file = tmp_path / "points.csv"
    file.write_text(done.stdout, "utf-8")
    read = here.run("episodes", "--points", file)
    assert (read.returncode, read.stderr) == (0, "")


def test_a_time_that_is_none_is_refused(here: Place) -> None:
    done = here.run("export", "--since", "yesterday")
    assert done.returncode == 2
    assert "yesterday" in done.stderr
