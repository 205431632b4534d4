"""Whatever dies or breaks while measurements go to a server: each is there once in the end, or waits still.

python -m tests.whole.test_intake_faults 20 does each twenty times, and prints a table. The seed decides the moment.
"""

import os
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import psycopg
import pytest

from results.links import broken
from results.records import Measurement
from results.schema import as_it_is
from results.store import Store
from tests.results.build import dns, page, seen, tcp, tls
from tests.server.between import STAGES, TROUBLES, Between, Where, between
from tests.server.postgres import Postgres, missing, postgres
from tests.server.serving import Served, holds, kill, until
from tests.server.small_disk import small_disk
from tests.server.volunteer import LINES, Home, joined

pytestmark = pytest.mark.whole

WORKERS = 2
REQUESTS = 6  # of one home, unless they break
SEEDS = range(1, 5)


@dataclass
class Shared:
    """A server on PostgreSQL, a line to it that can be broken, and the homes that have joined."""

    database: Postgres
    served: Served
    line: Between
    folder: Path
    homes: list[Home] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.line.port}"

    def home(self) -> Home:
        self.homes.append(joined(self.served, self.folder / f"home-{len(self.homes)}"))
        return self.homes[-1]

    def end(self) -> None:
        for home in self.homes:
            home.kill()

    def steady(self) -> Home:
        """One whose program sends on from test to test, so that none waits for it to start."""
        sending = [home for home in self.homes if home.process is not None and home.process.poll() is None]
        if sending:
            return sending[0]
        home = self.home()
        home.send(self.url)
        return home

    def rows(self, query: str) -> list[tuple[object, ...]]:
        address = self.database.address().replace("+psycopg", "")
        with psycopg.connect(address) as direct:
            return direct.execute(query).fetchall()

    def stored(self, home: Home) -> list[str]:
        query = f"select uid from measurement where vantage = '{home.name}'"
        return [str(uid) for (uid,) in self.rows(query)]

    def nothing_is_lost(self, home: Home) -> None:
        """At any moment at which nothing is on the way."""
        there = self.stored(home)
        assert len(there) == len(set(there))
        assert home.acknowledged() <= set(there)
        # What waits is what has no receipt: nothing that was measured is neither.
        assert home.waiting() == len(home.stored()) - len(home.acknowledged())

    def all_is_there(self, home: Home, limit_s: float = 60) -> None:
        until(lambda: home.waiting() == 0, f"the end of sending; {home.told()[-500:]}", limit_s)
        there = self.stored(home)
        assert sorted(there) == sorted(home.stored())
        assert home.acknowledged() == home.stored()
        for table in ("evidence", "verdict", "link"):
            query = f"select count(*) from {table} where uid like '{home.name}-%'"
            assert self.rows(query) == [(len(there),)], table

    def chains_fit(self) -> None:
        """As `kedergi verify` looks at them, which itself is run at the end."""
        store = Store(self.database.address(), as_it_is)
        try:
            with store.transaction() as connection:
                assert [one.says for home in self.homes for one in broken(connection, home.name)] == []
        finally:
            store.close()


@contextmanager
def sharing(folder: Path, *settings: str, **where: Any) -> Iterator[Shared]:
    with ExitStack() as stack:
        place = where.pop("place", None) or stack.enter_context(tempfile.TemporaryDirectory(prefix="kedergi-"))
        database = stack.enter_context(postgres(Path(place), "fsync=off", *settings, **where))
        served = Served(database.create(), folder, arguments=["--workers", str(WORKERS)])
        served.start()
        stack.callback(served.kill)
        line = stack.enter_context(between(served.port))
        shared = Shared(database, served, line, folder)
        stack.callback(shared.end)
        yield shared
        served.run("verify")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    if why := missing():
        pytest.skip(why)
    with sharing(tmp_path_factory.mktemp("shared")) as made:
        yield made


@dataclass(frozen=True, slots=True)
class Moment:
    """When a kill comes: at a stage of a request, and so much later."""

    number: int
    stage: str
    later_s: float


def moment(seed: int, first: int = 0) -> Moment:
    chance = random.Random(seed)
    number, stage = chance.randint(1, REQUESTS - 1), chance.choice(STAGES)
    # Once the body is there the server works on it for some hundredths of a second: in the middle of that.
    later_s = chance.uniform(0, 0.08) if stage == "sent" else 0.0
    return Moment(first + number, stage, later_s)


def struck(shared: Shared, when: Moment, strike: Callable[[Where], None], begin: Callable[[], object]) -> None:
    """At that moment of what begins it comes. Returns when it has come."""
    done = Event()

    def at(where: Where) -> None:
        if where.number == when.number and where.stage == when.stage and not done.is_set():
            time.sleep(when.later_s)
            strike(where)
            done.set()

    shared.line.at = at
    begin()
    assert done.wait(60), "the request did not come"
    shared.line.at = lambda _where: None


def a_worker_dies(shared: Shared, seed: int) -> None:
    home = shared.steady()

    def strike(where: Where) -> None:
        # The one that has the request; any, where the connection has just been given up.
        kill(next((pid for pid in before if holds(pid, where.from_port)), before[seed % WORKERS]))

    until(lambda: len(shared.served.workers()) == WORKERS, "all workers")
    before = shared.served.workers()
    struck(shared, moment(seed, shared.line.number), strike, lambda: home.measure(REQUESTS * LINES))
    shared.all_is_there(home)
    assert shared.served.workers() != before


def the_probe_dies(shared: Shared, seed: int) -> None:
    home = shared.home()
    home.measure(REQUESTS * LINES)
    struck(shared, moment(seed, shared.line.number), lambda _where: home.kill(), lambda: home.send(shared.url))
    shared.nothing_is_lost(home)
    home.measure(LINES)
    home.send(shared.url)
    shared.all_is_there(home)
    home.kill()


def postgresql_dies(shared: Shared, seed: int) -> None:
    home = shared.steady()

    def strike(_where: Where) -> None:
        shared.database.kill()
        shared.database.start()

    struck(shared, moment(seed, shared.line.number), strike, lambda: home.measure(REQUESTS * LINES))
    shared.all_is_there(home)


DEATHS = {"a worker": a_worker_dies, "PostgreSQL": postgresql_dies, "the probe": the_probe_dies}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("whose", DEATHS)
def test_who_dies_in_the_middle_loses_nothing(shared: Shared, whose: str, seed: int) -> None:
    DEATHS[whose](shared, seed)
    shared.chains_fit()


def the_line_breaks(shared: Shared, trouble: str) -> None:
    home = shared.steady()
    first = shared.line.number
    shared.line.met.clear()
    shared.line.trouble = lambda number: trouble if number - first in {2, 3} else ""
    home.measure(REQUESTS * LINES)
    shared.all_is_there(home)
    shared.line.trouble = lambda _number: ""
    assert shared.line.met == [trouble] * 2


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_line_that_breaks_or_crawls_loses_nothing(shared: Shared, trouble: str) -> None:
    the_line_breaks(shared, trouble)
    shared.chains_fit()


@pytest.mark.parametrize("days", [1, -1])
def test_a_clock_that_is_a_day_off_is_told_and_all_is_sent_once_it_is_set(shared: Shared, days: int) -> None:
    home, off = shared.home(), timedelta(days=days)
    home.set_clock(off)
    home.measure(2 * LINES, ahead=off)
    home.send(shared.url)
    until(lambda: "clock" in home.told(), "a word about the clock")
    assert f"{86_400 - 1}" in home.told() or f"{86_400}" in home.told() or f"{86_400 + 1}" in home.told()
    assert ("ahead of" if days > 0 else "behind") in home.told()
    assert (shared.stored(home), home.waiting()) == ([], 2 * LINES)
    home.set_clock(timedelta())
    shared.all_is_there(home)
    home.kill()
    shared.chains_fit()
    marks = shared.rows(f"select mark, count(*) from mark where uid like '{home.name}-%' group by mark order by mark")
    odd = {("future" if days > 0 else "", 2 * LINES)} - {("", 2 * LINES)}
    assert odd <= set(marks)


def test_a_database_without_room_loses_nothing_and_goes_on_when_there_is_some(tmp_path: Path) -> None:
    if why := missing():
        pytest.skip(why)
    if os.geteuid() != 0:
        pytest.skip("a disk of its own takes the rights of root")
    with tempfile.TemporaryDirectory(prefix="kedergi-") as place:
        folder = Path(place) / "disk"
        folder.mkdir()
        small = ["min_wal_size=32MB", "max_wal_size=32MB"]
        with (
            small_disk(folder, 200) as disk,
            sharing(tmp_path, *small, place=place, inside=disk.inside, disk="disk") as shared,
        ):
            home = shared.home()
            home.measure(20 * LINES, of=bulky())
            disk.fill(left_kib=1500)
            home.send(shared.url)
            until(lambda: "can't be reached" in home.told(), "a word of the probe")
            assert home.waiting() > 0
            assert shared.served.process is not None
            assert shared.served.process.poll() is None
            assert re.search("No space left|free disk space", shared.database.log.read_text("utf-8"))
            disk.make_room()
            if not shared.database.runs():  # it ends itself where it can't write its journal
                shared.database.start()
            shared.all_is_there(home)
            shared.chains_fit()


def bulky() -> Measurement:
    """Hard to pack."""
    body = random.Random(1).randbytes(10_000).hex()
    return seen(dns(), tcp(), tls(), page(body=body), control=[dns(), tcp(), tls(), page()])


# How it went, printed


def main(times: int) -> None:
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="kedergi-") as name, sharing(Path(name)) as shared:
        for whose, dies in DEATHS.items():
            moments: Counter[str] = Counter()
            for seed in range(1, times + 1):
                dies(shared, seed)
                moments[moment(seed).stage] += 1
                counts[whose] += 1
                print(f"{whose} {seed}", file=sys.stderr)
            shared.chains_fit()
            at = ", ".join(f"{stage} {moments[stage]}" for stage in STAGES)
            print(f"| {whose} is killed | {counts[whose]} times; request {at} | each once, chains fit |", flush=True)
        for trouble in TROUBLES:
            the_line_breaks(shared, trouble)
        shared.chains_fit()
        print(f"| the line: {', '.join(TROUBLES)} | twice each | each once, chains fit |")
        total = shared.rows("select count(*), count(distinct uid) from measurement")[0]
        made = sum(len(home.stored()) for home in shared.homes)
        print(f"| measured on {len(shared.homes)} probes, at the server, different | {made} | {total[0]}, {total[1]} |")


if __name__ == "__main__":
    main(int(sys.argv[1]))
