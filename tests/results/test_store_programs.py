"""Several programs at one store, and programs that were killed: nothing is lost, nothing is there twice."""

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from results.verdict import judge
from tests.results.test_store import FINE, TABLES, rows
from tests.results.writer import numbered
from tests.stores import Opening

ROOT = Path(__file__).parents[2]


@pytest.fixture
def store_url(empty_url: str) -> str:
    """Nobody has opened it yet."""
    return empty_url


def program(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def writer(url: str, name: str, count: int) -> subprocess.Popen[str]:
    return program("-m", "tests.results.writer", url, name, str(count))


# Several at once


def test_two_writers_at_once_store_each_measurement_once(opened: Opening) -> None:
    measurements = [numbered("a", number) for number in range(40)]
    stores = [opened(), opened()]
    with ThreadPoolExecutor(4) as threads:
        turns = [
            threads.submit(store.add, measurement, judge(measurement))
            for measurement in measurements
            for store in stores
        ]
    assert sum(turn.result() for turn in turns) == 40
    assert [rows(stores[0], table) for table in TABLES] == [40, 40, 40]


# Both look at the empty store before either has made its tables.
SLOW_WRITER = """
import time
import sqlalchemy as sa
from tests.results.writer import main

@sa.event.listens_for(sa.Engine, "before_cursor_execute")
def slowly(connection, cursor, statement, *rest):
    if "CREATE TABLE gap" in statement:
        time.sleep(0.6)

main()
"""


def test_programs_that_open_a_new_store_at_once_both_get_it(store_url: str, opened: Opening) -> None:
    writers = [program("-c", SLOW_WRITER, store_url, "same", "10") for _ in range(2)]
    ends = [one.communicate(timeout=60)[1] for one in writers]
    assert [one.returncode for one in writers] == [0, 0], [errors[-200:] for errors in ends]
    assert [rows(opened(), table) for table in TABLES] == [10, 10, 10]


# Killed


def test_a_killed_writer_loses_nothing_that_it_said_was_stored(store_url: str, opened: Opening) -> None:
    killed = writer(store_url, "a", 100_000)
    assert killed.stdout is not None
    said = [killed.stdout.readline().strip() for _ in range(25)]
    killed.kill()
    said += killed.communicate(timeout=60)[0].split()
    store = opened()
    counts = [rows(store, table) for table in TABLES]
    assert killed.returncode == -signal.SIGKILL
    assert len(set(counts)) == 1
    assert len(said) <= counts[0] <= len(said) + 1
    assert [uid for uid in said if store.measurement(uid) is None] == []
    again = [numbered("a", number) for number in range(counts[0])]
    assert [store.add(measurement, judge(measurement)) for measurement in again] == [False] * counts[0]


KILLED_WHILE_MAKING_TABLES = """
import os, signal, sys
import sqlalchemy as sa
from results.store import Store

@sa.event.listens_for(sa.Engine, "after_cursor_execute")
def killed(connection, cursor, statement, *rest):
    if "CREATE TABLE evidence" in statement:
        os.kill(os.getpid(), signal.SIGKILL)

Store(sys.argv[1])
"""


def test_a_store_whose_making_was_killed_is_made_at_the_next_start(store_url: str, opened: Opening) -> None:
    killed = program("-c", KILLED_WHILE_MAKING_TABLES, store_url)
    errors = killed.communicate(timeout=60)[1]
    assert killed.returncode == -signal.SIGKILL, errors
    assert opened().add(FINE, judge(FINE)) is True
