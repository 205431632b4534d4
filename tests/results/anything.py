"""Measurements as odd as their types allow, for promises that hold for every one of them.

Names, addresses and URLs come from small sets, so that steps meet: a random address is nobody's.
"""

from datetime import UTC
from functools import partial
from typing import Any

from hypothesis import strategies as st

from results.failure import Failure
from results.records import (
    Aim,
    AnyStep,
    Certificate,
    Condition,
    Control,
    DnsAnswer,
    DnsStep,
    HttpStep,
    Layer,
    Measurement,
    Past,
    Reference,
    Source,
    TcpInfo,
    TcpStep,
    Throughput,
    TlsStep,
    Vantage,
    Via,
)
from tests.results.build import AT, BOGON, FAR, HOME, HTTP, HTTPS, LIE, NEUTRAL, SITE, SITE6, up

URLS = st.sampled_from([HTTPS, HTTP, f"{HTTPS}a", "https://warning.example.net/", "http://10.0.0.1/", "x", ""])
LOCATIONS = st.one_of(URLS, st.sampled_from(["tel:112", "http://", "//", "https://com.kz", "https://a.com.kz."]))
ADDRESSES = st.sampled_from([SITE, FAR, LIE, BOGON, SITE6, "no address"])
ENDPOINTS = st.sampled_from([f"{SITE}:443", f"{SITE}:80", f"{FAR}:443", f"{LIE}:80", f"[{SITE6}]:443", NEUTRAL, ""])
FAILURES = st.one_of(st.none(), st.sampled_from(Failure))
MOMENTS = st.floats(min_value=0, max_value=30)
AMOUNTS = st.integers(min_value=0, max_value=1 << 20)
WORDS = st.sampled_from(["", "Ratel.kz", "certificate has expired", "Доступ {c} ограничен", "\x00\u2028"])
HEADERS = st.sampled_from(["server", "x-a", "x-b", "date"])
NETWORKS = st.none() | st.sampled_from([1, 9198, 15133, 4_294_967_295])
COUNTRIES = st.none() | st.sampled_from(["KZ", "DE", ""])
DAYS = st.none() | st.datetimes(timezones=st.just(UTC))
CERTIFICATES = st.builds(
    Certificate,
    sha256=WORDS,
    sha1=WORDS,
    subject=WORDS,
    issuer=WORDS,
    not_before=DAYS,
    not_after=DAYS,
)
ANSWERS = st.builds(
    DnsAnswer,
    t=MOMENTS,
    failure=FAILURES,
    addresses=st.lists(ADDRESSES, max_size=2).map(tuple),
    rcode=WORDS,
    ip_ttl=st.none() | st.integers(0, 255),
)
COMMON = {
    "t0": MOMENTS,
    "t": MOMENTS,
    "failure": FAILURES,
    "detail": WORDS,
    "hop": st.integers(0, 2),
    "attempt": st.sampled_from([1, 1, 2, 2, 3, 10]),
    "aim": st.sampled_from(Aim),
}
SOURCE = st.sampled_from([Source.SYSTEM, Source.SYSTEM, *Source])
built = partial(st.builds, **COMMON)
TCP_INFOS = st.builds(
    TcpInfo, rtt_ms=MOMENTS, min_rtt_ms=MOMENTS, receive_rtt_ms=MOMENTS, out_of_order=st.integers(0, 9)
)
Curve = tuple[tuple[float, int], ...]


def _even(kbps: float, begins_s: float) -> Curve:
    """60 kB at one speed."""
    return tuple((begins_s + amount * 8 / 1000 / kbps, amount) for amount in range(0, 60_001, 3_000))


def _grown(points: list[tuple[float, int]]) -> Curve:
    return tuple(zip(*map(sorted, zip(*points, strict=True)), strict=True))


