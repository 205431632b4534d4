"""The rules, as rows: in each layer the first whose condition holds is the one that speaks.

An id is stored with every verdict, never renamed and never reused; a new meaning is a new id and a new RULES_VERSION.
How layers and hops combine is in verdict.py; what a condition may ask is in case.py.
"""

from collections.abc import Callable
from dataclasses import dataclass

from results.case import Case
from results.failure import SILENCE, UNREACHABLE, Failure
from results.judgement import Confidence, Fault, Verdict

RULES_VERSION = 1
CONFIRMED, LIKELY, WEAK = Confidence.CONFIRMED, Confidence.LIKELY, Confidence.WEAK
BLOCKED, DOWN, UNKNOWN, THROTTLED = Verdict.BLOCKED, Verdict.DOWN, Verdict.INCONCLUSIVE, Verdict.THROTTLED
SITE, PATH, LINE, US = Fault.SITE, Fault.PATH, Fault.LINE, Fault.US


@dataclass(frozen=True, slots=True)
class Rule:
    """`verdict` None: the layer is passed, and `says`, where there is any, is a note. It is filled from the case."""

    id: str
    when: Callable[[Case], bool]
    verdict: Verdict | None
    fault: Fault | None
    confidence: Callable[[Case], Confidence]
    mechanisms: Callable[[Case], tuple[str, ...]]
    says: str


DNS_MECHANISM = {
    Failure.DNS_NXDOMAIN: "dns.nxdomain",
    Failure.DNS_SERVFAIL: "dns.servfail",
    Failure.DNS_REFUSED: "dns.refused",
    Failure.DNS_NO_ANSWER: "dns.nodata",
    Failure.TIMEOUT: "dns.timeout",
    Failure.DNS_TEMPORARY: "dns.timeout",
    Failure.DNS_OTHER: "dns.servfail",
    Failure.REFUSED: "dns.refused",
}
ACTION = (
    {
        Failure.REFUSED: "refused",
        Failure.RESET: "reset",
        Failure.ABORTED: "reset",
        Failure.CLOSED: "closed",
        Failure.TLS_HANDSHAKE: "alert",
        Failure.TLS_HOSTNAME: "alert",
    }
    | dict.fromkeys(SILENCE, "timeout")
    | dict.fromkeys(UNREACHABLE, "unreachable")
)


def _dns(case: Case) -> tuple[str, ...]:
    if case.dns_failure is not None:
        return (DNS_MECHANISM.get(case.dns_failure, "dns.servfail"),)
    return ("dns.bogus",) if case.only_bogons or case.foreign else ()


def _tcp(case: Case) -> tuple[str, ...]:
    return (f"tcp.{ACTION.get(case.tcp_failure or Failure.UNKNOWN, 'timeout')}",)


def _tls(case: Case) -> tuple[str, ...]:
    return (f"tls.{ACTION.get(case.tls_failure or Failure.UNKNOWN, 'alert')}",)


def _http(case: Case) -> tuple[str, ...]:
    return (f"http.{ACTION.get(case.http_failure or Failure.UNKNOWN, 'closed')}",)


def _only(*names: str) -> Callable[[Case], tuple[str, ...]]:
    return lambda _case: names


def _sure(confidence: Confidence) -> Callable[[Case], Confidence]:
    return lambda _case: confidence


def _by_test(case: Case) -> Confidence:
    """An A/B test that isolates the name confirms."""
    return CONFIRMED if case.neutral_name_answered or case.name_fails_elsewhere else LIKELY


def _by_places(case: Case) -> Confidence:
    """What answers in two networks of others is no site's own."""
    return CONFIRMED if case.same_page_elsewhere >= 2 else LIKELY


NOTHING = _only()

LINE_RULES = (
    Rule(
        "address_not_public",
        lambda c: c.literal_bogon,
        UNKNOWN, US, _sure(WEAK), NOTHING,
        "{c.here.host} is no public address, and such are not dialled.",
    ),
    Rule(
        "own_line_fails",
        lambda c: c.own_line_fails,
        UNKNOWN, LINE, _sure(WEAK), NOTHING,
        "This machine can't send to the site: {c.tcp_failure}.",
    ),
    Rule(
        "line_down",
        lambda c: c.references_dead,
        UNKNOWN, LINE, _sure(WEAK), NOTHING,
        "The line is down: none of the reference sites answers either.",
    ),
)  # fmt: skip

