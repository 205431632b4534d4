"""Measurements as networks make them: names, ways and pages that belong together, each stage ending somehow."""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import strategies as st

from results.failure import Failure
from results.records import Aim, AnyStep, Control, DnsStep, Layer, Measurement, Reference, Source, Via
from tests.results.build import (
    BOGON,
    FAR,
    HTTP,
    HTTPS,
    LIE,
    SITE,
    Given,
    again,
    baseline,
    by,
    dns,
    elsewhere,
    neutral_name,
    page,
    redirect,
    request,
    seen,
    tcp,
    tls,
    trusted,
    udp,
    up,
)

NAMED = [(SITE,), (SITE, FAR), (FAR,), (LIE,), (BOGON,), (Failure.DNS_NXDOMAIN,), (Failure.TIMEOUT,)]
SAID: st.SearchStrategy[Sequence[Given]] = st.sampled_from(NAMED)
BROKEN = [Failure.RESET, Failure.TIMEOUT, Failure.HOST_UNREACHABLE, Failure.NETWORK_UNREACHABLE, Failure.UNKNOWN]
UNDIALLED = [*BROKEN, Failure.REFUSED, Failure.PERMISSION_DENIED]
UNSHAKEN = [*BROKEN, Failure.CLOSED, Failure.TLS_HANDSHAKE, Failure.TLS_AUTHORITY, Failure.TLS_CERTIFICATE]
CONNECTIONS: list[AnyStep] = [tcp(), tcp(), *(tcp(failure) for failure in UNDIALLED)]
HANDSHAKES: list[AnyStep] = [tls(), tls(), *(tls(failure) for failure in UNSHAKEN)]
ANSWERS: list[AnyStep] = [
    page(),
    page(title="Access is restricted", length=700),
    page(403, title=None),
    page(503),
    redirect("http://warning.example.net/"),
    redirect(HTTPS),
    *(request(failure) for failure in [*BROKEN, Failure.CLOSED, Failure.HTTP_GARBAGE, Failure.TLS_HANDSHAKE]),
    request(Failure.TIMEOUT, status=200, got=9),
    request(Failure.RESET, status=200),
]


@st.composite
def ways(draw: st.DrawFn, url: str, ip: str, source: Source) -> list[AnyStep]:
    """One or two tries at one address, as far as they come."""
    steps: list[AnyStep] = []
    for attempt in range(1, draw(st.integers(1, 2)) + 1):
        stages = [CONNECTIONS, HANDSHAKES, ANSWERS] if url == HTTPS else [CONNECTIONS, ANSWERS]
        for stage in stages:
            step = draw(st.sampled_from(stage))
            steps += again(*by(source, step, at=ip)) if attempt == 2 else by(source, step, at=ip)
            if step.failure is not None:
                break
    return steps


@st.composite
def visits(draw: st.DrawFn, url: str) -> list[AnyStep]:
    """One hop: what the resolvers said, and the ways over what they said."""
    own, true = draw(SAID), draw(SAID)
    steps: list[AnyStep] = [dns(*own), udp(*draw(SAID)), trusted(*true)]
    sources = [(ip, Source.SYSTEM) for ip in own] + [(ip, Source.TRUSTED) for ip in true if ip not in own]
    for ip, source in sources:
        if not isinstance(ip, Failure) and ip is not None and ip != BOGON:
            steps += draw(ways(url, ip, source))
    return steps


@st.composite
def tests_beside(draw: st.DrawFn, url: str) -> list[AnyStep]:
    last = st.sampled_from(HANDSHAKES if url == HTTPS else ANSWERS)
    named = neutral_name(tcp(), draw(last))
    return [*named, *elsewhere(draw(st.sampled_from(CONNECTIONS)), draw(last)), *baseline(tcp(), draw(last))]


@st.composite
def measurements(draw: st.DrawFn) -> Measurement:
    url = draw(st.sampled_from([HTTPS, HTTP]))
    beside: list[AnyStep] = draw(st.just([]) | tests_beside(url))
    control = draw(st.none() | visits(url))
    references = draw(st.sampled_from([None, (), up(), up(None, Failure.TIMEOUT)]))
    return seen(*draw(visits(url)), *beside, url=url, control=control, references=references)


def seen_alike(measurement: Measurement) -> Measurement:
    """The same, with a control that saw exactly what was seen here, and no trusted resolver to contradict both."""
    steps = tuple(step for step in measurement.steps if not _trusted(step))
    visits = tuple(step for step in steps if step.aim is Aim.VISIT)
    control = Control(name="", hops=measurement.hops, steps=visits)
    return replace(measurement, steps=steps, control=control)


def alone(measurement: Measurement) -> Measurement:
    """The same without a control, without A/B tests, and without a word from a trusted resolver."""
    own = tuple(step for step in measurement.steps if step.aim is Aim.VISIT and not _trusted(step))
    return replace(measurement, control=None, steps=own)


def offline(measurement: Measurement) -> Measurement:
    """The same with a line on which no reference answers."""
    dead = Reference(url="https://www.wikipedia.org/", failure=Failure.TIMEOUT, layer=Layer.TCP)
    return replace(measurement, references=(dead, dead))


def _trusted(step: AnyStep) -> bool:
    if isinstance(step, DnsStep):
        return step.via is Via.TRUSTED
    return step.source is Source.TRUSTED
