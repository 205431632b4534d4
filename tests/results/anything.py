"""Measurements as odd as their types allow, for promises that hold for every one of them.

Names, addresses and URLs come from small sets, so that steps meet: a random address is nobody's.
"""

from datetime import UTC
from functools import partial

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
    Reference,
    Source,
    TcpStep,
    TlsStep,
    Vantage,
    Via,
)
from tests.results.build import BOGON, FAR, HTTP, HTTPS, LIE, NEUTRAL, SITE, SITE6

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
    "attempt": st.integers(1, 2),
    "aim": st.sampled_from(Aim),
}
SOURCE = st.sampled_from([Source.SYSTEM, Source.SYSTEM, *Source])
built = partial(st.builds, **COMMON)
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
    ),
)
SOME_STEPS = st.lists(STEPS, max_size=14).map(tuple)
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
)
