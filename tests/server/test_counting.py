"""The rollups of a program that stores and counts by itself: up to date, and at rest while nothing comes."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from results.records import Measurement
from results.rollups import Rollups
from results.store import Store
from server.counting import Counting
from tests.server.simulated import HOME, NOW, Simulated, judgement, site

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Watched(Rollups):
    """Says when it has counted, and how often."""

    def __init__(self, store: Store, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(store)
        self.times = 0
        self.done = asyncio.Event()
        self._loop = loop

    def follow(self, at_once: int = 1000) -> int:
        found = super().follow(at_once)
        self.times += 1
        self._loop.call_soon_threadsafe(self.done.set)
        return found

    async def next(self) -> None:
        async with asyncio.timeout(10):
            await self.done.wait()
        self.done.clear()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(f"sqlite:///{tmp_path / 'store.db'}")
    yield made
    made.close()


def counted(store: Store) -> int:
    with store.transaction() as connection:
        return int(connection.execute(sa.text("select count(distinct url) from rollup")).scalar_one())


async def test_what_was_stored_before_and_what_comes_is_counted(store: Store) -> None:
    simulated = Simulated(store)
    simulated.past("a.kz", "oo")
    rollups = Watched(store, asyncio.get_running_loop())
    counting = Counting(rollups)
    task = asyncio.create_task(counting.run(every_s=0))
    await rollups.next()
    assert counted(store) == 1
    simulated.past("b.kz", "o")
    await counting.kept(
        Measurement(uid="x", url=site("b.kz"), started_at=NOW, runtime_ms=1, vantage=HOME), judgement("o")
    )
    await rollups.next()
    assert counted(store) == 2
    task.cancel()
    await asyncio.wait([task])


async def test_while_nothing_comes_the_store_is_left_alone(store: Store) -> None:
    rollups = Watched(store, asyncio.get_running_loop())
    task = asyncio.create_task(Counting(rollups).run(every_s=0))
    await rollups.next()
    with pytest.raises(TimeoutError):  # nothing says that nothing comes
        async with asyncio.timeout(0.5):
            await rollups.done.wait()
    assert rollups.times == 1
    task.cancel()
    await asyncio.wait([task])
