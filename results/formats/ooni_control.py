"""What OONI's control saw, as a control of ours.

It tells of its lookups, connections and handshakes for the first URL's name only, and of its page the last one, to
which it went along redirects that it doesn't tell. So its page stands under the URL where the vantage ended, and only
where the control must have come along there: docs/ooni.md says when.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

from results.content import alike, same_site
from results.failure import Failure
from results.formats.ooni_failures import detail_of, failure_of, layer_of
from results.formats.ooni_pages import BODY_CAP_BYTES, headers, plain
from results.formats.ooni_steps import UNRECORDED, Hop, Named
from results.formats.ooni_values import endpoint, fields, ip_and_port, text, whole
from results.records import (
    Aim,
    AnyStep,
    Control,
    DnsAnswer,
    DnsStep,
    HttpStep,
    Layer,
    Source,
    TcpStep,
    TlsStep,
    Via,
    is_address,
)

_ENDPOINTS_MAX = 200


def told_addresses(test_keys: Mapping[str, Any]) -> tuple[str, ...]:
    """The addresses that the control was given for the first URL's name."""
    listed = fields(fields(test_keys.get("control")).get("dns")).get("addrs")
    found = (text(ip) for ip in listed[:_ENDPOINTS_MAX]) if isinstance(listed, list) else ()
    return tuple(ip for ip in found if is_address(ip))


def control(
    test_keys: Mapping[str, Any],
    name: str,
    hops: list[Hop],
    steps: list[AnyStep],
    known: Mapping[str, Named],
    *,
    comparable: bool,
) -> Control | None:
    """The control's word; None where none was asked. `comparable`: whether our page is recorded well enough."""
    told, words = fields(test_keys.get("control")), test_keys.get("control_failure")
    if (failure := failure_of(words)) is not None:
        return Control(name=name, failure=failure, detail=detail_of(words))
    if not told or not hops:
        return None
    first = _first_hop(told, hops[0], told_addresses(test_keys))
    seen: list[AnyStep] = list(first)
    for hop in hops[1:]:
        if hop.host == hops[0].host:
            seen += _same_name(first, hop, hops[0])
    page = _page(fields(told.get("http_request")))
    came = _same_end(hops, steps, page)
    went = len(hops) if came else _plainly(hops)
    if not (comparable or came) and page is not None and page.failure is None:
        page = None
    if page is not None and page.failure is None:
        if went == len(hops):
            seen += _came_to(hops, steps, seen, page, known)
    elif page is not None and went == len(hops):
        seen += _failed_at(hops[-1], steps, seen, page, known)
    seen = [step for step in seen if step.hop < went]
    return Control(name=name, hops=tuple(hop.url for hop in hops[:went]), steps=tuple(seen))


# What it tells of the first name


def _first_hop(told: Mapping[str, Any], hop: Hop, addresses: tuple[str, ...]) -> list[AnyStep]:
    dns = fields(told.get("dns"))
    steps: list[AnyStep] = []
    if isinstance(dns.get("addrs"), list) and not is_address(hop.host):
        failure = None if addresses else failure_of(dns.get("failure")) or Failure.DNS_NO_ANSWER
        answer = DnsAnswer(t=0.0, failure=failure, addresses=addresses)
        steps.append(
            DnsStep(endpoint="control", t0=0.0, t=0.0, failure=failure, name=hop.host, via=Via.SYSTEM,
                    detail="" if failure is None else detail_of(dns.get("failure")), answers=(answer,))
        )  # fmt: skip
    for address, row in list(fields(told.get("tcp_connect")).items())[:_ENDPOINTS_MAX]:
        if at := endpoint(address):
            steps.append(_connection(at, fields(row), hop, addresses))
    ways = {step.endpoint: step for step in steps if isinstance(step, TcpStep) and step.failure is None}
    for address, row in list(fields(told.get("tls_handshake")).items())[:_ENDPOINTS_MAX]:
        if (way := ways.get(endpoint(address))) is not None:
            steps.append(_handshake(way, fields(row), hop))
    return steps


def _outcome(row: Mapping[str, Any]) -> Failure | None:
    failure = failure_of(row.get("failure"))
    return Failure.UNKNOWN if failure is None and row.get("status") is False else failure


