"""`kedergi serve --workers 2` on PostgreSQL: one socket, one lease, and nobody notices when one of them is killed."""

import json
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from results.lease import Lease
from results.links import broken
from results.store import Store
from tests.server.intake.sending import Sender, body_of, fates, sentence
from tests.server.serving import KEDERGI, Served, descendants, until
from tests.stores import database

Serving = Callable[..., Served]
FOLLOWS = "This worker follows the store"


@pytest.fixture(name="database")
def empty_database(postgresql: str) -> str:
    """The address of an empty store."""
    return database(postgresql)


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    all_: list[Served] = []

    def start(url: str, *arguments: str, workers: int = 2) -> Served:
        folder = tmp_path / str(len(all_))
        folder.mkdir()
        # All servers on one store have the same keys.
        shared = {"XDG_DATA_HOME": str(tmp_path)}
        all_.append(
            Served(
                url, folder, arguments=[*(("--workers", str(workers)) if workers > 1 else ()), *arguments], env=shared
            )
        )
        all_[-1].start()
        if workers > 1:
            until(lambda: len(all_[-1].workers()) == workers and answering(all_[-1]) == workers, "both workers")
        return all_[-1]

    yield start
    for one in all_:
        one.kill()


def said(served: Served) -> list[dict[str, object]]:
    return [json.loads(line) for line in served.log.read_text("utf-8").splitlines()]


def answering(served: Served) -> int:
    return sum(line["what"] == "A worker answers." for line in said(served))


def following(served: Served) -> list[int]:
    """The processes that did the background work, in their order."""
    return [int(str(line["process"])) for line in said(served) if str(line["what"]).startswith(FOLLOWS)]


def joined(served: Served) -> Sender:
    sender = Sender(httpx.Client(base_url=served.base_url, timeout=60, trust_env=False))
    assert sender.enrol(served.invite()).status_code == 200
    return sender


def test_a_killed_worker_is_started_again_and_nothing_is_lost(database: str, serving: Serving) -> None:
    served = serving(database)
    first = served.workers()
    sender = joined(served)
    batches = [[sender.measured(f"{batch}-{line}") for line in range(50)] for batch in range(12)]
    taken: list[str] = []
    half, killed = threading.Event(), threading.Event()

    def send() -> None:
        for number, batch in enumerate(batches):
            if number == 4:
                half.set()
                killed.wait()
            while True:
                try:
                    with httpx.Client(base_url=served.base_url, timeout=60, trust_env=False) as client:
                        answer = Sender(client, sender.identity, sender.name).send_bytes(body_of(batch))
                except httpx.TransportError:
                    continue
                break
            taken.extend(fates(answer))

    thread = threading.Thread(target=send)
    thread.start()
    assert half.wait(60)
    os.kill(first[0], signal.SIGKILL)
    killed.set()
    thread.join()
    sender.client.close()
    until(lambda: answering(served) == 3, "another worker")
    assert len(served.workers()) == 2
    assert first[1] in served.workers()
    assert served.stop() == 0
    store = Store(database)
    assert len(taken) == store.held().measurements == 600
    with store.transaction() as connection:
        assert list(broken(connection, sender.name)) == []
    store.close()


def test_one_worker_does_the_background_work_and_another_takes_it_over(database: str, serving: Serving) -> None:
    served, beside = serving(database), serving(database, workers=1)
    until(lambda: bool(following(served)), "somebody who follows")
    sender = joined(beside)
    sender.send(sender.measured("a"))
    store = Store(database)

    def followed(number: int) -> bool:
        with store.transaction() as connection:
            return connection.execute(sa.text("select number from followed")).scalar() == number

    until(lambda: followed(1))
    assert len(following(served)) == 1
    assert following(beside) == []
    (holder,) = following(served)
    os.kill(holder, signal.SIGKILL)
    until(lambda: len(following(served)) + len(following(beside)) == 2, "another one that follows")
    sender.send(sender.measured("b"))
    until(lambda: followed(2))
    sender.client.close()
    store.close()


