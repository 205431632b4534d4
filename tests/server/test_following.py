"""What the probe keeps, on its way into the history, and the end of the program in the middle of it."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from results.store import Store
from server.following import Following
from tests.results.build import AT, HOME
from tests.results.test_history import BLOCK, FINE, JUDGED, RATEL, looks, of, put, told

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(f"sqlite:///{tmp_path / 'store.db'}")
    yield made
    made.close()


def following(store: Store, news: asyncio.Event) -> Following:
    return Following(of(store), clock=lambda: AT + timedelta(days=2), news=news)


async def test_what_was_stored_while_nobody_followed_is_told(store: Store) -> None:
    put(store, looks(RATEL, HOME, BLOCK))
    news = asyncio.Event()
    task = asyncio.create_task(following(store, news).run())
    async with asyncio.timeout(10):
        await news.wait()
    task.cancel()
    assert [change for change, *_ in told(store)] == ["opened"]


async def test_what_is_kept_is_folded(store: Store) -> None:
    news = asyncio.Event()
    follower = following(store, news)
    task = asyncio.create_task(follower.run())
    for look in looks(RATEL, HOME, BLOCK[:60]):
        put(store, [look])
        await follower.kept(replace(FINE, url=RATEL, vantage=HOME, started_at=look[2]), JUDGED)
    async with asyncio.timeout(10):
        await news.wait()
    task.cancel()
    assert [change for change, *_ in told(store)] == ["opened"]


@pytest.mark.parametrize("turns", range(6))
async def test_it_ends_when_it_is_stopped_at_the_moment_something_came(store: Store, turns: int) -> None:
    """A stop that is lost between two turns of the loop would keep the whole program from ending."""
    follower = following(store, asyncio.Event())
    task = asyncio.create_task(follower.run())
    await asyncio.sleep(0.3)  # it waits by then: nothing says so
    await follower.kept(FINE, JUDGED)
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=3)
    assert done
    assert task.cancelled()
