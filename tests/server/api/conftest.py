"""A store of several networks, made once, and who asks it: the application as a public server has it."""

from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta

import httpx
import pytest
from fastapi import FastAPI

from results.store import Store
from server.api.manners import CLOSED, OPEN, Manners
from server.app import create_many
from targets.target import Role, Target
from tests.server.many import BEELINE, KCELL, TOWN, followed, past
from tests.server.simulated import EVERY, HOME, NOW, judgement, rich, site
from tests.stores import database

TARGETS = [
    Target(url=site("ratel.kz"), outlet="Ratel", category="NEWS"),
    Target(url=site("vlast.kz"), outlet="Vlast", category="NEWS"),
    Target(url=site("rights.kz"), outlet="Rights", category="HUMR"),
    Target(url=site("never.kz"), outlet="Rights", role=Role.MIRROR, category="HUMR"),
    Target(url=site("reference.org"), role=Role.REFERENCE),
]


def filled(store: Store) -> None:
    """ratel.kz is blocked on two networks of four, and was on a third; vlast.kz throttled on one; rights.kz fine."""
    past(store, HOME, "ratel.kz", "o" * 40 + "b" * 20)
    past(store, KCELL, "ratel.kz", "o" * 44 + "c" * 16)
    past(store, BEELINE, "ratel.kz", "o" * 60 + "b" * 30 + "o" * 60)
    past(store, TOWN, "ratel.kz", "o" * 20, until=NOW - timedelta(days=2))
    past(store, KCELL, "vlast.kz", "o" * 40 + "s" * 20)
    past(store, HOME, "vlast.kz", "o" * 60)
    past(store, HOME, "rights.kz", "o" * 60)
    past(store, HOME, "reference.org", "o" * 3)
    store.add(rich(started_at=NOW - timedelta(minutes=1)), judgement("b"))
    followed(store)


def opened_app(store: Store, manners: Manners = OPEN, now: datetime = NOW) -> FastAPI:
    return create_many(store, targets=TARGETS, interval=EVERY, clock=lambda: now, version="0.1.0", manners=manners)


def asking(store: Store, manners: Manners = OPEN, now: datetime = NOW) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(opened_app(store, manners, now))
    return httpx.AsyncClient(transport=transport, base_url="http://kedergi.example.org")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Only read by the tests that take it."""
    url = f"sqlite:///{tmp_path_factory.mktemp('api')}/kedergi.db"
    if request.param == "postgresql":
        url = database(request.getfixturevalue("postgresql"))
    store = Store(url)
    filled(store)
    yield store
    store.close()


@pytest.fixture(scope="module")
def public(told: Store) -> httpx.ASGITransport:
    """Made once: its templates are compiled at its start."""
    return httpx.ASGITransport(opened_app(told))


@pytest.fixture(scope="module")
def closed(told: Store) -> httpx.ASGITransport:
    return httpx.ASGITransport(opened_app(told, CLOSED))


@pytest.fixture
async def client(public: httpx.ASGITransport) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=public, base_url="http://kedergi.example.org") as made:
        yield made