def _connection(at: str, row: Mapping[str, Any], hop: Hop, addresses: tuple[str, ...]) -> TcpStep:
    ip, port = ip_and_port(at)
    own = Source.SYSTEM if ip in addresses else Source.PROBE
    return TcpStep(
        endpoint=at,
        t0=0.0,
        t=0.0,
        failure=_outcome(row),
        detail=detail_of(row.get("failure")),
        aim=Aim.VISIT if port == hop.port else Aim.OTHER_PORT,
        source=Source.LITERAL if is_address(hop.host) else own,
    )


def _handshake(way: TcpStep, row: Mapping[str, Any], hop: Hop) -> TlsStep:
    return TlsStep(endpoint=way.endpoint, t0=0.0, t=0.0, failure=_outcome(row), detail=detail_of(row.get("failure")),
                   aim=way.aim, name=text(row.get("server_name")) or hop.host, source=way.source)  # fmt: skip


def _same_name(first: Iterable[AnyStep], hop: Hop, given: Hop) -> list[AnyStep]:
    """The same name's addresses at another hop, whose port may be the other one: http to https is often so."""
    found: list[AnyStep] = []
    for step in first:
        if isinstance(step, DnsStep):
            found.append(replace(step, hop=hop.number))
        elif not isinstance(step, HttpStep) and ip_and_port(step.endpoint)[1] == hop.port:
            found.append(replace(step, hop=hop.number, aim=Aim.VISIT))
    spoken = hop.scheme == given.scheme or any(isinstance(step, TlsStep) for step in found) or hop.scheme == "http"
    return found if spoken else [step for step in found if isinstance(step, DnsStep)]


# Its page


def _page(row: Mapping[str, Any]) -> HttpStep | None:
    """The control's last answer; None where it tells of none."""
    failure, status = failure_of(row.get("failure")), whole(row.get("status_code"))
    if failure is None and (status is None or not 100 <= status < 1000):
        return None
    length, words = whole(row.get("body_length")), text(row.get("title"))
    size = length if failure is None and length is not None and length >= 0 else None
    return HttpStep(
        endpoint="",
        t0=0.0,
        t=0.0,
        failure=failure,
        detail=detail_of(row.get("failure")),
        url="",
        status=status if failure is None else None,
        headers=headers(row),
        title=plain(words) if words else None,
        body_bytes=None if size is None else min(size, BODY_CAP_BYTES),  # as much as the vantage reads at most
        capped=size is not None and size >= BODY_CAP_BYTES,
    )


def _same_end(hops: list[Hop], steps: Iterable[AnyStep], page: HttpStep | None) -> bool:
    """Whether both came to the same page: then the control was sent the same way."""
    ours = [step for step in steps if isinstance(step, HttpStep) and step.hop == len(hops) - 1 and step.failure is None]
    return page is not None and page.failure is None and any(alike(step, page) for step in ours)


def _plainly(hops: list[Hop]) -> int:
    """How many of our hops the control must have gone along as well, whatever page it came to.

    A redirect is the site's own where it came over its certificate, or stays within the site. Another one may be a
    lie of the path.
    """
    for here, there in pairwise(hops):
        if here.scheme != "https" and not same_site(here.url, there.url):
            return here.number + 1
    return len(hops)


def _came_to(
    hops: list[Hop], steps: list[AnyStep], seen: list[AnyStep], page: HttpStep, known: Mapping[str, Named]
) -> list[AnyStep]:
    """The page under the last URL, and under those before it the redirects that must have led there."""
    added: list[AnyStep] = []
    for hop in hops[:-1]:
        ours = next((step for step in steps if isinstance(step, HttpStep) and step.hop == hop.number), None)
        if ours is not None and ours.failure is None and hop.scheme == "http" and ours.location:
            way, put_in = _way(hop, steps, seen, known)
            led = replace(page, status=ours.status, location=ours.location, title=None, body_bytes=None, headers=())
            added += [*put_in, _over(way, hop, replace(led, detail=UNRECORDED))]
    way, put_in = _way(hops[-1], steps, seen, known)
    return [*added, *put_in, _over(way, hops[-1], page)]


