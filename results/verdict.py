"""From a measurement to a verdict: hop after hop, layer after layer, by the rows of rules.py.

Total and deterministic: no clock, no network, no store, and no measurement that it refuses.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from results.hops import Side, Way, here, there
from results.judgement import Confidence, Fault, Judgement, Reason, Throttling, Timings, Verdict
from results.knowledge import Knowledge, bundled
from results.records import Aim, HttpStep, Measurement, Via
from results.rules import (
    LAYERS,
    LINE_RULES,
    PORTAL_RULES,
    RULES_VERSION,
    VANTAGE_NOTES,
    VANTAGE_RULES,
    Case,
    LineCase,
    Rule,
    VantageCase,
)

REDIRECTS_MAX = 10
_TLS = 2  # its place in LAYERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A rule that spoke, filled with the numbers of its case."""

    reason: Reason
    verdict: Verdict | None
    confidence: Confidence
    fault: Fault | None = None
    mechanisms: tuple[str, ...] = ()
    throttling: Throttling | None = None


def judge(measurement: Measurement, known: Knowledge | None = None) -> Judgement:
    """What the measurement means under RULES_VERSION. `known`: block pages and authorities; else what is bundled."""
    sides = here(measurement)
    findings = list(_findings(measurement, sides, known or bundled()))
    decisive = next(finding for finding in findings if finding.verdict is not None)
    page = _last_page(measurement)
    notes = [finding for finding in findings if finding is not decisive and finding.reason.says]
    return Judgement(
        verdict=decisive.verdict or Verdict.INCONCLUSIVE,
        mechanisms=_mechanisms(decisive, findings),
        confidence=decisive.confidence,
        fault=decisive.fault,
        reasons=(decisive.reason, *(note.reason for note in notes)),
        timings=_timings(sides),
        kbps=_kbps(decisive, page),
        throttling=decisive.throttling,
        status=page.status if page else None,
        rules_version=RULES_VERSION,
    )


def _findings(measurement: Measurement, sides: tuple[Side, ...], known: Knowledge) -> Iterator[Finding]:
    """Notes and, last, at least one finding with a verdict."""
    control = there(measurement.control, *measurement.more_controls)
    vantage = VantageCase(measurement)
    yield from (_filled(rule, vantage) for rule in VANTAGE_NOTES if rule.when(vantage))
    unfit = next((rule for rule in VANTAGE_RULES if rule.when(vantage)), None)
    if unfit is not None:
        yield _filled(unfit, vantage)
        return
    confidence = Confidence.WEAK
    for side in sides:
        for finding in _hop(Case(measurement, side, control.get(side.url), side.ordinary, known)):
            yield finding
            confidence = finding.confidence
            if finding.verdict is not None:
                return
        yield from _retried(side)
    yield from _end(measurement, sides, confidence)


def _hop(case: Case) -> Iterator[Finding]:
    """The hop's layers in turn, as far as one decides; then, past a lying resolver, what else stands in the way."""
    decided, passed = None, []
    for layer in LAYERS:
        finding = _first(layer, case)
        if finding.verdict is not None:
            decided = finding
            break
        passed.append(finding)
    no_way = decided is not None and not passed  # the name itself leads nowhere, or astray
    line = _viewed(LineCase, case)
    rules = LINE_RULES if decided is not None or not case.ways else PORTAL_RULES
    unfit = next((rule for rule in rules if rule.when(line)), None)
    if unfit is not None:
        decided, passed, no_way = _filled(unfit, line), [], False
    if no_way:
        yield from _past_the_resolver(case)
    yield from passed
    if decided is not None:
        yield decided


def _past_the_resolver(case: Case) -> Iterator[Finding]:
    """Several causes at once are all named: the name is lied about, and its true address is blocked as well.

    Or the lie leads to a state's own interceptor.
    """
    tls = _first(LAYERS[_TLS], case)
    if tls.reason.rule == "tls_state_authority":
        yield replace(tls, verdict=None)
    true = replace(case, ways=case.here.other)
    for layer in LAYERS[1:]:
        finding = _first(layer, true)
        if finding.verdict is Verdict.BLOCKED:
            yield replace(finding, verdict=None)
            return


def _first(layer: tuple[type[Case], tuple[Rule, ...]], case: Case) -> Finding:
    view, rules = layer
    seen = _viewed(view, case)
    return _filled(next(rule for rule in rules if rule.when(seen)), seen)


def _viewed(view: type[Case], case: Case) -> Case:
    """The same case as a layer's rules see it."""
    return view(case.measurement, case.here, case.there, case.ways, case.known)


