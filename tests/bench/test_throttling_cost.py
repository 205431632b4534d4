"""What looking for throttling costs at a fine site: the same checks with it and without, in turn."""

import json
import statistics
import sys
from pathlib import Path

import pytest

from tests.lab import Lab, Site
from tests.lab.pages import Page

pytestmark = [pytest.mark.bench, pytest.mark.lab]

TIMES = 15
MORE = 1.03
URL = "https://www.fine-day.kz/"


@pytest.mark.parametrize("line_kbit_s", [1_000.0, 10_000.0, 50_000.0])
@pytest.mark.parametrize("size", [10_000, 400_000, 1_000_000])
def test_a_fine_site_pays_hardly_anything(line_kbit_s: float, size: int, capsys: pytest.CaptureFixture[str]) -> None:
    times = 5 if size > 100_000 and line_kbit_s < 2_000 else TIMES
    with Lab(sites=[Site("www.fine-day.kz", https=Page(size=size))], delay_ms=20, line_kbit_s=line_kbit_s) as lab:
        command: list[str | Path] = [
            sys.executable,
            "-m",
            "tests.bench.one_check",
            lab.config(),
            URL,
            str(times),
            "off",
            "auto",
        ]
        done = lab.run(command, timeout_s=300)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert {row["verdict"] for row in rows} == {"accessible"}, done.stderr

    def middle(name: str, how: str) -> float:
        return float(statistics.median(row[name] for row in rows if row["throughput"] == how))

    (off_ms, auto_ms), (off_bytes, auto_bytes) = (
        [middle(name, how) for how in ("off", "auto")] for name in ("wall_ms", "bytes")
    )
    with capsys.disabled():
        print(f"\n{line_kbit_s / 1000:.0f} Mbit/s, {size // 1000} kB, medians of {times}: ", end="")
        print(f"{off_ms:.0f} and {auto_ms:.0f} ms ({auto_ms / off_ms - 1:+.1%}), ", end="")
        print(f"{off_bytes:.0f} and {auto_bytes:.0f} bytes ({auto_bytes / off_bytes - 1:+.1%})")
    assert auto_bytes <= MORE * off_bytes
    assert auto_ms <= MORE * off_ms + 5
