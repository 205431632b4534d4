"""Housekeeping of a store: once a day by a server, at any time by hand, and nothing leaves silently."""

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import anyio
import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel
from typer.testing import CliRunner

from kedergi import app
from probe.config import ConfigError, load
from results.records import Vantage
from results.store import Store
from results.verdict import judge
from server import housekeeping as module
from server.app import create_many
from server.housekeeping import Retention, housekeeping, retention_of
from server.pages.many.line import Line
from tests.results.test_store import FINE, rows
from tests.stores import Opening

pytestmark = pytest.mark.anyio

OLD = datetime.now(UTC) - timedelta(days=100)


@pytest.fixture
def store(opened: Opening) -> Store:
    return opened()


@pytest.fixture
def old(store: Store) -> Store:
    """With one measurement of long ago and one of now."""
    for uid, at in (("old", OLD), ("new", datetime.now(UTC))):
        one = replace(FINE, uid=uid, started_at=at, vantage=Vantage(name="almaty-home-1"))
        store.add(one, judge(one))
    return store


@pytest.fixture
def config(store_url: str, tmp_path: Path) -> Callable[[str], Path]:
    def write(more: str) -> Path:
        file = tmp_path / "server.toml"
        file.write_text(f"[store]\nurl = {json.dumps(store_url)}\n{more}", "utf-8")
        return file

    return write


