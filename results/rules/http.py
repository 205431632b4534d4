"""Rules about the page: does it come, and is it the one that others get? What they may ask is in page.py."""

from results.failure import SILENCE, Failure
from results.judgement import Confidence
from results.rules.page import HttpCase
from results.rules.rule import (
    ACCESSIBLE,
    BLOCKED,
    CONFIRMED,
    DOWN,
    LIKELY,
    LINE,
    NOTHING,
    PATH,
    SITE,
    THROTTLED,
    UNKNOWN,
    WEAK,
    Rule,
    as_repeated,
    only,
    sure,
)

MECHANISM = {
    Failure.TIMEOUT: "http.timeout",
    Failure.TIMED_OUT: "http.timeout",
    Failure.RESET: "http.reset",
    Failure.ABORTED: "http.reset",
    Failure.REFUSED: "http.reset",
    Failure.HOST_UNREACHABLE: "http.reset",
    Failure.NETWORK_UNREACHABLE: "http.reset",
    Failure.HTTP_GARBAGE: "http.tampered",
}


def _mechanism(case: HttpCase) -> tuple[str, ...]:
    return (MECHANISM.get(case.failure or Failure.UNKNOWN, "http.closed"),)


def _page_mechanism(case: HttpCase) -> tuple[str, ...]:
    return ("http.redirect",) if case.destination else ("http.blockpage",)


def _by_test(case: HttpCase) -> Confidence:
    """An A/B test that isolates the name confirms."""
    return CONFIRMED if case.neutral_name_answered or case.fails_elsewhere(case.failure) else as_repeated(case)


def _by_places(case: HttpCase) -> Confidence:
    """What answers in two networks of others is no site's own."""
    return CONFIRMED if case.same_page_elsewhere >= 2 else LIKELY


def _as_expected(case: HttpCase) -> Confidence:
    """A block page that is known from another country is a likely one."""
    row, country = case.block_page, case.measurement.vantage.country
    return CONFIRMED if row is not None and (not row.countries or country in row.countries) else LIKELY