DNS_RULES = (
    Rule(
        "dns_no_such_name",
        lambda c: c.dns_failure is not None and c.no_such_name,
        DOWN, SITE, _sure(LIKELY), NOTHING,
        "The name has no address anywhere: the resolver here says {c.dns_failure}, and those that the network can't "
        "alter know none either.",
    ),
    Rule(
        "dns_answers_race",
        lambda c: bool(c.race) and (c.dns_failure is not None or c.only_bogons or c.foreign),
        BLOCKED, PATH, _sure(CONFIRMED), lambda c: ("dns.injection", *_dns(c)),
        "One query got contradicting answers; the first is not the site's, {c.truth_sayer} says which is.",
    ),
    Rule(
        "dns_fails_here_only",
        lambda c: c.dns_failure is not None and bool(c.true_addresses),
        BLOCKED, PATH, _sure(LIKELY), _dns,
        "The resolver here fails for this name ({c.dns_failure}); {c.truth_sayer} knows its address.",
    ),
    Rule(
        "dns_fails_uncompared",
        lambda c: c.dns_failure is not None,
        UNKNOWN, None, _sure(WEAK), NOTHING,
        "The name could not be resolved ({c.dns_failure}), and nobody else could be asked.",
    ),
    Rule(
        "dns_bogon_for_all",
        lambda c: c.only_bogons and c.no_such_name,
        DOWN, SITE, _sure(LIKELY), NOTHING,
        "The name leads to {c.bogons}, which can't be a public site, and nobody knows a better address.",
    ),
    Rule(
        "dns_bogon_here_only",
        lambda c: c.only_bogons and bool(c.true_addresses),
        BLOCKED, PATH, _sure(LIKELY), _only("dns.bogus"),
        "The resolver here leads to {c.bogons}, which can't be a public site; {c.truth_sayer} knows its address.",
    ),
    Rule(
        "dns_bogon_uncompared",
        lambda c: c.only_bogons,
        UNKNOWN, None, _sure(WEAK), NOTHING,
        "The name leads to {c.bogons}, which can't be a public site, and nobody else could be asked.",
    ),
    Rule(
        "dns_foreign_address",
        lambda c: c.foreign and c.true_way_better,
        BLOCKED, PATH, _sure(LIKELY), _only("dns.bogus"),
        "The resolver here leads to {c.foreign_addresses}, which is not the site's; at the address that "
        "{c.truth_sayer} gives the site answers.",
    ),
    Rule(
        "dns_race_harmless",
        lambda c: bool(c.race),
        None, None, _sure(WEAK), NOTHING,
        "One DNS query got contradicting answers, but the site was reached.",
    ),
    Rule("dns_fine", lambda _c: True, None, None, _sure(LIKELY), NOTHING, ""),
)  # fmt: skip

TCP_RULES = (
    Rule("tcp_untried", lambda c: not c.ways, None, None, _sure(WEAK), NOTHING, ""),
    Rule("tcp_fine", lambda c: c.any_connected, None, None, _sure(LIKELY), NOTHING, ""),
    Rule(
        "tcp_fails_here_only",
        lambda c: c.control_connected,
        BLOCKED, PATH, _sure(LIKELY), _tcp,
        "No connection to {c.endpoints} from here ({c.tcp_failure}, tried twice); the control connects to the same "
        "address in {c.control_tcp_ms:.0f} ms.",
    ),
    Rule(
        "tcp_fails_for_control_too",
        lambda c: c.control_tried_tcp and not c.control_any_connected,
        DOWN, SITE, _sure(LIKELY), NOTHING,
        "No connection to {c.endpoints} ({c.tcp_failure}), and none for the control either.",
    ),
    Rule(
        "tcp_other_address_alive",
        lambda c: c.control_any_connected,
        UNKNOWN, None, _sure(WEAK), NOTHING,
        "No connection to {c.endpoints} ({c.tcp_failure}), nor for the control there; it reaches the site at another "
        "address.",
    ),
    Rule(
        "tcp_fails_uncompared",
        lambda _c: True,
        UNKNOWN, None, _sure(WEAK), NOTHING,
        "No connection to {c.endpoints} ({c.tcp_failure}), and no control to say whether that is so elsewhere.",
    ),
)  # fmt: skip

