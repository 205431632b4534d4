"""Ten probes send two hundred measurements each to two workers: all arrive, once. How fast, tells tests/bench."""

import random
import tempfile
from pathlib import Path

import psycopg
import pytest

from tests.server.load import LINES, batches, send, volunteer
from tests.server.postgres import missing, postgres
from tests.server.serving import Served

pytestmark = pytest.mark.whole

PROBES, BATCHES = 10, 2


def test_all_that_ten_probes_send_to_two_workers_arrives_once(tmp_path: Path) -> None:
    if why := missing():
        pytest.skip(why)
    with tempfile.TemporaryDirectory(prefix="kedergi-") as name, postgres(Path(name), "fsync=off") as database:
        served = Served(database.create(), tmp_path, arguments=["--workers", "2"])
        served.start()
        try:
            assert len(served.workers()) == 2
            chance = random.Random(1)
            volunteers = [volunteer(served.invite(), served.port) for _ in range(PROBES)]
            for one in volunteers:
                one.batches.extend(batches(one.name, BATCHES, chance))
            sent = send(volunteers, served.port, tmp_path, programs=2, at_once=PROBES // 2)
            assert (len(sent.waits_ms), sent.failed) == (PROBES * BATCHES, 0)
            with psycopg.connect(database.address().replace("+psycopg", "")) as direct:
                for table in ("measurement", "evidence", "verdict", "link"):
                    found = direct.execute(f"select count(*), count(distinct uid) from {table}").fetchone()
                    assert found == (PROBES * BATCHES * LINES,) * 2, table
            served.run("verify")
        finally:
            assert served.stop() == 0
