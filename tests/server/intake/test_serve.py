"""`kedergi serve` and `kedergi members` as an operator runs them: started, stopped, killed, and with an older store."""

import json
import random
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from alembic import command

from results.links import broken
from results.packing import unpacked
from results.schema import HEAD
from results.store import Store
from tests.results.test_store_troubles import settings
from tests.server.intake.sending import Sender, body_of, fates

KEDERGI = Path(sys.executable).with_name("kedergi")


@dataclass
class Program:
    """The commands, with a store and a data folder of their own."""

    url: str
    folder: Path
    port: int
    running: list[subprocess.Popen[str]] = field(default_factory=list)
    clients: list[httpx.Client] = field(default_factory=list)

    @property
    def config(self) -> Path:
        return self.folder / "server.toml"

    def start(self, *more: str, limit_s: float = 60) -> httpx.Client:
        """A running server that answers, and a client of it."""
        process = self.popen("serve", "--port", str(self.port), *more)
        client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=60, trust_env=False)
        self.clients.append(client)
        end = time.monotonic() + limit_s
        while True:
            assert time.monotonic() < end, "it does not answer"
            if process.poll() is not None:
                raise AssertionError(process.communicate()[1])
            try:
                client.get("/healthz").raise_for_status()
            except httpx.HTTPError:
                time.sleep(0.05)
            else:
                return client

    def popen(self, *arguments: str) -> subprocess.Popen[str]:
        env = {"PATH": "", "HOME": str(self.folder), "XDG_DATA_HOME": str(self.folder), "COLUMNS": "200"}
        process = subprocess.Popen(
            [KEDERGI, *arguments, "--config", str(self.config)],
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.running.append(process)
        return process

    def run(self, *arguments: str) -> tuple[int, str, str]:
        process = self.popen(*arguments)
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err

    def kill(self, how: signal.Signals = signal.SIGKILL) -> tuple[int, str]:
        process = self.running[-1]
        process.send_signal(how)
        _, err = process.communicate(timeout=60)
        return process.returncode, err


MakeProgram = Callable[..., Program]


@pytest.fixture
def make_program(tmp_path: Path) -> Iterator[MakeProgram]:
    programs: list[Program] = []

    def make(url: str) -> Program:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        made = Program(url, tmp_path, port)
        programs.append(made)
        made.config.write_text(f"[store]\nurl = {json.dumps(url)}\n", "utf-8")
        return made

    yield make
    for client in [client for program in programs for client in program.clients]:
        client.close()
    for process in [process for program in programs for process in program.running]:
        process.kill()
        process.communicate()


@pytest.fixture
def program(make_program: MakeProgram, store_url: str) -> Program:
    return make_program(store_url)


def invited(program: Program, client: httpx.Client) -> Sender:
    status, out, _ = program.run("members", "invite", "--class", "home", "--country", "KZ")
    program.running.pop()
    sender = Sender(client)
    assert status == 0
    assert sender.enrol(out.strip()).status_code == 200
    return sender


def troubles(store: Store, vantage: str) -> list[str]:
    with store.transaction() as connection:
        return [one.says for one in broken(connection, vantage)]


def test_a_vantage_is_invited_joins_sends_is_listed_and_revoked(make_program: MakeProgram, tmp_path: Path) -> None:
    program = make_program(f"sqlite:///{tmp_path}/store.db")
    client = program.start()
    status, out, err = program.run("members", "invite", "--class", "mobile", "--country", "KZ", "--hours", "3")
    assert status == 0
    assert re.fullmatch(r"(\w{4}-){5}\w{4}\n", out)
    assert "3 hours" in err
    sender = Sender(client)
    assert sender.enrol(out.strip()).json()["class"] == "mobile"
    assert fates(sender.send(sender.measured("a"), headers={"kedergi-interval": "1800"})) == ["stored"]
    (listed,) = map(json.loads, program.run("members", "list", "--format", "json")[1].splitlines())
    assert listed["vantage"] == sender.name
    assert (listed["class"], listed["country"], listed["interval_s"]) == ("mobile", "KZ", 1800.0)
    assert (listed["measurements"], listed["revoked_at"]) == (1, None)
    assert sender.name in program.run("members", "list")[1]
    assert program.run("members", "revoke", sender.name)[0] == 0
    assert sender.send(sender.measured("b")).status_code == 401
    status, _, err = program.run("members", "revoke", "v-nobody")
    assert (status, "v-nobody" in err) == (2, True)
    assert program.run("members", "invite", "--class", "home", "--country", "kz")[0] == 2


def until(found: Callable[[], bool], limit_s: float = 20) -> None:
    end = time.monotonic() + limit_s
    while not found():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_what_comes_in_is_folded_into_episodes(program: Program) -> None:
    client = program.start()
    sender = invited(program, client)
    sender.send(sender.measured("a"))
    store = Store(program.url)

    def followed() -> bool:
        with store.transaction() as connection:
            return connection.execute(sa.text("select number from followed")).scalar() == 1

    until(followed)
    store.close()


def test_it_goes_on_when_the_store_was_away(make_program: MakeProgram, tmp_path: Path) -> None:
    program = make_program(f"sqlite:///{tmp_path}/store.db")
    client = program.start()
    sender = invited(program, client)

    def named(old: str, new: str) -> None:
        with closing(sqlite3.connect(tmp_path / "store.db", timeout=20)) as beside, beside:
            beside.execute(f"alter table {old} rename to {new}")

    named("link", "link_away")
    assert sender.send(sender.measured("a")).status_code == 503
    time.sleep(6)  # whoever follows the store has met it too: it looks every five seconds
    assert program.running[-1].poll() is None
    named("link_away", "link")
    assert fates(sender.send(sender.measured("a"))) == ["stored"]


def test_no_address_of_a_client_is_stored_or_said(make_program: MakeProgram, tmp_path: Path) -> None:
    program = make_program(f"sqlite:///{tmp_path}/store.db")
    client = program.start()
    sender = invited(program, client)
    assert fates(sender.send(sender.measured("a"))) == ["stored"]
    client.get("/nowhere")
    status, err = program.kill(signal.SIGTERM)
    assert status == 0
    said = [json.loads(line) for line in err.splitlines()]
    own = ("Kedergi takes measurements on", "Nobody administers this server yet.")  # its own address, not a client's
    assert [line for line in said if "127.0.0.1" in str(line) and not line["what"].startswith(own)] == []
    assert [line for line in said if sender.name in str(line)] == []
    assert {line["path"] for line in said if line["what"] == "request"} == {"/v1/enrol", "/v1/measurements", "other"}
    assert said[-1]["what"] == "Stopped. What was measured is stored."
    files = list(tmp_path.rglob("*.db*"))
    assert files
    assert [path.name for path in files if b"127.0.0.1" in path.read_bytes()] == []
    with closing(sqlite3.connect(tmp_path / "store.db")) as opened:
        evidence = [unpacked(codec, blob) for codec, blob in opened.execute("select codec, blob from evidence")]
    assert [b"127.0.0.1" in one for one in evidence] == [False]


def test_batches_in_work_are_finished_before_it_ends(program: Program) -> None:
    client = program.start()
    sender = invited(program, client)
    sent = [[sender.measured(f"{batch}-{line}") for line in range(500)] for batch in range(3)]
    bodies = [body_of(one) for one in sent]
    with ThreadPoolExecutor(3) as threads:
        said = [threads.submit(sender.send_bytes, body, packing="zstd") for body in bodies]
        time.sleep(0.2)  # they are on their way; wherever this meets them, the promise is the same
        status, _ = program.kill(signal.SIGTERM)
    store = Store(program.url)
    assert status == 0
    # Who came after the signal was told so, or not let in.
    taken = [one.result() for one in said if one.exception() is None and one.result().status_code != 503]
    assert taken  # what was begun is answered, not cut off
    assert [fates(one) for one in taken] == [["stored"] * 500] * len(taken)
    assert store.held().measurements == 500 * len(taken)
    assert troubles(store, sender.name) == []
    store.close()


@pytest.mark.parametrize("seed", [1, 2])
def test_a_killed_server_has_what_it_acknowledged_and_everything_is_there_once_in_the_end(
    program: Program, seed: int
) -> None:
    chance = random.Random(seed)
    client = program.start()
    sender = invited(program, client)
    batches = [[sender.measured(f"{batch}-{line}") for line in range(40)] for batch in range(15)]
    bodies = [body_of(one) for one in batches]
    with ThreadPoolExecutor(4) as threads:
        said = [threads.submit(sender.send_bytes, body) for body in bodies]
        until(lambda: any(one.done() for one in said))
        time.sleep(chance.uniform(0, 0.2))
        status, _ = program.kill()
    assert status == -signal.SIGKILL
    acknowledged = {uid for one in said for uid in _stored(one)}
    assert 0 < len(acknowledged) < 600
    store = Store(program.url)
    assert [uid for uid in acknowledged if store.measurement(uid) is None] == []
    assert troubles(store, sender.name) == []
    sender.client = program.start()
    again = [fate for body in bodies for fate in fates(sender.send_bytes(body))]
    assert set(again) <= {"stored", "there"}
    assert store.held().measurements == len(again) == 600
    assert troubles(store, sender.name) == []
    store.close()


def _stored(one: "Future[httpx.Response]") -> list[str]:
    if one.exception() is not None:
        return []
    return [receipt["uid"] for receipt in one.result().json()["receipts"]]


def test_an_older_store_is_changed_only_when_its_operator_says_so(make_program: MakeProgram, empty_url: str) -> None:
    program = make_program(empty_url)
    engine = sa.create_engine(program.url)
    command.upgrade(settings(engine), "0005")

    def schema() -> str:
        with engine.connect() as connection:
            return str(connection.execute(sa.text("select version_num from alembic_version")).scalar_one())

    for arguments in (("serve", "--port", str(program.port)), ("members", "list")):
        status, _, err = program.run(*arguments)
        assert (status, len(err.splitlines())) == (2, 1)
        assert "kedergi serve --migrate" in err
        assert schema() == "0005"
    program.start("--migrate")
    assert schema() == HEAD
    program.kill(signal.SIGTERM)
    with engine.begin() as connection:
        connection.execute(sa.text("update alembic_version set version_num = '9999'"))
    engine.dispose()
    for more in ((), ("--migrate",)):
        status, _, err = program.run("serve", "--port", str(program.port), *more)
        assert (status, "newer program" in err) == (2, True)


def test_a_port_that_is_taken_is_one_sentence(program: Program) -> None:
    with socket.create_server(("127.0.0.1", program.port)):
        status, _, err = program.run("serve", "--port", str(program.port))
    assert (status, len(err.splitlines())) == (2, 1)
    assert str(program.port) in err