TLS_RULES = (
    Rule("tls_fine", lambda c: c.tls_failure is None, None, None, _sure(LIKELY), NOTHING, ""),
    Rule(
        "tls_certificate_bad_for_all",
        lambda c: c.bad_certificate and c.control_bad_certificate,
        Verdict.ACCESSIBLE, SITE, _sure(LIKELY), NOTHING,
        "The site's own certificate is bad ({c.certificate_trouble}), for the control as well.",
    ),
    Rule(
        "tls_certificate_expired",
        lambda c: c.bad_certificate and c.expired_but_trusted,
        Verdict.ACCESSIBLE, SITE, _sure(LIKELY), NOTHING,
        "The site's own certificate has expired; it was issued by an authority that we trust.",
    ),
    Rule(
        "tls_certificate_here_only",
        lambda c: c.bad_certificate and c.control_secured_here,
        BLOCKED, PATH, _sure(LIKELY), _only("tls.interception"),
        "The certificate shown here is not the site's ({c.certificate_trouble}; issued by {c.issuer}); the control "
        "gets a valid one from the same address.",
    ),
    Rule(
        "tls_certificate_uncompared",
        lambda c: c.bad_certificate,
        UNKNOWN, None, _sure(WEAK), NOTHING,
        "The certificate is not valid ({c.certificate_trouble}; issued by {c.issuer}), and no control saw the same "
        "address.",
    ),
    Rule(
        "tls_fails_here_only",
        lambda c: c.control_secured,
        BLOCKED, PATH, _by_test, _tls,
        "The TLS handshake with {c.tls_endpoint} fails here ({c.tls_failure} after {c.waited}, tried twice); "
        "the control completes it in {c.control_tls_ms:.0f} ms.",
    ),
    Rule(
        "tls_fails_for_control_too",
        lambda c: bool(c.control_tls) or (c.control_tried_tcp and not c.control_any_connected),
        DOWN, SITE, _sure(LIKELY), NOTHING,
        "The TLS handshake with {c.tls_endpoint} fails ({c.tls_failure}), for the control as well.",
    ),
    Rule(
        "tls_name_triggers",
        lambda c: c.neutral_name_answered and c.name_fails_elsewhere,
        BLOCKED, PATH, _sure(CONFIRMED), _tls,
        "The TLS handshake fails ({c.tls_failure}) wherever the site's name is sent, even to an address that is not "
        "the site's; with another name the site's address answers.",
    ),
    Rule(
        "tls_fails_uncompared",
        lambda _c: True,
        UNKNOWN, None, _sure(WEAK), NOTHING,
        "The TLS handshake with {c.tls_endpoint} fails ({c.tls_failure}), and no control to say whether that is so "
        "elsewhere.",
    ),
)  # fmt: skip

