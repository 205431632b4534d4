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

from results.curves import TELLING_BYTES, Curve, at_last_kbps, from_zero, last, rounds, steady_kbps, time_to
from results.difference import DIFFERS, LONGER_S, TELLING_S, Difference
from results.failure import SILENCE
from results.records import Aim, HttpStep, Past, Step, TcpStep, TlsStep

# What looks slow enough to be compared
_ROUNDS_LATER = 1.5  # so many times what slow start takes
_ROUNDS_FAR = 2.0
_SLACK_S = 0.15  # of a server that makes its page while it sends it
_UNKNOWN_KBPS = 900.0  # where nothing tells what this line brings: below that a page is worth a comparison
_SHARE = 3.0  # a third of what the line or this series' past brings is slow
_PAST_CHECKS = 5
_HANDSHAKE_ROUNDS = 3.0  # of TLS 1.2, whose handshake takes two, and a server's work
_HANDSHAKE_SLACK_S = 0.3
_FIRST_BYTE_S = 1.5

# What is a difference
LINE_BYTES = 32 * 1024  # fewer say too little of a line
FOLD = 4.0  # so many times as fast must line and server be, where no other name tells
_SAME_SIZE = 0.8  # a page changes a little from one minute to the next
_BURST = 3.0
_PACKET_BYTES = 1448
EXPLAINS = 0.5  # so much of a difference is explained by what explains most of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One fetch of the page, in its times. Where our patience ended first, a time is as long as that at least."""

    handshake_s: float | None  # until the server answered; None without TLS, or where it didn't
    handshake_bytes: int = 0  # that came meanwhile
    first_byte_s: float  # from the request
    fetched_s: float  # from the request to the end
    curve: Curve  # from the first read on, both zero there
    kbps: float | None  # that it held to
    beside_kbps: float  # what came to our other checks meanwhile
    in_flight: int  # how many of them there were
    same: bool  # it is of the page that is compared, not a refusal
    whole: bool  # the page came to its end, or as far as we read


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The site's name and another, one after the other."""

    named: Sample
    neutral: Sample

    @property
    def same_page(self) -> bool:
        return self.named.same and self.neutral.same

    @property
    def crowded(self) -> bool:
        """Whether our other checks may have filled the line while the site's name was on the way."""
        if not self.named.in_flight and not self.neutral.in_flight:
            return False
        if self.named.kbps is None or self.neutral.kbps is None:
            return True
        return DIFFERS * (self.named.kbps + self.named.beside_kbps) > self.neutral.kbps


def looks_slow(
    tcp: TcpStep,
    tls: TlsStep | None,
    page: HttpStep,
    past: Past | None = None,
    line_kbps: float | None = None,
) -> bool:
    """Whether a visit took longer than its round trip explains, and so is worth comparing. Cheap, and no verdict.

    `line_kbps`: the most that this line brought from anywhere a short while ago, where that is known.
    """
    rtt_s = round_trip_s(tcp, tls, page)
    known = past if past is not None and past.checks >= _PAST_CHECKS else None
    if tls is not None and tls.t - tls.t0 > _patience_s(rtt_s, known):
        return True
    # A delay by name is in the handshake too. Without one, a slow server can't be told from it but by comparing.
    if tls is None and page.first_byte_t is not None and page.first_byte_t - page.t0 > rtt_s + _FIRST_BYTE_S:
        return True
    curve = from_zero(page.curve)
    if not curve:
        return False
    started_s = _ROUNDS_LATER * rounds(last(curve)) * rtt_s + _SLACK_S
    return curve[-1][0] > started_s + last(curve) * 8 / 1000 / expected_kbps(known, line_kbps)


def _patience_s(rtt_s: float, past: Past | None) -> float:
    """How long a handshake may take: by its round trips, and by what it took before."""
    usual_s = _HANDSHAKE_ROUNDS * rtt_s + _HANDSHAKE_SLACK_S
    if past is None or past.tls_ms is None:
        return usual_s
    return min(usual_s, max(_SHARE * past.tls_ms / 1000, _HANDSHAKE_SLACK_S))


def expected_kbps(past: Past | None, line_kbps: float | None) -> float:
    """Below this a page is worth a comparison: a third of what came before, or of what the line brings."""
    least = max(_UNKNOWN_KBPS, (past.kbps or 0.0) / _SHARE) if past is not None else _UNKNOWN_KBPS
    return min(least, line_kbps / _SHARE) if line_kbps else least


