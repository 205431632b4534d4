"""How a PostgreSQL server of the tests' own is started, and its databases made. The fixtures are in conftest.py."""

import getpass
import os
import pwd
import shutil
import subprocess
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa

from results.store import Store

Opening = Callable[[], Store]
NUMBER = count()


def initdb() -> Path | None:
    on_path = shutil.which("initdb")
    packaged = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return Path(on_path) if on_path else packaged[-1] if packaged else None


def _somebody() -> pwd.struct_passwd:
    """PostgreSQL refuses to run as root."""
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    pytest.skip("neither postgres nor nobody is a user here, and PostgreSQL does not run as root")


def unprivileged(folder: Path) -> tuple[str, list[str]]:
    """The user that PostgreSQL shall run as, with the command that becomes it."""
    if os.geteuid() != 0:
        return getpass.getuser(), []
    user = _somebody()
    os.chown(folder, user.pw_uid, user.pw_gid)
    return user.pw_name, ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


def run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


def database(server: str, like: str = "template1") -> str:
    """The address of a new database of that server, empty or a copy."""
    name = f"kedergi_{next(NUMBER)}"
    engine = sa.create_engine(server.format("postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"create database {name} template {like}"))
    engine.dispose()
    return server.format(name)
