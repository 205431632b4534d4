"""The client's access line: a rate for each direction, a queue that can be full, and what the evening leaves of it."""

import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from math import inf

import pytest

from tests.lab import Congestion, Lab, Rule, Site
from tests.lab.access import Tide
from tests.lab.conftest import DELAY_MS, See, seer
from tests.lab.pages import Page
from tests.lab.rules import Address, Shape

lab_only = pytest.mark.lab
KBIT_S = 1_000


def fetched(see: See, lab: Lab, name: str = "plain.kz") -> float:
    """How many seconds a page took."""
    seen = see("http", ip=lab.ip_of(name), host=name, timeout_s=5)
    assert seen["outcome"] is None
    seconds: float = seen["seconds"]
    return seconds


def together(lab: Lab, count: int) -> list[float]:
    """How many seconds each of so many pages took that were asked for at once."""
    command = ["curl", "-sS", "--parallel", "--parallel-immediate", "-o", "/dev/null", "-w", "%{time_total} "]
    return sorted(map(float, lab.run([*command, f"http://plain.kz/?[1-{count}]"], check=True).stdout.split()))


@lab_only
def test_a_page_takes_the_time_of_the_line(lab: Lab, see: See) -> None:
    lab.set_line(kbit_s=1.5 * KBIT_S)
    assert 0.75 < fetched(see, lab) < 1.6  # 150 kB
    lab.set_line(kbit_s=inf)
    assert fetched(see, lab) < 0.4


@lab_only
def test_two_pages_side_by_side_share_the_line(lab: Lab) -> None:
    lab.set_line(kbit_s=2 * KBIT_S)
    assert together(lab, 2)[0] > 0.75  # alone it were 0.6 s


@lab_only
def test_an_upload_is_limited_as_well(lab: Lab) -> None:
    lab.set_line(kbit_s=KBIT_S)
    command = ["curl", "-sS", "-o", "/dev/null", "-w", "%{time_total}", "-H", "Expect:", "--data-binary", "@-"]
    done = lab.run([*command, "http://other.kz/"], input="x" * 100_000, check=True)
    assert 0.75 < float(done.stdout) < 1.6


@lab_only
@pytest.mark.parametrize(("queue_ms", "passed"), [(10, 22), (480, 43)])
def test_a_full_queue_loses_packets(lab: Lab, queue_ms: float, passed: int) -> None:
    """Packets of 1,428 bytes take 11.4 ms each; 30 kB of room are always there."""
    lab.set_line(kbit_s=KBIT_S, queue_ms=queue_ms)
    before = lab.counters
    script = f"""
import socket
line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for _ in range(60):
    line.sendto(bytes(1400), ("{lab.control_ip}", 9))
"""
    lab.run([sys.executable, "-I", "-S", "-c", script], check=True)
    assert lab.counters.up - before.up >= 60
    assert 60 - passed - 6 <= lab.counters.lost - before.lost <= 60 - passed


@lab_only
def test_pages_survive_a_queue_that_overflows(lab: Lab) -> None:
    """Eight servers' first windows are more than the queue holds, however their TCP goes on."""
    lab.set_line(kbit_s=10 * KBIT_S, queue_ms=1)
    before = lab.counters.lost
    assert 0.9 < together(lab, 8)[-1] < 2.5
    assert lab.counters.lost > before


@lab_only
def test_who_is_shaped_by_the_censor_keeps_nobody_else_waiting(lab: Lab, see: See) -> None:
    """What the censor holds back is not yet on the access line."""
    lab.set_line(kbit_s=20 * KBIT_S)
    lab.set_rules([Rule(Address(lab.ip_of("plain.kz")), Shape(kbit_s=128))])
    shaped = lab.popen(["curl", "-sS", "-o", "/dev/null", "http://plain.kz/"], stdout=subprocess.DEVNULL)
    while lab.counters.down < 10 or not lab.seen:
        time.sleep(0.01)
    time.sleep(0.1)
    seen = see("connects", ip=lab.ip_of("other.kz"), port=80, times=5)["each"]
    assert shaped.poll() is None
    assert min(seen) < 2 * DELAY_MS + 15
    shaped.kill()
    shaped.wait()


@lab_only
def test_in_the_evening_a_share_of_the_line_is_left(make_lab: Callable[..., Lab]) -> None:
    evening = Congestion(low=0.1, high=0.1, loss=0.05)
    sites = [Site("plain.kz", http=Page(size=100_000))]
    lab = make_lab(sites=sites, delay_ms=DELAY_MS, line_kbit_s=10 * KBIT_S, congestion=evening)
    assert 0.75 < fetched(seer(lab), lab) < 4
    assert lab.counters.lost > 0


def shares(seed: int) -> list[float]:
    tide = Tide(Congestion(seed=seed))
    return [tide.share(number / 10) for number in range(300)]


def test_the_evening_is_the_same_for_the_same_seed() -> None:
    assert shares(1) == shares(1) != shares(2)
    backwards = Tide(Congestion(seed=1))
    assert [backwards.share(number / 10) for number in reversed(range(300))] == shares(1)[::-1]


def test_shares_lie_and_last_as_said() -> None:
    seen = shares(1)
    changes = sum(before != after for before, after in pairwise(seen))
    assert 30 / 2.5 - 1 <= changes <= 30 / 0.3
    assert 0.1 <= min(seen) < 0.2
    assert 0.5 < max(seen) <= 1.0
    assert set(map(Tide(Congestion(low=0.3, high=0.3)).share, range(50))) == {0.3}


def test_lines_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="this line has none"):
        Lab(congestion=Congestion())
    with pytest.raises(ValueError, match="this line has none"):
        Lab(line_kbit_s=inf, congestion=Congestion())
    with pytest.raises(ValueError, match="some rate"):
        Lab(line_kbit_s=0)
    with pytest.raises(ValueError, match="lower comes first"):
        Congestion(low=0.5, high=0.2)
