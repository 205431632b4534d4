"""A volunteer's machine that has joined a server, for the tests of what it sends."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from probe.budget import Budget
from probe.contexts import web_context
from probe.services import Services
from probe.submit import Pace, Submitter
from probe.vantage.identity import Identity, make
from results.outbox import Sender
from results.records import Vantage
from results.store import Store
from results.verdict import judge
from tests.probe.far_server import VANTAGE, FarServer, serving
from tests.results.build import AT
from tests.results.test_store import FINE

ROOT = Path(__file__).parents[2]
HOME = Vantage(name=VANTAGE, country="KZ", asn=9198, vantage_class="home")
SENDER = Sender(VANTAGE, AT)
QUICK = Pace(gather=0.01, look=0.05, answer=0.4, first=0.01, longest=0.05, clock=0.02, revoked=0.02)


def submitter(store: Store, services: Services, key: Identity, *servers: str, **more: Any) -> Submitter:
    given: dict[str, Any] = {"clock": lambda: datetime.now(UTC), "budget": Budget(), "pace": QUICK} | more
    clock = given.pop("clock")
    every = timedelta(minutes=30)
    return Submitter(store, services, key, servers, SENDER, every, clock, random.Random(1), **given)


@dataclass
class Home:
    """A volunteer's machine, and the server that it has joined."""

    store: Store
    services: Services
    key: Identity
    server: FarServer
    said: list[str] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def sender(self, *servers: str, **more: Any) -> Submitter:
        return submitter(self.store, self.services, self.key, *(servers or [self.server.url]), say=self.hear, **more)

    def hear(self, sentence: str) -> None:
        self.said.append(sentence)
        self.news.set()

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not true():
                self.news.clear()
                await self.news.wait()

    def measure(self, *uids: str, **more: Any) -> list[str]:
        for number, uid in enumerate(uids):
            one = replace(FINE, uid=uid, vantage=HOME, started_at=AT + timedelta(minutes=number), **more)
            self.store.add(one, judge(one))
        return list(uids)

    def receipts(self) -> dict[str, str]:
        with self.store.transaction() as connection:
            rows = connection.execute(sa.text("select uid, fate from receipt")).all()
        return {row.uid: row.fate for row in rows}


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path / 'kedergi.db'}")
    yield store
    store.close()


@pytest.fixture
async def home(opened: Store, tmp_path: Path) -> AsyncIterator[Home]:
    key = make(tmp_path)
    server = FarServer()
    server.members[key.key_id] = key.key.public_key()
    services = Services(web_context(None))
    async with serving(server):
        yield Home(opened, services, key, server)
        await services.aclose()


def uids(count: int, name: str = "m") -> list[str]:
    return [f"{name}-{number:03}" for number in range(count)]


async def stopped(task: "asyncio.Task[None]") -> None:
    task.cancel()
    async with asyncio.timeout(10):
        await asyncio.wait([task])
    assert task.cancelled()
