"""A PostgreSQL server of a test's own, that can be killed, and started anew on what it had written."""

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from tests.stores import initdb, run, unprivileged


@dataclass
class Postgres:
    """A cluster in a folder, reached by a socket there. Its folder must be one that other users may enter."""

    folder: Path
    user: str
    become: Sequence[str]
    programs: Path
    options: str
    disk: str = ""  # the folder below, where its data lies

    @property
    def data(self) -> Path:
        return self.folder / self.disk / "cluster"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def pid(self) -> int:
        return int((self.data / "postmaster.pid").read_text("ascii").split("\n", 1)[0])

    def start(self) -> None:
        self._control(f"--log={self.log}", f"--options={self.options}", "start")

    def stop(self, mode: str = "fast") -> None:
        self._control(f"--mode={mode}", "stop")

    def kill(self) -> None:
        """As a power cut for the server: its processes end at once, and recovery is what comes next."""
        children = [int(word) for word in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]
        os.kill(self.pid, signal.SIGKILL)
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        for child in children:
            while Path(f"/proc/{child}").exists():
                os.sched_yield()

    def address(self, database: str = "kedergi") -> str:
        return f"postgresql+psycopg://{self.user}@/{database}?host={self.folder}"

    def create(self, database: str = "kedergi") -> str:
        """An empty database's address."""
        engine = sa.create_engine(self.address("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(sa.text(f"create database {database}"))
        engine.dispose()
        return self.address(database)

    def runs(self) -> bool:
        status = [*self.become, str(self.programs / "pg_ctl"), f"--pgdata={self.data}", "status"]
        return subprocess.run(status, cwd=self.folder, capture_output=True, check=False).returncode == 0

    def _control(self, *words: str) -> None:
        control = [*self.become, str(self.programs / "pg_ctl"), f"--pgdata={self.data}", "--wait", "--silent"]
        run([*control, *words], self.folder)


def missing() -> str | None:
    return None if initdb() else "PostgreSQL is not installed here"


@contextmanager
def postgres(folder: Path, *more: str, inside: Sequence[str] = (), disk: str = "") -> Iterator[Postgres]:
    """A running server in this folder; `more` are its settings, as `fsync=off`. `inside`, `disk`: see small_disk.py."""
    programs = initdb()
    assert programs is not None
    user, become = unprivileged(folder)
    become = [*inside, *become]
    options = " ".join(["-c listen_addresses=", f"-k {folder}", *(f"-c {setting}" for setting in more)])
    made = Postgres(folder, user, become, programs.parent, options, disk)
    run([*become, str(programs), f"--pgdata={made.data}", "--auth=trust", "--no-sync", "--encoding=UTF8"], folder)
    made.start()
    try:
        yield made
    finally:
        if made.runs():
            made.stop("immediate")
