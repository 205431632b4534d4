"""The numbers behind a verdict about speed. What follows from them is in scenarios/speed.py."""

from dataclasses import replace

import pytest

from results.failure import Failure
from results.records import Aim, HttpStep, TcpStep, TlsStep
from results.throttling import ceiling_kbps, looks_slow, pairs, rounds, same_page, slow_down
from tests.results.build import page, redirect, request, tcp, tls
from tests.results.scenarios.speed import FAST, SLOW, body, pair

VISITED = page(length=60_000)


@pytest.mark.parametrize(
    ("visited", "sampled", "same"),
    [
        (VISITED, VISITED, True),
        (VISITED, page(length=52_000), True),
        (VISITED, page(length=300), False),
        (VISITED, page(421, title="Misdirected", length=60_000), False),
        (page(length=300), VISITED, False),
        (VISITED, redirect("https://elsewhere.example/"), False),
        (redirect("https://a.example/"), redirect("https://a.example/"), True),
        (page(length=9_000, capped=True), VISITED, True),
        (request(Failure.TIMEOUT, status=200, got=16_384), VISITED, True),
        (VISITED, page(length=16_384, capped=True), True),
    ],
)
def test_a_sample_counts_where_it_is_of_the_same_page(visited: HttpStep, sampled: HttpStep, *, same: bool) -> None:
    assert same_page(visited, sampled) is same


@pytest.mark.parametrize(
    ("amount", "needed"), [(0, 0), (14_600, 0), (14_601, 1), (43_800, 1), (43_801, 2), (524_288, 5)]
)
def test_slow_start_doubles_from_ten_packets(amount: int, needed: int) -> None:
    assert rounds(amount) == needed


def way(*, rtt_s: float = 0.06, handshake_s: float = 0.08) -> tuple[TcpStep, TlsStep]:
    return replace(tcp(), t=rtt_s), replace(tls(), t=handshake_s)


@pytest.mark.parametrize(
    ("steps", "came", "slow"),
    [
        (way(), FAST, False),
        (way(), SLOW, True),
        (way(), body(600), True),
        (way(rtt_s=0.6, handshake_s=1.3), body(600), False),  # a satellite
        (way(handshake_s=1.9), FAST, True),
        (way(), page(length=300), False),
    ],
)
def test_only_what_the_round_trip_does_not_explain_looks_slow(
    steps: tuple[TcpStep, TlsStep], came: HttpStep, *, slow: bool
) -> None:
    assert looks_slow(*steps, came) is slow


def test_as_many_bytes_are_compared_as_both_have() -> None:
    (found,) = pairs(pair(1, body(128, size=20_000), body(1_280, size=60_000)))
    assert slow_down(found) == pytest.approx(10, rel=0.15)


def test_a_ceiling_is_the_speed_of_the_second_half() -> None:
    kbps, spread = ceiling_kbps(
        [found.named.curve for found in pairs([*pair(1, SLOW, FAST), *pair(2, SLOW, FAST)])]
    ) or (0, 1)
    assert kbps == pytest.approx(128, rel=0.02)
    assert spread < 0.01


def test_a_pair_needs_both() -> None:
    assert pairs(step for step in pair(1, SLOW, FAST) if step.aim is Aim.SAMPLE) == ()
