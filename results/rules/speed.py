"""Rules about speed: a page that came, but slowly. Slow for this name alone, at the same address, is throttled.

The numbers are made in results/throttling.py. No speed is slow by itself: each is held against another, measured from
the same address, over the same line, or elsewhere for the same bytes.
"""

import statistics
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from results.curves import Ceiling, Curve, ceiling, from_zero, last, rounds, spread, steady, steady_kbps, time_to
from results.difference import CLEARLY, DIFFERS, Difference
from results.judgement import Confidence, Throttling
from results.records import Aim, HttpStep, TcpStep
from results.rules.page import HttpCase
from results.rules.rule import CONFIRMED, LIKELY, LINE, NOTHING, PATH, THROTTLED, UNKNOWN, WEAK, Rule, only, sure
from results.throttling import (
    EXPLAINS,
    FOLD,
    LINE_BYTES,
    alone,
    bodies,
    expected_kbps,
    far_away,
    handshakes,
    late,
    line_kbps,
    same_page,
    starts_late,
)

CONVERGED = 0.3  # relative spread up to which several samples have one ceiling
_ALIKE, _TWICE = 0.1, 2
_ONE_SPEED = 0.2  # the same where nothing but the ceiling speaks: congestion varies more
_EVEN = 1.5  # times the ceiling: no second of what is held to one speed is faster
_QUEUE_TIMES, _QUEUE_MS = 2.0, 100.0  # so many times the smallest round trip, and more
_LOST_PACKETS = 3
_TRANSFERS, _OWN = 3, 2  # so many transfers have to hold to it, of these with its own name
_GRAIN_S = 0.02  # a page that came in one read took no less
_NOTICED_S = 0.05  # what many pairs may prove of a handshake


