"""The words of a judgement: verdict, confidence, mechanism, reason. How one is reached is in verdict.py."""

from dataclasses import dataclass
from enum import StrEnum


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
class Judgement:
    """What a measurement means under one version of the rules. Can be dropped and made anew."""

    verdict: Verdict
    mechanisms: tuple[str, ...] = ()
    confidence: Confidence | None = None
    fault: Fault | None = None
    reasons: tuple[Reason, ...] = ()
    timings: Timings = Timings()
    kbps: float | None = None
    status: int | None = None
    rules_version: int
