"""A page that comes slowly: slow for its name alone, at its address, or for a reason that is nobody's doing."""

from dataclasses import replace

from results.failure import Failure
from results.records import Aim, AnyStep, HttpStep, Past, TcpStep, TlsStep
from tests.results.build import AT, HOME, SITE, TWIN, aimed, at, dns, page, request, seen, tcp, tls, twice
from tests.results.scenarios.row import ACCESSIBLE, CONFIRMED, LIKELY, THROTTLED, UNKNOWN, WEAK, Row

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


def uneven(kbps: float) -> HttpStep:
    """The same on the whole, in one second of five at three times that."""
    even = body(kbps)
    pace = [(second, 3.0 if second % 5 == 3 else 0.5) for second in range(10)]
    came, times = 0.0, [(even.curve[0][0], 0)]
    for second, much in pace:
        came += kbps * 1000 / 8 * much
        times.append((even.curve[0][0] + second + 1, round(came)))
    t = times[-1][0]
    return replace(even, curve=tuple(times), body_bytes=round(came), t=t, kbps=kbps)


def shaken(seconds: float, came: int = 0) -> TlsStep:
    return replace(tls(received_bytes=came), t0=0.5, t=0.5 + seconds)


def fetch(
    aim: Aim, number: int, page: HttpStep, *, handshake_s: float = 0.1, handshake_bytes: int = 0
) -> list[AnyStep]:
    """One sample: the page over a connection of its own."""
    way = (tcp(), shaken(handshake_s, handshake_bytes), page)
    return [replace(step, attempt=number) for step in aimed(aim, *way)]


def pair(
    number: int, named: HttpStep, neutral: HttpStep, *, handshake_s: float = 0.1, handshake_bytes: int = 0
) -> list[AnyStep]:
    return [
        *fetch(Aim.SAMPLE_NEUTRAL, number, neutral, handshake_bytes=handshake_bytes),
        *fetch(Aim.SAMPLE, number, named, handshake_s=handshake_s, handshake_bytes=handshake_bytes),
    ]


def pairs_of(named: list[HttpStep], neutral: list[HttpStep], **more: float) -> list[AnyStep]:
    both = enumerate(zip(named, neutral, strict=True), 1)
    return [step for number, (slow, fast) in both for step in pair(number, slow, fast, **more)]  # type: ignore[arg-type]


def handshakes(*seconds: tuple[float, float]) -> list[AnyStep]:
    """Pairs of handshakes alone, with the site's name and with another."""
    return [
        replace(step, attempt=number)
        for number, (named, neutral) in enumerate(seconds, 1)
        for step in (
            *aimed(Aim.SAMPLE, tcp(), shaken(named)),
            *aimed(Aim.SAMPLE_NEUTRAL, tcp(), shaken(neutral)),
        )
    ]


def beside(page: HttpStep, kbps: float) -> HttpStep:
    """A sample beside which three other checks received so much."""
    return replace(page, in_flight=3, beside_kbps=kbps)


def line(kbps: float) -> list[AnyStep]:
    return fetch(Aim.SAMPLE_LINE, 1, body(kbps))


def far(*steps: AnyStep) -> list[AnyStep]:
    """The same over a way of 450 ms there and back."""
    return [replace(step, t=step.t0 + 0.45) if isinstance(step, TcpStep) else step for step in steps]


