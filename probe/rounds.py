"""Measures many URLs: so many at once, few at one host, each judged and kept as soon as it is measured.

When a round is due is not said here (probe/schedule.py), nor how one URL is measured (probe/check.py).
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from probe.check import check
from probe.net import place
from probe.tools import Tools
from results.judgement import Judgement
from results.records import Measurement
from results.verdict import judge

_AT_ONE_HOST = 2

Keep = Callable[[Measurement, Judgement], Awaitable[None]]


class Turns:
    """How many checks may run side by side, and how many of them at one host. Shared by rounds that overlap."""

    def __init__(self, concurrency: int) -> None:
        self._all = asyncio.Semaphore(concurrency)
        self._by_host: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def one(self, host: str) -> AsyncIterator[None]:
        """Waits for the host first, so that a slow host's queue holds nobody else up."""
        at_host = self._by_host.setdefault(host, asyncio.Semaphore(_AT_ONE_HOST))
        async with at_host, self._all:
            yield


async def measure(
    urls: Iterable[str],
    tools: Tools,
    keep: Keep,
    turns: Turns,
    *,
    round_uid: str | None = None,
    go_on: Callable[[], bool] = lambda: True,
) -> None:
    """Checks each URL when its turn comes, and hands it to `keep` with its judgement.

    `go_on` is asked before each: once it says no, what is left is not measured; what is under way then still is.
    A bug, or a store that fails, ends all of it. Cancelled, it leaves what was kept.
    """

    async def one(url: str) -> None:
        async with turns.one(place(url).host):
            if not go_on():
                return
            await tools.quiet.others_may()
            measurement = await check(url, tools, round_uid=round_uid)
            used_bytes = (measurement.received_bytes or 0) + (measurement.sent_bytes or 0)
            tools.budget.spend(used_bytes, measurement.started_at)
        await keep(measurement, judge(measurement, tools.known))

    async with asyncio.TaskGroup() as group:
        for url in urls:
            group.create_task(one(url))
