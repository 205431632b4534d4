"""`kedergi vantage show` and `purge`, as a volunteer calls them: what is here, and that nothing of it stays."""

import errno
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from probe import consent
from probe.vantage.purge import run_purge
from results.store import Store
from tests.results.test_links import HOME, fill


class Machine:
    """A home folder of its own, and the command in it."""

    def __init__(self, folder: Path) -> None:
        self.data, self.config = folder / "data" / "kedergi", folder / "config" / "kedergi"
        self.env = {**os.environ, "HOME": str(folder), "PYTHONUTF8": "1"}
        self.env |= {"XDG_DATA_HOME": str(folder / "data"), "XDG_CONFIG_HOME": str(folder / "config")}

    def run(self, *words: str, answer: str = "") -> "subprocess.CompletedProcess[str]":
        return self.command("vantage", *words, answer=answer)

    def command(self, *words: str, answer: str = "") -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "kedergi", *words]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=60, check=False, env=self.env, input=answer
        )

    def settle_in(self) -> None:
        """As after some rounds."""
        consent.give(self.data, datetime(2026, 11, 20, tzinfo=UTC))
        (self.data / "vantage-name").write_text(HOME.name, "utf-8")
        self.config.mkdir(parents=True)
        (self.config / "kedergi.toml").write_text('[alerts]\nto = ["json://user:S3cret@127.0.0.1/"]\n', "utf-8")
        store = Store(f"sqlite:///{self.data / 'kedergi.db'}")
        fill(store, 4)
        store.close()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def files(machine: Machine) -> list[str]:
    found = [path for folder in (machine.data, machine.config) for path in folder.rglob("*")]
    return sorted(path.name for path in found)


def test_show_tells_what_is_here_and_who_hears_of_it(machine: Machine) -> None:
    machine.settle_in()
    done = machine.run("show")
    assert (done.returncode, done.stderr) == (0, "")
    assert HOME.name in done.stdout
    assert "4; sites: 1, 2026-11-22T09:00:00.000Z to 2026-11-22T09:03:00.000Z" in done.stdout
    assert "given 2026-11-20T00:00:00.000Z" in done.stdout
    assert "nobody: no server is set up" in done.stdout
    assert "to addresses: 1" in done.stdout
    assert "S3cret" not in done.stdout
    told = json.loads(machine.run("show", "--format", "json").stdout)
    assert (told["vantage"], told["measurements"], told["sites"]) == (HOME.name, 4, 1)
    assert told["store_bytes"] > 0
    assert [told[name] for name in ("server", "sent", "waiting", "refused")] == [None] * 4


def test_show_makes_nothing(machine: Machine) -> None:
    done = machine.run("show")
    assert done.returncode == 0
    assert "not named yet" in done.stdout
    assert not machine.data.exists()
    assert not machine.config.exists()


def test_show_tells_of_a_pause_and_of_the_last_rounds(machine: Machine) -> None:
    machine.settle_in()
    store = Store(f"sqlite:///{machine.data / 'kedergi.db'}")
    store.begin_round("r", vantage=HOME.name, started_at=datetime(2026, 11, 22, 9, tzinfo=UTC), planned=4)
    store.end_round("r", ended_at=datetime(2026, 11, 22, 9, 1, tzinfo=UTC), measured=3, line_up=True)
    store.close()
    done = machine.run("show")
    assert "2026-11-22T09:00Z 3/4" in done.stdout
    assert "by 2026-11-22T09:30Z" in done.stdout
    assert "none is installed" in done.stdout
    assert machine.run("pause", "--for", "2h").returncode == 0
    paused = machine.run("show")
    assert "paused" in paused.stdout
    assert "next round" not in paused.stdout
    assert json.loads(machine.run("show", "--format", "json").stdout)["not_measuring"] == "paused"
    assert "paused.json" in files(machine)
    assert "over" in machine.run("resume").stdout
    assert json.loads(machine.run("show", "--format", "json").stdout)["paused_since"] is None


def test_purge_leaves_nothing_and_says_what_it_deleted(machine: Machine) -> None:
    machine.settle_in()
    there = files(machine)
    assert {"kedergi.db", "consent.json", "vantage-name", "kedergi.toml"} <= set(there)
    done = machine.run("purge", answer="y\n")
    assert done.returncode == 0
    assert all(name in done.stdout for name in there)
    assert not machine.data.exists()
    assert not machine.config.exists()
    again = machine.run("purge", "--yes")
    assert (again.returncode, again.stderr) == (0, "Nothing of Kedergi is here.\n")


@pytest.mark.parametrize("answer", ["n\n", ""], ids=["no", "no terminal"])
def test_without_a_yes_nothing_is_deleted(machine: Machine, answer: str) -> None:
    machine.settle_in()
    before = files(machine)
    done = machine.run("purge", answer=answer)
    assert done.returncode == 1
    assert done.stderr.endswith("Nothing was deleted.\n")
    assert files(machine) == before


def test_what_is_not_ours_is_left_and_named(machine: Machine) -> None:
    machine.settle_in()
    (machine.data / "notes.txt").write_text("mine")
    done = machine.run("purge", "--yes")
    assert done.returncode == 0
    assert files(machine) == ["notes.txt"]
    assert f"Left, since Kedergi did not make it: {machine.data / 'notes.txt'}" in done.stderr


def test_the_store_that_is_deleted_is_the_one_of_the_configuration(machine: Machine, tmp_path: Path) -> None:
    machine.settle_in()
    elsewhere = tmp_path / "elsewhere.db"
    Store(f"sqlite:///{elsewhere}").close()
    named = tmp_path / "named.toml"
    named.write_text(f'[store]\nurl = "sqlite:///{elsewhere}"\n')
    assert machine.run("purge", "--yes", "--config", str(named)).returncode == 0
    assert not elsewhere.exists()
    assert not named.exists()
    assert (machine.data / "kedergi.db").exists()  # of another configuration
    assert "kedergi.db" in machine.run("purge", "--yes").stdout


def test_a_store_on_a_server_is_said_to_stay(machine: Machine, tmp_path: Path) -> None:
    named = tmp_path / "named.toml"
    named.write_text('[store]\nurl = "postgresql+psycopg://me:S3cret@db.example.org/kedergi"\n')
    done = machine.run("purge", "--yes", "--config", str(named))
    assert "postgresql+psycopg://me:***@db.example.org/kedergi is no file of this machine" in done.stderr
    assert "S3cret" not in done.stderr + done.stdout
    assert not named.exists()


def test_what_cannot_be_deleted_is_said(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The system's refusal is made up: these tests may run as root, who is refused nothing."""
    machine.settle_in()
    deleted = Path.unlink

    def unlink(path: Path, *, missing_ok: bool = False) -> None:
        if path.name == "kedergi.toml":
            raise PermissionError(errno.EACCES, "Permission denied")
        deleted(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", unlink)
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, machine.env[name])
    assert run_purge(yes=True, config=None) == 1
    said = capsys.readouterr()
    assert "kedergi.toml can't be deleted: Permission denied." in said.err
    assert "Deleted" not in said.out
    assert files(machine) == ["kedergi.toml"]
