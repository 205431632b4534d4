"""Asks for one page over a connection that is already there. No redirect is followed and nothing is compared here."""

import asyncio
import codecs
import hashlib
import html
import re
import time
import warnings
from itertools import accumulate
from typing import Any

from probe import traffic
from probe.decoding import Decoder
from probe.net import HTTP_ERRORS, Cookies, Garbage, OneConnection, Place, Tcp, Tls, TooMuch, plain_error, visit
from probe.net import place as where_to
from probe.scrub import scrubbed, scrubbed_url
from probe.trace import Course
from results.failure import Failure
from results.records import HttpStep, Source

BODY_CAP_BYTES = 512 * 1024
_RAW_BYTES = 2 * BODY_CAP_BYTES  # as it comes off the wire, frames and padding included
_HEADERS_KEPT = 64
_HEADER_LENGTH = 512
_TITLE_LENGTH = 256
_TIMED_BYTES = 16 * 1024  # less than this says nothing about speed
_CURVE_BYTES = 4 * 1024
_CURVE_POINTS = 40
_STALLED_S = 3.0  # silence after which a body has stopped, rather than flows slowly
_LEAST_S = 0.1
_MOMENT_S = 0.05
_EVIDENCE_LENGTH = 64 * 1024  # characters
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_NOT_OF_THE_WEB = frozenset({"utf-7", "unicode-escape", "raw-unicode-escape", "punycode"})
# Each looked for once, and bounded: a page of ten thousand titles that don't end would take minutes.
_TITLE = re.compile(r"<title(?:[\s/][^>]{0,512})?>", re.IGNORECASE)
_TITLE_END = re.compile(r"</title", re.IGNORECASE)
_TITLE_READ = 16 * 1024  # characters
_CHARSET = re.compile(rb"charset=[\"']?([\w-]{3,20})", re.IGNORECASE)


async def get(
    course: Course,
    stream: Tcp | Tls,
    endpoint: str,
    place: Place,
    cookies: Cookies,
    *,
    source: Source,
    timeout_s: float,
    in_flight: int | None = None,
    most_bytes: int = BODY_CAP_BYTES,
) -> str | None:
    """Reads the page, at most `most_bytes` of it; returns where it redirects to, absolute, or None.

    `timeout_s` holds for the head and again for the body, which doesn't go on past the check's own time. A body that
    still flows when its time is over is cut and counts as read; one that has stopped is a timeout. Raises StepFailed;
    what came before the failure is in the step. The stream is closed.
    """
    tcp = stream.tcp if isinstance(stream, Tls) else stream
    location, before, came = None, len(tcp.reads), traffic.received_by_all()
    known = {"url": scrubbed_url(place.url), "source": source, "in_flight": in_flight}
    with course.step(HttpStep, endpoint, **known) as learnt:
        try:
            # Not by a client of httpx: that fails at a Location which it can't read, though we don't follow it.
            way, request = OneConnection(stream, place.scheme, place.host, place.port), visit(place.url, cookies)
            async with asyncio.timeout(timeout_s):
                response = await way.handle_async_request(request)
            response.request = request
            learnt.update(_head(response), first_byte_t=course.trace.now())
            if "set-cookie" in response.headers:
                _remember(cookies, response)
            location = _location(response, learnt)
            body_s = max(_LEAST_S, min(timeout_s, course.trace.left_s()))
            await _body(response, tcp, place.scheme, learnt, body_s, most_bytes)
        except HTTP_ERRORS as exc:
            raise plain_error(exc) from exc
        finally:
            reads = tcp.reads[before:]
            beside_kbps = _beside_kbps(reads, traffic.received_by_all() - came)
            learnt.update(curve=_curve(course, reads), tcp_info=tcp.info(), beside_kbps=beside_kbps)
            tcp.close()
    return location


def _beside_kbps(reads: list[tuple[float, int]], came: int) -> float | None:
    """What all others received from the first read to the last, of so many bytes in all."""
    seconds = reads[-1][0] - reads[0][0] if reads else 0.0
    # Of what came within a moment no speed can be told.
    return round((came - sum(size for _, size in reads)) * 8 / 1000 / seconds, 1) if seconds > _MOMENT_S else None


def _curve(course: Course, reads: list[tuple[float, int]]) -> tuple[tuple[float, int], ...]:
    """Raw bytes over time, thinned; none where a single read brought all, or too little to time."""
    sums = list(accumulate(size for _, size in reads))
    if len(reads) < 2 or sums[-1] < _CURVE_BYTES:
        return ()
    last = len(reads) - 1
    kept = sorted({round(place * last / _CURVE_POINTS) for place in range(_CURVE_POINTS + 1)})
    return tuple((round(course.trace.at(reads[place][0]), 4), sums[place]) for place in kept)


