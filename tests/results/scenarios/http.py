"""The page over TLS, and requests that get none. Pages that nothing proves are in pages.py."""

from results.failure import Failure
from results.records import HttpStep, Source
from tests.results.build import (
    HTTP,
    NEUTRAL,
    SITE,
    TWIN,
    UNREACHABLE_CONTROL,
    again,
    at,
    baseline,
    by,
    dns,
    elsewhere,
    neutral_name,
    page,
    request,
    seen,
    tcp,
    tls,
    trusted,
    twice,
)
from tests.results.scenarios.row import ACCESSIBLE, BLOCKED, CONFIRMED, DOWN, LIKELY, THROTTLED, UNKNOWN, WEAK, Row

WAY = (tcp(), tls())
FINE = (dns(), *WAY, page())
OPEN_FINE = (dns(), tcp(), page())
RESET_OPEN = (dns(), *twice(tcp(), request(Failure.RESET)))
OTHER_NAME_ANSWERS = neutral_name(tcp(), page(404))


def half(failure: Failure) -> HttpStep:
    """The head came, and a part of the body."""
    return request(failure, status=200, got=16_384)


def fails_here(failure: Failure, mechanism: str) -> Row:
    return Row(
        f"the request ends with {failure} here, the control gets the page",
        seen(dns(), *twice(*WAY, request(failure)), control=FINE),
        BLOCKED, LIKELY, "http_fails_here_only", mechanism,
    )  # fmt: skip


def refuses(status: int, title: str) -> Row:
    return Row(
        f"the site itself says {status} ({title}) over its own certificate, and 200 to the control",
        seen(dns(), *WAY, page(status, title=title, length=900), control=FINE),
        ACCESSIBLE, CONFIRMED, "page_arrived http_site_refuses",
    )  # fmt: skip


REQUESTS = [
    fails_here(Failure.RESET, "http.reset"),
    fails_here(Failure.ABORTED, "http.reset"),
    fails_here(Failure.TIMEOUT, "http.timeout"),
    fails_here(Failure.TIMED_OUT, "http.timeout"),
    fails_here(Failure.CLOSED, "http.closed"),
    Row(
        "what comes here without TLS is no HTTP, the control gets the page",
        seen(*twice(dns(), tcp(), request(Failure.HTTP_GARBAGE)), url=HTTP, control=OPEN_FINE),
        BLOCKED, LIKELY, "http_fails_here_only", "http.tampered",
    ),
    Row(
        "the request is reset here, while one for another name is answered at the same address",
        seen(*RESET_OPEN, *OTHER_NAME_ANSWERS, url=HTTP, control=OPEN_FINE),
        BLOCKED, CONFIRMED, "http_fails_here_only", "http.reset",
    ),
    Row(
        "an empty answer for all: the connection is closed without a word",
        seen(dns(), *twice(*WAY, request(Failure.CLOSED)), control=[dns(), *twice(*WAY, request(Failure.CLOSED))]),
        DOWN, LIKELY, "http_fails_for_control_too",
    ),
    Row(
        "no answer for all, from a site that answers other names only",
        seen(*RESET_OPEN, *OTHER_NAME_ANSWERS, *elsewhere(tcp(), request(Failure.RESET)), *baseline(tcp(), page(404)),
             url=HTTP, control=RESET_OPEN),
        DOWN, LIKELY, "http_fails_for_control_too",
    ),
    Row(
        "no answer here, and the control came to the connection only, since its own resolver failed",
        seen(dns(), *twice(*WAY, request(Failure.RESET)),
             control=[dns(Failure.DNS_TEMPORARY), *by(Source.PROBE, *WAY)]),
        UNKNOWN, WEAK, "http_fails_uncompared",
    ),
    Row(
        "without a control the A/B tests isolate the name in the request",
        seen(*RESET_OPEN, *OTHER_NAME_ANSWERS, *elsewhere(tcp(), request(Failure.RESET)), *baseline(tcp(), page(404)),
             url=HTTP, control=UNREACHABLE_CONTROL),
        BLOCKED, CONFIRMED, "http_name_triggers", "http.reset",
    ),
    Row(
        "without a control, and the neutral address took no connection for the request with the site's name",
        seen(dns(), *twice(tcp(), request(Failure.TIMEOUT)), *OTHER_NAME_ANSWERS, *elsewhere(tcp(Failure.TIMEOUT)),
             *baseline(tcp(), page(404)), url=HTTP),
        UNKNOWN, WEAK, "http_fails_uncompared",
    ),
    Row(
        "a redirect without TLS to what is no web address, which the control does not get",
        seen(*twice(dns(), tcp(), request(Failure.HTTP_LOCATION, status=302)), url=HTTP, control=OPEN_FINE),
        UNKNOWN, WEAK, "http_location_unreadable",
    ),
    Row(
        "the site itself redirects us to what is no web address, and not the control",
        seen(dns(), *twice(*WAY, request(Failure.HTTP_LOCATION, status=302)), control=FINE),
        ACCESSIBLE, CONFIRMED, "http_site_misleads",
    ),
    Row(
        "garbage here over the site's own certificate, a page for the control",
        seen(dns(), *twice(*WAY, request(Failure.HTTP_GARBAGE)), control=FINE),
        UNKNOWN, WEAK, "http_site_garbles",
    ),
    Row(
        "our address resets the control's plain request as well, another of the site's answers it",
        seen(*RESET_OPEN, url=HTTP, control=[dns(TWIN), *at(TWIN, tcp(), page()),
             *by(Source.PROBE, tcp(), request(Failure.RESET))]),
        UNKNOWN, WEAK, "http_other_address_alive",
    ),
    Row(
        "an empty page over the site's own certificate, for the control as well",
        seen(dns(), tcp(), tls(), page(length=0), control=[dns(), tcp(), tls(), page(length=0)]),
        DOWN, LIKELY, "http_empty_for_all",
    ),
    Row(
        "the page still flows when our time is over, and the control gets all of it",
        seen(dns(), *WAY, page(length=60_000, capped=True), control=[dns(), *WAY, page(length=400_000)]),
        UNKNOWN, WEAK, "http_still_coming",
    ),
    Row(
        "a page that is longer than we read, for the control as well",
        seen(dns(), tcp(), tls(), page(length=524_288, capped=True),
             control=[dns(), tcp(), tls(), page(length=524_288, capped=True)]),
        ACCESSIBLE, CONFIRMED, "page_arrived",
    ),
    Row(
        "an empty page over the site's own certificate, and not for the control",
        seen(dns(), tcp(), tls(), page(length=0), control=FINE),
        ACCESSIBLE, CONFIRMED, "page_arrived",
    ),
    Row(
        "a redirect to what is no web address for all",
        seen(dns(), *twice(*WAY, request(Failure.HTTP_LOCATION, status=302)),
             control=[dns(), *twice(*WAY, request(Failure.HTTP_LOCATION, status=302))]),
        DOWN, LIKELY, "http_fails_for_control_too",
    ),
    Row(
        "no answer, and no control and no test to say more",
        seen(*RESET_OPEN, url=HTTP),
        UNKNOWN, WEAK, "http_fails_uncompared",
    ),
    Row(
        "the page freezes after 16 kB here",
        seen(dns(), *twice(*WAY, half(Failure.TIMEOUT)), control=FINE),
        THROTTLED, LIKELY, "http_body_stops_here_only", "throughput.freeze",
    ),
    Row(
        "the page is cut by a reset after 16 kB here",
        seen(dns(), *twice(*WAY, half(Failure.RESET)), control=FINE),
        BLOCKED, LIKELY, "http_body_cut_here_only", "http.truncated",
    ),
    Row(
        "the page is cut for all",
        seen(dns(), *twice(*WAY, half(Failure.CLOSED)),
             control=[dns(), *twice(*WAY, half(Failure.CLOSED))]),
        DOWN, LIKELY, "http_fails_for_control_too",
    ),
    Row(
        "the page is cut, and no control is set, though the A/B tests look like a trigger",
        seen(dns(), *twice(tcp(), half(Failure.CLOSED)), *OTHER_NAME_ANSWERS,
             *elsewhere(tcp(), request(Failure.CLOSED)), *baseline(tcp(), page(404)), url=HTTP),
        UNKNOWN, WEAK, "http_fails_uncompared",
    ),
    Row(
        "the head of the page came at the first attempt, nothing at the second",
        seen(dns(), *WAY, half(Failure.RESET), *again(*WAY, request(Failure.RESET)), control=FINE),
        BLOCKED, LIKELY, "http_fails_here_only", "http.reset",
    ),
    Row(
        "one of the site's servers answers nothing, the second attempt finds the other",
        seen(dns(SITE, TWIN), *WAY, request(Failure.CLOSED), *again(*at(TWIN, *WAY, page())), control=FINE),
        ACCESSIBLE, CONFIRMED, "page_arrived second_attempt",
    ),
]  # fmt: skip

