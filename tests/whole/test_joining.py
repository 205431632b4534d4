"""A probe joins a server with a code and sends what it measures, through a cut, a kill and days without the server."""

import json
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import PIPE

import pytest

from tests.lab import Lab, Site
from tests.lab.rules import Address, Drop, Rule
from tests.whole.conftest import control, start_control
from tests.whole.test_up import ListFile, Up, nth_round

pytestmark = [pytest.mark.lab, pytest.mark.whole]

NAMES = [f"site{number}.free-press.kz" for number in range(4)]
PORT = 8740
LIMIT_S = 60.0


class Abroad:
    """`kedergi serve` in the world outside, with a store of its own."""

    def __init__(self, lab: Lab, lists: Path, more: str = "") -> None:
        self.lab = lab
        self.store = lab.folder / "server.sqlite"
        self.config = lab.folder / "server.toml"
        text = f'[store]\nurl = "sqlite:///{self.store}"\n[probe]\nlists = ["{lists}"]\n'
        self.config.write_text(text + more, "utf-8")
        self.url = f"http://{lab.control_ip}:{PORT}"
        self.env = {"XDG_DATA_HOME": str(lab.folder / "server-data")}
        self.start()

    def start(self) -> None:
        where = ["--host", self.lab.control_ip, "--port", str(PORT)]
        command: list[str | Path] = ["kedergi", "serve", *where, "--config", self.config]
        self.process = self.lab.popen_in_world(command, env=self.env, stderr=PIPE)
        self.answers("healthz")

    def answers(self, path: str) -> None:
        """Waits until it does: another process's socket can't be awaited otherwise."""
        end = time.monotonic() + LIMIT_S
        while self.lab.in_world(["curl", "--silent", "--fail", f"{self.url}/{path}"]).returncode:
            assert time.monotonic() < end
            assert self.process.poll() is None, self.process.stderr and self.process.stderr.read()
            time.sleep(0.1)

    def said(self, *words: str) -> str:
        done = self.lab.in_world(["kedergi", *words, "--config", self.config], env=self.env)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def uids(self) -> list[str]:
        with sqlite3.connect(f"file:{self.store}?mode=ro", uri=True) as connection:
            found = [uid for (uid,) in connection.execute("select uid from measurement")]
        connection.close()
        return found


@pytest.fixture
def lab(make_lab: Callable[..., Lab]) -> Lab:
    made = make_lab(sites=[Site(name) for name in NAMES], delay_ms=10)
    start_control(made)
    return made


def measured(up: Up) -> set[str]:
    return {uid for (uid,) in up.rows("select uid from measurement")}


def all_there(up: Up, abroad: Abroad) -> None:
    """Waits until the server has everything that was measured until now."""
    now, end = measured(up), time.monotonic() + LIMIT_S
    while not now <= set(abroad.uids()):
        assert time.monotonic() < end, (len(now), len(abroad.uids()))
        assert up.process.poll() is None
        time.sleep(0.1)


def test_what_a_probe_measures_is_on_the_server_exactly_once(lab: Lab, list_file: ListFile) -> None:
    lists = list_file([f"https://{name}/" for name in NAMES])
    abroad = Abroad(lab, lists)
    config = lab.config(control=control(lab), probe={"lists": [str(lists)], "interval": "5s"})
    at_home = {"XDG_DATA_HOME": str(lab.folder / "data")}
    code = abroad.said("members", "invite", "--class", "home", "--country", "KZ").strip()
    enrol: list[str | Path] = ["kedergi", "vantage", "enrol", f"{code}@{abroad.url}", "--yes", "--config", config]
    done = lab.run(enrol, env=at_home)
    assert done.returncode == 0, done.stderr
    up = Up(lab, config)
    up.until(nth_round(2))
    all_there(up, abroad)

    lab.set_rules([Rule(Address(lab.control_ip, PORT), Drop())])  # the server is blocked, and nothing else
    before = len(abroad.uids())
    up.until(nth_round(5))
    up.process.kill()
    up.process.wait()
    assert len(measured(up)) > before
    up.start()
    lab.set_rules([])
    up.until(nth_round(7))
    all_there(up, abroad)

    found = abroad.uids()
    assert len(found) == len(set(found))
    abroad.said("verify")  # the chain fits
    [member] = [json.loads(line) for line in abroad.said("members", "list", "--format", "json").splitlines()]
    assert (member["class"], member["country"]) == ("home", "KZ")
    written = b"".join(path.read_bytes() for path in lab.folder.glob("server.sqlite*"))
    assert lab.client_ip.encode() not in written


def test_who_was_revoked_is_heard_no_more(lab: Lab, list_file: ListFile) -> None:
    lists = list_file([f"https://{name}/" for name in NAMES])
    abroad = Abroad(lab, lists)
    config = lab.config(control=control(lab), probe={"lists": [str(lists)], "interval": "5s"})
    code = abroad.said("members", "invite", "--class", "home", "--country", "KZ").strip()
    enrol: list[str | Path] = ["kedergi", "vantage", "enrol", f"{code}@{abroad.url}", "--yes", "--config", config]
    assert lab.run(enrol, env={"XDG_DATA_HOME": str(lab.folder / "data")}).returncode == 0
    up = Up(lab, config)
    up.until(nth_round(2))
    all_there(up, abroad)
    [member] = [json.loads(line) for line in abroad.said("members", "list", "--format", "json").splitlines()]
    abroad.said("members", "revoke", member["vantage"])
    at_once = len(abroad.uids())
    up.until(nth_round(5))
    assert len(abroad.uids()) <= at_once + len(NAMES)  # of a batch that was under way
    assert measured(up) - set(abroad.uids())
