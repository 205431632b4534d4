"""Is it slow, and is it slow on purpose? Numbers from steps; no clock, no verdict.

What is compared is the same page from the same address, once with the site's name on the way and once with another:
line, server, distance and hour are the same for both. Which step is which is said by its aim (results/records.py); what
follows from the numbers by results/rules/speed.py.

The pairs follow what Wehe (Li et al., SIGCOMM 2019) does with replays, and what was found in Kazakhstan in 2022: other
names on the same addresses were fast.
"""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from results.records import Aim, HttpStep, Step, TcpStep, TlsStep

Curve = Sequence[tuple[float, int]]  # seconds, bytes so far

_FIRST_FLIGHT_BYTES = 14_600  # ten packets come without waiting for an acknowledgement (RFC 6928)
_ROUNDS_LATER = 3.0  # so many times what slow start takes is slow
_SLACK_S = 0.15  # of a server that makes its page while it sends it
_HANDSHAKE_ROUNDS = 3.0  # of TLS 1.2, whose handshake takes two, and a server's work
_HANDSHAKE_SLACK_S = 0.3
_FIRST_BYTE_S = 1.5
DIFFERS = 2.0  # so many times as long is a difference
LONGER_S = 0.3
_SAME_SIZE = 0.8  # a page changes a little from one minute to the next
_PLAINLY = 5.0
_TELLING_S = 0.1
_TELLING_BYTES = 4 * 1024  # fewer say nothing about speed


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One fetch of the page, in its times. Where our patience ended first, a time is as long as that at least."""

    latency_s: float  # handshake, and from the request to the first byte
    fetched_s: float  # from the request to the end
    curve: Curve  # from the first read on, both zero there
    whole: bool  # the page came to its end, or as far as we read


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The site's name and another, one after the other."""

    named: Sample
    neutral: Sample


def looks_slow(tcp: TcpStep, tls: TlsStep | None, page: HttpStep) -> bool:
    """Whether a visit took longer than its round trip explains, and so is worth comparing. Cheap, and no verdict."""
    rtt_s = tcp.t - tcp.t0
    if tls is not None and tls.t - tls.t0 > _HANDSHAKE_ROUNDS * rtt_s + _HANDSHAKE_SLACK_S:
        return True
    # A delay by name is in the handshake too. Without one, a slow server can't be told from it but by comparing.
    if tls is None and page.first_byte_t is not None and page.first_byte_t - page.t0 > rtt_s + _FIRST_BYTE_S:
        return True
    curve = from_zero(page.curve)
    return bool(curve) and curve[-1][0] > _ROUNDS_LATER * rounds(curve[-1][1]) * rtt_s + _SLACK_S


def rounds(amount: int) -> int:
    """Round trips that TCP's slow start needs after the first flight, to bring so many bytes."""
    needed, flight, came = 0, _FIRST_FLIGHT_BYTES, _FIRST_FLIGHT_BYTES
    while came < amount:
        flight *= 2
        came += flight
        needed += 1
    return needed


def same_page(visited: HttpStep, sampled: HttpStep) -> bool:
    """Whether a sample with another name gave the page of the visit, and not a server's refusal, which is quick.

    By status, target and size: some servers look whether the name in the handshake is that of the request.
    """
    seen, got = visited.body_bytes or 0, sampled.body_bytes or 0
    cut = visited.capped or visited.failure is not None
    alike = (visited.status, visited.location) == (sampled.status, sampled.location)
    # What our patience cut was no refusal either: those are short.
    return alike and (sampled.capped or got >= _SAME_SIZE * seen) and (cut or seen >= _SAME_SIZE * got)


def pairs(tests: Iterable[Step]) -> tuple[Pair, ...]:
    """The samples of a hop, by the number of the pair."""
    steps = list(tests)
    numbers = sorted({step.attempt for step in steps if step.aim is Aim.SAMPLE_NEUTRAL})
    found = ((_sample(steps, Aim.SAMPLE, number), _sample(steps, Aim.SAMPLE_NEUTRAL, number)) for number in numbers)
    return tuple(Pair(named=named, neutral=neutral) for named, neutral in found if named and neutral)