HTTP_RULES = (
    Rule("http_untried", lambda c: not c.steps, None, None, sure(WEAK), NOTHING, ""),
    # No page came.
    Rule(
        "http_site_misleads",
        lambda c: c.failure is Failure.HTTP_LOCATION and c.here.scheme == "https" and not c.control_fails_alike,
        ACCESSIBLE, SITE, sure(CONFIRMED), NOTHING,
        "The site itself, over its own certificate, redirects to what is no web address.",
    ),
    Rule(
        "http_location_unreadable",
        lambda c: c.failure is Failure.HTTP_LOCATION and not c.control_fails_alike,
        UNKNOWN, None, sure(WEAK), NOTHING,
        "The answer redirects to what is no web address, and the control's does not.",
    ),
    Rule(
        "http_site_garbles",
        lambda c: c.failure is Failure.HTTP_GARBAGE and c.here.scheme == "https" and c.control_page is not None,
        UNKNOWN, SITE, sure(WEAK), NOTHING,
        "What came over the site's own certificate is no HTTP: only the site can write that. The control gets a page.",
    ),
    Rule(
        "http_other_address_alive",
        lambda c: c.failure is not None and c.control_gets_none_here,
        UNKNOWN, None, sure(WEAK), NOTHING,
        "The request gets no whole answer ({c.failure}), nor for the control there; it gets the page at another "
        "address.",
    ),
    Rule(
        "http_body_stops_for_name",
        lambda c: c.cut and c.failure in SILENCE and c.stops_for_name,
        THROTTLED, PATH, sure(CONFIRMED), only("throughput.freeze"),
        "The page stops after {c.got_bytes} bytes and nothing more comes, each time; with another name at the same "
        "address it comes whole.",
        lambda c: c.freeze,
    ),
    Rule(
        "http_body_stops_here_only",
        lambda c: c.cut and c.failure in SILENCE and c.control_page is not None,
        THROTTLED, PATH, as_repeated, only("throughput.freeze"),
        "The page stops after {c.got_bytes} bytes and nothing more comes; the control gets {c.control_bytes} bytes.",
        lambda c: c.freeze,
    ),
    Rule(
        "http_body_cut_here_only",
        lambda c: c.cut and c.control_page is not None,
        BLOCKED, PATH, as_repeated, only("http.truncated"),
        "The page is cut after {c.got_bytes} bytes ({c.failure}); the control gets {c.control_bytes} bytes.",
    ),
    Rule(
        "http_fails_here_only",
        lambda c: c.failure is not None and c.control_page is not None,
        BLOCKED, PATH, _by_test, _mechanism,
        "The request gets no answer here ({c.failure}, {c.tries}); the control gets status {c.control_status}.",
    ),
    Rule(
        "http_fails_for_control_too",
        lambda c: c.failure is not None and c.control_step is not None,
        DOWN, SITE, sure(LIKELY), NOTHING,
        "The request gets no whole answer ({c.failure}), for the control as well.",
    ),
    Rule(
        "http_name_triggers",
        lambda c: c.failure is not None and c.name_triggers,
        BLOCKED, PATH, sure(CONFIRMED), _mechanism,
        "The request fails ({c.failure}) wherever it names the site, even at an address that is not the site's; "
        "with another name the site's address answers.",
    ),
    Rule(
        "http_fails_uncompared",
        lambda c: c.failure is not None,
        UNKNOWN, None, sure(WEAK), NOTHING,
        "The request gets no whole answer ({c.failure}), and no control to say whether that is so elsewhere.",
    ),
    # A page came, over a connection that proves whose it is.
    Rule(
        "http_error_for_all",
        lambda c: c.error_for_all,
        DOWN, SITE, sure(LIKELY), NOTHING,
        "The site answers with status {c.status}, and with {c.control_status} to the control.",
    ),
    Rule(
        "http_empty_for_all",
        lambda c: c.empty_for_all,
        DOWN, SITE, sure(LIKELY), NOTHING,
        "The site answers with an empty page, to the control as well.",
    ),
    Rule(
        "http_site_refuses",
        lambda c: c.proven and c.status >= 400,
        None, SITE, sure(CONFIRMED), NOTHING,
        "The site itself answers with status {c.status}, over its own certificate.",
    ),
    Rule("http_proven", lambda c: c.proven, None, None, sure(CONFIRMED), NOTHING, ""),
    # A page came, and anyone on the path may have written it.
    Rule(
        "http_path_answers",
        lambda c: c.path_answers,
        BLOCKED, PATH, _by_places, _page_mechanism,
        "The same answer (status {c.status}) comes for the site's name from an address of somebody else, which answers "
        "other names differently: something on the path writes it.",
    ),
    Rule(
        "http_block_page_known",
        lambda c: c.block_page is not None,
        BLOCKED, PATH, _as_expected, _page_mechanism,
        "What answers here is a known block page: {c.block_page_words}.",
    ),
    Rule("http_like_the_true_page", lambda c: bool(c.likeness), None, None, sure(LIKELY), NOTHING, ""),
    Rule(
        "http_site_answers_alike",
        lambda c: bool(c.given_over_tls),
        None, SITE, sure(LIKELY), NOTHING,
        "What comes here (status {c.status}) is not what comes elsewhere, and comes over the site's own certificate as "
        "well: it is the site's.",
    ),
    Rule(
        "http_one_page_for_all",
        lambda c: c.one_page_for_all,
        UNKNOWN, LINE, sure(WEAK), NOTHING,
        "The same answer (status {c.status}) comes from another address for the site's name and for any other: a "
        "captive portal, or a gateway that answers everything.",
    ),
    Rule(
        "http_site_differs",
        lambda c: c.true_page is not None and c.path_does_not_react and (c.redirected_elsewhere or not c.destination),
        UNKNOWN, None, sure(WEAK), NOTHING,
        "The page here (status {c.status}, {c.page_words}) is not the one that comes elsewhere (status "
        "{c.true_status}, {c.true_words}), but an address that is not the site's answers its name as any: the site "
        "itself may differ by country.",
    ),
    Rule(
        "http_redirected_elsewhere",
        lambda c: c.redirected_elsewhere and c.true_page is not None,
        BLOCKED, PATH, sure(LIKELY), only("http.redirect"),
        "The answer here sends to {c.destination}, another site; elsewhere the site answers with status "
        "{c.true_status}.",
    ),
    Rule(
        "http_redirected_uncompared",
        lambda c: c.redirected_elsewhere and not c.path_stays_out,
        UNKNOWN, None, sure(WEAK), NOTHING,
        "The answer, without TLS, sends to another site, {c.destination}, and nothing is there to compare with.",
    ),
    Rule("http_redirect_within", lambda c: bool(c.destination), None, None, sure(LIKELY), NOTHING, ""),
    Rule(
        "http_other_page_here_only",
        lambda c: c.true_page is not None and c.true_status < 400,
        BLOCKED, PATH, sure(LIKELY), only("http.blockpage"),
        "The page here (status {c.status}, {c.page_words}) is not the one that comes elsewhere (status "
        "{c.true_status}, {c.true_words}).",
    ),
    Rule(
        "http_error_differs",
        lambda c: c.true_page is not None,
        UNKNOWN, None, sure(WEAK), NOTHING,
        "The page here (status {c.status}) is not the one elsewhere, which is an error itself (status "
        "{c.true_status}).",
    ),
    Rule(
        "http_same_page_elsewhere",
        lambda c: c.same_page_elsewhere > 0,
        UNKNOWN, None, sure(WEAK), NOTHING,
        "The same answer (status {c.status}) comes for the site's name from an address of somebody else: either "
        "something on the path writes it, or both are served from one place.",
    ),
    Rule(
        "http_not_the_path",
        lambda c: c.path_stays_out,
        None, None, sure(LIKELY), NOTHING,
        "An address that is not the site's answers its name as it answers any: the path does not react to the name.",
    ),
    Rule(
        "http_uncompared",
        lambda _c: True,
        UNKNOWN, None, sure(WEAK), NOTHING,
        "A page came without TLS (status {c.status}), and nothing is there to compare it with.",
    ),
)  # fmt: skip