POINTS = st.lists(st.tuples(MOMENTS, AMOUNTS), max_size=6)
SLOWLY, FAST = (st.builds(_even, speeds, MOMENTS) for speeds in (st.sampled_from([127, 128, 130]), st.just(8_000)))
# As they come, and now and then with a clock that goes back or fewer bytes than before.
CURVES: st.SearchStrategy[Curve] = st.one_of(
    st.builds(_even, st.sampled_from([64, 128, 130, 600, 8_000]), MOMENTS), POINTS.map(_grown), POINTS.map(tuple)
)
STEPS: st.SearchStrategy[AnyStep] = st.one_of(
    built(
        DnsStep,
        endpoint=WORDS,
        name=WORDS,
        via=st.sampled_from(Via),
        answers=st.lists(ANSWERS, max_size=3).map(tuple),
    ),
    built(TcpStep, endpoint=ENDPOINTS, source=SOURCE),
    built(
        TlsStep,
        endpoint=ENDPOINTS,
        name=WORDS,
        source=SOURCE,
        alert=WORDS,
        rtt_ms=st.none() | MOMENTS,
        chain=st.lists(CERTIFICATES, max_size=2).map(tuple),
    ),
    built(
        HttpStep,
        endpoint=ENDPOINTS,
        url=URLS,
        source=SOURCE,
        status=st.none() | st.sampled_from([0, 200, 302, 403, 503]),
        headers=st.lists(st.tuples(HEADERS, WORDS), max_size=3).map(tuple),
        location=st.none() | LOCATIONS,
        title=st.none() | WORDS,
        body_bytes=st.none() | AMOUNTS,
        body_sha256=st.none() | WORDS,
        capped=st.booleans(),
        body=st.none() | WORDS,
        first_byte_t=st.none() | MOMENTS,
        kbps=st.none() | MOMENTS,
        curve=st.just(()) | CURVES,
        tcp_info=st.none() | TCP_INFOS,
        in_flight=st.none() | st.integers(0, 3),
        beside_kbps=st.none() | st.floats(min_value=-10, max_value=9_000),
    ),
)
SOME_STEPS = st.lists(STEPS, max_size=14).map(tuple)
SPEEDS = st.sampled_from([0.0, 600.0, 8_000.0]) | st.floats(min_value=0, max_value=90_000)
PASTS = st.builds(
    Past,
    since=st.datetimes(timezones=st.just(UTC)),
    checks=st.integers(0, 50),
    asn=NETWORKS,
    tls_ms=st.none() | MOMENTS,
    kbps=st.none() | SPEEDS,
)


@st.composite
def _fetches(draw: st.DrawFn, aim: Aim, attempt: int, curves: st.SearchStrategy[Curve]) -> list[AnyStep]:
    """One fetch of the page at the site's own address, whose times are anyone's."""
    place: dict[str, Any] = {"hop": 0, "aim": aim, "attempt": attempt, "endpoint": f"{SITE}:443"}
    # The page of a visit came, or there would be nothing to compare.
    visits = aim is Aim.VISIT
    failures = st.none() if visits else st.sampled_from([None, None, None, Failure.TIMEOUT, Failure.RESET])
    begun, read = draw(MOMENTS), draw(curves)
    steps: list[AnyStep] = [TcpStep(t0=begun, t=draw(MOMENTS), **place)]
    if visits or draw(st.booleans()):
        took: dict[str, Any] = {
            "t0": begun,
            "t": draw(MOMENTS),
            "failure": draw(failures),
            "received_bytes": draw(AMOUNTS),
        }
        steps.append(TlsStep(name="ratel.kz", **took, **place))
    if visits or draw(st.booleans()):
        page: dict[str, Any] = {"url": HTTPS, "t0": begun, "t": draw(MOMENTS), "failure": draw(failures), "status": 200}
        size: dict[str, Any] = {
            "body_bytes": draw(st.sampled_from([0, 60_000])),
            "first_byte_t": draw(st.none() | MOMENTS),
        }
        load: dict[str, Any] = {
            "in_flight": draw(st.sampled_from([None, 0, 3])),
            "beside_kbps": draw(st.none() | MOMENTS),
        }
        steps.append(HttpStep(curve=read, kbps=draw(st.none() | MOMENTS), **page, **size, **load, **place))
    return steps


