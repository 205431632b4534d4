"""When to look: a round at each interval over the targets that are due. The only import of apscheduler.

How a round is measured is not here (probe/rounds.py), nor which targets there are.
"""

import asyncio
import logging
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from probe.budget import used_today_bytes
from probe.rounds import Turns, measure
from probe.sanity import Look
from probe.tools import Tools, refreshed, with_pasts
from probe.traffic import counted
from results.judgement import Judgement
from results.records import Measurement
from results.store import Store

_OVERLAP = 4  # rounds at once; a check takes 25 s at most and an interval is 5 s at least
_JUST_NOW_S = 5.0  # a look at the line is so much older than a round's end at most
_LATE = 1.5  # intervals between two rounds, after which the time between counts as a gap


def due(urls: Iterable[str], last: Mapping[str, datetime], now: datetime, every: timedelta) -> list[str]:
    """Never-measured first, then the longest ago. What was measured within half an interval waits a round.

    What was measured in the future is due: the clock has been set back.
    """
    never = datetime.min.replace(tzinfo=UTC)
    old = [url for url in urls if not timedelta(0) <= now - last.get(url, never) < every / 2]
    return sorted(old, key=lambda url: last.get(url, never))


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a round is."""

    planned: int
    measured: int
    line_up: bool | None  # whether any reference answered; None where none is configured, or none was looked at
    used_up: bool = False  # nothing is left of the day's budget


class Schedule:
    """Runs rounds until stopped. Everything measured is in the store before the next thing happens to it."""

    def __init__(
        self,
        urls: Sequence[str],
        tools: Tools,
        store: Store,
        *,
        every: timedelta,
        concurrency: int,
        told: Callable[[Progress], None] = lambda _progress: None,
    ) -> None:
        self._urls = urls
        self._tools = tools
        self._store = store
        self._every = every
        self._turns = Turns(concurrency)
        self._in_flight: set[str] = set()
        self._told = told
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._last_round: datetime | None = None

    async def run(self) -> None:
        """Rounds at each interval, the first at once if anything is due. Ends by being cancelled or by an error."""
        logging.getLogger("apscheduler").setLevel(logging.CRITICAL)  # its errors reach us as events
        scheduler = AsyncIOScheduler(timezone="UTC")
        scheduler.add_job(
            self.round,
            IntervalTrigger(seconds=int(self._every.total_seconds()), timezone="UTC"),
            next_run_time=await self._first(),
            coalesce=True,  # a laptop that wakes up makes one round, not a burst
            max_instances=_OVERLAP,  # one silent site must not keep the others waiting
            misfire_grace_time=int(self._every.total_seconds()),
        )
        scheduler.add_listener(self._heard, EVENT_JOB_ERROR)
        scheduler.start()
        try:
            await self._failed
        finally:
            scheduler.shutdown(wait=False)

    async def round(self) -> int:
        """One round over what is due; how many were measured. What an earlier round still measures is left to it.

        None is begun when the day's budget is used up, and what is left when that happens in the middle stays due.
        """
        tools, store = refreshed(self._tools), self._store
        now, name = tools.utcnow(), tools.vantage.name
        await asyncio.to_thread(self._note_gap, now)
        last = await asyncio.to_thread(store.last_started, name)
        urls = [url for url in due(self._urls, last, now, self._every) if url not in self._in_flight]
        if not urls or not await self._can_pay(len(urls), now):
            return 0
        self._in_flight.update(urls)
        uid = str(uuid.uuid4())
        await asyncio.to_thread(store.begin_round, uid, vantage=name, started_at=now, planned=len(urls))
        with counted() as first:
            look = await tools.line.look_anew()
        tools.budget.spend(first.both_bytes, now)
        tools = await asyncio.to_thread(with_pasts, tools, store)
        measured = await self._measure(urls, tools, uid, look)
        with counted() as again:
            after = await tools.line.look(older_s=_JUST_NOW_S)
        tools.budget.spend(again.both_bytes, now)
        await asyncio.to_thread(
            store.end_round,
            uid,
            ended_at=tools.utcnow(),
            measured=measured,
            line_up=look.line_up and after.line_up,
            traffic_bytes=first.both_bytes + again.both_bytes,
        )
        return measured

    async def _measure(self, urls: list[str], tools: Tools, uid: str, look: Look) -> int:
        measured, left = 0, set(urls)

        def tell() -> None:
            used_up = not tools.budget.left_bytes(tools.utcnow())
            self._told(Progress(planned=len(urls), measured=measured, line_up=look.line_up, used_up=used_up))

        async def keep(measurement: Measurement, judgement: Judgement) -> None:
            nonlocal measured
            await asyncio.to_thread(self._store.add, measurement, judgement)
            self._in_flight.discard(measurement.url)
            left.discard(measurement.url)
            measured += 1
            tell()

        tell()
        await measure(urls, tools, keep, self._turns, round_uid=uid, in_budget=True)
        if left:
            self._in_flight -= left
            await asyncio.to_thread(self._note_halt, tools.utcnow())
        return measured

    async def _can_pay(self, planned: int, now: datetime) -> bool:
        """Whether anything is left of the day's budget. Where not, that is said, and the gap is noted."""
        budget, name = self._tools.budget, self._tools.vantage.name
        budget.learn(await asyncio.to_thread(used_today_bytes, self._store, name, now), now)
        if budget.left_bytes(now):
            return True
        await asyncio.to_thread(self._note_halt, now)
        self._told(Progress(planned=planned, measured=0, line_up=None, used_up=True))
        return False

    async def _first(self) -> datetime:
        """Now, if anything is due; else when the oldest measurement is an interval old."""
        now = self._tools.utcnow()
        last = await asyncio.to_thread(self._store.last_started, self._tools.vantage.name)
        if due(self._urls, last, now, self._every):
            return now
        return min(last[url] for url in self._urls) + self._every

    def _note_gap(self, now: datetime) -> None:
        """Between two rounds lies an interval; more is a time without measuring, and is said to be one."""
        before = self._last_round
        why = "asleep"
        if before is None:
            rounds = self._store.rounds(limit=1)
            before, why = (rounds[0].started_at, "stopped") if rounds else (None, why)
        self._last_round = now
        if before is None or now - before <= self._every * _LATE:
            return
        name = self._tools.vantage.name
        # Until then the budget was used up, and that is noted already.
        halts = [gap.ended_at for gap in self._store.gaps(since=before) if gap.vantage == name]
        began_at = max([before + self._every, *halts])
        if now - began_at > self._every * (_LATE - 1):
            self._store.add_gap(vantage=name, began_at=began_at, ended_at=now, why=why)

    def _note_halt(self, now: datetime) -> None:
        """Until the next round nothing is measured, and why is known beforehand."""
        name, until = self._tools.vantage.name, now + self._every
        late = self._store.gaps(since=now - self._every * (_LATE - 1))
        same = [gap for gap in late if (gap.vantage, gap.why) == (name, "budget") and gap.began_at <= now]
        if same:
            self._store.lengthen_gap(same[-1], ended_at=until)
        else:
            self._store.add_gap(vantage=name, began_at=now, ended_at=until, why="budget")

    def _heard(self, event: JobExecutionEvent) -> None:
        if not self._failed.done():
            self._failed.set_exception(event.exception)
