"""The words of a judgement: verdict, confidence, mechanism, reason. How one is reached is in verdict.py."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Verdict(StrEnum):
    """What a person at this vantage gets."""

    ACCESSIBLE = "accessible"
    BLOCKED = "blocked"
    THROTTLED = "throttled"
    DOWN = "down"
    INCONCLUSIVE = "inconclusive"


class Confidence(StrEnum):
    """By kind of evidence, never a number that looks like a probability."""

    CONFIRMED = "confirmed"
    LIKELY = "likely"
    WEAK = "weak"


class Fault(StrEnum):
    """Whose doing it is."""

    SITE = "site"
    PATH = "path"
    LINE = "line"
    US = "us"


# Every mechanism, in the order in which a visit meets its layer. A name is public and never changes its meaning.
MECHANISMS = (
    "dns.injection",
    "dns.nxdomain",
    "dns.servfail",
    "dns.refused",
    "dns.nodata",
    "dns.timeout",
    "dns.bogus",
    "tcp.refused",
    "tcp.reset",
    "tcp.timeout",
    "tcp.unreachable",
    "tls.interception",
    "tls.reset",
    "tls.timeout",
    "tls.closed",
    "tls.alert",
    "http.blockpage",
    "http.redirect",
    "http.tampered",
    "http.reset",
    "http.timeout",
    "http.closed",
    "http.truncated",
    "quic.timeout",
    "quic.refused",
    "throughput.freeze",
    "throughput.low",
    "latency.high",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One rule that applied, and what it says in plain words, with the numbers."""

    rule: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """Milliseconds from the start of each stage to its end, on the way that led furthest; None where it didn't end."""

    dns: float | None = None
    tcp: float | None = None
    tls: float | None = None
    ttfb: float | None = None
    total: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttling:
    """How slow on purpose, in numbers. Times are those for the same page from the same address."""

    by: (
        Literal["name", "address"] | None
    )  # what is slow there; None: no other name was served, so they aren't told apart
    ceiling_kbps: float | None = None  # the speed that transfers hold to
    ceiling_spread: float | None = None  # of them, relative to the fastest: congestion's is great
    manner: Literal["shaping", "policing"] | None = None  # bytes wait in a queue, or are lost; None: can't be told
    times: float | None = None  # so many times as long with the site's name as with another
    interval: tuple[float, float] | None = None  # of `times`, at 95 %; None with too few pairs for one
    p_value: float | None = None  # one-sided, of the two samples (Mann and Whitney); None likewise
    pairs: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a measurement means under one version of the rules. Can be dropped and made anew."""

    verdict: Verdict
    mechanisms: tuple[str, ...] = ()
    confidence: Confidence | None = None
    fault: Fault | None = None
    reasons: tuple[Reason, ...] = ()
    timings: Timings = Timings()
    kbps: float | None = None  # of the page that came; where it is throttled, the speed that it is held to
    throttling: Throttling | None = None
    status: int | None = None
    rules_version: int
