"""`kedergi up` for a while: rounds on time, nothing lost by a kill, the page that a person sees, a dead line."""

import json
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

import pytest

from tests.lab import Lab
from tests.lab.scenarios import SCENARIOS, lab_of
from tests.whole.conftest import control, start_control

pytestmark = [pytest.mark.lab, pytest.mark.whole]

EVERY_S = 5
QUICK = [row for row in SCENARIOS if row.name not in {"TLS silence on SNI", "silent for everyone"}]
ListFile = Callable[[list[str]], Path]


class Up:
    """A running `kedergi up` and what can be seen of it from beside it."""

    def __init__(self, lab: Lab, config: Path) -> None:
        self.lab = lab
        self.config = config
        self.process = self.start()

    def start(self) -> Popen[str]:
        env = {"XDG_DATA_HOME": str(self.lab.folder / "data")}
        command: list[str | Path] = ["kedergi", "up", "--accept-risks", "--config", self.config]
        self.process = self.lab.popen(command, env=env, stderr=PIPE)
        assert self.process.stderr is not None
        said = self.process.stderr.readline()
        assert "http://127.0.0.1:8733/" in said, said
        return self.process

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with sqlite3.connect(f"file:{self.lab.folder}/store.sqlite?mode=ro", uri=True) as connection:
            found: list[tuple[Any, ...]] = connection.execute(query).fetchall()
        connection.close()
        return found

    def until(self, query: str, *, limit_s: float = 40.0) -> list[tuple[Any, ...]]:
        """Waits until a query finds something; another process's commit can't be awaited otherwise."""
        end = time.monotonic() + limit_s
        while not (found := self.rows(query)):
            assert time.monotonic() < end, f"nothing came of: {query}"
            assert self.process.poll() is None, "the program ended"
            time.sleep(0.1)
        return found

    def page(self, path: str = "/") -> str:
        return self.lab.run(["curl", "--silent", f"http://127.0.0.1:8733{path}"]).stdout


@pytest.fixture
def up(lab_rights: None, list_file: ListFile) -> Iterator[Up]:  # noqa: ARG001
    with lab_of(SCENARIOS) as lab:
        start_control(lab)
        lists = [str(list_file([row.url for row in QUICK]))]
        probe = {"lists": lists, "interval": f"{EVERY_S}s", "concurrency": 50}
        yield Up(lab, lab.config(probe=probe, control=control(lab)))


def nth_round(number: int) -> str:
    return f"select 1 where (select count(*) from round where ended_at is not null) >= {number}"


def test_rounds_are_on_time_and_the_page_shows_them(up: Up) -> None:
    up.until(nth_round(4))
    up.process.send_signal(signal.SIGINT)
    assert up.process.wait(10) == 0
    starts = [datetime.fromisoformat(row[0]) for row in up.rows("select started_at from round order by started_at")]
    between = [(later - sooner).total_seconds() for sooner, later in pairwise(starts)]
    assert between == [pytest.approx(EVERY_S, abs=0.5)] * len(between)
    assert up.rows("select * from gap") == []
    verdicts = dict(up.rows("select url, max(verdict) from measurement join verdict using (uid) group by url"))
    assert verdicts == {row.url: row.verdict for row in QUICK}


def test_a_kill_in_the_middle_of_a_round_loses_and_doubles_nothing(up: Up) -> None:
    up.until(nth_round(1))
    planned = len(QUICK)
    middle = f"select 1 where (select count(*) from measurement) between {planned + 3} and {2 * planned - 3}"
    up.until(middle)
    up.process.send_signal(signal.SIGKILL)
    up.process.wait(10)
    before = {row[0] for row in up.rows("select uid from measurement")}
    up.start()
    up.until(nth_round(3))
    after = [row[0] for row in up.rows("select uid from measurement")]
    assert before <= set(after)
    assert len(after) == len(set(after)) == up.rows("select count(*) from evidence")[0][0]
    twice = "select url from measurement where round_uid is not null group by url, round_uid having count(*) > 1"
    assert up.rows(twice) == []
    assert up.rows("select count(*) from round where ended_at is null")[0][0] >= 1


@pytest.mark.browser
def test_the_page_shows_blocked_sites_as_blocked(up: Up, tmp_path: Path) -> None:
    up.until(nth_round(1))
    up.until(f"select 1 where (select count(distinct url) from rollup) >= {len(QUICK)}")  # what pages are made of
    script = Path(__file__).with_name("look.py")
    picture = tmp_path / "page.png"
    seen = up.lab.run(["python", script, "http://127.0.0.1:8733/", picture], timeout_s=60)
    assert seen.returncode == 0, seen.stderr
    shown = json.loads(seen.stdout)
    wrong = [row.url for row in QUICK if row.verdict not in shown[row.host]]
    assert wrong == []
    assert picture.stat().st_size > 10_000


def test_a_line_that_is_down_blocks_nobody(up: Up) -> None:
    up.until(nth_round(1))
    up.lab.set_line(up=False)
    down = up.until("select uid from round where line_up = 0 and ended_at is not null limit 1")[0][0]
    verdicts = up.rows(f"select distinct verdict from measurement join verdict using (uid) where round_uid = '{down}'")
    assert verdicts == [("inconclusive",)]
    assert "This line is down" in up.page()
    up.lab.set_line(up=True)
    # Not in the very next round: what is slow to fail is measured by the one before it still.
    up.until(
        "select 1 from measurement join verdict using (uid) join round r on r.uid = round_uid "
        f"join round d on d.uid = '{down}' "
        "where verdict = 'blocked' and r.line_up = 1 and r.started_at > d.started_at limit 1"
    )


def test_a_machine_without_a_network_says_so_and_shows_its_page(up: Up) -> None:
    up.process.send_signal(signal.SIGTERM)
    assert up.process.wait(10) == 0
    up.lab.set_line(route=False)
    up.start()
    assert up.process.stderr is not None
    assert "The line is down" in up.process.stderr.readline()
    up.until("select 1 from round where ended_at is not null and line_up = 0")
    last = "(select uid from round where line_up = 0 and ended_at is not null limit 1)"
    verdicts = up.rows(f"select distinct verdict from measurement join verdict using (uid) where round_uid = {last}")
    assert verdicts == [("inconclusive",)]
    assert "This line is down" in up.page()
