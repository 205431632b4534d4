"""Rounds, what is looked at between them, and what is said of the time in which nothing was measured."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from probe.budget import Budget
from probe.contexts import web_context
from probe.rounds import Turns
from probe.sanity import Line
from probe.schedule import Progress, Schedule
from probe.services import Services
from probe.tools import Tools
from results.judgement import Judgement, Verdict
from results.records import Measurement, Vantage
from results.store import Store
from results.verdict import judge
from tests.probe.crossing import crossed, keeps
from tests.probe.test_pace import starts

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
EVERY = timedelta(minutes=30)
HOUR_S = 3600.0


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(f"sqlite:///{tmp_path}/kedergi.db")
    yield opened
    opened.close()


def tools(now: datetime) -> Tools:
    context = web_context(None)
    vantage = Vantage(name="home")
    line = Line((), context)
    return Tools(
        vantage=vantage, context=context, services=Services(context), line=line, utcnow=lambda: now, software="test"
    )


# What is said of the time without measuring


def add(store: Store, url: str, at: datetime, verdict: Verdict = Verdict.ACCESSIBLE, *, vantage: str = "home") -> None:
    measurement = Measurement(
        uid=f"{url} {at}", url=url, started_at=at, runtime_ms=1, vantage=Vantage(name=vantage), received_bytes=1000
    )
    store.add(measurement, replace(judge(measurement), verdict=verdict))


async def gaps_after(store: Store, starts: list[datetime]) -> list[tuple[datetime, datetime, str]]:
    schedule = Schedule([], tools(NOW), store, every=EVERY, concurrency=1)
    for start in starts:
        schedule._note_gap(start)
    return [(gap.began_at, gap.ended_at, gap.why) for gap in store.gaps(since=ago(9999))]


@pytest.mark.anyio
async def test_rounds_on_time_leave_no_gap(store: Store) -> None:
    assert await gaps_after(store, [ago(90), ago(60), ago(29), NOW]) == []
    assert await gaps_after(store, starts(EVERY, 2, 1)) == []


@pytest.mark.anyio
async def test_a_machine_that_slept_leaves_a_gap_from_when_the_next_round_was_due(store: Store) -> None:
    assert await gaps_after(store, [ago(200), ago(20)]) == [(ago(170), ago(20), "asleep")]


@pytest.mark.anyio
async def test_a_program_that_did_not_run_leaves_a_gap(store: Store) -> None:
    store.begin_round("r1", vantage="home", started_at=ago(100), planned=1)
    assert await gaps_after(store, [NOW]) == [(ago(70), NOW, "stopped")]


@pytest.mark.anyio
async def test_a_look_again_is_not_taken_for_a_round_over_all_after_a_restart(store: Store) -> None:
    """`a` was in doubt. What is due at each round is due since then, whatever was looked at between."""
    for uid, at, urls in (("1", 130, "ab"), ("2", 101, "ab"), ("3", 97, "a"), ("4", 93, "a")):
        store.begin_round(uid, vantage="home", started_at=ago(at), planned=len(urls))
        for url in urls:
            add(store, f"https://{url}.kz/", ago(at - 1))
    store.begin_round("5", vantage="elsewhere", started_at=ago(20), planned=1)  # no affair of ours
    schedule = Schedule(
        ["https://a.kz/", "https://b.kz/", "https://new.kz/"], tools(NOW), store, every=EVERY, concurrency=1
    )
    schedule._note_gap(NOW)
    assert [(gap.began_at, gap.why) for gap in store.gaps(since=ago(9999))] == [(ago(70), "stopped")]


@pytest.mark.anyio
async def test_a_restart_right_after_a_round_waits_for_the_next(store: Store) -> None:
    schedule = Schedule(["https://ratel.kz/"], tools(NOW), store, every=EVERY, concurrency=1)
    assert await schedule._first() == NOW
    measurement = Measurement(
        uid="1", url="https://ratel.kz/", started_at=ago(10), runtime_ms=1, vantage=Vantage(name="home")
    )
    store.add(measurement, judge(measurement))
    assert await schedule._first() == ago(10) + EVERY
    assert await schedule.round() == 0
    assert store.rounds() == []


@pytest.mark.anyio
async def test_no_more_at_once_than_allowed_and_few_at_one_host() -> None:
    turns, running, most = Turns(3), 0, {"all": 0, "one": 0}
    here: dict[str, int] = {}

    async def one(host: str) -> None:
        nonlocal running
        async with turns.one(host):
            running += 1
            here[host] = here.get(host, 0) + 1
            most["all"], most["one"] = max(most["all"], running), max(most["one"], here[host])
            await asyncio.sleep(0)
            running -= 1
            here[host] -= 1

    await asyncio.gather(*(one(host) for host in ["a"] * 6 + ["b"] * 6 + ["c"] * 6))
    assert most == {"all": 3, "one": 2}


# Between rounds


class Clock:
    now = NOW

    def __call__(self) -> datetime:
        return self.now


Made = tuple[Schedule, Clock, list[str]]


@asynccontextmanager
async def in_doubt(
    store: Store, *, bad: int = 1, limit_bytes: float = 10**9, clock: Callable[[], datetime] | None = None
) -> AsyncIterator[Made]:
    """Sites on loopback of one outlet, good for days; `bad` of them were blocked when they were last looked at."""
    async with crossed(keeps()) as there:
        urls = [f"http://127.0.0.1:{there.port}/{number}" for number in range(3)]
        ticking = Clock()
        now = clock or ticking
        for number, url in enumerate(urls):
            for back in range(40, 0, -1):
                add(store, url, now() - back * EVERY)
            add(store, url, now(), Verdict.BLOCKED if number < bad else Verdict.ACCESSIBLE)
            add(store, url, now() + timedelta(seconds=1), Verdict.BLOCKED, vantage="elsewhere")  # no affair of ours
        made = tools(NOW)
        made = replace(made, utcnow=now, may_dial=lambda _ip, _port: True, budget=Budget(limit_bytes))
        schedule = Schedule(
            urls,
            made,
            store,
            every=EVERY,
            concurrency=3,
            outlets=dict.fromkeys(urls, "Ratel"),
            chance=random.Random(1),
        )
        await asyncio.to_thread(schedule._remember)
        yield schedule, ticking, urls


def looked_at(store: Store, since: datetime) -> list[str]:
    return sorted(point.url for point in store.points(since=since))


@pytest.mark.anyio
async def test_what_is_in_doubt_is_measured_between_rounds_and_stands_in_the_store_as_a_round(store: Store) -> None:
    async with in_doubt(store) as (schedule, clock, urls):
        assert await schedule.again() == 0
        clock.now += timedelta(minutes=5)
        assert await schedule.again() == 1
        assert looked_at(store, clock.now) == [urls[0]]
        assert await schedule.again() == 0
    (row,) = store.rounds()
    assert (row.started_at, row.planned, row.measured, row.ended_at) == (clock.now, 1, 1, clock.now)
    assert store.gaps(since=ago(9999)) == []


@pytest.mark.anyio
async def test_it_goes_on_until_the_doubt_is_gone(store: Store) -> None:
    """Loopback without a reference says nothing, so the doubt remains."""
    async with in_doubt(store) as (schedule, clock, _):
        found = []
        for _ in range(20):
            clock.now += timedelta(minutes=5)
            found.append(await schedule.again())
    assert found == [1] * 12 + [0] * 8


@pytest.mark.anyio
async def test_when_one_falls_its_outlets_other_addresses_are_measured_within_a_tick(store: Store) -> None:
    async with in_doubt(store, bad=0) as (schedule, clock, urls):
        clock.now += timedelta(minutes=5)
        measurement = Measurement(
            uid="1", url=urls[0], started_at=clock.now, runtime_ms=1, vantage=Vantage(name="home")
        )
        schedule._again.add(measurement, replace(judge(measurement), verdict=Verdict.BLOCKED))
        assert await schedule.again() == 2
        assert looked_at(store, clock.now) == urls[1:]


@pytest.mark.anyio
async def test_a_look_again_is_no_round_by_which_gaps_are_told(store: Store) -> None:
    async with in_doubt(store) as (schedule, clock, _):
        assert await schedule.round() == 0  # all were looked at just now
        clock.now += timedelta(minutes=25)
        assert await schedule.again() == 1
        clock.now += timedelta(minutes=35)
        await schedule.round()
    assert [(gap.began_at, gap.ended_at) for gap in store.gaps(since=ago(9))] == [(NOW + EVERY, NOW + 2 * EVERY)]


@pytest.mark.anyio
async def test_where_nothing_is_due_again_nothing_is_done(store: Store) -> None:
    async with in_doubt(store, bad=0) as (schedule, clock, _):
        clock.now += timedelta(minutes=5)
        assert await schedule.again() == 0
    assert store.rounds() == []


@pytest.mark.anyio
async def test_a_round_and_a_look_again_at_the_same_time_do_not_meet_at_one_site(store: Store) -> None:
    async with in_doubt(store) as (schedule, clock, urls):
        clock.now += EVERY
        assert sum(await asyncio.gather(schedule.round(), schedule.again())) == 3
        assert looked_at(store, clock.now) == urls
        assert schedule._in_flight == set()


class Meanwhile(Store):
    """A store in which something else happens while it is asked for what the budget has left."""

    happens: Callable[[], int] | None = None

    def used_bytes(self, vantage: str, *, since: datetime, before: datetime) -> int:
        happens, self.happens = self.happens, None
        if happens:
            happens()
        return super().used_bytes(vantage, since=since, before=before)


@pytest.mark.anyio
@pytest.mark.parametrize("first", ["round", "again"])
async def test_nor_do_they_where_one_comes_in_the_middle_of_the_other(tmp_path: Path, first: str) -> None:
    store, loop = Meanwhile(f"sqlite:///{tmp_path}/kedergi.db"), asyncio.get_running_loop()
    async with in_doubt(store) as (schedule, clock, urls):
        clock.now += EVERY
        one, other = (schedule.round, schedule.again)[:: 1 if first == "round" else -1]
        store.happens = lambda: asyncio.run_coroutine_threadsafe(other(), loop).result(20)
        await one()
        await schedule.round()
    assert looked_at(store, clock.now) == urls
    store.close()


@pytest.mark.anyio
async def test_what_a_round_still_measures_is_not_looked_at_again_beside_it(store: Store) -> None:
    async with in_doubt(store) as (schedule, clock, urls):
        schedule._in_flight.add(urls[0])
        clock.now += timedelta(minutes=5)
        assert await schedule.again() == 0


@pytest.mark.anyio
async def test_nothing_is_looked_at_again_when_the_budget_is_used_up_and_the_round_says_so(store: Store) -> None:
    async with in_doubt(store, limit_bytes=1000) as (schedule, clock, urls):
        clock.now += timedelta(minutes=5)
        assert await schedule.again() == 0
        assert store.rounds() == []
        assert store.gaps(since=ago(9999)) == []
        clock.now = NOW + timedelta(days=1)
        assert await schedule.round() == 3, "and then it is nobody's any more"
        assert looked_at(store, clock.now) == urls


@pytest.mark.anyio
async def test_each_measurement_is_handed_on_once_it_is_stored(store: Store) -> None:
    handed: list[tuple[str, bool]] = []

    async def kept(measurement: Measurement, judgement: Judgement) -> None:
        found = await asyncio.to_thread(store.measurement, measurement.uid)
        handed.append((measurement.url, found == (measurement, judgement)))

    async with in_doubt(store) as (schedule, clock, urls):
        schedule._kept = kept
        clock.now += timedelta(minutes=5)
        await schedule.again()
        clock.now += EVERY
        await schedule.round()
    assert handed[0] == (urls[0], True)
    assert sorted(handed[1:]) == [(url, True) for url in urls]


@pytest.mark.anyio
async def test_progress_is_of_rounds(store: Store) -> None:
    told: list[Progress] = []
    async with in_doubt(store) as (schedule, clock, _):
        schedule._told = told.append
        clock.now += timedelta(minutes=5)
        await schedule.again()
        assert told == []


@pytest.mark.anyio
async def test_a_program_that_starts_again_goes_on_with_what_was_in_doubt(store: Store) -> None:
    """As it runs: what was bad five minutes ago is looked at long before the next round."""
    seen = asyncio.Event()
    now = datetime.now(UTC) - timedelta(minutes=5)

    async def kept(_measurement: Measurement, _judgement: Judgement) -> None:
        seen.set()

    async with in_doubt(store, clock=lambda: now) as (schedule, _, urls):
        made = replace(schedule._tools, utcnow=lambda: datetime.now(UTC))
        started = Schedule(urls, made, store, every=EVERY, concurrency=1, kept=kept)
        running = asyncio.create_task(started.run())
        async with asyncio.timeout(30):
            await seen.wait()
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    assert looked_at(store, now + timedelta(minutes=1)) == [urls[0]]


# Another list


@pytest.mark.anyio
async def test_another_list_is_measured_from_the_next_round_on_and_what_left_it_never_again(store: Store) -> None:
    async with in_doubt(store) as (schedule, clock, urls):
        new = f"{urls[0]}/new"
        schedule.take([new, urls[2]], {new: "Ratel"})
        clock.now += timedelta(minutes=5)
        assert await schedule.again() == 0  # the first was in doubt, and is on no list any more
        clock.now += timedelta(minutes=30)
        assert await schedule.round() == 2
        assert looked_at(store, clock.now) == sorted([new, urls[2]])
