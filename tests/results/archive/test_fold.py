"""The compiled fold, the same loop in plain Python, and results/episodes.py say the same, byte for byte."""

import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numba
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from results import sequential
from results.archive import compiled, detecting, findings, fold
from results.episodes import Row, Series, soft
from tests.results.archive.generated import points
from tests.results.archive.tables import table

WAYS = ("", "tls.timeout", "tls.timeout tcp.reset", "dns.timeout", "dns.servfail dns.timeout", "an.other an.other")
VERDICTS = ("accessible", "blocked", "throttled", "down", "inconclusive", "a word of tomorrow")
TIMES = st.one_of(st.none(), st.sampled_from((0.0, 1.0, float("nan"))), st.floats(0.1, 1e5))


@st.composite
def stretches(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Some hundred rows: the same verdict for a while, mostly, with times that fall now and then."""
    chance = random.Random(draw(st.integers(0, 2**32)))
    rows: list[dict[str, Any]] = []
    at = 0.0
    for _ in range(draw(st.integers(1, 8))):
        usual, way = chance.choice(VERDICTS[:3]), chance.choice(WAYS)
        share, slower = chance.choice((1.0, 0.9, 0.5)), chance.choice((1.0, 1.0, 4.0))
        references, timed = chance.random() < 0.7, chance.random() < 0.7
        for _ in range(chance.randrange(1, 60)):
            at += chance.choice((0.0, 0.5, 0.5, 0.5, 0.5, 40.0 * chance.random()))
            like = chance.random() < share
            row: dict[str, Any] = {"series": "a", "at": at, "verdict": usual if like else chance.choice(VERDICTS)}
            row["mechanism"] = (way if like else chance.choice(WAYS)) if row["verdict"] != "accessible" else ""
            if timed:
                row["handshake_ms"] = slower * chance.lognormvariate(4, 0.3)
                row["kbps"] = chance.lognormvariate(8, 0.3) / slower
            if references:
                row["reference_handshake_ms"] = chance.lognormvariate(4, 0.2)
                row["reference_kbps"] = draw(TIMES) if chance.random() < 0.02 else chance.lognormvariate(8, 0.2)
            rows.append(row)
    return rows


def lines(points_: pa.Table, loop: Any) -> list[str]:
    return list(findings.lines(findings.whole([findings.table(detecting.found(points_, loop=loop))])))


ODD: list[dict[str, Any]] = [
    {"series": "a", "at": 1.0, "verdict": "accessible", "handshake_ms": float("nan"), "reference_kbps": 0.0},
    {"series": "a", "at": 1.0, "verdict": "throttled", "mechanism": "throughput.low", "kbps": 0.0},
]


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@example(rows=ODD)
@given(rows=stretches())
def test_the_compiled_fold_says_what_the_plain_one_says(rows: list[dict[str, Any]]) -> None:
    assert lines(table(rows), compiled.fold()) == lines(table(rows), None)


def test_a_thousand_days_of_forty_series_say_the_same_and_say_something() -> None:
    made = points(np.random.default_rng(2), list(range(40)), 1500)
    said = lines(made, compiled.fold())
    assert said == lines(made, None)
    assert len(said) > 40
    assert {'"kind":"blocking"', '"kind":"throttling"', '"state":"open"'} <= {
        word for line in said for word in line.strip("{}\n").split(",")
    }


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=stretches())
def test_the_loop_itself_says_the_same_before_it_is_compiled(rows: list[dict[str, Any]]) -> None:
    assert lines(table(rows), fold) == lines(table(rows), None)


def test_every_number_of_the_test_is_the_same_to_the_last_bit() -> None:
    chance = random.Random(3)
    plain, quick = sequential.fresh(), np.array(sequential.fresh())
    step = compiled.fold().sequential.step
    for number in range(20_000):
        bad = chance.random() < (0.7 if number % 3000 > 2800 else 0.03)
        given_ = (1800.0 * number, bad, float(chance.choice((-1, 0, 1))), chance.random() < 0.2, 1.0)
        assert sequential.step(plain, *given_) == step(quick, *given_)
        assert plain == quick.tolist(), number


@pytest.mark.parametrize("loop", ["plain", "compiled"])
def test_several_vantages_of_one_network_speak_with_one_voice(loop: str) -> None:
    rows: list[dict[str, Any]] = [{"series": "a", "at": n / 2, "verdict": "accessible"} for n in range(200)]
    odd = [
        {**row, "at": row["at"] + 0.01, "vantage": "odd", "vantage_class": "hosting", "verdict": "blocked"}
        for row in rows[50:150]
    ]
    used = compiled.fold() if loop == "compiled" else None
    assert lines(table(rows + odd), used) == []
    assert lines(table([{**row, "vantage": "odd"} for row in odd]), used) != []


def test_soft_failures_are_the_same_for_both() -> None:
    assert [soft(tuple(way.split())) for way in WAYS] == [False, False, False, True, True, False]
    series = Series()
    assert series.add(Row(0.0, "blocked", ("dns.timeout",))) == []


def test_threads_that_begin_at_once_compile_once() -> None:
    compiled._fold.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        made = {id(one) for one in pool.map(lambda _: compiled.fold(), range(8))}
    assert len(made) == 1
    settings_: Any = numba.core.config
    assert not settings_.CACHE_DIR
