"""Rules about speed: a page that came, but slowly. Slow for this name alone, at the same address, is throttled.

The numbers are made in results/throttling.py. A site's own past is not asked here.
"""

import statistics
from dataclasses import dataclass
from functools import cached_property

from results.judgement import Confidence
from results.records import Aim
from results.rules.page import HttpCase
from results.rules.rule import CONFIRMED, LIKELY, NOTHING, PATH, THROTTLED, UNKNOWN, WEAK, Rule, only, sure
from results.throttling import DIFFERS, LONGER_S, ceiling_kbps, delay, from_zero, slow_down

_PAIRS = 2  # one may be a lost packet's doing
_MIDDLE = 3.0  # times as slow, of all pairs the middle one
_CONVERGED = 0.3  # relative spread up to which several samples have one ceiling
_ONE_SPEED = 0.15  # the same where nothing but the ceiling speaks: congestion varies more
_FOLD = 4.0


@dataclass(frozen=True)
class SpeedCase(HttpCase):
    """What the rules about speed may ask."""

    @cached_property
    def slow_downs(self) -> list[float]:
        return [times for pair in self.pairs if (times := slow_down(pair)) is not None]

    @cached_property
    def delays(self) -> list[tuple[float, float]]:
        return [delay(pair) for pair in self.pairs]

    @property
    def body_slow(self) -> bool:
        """Whether the same bytes take longer with the site's name, each time."""
        times = self.slow_downs
        steady = len(times) >= _PAIRS and min(times) >= DIFFERS and statistics.median(times) >= _MIDDLE
        return steady and not self.control_as_slow

    @property
    def control_as_slow(self) -> bool:
        """Whether the control gets the page about as slowly: a server may treat one of its names so."""
        kbps, _ = self.ceiling or (0.0, 0.0)
        return 0.0 < self.control_kbps < DIFFERS * kbps

    @property
    def control_as_late(self) -> bool:
        """Whether the control waits about as long for handshake and first byte."""
        way = next((way for way in self.control_ways if way.arrived), None)
        if way is None or way.http is None or way.http.first_byte_t is None:
            return False
        waits_s = (way.tls.ms / 1000 if way.tls else 0.0) + way.http.first_byte_t - way.http.t0
        return DIFFERS * waits_s >= min(pair.named.latency_s for pair in self.pairs)

    @property
    def start_slow(self) -> bool:
        """Whether handshake and first byte take longer with the site's name, each time."""
        times, longer = [times for times, _ in self.delays], [seconds for _, seconds in self.delays]
        steady = len(times) >= _PAIRS and min(times) >= DIFFERS and statistics.median(times) >= _MIDDLE
        return steady and min(longer) >= LONGER_S and not self.control_as_late

    @property
    def slow_words(self) -> str:
        """What was slower and how much, for a sentence."""
        parts = []
        if self.start_slow:
            middle = statistics.median(times for times, _ in self.delays)
            longer = statistics.median(seconds for _, seconds in self.delays)
            parts.append(f"handshake and first byte take {middle:.1f} times as long ({longer:.1f} s longer)")
        if self.body_slow:
            parts.append(
                f"the same bytes take {statistics.median(self.slow_downs):.1f} times as long{self.ceiling_words}"
            )
        return " and ".join(parts)

    @cached_property
    def ceiling(self) -> tuple[float, float] | None:
        """The speed that the site's name holds to, kbit/s, and its relative spread."""
        return ceiling_kbps(pair.named.curve for pair in self.pairs)

    @property
    def ceiling_words(self) -> str:
        if self.ceiling is None:
            return ""
        kbps, spread = self.ceiling
        return f" ({kbps:.0f} kbit/s{', the same each time' if spread <= _CONVERGED else ''})"

    # Slow with every name at this address

    @cached_property
    def address_ceiling(self) -> tuple[float, float] | None:
        """The speed of all samples from this address, whatever the name, and of the visit."""
        curves = [curve for pair in self.pairs for curve in (pair.named.curve, pair.neutral.curve)]
        visit = [from_zero(self.page.curve)] if self.page else []
        return ceiling_kbps([*curves, *visit])

    @property
    def control_kbps(self) -> float:
        """What the control gets, at least: a page that came in one read has no speed but that of its whole fetch."""
        page = self.control_page
        if page is None or page.t <= page.t0:
            return 0.0
        return page.kbps if page.kbps is not None else (page.body_bytes or 0) * 8 / (page.t - page.t0) / 1000

    @property
    def line_kbps(self) -> float:
        """What this line brought from a reference, at least: the wait for the first byte counts as well."""
        pages = [step for step in self._tests(Aim.SAMPLE_LINE) if step.failure is None and step.t > step.t0]
        return max(((step.body_bytes or 0) * 8 / (step.t - step.t0) / 1000 for step in pages), default=0.0)

    @property
    def address_slow(self) -> bool:
        """Whether this address holds to one low speed here, and neither the server nor the line is that slow."""
        if self.address_ceiling is None:
            return False
        kbps, spread = self.address_ceiling
        return spread <= _ONE_SPEED and min(self.control_kbps, self.line_kbps) >= _FOLD * kbps

    @property
    def times_words(self) -> str:
        return "twice" if len(self.pairs) == 2 else f"{len(self.pairs)} times"


def _mechanisms(case: SpeedCase) -> tuple[str, ...]:
    # The handshake of what is only delayed is as slow as its body: the delay is the cause.
    both = (("latency.high", case.start_slow), ("throughput.low", case.body_slow))
    return tuple(name for name, is_so in both if is_so)


def _by_pairs(case: SpeedCase) -> Confidence:
    return CONFIRMED if len(case.pairs) >= _PAIRS else LIKELY


def _as_the_page(case: SpeedCase) -> Confidence:
    """The page has come: how sure that is, its certificate tells."""
    return CONFIRMED if case.proven else LIKELY


SPEED_RULES = (
    Rule(
        "speed_by_name",
        lambda c: c.body_slow or c.start_slow,
        THROTTLED, PATH, _by_pairs, _mechanisms,
        "With the site's name {c.slow_words}, measured against another name at the same address, {c.times_words} in "
        "turn.",
    ),
    Rule(
        "speed_by_address",
        lambda c: c.address_slow,
        THROTTLED, PATH, sure(LIKELY), only("throughput.low"),
        "Whatever the name, this address holds to {c.address_ceiling[0]:.0f} kbit/s here; the control gets the page at "
        "{c.control_kbps:.0f} kbit/s, and this line brings a reference at {c.line_kbps:.0f} kbit/s or more.",
    ),
    Rule(
        "speed_not_by_name",
        lambda c: len(c.pairs) >= 1 and not c.still_coming,
        None, None, _as_the_page, NOTHING,
        "It came slowly, and comparing it with another name at the same address does not show that the name is why.",
    ),
    Rule(
        "http_still_coming",
        lambda c: c.still_coming and (c.proven or bool(c.likeness)),
        UNKNOWN, None, sure(WEAK), NOTHING,
        "The page was still coming after {c.flowed_s:.0f} s ({c.got_bytes} bytes; the control gets {c.control_bytes}): "
        "slow, and what is slow is not told.",
    ),
    Rule("speed_fine", lambda _c: True, None, None, _as_the_page, NOTHING, ""),
)  # fmt: skip
