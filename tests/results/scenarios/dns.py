"""The name: what the resolver here says of it, and what those say whom the network can't alter."""

from results.failure import Failure
from results.knowledge import Knowledge
from results.knowledge.blockpages import Fingerprint, Scope
from results.knowledge.pattern import Pattern, PatternType
from results.records import Source, Via
from tests.results.build import (
    BOGON,
    FAR,
    LIE,
    SITE,
    TWIN,
    UNREACHABLE_CONTROL,
    at,
    by,
    dns,
    heard,
    nobody,
    page,
    seen,
    tcp,
    tls,
    trusted,
    twice,
    udp,
)
from tests.results.scenarios.row import ACCESSIBLE, BLOCKED, CONFIRMED, DOWN, LIKELY, UNKNOWN, WEAK, Row

FINE = (dns(), tcp(), tls(), page())
NXDOMAIN, SERVFAIL, REFUSED = Failure.DNS_NXDOMAIN, Failure.DNS_SERVFAIL, Failure.DNS_REFUSED
TEMPORARY, NO_ANSWER, SILENT = Failure.DNS_TEMPORARY, Failure.DNS_NO_ANSWER, Failure.TIMEOUT
TRUE_WAY = by(Source.TRUSTED, tcp(), tls(), page())
FAR_WAY = by(Source.TRUSTED, tcp(), tls(), page(), at=FAR)
BLOCK_SERVER = at(LIE, tcp(), tls(Failure.TLS_AUTHORITY))
LIE_AT_CONTROL = by(Source.PROBE, tcp(), tls(Failure.TLS_HOSTNAME), at=LIE)
OURS_AT_CONTROL = by(Source.PROBE, tcp(), tls())

KNOWN_LIE = Fingerprint(
    name="test_answer",
    scope=Scope.NAT,
    location="dns",
    pattern=Pattern.of(PatternType.FULL, LIE),
    countries=("KZ",),
    source="this test",
)


def fails_here(system: Failure, exact: Failure, mechanism: str) -> Row:
    """The system's way is often vague; the query of our own says more."""
    return Row(
        f"the resolver says {exact}, the system {system}, the trusted resolver the address",
        seen(*twice(dns(system), udp(exact)), trusted(), *TRUE_WAY, control=FINE),
        BLOCKED, LIKELY, "dns_fails_here_only", mechanism,
    )  # fmt: skip


