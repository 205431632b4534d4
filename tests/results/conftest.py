"""A store to test with: a SQLite file, and a database of a PostgreSQL server that is started for these tests."""

import getpass
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa

from results.store import Store

Opening = Callable[[], Store]
NUMBER = count()


def _initdb() -> Path | None:
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


def _unprivileged(folder: Path) -> tuple[str, list[str]]:
    """The user that PostgreSQL shall run as, with the command that becomes it."""
    if os.geteuid() != 0:
        return getpass.getuser(), []
    user = _somebody()
    os.chown(folder, user.pw_uid, user.pw_gid)
    return user.pw_name, ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The address of a server of our own, on a socket in a folder of its own; `{}` stands for the database."""
    if importlib.util.find_spec("psycopg") is None:
        pytest.skip("psycopg is not installed: it comes with the extra `postgres`")
    initdb = _initdb()
    if initdb is None and os.environ.get("CI"):
        pytest.fail("PostgreSQL is not installed, and CI promises to test with it")
    if initdb is None:
        pytest.skip("PostgreSQL is not installed here")
    # Not below tmp_path, which is closed to other users, and whose names are too long for a socket.
    with tempfile.TemporaryDirectory(prefix="kedergi-") as name:
        folder = Path(name)
        user, become = _unprivileged(folder)
        cluster = folder / "cluster"
        control = [*become, str(initdb.with_name("pg_ctl")), f"--pgdata={cluster}", "--wait", "--silent"]
        options = f"-c listen_addresses= -c fsync=off -k {folder}"
        _run([*become, str(initdb), f"--pgdata={cluster}", "--auth=trust", "--no-sync", "--encoding=UTF8"], folder)
        _run([*control, f"--log={folder}/log", f"--options={options}", "start"], folder)
        try:
            yield f"postgresql+psycopg://{user}@/{{}}?host={folder}"
        finally:
            _run([*control, "--mode=immediate", "stop"], folder)


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty store."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/kedergi.db"
    server: str = request.getfixturevalue("postgresql")
    name = f"kedergi_{next(NUMBER)}"
    engine = sa.create_engine(server.format("postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"create database {name}"))
    engine.dispose()
    return server.format(name)


@pytest.fixture
def opened(store_url: str) -> Iterator[Opening]:
    """Opens the store, as often as it is called; all are closed at the end."""
    stores: list[Store] = []

    def opening() -> Store:
        stores.append(Store(store_url))
        return stores[-1]

    yield opening
    for store in stores:
        store.close()


@pytest.fixture
def store(opened: Opening) -> Store:
    return opened()
