"""One simulated measurement: the steps that a check would have seen, for each way in which one fails. Pure.

What they mean is not said here: the judge of true measurements judges them. All stand at one address that is nobody's
of these sites, and say in `simulated` that nothing was measured, and whence they were made up.
"""

import random
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

from results.failure import Failure
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
    TcpStep,
    TlsStep,
    Vantage,
    Via,
)
from server.demo.facts import Fact

ADDRESS = "93.184.216.34"  # of no site in the table; one from the ranges of examples could not be a site's at all
SOFTWARE = "kedergi demo"
NEUTRAL = "example.org"
_ENDPOINT = f"{ADDRESS}:443"
_WAITED_S = 10.0
_BODY_BYTES = 48_000
_PAIRS = 3  # of handshakes that are compared
_REFERENCE = "https://www.wikipedia.org/"
_TRUSTED = "https://dns.quad9.net/dns-query"
_NO_TECHNIQUE = "no technique was reported, so it is shown as silence"


def made(url: str, vantage: Vantage, fact: Fact | None, chance: random.Random) -> Measurement:
    """As it could have been seen while that held; None: while nothing was known to be wrong. It has no uid yet."""
    host = urlsplit(url).hostname or ""
    factor = chance.lognormvariate(0, 0.12)
    way = fact.way if fact else ""
    steps = _WAYS[way](host, factor, chance) if way else _page(host, factor)
    dead = way == "line"
    placed = _one_after_the_other(steps)
    there = _one_after_the_other(_page(host, 0.5, via_trusted=False))
    return Measurement(
        uid="",
        url=url,
        started_at=datetime(1970, 1, 1, tzinfo=UTC),
        runtime_ms=round(1000 * placed[-1].t, 1),
        vantage=vantage,
        hops=(url,),
        steps=tuple(replace(step, url=url) if isinstance(step, HttpStep) else step for step in placed),
        control=None if dead else Control(
            name="simulated", hops=(url,),
            steps=tuple(replace(step, url=url) if isinstance(step, HttpStep) else step for step in there),
        ),
        references=_references(factor, chance, dead=dead),
        software=SOFTWARE,
        simulated=whence(fact),
    )  # fmt: skip


def whence(fact: Fact | None) -> str:
    """What stands in `simulated`."""
    if fact is None:
        return "Nothing was measured; of this time no block is known."
    how = fact.reported or ("" if fact.way == "line" else _NO_TECHNIQUE)
    return f"Nothing was measured; made of what was reported ({fact.id}{': ' + how if how else ''})."


def _references(factor: float, chance: random.Random, *, dead: bool) -> tuple[Reference, ...]:
    if dead:
        return tuple(
            Reference(url=url, failure=Failure.TIMEOUT, layer=Layer.TCP)
            for url in (_REFERENCE, "https://www.wikidata.org/")
        )
    return (Reference(url=_REFERENCE, handshake_ms=round(95 * factor * chance.lognormvariate(0, 0.05), 1)),)


# Steps. Each lasts as long as it says; when it begins is told by the one before.


def _lookup(host: str, factor: float, *, via_trusted: bool = True) -> list[AnyStep]:
    asked = [("system", Via.SYSTEM, 0.02), *([(_TRUSTED, Via.TRUSTED, 0.09)] if via_trusted else [])]
    return [
        DnsStep(endpoint=endpoint, t0=0.0, t=_s(took * factor), name=host, via=via,
                answers=(DnsAnswer(t=_s(took * factor), failure=None, addresses=(ADDRESS,)),))
        for endpoint, via, took in asked
    ]  # fmt: skip


def _dial(factor: float, failure: Failure | None = None) -> TcpStep:
    return TcpStep(endpoint=_ENDPOINT, t0=0.0, t=_WAITED_S if failure else _s(0.045 * factor), failure=failure)


def _shake(host: str, seconds: float, failure: Failure | None = None, chain: tuple[Certificate, ...] = ()) -> TlsStep:
    version = "" if failure else "TLSv1.2"
    return TlsStep(endpoint=_ENDPOINT, t0=0.0, t=_s(seconds), name=host, failure=failure, version=version, chain=chain)