def _failed_at(
    hop: Hop, steps: list[AnyStep], seen: list[AnyStep], page: HttpStep, known: Mapping[str, Named]
) -> list[AnyStep]:
    """The control got no page either. Where its words don't tell the layer, it stands at the one where ours failed."""
    tried = [step for step in seen if step.hop == hop.number and step.aim is Aim.VISIT]
    layer = layer_of(page.detail or page.failure) or _failed_layer(hop, steps)
    if any(step.failure is not None and step.layer is layer for step in tried):
        return []
    failure = page.failure
    if layer is Layer.DNS:
        if hop.number == 0 or failure is None:
            return []  # it tells of its own lookup
        answer = DnsAnswer(t=0.0, failure=failure)
        return [DnsStep(endpoint="control", t0=0.0, t=0.0, failure=failure, detail=page.detail, hop=hop.number,
                        name=hop.host, via=Via.SYSTEM, answers=(answer,))]  # fmt: skip
    recorded = any(isinstance(step, TcpStep) for step in tried)
    if recorded and not any(isinstance(step, TcpStep) and step.failure is None for step in tried):
        return []
    way, put_in = _way(hop, steps, seen, known)
    if layer is Layer.TCP and not recorded:
        return [replace(way, failure=failure, detail=page.detail)]
    if layer is Layer.TLS and not any(isinstance(step, TlsStep) for step in tried):
        shaken = TlsStep(endpoint=way.endpoint, t0=0.0, t=0.0, failure=failure, detail=page.detail, hop=hop.number,
                         name=hop.host, source=way.source)  # fmt: skip
        return [*(step for step in put_in if isinstance(step, TcpStep)), shaken]
    return [*put_in, _over(way, hop, page)]


def _failed_layer(hop: Hop, steps: Iterable[AnyStep]) -> Layer:
    """The layer at which the last hop failed here; the page's where it didn't."""
    own = [step for step in steps if step.hop == hop.number and step.aim is Aim.VISIT and not isinstance(step, DnsStep)]
    for kind, layer in ((HttpStep, Layer.HTTP), (TlsStep, Layer.TLS), (TcpStep, Layer.TCP)):
        of_kind = [step for step in own if isinstance(step, kind)]
        if of_kind:
            return layer
    return Layer.HTTP


def _over(way: TcpStep, hop: Hop, page: HttpStep) -> HttpStep:
    return replace(page, endpoint=way.endpoint, hop=hop.number, url=hop.url, source=way.source)


def _way(
    hop: Hop, steps: Iterable[AnyStep], seen: Iterable[AnyStep], known: Mapping[str, Named]
) -> tuple[TcpStep, list[AnyStep]]:
    """The connection over which the control got past a hop, and what is put in where it doesn't tell."""
    tried = [step for step in seen if step.hop == hop.number and step.aim is Aim.VISIT]
    tls = {step.endpoint: step for step in tried if isinstance(step, TlsStep)}
    ways = [step for step in tried if isinstance(step, TcpStep) and step.failure is None]
    ways.sort(key=lambda step: step.source is Source.PROBE)  # its own addresses first
    if hop.scheme != "https" and ways:
        return ways[0], []
    good = [way for way in ways if way.endpoint in tls and tls[way.endpoint].failure is None]
    if good:
        return good[0], []
    bare = [way for way in ways if way.endpoint not in tls and way.source is not Source.PROBE]
    if bare and not tls:
        return bare[0], [_shaken(hop, way) for way in bare]
    put_in = [
        TcpStep(endpoint=at, t0=0.0, t=0.0, hop=hop.number, detail=UNRECORDED) for at in _taken_for(hop, steps, known)
    ]
    shaken = [_shaken(hop, way) for way in put_in] if hop.scheme == "https" else []
    return put_in[0], [*put_in, *shaken]


def _shaken(hop: Hop, way: TcpStep) -> TlsStep:
    return TlsStep(endpoint=way.endpoint, t0=0.0, t=0.0, hop=hop.number, detail=UNRECORDED, name=hop.host,
                   source=way.source)  # fmt: skip


def _taken_for(hop: Hop, steps: Iterable[AnyStep], known: Mapping[str, Named]) -> list[str]:
    """Where the control is taken to have been, as it doesn't tell: at those of our addresses on which two resolvers
    agree, else at the name, which is no address of ours.
    """
    agreed = known[hop.host].agreed if hop.host in known else set()
    ours = (step for step in steps if isinstance(step, TcpStep) and step.hop == hop.number and step.aim is Aim.VISIT)
    return list(dict.fromkeys(step.endpoint for step in ours if step.ip in agreed)) or [hop.named]
