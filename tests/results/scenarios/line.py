"""Trouble of our own: the line, this machine, its clock, its owner's programs. None of it may pass for blocking."""

from dataclasses import replace

from results.failure import Failure
from results.records import Certificate, Condition, Control, Source
from tests.results.build import (
    DEAD,
    HTTP,
    NEUTRAL,
    SITE,
    SITE6,
    UNREACHABLE_CONTROL,
    again,
    at,
    by,
    dns,
    elsewhere,
    forged,
    neutral_name,
    page,
    redirect,
    request,
    seen,
    tcp,
    tls,
    trusted,
    twice,
    udp,
    up,
)
from tests.results.scenarios.row import ACCESSIBLE, BLOCKED, CONFIRMED, LIKELY, UNKNOWN, WEAK, Row

FINE = (dns(), tcp(), tls(), page())
PORTAL = page(title="Welcome to the hotel", length=900)
EVERYTHING_INTERCEPTED = tuple(
    replace(reference, chain=(Certificate(sha256="own", subject="CN=www.wikipedia.org", issuer="CN=Virus Shield"),))
    for reference in up(Failure.TLS_AUTHORITY, Failure.TLS_AUTHORITY)
)
DATED = tuple(replace(each, detail="certificate has expired") for each in up(Failure.TLS_CERTIFICATE))
AT_A_PORTAL = tuple(replace(reference, plain_status=302, plain_host="login.hotel.example") for reference in up())
NO_NAME_RESOLVES = up(Failure.DNS_SERVFAIL, Failure.DNS_SERVFAIL)
EXPIRED = tls(Failure.TLS_CERTIFICATE, detail="certificate has expired")

