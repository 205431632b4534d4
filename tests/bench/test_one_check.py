"""What one check of a fine site costs, beside curl for the same page over the same network."""

import json
import statistics
import sys
from pathlib import Path

import pytest

from tests.lab import Lab, Site

pytestmark = [pytest.mark.bench, pytest.mark.lab]

TIMES = 20
URL = "https://www.fine-day.kz/"


@pytest.mark.parametrize("delay_ms", [10.0, 30.0])
def test_a_fine_site_costs_little_more_than_curl(delay_ms: float, capsys: pytest.CaptureFixture[str]) -> None:
    with Lab(sites=[Site("www.fine-day.kz")], delay_ms=delay_ms) as lab:
        curl: list[str | Path] = [
            "curl",
            "--silent",
            "--output",
            "/dev/null",
            "--cacert",
            lab.ca_file,
            "--write-out",
            "%{time_total}",
            URL,
        ]
        curl_ms = [float(lab.run(curl, timeout_s=20).stdout) * 1000 for _ in range(TIMES)]
        ours = lab.run([sys.executable, "-m", "tests.bench.one_check", lab.config(), URL, str(TIMES)], timeout_s=60)
    rows = [json.loads(line) for line in ours.stdout.splitlines()]
    assert {row["verdict"] for row in rows} == {"accessible"}, ours.stderr
    names = ("wall_ms", "cpu_ms", "stored_cpu_ms")
    wall_ms, cpu_ms, stored_ms = (statistics.median(row[name] for row in rows) for name in names)
    curl_median = statistics.median(curl_ms)
    with capsys.disabled():
        print(f"\nRTT {2 * delay_ms:.0f} ms, medians of {TIMES}: curl {curl_median:.0f} ms, check {wall_ms:.0f} ms")
        print(f"  CPU: measured and judged {cpu_ms:.1f} ms, stored as well {stored_ms:.1f} ms (bound: 8 ms)")
    assert wall_ms <= 1.5 * curl_median + 100