def _filled(rule: Rule, case: Any) -> Finding:
    return Finding(
        reason=Reason(rule=rule.id, says=rule.says.format(c=case)),
        verdict=rule.verdict,
        confidence=rule.confidence(case),
        fault=rule.fault,
        mechanisms=rule.mechanisms(case),
        throttling=rule.throttling(case),
    )


def _retried(side: Side) -> Iterator[Finding]:
    """A first attempt that failed is said, since the next reader may look for a pattern."""
    names = [step.failure for step in side.asked(Via.SYSTEM) if step.attempt == 1]
    ways = [way.last.failure for way in side.ordinary if way.attempt == 1]
    failure = next((failure for failure in (*names, *ways) if failure is not None), None)
    if failure is not None and side.page is not None and side.page.attempt == 2:
        says = f"The first attempt failed ({failure}); the second, after a pause, did not."
        yield Finding(reason=Reason(rule="second_attempt", says=says), verdict=None, confidence=Confidence.LIKELY)


def _end(measurement: Measurement, sides: tuple[Side, ...], confidence: Confidence) -> Iterator[Finding]:
    """No hop stood in the way: where did it end?"""
    page = next((way.http for side in reversed(sides) if (way := side.page) and way.http), None)
    if not sides:
        yield _end_finding("not_measured", Verdict.INCONCLUSIVE, Fault.US, "No address could be read from the URL.")
    elif measurement.cut_short:
        says = f"The time for one check ran out after {measurement.runtime_ms / 1000:.0f} s."
        yield _end_finding("out_of_time", Verdict.INCONCLUSIVE, None, says)
    elif len(sides) > REDIRECTS_MAX and page is not None and page.location is not None:
        looped = measurement.control is not None and len(measurement.control.hops) > REDIRECTS_MAX
        verdict = Verdict.DOWN if looped else Verdict.INCONCLUSIVE
        says = f"More than {REDIRECTS_MAX} redirects" + (", for the control as well." if looped else ".")
        yield _end_finding("redirect_loop", verdict, Fault.SITE if looped else None, says)
    elif page is None and any(way.secured for side in sides for way in side.ways):
        says = "The handshake succeeded, and no page was asked for: that says nothing of the page."
        yield _end_finding("handshake_only", Verdict.INCONCLUSIVE, None, says)
    elif page is None:
        yield _end_finding("not_measured", Verdict.INCONCLUSIVE, Fault.US, "Nothing could be measured.")
    else:
        how = "over the site's own certificate" if page.url.startswith("https:") else "without TLS"
        took = f" in {page.t * 1000:.0f} ms" if page.t > 0 else ""
        says = f"The page came{took} with status {page.status}, {how}."
        finding = _end_finding("page_arrived", Verdict.ACCESSIBLE, None, says)
        yield replace(finding, confidence=confidence)


def _end_finding(rule: str, verdict: Verdict, fault: Fault | None, says: str) -> Finding:
    return Finding(reason=Reason(rule=rule, says=says), verdict=verdict, confidence=Confidence.WEAK, fault=fault)


def _mechanisms(decisive: Finding, findings: Iterable[Finding]) -> tuple[str, ...]:
    if decisive.verdict not in {Verdict.BLOCKED, Verdict.THROTTLED}:
        return ()
    also = (name for finding in findings for name in finding.mechanisms)
    return tuple(dict.fromkeys((*decisive.mechanisms, *also)))


def _timings(sides: tuple[Side, ...]) -> Timings:
    """Of the last hop that was tried, over its furthest ordinary way."""
    if not sides:
        return Timings()
    side = sides[-1]
    way: Way | None = side.furthest
    system = [step for step in side.asked(Via.SYSTEM) if step.failure is None]
    page = way.http if way else None
    return Timings(
        dns=round(system[-1].ms, 1) if system else None,
        tcp=round(way.tcp.ms, 1) if way and way.connected else None,
        tls=round(way.tls.ms, 1) if way and way.tls and way.secured else None,
        ttfb=round((page.first_byte_t - page.t0) * 1000, 1) if page and page.first_byte_t else None,
        total=round(page.t * 1000, 1) if page and way and way.arrived else None,
    )


def _kbps(decisive: Finding, page: HttpStep | None) -> float | None:
    """What the page came at; what it is held to where that was found out."""
    if decisive.throttling is not None and decisive.throttling.ceiling_kbps is not None:
        return decisive.throttling.ceiling_kbps
    return page.kbps if page else None


def _last_page(measurement: Measurement) -> HttpStep | None:
    pages = [step for step in measurement.steps if isinstance(step, HttpStep) and step.aim is Aim.VISIT]
    return pages[-1] if pages else None
