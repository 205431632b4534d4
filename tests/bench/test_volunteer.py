"""What Kedergi costs a volunteer: memory, the CPU of an idle hour, and the time from start to the first measurement.

The sites are on loopback, and the interval is long, so that what is counted after the first round is idleness.
"""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.probe.vantage.test_vantage import Machine

pytestmark = pytest.mark.bench

IDLE_S = 60.0
SITES = 40
MOST_MB, MOST_CPU_SHARE, MOST_START_S = 90.0, 0.001, 3.0


class Running:
    """`kedergi probe`, or `up`, on a machine of its own."""

    def __init__(self, folder: Path, command: str) -> None:
        self.machine, self.command, self.starts = Machine(folder), command, 0
        self.machine.config.mkdir(parents=True)
        (self.machine.config / "kedergi.toml").write_text(
            f'[probe]\nlists = ["{self.machine.config}/list.txt"]\ninterval = "2h"\n'
            "[dns]\ntrusted = []\n[reference]\nurls = []\n"
        )
        self.start()

    def start(self) -> None:
        """Each time with other sites, so that all are due at once."""
        names = (f"http://10.0.{self.starts}.{number}/\n" for number in range(1, SITES + 1))
        (self.machine.config / "list.txt").write_text("".join(names))
        self.starts += 1
        self.started, command = time.monotonic(), self.command
        words = [sys.executable, "-m", "kedergi", command, "--accept-risks"]
        more = ["--port", "18741"] if command == "up" else []
        self.process = subprocess.Popen([*words, *more], env=self.machine.env, stderr=subprocess.DEVNULL)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)

    def measured(self) -> int:
        file = self.machine.data / "kedergi.db"
        if not file.exists():
            return 0
        try:
            with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as connection:
                return int(connection.execute("select count(*) from measurement").fetchone()[0])
        except sqlite3.OperationalError:
            return 0
        finally:
            if "connection" in locals():
                connection.close()

    def until(self, count: int) -> float:
        """Seconds since the start until so many are stored."""
        while self.measured() < count:
            assert self.process.poll() is None
            time.sleep(0.02)
        return time.monotonic() - self.started

    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mb(self) -> float:
        """What is this program's alone: pages shared with others count by their share."""
        rollup = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        return int(next(line for line in rollup.splitlines() if line.startswith("Pss:")).split()[1]) / 1000

    def peak_mb(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmHWM:")).split()[1]) / 1000


@pytest.fixture
def running(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Running]:
    made = Running(tmp_path, request.param)
    yield made
    made.stop()


@pytest.mark.parametrize("running", ["probe", "up"], indirect=True)
def test_what_it_costs(running: Running, capsys: pytest.CaptureFixture[str]) -> None:
    running.until(SITES)  # the first start makes the store, and needs more for it
    made_mb = running.memory_mb()
    running.stop()
    running.start()
    first_s = running.until(SITES + 1)
    start_cpu_s = running.cpu_s()
    running.until(2 * SITES)
    time.sleep(35)  # what comes after the round, and some seconds later
    before, began = running.cpu_s(), time.monotonic()
    time.sleep(IDLE_S)
    share = (running.cpu_s() - before) / (time.monotonic() - began)
    load = os.getloadavg()[0] / (os.cpu_count() or 1)
    with capsys.disabled():
        print(
            f"\n{running.command}: first measurement stored after {first_s:.2f} s "
            f"({start_cpu_s:.2f} s of CPU; this machine's load is {load:.1f} a core); "
            f"memory {running.memory_mb():.0f} MB, at most {running.peak_mb():.0f} MB "
            f"(right after the very first start {made_mb:.0f} MB); "
            f"idle CPU {share:.3%} over {IDLE_S:.0f} s"
        )
    assert running.memory_mb() <= MOST_MB
    assert share <= MOST_CPU_SHARE
    assert first_s <= MOST_START_S * max(1.0, load)
