"""The work besides answering: following what is stored, sending alerts, forgetting nonces. One worker at a time has it.

Two that did it would tell nothing twice (results/history.py and results/queue.py lock what they write), but each would
read the same again. Who does it has a lease (results/lease.py).
"""

import asyncio
import random
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from results.history import History
from results.intake import forget
from results.lease import Lease
from results.rollups import Rollups
from results.store import Store, StoreError
from server.alerts.delivery import Deliverer
from server.alerts.subscriptions import Subscription
from server.counting import counting
from server.following import Following
from server.housekeeping import Retention, housekeeping
from server.joining import watched
from server.logs import LOG
from targets.operators import owner_of

Work = Callable[[], Coroutine[Any, Any, None]]

_FORGETS_S = 60.0
_AGAIN_S = 5.0
_IDLES_S = 5.0  # other workers store, who wake nobody
_LOOKS_S = 2.0  # how often the lease is asked for, and whether it is still ours
# A signature is believed for five minutes before and after the time in it (probe/vantage/signing.py).
_BELIEVED = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Duties:
    """What the work needs."""

    store: Store
    subscriptions: Sequence[Subscription]
    outlets: Mapping[str, str]
    interval: timedelta
    retention: Retention | None = None


class Background:
    """The work of one worker, while it has the lease."""

    def __init__(self, duties: Duties, lease: Lease, *, mine: Callable[[bool], None]) -> None:
        """`mine` hears when this worker begins the work and when it ends it."""
        self._duties = duties
        self._lease = lease
        self._mine = mine
        self._following: Following | None = None

    def stored(self) -> None:
        """Something new is in the store. Whoever follows in another worker looks every few seconds."""
        if self._following is not None:
            self._following.stored()

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            try:
                if await asyncio.to_thread(self._lease.take):
                    await self._while_held()
            except StoreError as exc:
                LOG.error(str(exc))
            finally:
                self._lease.leave()
            await asyncio.sleep(_LOOKS_S)

    async def _while_held(self) -> None:
        """Raises StoreError where the lease is lost."""
        tasks = [asyncio.create_task(_lasting(one)) for one in self._work()]
        self._mine(True)
        LOG.info("This worker follows the store and sends the alerts from now on.")
        try:
            while not (await asyncio.wait(tasks, timeout=_LOOKS_S, return_when=asyncio.FIRST_COMPLETED))[0]:
                await asyncio.to_thread(self._lease.hold)
            for task in tasks:
                if task.done():
                    task.result()  # a bug
        finally:
            self._following = None
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            self._mine(False)

    def _work(self) -> list[Work]:
        """Made anew for each lease: what an earlier one remembers of the store is no longer true."""
        duties, news = self._duties, asyncio.Event()
        store, outlets = duties.store, duties.outlets
        history = History(
            store, owner=owner_of, outlets=outlets, interval=duties.interval, watched=partial(watched, store)
        )
        deliverer = Deliverer(store, duties.subscriptions, clock=utcnow, chance=random.Random(), outlets=outlets)
        self._following = Following(history, clock=utcnow, news=news, idles_s=_IDLES_S)
        return [
            self._following.run,
            partial(deliverer.run, news),
            partial(_forgetting, store),
            partial(housekeeping, store, duties.retention, utcnow=utcnow),
            partial(counting, Rollups(store)),
            # WORK OF FURTHER PARTS IS JOINED HERE: functions without arguments that run until they are cancelled.
        ]


def utcnow() -> datetime:
    return datetime.now(UTC)


async def _lasting(work: Work) -> None:
    """Work that begins anew where the store was away: members are told so meanwhile, and keep what they have."""
    while True:
        try:
            await work()
        except StoreError as exc:
            LOG.error(str(exc))
        await asyncio.sleep(_AGAIN_S)


async def _forgetting(store: Store) -> None:
    """Drops nonces that can't come again, until it is cancelled."""
    while True:
        await asyncio.to_thread(forget, store, before=utcnow() - _BELIEVED)
        await asyncio.sleep(_FORGETS_S)
