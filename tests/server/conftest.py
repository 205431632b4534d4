"""A store in a temporary folder, simulated pasts in it, and a browser where there is one."""

import os
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp

from results.store import Store
from server.app import create_many
from server.pages.many.choice import Home
from server.pages.many.line import Line
from targets.target import Target
from tests.server.many import followed
from tests.server.simulated import EVERY, HOME, NOW, Simulated, target

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ALMATY = timezone(timedelta(hours=5))
CHROMIUM = "/usr/bin/chromium"
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip

MakeApp = Callable[..., FastAPI]
Visit = Callable[..., "Page"]


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
        followed(store)
        return create_many(
            store,
            targets=listed,
            interval=EVERY,
            clock=lambda: NOW,
            version="0.1.0",
            line=Line(vantage=HOME, interval=EVERY, budget_bytes=100_000_000),
            home=Home("local time", ALMATY),
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


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """Serves an app on a free port of loopback while the block lasts."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def serve() -> Iterator[Callable[[FastAPI], str]]:
    """Serves an app; ends it with the test."""
    with ExitStack() as running:
        yield lambda app: running.enter_context(served(app))


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


@pytest.fixture
def visit(browser: "Browser", home: str) -> Iterator[Visit]:
    """Opens a page of `home`, which each module names; whatever the browser complains about fails the test."""
    complaints: list[str] = []
    contexts = []

    def opened(path: str, **settings: Any) -> "Page":
        context = browser.new_context(**settings)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if "status of 4" not in said.text else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(dialog.message))
        page.on("request", lambda asked: None if asked.url.startswith(home) else complaints.append(asked.url))
        page.goto(home + path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []
