"""What a day may cost: counted against it, remembered over a restart, obeyed by the schedule, and never by a person."""

import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from probe import show
from probe.budget import Budget, used_today_bytes
from probe.contexts import web_context
from probe.errand import run_check, run_probe, teller
from probe.rounds import Turns, measure
from probe.sanity import Line
from probe.schedule import Progress, Schedule
from probe.services import Services
from probe.tools import Tools
from results.judgement import Judgement
from results.records import Measurement, Vantage
from results.store import Store
from results.verdict import judge
from tests.probe.crossing import crossed, keeps
from tests.probe.servers import closed_port

NOW = datetime(2026, 11, 22, 21, 0, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)
EVERY = timedelta(minutes=30)
LIMIT = 100_000
USED_UP = "Today's data budget of 1 MB is used up; measuring goes on at midnight UTC (probe.daily_budget_mb).\n"


def old(url: str, at: datetime, used_bytes: int, uid: str = "old") -> Measurement:
    vantage, half = Vantage(name="home"), used_bytes // 2
    return Measurement(
        uid=uid, url=url, started_at=at, runtime_ms=1, vantage=vantage, received_bytes=half, sent_bytes=half
    )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(f"sqlite:///{tmp_path}/kedergi.db")
    yield opened
    opened.close()


# The budget itself


def test_what_is_spent_is_left_no_more_and_never_less_than_nothing() -> None:
    budget = Budget(1000)
    assert budget.left_bytes(NOW) == 1000
    budget.spend(600, NOW)
    assert budget.left_bytes(NOW) == 400
    budget.spend(600, NOW)
    assert budget.left_bytes(NOW) == 0


def test_without_a_limit_nothing_is_ever_used_up() -> None:
    budget = Budget()
    budget.spend(10**15, NOW)
    assert budget.left_bytes(NOW) > 10**15


def test_each_day_of_utc_has_its_own() -> None:
    budget, last, almaty = Budget(1000), MIDNIGHT - timedelta(seconds=1), timezone(timedelta(hours=5))
    budget.spend(1000, last.astimezone(almaty))
    assert [budget.left_bytes(last), budget.left_bytes(last.astimezone(almaty))] == [0, 0]
    assert [budget.left_bytes(MIDNIGHT), budget.left_bytes(MIDNIGHT.astimezone(almaty))] == [1000, 1000]


def test_a_clock_that_is_set_forward_and_back_forgives_nothing() -> None:
    budget = Budget(1000)
    budget.spend(700, NOW)
    budget.spend(10, NOW + timedelta(days=300))
    assert budget.left_bytes(NOW) == 300


@pytest.mark.parametrize(("known_bytes", "left_bytes"), [(0, 600), (300, 600), (900, 100)])
def test_what_the_store_knows_besides_is_spent_too(known_bytes: int, left_bytes: int) -> None:
    """Other programs use the same line; what we have told the store ourselves is not spent twice."""
    budget = Budget(1000)
    budget.spend(400, NOW)
    budget.learn(known_bytes, NOW)
    assert budget.left_bytes(NOW) == left_bytes


def test_today_begins_at_midnight_and_does_not_reach_beyond_the_next(store: Store) -> None:
    """What a clock measured that was ahead must not stop us on all days until then."""
    moments = [MIDNIGHT - timedelta(days=1, seconds=1), MIDNIGHT - timedelta(days=1), NOW, MIDNIGHT]
    for number, moment in enumerate(moments):
        measurement = old("https://ratel.kz/", moment, 2 * 10**number, uid=str(number))
        store.add(measurement, judge(measurement))
    assert used_today_bytes(store, "home", NOW) == 220
    assert used_today_bytes(store, "elsewhere", NOW) == 0


# The schedule


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


def tools(clock: Clock, limit_bytes: float, *references: str) -> Tools:
    context = web_context(None)
    return Tools(
        vantage=Vantage(name="home"),
        context=context,
        services=Services(context),
        line=Line(references, context),
        utcnow=clock,
        software="test",
        may_dial=lambda _ip, _port: True,
        budget=Budget(limit_bytes),
    )


@dataclass
class Home:
    """A vantage whose sites are on loopback."""

    store: Store
    clock: Clock
    urls: list[str]
    tools: Tools
    told: list[Progress]

    def schedule(self) -> Schedule:
        return Schedule(self.urls, self.tools, self.store, every=EVERY, concurrency=1, told=self.told.append)

    def restarted(self) -> Schedule:
        self.tools = tools(self.clock, LIMIT)
        return self.schedule()

    def gaps(self) -> list[tuple[datetime, datetime, str]]:
        found = [gap for gap in self.store.gaps(since=NOW - timedelta(days=9)) if gap.vantage == "home"]
        return [(gap.began_at, gap.ended_at, gap.why) for gap in found]


@asynccontextmanager
async def home(store: Store, *, sites: int = 1, body_bytes: int = 100, limit_bytes: int = LIMIT) -> AsyncIterator[Home]:
    async with crossed(keeps(b"x" * body_bytes)) as line:
        clock, urls = Clock(), [f"http://127.0.0.1:{line.port}/{number}" for number in range(sites)]
        yield Home(store, clock, urls, tools(clock, limit_bytes), [])


def used(there: Home, at: datetime, used_bytes: int) -> None:
    measurement = old(there.urls[0], at, used_bytes)
    there.store.add(measurement, judge(measurement))


@pytest.mark.anyio
async def test_no_round_is_begun_when_the_budget_is_used_up_and_the_gap_says_why(store: Store) -> None:
    async with home(store) as there:
        used(there, NOW - timedelta(hours=1), LIMIT)
        store.begin_round("r1", vantage="home", started_at=NOW - EVERY, planned=1)
        assert await there.schedule().round() == 0
    assert [row.uid for row in store.rounds()] == ["r1"]
    assert there.gaps() == [(NOW, NOW + EVERY, "budget")]
    assert there.told == [Progress(planned=1, measured=0, line_up=None, used_up=True)]


@pytest.mark.anyio
async def test_what_was_used_yesterday_is_forgiven(store: Store) -> None:
    async with home(store) as there:
        used(there, NOW - timedelta(days=1), LIMIT)
        assert await there.schedule().round() == 1
    assert [progress.used_up for progress in there.told] == [False, False]


@pytest.mark.anyio
async def test_the_gap_grows_with_each_round_that_is_not_begun_and_ends_with_the_day(store: Store) -> None:
    async with home(store) as there:
        used(there, NOW - EVERY, LIMIT)
        store.add_gap(vantage="elsewhere", began_at=NOW - EVERY, ended_at=NOW, why="budget")  # no affair of ours
        schedule = there.schedule()
        for number in range(6):
            there.clock.now = NOW + number * EVERY + timedelta(milliseconds=number)
            assert await schedule.round() == 0
        there.clock.now = MIDNIGHT
        assert await schedule.round() == 1
    assert there.gaps() == [(NOW, MIDNIGHT + timedelta(milliseconds=5), "budget")]


@pytest.mark.anyio
async def test_a_restart_neither_forgets_what_was_used_nor_says_of_that_time_that_nothing_ran(store: Store) -> None:
    async with home(store) as there:
        store.begin_round("r1", vantage="home", started_at=NOW - EVERY, planned=1)
        used(there, NOW - EVERY, LIMIT)
        assert await there.schedule().round() == 0
        there.clock.now = NOW + EVERY
        assert await there.restarted().round() == 0
        there.clock.now = MIDNIGHT + EVERY
        assert await there.restarted().round() == 1
    assert there.gaps() == [(NOW, NOW + 2 * EVERY, "budget"), (NOW + 2 * EVERY, MIDNIGHT + EVERY, "stopped")]