def _request(factor: float) -> HttpStep:
    return HttpStep(endpoint=_ENDPOINT, t0=0.0, t=_s(0.3 * factor), url="", status=200, body_bytes=_BODY_BYTES,
                    body_sha256="5" * 64, first_byte_t=_s(0.15 * factor))  # fmt: skip


def _page(host: str, factor: float, *, via_trusted: bool = True) -> list[AnyStep]:
    return [
        *_lookup(host, factor, via_trusted=via_trusted), _dial(factor), _shake(host, 0.09 * factor), _request(factor),
    ]  # fmt: skip


def _silent(host: str, factor: float, _chance: random.Random) -> list[AnyStep]:
    return [*_lookup(host, factor), *_twice(_dial(factor, Failure.TIMEOUT))]


def _silent_after_the_name(host: str, factor: float, _chance: random.Random) -> list[AnyStep]:
    other: list[AnyStep] = [
        _dial(factor),
        _shake(NEUTRAL, 0.09 * factor, Failure.TLS_HOSTNAME, _chain(host, "CN=simulated")),
    ]
    return [
        *_lookup(host, factor),
        *_twice(_dial(factor), _shake(host, _WAITED_S, Failure.TIMEOUT)),
        *(replace(step, aim=Aim.NEUTRAL_NAME) for step in other),
    ]


def _intercepted(host: str, factor: float, _chance: random.Random) -> list[AnyStep]:
    """The names of the authority and of the one it signed by were published with the findings of 2019."""
    forged = _shake(host, 0.11 * factor, Failure.TLS_AUTHORITY, _chain(host, "C=KZ,CN=Qaznet Trust Network"))
    said = replace(forged, detail="unable to get local issuer certificate")
    return [*_lookup(host, factor), *_twice(_dial(factor), said)]


def _slow_handshake(host: str, factor: float, chance: random.Random) -> list[AnyStep]:
    """Over two seconds, around four; with other names as usual."""
    late = [2.1 + chance.lognormvariate(0.62, 0.5) for _ in range(1 + _PAIRS)]
    pairs = [
        replace(step, aim=aim, attempt=number)
        for number in range(1, 1 + _PAIRS)
        for aim, seconds in ((Aim.SAMPLE_NEUTRAL, 0.09 * factor), (Aim.SAMPLE, late[number]))
        for step in (_dial(factor), _shake(host if aim is Aim.SAMPLE else NEUTRAL, seconds))
    ]
    return [*_lookup(host, factor), _dial(factor), _shake(host, late[0]), _request(factor), *pairs]


def _dead_line(host: str, _factor: float, _chance: random.Random) -> list[AnyStep]:
    return [DnsStep(endpoint=endpoint, t0=0.0, t=5.0, name=host, via=via, failure=Failure.TIMEOUT)
            for endpoint, via in (("system", Via.SYSTEM), (_TRUSTED, Via.TRUSTED))]  # fmt: skip


_WAYS: dict[str, Callable[[str, float, random.Random], list[AnyStep]]] = {
    "tcp.timeout": _silent,
    "tls.timeout": _silent_after_the_name,
    "tls.interception": _intercepted,
    "latency.high": _slow_handshake,
    "line": _dead_line,
}


def _chain(host: str, issuer: str) -> tuple[Certificate, ...]:
    return (Certificate(sha256="5" * 64, subject=f"CN={host}", issuer=issuer),)


def _twice(*steps: AnyStep) -> list[AnyStep]:
    return [*steps, *(replace(step, attempt=2) for step in steps)]


def _one_after_the_other(steps: Iterable[AnyStep]) -> list[AnyStep]:
    """Lookups begin together; every other step where the one before it ended."""
    found: list[AnyStep] = []
    now = 0.0
    for step in steps:
        t0 = 0.0 if isinstance(step, DnsStep) else now
        moved = replace(step, t0=t0, t=_s(t0 + step.t))
        if isinstance(moved, HttpStep) and moved.first_byte_t is not None:
            moved = replace(moved, first_byte_t=_s(t0 + moved.first_byte_t))
        now = max(now, moved.t)
        found.append(moved)
    return found


def _s(seconds: float) -> float:
    return round(seconds, 4)