def _remember(cookies: Cookies, response: Any) -> None:
    """Keeps the cookies that a request can carry."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # dates in the year 10^50 are said to be a bug of http.cookiejar
        cookies.extract_cookies(response)
    for cookie in tuple(cookies.jar):
        if (
            not f"{cookie.path}{cookie.name}{cookie.value}".isascii()
            or not f"{cookie.name}{cookie.value}".isprintable()
        ):
            cookies.jar.clear(cookie.domain, cookie.path, cookie.name)


def _head(response: Any) -> dict[str, Any]:
    return {
        "status": response.status_code,
        "http_version": response.http_version,
        "headers": _kept(response.headers.multi_items()),
    }


async def _body(
    response: Any, tcp: Tcp, scheme: str, learnt: dict[str, Any], timeout_s: float, most_bytes: int
) -> None:
    """Reads the body into what was learnt, also when it ends with a failure."""
    body = bytearray()
    already = len(tcp.reads)
    try:
        learnt["capped"] = await _fill(body, response, tcp, timeout_s, most_bytes)
    finally:
        del body[most_bytes:]
        text = _text(bytes(body), response.headers.get("content-type", ""))
        learnt.update(
            body_bytes=len(body),
            body_sha256=hashlib.sha256(body).hexdigest(),
            title=_title(text),
            kbps=_kbps(tcp.reads[max(0, already - 1) :]),
            # Without TLS anyone on the path may have written it: what was said is evidence.
            body=scrubbed(text[:_EVIDENCE_LENGTH]) if scheme == "http" else None,
        )


async def _fill(body: bytearray, response: Any, tcp: Tcp, timeout_s: float, most_bytes: int) -> bool:
    """Whether the body was cut by us: by its size, or by its time while it still flowed."""
    tcp.allow(_RAW_BYTES)
    try:
        decoder = Decoder(response.headers.get_list("content-encoding", split_commas=True))
        async with asyncio.timeout(timeout_s):
            async for part in response.stream:
                for piece in decoder.unpack(part):
                    body += piece
                    if len(body) >= most_bytes:
                        return True
    except TooMuch:
        return True
    except TimeoutError:
        if time.monotonic() - tcp.reads[-1][0] > min(_STALLED_S, timeout_s / 2):
            raise
        return True
    return False


def _location(response: Any, learnt: dict[str, Any]) -> str | None:
    """Where a redirect leads, absolute; a web address that can't be read is a failure."""
    target = response.headers.get("location")
    if response.status_code not in _REDIRECTS or not target:
        return None
    try:
        joined = _joined(response, target)
    except (Garbage, *HTTP_ERRORS) as exc:
        learnt.update(failure=Failure.HTTP_LOCATION, detail=scrubbed(str(exc))[:200])
        return None
    learnt["location"] = scrubbed_url(joined)
    return joined


def _joined(response: Any, target: str) -> str:
    """A redirect's target, absolute, IDN included. Raises Garbage or HTTP_ERRORS where it is no address."""
    if target.strip().rstrip("/").lower() in {"http:", "https:"}:
        raise Garbage(f"{target} names no host")  # joined, it would be this very page
    # A name and password in it are for who asks for them, which no page for everyone does.
    joined = str(response.url.join(target).copy_with(userinfo=b""))
    if joined.startswith(("http:", "https:")):
        where_to(joined)
    return joined


def _kept(headers: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    # A cookie can identify the one who got it, so its value stays out of the evidence.
    return tuple(
        (name.lower(), _cookie(value) if name.lower() == "set-cookie" else scrubbed(value)[:_HEADER_LENGTH])
        for name, value in headers[:_HEADERS_KEPT]
    )


def _cookie(value: str) -> str:
    name, equals, _ = value.partition(";")[0].partition("=")
    return name[:_HEADER_LENGTH] if equals else ""


def _text(body: bytes, content_type: str) -> str:
    found = _CHARSET.search(content_type.encode()) or _CHARSET.search(body[:2048])
    return body.decode(_codec(found[1].decode()) if found else "utf-8", errors="replace")


def _codec(charset: str) -> str:
    """A charset that the web knows; Python has others, which fail on bytes or make text that no file can hold."""
    try:
        name = codecs.lookup(charset).name.replace("_", "-")
        b"x".decode(name, errors="replace")  # hex and the like are codecs, but of no text
    except (LookupError, ValueError):
        return "utf-8"
    return "utf-8" if name in _NOT_OF_THE_WEB else name


def _title(text: str) -> str | None:
    begin = _TITLE.search(text)
    end = _TITLE_END.search(text, begin.end(), begin.end() + _TITLE_READ) if begin else None
    if begin is None or end is None:
        return None
    return scrubbed(" ".join(html.unescape(text[begin.end() : end.start()]).split()))[:_TITLE_LENGTH]


def _kbps(reads: list[tuple[float, int]]) -> float | None:
    """Body speed from raw reads: bytes after the first read over the time since it."""
    if len(reads) < 2:
        return None
    amount, seconds = sum(size for _, size in reads[1:]), reads[-1][0] - reads[0][0]
    return amount * 8 / seconds / 1000 if amount >= _TIMED_BYTES and seconds > 0 else None
