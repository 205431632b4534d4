"""Rules about the page: does it come, and is it the one that others get?"""

from dataclasses import dataclass
from functools import cached_property

from results import content
from results.failure import SILENCE, Failure
from results.judgement import Confidence
from results.knowledge.blockpages import Fingerprint, block_page
from results.records import Aim, HttpStep
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
    Case,
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


@dataclass(frozen=True)
class HttpCase(Case):
    """What the rules about the page may ask."""

    @cached_property
    def steps(self) -> tuple[HttpStep, ...]:
        return tuple(way.http for way in self.ways if way.http is not None)

    @cached_property
    def page(self) -> HttpStep | None:
        """The page that came, the newest where several did."""
        return next((step for step in reversed(self.steps) if step.failure is None), None)

    @cached_property
    def failure(self) -> Failure | None:
        """How the requests failed, the newest; None where one didn't, or none was made."""
        return self.steps[-1].failure if self.steps and self.page is None else None

    @property
    def cut(self) -> bool:
        """Whether the head came and the body stopped."""
        return self.failure is not None and self.steps[-1].status is not None

    @property
    def got_bytes(self) -> int:
        return (self.steps[-1].body_bytes or 0) if self.steps else 0

    @property
    def status(self) -> int:
        return (self.page.status or 0) if self.page else 0

    @property
    def proven(self) -> bool:
        """Whether the page came over a connection whose certificate is the site's."""
        return self.page is not None and self.here.scheme == "https"

    @property
    def destination(self) -> str:
        return (self.page.location or "") if self.page else ""

    # What others get

    @cached_property
    def control_step(self) -> HttpStep | None:
        """The control's answer, whole or not."""
        steps = [way.http for way in self.control_ways if way.http is not None]
        return next((step for step in steps if step.failure is None), steps[-1] if steps else None)

    @property
    def control_page(self) -> HttpStep | None:
        return self.control_step if self.control_step and self.control_step.failure is None else None

    @property
    def control_status(self) -> int:
        return (self.control_page.status or 0) if self.control_page else 0

    @property
    def control_bytes(self) -> int:
        return (self.control_page.body_bytes or 0) if self.control_page else 0

    @property
    def control_fails_alike(self) -> bool:
        return self.control_step is not None and self.control_step.failure is self.failure

    @cached_property
    def true_page(self) -> HttpStep | None:
        """The control's page, or what the site's true address gives here where the system's address is another."""
        other = next((way.http for way in self.here.other if way.arrived), None)
        return self.control_page or other

    @property
    def true_status(self) -> int:
        return (self.true_page.status or 0) if self.true_page else 0

    @cached_property
    def likeness(self) -> str:
        """In words, why the page is the true one; empty where it isn't or nothing is there to compare."""
        return content.alike(self.page, self.true_page) if self.page and self.true_page else ""

    @property
    def error_for_all(self) -> bool:
        """Whether an error that both get may be called the site's own."""
        return self.status >= 500 and self.control_status >= 500 and (self.proven or bool(self.likeness))

    @cached_property
    def redirected_elsewhere(self) -> bool:
        """Whether an unproven answer sends us to another site than the true one does."""
        if not self.destination or content.same_site(self.destination, self.here.url):
            return False
        true = self.true_page
        return true is None or true.location is None or not content.same_site(self.destination, true.location)

    @cached_property
    def block_page(self) -> Fingerprint | None:
        """The known block page that came, or to which the answer leads; what the site's certificate covers is none."""
        if self.page is None or self.proven or self.likeness:
            return None
        led = (step for step in self.measurement.steps if isinstance(step, HttpStep) and step.url == self.destination)
        found = (block_page(step, self.known.fingerprints) for step in (self.page, *led) if step.failure is None)
        return next((row for row in found if row is not None), None)

    @property
    def block_page_words(self) -> str:
        return self.block_page.words if self.block_page else ""

    @property
    def empty_for_all(self) -> bool:
        """Whether a plain success holds nothing, here and for the control."""
        pages = (self.page, self.control_page)
        return all(page is not None and page.status == 200 and page.body_bytes == 0 for page in pages)

    @property
    def page_words(self) -> str:
        return _described(self.page)

    @property
    def true_words(self) -> str:
        return _described(self.true_page)

    # A/B tests

    @property
    def name_triggers(self) -> bool:
        return not self.cut and self.neutral_name_answered and self.fails_elsewhere(self.failure)

    @cached_property
    def same_page_elsewhere(self) -> int:
        """At how many addresses that are not the site's its name, and no unrelated one, gets this very page."""
        return len(self._reacting)

    @property
    def one_server_elsewhere(self) -> bool:
        """Whether such an address may serve the site as well: it signs that page as it signs its own."""
        return any(content.same_server(named, base) for named, base in self._reacting)

    @property
    def path_answers(self) -> bool:
        """Whether something on the path must have written the page."""
        return self.same_page_elsewhere > 0 and not self.one_server_elsewhere and not self.likeness

    @property
    def one_page_for_all(self) -> bool:
        """Whether another address gives this very page for the site's name and for any other."""
        page = self.page
        return page is not None and any(
            content.identical(page, named) and content.identical(page, base) for named, base in self._elsewhere
        )

    @property
    def path_does_not_react(self) -> bool:
        """Whether an address that is not the site's was asked for its page, and none answered with ours."""
        return bool(self._elsewhere) and not self.same_page_elsewhere

    @property
    def path_stays_out(self) -> bool:
        """Whether the path does not react to the name, and the address is among the true ones."""
        own = {way.ip for way in self.ways}
        return self.path_does_not_react and bool(own & self.here.trusted_addresses or self.here.is_address)

    @cached_property
    def _elsewhere(self) -> list[tuple[HttpStep, HttpStep]]:
        came = [step for step in self.here.tests if isinstance(step, HttpStep) and step.failure is None]
        base = {step.endpoint: step for step in came if step.aim is Aim.BASELINE}
        named = [step for step in came if step.aim is Aim.NEUTRAL_ADDRESS]
        return [(step, base[step.endpoint]) for step in named if step.endpoint in base]

    @property
    def _reacting(self) -> list[tuple[HttpStep, HttpStep]]:
        page = self.page
        return [
            (named, base)
            for named, base in self._elsewhere
            if page is not None and content.identical(page, named) and not content.identical(named, base)
        ]


def _described(page: HttpStep | None) -> str:
    assert page is not None  # the rules that say it have both
    quoted = f"\N{LEFT DOUBLE QUOTATION MARK}{page.title}\N{RIGHT DOUBLE QUOTATION MARK}"
    return quoted if page.title else f"{page.body_bytes or 0} bytes"


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
        "http_body_stops_here_only",
        lambda c: c.cut and c.failure in SILENCE and c.control_page is not None,
        THROTTLED, PATH, sure(LIKELY), only("throughput.freeze"),
        "The page stops after {c.got_bytes} bytes and nothing more comes; the control gets {c.control_bytes} bytes.",
    ),
    Rule(
        "http_body_cut_here_only",
        lambda c: c.cut and c.control_page is not None,
        BLOCKED, PATH, sure(LIKELY), only("http.truncated"),
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