PROVEN = [
    Row(
        "the page comes over the site's own certificate",
        seen(*FINE, control=FINE),
        ACCESSIBLE, CONFIRMED, "page_arrived",
    ),
    Row(
        "the same, and the control can't be reached",
        seen(*FINE, control=UNREACHABLE_CONTROL),
        ACCESSIBLE, CONFIRMED, "page_arrived",
    ),
    Row(
        "the same, and neither control nor references nor a trusted resolver is set",
        seen(*FINE, references=None),
        ACCESSIBLE, CONFIRMED, "page_arrived",
    ),
    Row(
        "a page in another language, over the site's own certificate",
        seen(dns(), *WAY, page(title="Жаңалықтар", length=31_000), trusted(), control=FINE),
        ACCESSIBLE, CONFIRMED, "page_arrived",
    ),
    Row(
        "the page comes here, and the control gets no connection",
        seen(*FINE, control=[dns(), *twice(tcp(Failure.TIMEOUT))]),
        ACCESSIBLE, CONFIRMED, "page_arrived",
    ),
    refuses(403, "Just a moment..."),
    refuses(451, "Unavailable For Legal Reasons"),
    refuses(404, "Not found"),
    refuses(503, "Maintenance"),
    Row(
        "a server error for all",
        seen(dns(), *WAY, page(503), control=[dns(), *WAY, page(502, length=10)]),
        DOWN, LIKELY, "http_error_for_all",
    ),
    Row(
        "a server error for all, without TLS but alike",
        seen(dns(), tcp(), page(503), url=HTTP, control=[dns(), tcp(), page(503)]),
        DOWN, LIKELY, "http_error_for_all",
    ),
    Row(
        "a server error over the site's own certificate, and no control is set",
        seen(dns(), *WAY, page(500), *elsewhere(tcp(), tls(Failure.TLS_HOSTNAME), ip=NEUTRAL)),
        ACCESSIBLE, CONFIRMED, "page_arrived http_site_refuses",
    ),
]  # fmt: skip

ROWS = [*REQUESTS, *PROVEN]
