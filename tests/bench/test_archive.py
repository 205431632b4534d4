"""What an archive of ten million points costs: the detector over it, and OONI's files into it.

Computing time is printed beside the clock's, for other programs may run on the same cores.
"""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.results.archive.cluster import family
from tests.results.archive.generated import archive
from tests.results.ooni_build import PAGE
from tests.results.ooni_cases import CASES

pytestmark = pytest.mark.bench

WANTED_S, WANTED_MB = 20.0, 400.0
WANTED_RATE = 1_000  # measurements a second and core
SERIES_LENGTH = 5_000
SIZES = [int(size) for size in os.environ.get("KEDERGI_BENCH_POINTS", "1000000,10000000").split(",")]
LINES, FILES = 1_000, 4
EPISODES = """
import json, sys, time
from pathlib import Path
from results.archive import duckdb_engine, findings, manifest

if __name__ == "__main__":
    folder, began = Path(sys.argv[1]), time.monotonic()
    found = list(duckdb_engine.episodes(folder, manifest.read(folder)))
    whole = findings.whole(one.episodes for one in found)
    shares = [sum(one.share[place] for one in found) for place in range(3)]
    print(json.dumps([*shares, whole.num_rows, time.monotonic() - began]))
"""
BULK = """
import json, sys
from dataclasses import asdict
from pathlib import Path
from results.archive import bulk

if __name__ == "__main__":
    done = bulk.bring_in(sys.argv[2:], Path(sys.argv[1]), buckets=None, workers=2, tell=lambda *_: None)
    print(json.dumps(asdict(done)))
"""


def measured(program: str, *arguments: str) -> tuple[str, float]:
    """What it prints, and the most memory that it and its programs held at once, MB: what they share counts once."""
    most = 0.0
    with subprocess.Popen([sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE, text=True) as running:
        while running.poll() is None:
            most = max(most, sum(map(held_mb, family(running.pid))))
            time.sleep(0.05)
        assert running.stdout is not None
        said = running.stdout.read()
    assert running.returncode == 0
    return said, most


def held_mb(pid: int) -> float:
    try:
        found = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    except OSError:
        return 0.0
    return int(found[1]) / 1024 if found else 0.0


@pytest.mark.parametrize("size", SIZES)
def test_the_detector_over_an_archive(size: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive(tmp_path, count=size // SERIES_LENGTH, length=SERIES_LENGTH)
    measured(EPISODES, str(tmp_path))  # what is compiled is kept
    said, most_mb = measured(EPISODES, str(tmp_path))
    points, reading_s, detector_s, episodes, wall_s = json.loads(said)
    cpu_s = reading_s + detector_s
    with capsys.disabled():
        print(f"\n{points:,} points, {episodes:,} episodes: {wall_s:.1f} s (wanted: {WANTED_S:.0f} s for 10 M);")
        print(f"  computing {cpu_s:.1f} s: reading {reading_s / cpu_s:.0%}, detector {detector_s / cpu_s:.0%};", end="")
        print(f" {cpu_s / points * 1e6:.2f} µs a point; {most_mb:.0f} MB (wanted: {WANTED_MB:.0f})")
        print(f"  load of the machine: {os.getloadavg()[0]:.1f}")
    assert points == size
    assert most_mb < 2 * WANTED_MB


def test_ooni_files_into_an_archive(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts = [json.dumps(case.seen).replace(PAGE, PAGE * 40) for case in CASES if "largeFile" not in case.name]
    files = []
    for number in range(FILES):
        files.append(tmp_path / f"{number}.jsonl")
        with files[-1].open("w", encoding="utf-8") as out:
            for place in range(LINES):
                uid = f'"measurement_uid": "{number}-{place}"'
                out.write(texts[place % len(texts)].replace("{", f"{{{uid}, ", 1) + "\n")
    size = sum(file.stat().st_size for file in files)
    said, most_mb = measured(BULK, str(tmp_path / "archive"), *map(str, files))
    done = json.loads(said)
    rate = done["read"] / done["seconds"]
    with capsys.disabled():
        print(f"\n{done['read']:,} measurements of {size / LINES / FILES / 1e3:.0f} kB: {rate:,.0f} a second", end="")
        print(f" and core (wanted: {WANTED_RATE:,}); {most_mb:.0f} MB; load of the machine: {os.getloadavg()[0]:.1f}")
    assert done["stored"] == LINES * FILES
    assert rate > WANTED_RATE / 5
