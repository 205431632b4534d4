"""A shared server on loopback, on SQLite and on PostgreSQL, and vantages that have joined it."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial

import httpx
import pytest
import uvicorn

from results.store import Store
from results.verdict import judge
from server.control.limits import Budget
from server.intake.connection import PatientWithBatches
from server.intake.limits import Limits
from server.intake.reading import Reader
from server.intake.routes import Intake
from server.joining import invite
from server.worker import application
from tests.results.build import HTTPS
from tests.server.fort import Fort, fortified
from tests.server.intake.sending import Sender
from tests.server.postgres import missing
from tests.stores import Opening

Serving = Callable[..., httpx.Client]
Joined = Callable[..., Sender]


@pytest.fixture
def store(opened: Opening) -> Store:
    """On both databases."""
    return opened()


@pytest.fixture
def serving() -> Iterator[Serving]:
    """Serves a store on a free port; a client of it."""
    running: list[tuple[uvicorn.Server, threading.Thread, httpx.Client]] = []

    def start(store: Store, limits: Limits | None = None) -> httpx.Client:
        chosen = limits or Limits()
        intake = Intake(
            store=store,
            reader=Reader(limits=chosen, judge=judge, is_listed=lambda url: url == HTTPS),
            limits=chosen,
            budget=Budget(chosen.per_minute, time.monotonic),
            utcnow=partial(datetime.now, UTC),
            stored=lambda: None,
        )
        listener = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(
            application(intake), log_level="error", access_log=False, lifespan="off", http=PatientWithBatches
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        client = httpx.Client(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=60, trust_env=False)
        running.append((server, thread, client))
        while not server.started:
            time.sleep(0.01)
        return client

    yield start
    for server, thread, client in running:
        client.close()
        server.should_exit = True
        thread.join()


@pytest.fixture
def client(serving: Serving, store: Store) -> httpx.Client:
    return serving(store)


def code(store: Store, **more: object) -> str:
    given = {"vantage_class": "home", "country": "KZ", "now": datetime.now(UTC), "hours": 48, **more}
    return invite(store, **given)  # type: ignore[arg-type]


@pytest.fixture
def joined(client: httpx.Client, store: Store) -> Joined:
    """A vantage that has joined, at this server or at another one of the same store."""

    def join(at: httpx.Client = client) -> Sender:
        sender = Sender(at)
        assert sender.enrol(code(store)).status_code == 200
        return sender

    return join


@pytest.fixture
def sender(joined: Joined) -> Sender:
    return joined()


@pytest.fixture(scope="module")
def fort(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fort]:
    if why := missing():
        pytest.skip(why)
    with fortified(tmp_path_factory.mktemp("fort")) as made:
        yield made