@st.composite
def compared(draw: st.DrawFn) -> Measurement:
    """A page that came, at whatever speed, and up to ten pairs of samples beside it."""
    # Alike or not: with the site's name, with another, at the control.
    named, other, far = (draw(st.sampled_from([CURVES, SLOWLY, FAST])) for _ in range(3))
    shown = [draw(_fetches(Aim.VISIT, 1, curves)) for curves in (named, far)]
    pairs = [
        step
        for number in range(1, draw(st.integers(0, 10)) + 1)
        for aim, curves in ((Aim.SAMPLE, named), (Aim.SAMPLE_NEUTRAL, other))
        for step in draw(_fetches(aim, number, curves))
    ]
    beside = [*pairs, *(step for number in (1, 2) for step in draw(_fetches(Aim.SAMPLE_LINE, number, CURVES)))]
    control = Control(name="", hops=(HTTPS,), steps=tuple(shown[1]))
    return Measurement(
        uid="1",
        url=HTTPS,
        started_at=AT,
        runtime_ms=1.0,
        vantage=HOME,
        hops=(HTTPS,),
        steps=tuple(shown[0] + beside),
        control=draw(st.none() | st.just(control)),
        references=up(),
        throughput=draw(st.sampled_from(Throughput)),
        past=draw(st.none() | PASTS),
        line_kbps=draw(st.none() | SPEEDS),
    )


HOPS = st.lists(URLS, max_size=3).map(tuple) | st.just((HTTPS, f"{HTTPS}a") * 6)
CONTROLS = st.builds(
    Control,
    name=WORDS,
    failure=st.sampled_from([None, None, Failure.TIMEOUT]),
    hops=HOPS,
    steps=SOME_STEPS,
    at=DAYS,
    asker_asn=NETWORKS,
    asker_country=COUNTRIES,
)
REFERENCES = st.builds(
    Reference,
    url=URLS,
    failure=FAILURES,
    layer=st.none() | st.sampled_from(Layer),
    gone=st.booleans(),
    handshake_ms=st.none() | MOMENTS,
    detail=WORDS,
    chain=st.lists(CERTIFICATES, max_size=2).map(tuple),
    plain_status=st.none() | st.sampled_from([0, 200, 302, 511]),
    plain_host=st.none() | st.sampled_from(["ratel.kz", "login.hotel.example", ""]),
)
CONDITIONS = st.builds(
    Condition,
    asn_before=NETWORKS,
    asn_after=NETWORKS,
    moved=st.booleans(),
    clock_ahead_s=st.none() | st.sampled_from([0.0, -90_000.0, 1e9]) | MOMENTS,
    ipv6=st.none() | st.booleans(),
    asn_table=st.sampled_from(["", "2026-11-01"]),
)
ASNS = st.dictionaries(ADDRESSES, st.sampled_from([1, 9198, 15133]), max_size=4)
VANTAGES = st.builds(Vantage, name=WORDS, country=st.none() | WORDS, asn=st.none() | AMOUNTS)
MEASUREMENTS = st.builds(
    Measurement,
    uid=WORDS,
    url=URLS,
    started_at=st.datetimes(timezones=st.just(UTC)),
    runtime_ms=MOMENTS,
    vantage=VANTAGES,
    hops=HOPS,
    cut_short=st.booleans(),
    steps=SOME_STEPS,
    control=st.none() | CONTROLS,
    more_controls=st.just(()) | st.lists(CONTROLS, max_size=2).map(tuple),
    condition=st.none() | CONDITIONS,
    asns=ASNS,
    references=st.none() | st.lists(REFERENCES, max_size=2).map(tuple),
    loop_lag_ms=st.none() | MOMENTS,
    throughput=st.sampled_from(Throughput),
    past=st.none() | PASTS,
    line_kbps=st.none() | SPEEDS,
)
