"""A copy of the store is made while measurements come in, as docs/server.md says, and a server goes on from it."""

import json
import shutil
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from results.store import Store
from tests.server.intake.sending import Sender, body_of, fates
from tests.server.serving import Served
from tests.stores import NUMBER, initdb

LINES = 20
Restored = Callable[[], str]


def _program(name: str, *words: str) -> None:
    programs = initdb()
    assert programs is not None
    done = subprocess.run(
        [programs.resolve().with_name(name), *words], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def _place(url: str) -> list[str]:
    read = sa.make_url(url)
    return [f"--host={read.query['host']}", f"--username={read.username}"]


def copied(url: str, folder: Path) -> Path:
    """The backup, made beside a running server."""
    copy = folder / "copy"
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as opened:
            opened.execute("vacuum into ?", (str(copy),))
    else:
        name = str(sa.make_url(url).database)
        _program("pg_dump", *_place(url), "--format=custom", f"--file={copy}", name)
    return copy


def restored(url: str, copy: Path, folder: Path) -> str:
    """The address of a new store with what is in the backup."""
    if url.startswith("sqlite"):
        shutil.copy(copy, folder / "restored.db")
        return f"sqlite:///{folder / 'restored.db'}"
    name = f"restored_{next(NUMBER)}"
    _program("createdb", *_place(url), name)
    _program("pg_restore", *_place(url), "--no-owner", "--exit-on-error", f"--dbname={name}", str(copy))
    return sa.make_url(url).set(database=name).render_as_string(hide_password=False)


@pytest.fixture
def served(store_url: str, tmp_path: Path) -> Iterator[Served]:
    folder = tmp_path / "first"
    folder.mkdir()
    made = Served(store_url, folder)
    made.start()
    yield made
    made.kill()


def test_a_copy_made_under_load_is_whole_and_a_server_goes_on_from_it(
    served: Served, store_url: str, tmp_path: Path
) -> None:
    sender = Sender(httpx.Client(base_url=served.base_url, timeout=60, trust_env=False))
    assert sender.enrol(served.invite()).status_code == 200
    bodies: list[bytes] = []
    begun, enough = threading.Event(), threading.Event()

    def send() -> None:
        while not enough.is_set() and len(bodies) < 200:
            body = body_of([sender.measured(f"{len(bodies)}-{line}") for line in range(LINES)])
            assert fates(sender.send_bytes(body)) == ["stored"] * LINES
            bodies.append(body)
            if len(bodies) == 5:
                begun.set()

    thread = threading.Thread(target=send)
    thread.start()
    assert begun.wait(60)
    copy = copied(store_url, tmp_path)
    enough.set()
    thread.join()
    assert fates(sender.send(sender.measured("last"))) == ["stored"]
    served.kill()
    sender.client.close()

    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for key in served.folder.rglob("*key*"):
        place = elsewhere / key.relative_to(served.folder)
        place.parent.mkdir(exist_ok=True)
        shutil.copy(key, place)
    second = Served(restored(store_url, copy, tmp_path), elsewhere)
    held = _held(second)
    assert 5 * LINES <= held <= len(bodies) * LINES
    assert held % LINES == 0  # a batch is there whole, or not at all
    (chain,) = map(json.loads, second.run("verify", "--format", "json").splitlines())
    assert (chain["vantage"], chain["links"], chain["troubles"]) == (sender.name, held, [])

    second.start()
    try:
        # A probe that had been told of all of them does not send them again; here it is made to.
        with httpx.Client(base_url=second.base_url, timeout=60, trust_env=False) as client:
            again = [
                fate for body in bodies for fate in fates(Sender(client, sender.identity, sender.name).send_bytes(body))
            ]
        assert again == ["there"] * held + ["stored"] * (len(again) - held)
        # What a member exported is taken from a file as well.
        carried = tmp_path / "member.jsonl"
        carried.write_bytes(bodies[0] + body_of([sender.measured("last")]))
        second.run("import", str(carried))
        assert _held(second) == len(bodies) * LINES + 1
        (chain,) = map(json.loads, second.run("verify", "--format", "json").splitlines())
        assert (chain["links"], chain["troubles"]) == (len(bodies) * LINES + 1, [])
    finally:
        second.kill()


def _held(served: Served) -> int:
    store = Store(served.url)
    try:
        return store.held().measurements
    finally:
        store.close()
