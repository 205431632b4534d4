"""What the detector over an archive costs, by its size: as a table in Markdown, and as docs/pictures/archive-cost.svg.

`python -m tests.bench.archive_costs FOLDER` makes the archives there, where they are not yet; 50 M points take 1.5 GB.
"""

import json
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.results.archive.cluster import family
from tests.results.archive.generated import archive

SIZES = (1_000_000, 3_000_000, 10_000_000, 25_000_000, 50_000_000)
SERIES_LENGTH = 5_000
PICTURE = Path(__file__).parents[2] / "docs" / "pictures" / "archive-cost.svg"
_EPISODES = """
import json, sys, time
from pathlib import Path
from results.archive import duckdb_engine, findings, manifest
from results.archive.place import Folder

if __name__ == "__main__":
    place, began = Folder(Path(sys.argv[1])), time.monotonic()
    found = list(duckdb_engine.episodes(place, manifest.read(place)))
    whole = findings.whole(one.episodes for one in found)
    shares = [sum(one.share[part] for one in found) for part in range(3)]
    print(json.dumps([*shares, whole.num_rows, time.monotonic() - began]))
"""


@dataclass(frozen=True)
class Cost:
    points: int
    reading_s: float  # and sorting; of computing, as the next
    detector_s: float
    episodes: int
    wall_s: float
    most_mb: float

    @property
    def cpu_s(self) -> float:
        return self.reading_s + self.detector_s

    @property
    def us_a_point(self) -> float:
        return self.cpu_s / self.points * 1e6


def cost(folder: Path, size: int) -> Cost:
    """Of an archive that is made there, unless it is there."""
    if not (folder / "manifest.json").exists():
        archive(folder, count=size // SERIES_LENGTH, length=SERIES_LENGTH)
    said, most_mb = measured(_EPISODES, str(folder))
    points, reading_s, detector_s, episodes, wall_s = json.loads(said)
    return Cost(points, reading_s, detector_s, episodes, wall_s, most_mb)


def measured(program: str, *arguments: str) -> tuple[str, float]:
    """What it prints, and the most memory that it and its programs held at once, MB: what they share counts once."""
    most = 0.0
    with subprocess.Popen([sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE, text=True) as running:
        while running.poll() is None:
            most = max(most, sum(map(_held_mb, family(running.pid))))
            time.sleep(0.05)
        assert running.stdout is not None
        said = running.stdout.read()
    assert running.returncode == 0
    return said, most


def _held_mb(pid: int) -> float:
    try:
        found = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    except OSError:
        return 0.0
    return int(found[1]) / 1024 if found else 0.0


def table(costs: list[Cost]) -> str:
    rows = [
        "| points | by the clock | computing | a point | reading and sorting | detector | memory |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for one in costs:
        shares = f"{one.reading_s / one.cpu_s:.0%} | {one.detector_s / one.cpu_s:.0%}".replace("%", " %")
        took = f"{one.wall_s:.1f} s | {one.cpu_s:.1f} s | {one.us_a_point:.2f} µs"
        rows.append(f"| {one.points / 1e6:.0f} M | {took} | {shares} | {one.most_mb:.0f} MB |")
    return "\n".join(rows)


def draw(costs: list[Cost], to: Path) -> None:
    """Reading below, the detector upon it, by size; both a point."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams.update({"svg.hashsalt": "kedergi", "svg.fonttype": "none", "font.family": "sans-serif"})
    from matplotlib import pyplot as plt

    sizes = [one.points / 1e6 for one in costs]
    parts = [[getattr(one, name) / one.points * 1e6 for one in costs] for name in ("reading_s", "detector_s")]
    figure, axes = plt.subplots(figsize=(7, 3.4))
    axes.stackplot(sizes, parts, labels=["reading and sorting", "detector"], colors=["#8fb3d9", "#2f5d8a"])
    axes.plot(sizes, [one.us_a_point for one in costs], "o", color="#1b2a38", markersize=4, clip_on=False)
    axes.set_xscale("log")
    axes.set_xticks(sizes, [f"{size:.0f} M" for size in sizes])
    axes.minorticks_off()
    axes.set(xlabel="points in the archive", ylabel="µs of computing a point")
    axes.set(ylim=(0, None), xlim=(sizes[0], sizes[-1]))
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="upper right", frameon=False)
    figure.tight_layout()
    figure.savefig(to, metadata={"Date": None, "Creator": None})
    plt.close(figure)


if __name__ == "__main__":
    where = Path(sys.argv[1])
    cost(where / str(SIZES[0]), SIZES[0])  # what is compiled is kept
    found = [cost(where / str(size), size) for size in SIZES]
    print(table(found))
    draw(found, PICTURE)
