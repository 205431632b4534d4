"""When rounds are due, and what is said of the time in which nothing was measured."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from probe.contexts import web_context
from probe.rounds import Turns
from probe.sanity import Line
from probe.schedule import Schedule, due
from probe.services import Services
from probe.tools import Tools
from results.records import Measurement, Vantage
from results.store import Store
from results.verdict import judge

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
EVERY = timedelta(minutes=30)


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        ({}, ["a", "b", "c"]),
        ({"a": ago(30), "b": ago(31), "c": ago(29)}, ["b", "a", "c"]),
        ({"a": ago(30), "c": ago(90)}, ["b", "c", "a"]),
        ({"a": ago(14), "b": ago(15), "c": ago(16)}, ["c", "b"]),
        ({"a": ago(1), "b": ago(2), "c": ago(3)}, []),
        ({"a": NOW + timedelta(hours=1), "b": ago(30), "c": ago(30)}, ["b", "c", "a"]),  # the clock was ahead
        ({"a": ago(30), "b": ago(30), "c": ago(30), "gone": ago(900)}, ["a", "b", "c"]),
    ],
)
def test_never_measured_first_then_the_longest_ago(last: dict[str, datetime], expected: list[str]) -> None:
    assert due("abc", last, NOW, EVERY) == expected


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


async def gaps_after(store: Store, starts: list[datetime]) -> list[tuple[datetime, datetime, str]]:
    schedule = Schedule([], tools(NOW), store, every=EVERY, concurrency=1)
    for start in starts:
        schedule._note_gap(start)
    return [(gap.began_at, gap.ended_at, gap.why) for gap in store.gaps(since=ago(9999))]


@pytest.mark.anyio
async def test_rounds_on_time_leave_no_gap(store: Store) -> None:
    assert await gaps_after(store, [ago(90), ago(60), ago(29), NOW]) == []


@pytest.mark.anyio
async def test_a_machine_that_slept_leaves_a_gap_from_when_the_next_round_was_due(store: Store) -> None:
    assert await gaps_after(store, [ago(200), ago(20)]) == [(ago(170), ago(20), "asleep")]


@pytest.mark.anyio
async def test_a_program_that_did_not_run_leaves_a_gap(store: Store) -> None:
    store.begin_round("r1", vantage="home", started_at=ago(100), planned=1)
    assert await gaps_after(store, [NOW]) == [(ago(70), NOW, "stopped")]


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
