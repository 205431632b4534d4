"""A Spark cluster on this machine: a standalone master and two worker programs, and the end of all that they start."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_PATIENCE_S = 120.0
_OURS = "org.apache.spark.deploy."


@dataclass(frozen=True)
class Cluster:
    """What runs, and how to reach it."""

    address: str  # spark://…
    workers: list[subprocess.Popen[bytes]]
    environment: dict[str, str]


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """Everything in it ends with it, also what its workers have started."""
    import pyspark

    home = Path(pyspark.__file__).parent
    environment = {
        **os.environ,
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_WORKER_DIR": str(folder / "work"),
        "SPARK_LOCAL_DIRS": str(folder / "local"),
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_DAEMON_MEMORY": "256m",
        "SPARK_CONF_DIR": str(folder),
    }
    settings = {
        "spark.executor.memory": "512m",
        "spark.driver.memory": "512m",
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "8",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
    }
    (folder / "spark-defaults.conf").write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
    port = _free_port()
    started: list[subprocess.Popen[bytes]] = []
    address = f"spark://127.0.0.1:{port}"
    try:
        master = _start(folder / "master.log", environment, "master.Master", "--port", str(port), "--webui-port", "0")
        started.append(master)
        _wait_for(folder / "master.log", rb"New state: ALIVE", 1)
        for number in range(2):
            options = ("--cores", "1", "--memory", "600m", "--webui-port", "0", address)
            started.append(_start(folder / f"worker-{number}.log", environment, "worker.Worker", *options))
        _wait_for(folder / "master.log", rb"Registering worker", 2)
        yield Cluster(address, started[1:], environment)
    finally:
        for one in reversed(started):
            end(one)


def end(program: subprocess.Popen[bytes]) -> None:
    """At once, with everything that it has started."""
    for pid in reversed(family(program.pid)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    program.wait()


def family(pid: int) -> list[int]:
    """A program, what it has started, and what these have."""
    found = [pid]
    for one in found:
        with contextlib.suppress(OSError):
            for thread in Path(f"/proc/{one}/task").iterdir():
                found += [int(child) for child in (thread / "children").read_text().split()]
    return found


def folding(program: subprocess.Popen[bytes]) -> bool:
    """Whether a worker's executor runs our function: its Python is there."""
    return any(b"pyspark.daemon" in _command(pid) for pid in family(program.pid))


def runs_spark() -> bool:
    """Whether a program of Spark's is left of those that were started from here."""
    return any(_OURS.encode() in _command(pid) for pid in family(os.getpid()))


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _start(log: Path, environment: dict[str, str], name: str, *options: str) -> subprocess.Popen[bytes]:
    java = shutil.which("java")
    assert java is not None
    command = [str(Path(environment["SPARK_HOME"]) / "bin" / "spark-class"), f"{_OURS}{name}", "--host", "127.0.0.1"]
    with log.open("wb") as out:
        return subprocess.Popen([*command, *options], env=environment, stdout=out, stderr=out)


def _wait_for(log: Path, words: bytes, times: int) -> None:
    until = time.monotonic() + _PATIENCE_S
    while len(re.findall(words, log.read_bytes())) < times:
        assert time.monotonic() < until, log.read_text(errors="replace")
        time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