def slow_down(pair: Pair) -> float | None:
    """How many times as long the same bytes took with the site's name; None where too little took too short to tell.

    Bytes after the first read. Where the site's name brought fewer in its time, so many are compared; where the other
    name brought all at once, the whole fetches are.
    """
    named, neutral = pair.named.curve, pair.neutral.curve
    amount = min(_last(named), _last(neutral))
    if amount >= _TELLING_BYTES:
        slow, fast = _time_to(named, amount), _time_to(neutral, amount)
    elif pair.neutral.whole:
        slow, fast = pair.named.fetched_s, pair.neutral.fetched_s
    else:
        return None
    return (slow + _GRAIN_S) / (fast + _GRAIN_S) if slow - fast >= _TELLING_S else 1.0


def delay(pair: Pair) -> tuple[float, float]:
    """How many times as long, and how many seconds longer, handshake and first byte took with the site's name."""
    slow, fast = pair.named.latency_s, pair.neutral.latency_s
    return (slow + _GRAIN_S) / (fast + _GRAIN_S), slow - fast


def suspicious(pair: Pair) -> bool:
    """Whether this pair, alone, would make the site's name the slow one."""
    times, (later, longer_s) = slow_down(pair), delay(pair)
    return (times is not None and times >= DIFFERS) or (later >= DIFFERS and longer_s >= LONGER_S) or stops(pair)


def plain(pair: Pair) -> bool:
    """Whether the difference is so great that a third pair would tell nothing new."""
    return max(slow_down(pair) or 0.0, delay(pair)[0]) >= _PLAINLY


def stops(pair: Pair) -> bool:
    """Whether the page came whole with the other name and not with the site's."""
    return pair.neutral.whole and not pair.named.whole


def ceiling_kbps(curves: Iterable[Curve]) -> tuple[float, float] | None:
    """The speed that transfers hold to once they run, kbit/s, and its relative spread; None where none is long enough.

    A shaper or policer holds to one speed, congestion does not.
    """
    speeds = [speed for curve in curves if (speed := _steady_kbps(curve)) is not None]
    if not speeds:
        return None
    middle = statistics.median(speeds)
    return middle, (max(speeds) - min(speeds)) / middle if middle else 0.0


_GRAIN_S = 0.02  # below this, a time is the scheduler's


def _sample(steps: Iterable[Step], aim: Aim, number: int) -> Sample | None:
    mine = [step for step in steps if step.aim is aim and step.attempt == number]
    tls = next((step for step in mine if isinstance(step, TlsStep)), None)
    page = next((step for step in mine if isinstance(step, HttpStep)), None)
    if page is None:  # without a connection or a handshake there is nothing to time
        return None
    first_byte_t = page.t if page.first_byte_t is None else page.first_byte_t
    return Sample(
        latency_s=(tls.ms / 1000 if tls else 0.0) + first_byte_t - page.t0,
        fetched_s=page.t - page.t0,
        curve=from_zero(page.curve),
        whole=page.failure is None,
    )


def from_zero(curve: Curve) -> Curve:
    """A curve whose first point is its origin."""
    if not curve:
        return ()
    t0, first = curve[0]
    return tuple((t - t0, amount - first) for t, amount in curve)


def _last(curve: Curve) -> int:
    return curve[-1][1] if curve else 0


def _time_to(curve: Curve, amount: int) -> float:
    """When so many bytes were there, between two points in proportion."""
    for (t0, before), (t1, after) in pairwise(curve):
        if after >= amount:
            return t0 + (t1 - t0) * (amount - before) / (after - before) if after > before else t1
    return curve[-1][0]


def _steady_kbps(curve: Curve) -> float | None:
    """The slope of the second half of the bytes: the first may be a bucket's burst."""
    if _last(curve) < _TELLING_BYTES:
        return None
    half = _last(curve) / 2
    t_half = _time_to(curve, int(half))
    seconds = curve[-1][0] - t_half
    return half * 8 / seconds / 1000 if seconds > 0 else None
