"""Addresses that nobody else is given: a lie, or a content network that answers each country in its own way."""

from results.failure import Failure
from results.records import Aim, Source
from tests.results.build import (
    BOGON,
    FAR,
    HTTP,
    LIE,
    NEUTRAL,
    SITE,
    aimed,
    at,
    baseline,
    by,
    dns,
    elsewhere,
    forged,
    heard,
    page,
    request,
    seen,
    tcp,
    tls,
    trusted,
    twice,
)
from tests.results.scenarios.row import ACCESSIBLE, BLOCKED, CONFIRMED, DOWN, LIKELY, UNKNOWN, WEAK, Row

FINE = (dns(), tcp(), tls(), page())
NXDOMAIN, SERVFAIL, REFUSED = Failure.DNS_NXDOMAIN, Failure.DNS_SERVFAIL, Failure.DNS_REFUSED
TEMPORARY, NO_ANSWER, SILENT = Failure.DNS_TEMPORARY, Failure.DNS_NO_ANSWER, Failure.TIMEOUT
TRUE_WAY = by(Source.TRUSTED, tcp(), tls(), page())
FAR_WAY = by(Source.TRUSTED, tcp(), tls(), page(), at=FAR)
BLOCK_SERVER = at(LIE, tcp(), tls(Failure.TLS_AUTHORITY))
BLOCKPAGE = page(title="Blocked by order", length=700)
OVER_TLS = page(title="Жаңалықтар", length=900, url="https://ratel.kz/")
LIE_AT_CONTROL = by(Source.PROBE, tcp(), tls(Failure.TLS_HOSTNAME), at=LIE)
OURS_AT_CONTROL = by(Source.PROBE, tcp(), tls())


