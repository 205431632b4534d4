"""A store in a temporary folder, simulated pasts in it, and a browser where there is one."""

import os
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from results.store import Store
from server.app import create_app
from targets.target import Target
from tests.server.simulated import EVERY, HOME, NOW, Simulated, target

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ALMATY = timezone(timedelta(hours=5))
CHROMIUM = "/usr/bin/chromium"
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip

MakeApp = Callable[..., FastAPI]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(f"sqlite:///{tmp_path / 'kedergi.db'}")
    yield opened
    opened.close()


@pytest.fixture
def simulated(store: Store) -> Simulated:
    return Simulated(store)


@pytest.fixture
def make_app(store: Store) -> MakeApp:
    def make(*targets: Target | str, hosts: tuple[str, ...] = ()) -> FastAPI:
        listed = [target(one) if isinstance(one, str) else one for one in targets]
        return create_app(
            store,
            targets=listed,
            vantage=HOME,
            interval=EVERY,
            clock=lambda: NOW,
            version="0.1.0",
            zone=ALMATY,
            hosts=hosts,
        )

    return make


@pytest.fixture
async def ask(make_app: MakeApp) -> AsyncIterator[Callable[..., httpx.AsyncClient]]:
    clients: list[httpx.AsyncClient] = []

    def client(*targets: Target | str, hosts: tuple[str, ...] = ()) -> httpx.AsyncClient:
        made = httpx.AsyncClient(
            transport=httpx.ASGITransport(make_app(*targets, hosts=hosts)), base_url="http://127.0.0.1:8733"
        )
        clients.append(made)
        return made

    yield client
    for made in clients:
        await made.aclose()


@pytest.fixture
def serve() -> Iterator[Callable[[FastAPI], str]]:
    """Serves an app on a free port of loopback; ends it with the test."""
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(app: FastAPI) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        running.append((server, thread))
        while not server.started:
            time.sleep(0.01)
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for server, thread in running:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")  # not longer: while it is open, its event loop is in the way of other async tests
def browser() -> Iterator["Browser"]:
    """Headless Chromium. Without one the test is skipped on a user's machine, and fails where CI is set."""
    missing = None
    if not Path(CHROMIUM).exists():
        missing = f"{CHROMIUM} is not there"
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as exc:
        missing = str(exc)
    if missing and os.environ.get("CI"):
        pytest.fail(f"no browser: {missing}")
    if missing:
        pytest.skip(f"no browser: {missing}")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield opened
        opened.close()
