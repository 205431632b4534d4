"""The road itself: delay, jitter, loss, hops, cuts; and how the lab begins and ends."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.lab import Lab, LabBroken, Rule, Site
from tests.lab.addresses import CLEAN_RESOLVER
from tests.lab.conftest import DELAY_MS, See, seer
from tests.lab.rules import Address, Drop, Forge, Query, Reset, Sni, Unreachable

pytestmark = pytest.mark.lab
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("delay_ms", [0, 5, 30])
def test_delay(lab: Lab, see: See, delay_ms: float) -> None:
    lab.set_line(delay_ms=delay_ms)
    best = min(see("connects", ip=lab.ip_of("plain.kz"), port=80, times=5)["each"])
    assert 2 * delay_ms <= best < 2 * delay_ms + 2


def test_jitter(lab: Lab, see: See) -> None:
    lab.set_line(jitter_ms=20)
    seen = see("connects", ip=lab.ip_of("plain.kz"), port=80, times=10)["each"]
    assert max(seen) - min(seen) > 3
    assert min(seen) >= 2 * DELAY_MS


def _lost(make_lab: Callable[..., Lab], seed: int) -> list[str]:
    """The numbers of the queries, of many, that were answered."""
    lab = make_lab(sites=[Site("plain.kz")], delay_ms=0, loss=0.3, seed=seed)
    script = """
import socket, struct
line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
line.connect(("185.17.121.53", 53))
line.settimeout(0.2)
for number in range(60):
    line.send(struct.pack("!6H", number, 256, 1, 0, 0, 0) + b"\\5plain\\2kz\\0\\0\\1\\0\\1")
try:
    while True:
        print(line.recv(512)[1])
except TimeoutError:
    pass
