"""The detector on a cluster of two workers says what it says on this machine, byte for byte, also when one dies."""

import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from results.archive import duckdb_engine, findings
from results.archive import manifest as _manifest
from results.archive.place import Folder
from tests.results.archive.cluster import Cluster, cluster, end, folding
from tests.results.archive.generated import archive

pytestmark = [pytest.mark.whole]
KEDERGI = Path(sys.executable).with_name("kedergi")


@pytest.fixture(scope="module", autouse=True)
def _spark() -> None:
    missing = [name for name in ("pyspark", "numba") if importlib.util.find_spec(name) is None]
    missing += [] if shutil.which("java") else ["java"]
    if missing and os.environ.get("CI"):
        pytest.fail(f"CI promises to test with Spark; missing: {', '.join(missing)}")
    if missing:
        pytest.skip(f"not installed here: {', '.join(missing)}")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("archive")
    archive(made, count=60, length=2_000, buckets=4)
    return made


@pytest.fixture(scope="module")
def here(folder: Path) -> bytes:
    found = findings.whole(
        one.episodes for one in duckdb_engine.episodes(Folder(folder), _manifest.read(Folder(folder)))
    )
    assert found.num_rows > 50
    return "".join(findings.lines(found)).encode()


@pytest.fixture
def spark(tmp_path: Path) -> Iterator[Cluster]:
    with cluster(tmp_path) as made:
        yield made


def command(spark: Cluster, *arguments: str) -> list[str]:
    return [str(KEDERGI), *arguments, "--engine", "spark", "--master", spark.address]


def test_two_workers_find_what_this_machine_finds(spark: Cluster, folder: Path, here: bytes, tmp_path: Path) -> None:
    asked = command(spark, "episodes", "--archive", str(folder), "--to", str(tmp_path / "found.jsonl"))
    done = subprocess.run(asked, env=spark.environment, capture_output=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert (tmp_path / "found.jsonl").read_bytes() == here
    counted = subprocess.run(
        command(spark, "rollup", "--archive", str(folder)),
        env=spark.environment,
        capture_output=True,
        timeout=900,
        check=False,
    )
    alone = subprocess.run(
        [str(KEDERGI), "rollup", "--archive", str(folder)], capture_output=True, timeout=300, check=True
    )
    assert counted.returncode == 0, counted.stderr.decode()
    assert counted.stdout == alone.stdout != b""


def test_a_worker_that_is_killed_in_the_middle_changes_nothing(
    spark: Cluster, folder: Path, here: bytes, tmp_path: Path
) -> None:
    asked = command(spark, "episodes", "--archive", str(folder), "--to", str(tmp_path / "found.jsonl"))
    with (tmp_path / "said.log").open("wb") as said:
        running = subprocess.Popen(asked, env=spark.environment, stdout=said, stderr=said)
    try:
        killed = first_folding(spark, running)
        end(killed)
        assert running.wait(timeout=900) == 0, (tmp_path / "said.log").read_text()
    finally:
        end(running)
    assert (tmp_path / "found.jsonl").read_bytes() == here
    assert b"Lost executor" in (tmp_path / "said.log").read_bytes()


def first_folding(spark: Cluster, running: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
    until = time.monotonic() + 600
    while time.monotonic() < until:
        assert running.poll() is None, "it was over before a worker could be killed"
        for worker in spark.workers:
            if folding(worker):
                return worker
        time.sleep(0.02)
    pytest.fail("no worker began")


def test_no_master_is_said_in_a_sentence(folder: Path) -> None:
    asked = [str(KEDERGI), "episodes", "--archive", str(folder), "--engine", "spark", "--master", "nonsense"]
    done = subprocess.run(asked, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("kedergi: Can't begin with Spark at 'nonsense': ")
