"""What an archive of ten million points costs: the detector over it, and OONI's files into it.

Computing time is printed beside the clock's, for other programs may run on the same cores.
"""

import json
import os
from pathlib import Path

import pytest

from tests.bench.archive_costs import cost, measured
from tests.bench.ooni_lines import lines

pytestmark = pytest.mark.bench

WANTED_S, WANTED_MB = 20.0, 400.0
WANTED_RATE = 1_000  # measurements a second and core
SIZES = [int(size) for size in os.environ.get("KEDERGI_BENCH_POINTS", "1000000,10000000").split(",")]
LINES, FILES = 1_000, 4
BULK = """
import json, sys
from dataclasses import asdict
from pathlib import Path
from results.archive import bulk
from results.archive.place import Folder

if __name__ == "__main__":
    done = bulk.bring_in(sys.argv[2:], Folder(Path(sys.argv[1])), buckets=None, workers=2, tell=lambda *_: None)
    print(json.dumps(asdict(done)))
"""


@pytest.mark.parametrize("size", SIZES)
def test_the_detector_over_an_archive(size: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cost(tmp_path, size)  # what is compiled is kept
    found = cost(tmp_path, size)
    reading, detector = found.reading_s / found.cpu_s, found.detector_s / found.cpu_s
    with capsys.disabled():
        print(f"\n{found.points:,} points, {found.episodes:,} episodes: {found.wall_s:.1f} s", end="")
        print(f" (wanted: {WANTED_S:.0f} s for 10 M);")
        print(f"  computing {found.cpu_s:.1f} s: reading {reading:.0%}, detector {detector:.0%};", end="")
        print(f" {found.us_a_point:.2f} µs a point; {found.most_mb:.0f} MB (wanted: {WANTED_MB:.0f})")
        print(f"  load of the machine: {os.getloadavg()[0]:.1f}")
    assert found.points == size
    assert found.most_mb < 2 * WANTED_MB


def test_ooni_files_into_an_archive(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [tmp_path / f"{number}.jsonl" for number in range(FILES)]
    for number, file in enumerate(files):
        file.write_text("\n".join(lines(LINES, seed=number)) + "\n", encoding="utf-8")
    size = sum(file.stat().st_size for file in files)
    said, most_mb = measured(BULK, str(tmp_path / "archive"), *map(str, files))
    done = json.loads(said)
    rate = done["read"] / done["seconds"]
    with capsys.disabled():
        print(f"\n{done['read']:,} measurements of {size / LINES / FILES / 1e3:.0f} kB: {rate:,.0f} a second", end="")
        print(f" and core (wanted: {WANTED_RATE:,}); {most_mb:.0f} MB; load of the machine: {os.getloadavg()[0]:.1f}")
    assert done["stored"] == LINES * FILES
    assert rate > WANTED_RATE / 5
