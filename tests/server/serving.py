"""`kedergi serve` as a program of its own: started, looked at from outside, killed whole or one of its workers."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx

from results.schema import as_it_is
from results.store import Store
from server.joining import invite

KEDERGI = Path(sys.executable).with_name("kedergi")
LIMIT_S = 60.0


def until(true: Callable[[], bool], what: str = "it", limit_s: float = LIMIT_S) -> None:
    """Another process can't be awaited otherwise."""
    end = time.monotonic() + limit_s
    while not true():
        assert time.monotonic() < end, f"{what} did not come about"
        time.sleep(0.02)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@dataclass
class Served:
    """The server of a store, with a data folder and a configuration of its own. What it says is kept in a file."""

    url: str
    folder: Path
    port: int = field(default_factory=free_port)
    arguments: Sequence[str] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    process: "subprocess.Popen[bytes] | None" = None

    def __post_init__(self) -> None:
        self.config.write_text(f"[store]\nurl = {json.dumps(self.url)}\n", "utf-8")

    @property
    def config(self) -> Path:
        return self.folder / "server.toml"

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def start(self) -> None:
        """Running, and answering."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [KEDERGI, "serve", "--port", str(self.port), *self.arguments, "--config", str(self.config)],
                env=self._env(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        until(self.answers, f"an answer of {self.base_url}; it says: {self.log.read_text('utf-8')[-2000:]!r}")

    def answers(self, path: str = "/readyz") -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text("utf-8")[-4000:]
        try:
            return httpx.get(f"{self.base_url}{path}", timeout=5, trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    def run(self, *words: str) -> str:
        """What another command of the program says beside it."""
        command = [str(KEDERGI), *words, "--config", str(self.config)]
        done = subprocess.run(command, env=self._env(), capture_output=True, text=True, timeout=600, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def invite(self) -> str:
        """A code, made as the command makes one, and sooner."""
        store = Store(self.url, as_it_is)
        try:
            return invite(store, vantage_class="home", country="KZ", now=datetime.now(UTC), hours=48)
        finally:
            store.close()

    def workers(self) -> list[int]:
        """The processes that answer; the program itself where it has no others."""
        found = [pid for pid in descendants(self.pid) if listens(pid, self.port)]
        return sorted(found) or [self.pid]

    def stop(self) -> int:
        return self._end(signal.SIGTERM)

    def kill(self) -> int:
        """All of it."""
        workers = descendants(self.pid)
        status = self._end(signal.SIGKILL)
        for pid in workers:
            kill(pid)
        return status

    def _end(self, how: signal.Signals) -> int:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(timeout=60)

    def _env(self) -> dict[str, str]:
        return {"PATH": "", "HOME": str(self.folder), "XDG_DATA_HOME": str(self.folder), "COLUMNS": "200", **self.env}


def descendants(pid: int) -> list[int]:
    """Processes that a process started, and those that they started."""
    found: list[int] = []
    waiting = [pid]
    while waiting:
        for task in _tasks(waiting.pop()):
            try:
                children = [int(word) for word in (task / "children").read_text("ascii").split()]
            except OSError:
                continue
            found += children
            waiting += children
    return found


def listens(pid: int, port: int) -> bool:
    """Whether a process has the socket that listens on this port of loopback."""
    inodes = set()
    for line in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]:
        words = line.split()
        if words[3] == "0A" and int(words[1].partition(":")[2], 16) == port:
            inodes.add(words[9])
    return _has(pid, inodes)


def _has(pid: int, inodes: set[str]) -> bool:
    try:
        held = {str(one.readlink()) for one in Path(f"/proc/{pid}/fd").iterdir()}
    except OSError:
        return False
    return any(f"socket:[{inode}]" in held for inode in inodes)


def holds(pid: int, from_port: int) -> bool:
    """Whether a process has the server's end of a connection that comes from this port."""
    inodes = set()
    for line in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]:
        words = line.split()
        if int(words[2].partition(":")[2], 16) == from_port:
            inodes.add(words[9])
    return _has(pid, inodes)


def peak_mib(pid: int) -> float:
    """The most memory that a process had at once."""
    return int(_status(pid, "VmHWM")) / 1024


def forget_peak(pid: int) -> None:
    """From now on the most is counted anew."""
    Path(f"/proc/{pid}/clear_refs").write_text("5", "ascii")


def mib(pid: int, what: str = "Pss") -> float:
    """How much memory it has now; what it shares with others counts in parts (Pss), or whole (Rss)."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii")
    found = re.search(rf"^{what}:\s+(\d+) kB", text, re.MULTILINE)
    assert found is not None
    return int(found[1]) / 1024


def cpu_s(pids: Iterable[int]) -> float:
    """Seconds of a processor that they have used."""
    ticks = 0
    for pid in pids:
        try:
            words = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
        except OSError:
            continue
        ticks += int(words[11]) + int(words[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _tasks(pid: int) -> list[Path]:
    try:
        return list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return []


def _status(pid: int, name: str) -> str:
    text = Path(f"/proc/{pid}/status").read_text("ascii")
    found = re.search(rf"^{name}:\s+(\d+)", text, re.MULTILINE)
    assert found is not None
    return found[1]
