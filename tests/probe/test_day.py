"""A day of a volunteer's laptop: sleep, a VPN, a pause, another network, a metered line, a used-up budget.

What is measured is an address that is never dialled, so that no packet of these tests is sent.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from probe.budget import Budget
from probe.contexts import web_context
from probe.fitness import Fitness, Wishes
from probe.sanity import Line
from probe.schedule import Progress, Schedule
from probe.services import Services
from probe.surroundings import Surroundings
from probe.tools import Tools
from probe.vantage import pause
from results.judgement import Judgement
from results.records import Measurement, Vantage
from results.store import Store
from results.tables import RoundRow
from tests.probe.accelerated import Day, lived

SIX = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
EVERY, DAY = timedelta(minutes=30), timedelta(hours=24)
URLS = [f"http://10.0.0.{number}/" for number in range(1, 5)]
HOME = Surroundings(asn=9198, country="KZ")
COSTS = 1000  # bytes, of each measurement
LIMIT = 4 * 20 * COSTS  # twenty rounds' worth a day


def clock(hours: int, minutes: int = 0) -> datetime:
    """Of that day; from 24 on of the next."""
    return SIX - timedelta(hours=6) + timedelta(hours=hours, minutes=minutes)


VPN = (clock(8), clock(10))
PAUSED = (clock(12), clock(13))
MOVES = clock(14)
METERED = (clock(15), clock(16))
ASLEEP = (clock(26), clock(29))
MIDNIGHT = clock(24)


@dataclass
class Laptop:
    """What is around it, hour by hour."""

    day: Day
    folder: Path
    place: str = "home"
    asked: list[datetime] = field(default_factory=list)

    def around(self) -> Surroundings:
        now = self.day.now()
        self.asked.append(now)
        if within(VPN, now):
            return replace(HOME, asn=60068, country="NL")
        return replace(HOME, metered=within(METERED, now))

    def here(self) -> str:
        return self.place


def within(span: tuple[datetime, datetime], moment: datetime) -> bool:
    return span[0] <= moment < span[1]


@pytest.fixture(scope="module")
def lived_through(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Laptop, Store, list[Progress]]]:
    """The day, once for all tests."""
    folder = tmp_path_factory.mktemp("day")
    day, store, told = Day(SIX), Store(f"sqlite:///{folder}/kedergi.db"), list[Progress]()
    laptop, context = Laptop(day, folder), web_context(None)
    services, budget = Services(context), Budget(LIMIT)
    tools = Tools(
        vantage=Vantage(name="home"),
        context=context,
        services=services,
        line=Line((), context),
        utcnow=day.now,
        software="test",
        budget=budget,
    )
    moved = False

    async def kept(measurement: Measurement, _judgement: Judgement) -> None:
        nonlocal moved
        budget.spend(COSTS, measurement.started_at)
        if measurement.started_at >= MOVES and not moved:
            moved, laptop.place = True, "café"

    wishes = Wishes(asn=9198, country="KZ")
    fitness = Fitness(folder, wishes, day.now, services, around=laptop.around, here=laptop.here)

    async def work() -> None:
        day.at(PAUSED[0], lambda: pause.begin(folder, day.now(), PAUSED[1] - PAUSED[0]))
        day.at(ASLEEP[0], lambda: day.sleep_machine(ASLEEP[1] - ASLEEP[0]))
        await Schedule(
            URLS, tools, store, every=EVERY, concurrency=1, told=told.append, kept=kept, fitness=fitness
        ).run()

    random.seed(8)
    lived(day, work, DAY)
    yield laptop, store, told
    store.close()


Lived = tuple[Laptop, Store, list[Progress]]


def rounds(store: Store) -> list[RoundRow]:
    """Oldest first."""
    return list(reversed(store.rounds(limit=1000)))


def starts(store: Store) -> list[datetime]:
    return [row.started_at for row in rounds(store)]


def used_up_at(store: Store) -> datetime:
    """When the first day's last byte was spent: with the round that it broke off."""
    return next(
        row.started_at for row in rounds(store) if row.started_at > METERED[1] and (row.measured or 0) < row.planned
    )


def shut(store: Store) -> list[tuple[datetime, datetime]]:
    """When nothing may begin."""
    return [VPN, PAUSED, (used_up_at(store) + timedelta(seconds=1), MIDNIGHT), ASLEEP]


def test_no_round_begins_while_it_may_not(lived_through: Lived) -> None:
    _, store, _ = lived_through
    assert [at for at in starts(store) for span in shut(store) if within(span, at)] == []


def test_whenever_it_may_rounds_follow_each_other_at_the_interval_and_none_is_left_out(lived_through: Lived) -> None:
    _, store, _ = lived_through
    begin, counted = SIX, 0
    for ends, begins in [*shut(store), (starts(store)[-1] + EVERY, SIX)]:
        here = [at for at in starts(store) if begin <= at < ends]
        assert here[0] - begin <= EVERY
        assert ends - here[-1] <= EVERY
        apart = [later - earlier for earlier, later in pairwise(here) if earlier != ASLEEP[1]]
        assert [one for one in apart if not EVERY * 0.9 <= one <= EVERY + timedelta(seconds=5)] == []
        begin, counted = begins, counted + len(here)
    assert counted == len(rounds(store))


def test_a_laptop_that_wakes_makes_one_round_at_once_and_no_burst(lived_through: Lived) -> None:
    _, store, _ = lived_through
    after = [at - ASLEEP[1] for at in starts(store) if at >= ASLEEP[1]]
    assert after[0] < timedelta(minutes=1)
    assert after[1] > EVERY / 2


def test_a_round_in_which_the_network_changes_is_broken_off_and_the_rest_is_measured_in_the_next(
    lived_through: Lived,
) -> None:
    _, store, _ = lived_through
    at = next(number for number, row in enumerate(rounds(store)) if row.started_at >= MOVES)
    broken, following = rounds(store)[at : at + 2]
    assert (broken.measured, broken.planned) == (1, len(URLS))
    assert (following.measured, following.planned) == (len(URLS), len(URLS))


def test_on_the_metered_line_each_round_is_a_light_one(lived_through: Lived) -> None:
    _, store, told = lived_through
    begun = [progress.unfit for progress in told if progress.measured == 0 and progress.unfit in {"", "metered"}]
    light = [row for row in rounds(store) if within(METERED, row.started_at)]
    assert begun.count("metered") == len(light) == 2


def test_each_time_without_measuring_stands_in_the_store_with_its_reason(lived_through: Lived) -> None:
    _, store, _ = lived_through
    gaps = store.gaps(since=SIX)
    assert [gap.why for gap in gaps] == ["vpn", "paused", "moved", "budget", "asleep"]
    spans = [VPN, PAUSED, None, (used_up_at(store), MIDNIGHT), ASLEEP]
    for gap, span in zip(gaps, spans, strict=True):
        if span:
            assert abs(gap.began_at - span[0]) <= EVERY
            assert abs(gap.ended_at - span[1]) <= EVERY


def test_in_a_pause_nobody_is_asked_anything(lived_through: Lived) -> None:
    laptop, _, _ = lived_through
    assert [at for at in laptop.asked if within(PAUSED, at)] == []
