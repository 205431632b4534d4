"""When to look: a round at each interval over the targets that are due, and between rounds at what is in doubt.

How a round is measured is not here (probe/rounds.py), nor which targets there are, nor what is looked at again
(probe/again.py). The only import of apscheduler.
"""

import asyncio
import logging
import statistics
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random

from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from probe.again import PAST, Again
from probe.budget import used_today_bytes
from probe.fitness import AlwaysFit, Extent, Fit, Fitness
from probe.memory import give_back
from probe.rounds import Keep, Turns, measure
from probe.sanity import Look
from probe.tools import Tools, refreshed, with_pasts
from probe.traffic import counted
from results.judgement import Judgement
from results.records import Measurement, Past
from results.store import Store
from targets.networks import forget

_OVERLAP = 4  # rounds at once; a check takes 25 s at most and an interval is 5 s at least
_JUST_NOW_S = 5.0  # a look at the line is so much older than a round's end at most
_LATE = 1.5  # intervals between two rounds, after which the time between counts as a gap
_SOONER = 0.1  # of an interval, by which a round may come before its time
_ROUNDS_BACK = 200  # read to find the newest of this vantage among those of others
_RESTS = timedelta(minutes=5)  # an interval so long is worth unpacking again what was packed up
_TICK_S = 5  # between two questions whether anything is to be looked at again


def pace(every: timedelta) -> IntervalTrigger:
    """From one round to the next: nine tenths of an interval to a whole one, drawn each time anew.

    A block that opens for some minutes of each hour would look open for ever, or shut for ever, at fixed minutes of the
    hour. What is drawn adds up, so that all minutes come round; never later than the interval, so that nothing waits
    longer than it is told to. Looks within a minute of each other miss nothing so slow.
    """
    every_s = every.total_seconds()
    sooner_s = every_s * _SOONER if every_s >= 60 else 0.0
    return IntervalTrigger(seconds=every_s - sooner_s, jitter=sooner_s, timezone="UTC")


