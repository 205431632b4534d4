"""Measurements in one or two lines: what was seen here, hop by hop, and what the control saw.

A step is written without what the test is not about: `seen` gives it its place, its port, its URL and its times.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from results.failure import CERTIFICATE_FAILURES, Failure
from results.records import (
    Aim,
    AnyStep,
    Certificate,
    Control,
    DnsAnswer,
    DnsStep,
    HttpStep,
    Layer,
    Measurement,
    Reference,
    Source,
    TcpStep,
    TlsStep,
    Vantage,
    Via,
)

AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
HTTPS, HTTP = "https://ratel.kz/", "http://ratel.kz/"
SITE, TWIN, FAR = "93.184.216.34", "93.184.216.35", "151.101.1.69"  # all the site's own; FAR in another network
SITE6 = "2606:2800:220:1::1"
LIE, BOGON = "195.12.34.56", "10.10.34.35"
NEUTRAL, NEUTRAL2 = "185.15.59.224", "140.82.121.3"  # other sites'
HOME = Vantage(name="almaty-home-1", country="KZ", asn=9198, network="Kazakhtelecom", vantage_class="home")

Given = Failure | str | None


def dns(*given: Given, via: Via = Via.SYSTEM, endpoint: str = "system") -> DnsStep:
    """What a resolver said: a failure, or addresses; by default the site's."""
    return heard(given or (SITE,), via=via, endpoint=endpoint)


def heard(*answers: Sequence[Given], via: Via = Via.UDP, endpoint: str = "udp://192.168.1.1") -> DnsStep:
    """Several answers to one query, in the order in which they came."""
    kept = tuple(_answer(given) for given in answers)
    silent = kept[0].failure in {Failure.TIMEOUT, Failure.PERMISSION_DENIED}
    failure, answered = kept[0].failure, () if silent else kept
    return DnsStep(endpoint=endpoint, t0=0, t=0, name="ratel.kz", via=via, failure=failure, answers=answered)


def _answer(given: Sequence[Given]) -> DnsAnswer:
    failure = given[0] if isinstance(given[0], Failure) else None
    addresses = () if failure else tuple(str(ip) for ip in given)
    return DnsAnswer(t=0.02, failure=failure, addresses=addresses)


def udp(*given: Given) -> DnsStep:
    return dns(*given, via=Via.UDP, endpoint="udp://192.168.1.1")


def trusted(*given: Given) -> DnsStep:
    return dns(*given, via=Via.TRUSTED, endpoint="https://dns.quad9.net/dns-query")


def tcp(failure: Failure | None = None, *, at: str = SITE, source: Source = Source.SYSTEM) -> TcpStep:
    return TcpStep(endpoint=at, t0=0, t=0, failure=failure, source=source)


def tls(failure: Failure | None = None, *, at: str = SITE, source: Source = Source.SYSTEM, **more: Any) -> TlsStep:
    return TlsStep(endpoint=at, t0=0, t=0, name="ratel.kz", failure=failure, source=source, **more)


def forged(failure: Failure, issuer: str, detail: str = "unable to get local issuer certificate") -> TlsStep:
    """A handshake refused for its certificate, which is kept."""
    return tls(failure, detail=detail, chain=(Certificate(sha256=issuer, subject="CN=ratel.kz", issuer=issuer),))


def page(
    status: int = 200, *, title: str | None = "Ratel.kz", length: int = 48_000, at: str = SITE, **more: Any
) -> HttpStep:
    """An answer that came whole. Two answers with the same status, title and length have the same body."""
    body = {"body_bytes": length, "body_sha256": f"{status} {title} {length}", "title": title}
    return HttpStep(endpoint=at, t0=0, t=0, status=status, first_byte_t=0, **{"url": "", **body, **more})


def redirect(location: str, status: int = 302, **more: Any) -> HttpStep:
    return page(status, **{"title": None, "length": 0, "location": location, **more})


def request(failure: Failure, *, status: int | None = None, got: int | None = None) -> HttpStep:
    """A request that failed; with a status, after the head had come and so many bytes."""
    return HttpStep(endpoint=SITE, t0=0, t=0, url="", failure=failure, status=status, body_bytes=got)


def by(source: Source, *steps: AnyStep, at: str = "") -> list[AnyStep]:
    """The same steps at an address that somebody else gave."""
    return [_by(step, source, at or step.endpoint) for step in steps]


def _by(step: AnyStep, source: Source, ip: str) -> AnyStep:
    return step if isinstance(step, DnsStep) else replace(step, source=source, endpoint=ip)


def at(ip: str, *steps: AnyStep) -> list[AnyStep]:
    return [replace(step, endpoint=ip) for step in steps]


def again(*steps: AnyStep) -> list[AnyStep]:
    """The second attempt, after the pause."""
    return [replace(step, attempt=2) for step in steps]


def twice(*steps: AnyStep) -> list[AnyStep]:
    return [*steps, *again(*steps)]


