"""`kedergi export` in each format and `import` back: what a format carries comes back, byte for byte."""

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from results.judgement import Judgement
from results.records import Measurement
from results.store import Store
from results.verdict import judge
from tests.results.build import AT
from tests.results.scenarios import ROWS
from tests.results.test_carrying import ALL, add
from tests.server.simulated import rich, throttled

# All scenarios that the bundled rules judge, each at its own time, and everything that a measurement can hold.
SEEN = [
    *ALL,
    rich("rich"),
    throttled("slow"),
    replace(rich("made-up"), simulated="made up"),
    *(
        replace(row.seen, uid=f"row-{number}", started_at=AT + timedelta(minutes=number))
        for number, row in enumerate(ROWS)
        if row.known is None
    ),
]


class Place:
    """A configuration with a store of its own."""

    def __init__(self, folder: Path, name: str) -> None:
        self.url = f"sqlite:///{folder / name}.db"
        self.config = folder / f"{name}.toml"
        self.config.write_text(f'[store]\nurl = "{self.url}"\n')
        self.exported: dict[str, bytes] = {}

    def run(self, *words: str | Path) -> "subprocess.CompletedProcess[bytes]":
        command = [sys.executable, "-m", "kedergi", *map(str, words), "--config", str(self.config)]
        return subprocess.run(command, capture_output=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Place:
    place = Place(tmp_path_factory.mktemp("here"), "here")
    store = Store(place.url)
    add(store, SEEN)
    store.close()
    return place


def exported(place: Place, form: str) -> bytes:
    """Once for each place: nothing is stored there in between."""
    if form not in place.exported:
        done = place.run("export", "--format", form)
        assert (done.returncode, done.stderr) == (0, b""), done.stderr.decode()
        place.exported[form] = done.stdout
    return place.exported[form]


@pytest.mark.parametrize("form", ["jsonl", "parquet", "ooni"])
def test_what_is_exported_and_imported_into_an_empty_store_is_exported_the_same(
    here: Place, tmp_path: Path, form: str
) -> None:
    if form == "parquet":
        pytest.importorskip("pyarrow")
    first, there = exported(here, form), Place(tmp_path, "there")
    file = tmp_path / f"all.{form}"
    file.write_bytes(first)
    done = there.run("import", file)
    assert done.stdout.decode() == f"{len(SEEN)} stored, 0 refused.\n", done.stderr.decode()
    assert exported(there, form) == first
    assert exported(there, "jsonl") == exported(here, "jsonl")
    assert there.run("verify").returncode == 0
    assert there.run("import", file).stdout.decode() == f"0 stored, {len(SEEN)} were there already, 0 refused.\n"


@pytest.mark.parametrize("form", ["parquet", "ooni"])
def test_judge_says_the_same_of_the_file(here: Place, tmp_path: Path, form: str) -> None:
    if form == "parquet":
        pytest.importorskip("pyarrow")
    file = tmp_path / f"all.{form}"
    file.write_bytes(exported(here, form))
    said = [json.loads(one) for one in here.run("judge", file, "--format", "json").stdout.splitlines()]
    told = [json.loads(one) for one in exported(here, "jsonl").splitlines()]
    wanted = [(one["uid"], one["verdict"], one["mechanisms"], one["reasons"]) for one in told]
    assert [(one["uid"], one["verdict"], one["mechanisms"], one["reasons"]) for one in said] == wanted


def test_parquet_is_a_flat_table_that_others_read(here: Place) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    table = pq.read_table(io.BytesIO(exported(here, "parquet")))
    rows = {row["uid"]: row for row in table.to_pylist()}
    assert len(rows) == len(SEEN)
    assert (rows["b"]["verdict"], rows["b"]["mechanism"], rows["b"]["asn"]) == ("blocked", "tls.reset", 21299)
    assert json.loads(rows["rich"]["evidence"])["url"] == rows["rich"]["url"]


def test_a_table_of_points_can_t_be_imported_and_it_is_said_why(here: Place, tmp_path: Path) -> None:
    """No verdict is stored that nothing stored explains."""
    file = tmp_path / "points.csv"
    file.write_bytes(exported(here, "csv"))
    done = Place(tmp_path, "there").run("import", file)
    assert (done.returncode, done.stdout.decode()) == (1, "0 stored, 1 refused.\n")
    assert "episodes --points" in done.stderr.decode()
    assert done.stderr.decode().count("\n") == 1


def test_a_file_that_only_begins_as_parquet_is_refused_with_a_sentence(here: Place, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    file = tmp_path / "cut.parquet"
    file.write_bytes(exported(here, "parquet")[:2000])
    done = Place(tmp_path, "there").run("import", file)
    assert done.returncode == 1
    assert "can't be read as Parquet" in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


def test_parquet_without_its_packages_is_one_sentence(here: Place, tmp_path: Path) -> None:
    """A folder before all others, in which nothing of that name can be found."""
    program = "import sys; sys.modules['pyarrow'] = None; import importlib.util as u; real = u.find_spec\n"
    program += "u.find_spec = lambda name, *rest: None if name == 'pyarrow' else real(name, *rest)\n"
    program += "import kedergi; kedergi.main()\n"
    script = tmp_path / "without.py"
    script.write_text(program)
    command = [sys.executable, str(script), "export", "--format", "parquet", "--config", str(here.config)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, cwd=Path(__file__).parents[2],
        env={"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.returncode == 2
    assert "pip install 'kedergi[archive]'" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_long_export_is_written_in_pieces() -> None:
    flat = pytest.importorskip("results.archive.flat")
    pq = pytest.importorskip("pyarrow.parquet")
    taken = 0
    out = io.BytesIO()
    behind = 0

    def found() -> Iterator[tuple[Measurement, Judgement]]:
        nonlocal taken, behind
        long = replace(rich(words="x" * 400_000), simulated=None)
        said = judge(long)
        for number in range(40):
            taken += 1
            behind = max(behind, number) if out.tell() < 100 else behind
            yield replace(long, uid=f"long-{number}"), said

    flat.write(found(), out)
    assert taken == 40
    assert behind < 40 - 1  # the first piece was out before the last measurement was asked for
    assert pq.ParquetFile(io.BytesIO(out.getvalue())).num_row_groups > 1
