"""Redirects: the hop where it happened decides. And checks that came to no end."""

from results.failure import Failure
from tests.results.build import (
    HTTP,
    HTTPS,
    Hop,
    again,
    chain,
    dns,
    page,
    redirect,
    request,
    seen,
    tcp,
    tls,
    trusted,
    twice,
)
from tests.results.scenarios.row import ACCESSIBLE, BLOCKED, CONFIRMED, DOWN, LIKELY, UNKNOWN, WEAK, Row

FINE = (dns(), tcp(), tls(), page())
WWW = "https://www.ratel.kz/"
TO_HTTPS = Hop(HTTP, (dns(), tcp(), redirect(HTTPS)))
WHOLE = (TO_HTTPS, Hop(HTTPS, FINE))
WARNING = "https://warning.example.net/"
ROUND = [Hop(url, (dns(), tcp(), tls(), redirect(to))) for url, to in [(HTTPS, WWW), (WWW, HTTPS)] * 5]
LOOP = [*ROUND, Hop(HTTPS, (dns(), tcp(), tls(), redirect(WWW)))]
TEN = [Hop(f"{HTTPS}{n}", (dns(), tcp(), tls(), redirect(f"{HTTPS}{n + 1}"))) for n in range(10)]

ROWS = [
    Row(
        "to HTTPS, and there the page",
        chain(*WHOLE, control=WHOLE),
        ACCESSIBLE, CONFIRMED, "page_arrived",
    ),
    Row(
        "to HTTPS, and there the handshake is reset",
        chain(TO_HTTPS, Hop(HTTPS, (dns(), *twice(tcp(), tls(Failure.RESET)))), control=WHOLE),
        BLOCKED, LIKELY, "tls_fails_here_only", "tls.reset",
    ),
    Row(
        "to HTTPS, and there the handshake is reset for all",
        chain(TO_HTTPS, Hop(HTTPS, (dns(), *twice(tcp(), tls(Failure.RESET)))),
              control=[TO_HTTPS, Hop(HTTPS, (dns(), *twice(tcp(), tls(Failure.RESET))))]),
        DOWN, LIKELY, "tls_fails_for_control_too",
    ),
    Row(
        "to another host, whose name has no address here",
        chain(Hop(HTTPS, (dns(), tcp(), tls(), redirect(WWW))),
              Hop(WWW, (*twice(dns(Failure.DNS_NXDOMAIN)), trusted())),
              control=[Hop(HTTPS, (dns(), tcp(), tls(), redirect(WWW))), Hop(WWW, FINE)]),
        BLOCKED, LIKELY, "dns_fails_here_only", "dns.nxdomain",
    ),
    Row(
        "a lost packet on the first hop, and the second is blocked",
        chain(Hop(HTTP, (dns(), tcp(Failure.TIMEOUT), *again(tcp(), redirect(HTTPS)))),
              Hop(HTTPS, (dns(), *twice(tcp(), tls(Failure.TIMEOUT)))), control=WHOLE),
        BLOCKED, LIKELY, "tls_fails_here_only second_attempt", "tls.timeout",
    ),
    Row(
        "to a host where the control was not sent, and no connection there",
        chain(Hop(HTTPS, (dns(), tcp(), tls(), redirect(WWW))), Hop(WWW, (dns(), *twice(tcp(Failure.TIMEOUT)))),
              control=[Hop(HTTPS, FINE)]),
        UNKNOWN, WEAK, "tcp_fails_uncompared",
    ),
    Row(
        "from HTTP to a warning with a certificate of its own, where the control is sent to the site's HTTPS",
        chain(Hop(HTTP, (dns(), tcp(), redirect(WARNING))), Hop(WARNING, FINE), control=WHOLE),
        BLOCKED, LIKELY, "http_redirected_elsewhere", "http.redirect",
    ),
    Row(
        "redirects without end for all",
        chain(*LOOP, control=LOOP),
        DOWN, WEAK, "redirect_loop",
    ),
    Row(
        "redirects without end here, the page for the control",
        chain(*LOOP, control=[Hop(HTTPS, FINE)]),
        UNKNOWN, WEAK, "redirect_loop",
    ),
    Row(
        "redirects without end, and no control is set",
        chain(*LOOP),
        UNKNOWN, WEAK, "redirect_loop",
    ),
    Row(
        "ten redirects, then the page",
        chain(*TEN, Hop(f"{HTTPS}10", FINE)),
        ACCESSIBLE, CONFIRMED, "page_arrived",
    ),
    Row(
        "the time runs out between two hops",
        chain(TO_HTTPS, cut_short=True, runtime_ms=25_000.0),
        UNKNOWN, WEAK, "out_of_time",
    ),
    Row(
        "the time runs out before the second attempt: one silence is no verdict",
        seen(dns(), tcp(), tls(), request(Failure.TIMEOUT), cut_short=True, control=FINE),
        UNKNOWN, WEAK, "tried_only_once",
    ),
    Row(
        "no address could be read from the URL",
        chain(),
        UNKNOWN, WEAK, "not_measured",
    ),
    Row(
        "nothing was measured",
        seen(control=FINE),
        UNKNOWN, WEAK, "not_measured",
    ),
    Row(
        "connections and handshakes, and no request was made",
        seen(dns(), tcp(), tls(), control=FINE),
        UNKNOWN, WEAK, "handshake_only",
    ),
    Row(
        "the page of the last hop only is missing for all",
        chain(TO_HTTPS, Hop(HTTPS, (dns(), *twice(tcp(), tls(), request(Failure.CLOSED)))),
              control=[TO_HTTPS, Hop(HTTPS, (dns(), *twice(tcp(), tls(), request(Failure.CLOSED))))]),
        DOWN, LIKELY, "http_fails_for_control_too",
    ),
]  # fmt: skip
