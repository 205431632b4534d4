"""The connection: to the same endpoints, here and from the control."""

from results.failure import Failure
from results.records import Source
from tests.results.build import (
    FAR,
    SITE,
    SITE6,
    TWIN,
    UNREACHABLE_CONTROL,
    at,
    by,
    dns,
    page,
    seen,
    tcp,
    tls,
    trusted,
    twice,
)
from tests.results.scenarios.row import ACCESSIBLE, BLOCKED, CONFIRMED, DOWN, LIKELY, UNKNOWN, WEAK, Row

FINE = (dns(), tcp(), tls(), page())
BOTH = (dns(SITE, TWIN), tcp(), tcp(at=TWIN), tls(), page())


def fails_here(failure: Failure, mechanism: str) -> Row:
    return Row(
        f"{failure} here, a connection for the control",
        seen(dns(), *twice(tcp(failure)), control=FINE),
        BLOCKED, LIKELY, "tcp_fails_here_only", mechanism,
    )  # fmt: skip


ROWS = [
    fails_here(Failure.TIMEOUT, "tcp.timeout"),
    fails_here(Failure.TIMED_OUT, "tcp.timeout"),
    fails_here(Failure.REFUSED, "tcp.refused"),
    fails_here(Failure.RESET, "tcp.reset"),
    fails_here(Failure.HOST_UNREACHABLE, "tcp.unreachable"),
    fails_here(Failure.NETWORK_UNREACHABLE, "tcp.unreachable"),
    Row(
        "the control reaches our address only because it was asked to",
        seen(dns(), *twice(tcp(Failure.TIMEOUT)), trusted(FAR, SITE),
             control=[dns(FAR), *at(FAR, tcp(), tls(), page()), *by(Source.PROBE, tcp())]),
        BLOCKED, LIKELY, "tcp_fails_here_only", "tcp.timeout",
    ),
    Row(
        "all addresses fail here, one in another way; the commonest is named",
        seen(dns(SITE, TWIN), *twice(tcp(Failure.RESET), tcp(Failure.TIMEOUT, at=TWIN)), tcp(Failure.RESET),
             control=BOTH),
        BLOCKED, LIKELY, "tcp_fails_here_only", "tcp.reset",
    ),
    Row(
        "silence over IPv4 is named before no way to IPv6",
        seen(dns(SITE, SITE6), *twice(tcp(Failure.TIMEOUT), tcp(Failure.NETWORK_UNREACHABLE, at=SITE6)), control=FINE),
        BLOCKED, LIKELY, "tcp_fails_here_only", "tcp.timeout",
    ),
    Row(
        "one dead address of several",
        seen(dns(SITE, TWIN), tcp(Failure.TIMEOUT), *at(TWIN, tcp(), tls(), page()), control=BOTH),
        ACCESSIBLE, CONFIRMED, "page_arrived",
    ),
    Row(
        "the server is dead for all",
        seen(dns(), *twice(tcp(Failure.TIMEOUT)), control=[dns(), *twice(tcp(Failure.TIMEOUT))]),
        DOWN, LIKELY, "tcp_fails_for_control_too",
    ),
    Row(
        "the server refuses the control, and is silent here",
        seen(dns(), *twice(tcp(Failure.TIMEOUT)), control=[dns(), *twice(tcp(Failure.REFUSED))]),
        DOWN, LIKELY, "tcp_fails_for_control_too",
    ),
    Row(
        "our address is dead for all, and the control's resolver knows a living one",
        seen(dns(), *twice(tcp(Failure.TIMEOUT)), trusted(SITE, FAR),
             control=[dns(FAR), *at(FAR, tcp(), tls(), page()), *by(Source.PROBE, tcp(Failure.TIMEOUT))]),
        UNKNOWN, WEAK, "tcp_other_address_alive",
    ),
    Row(
        "no connection, and the control can't be reached",
        seen(dns(), *twice(tcp(Failure.TIMEOUT)), control=UNREACHABLE_CONTROL),
        UNKNOWN, WEAK, "tcp_fails_uncompared",
    ),
    Row(
        "no connection, and no control is set",
        seen(dns(), *twice(tcp(Failure.RESET))),
        UNKNOWN, WEAK, "tcp_fails_uncompared",
    ),
    Row(
        "no connection, no control is set, and the trusted resolver could not find out the address",
        seen(dns(), trusted(Failure.DNS_SERVFAIL), *twice(tcp(Failure.RESET))),
        UNKNOWN, WEAK, "tcp_fails_uncompared",
    ),
    Row(
        "no connection, and the control could not resolve the name",
        seen(dns(), *twice(tcp(Failure.RESET)), control=[dns(Failure.DNS_TEMPORARY)]),
        UNKNOWN, WEAK, "tcp_fails_uncompared",
    ),
    Row(
        "a site that has only IPv6 addresses, on a line that has none",
        seen(dns(SITE6), control=[dns(SITE6), *at(SITE6, tcp(), tls(), page())]),
        UNKNOWN, WEAK, "not_measured",
    ),
]  # fmt: skip
