"""The numbers behind a verdict about speed. What follows from them is in scenarios/speed.py."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from results.failure import Failure
from results.records import Aim, AnyStep, HttpStep, Past, Source, TcpInfo, TcpStep, TlsStep
from results.throttling import (
    alone,
    bodies,
    delayed,
    far_away,
    first_bytes,
    handshakes,
    late,
    line_kbps,
    looks_slow,
    pairs,
    round_trip_s,
    same_page,
    settled,
    starts_late,
    stops,
    suspicious,
)
from tests.results.build import AT, CONTROL, aimed, page, redirect, request, tcp, tls
from tests.results.scenarios.speed import (
    FAST,
    LATE,
    REFUSED,
    SIZE,
    SLOW,
    STOPPED,
    beside,
    body,
    fetch,
    line,
    pair,
    pairs_of,
    shaken,
)

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


def way(*, rtt_s: float = 0.06, handshake_s: float = 0.08) -> tuple[TcpStep, TlsStep]:
    return replace(tcp(), t=rtt_s), replace(tls(), t=handshake_s)


@pytest.mark.parametrize(
    ("steps", "came", "slow"),
    [
        (way(), FAST, False),
        (way(), SLOW, True),
        (way(), body(400), True),
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
    assert bodies([found]).times == pytest.approx(10, rel=0.15)


def test_a_pair_needs_both() -> None:
    assert pairs(step for step in pair(1, SLOW, FAST) if step.aim is Aim.SAMPLE) == ()


def test_a_sample_of_another_page_is_no_pair_of_the_same() -> None:
    found = pairs(pairs_of([SLOW, SLOW], [FAST, REFUSED]), SLOW)
    assert [one.same_page for one in found] == [True, False]
    assert bodies(found).pairs == 1
    assert handshakes(found).pairs == 2


# What looks slow

USED_TO_BE_FAST = Past(since=AT, checks=20, tls_ms=100.0, kbps=60_000.0)
LARGE = body(2_000, size=300_000)


@pytest.mark.parametrize(
    ("steps", "came", "past", "slow"),
    [
        (way(), LARGE, None, False),
        (way(), LARGE, USED_TO_BE_FAST, True),
        (way(), LARGE, replace(USED_TO_BE_FAST, checks=1), False),  # too little past
        (way(), LARGE, replace(USED_TO_BE_FAST, kbps=None), False),
        (way(), LARGE, replace(USED_TO_BE_FAST, kbps=3_000.0), False),
        (way(), body(400), replace(USED_TO_BE_FAST, kbps=400.0), True),  # it may have been slow on purpose then too
        (way(handshake_s=0.4), FAST, None, False),
        (way(handshake_s=0.4), FAST, USED_TO_BE_FAST, True),
        (way(handshake_s=0.2), FAST, replace(USED_TO_BE_FAST, tls_ms=10.0), False),  # that is nothing yet
        (way(handshake_s=0.4), FAST, replace(USED_TO_BE_FAST, tls_ms=None), False),
    ],
)
def test_what_was_much_faster_before_looks_slow(
    steps: tuple[TcpStep, TlsStep], came: HttpStep, past: Past | None, *, slow: bool
) -> None:
    assert looks_slow(*steps, came, past) is slow


@pytest.mark.parametrize(
    ("kbps", "line_brings", "slow"),
    [(400, None, True), (400, 600.0, False), (100, 600.0, True), (400, 20_000.0, True), (2_000, 20_000.0, False)],
)
def test_a_page_is_not_slow_where_the_line_is(kbps: float, line_brings: float | None, *, slow: bool) -> None:
    assert looks_slow(*way(), body(kbps), None, line_brings) is slow


@pytest.mark.parametrize(("waited_s", "slow"), [(0.2, False), (4.0, True)])
def test_without_tls_a_late_first_byte_looks_slow(waited_s: float, *, slow: bool) -> None:
    came = replace(FAST, t0=1.0, first_byte_t=1.0 + waited_s)
    assert looks_slow(way()[0], None, came) is slow


KERNEL = TcpInfo(rtt_ms=70.0, min_rtt_ms=50.0, receive_rtt_ms=0.0, out_of_order=0)


@pytest.mark.parametrize(
    ("connected_s", "rtt_ms", "told", "shortest_s"),
    [(1.06, None, None, 1.06), (1.06, 60.0, None, 0.06), (1.06, 90.0, KERNEL, 0.05), (0.04, 90.0, KERNEL, 0.04)],
)
def test_the_round_trip_is_the_shortest_that_was_seen(
    connected_s: float, rtt_ms: float | None, told: TcpInfo | None, shortest_s: float
) -> None:
    visited = replace(FAST, tcp_info=told)
    seen_s = round_trip_s(replace(tcp(), t=connected_s), replace(tls(), rtt_ms=rtt_ms), visited)
    assert seen_s == pytest.approx(shortest_s)


# Times of pairs


@pytest.mark.parametrize(
    ("both", "named", "neutral"),
    [
        ((shaken(2.0), shaken(0.1)), (2.0,), (0.1,)),
        ((replace(shaken(6.0), failure=Failure.TIMEOUT), shaken(0.1)), (6.0,), (0.1,)),  # so long at least
        ((replace(shaken(0.1), failure=Failure.RESET), shaken(0.1)), (), ()),
        ((replace(shaken(2.0), failure=Failure.TLS_HANDSHAKE, alert="X"), shaken(0.1)), (2.0,), (0.1,)),
        ((shaken(2.0), replace(shaken(0.1), failure=Failure.CLOSED)), (), ()),
    ],
    ids=["both answered", "our patience ended first", "a reset tells no time", "an alert does", "the other is closed"],
)
def test_handshakes_are_compared_where_the_server_answered_both(
    both: tuple[TlsStep, TlsStep], named: tuple[float, ...], neutral: tuple[float, ...]
) -> None:
    """With the page behind both, as without TLS, so that the pair is there in any case."""
    ours, other = both
    steps = [*aimed(Aim.SAMPLE, tcp(), ours, FAST), *aimed(Aim.SAMPLE_NEUTRAL, tcp(), other, FAST)]
    found = handshakes(pairs(steps))
    assert found.named == pytest.approx(named)
    assert found.neutral == pytest.approx(neutral)


def test_a_late_first_byte_is_compared_from_the_request_on() -> None:
    found = first_bytes(pairs(pair(1, LATE, FAST)))
    assert found.named == pytest.approx((2.8,))
    assert found.neutral == pytest.approx((0.06,))


def test_the_times_of_all_pairs_are_those_of_as_many_bytes() -> None:
    """One sample was cut early; what is slow in the same way each time has the same time each time."""
    found = bodies(pairs([*pair(1, body(128, size=20_000), FAST), *pair(2, SLOW, FAST)]))
    assert found.named[0] == pytest.approx(found.named[1], rel=0.01)
    assert found.neutral[0] == pytest.approx(found.neutral[1], rel=0.01)
    assert found.named[0] / found.neutral[0] == pytest.approx(8_000 / 128, rel=0.01)
    assert found.steady


@pytest.mark.parametrize(("failure", "compared"), [(None, 1), (Failure.RESET, 0)])
def test_whole_fetches_are_compared_where_the_other_page_came_in_one_read(
    failure: Failure | None, compared: int
) -> None:
    at_once = replace(FAST, curve=(), t=FAST.t0 + 0.07, failure=failure)
    found = bodies(pairs(pair(1, SLOW, at_once)))
    assert found.pairs == compared
    assert found.neutral == pytest.approx((0.07,) * compared)


@pytest.mark.parametrize(
    ("named", "neutral", "crowded"),
    [
        (SLOW, FAST, False),
        (beside(SLOW, 9_000), FAST, True),
        (beside(SLOW, 5), FAST, False),  # what came to the others explains nothing
        (SLOW, beside(FAST, 0), False),
        (beside(replace(SLOW, curve=()), 0), FAST, True),  # it can't be told
    ],
)
def test_a_pair_is_crowded_where_other_checks_may_have_filled_the_line(
    named: HttpStep, neutral: HttpStep, *, crowded: bool
) -> None:
    (found,) = pairs(pair(1, named, neutral))
    assert found.crowded is crowded
    assert bodies([found]).crowded is crowded


@pytest.mark.parametrize(
    ("page", "line_brings", "kept"),
    [(SLOW, 8_000, 1), (SLOW, 300, 0), (beside(SLOW, 9_000), 8_000, 0), (replace(SLOW, curve=()), 8_000, 0)],
    ids=["alone", "the line is full", "our other checks fill it", "in one read"],
)
def test_a_transfer_counts_for_an_address_while_the_line_has_room(
    page: HttpStep, line_brings: float, kept: int
) -> None:
    assert len(alone([page], line_brings)) == kept


# A late beginning


@pytest.mark.parametrize(
    ("late_s", "came_bytes", "visited", "is_delayed"),
    [
        (0.4, 0, SLOW, True),
        (0.2, 0, SLOW, False),  # too little
        (0.4, 5_000, SLOW, False),  # certificates of 5 kB take 0.3 s at 128 kbit/s
        (2.0, 5_000, SLOW, True),
        (0.4, 5_000, FAST, True),
        (0.4, 5_000, replace(SLOW, curve=()), True),
    ],
)
def test_a_handshake_is_delayed_where_its_certificates_at_the_speed_of_the_page_do_not_explain_it(
    late_s: float, came_bytes: int, visited: HttpStep, *, is_delayed: bool
) -> None:
    assert delayed(late_s, came_bytes, visited) is is_delayed


def waits(*both: tuple[float, float]) -> list[AnyStep]:
    """Pairs of pages that are asked for at once and answered after so long."""
    pages = [[replace(FAST, first_byte_t=FAST.t0 + waited) for waited in one] for one in both]
    return pairs_of([slow for slow, _ in pages], [fast for _, fast in pages])


@pytest.mark.parametrize(
    ("steps", "is_late"),
    [
        (pairs_of([FAST] * 2, [FAST] * 2, handshake_s=2.0), True),
        (pairs_of([FAST] * 2, [FAST] * 2, handshake_s=0.2), False),
        (pairs_of([FAST], [FAST], handshake_s=2.0), False),
        (waits((2, 0.1), (2, 0.1)), False),  # of a server's own thinking two are no proof
        (waits(*[(2, 0.1)] * 5), True),
        (waits(*[(2, 0.1), (0.1, 2)] * 3), False),
        ([], False),
    ],
    ids=["handshakes", "hardly", "once", "first bytes", "first bytes often", "now here, now there", "nothing"],
)
def test_a_beginning_is_late_by_its_handshakes_or_by_many_first_bytes(steps: list[AnyStep], *, is_late: bool) -> None:
    found = pairs(steps)
    assert starts_late(found) is is_late
    assert settled(found) is is_late


def test_what_differs_is_the_handshake_where_that_is_late_and_else_the_first_byte() -> None:
    shook, waited = pairs(pairs_of([LATE] * 5, [FAST] * 5, handshake_s=2.0)), pairs(waits(*[(2, 0.1)] * 5))
    assert late(shook) == handshakes(shook)
    assert late(waited) == first_bytes(waited)


@pytest.mark.parametrize(
    ("steps", "is_suspicious"),
    [
        (pair(1, FAST, FAST), False),
        (pair(1, SLOW, FAST), True),
        (pair(1, FAST, FAST, handshake_s=2.0), True),
        (pair(1, LATE, FAST), True),
        (pair(1, STOPPED, FAST), True),
        (pair(1, FAST, SLOW), False),
    ],
    ids=["alike", "body", "handshake", "first byte", "stops", "the other is slow"],
)
def test_one_pair_is_suspicious_where_anything_of_it_is_slow(steps: list[AnyStep], *, is_suspicious: bool) -> None:
    (found,) = pairs(steps)
    assert suspicious(found) is is_suspicious


@pytest.mark.parametrize(
    ("named", "neutral", "stopped"),
    [(STOPPED, FAST, True), (STOPPED, STOPPED, False), (FAST, FAST, False), (STOPPED, REFUSED, False)],
)
def test_a_page_stops_where_it_comes_whole_with_the_other_name(
    named: HttpStep, neutral: HttpStep, *, stopped: bool
) -> None:
    (found,) = pairs(pair(1, named, neutral), replace(FAST, capped=True))
    assert stops(found) is stopped


# What the line brings

SMALL = replace(page(length=300), t0=1.0, t=1.2)


def from_control(kbps: float, **more: object) -> list[AnyStep]:
    came = replace(body(kbps), endpoint=CONTROL, source=Source.CONTROL, status=None, **more)  # type: ignore[arg-type]
    return [replace(came, aim=Aim.SAMPLE_LINE, attempt=2)]


@pytest.mark.parametrize(
    ("steps", "kbps"),
    [
        (line(4_000), 4_000),
        (fetch(Aim.SAMPLE_LINE, 1, SMALL), 12),  # 300 bytes in 0.2 s tell nothing of a line, and prove little
        ([*fetch(Aim.SAMPLE_LINE, 1, SMALL), *from_control(4_000)], 4_000),
        ([*line(600), *from_control(4_000)], 4_000),
        (from_control(4_000, failure=Failure.TIMEOUT), 0),
        (from_control(4_000, hop=1), 0),
        (fetch(Aim.SAMPLE, 1, FAST), 0),
        ([], 0),
    ],
    ids=["reference", "small reference", "control", "the faster", "failed", "of another hop", "no line", "nothing"],
)
def test_a_line_brings_what_a_reference_or_a_control_brought(steps: Sequence[AnyStep], kbps: float) -> None:
    assert line_kbps(steps, 0) == pytest.approx(kbps, rel=0.05)


@pytest.mark.parametrize(
    ("came", "rtt_s", "is_far"),
    [
        (body(900), 0.06, False),
        (body(900), 0.6, True),  # 0.5 s for two round trips of 0.6 s and more
        (SLOW, 0.06, False),
        (replace(SLOW, curve=()), 0.6, False),  # nothing was timed
    ],
)
def test_a_page_is_far_away_where_its_round_trips_explain_its_time(
    came: HttpStep, rtt_s: float, *, is_far: bool
) -> None:
    assert far_away(came, rtt_s) is is_far


def test_all_waiting_counts_against_a_line_whose_bytes_were_not_timed() -> None:
    at_once = replace(FAST, t0=1.0, t=2.0, curve=())
    assert line_kbps(fetch(Aim.SAMPLE_LINE, 1, at_once), 0) == pytest.approx(SIZE * 8 / 1000)
