"""Fifty probes send two thousand measurements each to `kedergi serve` on PostgreSQL: how fast, at what cost, all once.

Promised are 1200 a second on two processors, 500 ms for 99 of 100 batches, 250 MB a worker, and three tenths of what
psycopg alone inserts. Those who send, the server and PostgreSQL share the processors of the machine that runs this.
"""

import json
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests.server.load import LINES, Sent, Volunteer, batches, send, volunteer
from tests.server.postgres import Postgres, missing, postgres
from tests.server.serving import Served, cpu_s, descendants, mib, peak_mib

pytestmark = pytest.mark.bench

PROBES, BATCHES = 50, 20
WORKERS = 2
LEAST_A_SECOND = 300  # on a machine that has other things to do
TABLES = ("measurement", "evidence", "verdict", "link")


@dataclass(frozen=True, slots=True)
class Cost:
    """What the server and PostgreSQL took."""

    server_cpu_s: float
    postgres_cpu_s: float
    peaks_mib: list[float]
    shares_mib: list[float]


@pytest.fixture(scope="module")
def database() -> Iterator[Postgres]:
    if why := missing():
        pytest.skip(why)
    with tempfile.TemporaryDirectory(prefix="kedergi-") as name, postgres(Path(name)) as running:
        yield running


def test_fifty_probes(database: Postgres, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    served = Served(database.create("load"), tmp_path, arguments=["--workers", str(WORKERS)])
    served.start()
    try:
        volunteers = loaded(served, PROBES, BATCHES)
        sent, cost = measured(served, database, lambda: send(volunteers, served.port, tmp_path, programs=2, at_once=2))
        crowd = loaded(served, PROBES, 4)
        all_at_once = send(crowd, served.port, tmp_path, programs=2, at_once=PROBES // 2)
        count, found = PROBES * BATCHES * LINES, counted(database, "load")
        assert found["measurement"] == found["link"] == found["evidence"] == found["verdict"]
        assert found["measurement"] == count + len(crowd) * 4 * LINES
        served.run("verify")
    finally:
        served.stop()
    bare = {how: insert(database, "load", count) for how, insert in (("COPY", copied), ("executemany", inserted))}
    rate = count / sent.seconds
    with capsys.disabled():
        print("\n" + "\n".join(table(sent, cost, count, bare, all_at_once)))
    assert rate > LEAST_A_SECOND


def loaded(served: Served, probes: int, count: int) -> list[Volunteer]:
    """Vantages that have joined, with so many batches each."""
    chance = random.Random(1)
    made = [volunteer(served.invite(), served.port) for _ in range(probes)]
    for one in made:
        one.batches.extend(batches(one.name, count, chance))
    return made


def measured(served: Served, database: Postgres, sending: Callable[[], Sent]) -> tuple[Sent, Cost]:
    ours = [served.pid, *descendants(served.pid)]
    theirs = Used(database)
    before_s = cpu_s(ours)
    sent = sending()
    workers = served.workers()
    return sent, Cost(
        cpu_s(ours) - before_s, theirs.seconds(), [peak_mib(pid) for pid in workers], [mib(pid) for pid in workers]
    )


class Used:
    """Processor time of PostgreSQL's processes from now on. Connections that are kept do not end meanwhile."""

    def __init__(self, database: Postgres) -> None:
        self._database = database
        self._before_s = self._now()

    def _now(self) -> float:
        return cpu_s([self._database.pid, *descendants(self._database.pid)])

    def seconds(self) -> float:
        return self._now() - self._before_s


def counted(database: Postgres, name: str) -> dict[str, int]:
    with psycopg.connect(database.address(name).replace("+psycopg", "")) as direct:
        found = {}
        for table_ in TABLES:
            row = direct.execute(f"select count(*), count(distinct uid) from {table_}").fetchone()
            assert row is not None
            assert row[0] == row[1], table_
            found[table_] = int(row[0])
    return found


Rows = dict[str, list[tuple[object, ...]]]


def _kept(direct: "psycopg.Connection[tuple[object, ...]]", count: int) -> Rows:
    """The rows that were stored, the same count of each table, ready to be written again."""
    found = {}
    for name in TABLES:
        direct.execute(f"drop table if exists bare_{name}")
        direct.execute(f"create table bare_{name} (like {name} including all)")
        rows = direct.execute(f"select * from {name} order by uid limit {count}").fetchall()
        found[name] = [tuple(json.dumps(one) if isinstance(one, list | dict) else one for one in row) for row in rows]
    direct.commit()
    return found


def inserted(database: Postgres, name: str, count: int) -> float:
    """Measurements a second, a transaction for each batch, as psycopg's executemany does it."""
    with psycopg.connect(database.address(name).replace("+psycopg", "")) as direct:
        kept = _kept(direct, count)
        began = time.perf_counter()
        for at in range(0, count, LINES):
            for table_, rows in kept.items():
                marks = ", ".join(["%s"] * len(rows[0]))
                with direct.cursor() as cursor:
                    cursor.executemany(f"insert into bare_{table_} values ({marks})", rows[at : at + LINES])
            direct.commit()
        return count / (time.perf_counter() - began)


def copied(database: Postgres, name: str, count: int) -> float:
    """The same by COPY."""
    with psycopg.connect(database.address(name).replace("+psycopg", "")) as direct:
        kept = _kept(direct, count)
        began = time.perf_counter()
        for at in range(0, count, LINES):
            for table_, rows in kept.items():
                with direct.cursor() as cursor, cursor.copy(f"copy bare_{table_} from stdin") as copy:
                    for row in rows[at : at + LINES]:
                        copy.write_row(row)
            direct.commit()
        return count / (time.perf_counter() - began)


def table(sent: Sent, cost: Cost, count: int, bare: dict[str, float], crowd: Sent) -> Iterator[str]:
    rate = count / sent.seconds
    yield f"| {len(cost.peaks_mib)} worker(s), {os.cpu_count()} processors, PostgreSQL and senders on them too | |"
    yield "| --- | --- |"
    yield f"| measurements, each there once | {count} in {sent.seconds:.1f} s |"
    yield f"| measurements a second, 4 batches on the way | {rate:.0f} |"
    for how, bare_rate in bare.items():
        yield f"| psycopg alone, {how} | {bare_rate:.0f}/s: ratio {rate / bare_rate:.2f} |"
    yield f"| a batch of {LINES} at the client, p50 and p99 | {sent.wait_ms(0.5):.0f} ms, {sent.wait_ms(0.99):.0f} ms |"
    yield f"| come later (429), broken connections | {sent.busy}, {sent.failed} |"
    yield f"| processor time of the server, a measurement | {1000 * cost.server_cpu_s / count:.2f} ms |"
    yield f"| processor time of PostgreSQL, a measurement | {1000 * cost.postgres_cpu_s / count:.2f} ms |"
    yield f"| memory of each worker, most | {', '.join(f'{one:.0f} MiB' for one in cost.peaks_mib)} |"
    yield f"| the same at the end, shared parts in parts | {', '.join(f'{one:.0f} MiB' for one in cost.shares_mib)} |"
    waits = f"{crowd.wait_ms(0.5):.0f} ms, {crowd.wait_ms(0.99):.0f} ms"
    yield f"| all {PROBES} at once: a batch, p50 and p99; come later | {waits}; {crowd.busy} |"
