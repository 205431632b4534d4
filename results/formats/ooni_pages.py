"""OONI's requests: the chain of redirects that they make, and each as a step over its connection.

Before 0.5 a request does not say over which connection it went, nor a failed one at which layer: then it is put where
it fits, and a connection of which there is no record is put in, marked as such.
"""

import hashlib
import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from typing import Any
from urllib.parse import urljoin

from results.failure import SILENCE, Failure
from results.formats.ooni_failures import detail_of, failure_of, layer_of, redirected_too_often
from results.formats.ooni_steps import EVENTS_MAX, UNRECORDED, Hop, Named, ascii_name, hop
from results.formats.ooni_values import (
    depth,
    endpoint,
    fields,
    ip_and_port,
    octets,
    rows,
    seconds,
    span,
    text,
    transaction,
    whole,
)
from results.hops import ORDINARY, split
from results.records import Aim, AnyStep, DnsAnswer, DnsStep, HttpStep, Layer, Source, TcpStep, TlsStep, Via, is_address

BODY_CAP_BYTES = 1 << 19  # of which OONI reads no more, since 0.5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HOPS_MAX = 32
_HOPS_OF_OONI = 10
_HEADERS_KEPT = 64
_HEADER_LENGTH = 512
_TITLE_LENGTH = 256
_EVIDENCE_LENGTH = 64 * 1024  # characters
_TIMED_BYTES = 16 * 1024
_TIMED_S = 0.001
_STALLED_S = 3.0
_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_CHARSET = re.compile(rb"charset=[\"']?([\w-]{3,20})", re.IGNORECASE)
_CHARSETS = frozenset(["windows-1251", "cp1251", "koi8-r", "koi8-u", "iso-8859-1", "iso-8859-5", "latin-1", "gbk"])


@dataclass(frozen=True)  # without slots: what is asked for again and again is worked out once
class Request:
    """One request with its place in the chain."""

    row: Mapping[str, Any]
    number: int
    url: str

    @property
    def failure(self) -> Failure | None:
        return None if redirected_too_often(self.row.get("failure")) else failure_of(self.row.get("failure"))

    @cached_property
    def response(self) -> dict[str, Any]:
        return fields(self.row.get("response"))

    @cached_property
    def status(self) -> int | None:
        code = whole(self.response.get("code"))
        return code if code is not None and 100 <= code < 1000 else None

    @property
    def ended(self) -> bool:
        """Whether an outcome is recorded; a record may have holes."""
        return self.status is not None or self.failure is not None

    @property
    def complete(self) -> bool:
        """Whether there is enough of the answer to compare it with another."""
        headed = any(self.response.get(name) is not None for name in ("headers", "headers_list"))
        return self.status is None or (headed and self.response.get("body") is not None)

    @cached_property
    def headers(self) -> tuple[tuple[str, str], ...]:
        return headers(self.response)

    @cached_property
    def location(self) -> str | None:
        """Where the answer redirects to, absolute."""
        target = dict(self.headers).get("location")
        if self.status not in _REDIRECTS or not target:
            return None
        try:
            return urljoin(self.url, target)
        except ValueError:
            return None


def requests(test_keys: Mapping[str, Any], input_: str) -> list[Request]:
    """In the order in which they were made. OONI has the newest first; where the URLs say otherwise, they count."""
    found = [row for row in rows(test_keys.get("requests")) if not _over_tor(row)]
    urls = [text(fields(row.get("request")).get("url")) for row in found]
    oldest_first = len(urls) > 1 and urls[0] == input_ != urls[-1]
    if not oldest_first:
        found.reverse()
        urls.reverse()
    # Where the first request's record is lost, the chain begins with what is there of the second.
    lost = int(bool(urls and urls[0] and input_) and hop(0, urls[0]).host != hop(0, input_).host)
    made: list[Request] = []
    for place, (row, url) in enumerate(zip(found, urls, strict=True)):
        came_from = made[-1].location if made else input_
        mark = depth(row)
        if not url and not came_from:
            break
        made.append(Request(row, place + lost if mark is None else mark, url or came_from or ""))
    return sorted((request for request in made if request.number < _HOPS_MAX), key=lambda request: request.number)


def _over_tor(row: Mapping[str, Any]) -> bool:
    return fields(fields(row.get("request")).get("tor")).get("is_tor") is True


def chain(test_keys: Mapping[str, Any], input_: str, made: list[Request]) -> list[Hop]:
    """The URLs that were asked for. A hop that failed before its request is known by the redirect that led there."""
    urls = [input_] if not any(request.number == 0 for request in made) else []
    redirects: dict[int, str] = {}
    for request in made:
        if request.number == len(urls):
            urls.append(request.url)
        redirects[request.number] = request.location or ""
    too_often = any(redirected_too_often(request.row.get("failure")) for request in made)
    onward = redirects.get(len(urls) - 1, "")
    if onward and (_went_on(test_keys, urls, onward) or (too_often and len(urls) <= _HOPS_OF_OONI)):
        urls.append(onward)
    of_the_web = takewhile(lambda url: split(url).scheme in {"http", "https"}, urls)
    return [hop(number, url) for number, url in enumerate(of_the_web)]