"""
    return lab.run([sys.executable, "-I", "-S", "-c", script]).stdout.split()


def test_loss_is_the_same_for_the_same_seed(make_lab: Callable[..., Lab]) -> None:
    first, again, other = (_lost(make_lab, seed) for seed in (5, 5, 6))
    assert first == again != other
    assert 10 < len(first) < 50


@pytest.mark.parametrize(("ttl", "told_by"), [(1, 0), (2, 1), (4, 3)])
def test_each_hop_tells_when_a_ttl_runs_out(lab: Lab, see: See, ttl: int, told_by: int) -> None:
    seen = see("hop", ip=CLEAN_RESOLVER, ttl=ttl)
    assert (seen["type"], seen["from"]) == (11, lab.hops[told_by])


def test_a_silent_hop_and_the_end_of_the_road(see: See) -> None:
    assert see("hop", ip=CLEAN_RESOLVER, ttl=3)["outcome"] == "timeout"
    assert len(see("dns", name="plain.kz", resolver=CLEAN_RESOLVER, ttl=5)["answers"]) == 1


@pytest.mark.parametrize(("ttl", "blocked"), [(1, False), (2, True), (4, True)])
def test_the_censor_sits_at_its_hop(lab: Lab, see: See, ttl: int, *, blocked: bool) -> None:
    forged = Rule(Query("plain.kz"), Forge("NXDOMAIN", truth_follows=True), hop=2)
    lab.set_rules([forged, Rule(Sni("plain.kz"), Reset(), hop=2)])
    assert bool(see("dns", name="plain.kz", resolver=CLEAN_RESOLVER, ttl=ttl, wait_s=0.08)["answers"]) == blocked
    seen = see("hello", ip=lab.ip_of("plain.kz"), name="plain.kz", ttl=ttl)["outcome"]
    assert (seen == "ECONNRESET") == blocked


def test_icmp_comes_from_the_hop_of_the_censor(lab: Lab, see: See) -> None:
    lab.set_rules([Rule(Address(CLEAN_RESOLVER), Unreachable("admin"), hop=2)])
    seen = see("hop", ip=CLEAN_RESOLVER, ttl=64)
    assert (seen["type"], seen["code"], seen["from"]) == (3, 13, lab.hops[1])


def test_a_cut_line_and_a_client_without_a_route(lab: Lab, see: See) -> None:
    ip = lab.ip_of("plain.kz")
    lab.set_line(up=False)
    assert see("connect", ip=ip, port=80)["outcome"] == "timeout"
    lab.set_line(up=True)
    assert see("connect", ip=ip, port=80)["outcome"] == "ok"
    lab.set_line(route=False)
    assert see("connect", ip=ip, port=80)["outcome"] == "ENETUNREACH"
    lab.set_line(route=True)
    assert see("connect", ip=ip, port=80)["outcome"] == "ok"


@pytest.mark.parametrize("where", ["run", "in_world"])
def test_loopback_works_on_both_sides(lab: Lab, where: str) -> None:
    script = "import socket; s = socket.create_server(('127.0.0.1', 0)); socket.create_connection(s.getsockname())"
    done = getattr(lab, where)([sys.executable, "-I", "-S", "-W", "ignore", "-c", script])
    assert (done.returncode, done.stderr) == (0, "")


def test_several_labs_live_side_by_side(make_lab: Callable[..., Lab]) -> None:
    blocked, free = (make_lab(sites=[Site("plain.kz")], delay_ms=1) for _ in range(2))
    blocked.set_rules([Rule(Address(blocked.ip_of("plain.kz")), Reset())])
    seen = [seer(lab)("connect", ip=lab.ip_of("plain.kz"), port=80)["outcome"] for lab in (blocked, free)]
    assert seen == ["ECONNREFUSED", "ok"]


def test_started_commands_end_with_the_lab() -> None:
    with Lab() as lab:
        polite = lab.popen(["sleep", "60"])
        stubborn = lab.popen_in_world(
            ["sh", "-c", "trap '' TERM; sleep 60 & echo $!; wait; wait"], stdout=subprocess.PIPE
        )
        assert stubborn.stdout is not None
        grandchild = int(stubborn.stdout.readline())
        lab._abroad.end = lambda: None  # type: ignore[method-assign] # as if the test had crashed
    assert polite.returncode == -signal.SIGTERM
    assert stubborn.wait(2) == -signal.SIGKILL
    stubborn.stdout.close()
    assert _ends(grandchild)


def _ends(pid: int) -> bool:
    """Whether the process is gone within a moment, or is a mere entry that `init` has not yet taken note of."""
    until = time.monotonic() + 2
    while time.monotonic() < until:
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
        except OSError:
            return True
        if stat.rpartition(")")[2].split()[0] in "ZX":
            return True
        time.sleep(0.005)
    return False


def test_nothing_is_left_when_the_test_process_is_killed() -> None:
    script = """
import sys, time
from tests.lab import Lab
lab = Lab().__enter__()
print(lab._keeper.pid, lab.popen(["sleep", "60"]).pid, lab.folder, flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True) as test:
        assert test.stdout is not None
        keeper, command, folder = test.stdout.readline().split()
        test.kill()
    assert _ends(int(command))
    assert _ends(int(keeper))
    assert not Path(folder).exists()


def test_a_lab_whose_worker_died_says_so(make_lab: Callable[..., Lab]) -> None:
    lab = make_lab()
    os.kill(lab._keeper.pid, signal.SIGKILL)
    lab._keeper.wait()
    with pytest.raises(LabBroken):
        lab.set_rules([Rule(Address("193.108.20.10"), Drop())])


def test_nothing_of_the_machine_is_reached_or_changed(lab: Lab) -> None:
    mine = Path("/etc/resolv.conf").read_text(encoding="utf-8")
    assert lab.run(["cat", "/etc/resolv.conf"]).stdout == "nameserver 2.133.4.53\n"
    assert Path("/etc/resolv.conf").read_text(encoding="utf-8") == mine
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        there = f"import socket; socket.create_connection(('127.0.0.1', {port}))"
        assert "ConnectionRefused" in lab.run([sys.executable, "-I", "-S", "-c", there]).stderr
