"""A store to test with: a SQLite file, and a database of a PostgreSQL server that is started for these tests."""

import importlib.util
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from results.store import Store
from tests.stores import Opening, database, initdb, run, unprivileged


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The address of a server of our own, on a socket in a folder of its own; `{}` stands for the database."""
    if importlib.util.find_spec("psycopg") is None:
        pytest.skip("psycopg is not installed: it comes with the extra `postgres`")
    programs = initdb()
    if programs is None and os.environ.get("CI"):
        pytest.fail("PostgreSQL is not installed, and CI promises to test with it")
    if programs is None:
        pytest.skip("PostgreSQL is not installed here")
    # Not below tmp_path, which is closed to other users, and whose names are too long for a socket.
    with tempfile.TemporaryDirectory(prefix="kedergi-") as name:
        folder = Path(name)
        user, become = unprivileged(folder)
        cluster = folder / "cluster"
        control = [*become, str(programs.with_name("pg_ctl")), f"--pgdata={cluster}", "--wait", "--silent"]
        options = f"-c listen_addresses= -c fsync=off -k {folder}"
        run([*become, str(programs), f"--pgdata={cluster}", "--auth=trust", "--no-sync", "--encoding=UTF8"], folder)
        run([*control, f"--log={folder}/log", f"--options={options}", "start"], folder)
        try:
            yield f"postgresql+psycopg://{user}@/{{}}?host={folder}"
        finally:
            run([*control, "--mode=immediate", "stop"], folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a store that nobody has opened yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/kedergi.db"
    return database(request.getfixturevalue("postgresql"))


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a store with its tables and nothing in them: a copy, since making them takes the longest."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("made_file"), tmp_path / "kedergi.db")
        return f"sqlite:///{tmp_path}/kedergi.db"
    return database(request.getfixturevalue("postgresql"), like=request.getfixturevalue("made_database"))


@pytest.fixture(scope="session")
def made_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite store that has its tables."""
    path = tmp_path_factory.mktemp("made") / "kedergi.db"
    Store(f"sqlite:///{path}").close()
    return path


@pytest.fixture(scope="session")
def made_database(postgresql: str) -> str:
    """The name of a PostgreSQL database that has its tables."""
    url = database(postgresql)
    Store(url).close()
    return str(sa.make_url(url).database)


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