ROWS = [
    fails_here(NXDOMAIN, NXDOMAIN, "dns.nxdomain"),
    fails_here(TEMPORARY, SERVFAIL, "dns.servfail"),
    fails_here(TEMPORARY, REFUSED, "dns.refused"),
    fails_here(NXDOMAIN, NO_ANSWER, "dns.nodata"),
    fails_here(TEMPORARY, SILENT, "dns.timeout"),
    fails_here(TEMPORARY, TEMPORARY, "dns.timeout"),
    fails_here(Failure.DNS_OTHER, Failure.DNS_OTHER, "dns.servfail"),
    fails_here(TEMPORARY, Failure.REFUSED, "dns.refused"),
    Row(
        "NXDOMAIN here, and only the control knows the address",
        seen(*twice(dns(NXDOMAIN)), trusted(SILENT), control=FINE),
        BLOCKED, LIKELY, "dns_fails_here_only", "dns.nxdomain",
    ),
    Row(
        "NXDOMAIN here, and also where no resolver is, where another name gets nothing",
        seen(*twice(dns(NXDOMAIN)), trusted(), *nobody(NXDOMAIN), control=FINE),
        BLOCKED, CONFIRMED, "dns_injected", "dns.injection dns.nxdomain",
    ),
    Row(
        "NXDOMAIN here, and where no resolver is every name is answered: the provider takes all queries for itself",
        seen(*twice(dns(NXDOMAIN)), trusted(), *nobody(NXDOMAIN, other=SITE), control=FINE),
        BLOCKED, LIKELY, "dns_fails_here_only", "dns.nxdomain",
    ),
    Row(
        "NXDOMAIN here, nothing where no resolver is",
        seen(*twice(dns(NXDOMAIN)), trusted(), *nobody(SILENT), control=FINE),
        BLOCKED, LIKELY, "dns_fails_here_only", "dns.nxdomain",
    ),
    Row(
        "NXDOMAIN here once, never asked again",
        seen(dns(NXDOMAIN), trusted(), control=FINE),
        BLOCKED, WEAK, "dns_fails_here_only", "dns.nxdomain",
    ),
    Row(
        "a foreign address also where no resolver is, and at the true one the site answers",
        seen(dns(LIE), trusted(), *BLOCK_SERVER, *TRUE_WAY, *nobody(LIE), control=[*FINE, *LIE_AT_CONTROL]),
        BLOCKED, CONFIRMED, "dns_injected", "dns.injection dns.bogus",
    ),
    Row(
        "an address that is known to answer for blocked sites, and the true one is blocked as well",
        seen(dns(LIE), trusted(), *twice(*at(LIE, tcp(Failure.TIMEOUT))), *by(Source.TRUSTED, tcp(Failure.TIMEOUT)),
             control=FINE),
        BLOCKED, CONFIRMED, "dns_address_known tcp_fails_here_only", "dns.bogus tcp.timeout",
        known=Knowledge(fingerprints=(KNOWN_LIE,)),
    ),
    Row(
        "the node of a content network that the resolver here gives is dead, others of that network are not",
        seen(dns(TWIN), trusted(), *twice(*at(TWIN, tcp(Failure.TIMEOUT))), *TRUE_WAY, asns={TWIN: 15133, SITE: 15133},
             control=[*FINE, *by(Source.PROBE, tcp(Failure.TIMEOUT), at=TWIN)]),
        UNKNOWN, WEAK, "tcp_other_address_alive dns_same_network",
    ),
    Row(
        "a dead address of another network, and the true one is reset here",
        seen(dns(LIE), trusted(), *twice(*at(LIE, tcp(Failure.TIMEOUT))),
             *by(Source.TRUSTED, tcp(), tls(Failure.RESET)), asns={LIE: 9198, SITE: 15133},
             control=[*FINE, *by(Source.PROBE, tcp(Failure.TIMEOUT), at=LIE)]),
        BLOCKED, LIKELY, "dns_foreign_address tls_fails_here_only", "dns.bogus tls.reset",
    ),
    Row(
        "NXDOMAIN here, and for the trusted resolver",
        seen(*twice(dns(NXDOMAIN), trusted(NXDOMAIN)), control=UNREACHABLE_CONTROL),
        DOWN, LIKELY, "dns_no_such_name",
    ),
    Row(
        "NXDOMAIN here, and for the control",
        seen(*twice(dns(NXDOMAIN)), control=[dns(NXDOMAIN)]),
        DOWN, LIKELY, "dns_no_such_name",
    ),
    Row(
        "the name servers of the site are dead for all",
        seen(*twice(dns(TEMPORARY), udp(SERVFAIL), trusted(SERVFAIL)), control=twice(dns(TEMPORARY))),
        DOWN, LIKELY, "dns_no_such_name",
    ),
    Row(
        "no address here, and the trusted resolver tells a private one",
        seen(*twice(dns(NO_ANSWER)), trusted("192.168.0.1")),
        DOWN, LIKELY, "dns_no_such_name",
    ),
    Row(
        "NXDOMAIN here and for the control, while the trusted resolver knows an address",
        seen(*twice(dns(NXDOMAIN)), trusted(), *TRUE_WAY, control=[dns(NXDOMAIN)]),
        UNKNOWN, WEAK, "dns_disputed",
    ),
    Row(
        "the same private address here and for the control, while the trusted resolver knows a public one",
        seen(dns(BOGON), trusted(), *TRUE_WAY, control=[dns(BOGON)]),
        UNKNOWN, WEAK, "dns_disputed",
    ),
    Row(
        "NXDOMAIN here, the resolver of the control is broken, and the trusted one knows the address",
        seen(*twice(dns(NXDOMAIN)), trusted(), *TRUE_WAY, control=[dns(TEMPORARY)]),
        BLOCKED, LIKELY, "dns_fails_here_only", "dns.nxdomain",
    ),
    Row(
        "NXDOMAIN here, and nobody else can be asked",
        seen(*twice(dns(NXDOMAIN), trusted(SILENT)), control=UNREACHABLE_CONTROL),
        UNKNOWN, WEAK, "dns_fails_uncompared",
    ),
    Row(
        "NXDOMAIN here, and the trusted resolver could not find out",
        seen(*twice(dns(NXDOMAIN), trusted(SERVFAIL))),
        UNKNOWN, WEAK, "dns_fails_uncompared",
    ),
    Row(
        "NXDOMAIN here, and nobody else is configured",
        seen(*twice(dns(NXDOMAIN))),
        UNKNOWN, WEAK, "dns_fails_uncompared",
    ),
    Row(
        "a forged NXDOMAIN comes before the true answer",
        seen(dns(NXDOMAIN), heard([NXDOMAIN], [SITE]), trusted(), *TRUE_WAY, control=FINE),
        BLOCKED, CONFIRMED, "dns_answers_race", "dns.injection dns.nxdomain",
    ),
    Row(
        "a forged bogon comes before the true answer",
        seen(dns(BOGON), heard([BOGON], [SITE]), trusted(), *TRUE_WAY, control=FINE),
        BLOCKED, CONFIRMED, "dns_answers_race", "dns.injection dns.bogus",
    ),
    Row(
        "forged answers of two injectors come before the true one, from a resolver abroad",
        seen(dns(LIE), heard([LIE], [BOGON], [SITE], via=Via.EXTRA), trusted(), *BLOCK_SERVER, *TRUE_WAY),
        BLOCKED, CONFIRMED, "dns_answers_race", "dns.injection dns.bogus",
    ),
    Row(
        "a forged answer comes too late, and the site is reached",
        seen(dns(), heard([SITE], [BOGON]), tcp(), tls(), page(), control=FINE),
        ACCESSIBLE, CONFIRMED, "page_arrived",
    ),
    Row(
        "a forged answer comes first, but the system took the true one",
        seen(dns(), heard([BOGON], [SITE]), tcp(), tls(), page(), control=FINE),
        ACCESSIBLE, CONFIRMED, "page_arrived dns_race_harmless",
    ),
    Row(
        "the query was sent twice, and both answers are the site's",
        seen(dns(), heard([SITE], [TWIN]), tcp(), tls(), page(), control=[dns(SITE, TWIN), tcp(), tls(), page()]),
        ACCESSIBLE, CONFIRMED, "page_arrived",
    ),
    Row(
        "a private address here, a public one for the trusted resolver",
        seen(*twice(dns(BOGON)), trusted(), *TRUE_WAY),
        BLOCKED, LIKELY, "dns_bogon_here_only", "dns.bogus",
    ),
    Row(
        "a private address for all",
        seen(dns("127.0.0.1"), trusted("127.0.0.1"), control=[dns("127.0.0.1")]),
        DOWN, LIKELY, "dns_bogon_for_all",
    ),
    Row(
        "a private address here, NXDOMAIN for the control",
        seen(dns(BOGON), control=[dns(NXDOMAIN)]),
        DOWN, LIKELY, "dns_bogon_for_all",
    ),
    Row(
        "a private address here, and nobody else can be asked",
        seen(dns(BOGON), trusted(SILENT), control=UNREACHABLE_CONTROL),
        UNKNOWN, WEAK, "dns_bogon_uncompared",
    ),
]  # fmt: skip