def test_two_leases_are_never_held_at_once_and_a_lost_session_loses_its_lease(database: str) -> None:
    one, other = Lease(database), Lease(database)
    assert [one.take(), other.take(), other.take()] == [True, False, False]
    one.hold()
    engine = sa.create_engine(database, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        held = "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'"
        assert connection.execute(sa.text(held)).scalars().all() == [True]
    engine.dispose()
    until(other.take)
    with pytest.raises(Exception, match="lease"):
        one.hold()
    assert not one.take()
    other.leave()
    assert one.take()
    one.leave()


def test_batches_in_work_are_finished_when_all_are_stopped_and_readiness_is_taken_back(
    database: str, serving: Serving
) -> None:
    served = serving(database)
    sender = joined(served)
    watching = httpx.Client(base_url=served.base_url, timeout=60, trust_env=False)
    assert watching.get("/readyz").status_code == 200
    body = body_of([sender.measured(str(number)) for number in range(20)])
    path, headers = "/v1/measurements", {"content-type": "application/x-ndjson"}
    signed = {**headers, **sender.signed(path, body, headers)}
    asked = sender.client.build_request("POST", path, content=body, headers=signed)
    head = "".join(f"{name}: {value}\r\n" for name, value in asked.headers.items())
    with socket.create_connection(("127.0.0.1", served.port)) as slow:
        slow.sendall(f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body[:100])
        # Only now is it inside, for sure: what it has sent is read before the next connection is answered.
        until(lambda: _inside(served.port, slow), "the batch inside")
        assert served.process is not None
        served.process.send_signal(signal.SIGTERM)
        until(lambda: _not_ready(served))
        with httpx.Client(base_url=served.base_url, timeout=60, trust_env=False) as late:
            says = sentence(Sender(late, sender.identity, sender.name).send(sender.measured("late")), 503)
        assert "being stopped" in says
        assert served.process.poll() is None
        slow.sendall(body[100:])
        answer = b""
        while part := slow.recv(65536):
            answer += part
            if b'"fate":"stored"' in answer and answer.endswith(b"}"):
                break
    assert answer.count(b'"fate":"stored"') == 20
    assert served.process.wait(60) == 0
    assert said(served)[-1]["what"] == "Stopped. What was measured is stored."
    assert descendants(served.pid) == []
    for client in (watching, sender.client):
        client.close()


def _inside(port: int, sock: socket.socket) -> bool:
    """Nothing of what was sent waits in the server's half any more."""
    mine = sock.getsockname()[1]
    for line in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]:
        words = line.split()
        ports = (int(words[1].partition(":")[2], 16), int(words[2].partition(":")[2], 16))
        if ports == (port, mine):
            return words[4].endswith(":00000000")
    return False


def _not_ready(served: Served) -> bool:
    """The worker with a batch in work says so; the other one is gone."""
    try:
        ready = httpx.get(f"{served.base_url}/readyz", timeout=5, trust_env=False)
    except httpx.TransportError:
        return False
    return ready.status_code == 503 and "being stopped" in ready.text


def test_workers_end_when_whoever_started_them_is_killed(database: str, serving: Serving) -> None:
    served = serving(database)
    workers = served.workers()
    assert served.process is not None
    served.process.kill()
    served.process.wait(20)
    until(lambda: not any(_runs(pid) for pid in workers), "their end")


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_what_keeps_all_workers_from_starting_ends_the_server_with_the_reason(database: str, tmp_path: Path) -> None:
    with_its_key = Served(database, tmp_path)
    with_its_key.start()
    assert with_its_key.stop() == 0
    other = tmp_path / "other"
    other.mkdir()
    without = Served(database, other, arguments=["--workers", "2"])
    with pytest.raises(AssertionError):
        without.start()
    assert without.process is not None
    assert without.process.wait(60) == 2
    assert any("server-key.pem" in str(line["what"]) for line in said(without))


def test_sqlite_has_one_worker_and_says_so(tmp_path: Path) -> None:
    served = Served(f"sqlite:///{tmp_path}/kedergi.db", tmp_path)
    command: list[str | Path] = [
        KEDERGI,
        "serve",
        "--port",
        str(served.port),
        "--config",
        str(served.config),
        "--workers",
        "2",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=served._env())
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "PostgreSQL" in json.loads(line)["what"]
