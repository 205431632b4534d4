"""A page that comes slowly: slow for its name alone, at its address, or for a reason that is nobody's doing."""

from dataclasses import replace

from results.failure import Failure
from results.records import Aim, AnyStep, HttpStep, TlsStep
from tests.results.build import aimed, dns, page, request, seen, tcp, tls, twice
from tests.results.scenarios.row import ACCESSIBLE, CONFIRMED, LIKELY, THROTTLED, Row

WAY = (tcp(), tls())
SIZE = 60_000
FINE = (dns(), *WAY, page(length=SIZE, kbps=20_000.0))
STOPPED = request(Failure.TIMEOUT, status=200, got=16_384)


def body(kbps: float, *, size: int = SIZE, begins_s: float = 1.0) -> HttpStep:
    """A page whose bytes come at one speed, after 60 ms of waiting."""
    first_s, points = begins_s + 0.06, 20
    times = [
        (first_s + size * part / points * 8 / kbps / 1000, round(size * part / points)) for part in range(points + 1)
    ]
    came = page(length=size, kbps=kbps, curve=tuple(times))
    return replace(came, t0=begins_s, t=times[-1][0], first_byte_t=first_s)


def fetch(aim: Aim, number: int, page: HttpStep, *, handshake_s: float = 0.1) -> list[AnyStep]:
    """One sample: the page over a connection of its own."""
    shaken: TlsStep = replace(tls(), t0=0.5, t=0.5 + handshake_s)
    return [replace(step, attempt=number) for step in aimed(aim, tcp(), shaken, page)]


def pair(number: int, named: HttpStep, neutral: HttpStep, *, handshake_s: float = 0.1) -> list[AnyStep]:
    return [
        *fetch(Aim.SAMPLE_NEUTRAL, number, neutral),
        *fetch(Aim.SAMPLE, number, named, handshake_s=handshake_s),
    ]


def line(kbps: float) -> list[AnyStep]:
    return fetch(Aim.SAMPLE_LINE, 1, body(kbps))


SLOW, FAST = body(128), body(8_000)
VISIT = (dns(), *WAY, SLOW)
LATE_HANDSHAKE = replace(tls(), t0=0.5, t=2.5)
LATE = replace(FAST, t0=1.0, t=4.0, first_byte_t=3.8)

ROWS = [
    Row(
        "the same bytes come slowly with the site's name, twice, and fast with another",
        seen(*VISIT, *pair(1, SLOW, FAST), *pair(2, SLOW, FAST), control=FINE),
        THROTTLED, CONFIRMED, "speed_by_name", "throughput.low",
    ),
    Row(
        "the same without a control and without a working reference",
        seen(*VISIT, *pair(1, SLOW, FAST), *pair(2, SLOW, FAST), references=()),
        THROTTLED, CONFIRMED, "speed_by_name", "throughput.low",
    ),
    Row(
        "handshake and first byte wait for seconds with the site's name alone",
        seen(dns(), tcp(), LATE_HANDSHAKE, LATE, *pair(1, LATE, FAST, handshake_s=2.0),
             *pair(2, LATE, FAST, handshake_s=1.9), control=FINE),
        THROTTLED, CONFIRMED, "speed_by_name", "latency.high",
    ),
    Row(
        "the server makes everyone wait for this name, the control too",
        seen(dns(), tcp(), LATE_HANDSHAKE, LATE, *pair(1, LATE, FAST, handshake_s=2.0),
             *pair(2, LATE, FAST, handshake_s=1.9), control=[dns(), tcp(), LATE_HANDSHAKE, LATE]),
        ACCESSIBLE, CONFIRMED, "page_arrived speed_not_by_name",
    ),
    Row(
        "the server gives this name's page slowly to everyone, the control too",
        seen(*VISIT, *pair(1, SLOW, FAST), *pair(2, SLOW, FAST), control=VISIT),
        ACCESSIBLE, CONFIRMED, "page_arrived speed_not_by_name",
    ),
    Row(
        "slow once with the site's name, not the next time: a lost packet",
        seen(*VISIT, *pair(1, SLOW, FAST), *pair(2, FAST, FAST), control=FINE),
        ACCESSIBLE, CONFIRMED, "page_arrived speed_not_by_name",
    ),
    Row(
        "one pair alone is no proof",
        seen(*VISIT, *pair(1, SLOW, FAST), control=FINE),
        ACCESSIBLE, CONFIRMED, "page_arrived speed_not_by_name",
    ),
    Row(
        "slow with every name at this address, and fast for the control and from a reference",
        seen(*VISIT, *pair(1, SLOW, SLOW), *line(4_000), control=FINE),
        THROTTLED, LIKELY, "speed_by_address", "throughput.low",
    ),
    Row(
        "slow with every name, and from a reference as well: the line",
        seen(*VISIT, *pair(1, SLOW, SLOW), *line(128), control=FINE),
        ACCESSIBLE, CONFIRMED, "page_arrived speed_not_by_name",
    ),
    Row(
        "slow with every name, and for the control as well: the site",
        seen(*VISIT, *pair(1, SLOW, SLOW), *line(4_000), control=[dns(), *WAY, page(length=SIZE, kbps=130.0)]),
        ACCESSIBLE, CONFIRMED, "page_arrived speed_not_by_name",
    ),
    Row(
        "slow at this address, now more and now less: congestion",
        seen(*VISIT, *pair(1, body(300), body(190)), *line(4_000), control=FINE),
        ACCESSIBLE, CONFIRMED, "page_arrived speed_not_by_name",
    ),
    Row(
        "the page stops with the site's name, and comes whole with another at the same address; no control",
        seen(dns(), *twice(*WAY, STOPPED), *pair(1, STOPPED, FAST)),
        THROTTLED, CONFIRMED, "http_body_stops_for_name", "throughput.freeze",
    ),
]  # fmt: skip