def round_trip_s(tcp: TcpStep, tls: TlsStep | None, page: HttpStep | None = None) -> float:
    """The shortest round trip that was seen: a lost SYN makes the connection's time say a second too much."""
    told = [tcp.t - tcp.t0]
    told += [tls.rtt_ms / 1000] if tls is not None and tls.rtt_ms else []
    told += [page.tcp_info.min_rtt_ms / 1000] if page is not None and page.tcp_info else []
    return min(told)


def line_kbps(steps: Iterable[Step], hop: int) -> float:
    """What this line brought from a reference or a control, at least; 0 where nothing was asked of it.

    The speed of its second half, where enough came; else with all its waiting.
    """
    asked = (step for step in steps if step.aim is Aim.SAMPLE_LINE and step.hop == hop and step.failure is None)
    return max((_brought_kbps(page) for page in asked if isinstance(page, HttpStep)), default=0.0)


def _brought_kbps(page: HttpStep) -> float:
    amount = page.body_bytes or 0
    whole = amount * 8 / 1000 / (page.t - page.t0) if page.t > page.t0 else 0.0
    if amount < LINE_BYTES:
        return whole
    curve = from_zero(page.curve)
    # What comes in a burst after a stall would say too much.
    return max(whole, min(at_last_kbps(curve) or 0.0, _BURST * (steady_kbps(curve) or 0.0)))


def same_page(visited: HttpStep, sampled: HttpStep) -> bool:
    """Whether a sample with another name gave the page of the visit, and not a server's refusal, which is quick.

    By status, target and size: some servers look whether the name in the handshake is that of the request.
    """
    seen, got = visited.body_bytes or 0, sampled.body_bytes or 0
    cut = visited.capped or visited.failure is not None
    alike = (visited.status, visited.location) == (sampled.status, sampled.location)
    # What our patience cut was no refusal either: those are short.
    return alike and (sampled.capped or got >= _SAME_SIZE * seen) and (cut or seen >= _SAME_SIZE * got)


def pairs(tests: Iterable[Step], visited: HttpStep | None = None) -> tuple[Pair, ...]:
    """The samples of a hop, by the number of the pair. `visited`: the page that they are of; without it all are."""
    steps = list(tests)
    numbers = sorted({step.attempt for step in steps if step.aim is Aim.SAMPLE_NEUTRAL})
    found = (
        (_sample(steps, Aim.SAMPLE, number, visited), _sample(steps, Aim.SAMPLE_NEUTRAL, number, visited))
        for number in numbers
    )
    return tuple(Pair(named=named, neutral=neutral) for named, neutral in found if named and neutral)


def handshakes(found: Sequence[Pair]) -> Difference:
    """Handshakes, of pairs in which the server answered both."""
    both = [(pair.named.handshake_s, pair.neutral.handshake_s) for pair in found]
    told = [(slow, fast) for slow, fast in both if slow is not None and fast is not None]
    return Difference(tuple(slow for slow, _ in told), tuple(fast for _, fast in told), _crowded(found))


def first_bytes(found: Sequence[Pair]) -> Difference:
    """From the request to the first byte, of pairs of the same page."""
    told = [pair for pair in found if pair.same_page]
    named, neutral = (tuple(getattr(pair, side).first_byte_s for pair in told) for side in ("named", "neutral"))
    return Difference(named, neutral, _crowded(found))


def bodies(found: Sequence[Pair]) -> Difference:
    """The same bytes, from the first read on, of pairs of the same page: as many as both samples of a pair brought.

    The times of different pairs are those for the same amount, in proportion. Where a page came all at once with the
    other name, the whole fetches are compared, and where that says nothing either, the pair is left out.
    """
    told = [times for pair in found if pair.same_page and (times := _body(pair)) is not None]
    usual = statistics.median(amount for amount, _, _ in told) if told else 0.0
    named = tuple(slow * usual / amount for amount, slow, _ in told)
    return Difference(named, tuple(fast * usual / amount for amount, _, fast in told), _crowded(found))


def _crowded(found: Iterable[Pair]) -> bool:
    return any(pair.crowded for pair in found)


def _body(pair: Pair) -> tuple[int, float, float] | None:
    """So many bytes, and how long they took with either name."""
    amount = min(last(pair.named.curve), last(pair.neutral.curve))
    if amount >= TELLING_BYTES:
        return amount, time_to(pair.named.curve, amount), time_to(pair.neutral.curve, amount)
    if not pair.neutral.whole:
        return None
    return max(last(pair.neutral.curve), TELLING_BYTES), pair.named.fetched_s, pair.neutral.fetched_s