def _went_on(test_keys: Mapping[str, Any], urls: list[str], onward: str) -> bool:
    """Whether something was tried beyond the last request: by the marks, and where there are none by a new name."""
    tried = [row for name in ("queries", "tcp_connect", "tls_handshakes") for row in rows(test_keys.get(name))]
    marks = [mark for row in tried if (mark := depth(row)) is not None]
    if marks:
        return max(marks) >= len(urls)
    names = {ascii_name(text(row.get("hostname")) or text(row.get("server_name"))) for row in tried}
    return hop(0, onward).host in names - {hop(0, url).host for url in urls}


def pages(
    test_keys: Mapping[str, Any],
    made: Iterable[Request],
    hops: list[Hop],
    known: Mapping[str, Named],
    steps: list[AnyStep],
) -> None:
    """Adds each request to the steps, with what is missing of its way."""
    speeds = _samples(test_keys)
    way: TcpStep | None
    for request in made:
        if request.number >= len(hops) or request.failure is Failure.INTERRUPTED:
            continue
        place = hops[request.number]
        own = [step for step in steps if step.hop == place.number and step.aim is Aim.VISIT]
        at = endpoint(request.row.get("address"))
        if at and known[place.host].source(ip_and_port(at)[0], place.host) is None:
            continue  # over an address that is left out
        if not request.ended:
            continue
        recorded = request.status is not None or at
        way, put_in = _way(place, own, at) if recorded else _failed_way(place, own, request)
        steps += put_in
        if way is not None:
            steps.append(_page(request, way, speeds.get(transaction(request.row), [])))


def _way(place: Hop, own: list[AnyStep], at: str = "") -> tuple[TcpStep, list[AnyStep]]:
    """The connection over which the page came, and what had to be put in."""
    tcp = [step for step in own if isinstance(step, TcpStep) and step.failure is None]
    tcp = [step for step in tcp if step.endpoint == at] if at else [step for step in tcp if step.source in ORDINARY]
    tls = {(step.endpoint, step.attempt): step for step in own if isinstance(step, TlsStep)}
    if place.scheme != "https":
        return (tcp[0], []) if tcp else _put_in(place, at)
    shaken = [step for step in tcp if (step.endpoint, step.attempt) in tls]
    good = [step for step in shaken if tls[step.endpoint, step.attempt].failure is None]
    if good:
        return good[0], []
    unknown = [step for step in tcp if step not in shaken]
    return (unknown[0], [_shaken(place, unknown[0])]) if unknown else _put_in(place, at)


def _put_in(place: Hop, at: str) -> tuple[TcpStep, list[AnyStep]]:
    source = Source.LITERAL if is_address(place.host) else Source.SYSTEM
    tcp = TcpStep(endpoint=at or place.named, t0=0.0, t=0.0, hop=place.number, source=source, detail=UNRECORDED)
    return tcp, [tcp, *([_shaken(place, tcp)] if place.scheme == "https" else [])]


def _shaken(place: Hop, way: TcpStep, failure: Failure | None = None, detail: str = UNRECORDED) -> TlsStep:
    return TlsStep(
        endpoint=way.endpoint,
        t0=way.t,
        t=way.t,
        failure=failure,
        detail=detail,
        hop=place.number,
        attempt=way.attempt,
        name=place.host,
        source=way.source,
    )


def _failed_way(place: Hop, own: list[AnyStep], request: Request) -> tuple[TcpStep | None, list[AnyStep]]:
    """Where a request without an answer failed: at the layer that its words tell, else at the first without a record.

    Nothing is added where the hop's own records have the failure already.
    """
    failure, words = request.failure or Failure.UNKNOWN, request.row.get("failure")
    layer, (t0, t) = layer_of(words), span(request.row)
    tcp = [step for step in own if isinstance(step, TcpStep) and step.source in ORDINARY]
    tls = [step for step in own if isinstance(step, TlsStep) and step.source in ORDINARY]
    if layer is Layer.DNS:
        known = any(isinstance(step, DnsStep) for step in own)
        return None, [] if known else [_failed_lookup(place, failure, words, t0, t)]
    if tcp and all(step.failure is not None for step in tcp):
        return None, []
    way, put_in = _put_in(place, "")
    if tcp:
        way, put_in = next(step for step in tcp if step.failure is None), []
    if layer is Layer.TCP and not tcp:
        failed = TcpStep(endpoint=way.endpoint, t0=t0, t=t, failure=failure, detail=detail_of(words), hop=place.number,
                         source=way.source)  # fmt: skip
        return None, [failed]
    if place.scheme == "https" and not tls and layer is not Layer.HTTP:
        # What is encrypted can't be read on the path, so what broke off most likely broke at the name.
        broken = _shaken(place, way, failure, detail_of(words))
        return None, [*(step for step in put_in if isinstance(step, TcpStep)), broken]
    if tls and all(step.failure is not None for step in tls):
        return None, []
    return way, put_in


