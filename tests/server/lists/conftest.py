"""A shared server with a key and a list, and vantages that have joined it."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import uvicorn

from probe.vantage.identity import Identity
from results.store import Store
from results.verdict import judge
from server.control.limits import Budget
from server.intake.connection import PatientWithBatches
from server.intake.limits import Limits
from server.intake.reading import Reader
from server.intake.routes import Intake
from server.key import server_key
from server.listen import bound
from server.lists.listing import listing
from server.lists.routes import Lists, lists_routes
from server.worker import application
from targets.target import Target, Use
from tests.results.build import HTTPS
from tests.server.intake.conftest import code
from tests.server.intake.sending import Sender
from tests.stores import Opening

FIRST = [
    Target(url="https://a.kz/", outlet="A", category="NEWS", language="ru"),
    Target(url="https://b.kz/", tier=2, use=Use.OPT_IN),
    Target(url="https://c.kz/", tier=3),
    Target(url="https://old.kz/", use=Use.HISTORY),
]
CONTROL = "https://control.example.org"


@pytest.fixture
def store(opened: Opening) -> Store:
    """On both databases."""
    return opened()


@dataclass
class Server:
    """One that runs, its key, and what a client says to it."""

    store: Store
    key: Identity
    url: str
    client: httpx.Client
    now: list[datetime] = field(default_factory=list)  # where it is not the real time

    def joined(self) -> Sender:
        sender = Sender(self.client)
        assert sender.enrol(code(self.store)).status_code == 200
        return sender


Starting = Callable[..., Server]


@pytest.fixture
def starting(store: Store, tmp_path: Path) -> Iterator[Starting]:
    """Servers on one store, each with the targets and the names that it is given."""
    running: list[tuple[uvicorn.Server, threading.Thread, httpx.Client]] = []

    def start(targets: list[Target] = FIRST, names: tuple[str, ...] = ()) -> Server:
        limits, now = Limits(), list[datetime]()

        def utcnow() -> datetime:
            return now[0] if now else datetime.now(UTC)

        key = server_key(store, tmp_path / "server", now=utcnow())
        intake = Intake(
            store=store,
            reader=Reader(limits=limits, judge=judge, is_listed=lambda url: url == HTTPS),
            limits=limits,
            budget=Budget(limits.per_minute, time.monotonic),
            utcnow=utcnow,
            stored=lambda: None,
            names=names,
            given={"server_key": key.public, "controls": [CONTROL]},
        )
        newest = listing(store, key, targets, now=utcnow())
        lists = Lists(store=store, key=key, listing=newest, names=names, utcnow=utcnow)
        listener = bound("127.0.0.1", 0)
        app = application(intake, *lists_routes(lists))
        config = uvicorn.Config(app, log_level="error", access_log=False, lifespan="off", http=PatientWithBatches)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        client = httpx.Client(base_url=url, timeout=60, trust_env=False)
        running.append((server, thread, client))
        while not server.started:
            time.sleep(0.01)
        return Server(store, key, url, client, now)

    yield start
    for server, thread, client in running:
        client.close()
        server.should_exit = True
        thread.join()


@pytest.fixture
def server(starting: Starting) -> Server:
    return starting()