def due(
    urls: Iterable[str], last: Mapping[str, datetime], now: datetime, every: timedelta, chance: Random
) -> list[str]:
    """Never-measured first, then what is overdue, the longest ago first, then the others as chance has it.

    What was measured within half an interval waits a round; what was measured in the future is due: the clock has been
    set back.
    """
    never = datetime.min.replace(tzinfo=UTC)
    old = [url for url in urls if not timedelta(0) <= now - last.get(url, never) < every / 2]
    chance.shuffle(old)
    return sorted(old, key=lambda url: min(last.get(url, never), now - every))


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a round is."""

    planned: int
    measured: int
    line_up: bool | None  # whether any reference answered; None where none is configured, or none was looked at
    used_up: bool = False  # nothing is left of the day's budget
    unfit: str = ""  # why less is measured than all, or nothing: a word of `gap.why`
    clock_ahead_s: float | None = None  # own clock less that of the references' servers


async def nothing_more(_measurement: Measurement, _judgement: Judgement) -> None:
    """What is stored interests nobody at once."""


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
        outlets: Mapping[str, str] | None = None,
        told: Callable[[Progress], None] = lambda _progress: None,
        kept: Keep = nothing_more,
        chance: Random | None = None,
        fitness: Fitness | AlwaysFit | None = None,
    ) -> None:
        """`outlets`: of each URL, so that all of an outlet are looked at when one falls.

        `kept` is called with each measurement once it is stored.
        """
        self._urls = urls
        self._tools = tools
        self._store = store
        self._every = every
        self._turns = Turns(concurrency)
        self._in_flight: set[str] = set()
        self._told = told
        self._kept = kept
        self._chance = chance or Random()
        self._fitness = fitness or AlwaysFit()
        self._again = Again(every, self._chance, outlets)
        self._pasts: Mapping[str, Past] = {}
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._last_round: datetime | None = None

    def take(self, urls: Sequence[str], outlets: Mapping[str, str]) -> None:
        """Other targets, from the next round on. What is being measured is measured to its end."""
        self._urls = urls
        self._again.regroup(outlets)

    async def run(self) -> None:
        """Rounds at each interval, the first at once if anything is due. Ends by being cancelled or by an error."""
        logging.getLogger("apscheduler").setLevel(logging.CRITICAL)  # its errors reach us as events
        await asyncio.to_thread(self._remember)
        scheduler = AsyncIOScheduler(timezone="UTC")
        scheduler.add_job(
            self.round,
            pace(self._every),
            next_run_time=await self._first(),
            coalesce=True,  # a laptop that wakes up makes one round, not a burst
            max_instances=_OVERLAP,  # one silent site must not keep the others waiting
            misfire_grace_time=int(self._every.total_seconds()),
        )
        if self._again.useful:
            scheduler.add_job(
                self.again,
                IntervalTrigger(seconds=_TICK_S, timezone="UTC"),
                coalesce=True,
                max_instances=_OVERLAP,
                misfire_grace_time=None,
            )
        scheduler.add_listener(self._heard, EVENT_JOB_ERROR)
        scheduler.start()
        try:
            await self._failed
        finally:
            scheduler.shutdown(wait=False)

    async def round(self) -> int:
        """One round over what is due; how many were measured. What an earlier round still measures is left to it.

        None is begun when the machine is not fit to measure or the day's budget is used up, and what is left when that
        happens in the middle stays due.
        """
        now, name = self._tools.utcnow(), self._tools.vantage.name
        await asyncio.to_thread(self._note_gap, now)
        last = await asyncio.to_thread(self._store.last_started, name)
        urls = [url for url in due(self._urls, last, now, self._every, self._chance) if url not in self._in_flight]
        if not urls:
            return 0
        self._in_flight.update(urls)
        fit = await self._fit(now)
        if not (await self._may(fit, len(urls), now) and await self._can_pay(len(urls), now)):
            self._in_flight.difference_update(urls)
            return 0
        tools = await asyncio.to_thread(with_pasts, self._fitting(fit), self._store)
        self._pasts = tools.pasts
        stays = self._fitness.stays()
        measured = await self._tour(urls, tools, now, lambda progress: self._told(replace(progress, unfit=fit.why)))
        if measured < len(urls):
            await self._say_halt(len(urls), stays, tools)
        return measured

    async def again(self) -> int:
        """Looks at what must not wait for its round; how many were measured. Cheap where there is nothing.

        What the budget has no room for is left to the rounds, who say so.
        """
        now = self._tools.utcnow()
        listed = set(self._urls)
        urls = [url for url in self._again.due(now, self._in_flight) if url in listed]
        if not urls:
            return 0
        self._in_flight.update(urls)
        fit = await self._fit(now)
        if fit.extent is not Extent.FULL or not await self._left_bytes(now):
            self._in_flight.difference_update(urls)
            return 0
        tools = replace(self._fitting(fit), pasts=self._pasts)
        return await self._tour(urls, tools, now, lambda _progress: None)

    async def _tour(self, urls: list[str], tools: Tools, now: datetime, told: Callable[[Progress], None]) -> int:
        """Measures what is in flight already, as a round: with a look at the line before it and after it."""
        uid = str(uuid.uuid4())
        name, planned = tools.vantage.name, len(urls)
        await asyncio.to_thread(self._store.begin_round, uid, vantage=name, started_at=now, planned=planned)
        with counted() as first:
            look = await tools.line.look_anew()
        tools.budget.spend(first.both_bytes, now)
        measured = 0 if look.at_portal else await self._measure(urls, tools, uid, look, told)
        with counted() as last:
            after = await tools.line.look(older_s=_JUST_NOW_S)
        tools.budget.spend(last.both_bytes, now)
        await asyncio.to_thread(
            self._store.end_round,
            uid,
            ended_at=tools.utcnow(),
            measured=measured,
            line_up=look.line_up and after.line_up,
            traffic_bytes=first.both_bytes + last.both_bytes,
        )
        if not self._in_flight and self._every >= _RESTS:
            await asyncio.to_thread(_rest)
        return measured

    async def _measure(
        self, urls: list[str], tools: Tools, uid: str, look: Look, told: Callable[[Progress], None]
    ) -> int:
        measured, left, stays = 0, set(urls), self._fitness.stays()

        def tell() -> None:
            used_up = not tools.budget.left_bytes(tools.utcnow())
            told(
                Progress(
                    planned=len(urls),
                    measured=measured,
                    line_up=look.line_up,
                    used_up=used_up,
                    clock_ahead_s=look.clock_ahead_s,
                )
            )

        async def keep(measurement: Measurement, judgement: Judgement) -> None:
            nonlocal measured
            await asyncio.to_thread(self._store.add, measurement, judgement)
            self._in_flight.discard(measurement.url)
            left.discard(measurement.url)
            self._again.add(measurement, judgement)
            measured += 1
            tell()
            await self._kept(measurement, judgement)

        def go_on() -> bool:
            return bool(tools.budget.left_bytes(tools.utcnow())) and stays()

        tell()
        await measure(urls, tools, keep, self._turns, round_uid=uid, go_on=go_on)
        self._in_flight -= left
        return measured

    async def _fit(self, now: datetime) -> Fit:
        """What is asked of a control for it counts like a look at the line."""
        with counted() as traffic:
            fit = await self._fitness.look()
        self._tools.budget.spend(traffic.both_bytes, now)
        return fit

    def _fitting(self, fit: Fit) -> Tools:
        return replace(refreshed(self._tools), handshakes_only=fit.extent is Extent.LIGHT)

    async def _may(self, fit: Fit, planned: int, now: datetime) -> bool:
        """Whether anything is to be measured. Where not, that is said, and the gap is noted."""
        if fit.extent is not Extent.NONE:
            return True
        await asyncio.to_thread(self._note_halt, now, fit.why)
        self._told(Progress(planned=planned, measured=0, line_up=None, unfit=fit.why))
        return False

    async def _say_halt(self, planned: int, stays: Callable[[], bool], tools: Tools) -> None:
        """Why the rest of a round was left out."""
        now, look = tools.utcnow(), tools.line.latest
        fit = await self._fitness.look()
        why = "portal" if look and look.at_portal else fit.why if fit.extent is Extent.NONE else ""
        why = why or ("budget" if stays() else "moved")
        await asyncio.to_thread(self._note_halt, now, why)
        if why != "budget":
            self._told(Progress(planned=planned, measured=0, line_up=None, unfit=why))

    async def _can_pay(self, planned: int, now: datetime) -> bool:
        """Whether anything is left of the day's budget. Where not, that is said, and the gap is noted."""
        if await self._left_bytes(now):
            return True
        await asyncio.to_thread(self._note_halt, now, "budget")
        self._told(Progress(planned=planned, measured=0, line_up=None, used_up=True))
        return False

    async def _left_bytes(self, now: datetime) -> float:
        """Of the day's budget, with what other programs have used of it."""
        budget, name = self._tools.budget, self._tools.vantage.name
        budget.learn(await asyncio.to_thread(used_today_bytes, self._store, name, now), now)
        return budget.left_bytes(now)

    def _remember(self) -> None:
        """Goes on where the program stopped: the past of each series, one URL's at a time for the memory's sake."""
        name, since = self._tools.vantage.name, self._tools.utcnow() - PAST
        for url in self._urls if self._again.useful else ():
            points = self._store.points(since=since, url=url)
            self._again.learn(point for point in points if point.vantage == name)

    async def _first(self) -> datetime:
        """Now, if anything is due; else when the oldest measurement is an interval old."""
        now = self._tools.utcnow()
        last = await asyncio.to_thread(self._store.last_started, self._tools.vantage.name)
        if due(self._urls, last, now, self._every, self._chance):
            return now
        return min(last[url] for url in self._urls) + self._every

    def _note_gap(self, now: datetime) -> None:
        """Between two rounds lies an interval; more is a time without measuring, and is said to be one."""
        before, why = self._last_round, "asleep"
        if before is None:
            before, why = self._before_the_stop(), "stopped"
        self._last_round = now
        if before is None or now - before <= self._every * _LATE:
            return
        name = self._tools.vantage.name
        # Until then the budget was used up, and that is noted already.
        halts = [gap.ended_at for gap in self._store.gaps(since=before) if gap.vantage == name]
        began_at = max([before + self._every, *halts])
        if now - began_at > self._every * (_LATE - 1):
            self._store.add_gap(vantage=name, began_at=began_at, ended_at=now, why=why)

    def _before_the_stop(self) -> datetime | None:
        """When the last round of an earlier run began, as far as can be told.

        What was looked at again stands in the store as a round too, less than an interval after the round it followed;
        but most of the targets were last looked at in that one.
        """
        name = self._tools.vantage.name
        rounds = [row for row in self._store.rounds(limit=_ROUNDS_BACK) if row.vantage == name]
        if not rounds:
            return None
        newest, last = rounds[0].started_at, self._store.last_started(name)
        lately = [last[url] for url in self._urls if url in last and last[url] > newest - self._every]
        return min(newest, statistics.median_low(lately)) if lately else newest

    def _note_halt(self, now: datetime, why: str) -> None:
        """Until the next round nothing is measured, and why is known beforehand."""
        name, until = self._tools.vantage.name, now + self._every
        late = self._store.gaps(since=now - self._every * (_LATE - 1))
        same = [gap for gap in late if (gap.vantage, gap.why) == (name, why) and gap.began_at <= now]
        if same:
            self._store.lengthen_gap(same[-1], ended_at=until)
        else:
            self._store.add_gap(vantage=name, began_at=now, ended_at=until, why=why)

    def _heard(self, event: JobExecutionEvent) -> None:
        if not self._failed.done():
            self._failed.set_exception(event.exception)


def _rest() -> None:
    """Until the next round nobody asks for the network of an address that was not asked for before."""
    forget()
    give_back()