def aimed(aim: Aim, *steps: AnyStep, ip: str = "") -> list[AnyStep]:
    return [replace(step, aim=aim, endpoint=ip or step.endpoint) for step in steps]


def neutral_name(*steps: AnyStep) -> list[AnyStep]:
    """A/B: another name at the site's address."""
    return aimed(Aim.NEUTRAL_NAME, *steps)


def elsewhere(*steps: AnyStep, ip: str = NEUTRAL) -> list[AnyStep]:
    """A/B: the site's name at another site's address."""
    return aimed(Aim.NEUTRAL_ADDRESS, *steps, ip=ip)


def nobody(*answered: Given, other: Given = Failure.REFUSED) -> list[AnyStep]:
    """The site's name asked where no resolver is, and how another name fared there."""
    named = aimed(Aim.NO_RESOLVER, udp(*answered), ip=f"udp://{NEUTRAL}")
    silent = replace(udp(Failure.TIMEOUT), failure=Failure.REFUSED, endpoint=f"udp://{NEUTRAL}", aim=Aim.BASELINE)
    return [*named, silent if other is Failure.REFUSED else replace(udp(other), aim=Aim.BASELINE)]


def baseline(*steps: AnyStep, ip: str = NEUTRAL) -> list[AnyStep]:
    """A/B: an unrelated name at that other address."""
    return aimed(Aim.BASELINE, *steps, ip=ip)


ALERTED = tls(Failure.TLS_HANDSHAKE, alert="TLSV1_ALERT_UNRECOGNIZED_NAME")  # refused, but answered
WRONG_NAME = tls(Failure.TLS_HOSTNAME, chain=(Certificate(sha256="other"),))


@dataclass(frozen=True)
class Hop:
    """One URL of the chain, and what was seen on the way to its page."""

    url: str
    steps: Sequence[AnyStep]


def up(*failures: Given) -> tuple[Reference, ...]:
    """References and how each failed; by default one that answered."""
    layers = {Failure.DNS_SERVFAIL: Layer.DNS} | dict.fromkeys(CERTIFICATE_FAILURES, Layer.TLS)
    return tuple(
        Reference(
            url="https://www.wikipedia.org/",
            failure=failure if isinstance(failure, Failure) else None,
            layer=layers.get(failure, Layer.TCP) if isinstance(failure, Failure) else None,
        )
        for failure in failures or (None,)
    )


DEAD = up(Failure.TIMEOUT, Failure.TIMEOUT)
CONTROL = "https://control.example.org"
UNREACHABLE_CONTROL = Control(name=CONTROL, failure=Failure.TIMEOUT, detail="TimeoutError")
NOTHING: Sequence[AnyStep] = ()


def seen(
    *steps: AnyStep,
    url: str = HTTPS,
    control: Iterable[AnyStep] | Control | None = None,
    references: tuple[Reference, ...] | None = up(),
    **more: Any,
) -> Measurement:
    """One check of a page without redirects. `control`: its steps, or its own failure; None where none is set."""
    there = [Hop(url, tuple(control))] if control is not None and not isinstance(control, Control) else None
    return chain(Hop(url, steps), control=there or control, references=references, **more)  # type: ignore[arg-type]


def chain(
    *hops: Hop,
    control: Sequence[Hop] | Control | None = None,
    references: tuple[Reference, ...] | None = up(),
    **more: Any,
) -> Measurement:
    """One check along redirects."""
    there = control if control is None or isinstance(control, Control) else answer(*control)
    fields = {"uid": "1", "url": hops[0].url if hops else HTTPS, "started_at": AT, "runtime_ms": 812.4, "vantage": HOME}
    spot = {"hops": tuple(hop.url for hop in hops), "steps": placed(hops)}
    return Measurement(**{**fields, **spot, "control": there, "references": references, **more})


def answer(*hops: Hop) -> Control:
    return Control(name=CONTROL, hops=tuple(hop.url for hop in hops), steps=placed(hops))


def placed(hops: Iterable[Hop]) -> tuple[AnyStep, ...]:
    """The steps one after the other, 100 ms each, with hop, port and URL filled in."""
    steps = [(number, hop, step) for number, hop in enumerate(hops) for step in hop.steps]
    return tuple(_placed(step, hop, number, t0=place / 10) for place, (number, hop, step) in enumerate(steps))


def _placed(step: AnyStep, hop: Hop, number: int, t0: float) -> AnyStep:
    timed = step.t > 0  # a step that has its own times keeps them
    step = replace(step, hop=number) if timed else replace(step, hop=number, t0=t0, t=t0 + 0.1)
    if isinstance(step, DnsStep):
        return step
    port = 443 if urlsplit(hop.url).scheme == "https" else 80
    host = f"[{step.endpoint}]" if ":" in step.endpoint else step.endpoint
    step = replace(step, endpoint=f"{host}:{port}")
    if not isinstance(step, HttpStep):
        return step
    first_byte = step.first_byte_t if timed else None if step.status is None else t0 + 0.05
    return replace(step, url=step.url or hop.url, first_byte_t=first_byte)
