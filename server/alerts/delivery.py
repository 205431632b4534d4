"""Flips become messages, messages are sent: what is due now, once, to each address; again later where one fails.

All that has to survive the program stands in results/queue.py. Failures of services become rows, and are never raised.
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from results.events import Change, Event, Flip
from results.queue import Planned, Queue, Waiting
from results.store import Store
from server.alerts.services import Outcome, Service
from server.alerts.subscriptions import Subscription, services
from server.alerts.texts import Message, News, Style, digest, event_href, message, news

LEASE = timedelta(minutes=10)  # more than sixteen messages to one slow service take
LONGEST_NAP = timedelta(minutes=1)  # other programs may put flips into the store
PATIENCE = timedelta(hours=48)
LEAST_TRIES = 8  # a laptop that slept for days has tried too little to give up
_PAUSES = tuple(timedelta(seconds=s) for s in (30, 60, 120, 300, 600, 1200, 1800, 3600))
_JITTER = 0.2  # of a pause, either way

Picture = Callable[[Store, News, datetime, str], bytes | None]  # the last is the language


def picture_of(store: Store, told: News, now: datetime, language: str) -> bytes | None:
    """As pictured.py says, which is loaded once somebody is to be sent one."""
    from server.alerts import pictured  # noqa: PLC0415 - heavy, and only for who alerts

    return pictured.picture_of(store, told, now, language)


class Deliverer:
    """Tells the subscribers. Several may work on one store."""

    def __init__(
        self,
        store: Store,
        subscriptions: Sequence[Subscription],
        *,
        clock: Callable[[], datetime],
        chance: random.Random,
        outlets: Mapping[str, str],
        href: Callable[[Event], str] = event_href,
        picture: Picture = picture_of,
        held: Callable[[], bool] = lambda: False,
    ) -> None:
        """`outlets`: whose each URL is. `href`: the page of an event, to follow the subscription's `link`.

        `held` says whether nothing is to be sent now, and may read a file for it.
        """
        self._store = store
        self._queue = Queue(store)
        self._subscriptions = tuple(subscriptions)
        self._services = services(self._subscriptions)
        self._clock = clock
        self._chance = chance
        self._outlets = outlets
        self._href = href
        self._picture = picture
        self._held_back = held

    async def run(self, wake: asyncio.Event) -> None:
        """Until it is cancelled: sends what is due, then waits for `wake`, the next due time, or a minute."""
        while True:
            wake.clear()
            held = await asyncio.to_thread(self._held_back)
            if not held:
                await self.once()
            due = None if held else await asyncio.to_thread(self._queue.next_due, self._services)
            nap = LONGEST_NAP if due is None else min(max(due - self._clock(), timedelta(seconds=1)), LONGEST_NAP)
            # wait_for would lose a stop that comes together with the news (Python 3.11).
            with suppress(TimeoutError):
                async with asyncio.timeout(nap.total_seconds()):
                    await wake.wait()

    async def once(self) -> int:
        """Plans and sends all that is due; how many messages have arrived."""
        await asyncio.to_thread(self._plan)
        arrived = 0
        while taken := await asyncio.to_thread(self._take):
            by_address: dict[str, list[Waiting]] = defaultdict(list)
            for one in taken:
                by_address[one.address].append(one)
            arrived += sum(await asyncio.gather(*(self._tell(address, all_) for address, all_ in by_address.items())))
        return arrived

    def _plan(self) -> None:
        """Chooses who is told of what is new. Nobody where nobody wants it, so that it's no news to who comes later."""
        now = self._clock()
        for flip in self._queue.unplanned():
            planned: dict[str, Planned] = {}
            # What lay there unplanned for days was noticed when alerts were off.
            wanting = self._wanting(flip) if now - flip.noticed_at < PATIENCE else []
            for one in wanting:
                due_at, why = one.due(now, flip.event.severity)
                for service in one.to:
                    planned.setdefault(service.digest, Planned(address=service.digest, due_at=due_at, says=why))
            self._queue.plan(flip, list(planned.values()), at=now)

    def _take(self) -> list[Waiting]:
        return self._queue.take(self._clock(), LEASE, addresses=self._services)

    async def _tell(self, address: str, taken: list[Waiting]) -> int:
        """Everything that is due for one address, one message after the other; how many have arrived."""
        service, arrived = self._services[address], 0
        by_manner: dict[Subscription, list[Waiting]] = defaultdict(list)
        for one in taken:
            by_manner[self._manner(address, one)].append(one)
        outcome = Outcome(False, "")
        for manner, waiting in by_manner.items():
            ready = [one for one in waiting if not await self._held(manner, one)]
            for batch in [ready] if manner.digest and ready else [[one] for one in ready]:
                if outcome.answered:
                    outcome = await _to_its_end(self._send(service, manner, batch))
                else:  # who is not there isn't waited for again and again: what else is due fails along
                    await asyncio.to_thread(self._note, batch, outcome, manner)
                arrived += outcome.sent
        return arrived

    async def _held(self, manner: Subscription, one: Waiting) -> bool:
        until = manner.held(self._clock(), one.flips[-1].event.severity)
        if until is None:
            return False
        says = "waits for the quiet hours to end"
        await asyncio.to_thread(self._queue.postponed, one, until=until, says=says)
        return True

    async def _send(self, service: Service, manner: Subscription, batch: Sequence[Waiting]) -> Outcome:
        """One message, and a note of how it ended. A service's failure is a row; any other is ours, and raised."""
        all_told = [news(one.flips, told_before=one.told_before) for one in batch]
        said, picture = await asyncio.to_thread(self._written, service, manner, all_told)
        outcome = await service.send(said.title, said.body, picture)
        await asyncio.to_thread(self._note, batch, outcome, manner)
        return outcome

    def _written(
        self, service: Service, manner: Subscription, all_told: Sequence[News]
    ) -> tuple[Message, bytes | None]:
        now = self._clock()
        style = Style(language=manner.language, zone=manner.zone, link=manner.link, now=now, outlets=self._outlets)
        all_told = [replace(told, event=manner.foremost(told.event, self._outlets)) for told in all_told]
        if len(all_told) > 1:
            return digest(all_told, style, href=self._href), None
        wanted = service.takes_pictures
        picture = self._picture(self._store, all_told[0], now, manner.language) if wanted else None
        return message(all_told[0], style, href=self._href), picture

    def _note(self, batch: Sequence[Waiting], outcome: Outcome, manner: Subscription) -> None:
        now = self._clock()
        for one in batch:
            if outcome.sent:
                self._queue.sent(one, at=now, says=outcome.says)
                continue
            tries = one.tries + 1
            again_at = now + self._pause(tries)
            if again_at - one.planned_at >= PATIENCE and tries >= LEAST_TRIES:
                self._queue.given_up(one, at=now, says=outcome.says)
            else:
                held = manner.held(again_at, one.flips[-1].event.severity)
                self._queue.failed(one, again_at=held or again_at, says=outcome.says)

    def _pause(self, tries: int) -> timedelta:
        """How long to wait after so many tries. Jitter, so that what failed together doesn't come back together."""
        pause = _PAUSES[min(tries, len(_PAUSES)) - 1]
        return pause * self._chance.uniform(1 - _JITTER, 1 + _JITTER)

    def _wanting(self, flip: Flip) -> list[Subscription]:
        """Growth is news to those alone in whose scope it lies."""
        event, outlets = flip.event, self._outlets
        wanting = [one for one in self._subscriptions if one.wants(event, outlets)]
        before = self._queue.before(flip) if flip.change is Change.GREW else None
        if before is None:
            return wanting
        return [one for one in wanting if one.scope(event, outlets) != one.scope(before.event, outlets)]

    def _manner(self, address: str, one: Waiting) -> Subscription:
        """The first subscription of this address that wants the event; any of it where the configuration changed."""
        own = [each for each in self._subscriptions if any(service.digest == address for service in each.to)]
        wanting = [each for each in own if each.wants(one.flips[-1].event, self._outlets)]
        return (wanting or own)[0]


async def _to_its_end(work: Coroutine[Any, Any, Outcome]) -> Outcome:
    """What has begun is finished when the program is stopped: else a message that has arrived would be sent again."""
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