@dataclass(frozen=True)
class SpeedCase(HttpCase):
    """What the rules about speed may ask."""

    # Slow for the site's name

    @cached_property
    def body(self) -> Difference:
        return bodies(self.pairs)

    @cached_property
    def start(self) -> Difference:
        return late(self.pairs)

    @property
    def body_slow(self) -> bool:
        """Whether the same bytes take longer with the site's name."""
        return (self.body.proven or self.body.significant or self.one_pair_tells) and not self.control_as_slow

    @property
    def one_pair_tells(self) -> bool:
        """Where there was time for one pair: whether the visit and the sample have one speed, and the other name's page
        came several times as fast in between.
        """
        fast = [pair.neutral.kbps for pair in self.pairs if pair.same_page]
        parts = [steady(from_zero(page.curve)) for page in (*self.steps, *self._tests(Aim.SAMPLE))]
        told = [part for part in parts if part is not None]
        if len(fast) != 1 or len(told) < _TWICE or self.body.crowded:
            return False
        several = (fast[0] or 0.0) >= FOLD * max(part.kbps for part in told)
        return several and spread(told) <= _ALIKE and self.body.times >= FOLD

    @property
    def start_slow(self) -> bool:
        """Whether handshake or first byte take longer with the site's name."""
        subtly = self.start.significant and self.start.longer_s >= _NOTICED_S
        return (starts_late(self.pairs) or subtly) and not self.control_as_late

    @property
    def start_by_ceiling(self) -> bool:
        """Whether the handshake is late because its certificates come at the speed that the body holds to."""
        if not self.body_slow or self.ceiling is None:
            return False
        came = statistics.median(pair.named.handshake_bytes for pair in self.pairs)
        return came * 8 / 1000 / self.ceiling.kbps >= EXPLAINS * self.start.longer_s

    @property
    def body_by_delay(self) -> bool:
        """Whether the body is late because each of its round trips is as late as the handshake."""
        if not self.start_slow or self.start_by_ceiling:
            return False
        amount = max((last(pair.named.curve) for pair in self.pairs), default=0)
        return self.body.longer_s <= (rounds(amount) + 1) * self.start.longer_s / EXPLAINS

    @property
    def control_as_slow(self) -> bool:
        """Whether the control gets the page about as slowly: a server may treat one of its names so."""
        came = [pair.named.curve for pair in self.pairs if pair.named.curve]
        if not came:
            return False
        amount = min(map(last, came))  # the same bytes on both sides
        theirs = self._control_s(amount)
        return theirs is not None and DIFFERS * theirs >= statistics.median(time_to(curve, amount) for curve in came)

    @property
    def control_as_late(self) -> bool:
        """Whether the control waits about as long for handshake and first byte."""
        way = next((way for way in self.control_ways if way.arrived), None)
        if way is None or way.http is None or way.http.first_byte_t is None:
            return False
        shaken_s, waited_s = way.tls.ms / 1000 if way.tls else 0.0, way.http.first_byte_t - way.http.t0
        theirs = shaken_s if way.tls and self.start == handshakes(self.pairs) else waited_s
        return DIFFERS * theirs >= statistics.median(self.start.named)

    @property
    def slow_words(self) -> str:
        """What was slower and how much, for a sentence."""
        parts = []
        if self.start_slow:
            what = "the handshake takes" if self.start == handshakes(self.pairs) else "the first byte takes"
            parts.append(f"{what} {_times(self.start)} as long ({self.start.longer_s:.1f} s longer)")
        if self.body_slow:
            parts.append(f"the same bytes take {_times(self.body)} as long{self.ceiling_words}")
        return " and ".join(parts)

    @cached_property
    def ceiling(self) -> Ceiling | None:
        """The speed that the site's name holds to."""
        return ceiling(from_zero(page.curve) for page in (*self.steps, *self._tests(Aim.SAMPLE)))

    @property
    def ceiling_words(self) -> str:
        if self.ceiling is None:
            return ""
        one = self.ceiling.transfers > 1 and self.ceiling.spread <= CONVERGED
        return f" ({self.ceiling.kbps:.0f} kbit/s{', the same each time' if one else ''})"

    @property
    def manner(self) -> Literal["shaping", "policing"] | None:
        """By the kernel's counts of the slow transfers: a shaper's queue makes round trips long for the receiver, and
        what a policer drops comes again, out of order.
        """
        counts = [page.tcp_info for page in (*self.steps, *self._tests(Aim.SAMPLE)) if page.tcp_info is not None]
        if not counts:
            return None
        lost = statistics.median(count.out_of_order for count in counts)
        queued = statistics.median(count.receive_rtt_ms - _QUEUE_TIMES * count.min_rtt_ms for count in counts)
        if lost >= _LOST_PACKETS:
            return "policing" if queued < _QUEUE_MS else None
        return "shaping" if queued >= _QUEUE_MS else None

    @property
    def by_name(self) -> Throttling:
        """The numbers of what is slow for the site's name."""
        told = self.body if self.body_slow else self.start
        held = self.ceiling if self.body_slow else None
        return Throttling(
            by="name",
            ceiling_kbps=round(held.kbps, 1) if held else None,
            ceiling_spread=round(held.spread, 3) if held else None,
            manner=self.manner if held else None,
            times=round(told.times, 2),
            interval=(round(told.interval[0], 2), round(told.interval[1], 2)) if told.ranked else None,
            p_value=told.p_value if told.ranked else None,
            pairs=told.pairs,
        )

    # Slow with every name at this address

    @cached_property
    def names_compared(self) -> bool:
        """Whether another name brought the same page from this address."""
        return any(pair.same_page for pair in self.pairs)

    @cached_property
    def _here(self) -> list[Curve]:
        """All transfers of the page from this address that a long way does not explain, whatever the name; with its own
        while the line had room for more.
        """
        own = alone((*self.steps, *self._tests(Aim.SAMPLE)), self.line_kbps)
        others = [page for page in self._tests(Aim.SAMPLE_NEUTRAL) if self._is_the_page(page)]
        # One that came as fast as the way allows, and nothing holds this address.
        if len(own) < _OWN or any(far_away(page, self._rtt_s) for page in (*own, *others)):
            return []
        return [from_zero(page.curve) for page in (*own, *others)]

    @property
    def _rtt_s(self) -> float:
        """The shortest round trip to the site's address."""
        here = {way.tcp.endpoint for way in self.ways}
        tests = (step for step in self.here.tests if isinstance(step, TcpStep) and step.endpoint in here)
        done = (step for step in (*(way.tcp for way in self.ways), *tests) if step.failure is None)
        return min((step.ms / 1000 for step in done), default=0.0)

    def _is_the_page(self, sample: HttpStep) -> bool:
        return self.page is not None and sample.status is not None and same_page(self.page, sample)

    @cached_property
    def address_ceiling(self) -> Ceiling | None:
        """The speed of all samples from this address, whatever the name, and of the visit."""
        return ceiling(self._here)

    @property
    def control_kbps(self) -> float:
        """What the control gets, for as many bytes as came here; 0 where it got no page."""
        amount = max((last(curve) for curve in self._here), default=0)
        seconds = self._control_s(amount)
        got = min(amount, self._control_bytes)
        return got * 8 / seconds / 1000 if seconds else 0.0

    @property
    def _control_bytes(self) -> int:
        page = self.control_page
        return (last(from_zero(page.curve)) or page.body_bytes or 0) if page else 0

    def _control_s(self, amount: int) -> float | None:
        """How long the control waited for so many bytes after the first, or for its whole page; None without one."""
        page = self.control_page
        if page is None:
            return None
        curve = from_zero(page.curve)
        if last(curve) > 0:
            return max(time_to(curve, min(amount, last(curve))), 0.001)
        if page.kbps:  # kept without its reads
            return amount * 8 / 1000 / page.kbps
        return page.t - (page.first_byte_t or page.t0) + _GRAIN_S

    @property
    def line_kbps(self) -> float:
        """What this line brought from a reference, the control, or anywhere else just before, at least."""
        asked = line_kbps(self.here.tests, self.here.tests[0].hop) if self.here.tests else 0.0
        return max(asked, self.measurement.line_kbps or 0.0)

    @cached_property
    def line_held_kbps(self) -> float:
        """What a reference or the control held to over this line, alone; 0 where none brought enough to tell."""
        asked = [page for page in self._tests(Aim.SAMPLE_LINE) if page.failure is None and not page.in_flight]
        enough = [page for page in asked if (page.body_bytes or 0) >= LINE_BYTES]
        return max((steady_kbps(from_zero(page.curve)) or 0.0 for page in enough), default=0.0)

    @property
    def line_no_faster(self) -> bool:
        """Whether this line brought no more from elsewhere than the page held to, about."""
        held = max((steady_kbps(from_zero(page.curve)) or 0.0 for page in self._tests(Aim.SAMPLE)), default=0.0)
        return 0.0 < self.line_held_kbps <= DIFFERS * held

    @property
    def address_slow(self) -> bool:
        """Whether this address holds to one low speed here, and neither the server nor the line is that slow."""
        held = self.address_ceiling
        if held is None or held.transfers < _TRANSFERS or not self.control_got_it_here:
            return False
        # Ten seconds each of a congested evening may come to one average, and have fast seconds in them.
        if held.spread > _ONE_SPEED or held.peak > _EVEN:
            return False
        return min(self.control_kbps, self.line_kbps) >= FOLD * held.kbps

    @property
    def by_address(self) -> Throttling:
        """The numbers of what is slow whatever the name, or with the only name that is served."""
        held = self.address_ceiling
        assert held is not None  # the rules that tell it have one
        return Throttling(
            by="address" if self.names_compared else None,
            ceiling_kbps=round(held.kbps, 1),
            ceiling_spread=round(held.spread, 3),
            manner=self.manner,
            pairs=len(self.pairs),
        )

    # Slow as never before

    @property
    def below_past(self) -> bool:
        """Whether it came at less than a third of what this series' own past brought."""
        past, page = self.measurement.past, self.page
        if past is None or past.kbps is None or page is None or page.kbps is None:
            return False
        if past.asn != self.measurement.vantage.asn:  # it was another line
            return False
        return page.kbps < expected_kbps(past, None) and page.kbps * CLEARLY < past.kbps

    @property
    def times_words(self) -> str:
        return {1: "once", 2: "twice"}.get(len(self.pairs), f"{len(self.pairs)} times")

    @property
    def chance_words(self) -> str:
        """How sure the numbers are, where there are enough pairs to say so."""
        told = self.body if self.body_slow else self.start
        if not told.ranked:
            return ""
        low, high = told.interval
        return (
            f" Between {low:.1f} and {high:.1f} times at 95 %; by chance so clear an order has p = {told.p_value:.2g}."
        )