async def kept(store: Store, retention: Retention | None, until: Callable[[], bool]) -> None:
    """Runs it until something is so."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(partial(housekeeping, store, retention, utcnow=lambda: datetime.now(UTC)))
        with anyio.fail_after(60):
            while not await anyio.to_thread.run_sync(until):  # noqa: ASYNC110 - a store can't be awaited
                await anyio.sleep(0.02)
        tasks.cancel_scope.cancel()


async def test_a_server_makes_months_moves_old_evidence_and_says_so(
    old: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "kedergi.server")
    await kept(old, Retention(timedelta(days=40), tmp_path / "archive"), lambda: rows(old, "evidence") == 1)
    [file] = (tmp_path / "archive").glob("*.zst")
    [said] = [one for one in caplog.records if "evidence" in one.getMessage()]
    assert said.getMessage().startswith("The evidence of 1 measurements from ")
    assert said.getMessage().endswith(f" is now in {file}.")
    assert said.__dict__["told"] == {"measurements": 1, "bytes": file.stat().st_size}


async def test_sessions_that_are_over_are_dropped(store: Store) -> None:
    account, session = (SQLModel.metadata.tables[name] for name in ("account", "session"))
    now = datetime.now(UTC)
    with store.transaction() as connection:
        connection.execute(sa.insert(account).values(name="aina", role="viewer", made_at=now))
        ends = {"over": now - timedelta(seconds=1), "good": now + timedelta(hours=1)}
        for digest, at in ends.items():
            values = {"digest": digest, "account": "aina", "made_at": now, "seen_at": now, "expires_at": at}
            connection.execute(sa.insert(session).values(**values))
    await kept(store, None, lambda: rows(store, "session") == 1)


async def test_what_fails_is_said_and_tried_again_and_the_rest_is_done(
    old: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_AGAIN_S", 0.01)
    folder = tmp_path / "archive"
    folder.write_text("in the way")

    def complained() -> bool:
        said = [one.getMessage() for one in caplog.records if one.levelno == logging.ERROR]
        return len(said) > 1 and all("The archive can't be written" in one for one in said)

    await kept(old, Retention(timedelta(days=40), folder), complained)
    assert rows(old, "evidence") == 2


def test_by_hand_it_says_what_it_did_and_the_chains_fit(
    old: Store, config: Callable[[str], Path], tmp_path: Path
) -> None:
    file = config(f'keep_evidence = "40d"\narchive = "{tmp_path}/archive"\n')
    done = CliRunner().invoke(app, ["housekeeping", "--config", str(file)])
    assert done.exit_code == 0, done.output
    assert "The evidence of 1 measurements from " in done.stdout
    verified = CliRunner().invoke(app, ["verify", "--config", str(file)])
    assert verified.exit_code == 0, verified.output
    assert "1 of them have their evidence in the archive; it was looked at there." in verified.stdout
    record = json.loads(CliRunner().invoke(app, ["verify", "--format", "json", "--config", str(file)]).stdout)
    assert (record["links"], record["archived"], record["troubles"]) == (2, 1, [])
    exported = CliRunner().invoke(app, ["export", "--config", str(file)])
    assert len(exported.stdout.splitlines()) == 1
    assert "1 more have their evidence in the archive, and are not written" in exported.stderr
    [moved] = (tmp_path / "archive").glob("*.zst")
    for path in (tmp_path / "archive").iterdir():
        path.rename(tmp_path / path.name)
    away = CliRunner().invoke(app, ["verify", "--config", str(file)])
    assert away.exit_code == 1
    assert f"1 of its measurements are archived in {moved.name}, which is not there, or damaged." in away.stdout
    back = CliRunner().invoke(app, ["import", str(tmp_path / moved.name), "--config", str(file)])
    assert "1 stored, 0 refused." in back.stdout
    assert rows(old, "evidence") == 2
    assert CliRunner().invoke(app, ["verify", "--config", str(file)]).exit_code == 0


def test_an_archive_that_can_not_be_written_is_said_in_one_sentence(
    old: Store, config: Callable[[str], Path], tmp_path: Path
) -> None:
    (tmp_path / "archive").write_text("in the way")
    file = config(f'keep_evidence = "40d"\narchive = "{tmp_path}/archive"\n')
    done = CliRunner().invoke(app, ["housekeeping", "--config", str(file)])
    assert done.exit_code == 1
    assert done.stderr.startswith("kedergi: The archive can't be written: ")
    assert rows(old, "evidence") == 2


async def test_the_page_says_where_the_evidence_is(old: Store, tmp_path: Path) -> None:
    import httpx

    retention = Retention(timedelta(days=40), tmp_path / "archive")
    await kept(old, retention, lambda: rows(old, "evidence") == 1)
    [file] = retention.folder.glob("*.zst")
    every = timedelta(hours=1)
    line = Line(vantage=Vantage(name="almaty-home-1"), interval=every, budget_bytes=1)
    pages = create_many(old, targets=[], interval=every, clock=lambda: datetime.now(UTC), version="0", line=line)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(pages), base_url="http://127.0.0.1:8733") as client:
        for path in ("/measurement/old", "/measurement/old.json"):
            said = await client.get(path)
            assert said.status_code == 410
            assert file.name in said.text
        assert (await client.get("/measurement/new")).status_code == 200
        assert (await client.get("/measurement/nobody")).status_code == 404


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ('keep_evidence = "400d"', "keep_evidence needs a folder in archive"),
        ('keep_evidence = "30d"\narchive = "x"', 'allowed is a number of days from 31 on, as in "400d"'),
        ('keep_evidence = "2y"\narchive = "x"', "allowed is a number of days"),
        ('archive = ""', "store.archive = ''"),
    ],
)
def test_a_wrong_setting_is_refused_in_one_sentence(tmp_path: Path, more: str, says: str) -> None:
    file = tmp_path / "server.toml"
    file.write_text(f'[store]\nurl = "postgresql://u:hunter2@h/d"\n{more}', "utf-8")
    with pytest.raises(ConfigError) as refused:
        load(file)
    assert says in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_without_settings_all_evidence_stays(tmp_path: Path) -> None:
    file = tmp_path / "server.toml"
    file.write_text(f'[store]\narchive = "{tmp_path}"', "utf-8")
    assert retention_of(load(file)) is None
    file.write_text(f'[store]\nkeep_evidence = "400d"\narchive = "{tmp_path}"', "utf-8")
    assert retention_of(load(file)) == Retention(timedelta(days=400), tmp_path)