ROWS = [
    Row(
        "no site answers, the references neither",
        seen(dns(), *twice(tcp(Failure.TIMEOUT)), control=FINE, references=DEAD),
        UNKNOWN, WEAK, "line_down",
    ),
    Row(
        "the line is down and no control is set",
        seen(dns(), *twice(tcp(Failure.TIMEOUT)), references=DEAD),
        UNKNOWN, WEAK, "line_down",
    ),
    Row(
        "the line is down and takes the control with it",
        seen(dns(), *twice(tcp(Failure.TIMEOUT)), control=UNREACHABLE_CONTROL, references=DEAD),
        UNKNOWN, WEAK, "line_down",
    ),
    Row(
        "one reference of two is dead, so the line is not",
        seen(dns(), *twice(tcp(Failure.TIMEOUT)), control=FINE, references=up(None, Failure.TIMEOUT)),
        BLOCKED, LIKELY, "tcp_fails_here_only", "tcp.timeout",
    ),
    Row(
        "no reference is configured",
        seen(dns(), *twice(tcp(Failure.TIMEOUT)), control=FINE, references=()),
        BLOCKED, LIKELY, "tcp_fails_here_only", "tcp.timeout",
    ),
    Row(
        "all references are dead, and the page comes all the same",
        seen(*FINE, control=FINE, references=DEAD),
        ACCESSIBLE, CONFIRMED, "page_arrived",
    ),
    Row(
        "the resolver fails for every name",
        seen(*twice(dns(Failure.DNS_SERVFAIL)), trusted(), control=FINE, references=NO_NAME_RESOLVES),
        UNKNOWN, WEAK, "resolver_fails_for_all",
    ),
    Row(
        "no reference has a name any more, and the resolver tells the truth about the site",
        seen(dns(), *twice(tcp(Failure.TIMEOUT)), control=FINE, references=NO_NAME_RESOLVES),
        BLOCKED, LIKELY, "tcp_fails_here_only", "tcp.timeout",
    ),
    Row(
        "the name is still remembered, and the line is down",
        seen(dns(), *twice(tcp(Failure.TIMEOUT)), control=UNREACHABLE_CONTROL, references=NO_NAME_RESOLVES),
        UNKNOWN, WEAK, "line_down",
    ),
    Row(
        "the only reference has no name for the trusted resolver either, so it says nothing",
        seen(*twice(dns(Failure.DNS_SERVFAIL)), trusted(), control=FINE,
             references=tuple(replace(reference, gone=True) for reference in NO_NAME_RESOLVES)),
        BLOCKED, LIKELY, "dns_fails_here_only", "dns.servfail",
    ),
    Row(
        "the resolver lies about every name",
        seen(dns("10.0.0.1"), trusted(), control=FINE, references=up(Failure.TLS_HOSTNAME, Failure.TLS_HOSTNAME)),
        UNKNOWN, WEAK, "nothing_genuine",
    ),
    Row(
        "an antivirus or an employer intercepts every site",
        seen(dns(), *twice(tcp(), forged(Failure.TLS_AUTHORITY, "CN=Virus Shield")), control=FINE,
             references=EVERYTHING_INTERCEPTED),
        UNKNOWN, WEAK, "tls_read_along",
    ),
    Row(
        "a captive portal answers every request with its own page",
        seen(dns(), tcp(), PORTAL, url=HTTP, control=[dns(), tcp(), page()], references=EVERYTHING_INTERCEPTED),
        UNKNOWN, WEAK, "tls_read_along",
    ),
    Row(
        "a captive portal sends every request to its own site",
        seen(dns(), tcp(), redirect("http://login.hotel.example/"), url=HTTP, control=[dns(), tcp(), page()],
             references=AT_A_PORTAL),
        UNKNOWN, WEAK, "captive_portal",
    ),
    Row(
        "both attempts end in a way for which there is no word",
        seen(dns(), *twice(tcp(Failure.UNKNOWN)), control=FINE),
        UNKNOWN, WEAK, "failure_without_a_word",
    ),
    Row(
        "this machine's own firewall refuses",
        seen(dns(), *twice(tcp(Failure.PERMISSION_DENIED)), control=FINE),
        UNKNOWN, WEAK, "own_line_fails",
    ),
    Row(
        "this machine's own network is down, and the control is not asked",
        seen(dns(), *twice(tcp(Failure.NETWORK_DOWN))),
        UNKNOWN, WEAK, "own_line_fails",
    ),
    Row(
        "this machine's own firewall refuses IPv4, and there is no way to IPv6",
        seen(dns(SITE, SITE6), *twice(tcp(Failure.PERMISSION_DENIED), tcp(Failure.NETWORK_UNREACHABLE, at=SITE6)),
             control=[*FINE, *by(Source.PROBE, tcp(), at=SITE6)]),
        UNKNOWN, WEAK, "own_line_fails",
    ),
    Row(
        "this machine's own firewall cuts both handshakes",
        seen(dns(), *twice(tcp(), tls(Failure.PERMISSION_DENIED)), control=FINE),
        UNKNOWN, WEAK, "own_line_fails",
    ),
    Row(
        "this machine's own network goes down in the middle of both requests",
        seen(dns(), *twice(tcp(), tls(), request(Failure.NETWORK_DOWN)), control=FINE),
        UNKNOWN, WEAK, "own_line_fails",
    ),
    Row(
        "this program may not ask the resolver itself, and the system's way gave up",
        seen(*twice(dns(Failure.DNS_TEMPORARY)), udp(Failure.PERMISSION_DENIED), trusted(), control=FINE),
        BLOCKED, LIKELY, "dns_fails_here_only", "dns.timeout",
    ),
    Row(
        "no way to IPv6, the site answers over IPv4",
        seen(dns(SITE, SITE6), tcp(Failure.NETWORK_UNREACHABLE, at=SITE6), tcp(), tls(), page(), control=FINE),
        ACCESSIBLE, CONFIRMED, "page_arrived",
    ),
    Row(
        "the IPv4 address is dead for all, and only the control has a way to the IPv6 one",
        seen(dns(SITE, SITE6), *twice(tcp(Failure.TIMEOUT), tcp(Failure.NETWORK_UNREACHABLE, at=SITE6)),
             control=[dns(SITE, SITE6), tcp(Failure.TIMEOUT), *at(SITE6, tcp(), tls(), page())]),
        UNKNOWN, WEAK, "tcp_other_address_alive",
    ),
    Row(
        "the URL holds an address that is not public",
        seen(url="http://192.168.1.1/", control=UNREACHABLE_CONTROL),
        UNKNOWN, WEAK, "address_not_public",
    ),
    Row(
        "the clock is years ahead, so that every certificate has expired, the references' too",
        seen(dns(), *twice(tcp(), EXPIRED), control=FINE, references=DATED),
        UNKNOWN, WEAK, "clock_wrong",
    ),
    Row(
        "the clock is a month behind, so that a new certificate is not valid yet",
        seen(dns(), *twice(tcp(), tls(Failure.TLS_CERTIFICATE, detail="certificate is not yet valid")), control=FINE),
        UNKNOWN, WEAK, "tls_certificate_date_here_only",
    ),
    Row(
        "the clock is a month ahead, so that a certificate has expired here and not for the control",
        seen(dns(), *twice(tcp(), EXPIRED), control=FINE),
        UNKNOWN, WEAK, "tls_certificate_date_here_only",
    ),
    Row(
        "the clock is known to be two days behind, and a new certificate is not valid yet",
        seen(dns(), *twice(tcp(), tls(Failure.TLS_CERTIFICATE, detail="certificate is not yet valid")), control=FINE,
             condition=Condition(clock_ahead_s=-172_800.0)),
        UNKNOWN, WEAK, "clock_wrong clock_off",
    ),
    Row(
        "the clock is an hour ahead, and harms nothing",
        seen(*FINE, control=FINE, condition=Condition(clock_ahead_s=3_600.0)),
        ACCESSIBLE, CONFIRMED, "page_arrived clock_off",
    ),
    Row(
        "an antivirus signs for one reference, and the other it leaves alone",
        seen(dns(), *twice(tcp(), forged(Failure.TLS_AUTHORITY, "CN=Virus Shield")), control=FINE,
             references=(*EVERYTHING_INTERCEPTED[:1], *up())),
        UNKNOWN, WEAK, "tls_read_along",
    ),
    Row(
        "the resolver leads every name to one host, which has a sound certificate of its own",
        seen(dns(), *twice(tcp(), forged(Failure.TLS_HOSTNAME, "CN=R12,O=Let's Encrypt", "Hostname mismatch")),
             control=FINE, references=tuple(replace(each, failure=Failure.TLS_HOSTNAME, chain=(Certificate(
                 sha256="own", subject="CN=parked.example", issuer="CN=R12,O=Let's Encrypt"),))
                 for each in EVERYTHING_INTERCEPTED)),
        UNKNOWN, WEAK, "nothing_genuine",
    ),
    Row(
        "another authority signs for a reference than for the site",
        seen(dns(), *twice(tcp(), forged(Failure.TLS_AUTHORITY, "CN=Somebody else")), control=FINE,
             references=(*EVERYTHING_INTERCEPTED[:1], *up())),
        BLOCKED, LIKELY, "tls_certificate_here_only", "tls.interception",
    ),
    Row(
        "a captive portal, and the site is reset in TLS while the references are not",
        seen(dns(), *twice(tcp(), tls(Failure.RESET)), control=FINE, references=AT_A_PORTAL),
        BLOCKED, LIKELY, "tls_fails_here_only", "tls.reset",
    ),
    Row(
        "a captive portal answers with the status that was made for it",
        seen(dns(), tcp(), PORTAL, url=HTTP, control=[dns(), tcp(), page()],
             references=tuple(replace(reference, plain_status=511) for reference in up())),
        UNKNOWN, WEAK, "captive_portal",
    ),
    Row(
        "references send plain requests to TLS on their own host, as most do",
        seen(dns(), tcp(), PORTAL, url=HTTP, control=[dns(), tcp(), page()],
             references=tuple(replace(each, plain_status=301, plain_host="www.wikipedia.org") for each in up())),
        BLOCKED, LIKELY, "http_other_page_here_only", "http.blockpage",
    ),
    Row(
        "a VPN is on: the own address belongs to another network than the one that is configured",
        seen(dns(), *twice(tcp(Failure.TIMEOUT)), control=FINE, condition=Condition(asn_before=60068, asn_after=60068)),
        UNKNOWN, WEAK, "vantage_elsewhere",
    ),
    Row(
        "a VPN is on, behind a router that hides the own address: the control sees it, and the page tells nothing",
        seen(*FINE, control=Control(name="c", hops=(), asker_asn=60068)),
        UNKNOWN, WEAK, "vantage_elsewhere",
    ),
    Row(
        "the own address is of the configured network, whatever the control's table says of it",
        seen(*FINE, control=Control(name="c", hops=(), asker_asn=60068),
             condition=Condition(asn_before=9198, asn_after=9198)),
        ACCESSIBLE, CONFIRMED, "page_arrived",
    ),
    Row(
        "the network changed in the middle",
        seen(dns(), *twice(tcp(Failure.TIMEOUT)), control=FINE, condition=Condition(asn_before=9198, asn_after=29355)),
        UNKNOWN, WEAK, "vantage_moved",
    ),
    Row(
        "the own address changed in the middle, on a network that hides it",
        seen(dns(), *twice(tcp(Failure.TIMEOUT)), control=FINE, condition=Condition(moved=True)),
        UNKNOWN, WEAK, "vantage_moved",
    ),
    Row(
        "the system's lookup got no answer in time, the resolver did answer our own query, and the site is there",
        seen(dns(Failure.TIMEOUT), udp(SITE), *FINE[1:], control=FINE),
        ACCESSIBLE, CONFIRMED, "page_arrived dns_late",
    ),
    Row(
        "one lost packet, then the page",
        seen(dns(), tcp(Failure.TIMEOUT), *again(tcp(), tls(), page()), control=FINE),
        ACCESSIBLE, CONFIRMED, "page_arrived second_attempt",
    ),
    Row(
        "the name is resolved at the second attempt",
        seen(dns(Failure.DNS_TEMPORARY), *again(*FINE), control=FINE),
        ACCESSIBLE, CONFIRMED, "page_arrived second_attempt",
    ),
    Row(
        "one handshake was reset, the second attempt completes it, as A/B tests beside it do",
        seen(dns(), tcp(), tls(Failure.RESET), *again(tcp(), tls(), page()), *neutral_name(tcp(), tls()),
             *elsewhere(tcp(), tls(Failure.TLS_HOSTNAME), ip=NEUTRAL), control=FINE),
        ACCESSIBLE, CONFIRMED, "page_arrived second_attempt",
    ),
]  # fmt: skip