def _times(told: Difference) -> str:
    return f"{told.times:.1f} times"


def _mechanisms(case: SpeedCase) -> tuple[str, ...]:
    both = (
        ("latency.high", case.start_slow and not case.start_by_ceiling),
        ("throughput.low", case.body_slow and not case.body_by_delay),
    )
    return tuple(name for name, is_so in both if is_so) or ("throughput.low",)


def _by_pairs(case: SpeedCase) -> Confidence:
    return CONFIRMED if max(case.body.pairs, case.start.pairs) > 1 else LIKELY


def _as_the_page(case: SpeedCase) -> Confidence:
    """The page has come: how sure that is, its certificate tells."""
    return CONFIRMED if case.proven else LIKELY


SPEED_RULES = (
    Rule(
        "speed_by_name",
        lambda c: bool(c.pairs) and (c.body_slow or c.start_slow),  # without any, much is worked out in vain
        THROTTLED, PATH, _by_pairs, _mechanisms,
        "With the site's name {c.slow_words}, measured against another name at the same address, {c.times_words} in "
        "turn.{c.chance_words}",
        lambda c: c.by_name,
    ),
    Rule(
        "speed_by_address",
        lambda c: c.address_slow and c.names_compared,
        THROTTLED, PATH, sure(LIKELY), only("throughput.low"),
        "Whatever the name, this address holds to {c.address_ceiling.kbps:.0f} kbit/s here; the control gets the page "
        "at {c.control_kbps:.0f} kbit/s, and this line brings {c.line_kbps:.0f} kbit/s or more from elsewhere.",
        lambda c: c.by_address,
    ),
    Rule(
        "speed_here_only",
        lambda c: c.address_slow,
        THROTTLED, PATH, sure(LIKELY), only("throughput.low"),
        "The site holds to {c.address_ceiling.kbps:.0f} kbit/s here, each time; the control gets the page at "
        "{c.control_kbps:.0f} kbit/s, and this line brings {c.line_kbps:.0f} kbit/s or more from elsewhere. Its server "
        "gives no page for another name, so whether the name or the address is slowed can't be told.",
        lambda c: c.by_address,
    ),
    Rule(
        "speed_not_by_name",
        lambda c: len(c.pairs) >= 1 and c.names_compared and not c.still_coming,
        None, None, _as_the_page, NOTHING,
        "It came slowly, and comparing it with another name at the same address does not show that the name is why.",
    ),
    Rule(
        "speed_of_the_line",
        lambda c: c.still_coming and c.proven and c.line_no_faster,
        None, LINE, sure(LIKELY), NOTHING,
        "The page was still coming after {c.flowed_s:.0f} s ({c.got_bytes} bytes; the control gets {c.control_bytes}), "
        "about as fast as this line brings anything: {c.line_held_kbps:.0f} kbit/s.",
    ),
    Rule(
        "http_still_coming",
        lambda c: c.still_coming and (c.proven or bool(c.likeness)),
        UNKNOWN, None, sure(WEAK), NOTHING,
        "The page was still coming after {c.flowed_s:.0f} s ({c.got_bytes} bytes; the control gets {c.control_bytes}): "
        "slow, and what is slow is not told.",
    ),
    Rule(
        "speed_below_past",
        lambda c: c.below_past,
        None, None, _as_the_page, NOTHING,
        "It came at {c.page.kbps:.0f} kbit/s; before, this line got it at {c.measurement.past.kbps:.0f} kbit/s (median "
        "of {c.measurement.past.checks} checks).",
    ),
    Rule("speed_fine", lambda _c: True, None, None, _as_the_page, NOTHING, ""),
)  # fmt: skip