def _failed_lookup(place: Hop, failure: Failure, words: Any, t0: float, t: float) -> DnsStep:
    answers = () if failure in SILENCE else (DnsAnswer(t=t, failure=failure),)
    return DnsStep(endpoint="system", t0=t0, t=t, failure=failure, detail=detail_of(words), hop=place.number,
                   name=place.host, via=Via.SYSTEM, answers=answers)  # fmt: skip


# What came


def _page(request: Request, way: TcpStep, samples: list[tuple[float, int]]) -> HttpStep:
    t0, t = span(request.row)
    status, failure = request.status, request.failure
    body = octets(request.response.get("body"))
    shown = request.headers
    written = _decoded(body, dict(shown).get("content-type", ""))
    speed = _kbps([sample for sample in samples if t0 <= sample[0] <= t])
    flows = failure in SILENCE and status is not None and _flows(samples, t)
    return HttpStep(
        endpoint=way.endpoint,
        t0=t0,
        t=t,
        failure=None if flows else failure,
        detail=detail_of(request.row.get("failure")),
        hop=way.hop,
        attempt=way.attempt,
        url=request.url,
        source=way.source,
        status=status,
        headers=shown,
        location=request.location,
        title=title(written),
        body_bytes=len(body) if status is not None and request.response.get("body") is not None else None,
        body_sha256=hashlib.sha256(body).hexdigest() if body else None,
        capped=flows or request.response.get("body_is_truncated") is True or len(body) >= BODY_CAP_BYTES,
        body=written[:_EVIDENCE_LENGTH] if written and not request.url.startswith("https:") else None,
        kbps=speed,
    )


def headers(response: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """The headers of an answer, from the list of 0.5 or the object that was before. Of a cookie only its name."""
    listed = response.get("headers_list")
    pairs = [pair for pair in listed if isinstance(pair, list) and len(pair) == 2] if isinstance(listed, list) else []
    found: list[Any] = pairs or list(fields(response.get("headers")).items())
    first = ((name, value[0] if isinstance(value, list) and value else value) for name, value in found)
    named = [(text(name).lower(), text(value)) for name, value in first]
    kept = [(name, _cookie(value) if name == "set-cookie" else value[:_HEADER_LENGTH]) for name, value in named if name]
    return tuple(kept[:_HEADERS_KEPT])


def _cookie(value: str) -> str:
    name, equals, _ = value.partition(";")[0].partition("=")
    return name[:_HEADER_LENGTH] if equals else ""


def title(written: str) -> str | None:
    """A page's title in plain letters."""
    found = _TITLE.search(written)
    return plain(found[1]) if found else None


def plain(words: str) -> str:
    """A title as it is read: entities as letters, spaces as one."""
    return " ".join(html.unescape(words).split())[:_TITLE_LENGTH]


def _decoded(body: bytes, content_type: str) -> str:
    named = _CHARSET.search(content_type.encode(errors="replace")) or _CHARSET.search(body[:2048])
    charset = named[1].decode().lower() if named else "utf-8"
    try:
        return body.decode()  # also where another charset is named: OONI keeps as text what is UTF-8
    except UnicodeDecodeError:
        return body.decode(charset if charset in _CHARSETS else "utf-8", errors="replace")


def _samples(test_keys: Mapping[str, Any]) -> dict[str, list[tuple[float, int]]]:
    """How much had come at which moment, by the transaction."""
    found: dict[str, list[tuple[float, int]]] = {}
    for event in rows(test_keys.get("network_events"), most=EVENTS_MAX):
        if event.get("operation") != "bytes_received_cumulative":
            continue
        at, amount = seconds(event.get("t")), whole(event.get("num_bytes"))
        if at is not None and amount is not None:
            found.setdefault(transaction(event), []).append((at, amount))
    return {key: sorted(samples) for key, samples in found.items() if key}


def _flows(samples: list[tuple[float, int]], t: float) -> bool:
    """Whether bytes still came when the time was over."""
    late = [amount for at, amount in samples if t - _STALLED_S <= at <= t]
    return bool(late) and late[-1] > late[0]


def _kbps(samples: list[tuple[float, int]]) -> float | None:
    if len(samples) < 2:
        return None
    amount, taken = samples[-1][1] - samples[0][1], samples[-1][0] - samples[0][0]
    return amount * 8 / taken / 1000 if amount >= _TIMED_BYTES and taken >= _TIMED_S else None
