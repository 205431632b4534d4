"""A server with accounts on loopback, on SQLite and on PostgreSQL, and browsers that talk to it over its socket."""

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from argon2 import PasswordHasher
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from results.store import Store
from server.accounts import people
from server.accounts.passwords import Passwords
from server.accounts.roles import Role
from server.accounts.routes import accounts_routes, create_accounts, stand_before
from server.accounts.web import Accounts
from tests.server.conftest import browser
from tests.stores import Opening

__all__ = ["browser"]

PASSWORD, OTHER = "seven brown herons wade", "nine grey otters float"
NAME = "kedergi.example.org"


@pytest.fixture
def store(opened: Opening) -> Store:
    """On both databases."""
    return opened()


class Counting(PasswordHasher):
    """Argon2 with little memory, that counts how often it worked."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=64, parallelism=1)
        self.verified = 0

    def verify(self, *args: object) -> bool:  # type: ignore[override]
        self.verified += 1
        return super().verify(*args)  # type: ignore[arg-type]


@dataclass(kw_only=True)
class Clock:
    """It stands still, and is moved on by hand."""

    start: datetime = field(default_factory=lambda: datetime.now(UTC))
    ahead: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        return self.start + self.ahead


@dataclass(kw_only=True)
class Browser:
    """What a browser does with pages and cookies, without drawing them."""

    at: str
    host: str
    client: httpx.Client
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """One request with the cookies it has; those that come back are kept, as httpx would not over plain HTTP."""
        headers: dict[str, Any] = {"host": self.host, **more.pop("headers", {})}
        if self.cookies:
            headers["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items()).encode()
        self.client.cookies.clear()
        answer = self.client.request(method, self.at + path, headers=headers, **more)
        for line in answer.headers.get_list("set-cookie"):
            name, _, rest = line.partition("=")
            value = rest.partition(";")[0].strip('"')
            if value and "max-age=0" not in line.lower():
                self.cookies[name] = value
            else:
                self.cookies.pop(name, None)
        return answer

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.ask("GET", path, **more)

    def token(self, path: str = "/sign-in") -> str:
        """Of a form on that page."""
        return str(re.findall(r'name="token" value="([^"]+)"', self.get(path).text)[0])

    def send(self, path: str, page: str = "/sign-in", **form: str) -> httpx.Response:
        """A form from one of our own pages."""
        return self.ask("POST", path, data={"token": self.token(page), **form})

    def sign_in(self, name: str, password: str = PASSWORD, **more: str) -> httpx.Response:
        return self.send("/sign-in", name=name, password=password, **more)


@dataclass(frozen=True, kw_only=True)
class Site:
    """The running server, and what a test looks at behind it."""

    store: Store
    accounts: Accounts
    hasher: Counting
    clock: Clock
    at: str
    client: httpx.Client

    def browser(self, host: str = "") -> Browser:
        return Browser(at=self.at, host=host or self.at.removeprefix("http://"), client=self.client)

    def add(self, name: str, role: Role = Role.VIEWER, password: str = PASSWORD) -> None:
        code = people.add(self.store, name, role, who="operator", now=self.clock())
        kept = self.accounts.desk.passwords.hashed(password)
        people.choose(self.store, code, name=name, password=kept, now=self.clock())

    def signed_in(self, name: str = "newsroom", role: Role = Role.VIEWER) -> Browser:
        """A browser in which a new account is signed in."""
        self.add(name, role)
        browser = self.browser()
        assert browser.sign_in(name).status_code == 303
        return browser


Serving = Callable[..., Site]


async def shown(request: Request) -> Response:
    return PlainTextResponse(f"the page {request.url.path}")


# They stand for the pages and the data of a server, those that machines ask among them.
PAGES = [
    Route(path, shown, methods=["GET", "POST"])
    for path in ("/", "/site", "/api/sites.json", "/static/mark.svg", "/healthz", "/readyz", "/metrics", "/v1/time")
]


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    """Serves accounts, and pages behind them, on a free port."""
    running: list[tuple[uvicorn.Server, threading.Thread]] = []
    client = httpx.Client(timeout=30, trust_env=False)

    def start(
        store: Store, *, public: bool = True, names: tuple[str, ...] = (NAME,), pages: ASGIApp | None = None
    ) -> Site:
        clock, hasher = Clock(), Counting()
        accounts = create_accounts(store, folder=tmp_path, names=names, utcnow=clock, passwords=Passwords(hasher))
        app = Starlette(routes=[*accounts_routes(accounts), Mount("/", pages or Starlette(routes=PAGES))])
        stand_before(app, accounts, public=public)
        listener = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        running.append((server, thread))
        while not server.started:
            time.sleep(0.01)
        at = f"http://127.0.0.1:{listener.getsockname()[1]}"
        return Site(store=store, accounts=accounts, hasher=hasher, clock=clock, at=at, client=client)

    yield start
    client.close()
    for server, thread in running:
        server.should_exit = True
        thread.join()


@pytest.fixture
def site(serving: Serving, store: Store) -> Site:
    return serving(store)


def audited(site: Site) -> list[tuple[str, str, str]]:
    """The audit, the oldest first."""
    from server.accounts import audit

    return [(row.who, row.what, row.about) for row in audit.whole(site.store)]