def suspicious(pair: Pair) -> bool:
    """Whether this pair, alone, would make the site's name the slow one."""
    shaken, body = handshakes([pair]), bodies([pair])
    later = shaken.times >= DIFFERS and shaken.longer_s >= LONGER_S
    waited = first_bytes([pair])
    waits = waited.times >= DIFFERS and waited.longer_s >= LONGER_S
    return later or waits or (body.times >= DIFFERS and body.longer_s >= TELLING_S) or stops(pair)


def delayed(late_s: float, came_bytes: int, visited: HttpStep) -> bool:
    """Whether a handshake is so much too late that its certificates, at the speed of the page, don't explain it."""
    kbps = steady_kbps(from_zero(visited.curve))
    explained_s = came_bytes * 8 / 1000 / kbps if kbps else 0.0
    return late_s >= max(LONGER_S, explained_s / EXPLAINS)


def settled(found: Sequence[Pair]) -> bool:
    """Whether these pairs prove that the name is what is slow, so that another would tell nothing new."""
    whole = [pair for pair in found if pair.same_page]
    stopped = len(whole) >= 2 and all(map(stops, whole))
    return stopped or starts_late(found) or bodies(found).proven


def starts_late(found: Sequence[Pair]) -> bool:
    """Whether these pairs prove that the name makes the beginning late."""
    start = late(found)
    return start.longer_s >= LONGER_S and (start.proven or start.apart)


def late(found: Sequence[Pair]) -> Difference:
    """What is waited for before a page comes: the handshake, where that is what differs, else the first byte."""
    shaken, waited = handshakes(found), first_bytes(found)
    # A server's own thinking varies by itself: a wait for the first byte alone must differ each time, and often.
    if shaken.longer_s >= LONGER_S or not waited.ranked:
        return shaken if shaken.pairs else waited
    return waited


def stops(pair: Pair) -> bool:
    """Whether the page came whole with the other name and not with the site's."""
    return pair.neutral.whole and pair.neutral.same and not pair.named.whole


def alone(pages: Iterable[HttpStep], line: float) -> list[HttpStep]:
    """The transfers during which a line that brings so many kbit/s was not nearly full, our other checks included."""
    return [page for page in pages if page.curve and FOLD * _both_kbps(page, from_zero(page.curve)) <= line]


def far_away(page: HttpStep, rtt_s: float) -> bool:
    """Whether the round trips of slow start explain most of the time that a transfer took."""
    curve = from_zero(page.curve)
    return bool(curve) and curve[-1][0] <= _ROUNDS_FAR * rounds(last(curve)) * rtt_s + _SLACK_S


def _both_kbps(page: HttpStep, curve: Curve) -> float:
    return (steady_kbps(curve) or 0.0) + (page.beside_kbps or 0.0)


def _until_cut(page: HttpStep) -> Curve:
    """Bytes over time; where our patience ended first, with the packet that had not come by then."""
    curve = from_zero(page.curve)
    if not curve or not (page.capped or page.failure in SILENCE):
        return curve
    return (*curve, (max(page.t - page.curve[0][0], curve[-1][0]), last(curve) + _PACKET_BYTES))


def _sample(steps: Iterable[Step], aim: Aim, number: int, visited: HttpStep | None) -> Sample | None:
    mine = [step for step in steps if step.aim is aim and step.attempt == number]
    # What our patience cut took so long at least.
    tls = next((s for s in mine if isinstance(s, TlsStep) and (s.answered or s.failure in SILENCE)), None)
    page = next((step for step in mine if isinstance(step, HttpStep)), None)
    if page is None and tls is None:  # without a connection or a handshake there is nothing to time
        return None
    shaken_s, came = (tls.ms / 1000, tls.received_bytes) if tls else (None, 0)
    if page is None:
        return Sample(
            handshake_s=shaken_s,
            handshake_bytes=came,
            first_byte_s=0,
            fetched_s=0,
            curve=(),
            kbps=None,
            beside_kbps=0.0,
            in_flight=0,
            same=False,
            whole=False,
        )
    first_byte_t = page.t if page.first_byte_t is None else page.first_byte_t
    return Sample(
        handshake_s=shaken_s,
        handshake_bytes=came,
        first_byte_s=first_byte_t - page.t0,
        fetched_s=page.t - page.t0,
        curve=_until_cut(page),
        kbps=steady_kbps(from_zero(page.curve)),
        beside_kbps=page.beside_kbps or 0.0,
        in_flight=page.in_flight or 0,
        # What came of the site's own name is the page, late or not.
        same=aim is Aim.SAMPLE or visited is None or (page.status is not None and same_page(visited, page)),
        whole=page.failure is None,
    )
