"""What the fold of episodes costs a row, in plain Python."""

import random
import time

import pytest

from results.episodes import Row, Series

pytestmark = pytest.mark.bench

ROWS = 200_000
WANTED = 100_000  # rows a second


def made(*, timed: bool) -> list[Row]:
    chance = random.Random(1)
    rows = []
    for number in range(ROWS):
        verdict = "blocked" if chance.random() < 0.02 else "accessible"
        times = (chance.lognormvariate(5.8, 0.4), None, chance.lognormvariate(5.8, 0.4)) if timed else ()
        rows.append(Row(1800.0 * number, verdict, ("tls.timeout",) if verdict == "blocked" else (), *times))
    return rows


@pytest.mark.parametrize("timed", [False, True], ids=["verdicts", "verdicts and handshakes"])
def test_rows_a_second(capsys: pytest.CaptureFixture[str], *, timed: bool) -> None:
    rows, series = made(timed=timed), Series()
    began = time.process_time()
    for row in rows:
        series.add(row)
    cost_s = time.process_time() - began
    with capsys.disabled():
        print(f"\n{ROWS / cost_s:,.0f} rows a second (wanted: {WANTED:,}), timed: {timed}")
    assert ROWS / cost_s > WANTED / 5
