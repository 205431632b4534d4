"""How many measurements a second are read, judged and stored, from a signed batch on, and what PostgreSQL alone takes.

Promised are 1200 a second on two processors, the database's work included.
"""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import psycopg
import pytest
import sqlalchemy as sa

from results.store import Store
from tests.server.intake.conftest import client, joined, sender, serving, store
from tests.server.intake.sending import NDJSON, PACK, Sender, body_of, fates

__all__ = ["client", "joined", "sender", "serving", "store"]

pytestmark = pytest.mark.bench

BATCHES, LINES = 12, 500
LEAST_A_SECOND = 300  # on a machine that has other things to do
TABLES = ("measurement", "evidence", "verdict", "link")


def test_measurements_a_second(
    sender: Sender, store: Store, capsys: pytest.CaptureFixture[str], store_url: str
) -> None:
    sender.send(*(sender.measured(f"warm-{number}") for number in range(50)))
    at = datetime.now(UTC)
    whole = sender.measured("x")
    bodies = [
        body_of([replace(whole, uid=f"{batch}-{line}", started_at=at) for line in range(LINES)])
        for batch in range(BATCHES)
    ]
    packed = [PACK["zstd"](body) for body in bodies]
    headers = {"content-type": NDJSON, "content-encoding": "zstd"}
    began = time.perf_counter()
    with ThreadPoolExecutor(2) as threads:
        said = list(threads.map(lambda body: sender.post("/v1/measurements", body, headers), packed))
    took_s = time.perf_counter() - began
    assert [fates(one) for one in said] == [["stored"] * LINES] * BATCHES
    rate = BATCHES * LINES / took_s
    bare = _bare(store, store_url) if store_url.startswith("postgresql") else None
    with capsys.disabled():
        name = store_url.partition(":")[0].partition("+")[0]
        beside = f"; psycopg alone inserts the same rows at {bare:.0f}/s, {bare / rate:.1f} times that" if bare else ""
        size = len(bodies[0]) / LINES / 1024
        print(f"\n{name}: {rate:.0f} measurements/s of {size:.0f} KiB, read, judged and stored{beside}")
    assert rate > LEAST_A_SECOND


def _bare(store: Store, url: str) -> float:
    """Rows a second that psycopg writes into tables of the same shape, a transaction for each batch."""
    with store._engine.connect() as connection:
        kept = {name: connection.execute(sa.text(f"select * from {name}")).all() for name in TABLES}
    with psycopg.connect(url.replace("+psycopg", "")) as direct:
        for name in TABLES:
            direct.execute(f"create table bare_{name} (like {name} including all)")
        direct.commit()
        count = len(kept["measurement"])
        began = time.perf_counter()
        for at in range(0, count, LINES):
            for name, rows in kept.items():
                values = [tuple(_plain(value) for value in row) for row in rows[at : at + LINES]]
                marks = ", ".join(["%s"] * len(values[0]))
                with direct.cursor() as cursor:
                    cursor.executemany(f"insert into bare_{name} values ({marks})", values)
            direct.commit()
        return count / (time.perf_counter() - began)


def _plain(value: object) -> object:
    return json.dumps(value) if isinstance(value, list | dict) else value