@pytest.mark.anyio
async def test_what_is_left_when_it_runs_out_in_a_round_stays_due(store: Store) -> None:
    """Each page takes a third of it and a little."""
    async with home(store, sites=5, body_bytes=LIMIT // 3) as there:
        schedule = there.schedule()
        assert await schedule.round() == 3
        assert there.gaps() == [(NOW, NOW + EVERY, "budget")]
        assert (there.told[0].used_up, there.told[-1].used_up, there.told[-1].measured) == (False, True, 3)
        there.clock.now = MIDNIGHT - EVERY
        assert await schedule.round() == 0
        there.clock.now = MIDNIGHT
        last = store.last_started("home")
        assert await schedule.round() == 3
    fresh = [url for url, at in store.last_started("home").items() if at == MIDNIGHT]
    assert set(there.urls) - set(last) <= set(fresh), "those that had to wait come first"


@pytest.mark.anyio
async def test_a_round_counts_its_own_looks_at_the_line_beside_its_checks(
    store: Store, roots: str, theirs: ssl.SSLContext
) -> None:
    async with crossed(keeps(), theirs) as reference, home(store) as there:
        context = web_context(roots)
        line = Line((f"https://localhost:{reference.port}/",), context)
        there.tools = replace(there.tools, line=line)
        assert await there.schedule().round() == 1
    (row,) = store.rounds()
    assert row.traffic_bytes is not None
    assert row.traffic_bytes > 500  # a handshake
    left_bytes = there.tools.budget.left_bytes(NOW)
    assert LIMIT - left_bytes == used_today_bytes(store, "home", NOW) > row.traffic_bytes


# What a person asks for


@pytest.mark.anyio
async def test_a_check_spends_what_it_took_and_is_made_when_nothing_is_left(store: Store) -> None:
    async def keep(measurement: Measurement, judgement: Judgement) -> None:
        store.add(measurement, judgement)

    async with home(store, body_bytes=LIMIT) as there:
        await measure(there.urls, there.tools, keep, Turns(1))
        assert there.tools.budget.left_bytes(NOW) == 0
        await measure(there.urls, there.tools, keep, Turns(1))
    assert used_today_bytes(store, "home", NOW) > 2 * LIMIT


@pytest.fixture
def poor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The configuration of a vantage that has used up its budget today."""
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "LOCALAPPDATA", "APPDATA"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    (tmp_path / "sites.txt").write_text("https://ratel.kz/\n", "utf-8")
    file = tmp_path / "kedergi.toml"
    file.write_text(
        f"""
[vantage]
name = "home"
[probe]
lists = ["{tmp_path}/sites.txt"]
daily_budget_mb = 1
[dns]
trusted = []
[reference]
urls = []
[store]
url = "sqlite:///{tmp_path}/there.db"
""",
        "utf-8",
    )
    there = Store(f"sqlite:///{tmp_path}/there.db")
    measurement = old("https://another.kz/", datetime.now(UTC), 1_000_000)
    there.add(measurement, judge(measurement))
    there.close()
    return file


@pytest.mark.anyio
async def test_the_scheduled_prober_says_in_one_sentence_why_it_measures_nothing(
    poor: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run_probe(once=True, accept_risks=True, config=poor) == 0
    assert USED_UP in capsys.readouterr().err
    there = Store(f"sqlite:///{poor.parent}/there.db")
    assert [gap.why for gap in there.gaps(since=NOW - timedelta(days=999))] == ["budget"]
    assert there.rounds() == []
    there.close()


@pytest.mark.anyio
async def test_the_check_of_a_person_is_made_all_the_same(poor: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"http://127.0.0.1:{closed_port()}/"
    await run_check([url], None, concurrency=None, as_json=True, verbose=False, config=poor)
    shown = capsys.readouterr()
    assert f'"url":"{url}"' in shown.out
    assert "budget" not in shown.err


@pytest.mark.parametrize("line_up", [True, None])
def test_a_used_up_budget_is_said_once_a_day(capsys: pytest.CaptureFixture[str], line_up: bool | None) -> None:
    fine = Progress(planned=2, measured=1, line_up=line_up)
    halted = Progress(planned=2, measured=0, line_up=None, used_up=True)
    with show.bar(2) as bar:
        told = teller(bar, 1)
        for progress in (fine, replace(fine, used_up=True), halted, halted, fine, halted):
            told(progress)
    assert capsys.readouterr().err == USED_UP * 2


def test_a_line_that_was_down_before_a_halt_is_said_to_be_back_after_it(capsys: pytest.CaptureFixture[str]) -> None:
    down, up = (Progress(planned=2, measured=1, line_up=line_up) for line_up in (False, True))
    with show.bar(2) as bar:
        told = teller(bar, 1)
        for progress in (down, Progress(planned=2, measured=0, line_up=None, used_up=True), up):
            told(progress)
    assert capsys.readouterr().err.endswith("The line is back.\n")