ROWS = [
    Row(
        "a foreign address that shows another's certificate; at the true one the site answers",
        seen(dns(LIE), trusted(), *BLOCK_SERVER, *TRUE_WAY, control=[*FINE, *LIE_AT_CONTROL]),
        BLOCKED, LIKELY, "dns_foreign_address", "dns.bogus",
    ),
    Row(
        "the same without a control",
        seen(dns(LIE), trusted(), *BLOCK_SERVER, *TRUE_WAY),
        BLOCKED, LIKELY, "dns_foreign_address", "dns.bogus",
    ),
    Row(
        "the same without a trusted resolver",
        seen(dns(LIE), *twice(*BLOCK_SERVER), control=[*FINE, *LIE_AT_CONTROL]),
        BLOCKED, LIKELY, "dns_foreign_address", "dns.bogus",
    ),
    Row(
        "a foreign address serves a block page without TLS; at the true one the site answers",
        seen(dns(LIE), trusted(), *at(LIE, tcp(), BLOCKPAGE), *by(Source.TRUSTED, tcp(), page()),
             *aimed(Aim.NEUTRAL_NAME, BLOCKPAGE, ip=LIE), url=HTTP),
        BLOCKED, LIKELY, "dns_foreign_address", "dns.bogus",
    ),
    Row(
        "a content network in another network answers in another language, and knows no other name",
        seen(dns(LIE), trusted(), *at(LIE, tcp(), page(title="Жаңалықтар", length=900)),
             *by(Source.TRUSTED, tcp(), page()), *aimed(Aim.NEUTRAL_NAME, page(404, title="Not found"), ip=LIE),
             *elsewhere(tcp(), page(404)), *baseline(tcp(), page(404)), url=HTTP, control=[dns(), tcp(), page()]),
        UNKNOWN, WEAK, "http_site_differs",
    ),
    Row(
        "the same, and over TLS that address has the site's certificate and the same page",
        seen(dns(LIE), trusted(), *at(LIE, tcp(), page(title="Жаңалықтар", length=900)),
             *by(Source.TRUSTED, tcp(), page()), *aimed(Aim.OTHER_PORT, tls(), OVER_TLS, ip=LIE), url=HTTP,
             control=[dns(), tcp(), page()]),
        ACCESSIBLE, LIKELY, "page_arrived dns_other_address http_site_answers_alike",
    ),
    Row(
        "a foreign address is silent without TLS; at the true one the site answers",
        seen(dns(LIE), trusted(), *twice(tcp(Failure.TIMEOUT, at=LIE)), *by(Source.TRUSTED, tcp(), page()), url=HTTP),
        BLOCKED, LIKELY, "dns_foreign_address", "dns.bogus",
    ),
    Row(
        "a foreign address without TLS, and none gets a page from the true one",
        seen(dns(LIE), trusted(), *at(LIE, tcp(), page()), *by(Source.TRUSTED, tcp(), request(SILENT)), url=HTTP),
        UNKNOWN, WEAK, "http_uncompared",
    ),
    Row(
        "geo-DNS gives other addresses here, which prove themselves by their certificate",
        seen(dns(FAR), trusted(SITE), *at(FAR, tcp(), tls(), page()), control=FINE),
        ACCESSIBLE, CONFIRMED, "page_arrived dns_other_address",
    ),
    Row(
        "geo-DNS gives other addresses here, and the page is the control's",
        seen(dns(FAR), trusted(SITE), *at(FAR, tcp(), page()), url=HTTP, control=[dns(), tcp(), page()]),
        ACCESSIBLE, LIKELY, "page_arrived dns_other_address",
    ),
    Row(
        "geo-DNS gives another address, which the control proves to be the site's; here its handshake is reset",
        seen(dns(SITE), trusted(FAR), *twice(tcp(), tls(Failure.RESET)), *FAR_WAY,
             control=[dns(FAR), *at(FAR, tcp(), tls(), page()), *OURS_AT_CONTROL]),
        BLOCKED, LIKELY, "tls_fails_here_only dns_other_address", "tls.reset",
    ),
    Row(
        "the same with two answers of geo-DNS to a query that was sent again",
        seen(dns(SITE), heard([SITE], [FAR]), trusted(FAR), *twice(tcp(), tls(Failure.RESET)),
             control=[dns(FAR), *at(FAR, tcp(), tls(), page()), *OURS_AT_CONTROL]),
        BLOCKED, LIKELY, "tls_fails_here_only dns_other_address", "tls.reset",
    ),
    Row(
        "the resolver lies, but a transparent proxy leads to the true site",
        seen(dns(LIE), trusted(), *at(LIE, tcp(), tls(), page()), control=[*FINE, *LIE_AT_CONTROL]),
        ACCESSIBLE, CONFIRMED, "page_arrived dns_other_address",
    ),
    Row(
        "the name does not exist for the control, and here a host of somebody else answers in TLS",
        seen(dns(LIE), *twice(*at(LIE, tcp(), forged(Failure.TLS_AUTHORITY, "CN=self"))), control=[dns(NXDOMAIN)]),
        DOWN, LIKELY, "dns_name_unknown_elsewhere",
    ),
    Row(
        "the name does not exist for the control, and here a page answers that says nothing of blocking",
        seen(dns(LIE), *at(LIE, tcp(), page(title="Domain for sale")), url=HTTP, control=[dns(NXDOMAIN)]),
        DOWN, LIKELY, "dns_name_unknown_elsewhere",
    ),
    Row(
        "two causes: a private address here, and the true address resets the site's name",
        seen(dns(BOGON), trusted(), *twice(*by(Source.TRUSTED, tcp(), tls(Failure.RESET))), control=FINE),
        BLOCKED, LIKELY, "dns_bogon_here_only tls_fails_here_only", "dns.bogus tls.reset",
    ),
    Row(
        "two causes: NXDOMAIN here, and no connection to the true address",
        seen(*twice(dns(NXDOMAIN)), trusted(), *twice(*by(Source.TRUSTED, tcp(Failure.TIMEOUT))), control=FINE),
        BLOCKED, LIKELY, "dns_fails_here_only tcp_fails_here_only", "dns.nxdomain tcp.timeout",
    ),
    Row(
        "two causes: a forged answer first, and the request to the true address gets no answer",
        seen(dns(BOGON), heard([BOGON], [SITE]), trusted(), *twice(*by(Source.TRUSTED, tcp(), request(Failure.CLOSED))),
             url=HTTP, control=[dns(), tcp(), page()]),
        BLOCKED, CONFIRMED, "dns_answers_race http_fails_here_only", "dns.injection dns.bogus http.closed",
    ),
    Row(
        "the resolver leads to a reference's address: only the name tells the difference",
        seen(dns(NEUTRAL), trusted(), *twice(*at(NEUTRAL, tcp(), tls(Failure.TLS_HOSTNAME))), *TRUE_WAY),
        BLOCKED, LIKELY, "dns_foreign_address", "dns.bogus",
    ),
    Row(
        "an address that nobody else was given resets us and the control alike; it may be the site's own",
        seen(dns(FAR), *twice(*at(FAR, tcp(), tls(Failure.RESET))),
             control=[*FINE, *by(Source.PROBE, tcp(), tls(Failure.RESET), at=FAR)]),
        UNKNOWN, WEAK, "tls_*",
    ),
]  # fmt: skip