SLOW, FAST = body(128), body(8_000)
UNEVEN = uneven(128)
VISIT = (dns(), *WAY, SLOW)
CROWDED = beside(SLOW, 9_000)
REFUSED = page(421, title="Misdirected Request", length=300)
LATE_HANDSHAKE = shaken(2.0)
LATE = replace(FAST, t0=1.0, t=4.0, first_byte_t=3.8)
BEFORE = Past(since=AT, checks=20, asn=HOME.asn, tls_ms=100.0, kbps=4_000.0)
HALF = [body(640 * much) for much in (1, 1.1, 0.9, 1.05, 0.95, 1, 1.1, 0.9, 1.05, 0.95)]
WHOLE = [body(1_280 * much) for much in (1.05, 0.95, 1, 1.1, 0.9, 1.05, 0.95, 1, 1.1, 0.9)]

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
        "the server gives this name's page slowly to everyone, and one of our samples was cut early",
        seen(*VISIT, *pairs_of([body(128, size=15_000), SLOW, SLOW], [FAST] * 3), control=VISIT),
        ACCESSIBLE, CONFIRMED, "page_arrived speed_not_by_name",
    ),
    Row(
        "slow once with the site's name, not the next time: a lost packet",
        seen(*VISIT, *pair(1, SLOW, FAST), *pair(2, FAST, FAST), control=FINE),
        ACCESSIBLE, CONFIRMED, "page_arrived speed_not_by_name",
    ),
    Row(
        "time for one pair alone, and the visit had the speed of its slow sample",
        seen(*VISIT, *pair(1, SLOW, FAST), control=FINE),
        THROTTLED, LIKELY, "speed_by_name", "throughput.low",
    ),
    Row(
        "time for one pair alone, and the visit had another speed",
        seen(dns(), *WAY, body(400), *pair(1, SLOW, FAST), control=FINE),
        ACCESSIBLE, CONFIRMED, "page_arrived speed_not_by_name",
    ),
    Row(
        "time for one pair alone, and the other name was not several times as fast",
        seen(*VISIT, *pair(1, SLOW, body(330)), control=FINE),
        ACCESSIBLE, CONFIRMED, "page_arrived speed_not_by_name",
    ),
    Row(
        "time for one pair alone, beside other checks' pages",
        seen(*VISIT, *pair(1, CROWDED, FAST), control=FINE),
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
        "the first sample with each name came beside others, and what came later and alone is as slow",
        seen(*VISIT, *pair(1, CROWDED, CROWDED), *pair(2, SLOW, SLOW), *fetch(Aim.SAMPLE, 3, SLOW), *line(4_000),
             control=FINE),
        THROTTLED, LIKELY, "speed_by_address", "throughput.low",
    ),
    Row(
        "slow with every name, but each time beside other checks' pages",
        seen(dns(), *WAY, CROWDED, *pairs_of([CROWDED] * 2, [CROWDED] * 2), *line(4_000), control=FINE),
        ACCESSIBLE, CONFIRMED, "page_arrived speed_not_by_name",
    ),
    Row(
        "slow with every name, and the line is not proven to be several times as fast",
        seen(*VISIT, *pair(1, SLOW, SLOW), *line(400), control=FINE),
        ACCESSIBLE, CONFIRMED, "page_arrived speed_not_by_name",
    ),
    Row(
        "slow with every name, at one average and with fast seconds in between: an evening",
        seen(dns(), *WAY, UNEVEN, *pairs_of([UNEVEN] * 2, [UNEVEN] * 2), *line(4_000), control=FINE),
        ACCESSIBLE, CONFIRMED, "page_arrived speed_not_by_name",
    ),
    Row(
        "slow with every name, and nothing was asked of the line",
        seen(*VISIT, *pair(1, SLOW, SLOW), control=FINE),
        ACCESSIBLE, CONFIRMED, "page_arrived speed_not_by_name",
    ),
    Row(
        "slow with every name, and the control has the page from another of the site's addresses",
        seen(*VISIT, *pair(1, SLOW, SLOW), *line(4_000), control=[dns(SITE, TWIN), *at(TWIN, *WAY, FINE[-1])]),
        ACCESSIBLE, CONFIRMED, "page_arrived speed_not_by_name",
    ),
    Row(
        "slow each time with the site's name, and no other name gets the page",
        seen(*VISIT, *pair(1, SLOW, REFUSED), *pair(2, SLOW, REFUSED), *line(4_000), control=FINE),
        THROTTLED, LIKELY, "speed_here_only", "throughput.low",
    ),
    Row(
        "slow once with the site's name, and no other name gets the page",
        seen(*VISIT, *pair(1, SLOW, REFUSED), *line(4_000), control=FINE),
        ACCESSIBLE, CONFIRMED, "page_arrived",
    ),
    Row(
        "two pairs in which the site's name is slow, beside other checks' pages",
        seen(*VISIT, *pair(1, CROWDED, FAST), *pair(2, CROWDED, FAST), control=FINE),
        ACCESSIBLE, CONFIRMED, "page_arrived speed_not_by_name",
    ),
    Row(
        "three pairs in which the site's name is slow, beside other checks' pages",
        seen(*VISIT, *pairs_of([CROWDED] * 3, [FAST] * 3), control=FINE),
        THROTTLED, CONFIRMED, "speed_by_name", "throughput.low",
    ),
    Row(
        "two pairs in which the site's name is slow, beside checks that received next to nothing",
        seen(*VISIT, *pairs_of([beside(SLOW, 5)] * 2, [FAST] * 2), control=FINE),
        THROTTLED, CONFIRMED, "speed_by_name", "throughput.low",
    ),
    Row(
        "handshakes alone are late with the site's name, now more and now less, three times",
        seen(dns(), tcp(), LATE_HANDSHAKE, FAST, *handshakes((2.0, 0.1), (0.9, 0.2), (1.6, 0.1)), control=FINE),
        THROTTLED, CONFIRMED, "speed_by_name", "latency.high",
    ),
    Row(
        "handshakes alone are late by the same delay, twice",
        seen(dns(), tcp(), LATE_HANDSHAKE, FAST, *handshakes((1.1, 0.1), (1.2, 0.1)), control=FINE),
        THROTTLED, CONFIRMED, "speed_by_name", "latency.high",
    ),
    Row(
        "a handshake is late once with the site's name: a lost packet",
        seen(dns(), tcp(), LATE_HANDSHAKE, FAST, *handshakes((1.1, 0.1), (0.1, 0.1), (0.1, 0.1)), control=FINE),
        ACCESSIBLE, CONFIRMED, "page_arrived",
    ),
    Row(
        "handshakes alone are late with the site's name, and for the control as well",
        seen(dns(), tcp(), LATE_HANDSHAKE, FAST, *handshakes((2.0, 0.1), (2.0, 0.1), (2.0, 0.1)),
             control=[dns(), tcp(), LATE_HANDSHAKE, FAST]),
        ACCESSIBLE, CONFIRMED, "page_arrived",
    ),
    Row(
        "the handshake is late as well, since its certificates come at the speed of the page",
        seen(dns(), tcp(), shaken(0.5, 5_000), SLOW,
             *pairs_of([SLOW] * 2, [FAST] * 2, handshake_s=0.5, handshake_bytes=5_000), control=FINE),
        THROTTLED, CONFIRMED, "speed_by_name", "throughput.low",
    ),
    Row(
        "the handshake is late by more than its certificates take, and the page slower than that delay makes it",
        seen(dns(), tcp(), shaken(0.5), SLOW, *pairs_of([SLOW] * 2, [FAST] * 2, handshake_s=0.5), control=FINE),
        THROTTLED, CONFIRMED, "speed_by_name", "latency.high throughput.low",
    ),
    Row(
        "the page is slow because each of its round trips is as late as the handshake",
        seen(dns(), tcp(), LATE_HANDSHAKE, SLOW, *pairs_of([SLOW] * 2, [FAST] * 2, handshake_s=2.1), control=FINE),
        THROTTLED, CONFIRMED, "speed_by_name", "latency.high",
    ),
    Row(
        "looked at thoroughly, ten pairs: half as fast with the site's name",
        seen(dns(), *WAY, HALF[0], *pairs_of(HALF, WHOLE), control=FINE),
        THROTTLED, CONFIRMED, "speed_by_name", "throughput.low",
    ),
    Row(
        "looked at thoroughly, ten pairs: as fast with the site's name as with another",
        seen(dns(), *WAY, HALF[0], *pairs_of(HALF, HALF[5:] + HALF[:5]), *line(900), control=FINE),
        ACCESSIBLE, CONFIRMED, "page_arrived speed_not_by_name",
    ),
    Row(
        "two pairs: half as fast with the site's name is too little to tell",
        seen(dns(), *WAY, HALF[0], *pairs_of(HALF[:2], WHOLE[:2]), *line(900), control=FINE),
        ACCESSIBLE, CONFIRMED, "page_arrived speed_not_by_name",
    ),
    Row(
        "it came at a tenth of what this line got before",
        seen(dns(), *WAY, body(400), past=BEFORE, control=FINE),
        ACCESSIBLE, CONFIRMED, "page_arrived speed_below_past",
    ),
    Row(
        "it came at a tenth of what another network got before",
        seen(dns(), *WAY, body(400), past=replace(BEFORE, asn=21299), control=FINE),
        ACCESSIBLE, CONFIRMED, "page_arrived",
    ),
    Row(
        "it came at half of what this line got before",
        seen(dns(), *WAY, body(2_000), past=BEFORE, control=FINE),
        ACCESSIBLE, CONFIRMED, "page_arrived",
    ),
    Row(
        "a small page from a distant node: its round trips take the time, whatever the name",
        seen(dns(), *far(*WAY), body(300, size=30_000), *far(*pair(1, *[body(300, size=30_000)] * 2)),
             *far(*line(4_000)),
             control=[dns(), *WAY, page(length=30_000, kbps=20_000.0)]),
        ACCESSIBLE, CONFIRMED, "page_arrived speed_not_by_name",
    ),
    Row(
        "as slow from a node nearby: held to that speed",
        seen(dns(), *WAY, body(300, size=30_000), *pair(1, *[body(300, size=30_000)] * 2), *line(4_000),
             control=[dns(), *WAY, page(length=30_000, kbps=20_000.0)]),
        THROTTLED, LIKELY, "speed_by_address", "throughput.low",
    ),
    Row(
        "fast at this address first and then slow, whatever the name: an evening",
        seen(dns(), *WAY, FAST, *pair(1, FAST, FAST), *pair(2, SLOW, SLOW), *pair(3, SLOW, SLOW), *line(4_000),
             control=FINE),
        ACCESSIBLE, CONFIRMED, "page_arrived speed_not_by_name",
    ),
    Row(
        "it still came when our time was over, as slowly as anything over this line",
        seen(dns(), *WAY, replace(SLOW, capped=True), *pair(1, SLOW, SLOW), *line(128),
             control=[dns(), *WAY, page(length=400_000, kbps=20_000.0)]),
        ACCESSIBLE, LIKELY, "page_arrived speed_of_the_line",
    ),
    Row(
        "it still came when our time was over, and this line brings more from elsewhere",
        seen(dns(), *WAY, replace(SLOW, capped=True), *pair(1, SLOW, SLOW), *line(400),
             control=[dns(), *WAY, page(length=400_000, kbps=20_000.0)]),
        UNKNOWN, WEAK, "http_still_coming",
    ),
    Row(
        "the page stops with the site's name, and no other name gets it; the control gets it whole",
        seen(dns(), *twice(*WAY, STOPPED), *pair(1, STOPPED, REFUSED), control=FINE),
        THROTTLED, LIKELY, "http_body_stops_here_only", "throughput.freeze",
    ),
    Row(
        "the page stops with the site's name, and comes whole with another at the same address; no control",
        seen(dns(), *twice(*WAY, STOPPED), *pair(1, STOPPED, FAST)),
        THROTTLED, CONFIRMED, "http_body_stops_for_name", "throughput.freeze",
    ),
]  # fmt: skip
