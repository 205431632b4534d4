"""A site's past as points in time, and what can be read off them without a detector. Pure: no clock, no store."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from results.judgement import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One judged measurement, as a timeline sees it."""

    uid: str
    url: str
    vantage: str
    asn: int | None
    network: str | None
    at: datetime  # UTC
    verdict: Verdict
    mechanisms: tuple[str, ...]
    confidence: str | None
    says: str  # the first reason
    dns_ms: float | None
    tcp_ms: float | None
    tls_ms: float | None
    ttfb_ms: float | None
    total_ms: float | None
    kbps: float | None
    status: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The newest verdict and the unbroken run of points that say the same. `inconclusive` points neither make nor break
    a run, unless there is nothing else.
    """

    verdict: Verdict
    first: Point  # the oldest of the run: it has held since then or a little before
    before: Point | None  # the last that said otherwise; None where the run reaches back to the first point
    newest: Point
    count: int


def network_key(asn: int | None, name: str | None) -> str:
    """What tells one network's series from another's: its number, or the operator's name where none is known."""
    if asn is not None:
        return str(asn)
    # Whoever calls itself by a number is not the network that has it.
    return f"called {name}" if name and name.isdecimal() else name or ""


def current_run(points: Sequence[Point]) -> Run | None:
    """The run at the end of one series, oldest point first; None where there is no point."""
    speaking = [point for point in points if point.verdict is not Verdict.INCONCLUSIVE] or list(points)
    if not speaking:
        return None
    newest = speaking[-1]
    start = len(speaking) - 1
    while start > 0 and speaking[start - 1].verdict is newest.verdict:
        start -= 1
    return Run(
        verdict=newest.verdict,
        first=speaking[start],
        before=speaking[start - 1] if start else None,
        newest=newest,
        count=len(speaking) - start,
    )


def by_url(points: Iterable[Point]) -> dict[str, list[Point]]:
    """Points sorted into series, each in the order in which they came."""
    series: dict[str, list[Point]] = {}
    for point in points:
        series.setdefault(point.url, []).append(point)
    return series