HTTP_RULES = (
    Rule("http_untried", lambda c: not c.http, None, None, _sure(WEAK), NOTHING, ""),
    # No page came.
    Rule(
        "http_location_unreadable",
        lambda c: c.http_failure is Failure.HTTP_LOCATION and not c.control_fails_too,
        UNKNOWN, None, _sure(WEAK), NOTHING,
        "The answer redirects to what is no web address, and the control's does not.",
    ),
    Rule(
        "http_body_stops_here_only",
        lambda c: c.cut and c.http_failure in SILENCE and c.control_page is not None,
        THROTTLED, PATH, _sure(LIKELY), _only("throughput.freeze"),
        "The page stops after {c.got_bytes} bytes and nothing more comes; the control gets {c.control_bytes} bytes.",
    ),
    Rule(
        "http_body_cut_here_only",
        lambda c: c.cut and c.control_page is not None,
        BLOCKED, PATH, _sure(LIKELY), _only("http.truncated"),
        "The page is cut after {c.got_bytes} bytes ({c.http_failure}); the control gets {c.control_bytes} bytes.",
    ),
    Rule(
        "http_fails_here_only",
        lambda c: c.http_failure is not None and c.control_page is not None,
        BLOCKED, PATH, _by_test, _http,
        "The request gets no answer here ({c.http_failure}, tried twice); the control gets status {c.control_status}.",
    ),
    Rule(
        "http_fails_for_control_too",
        lambda c: c.http_failure is not None and c.there is not None,
        DOWN, SITE, _sure(LIKELY), NOTHING,
        "The request gets no whole answer ({c.http_failure}), for the control as well.",
    ),
    Rule(
        "http_name_triggers",
        lambda c: c.http_failure is not None and not c.cut and c.neutral_name_answered and c.name_fails_elsewhere,
        BLOCKED, PATH, _sure(CONFIRMED), _http,
        "The request fails ({c.http_failure}) wherever it names the site, even at an address that is not the site's; "
        "with another name the site's address answers.",
    ),
    Rule(
        "http_fails_uncompared",
        lambda c: c.http_failure is not None,
        UNKNOWN, None, _sure(WEAK), NOTHING,
        "The request gets no whole answer ({c.http_failure}), and no control to say whether that is so elsewhere.",
    ),
    # A page came, over a connection that proves whose it is.
    Rule(
        "http_error_for_all",
        lambda c: c.status >= 500 and c.control_status >= 500 and c.likeness_of_error,
        DOWN, SITE, _sure(LIKELY), NOTHING,
        "The site answers with status {c.status}, and with {c.control_status} to the control.",
    ),
    Rule(
        "http_site_refuses",
        lambda c: c.proven and c.status >= 400,
        None, SITE, _sure(CONFIRMED), NOTHING,
        "The site itself answers with status {c.status}, over its own certificate.",
    ),
    Rule("http_proven", lambda c: c.proven, None, None, _sure(CONFIRMED), NOTHING, ""),
    # A page came, and anyone on the path may have written it.
    Rule(
        "http_path_answers",
        lambda c: c.same_page_elsewhere > 0 and not c.one_server_elsewhere and not c.likeness,
        BLOCKED, PATH, _by_places, lambda c: ("http.redirect",) if c.destination else ("http.blockpage",),
        "The same answer (status {c.status}) comes for the site's name from an address of "
        "somebody else, which answers other names differently: something on the path writes it.",
    ),
    Rule(
        "http_like_the_true_page",
        lambda c: bool(c.likeness),
        None, None, _sure(LIKELY), NOTHING,
        "",
    ),
    Rule(
        "http_redirected_elsewhere",
        lambda c: c.redirected_elsewhere and c.true_page is not None,
        BLOCKED, PATH, _sure(LIKELY), _only("http.redirect"),
        "The answer here sends to {c.destination}, another site; elsewhere the site answers with status "
        "{c.true_status}.",
    ),
    Rule(
        "http_redirected_uncompared",
        lambda c: c.redirected_elsewhere and not c.swapped,
        UNKNOWN, None, _sure(WEAK), NOTHING,
        "The answer, without TLS, sends to another site, {c.destination}, and nothing is there to compare with.",
    ),
    Rule(
        "http_redirect_within",
        lambda c: bool(c.destination),
        None, None, _sure(LIKELY), NOTHING,
        "",
    ),
    Rule(
        "http_other_page_here_only",
        lambda c: c.true_page is not None and c.true_status < 400,
        BLOCKED, PATH, _sure(LIKELY), _only("http.blockpage"),
        "The page here (status {c.status}, {c.page_words}) is not the one that comes elsewhere (status "
        "{c.true_status}, {c.true_words}).",
    ),
    Rule(
        "http_error_differs",
        lambda c: c.true_page is not None,
        UNKNOWN, None, _sure(WEAK), NOTHING,
        "The page here (status {c.status}) is not the one elsewhere, which is an error itself (status "
        "{c.true_status}).",
    ),
    Rule(
        "http_same_page_elsewhere",
        lambda c: bool(c.same_page_elsewhere),
        UNKNOWN, None, _sure(WEAK), NOTHING,
        "The same answer (status {c.status}) comes for the site's name from an address of somebody else: either "
        "something on the path writes it, or both are served from one place.",
    ),
    Rule(
        "http_not_the_path",
        lambda c: c.swapped,
        None, None, _sure(LIKELY), NOTHING,
        "An address that is not the site's answers its name as it answers any: the path does not react to the name.",
    ),
    Rule(
        "http_uncompared",
        lambda _c: True,
        UNKNOWN, None, _sure(WEAK), NOTHING,
        "A page came without TLS (status {c.status}), and nothing is there to compare it with.",
    ),
)  # fmt: skip

RULES = (*LINE_RULES, *DNS_RULES, *TCP_RULES, *TLS_RULES, *HTTP_RULES)
