"""What the rules about the page may ask: what came here, what others get, and what the A/B tests say.

The rules themselves are in http.py.
"""

from dataclasses import dataclass
from functools import cached_property

from results import content
from results.failure import Failure
from results.judgement import Throttling
from results.knowledge.blockpages import Fingerprint, block_page
from results.records import Aim, HttpStep, Source
from results.rules.rule import Case
from results.throttling import Pair, pairs, stops


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
        """The control's answer, whole or not; that from our endpoint before that from another of the site's."""
        here, anywhere = self._control_here, self._control_steps
        steps = [*here, *anywhere]
        return next((step for step in steps if step.failure is None), anywhere[-1] if anywhere else None)

    @cached_property
    def _control_steps(self) -> list[HttpStep]:
        """What the control was answered by the site's addresses. Ours may be a lie, which would be its own witness."""
        true = self.here.trusted_addresses
        ways = (way for way in self.control_ways if way.source is not Source.PROBE or way.secured or way.ip in true)
        return [way.http for way in ways if way.http is not None]

    @property
    def _control_here(self) -> list[HttpStep]:
        return [step for step in self._control_steps if step.endpoint in self.endpoints]

    @property
    def control_got_it_here(self) -> bool:
        """Whether the control got the page from the address that we had it from."""
        return any(step.failure is None for step in self._control_here)

    @property
    def control_gets_none_here(self) -> bool:
        """Whether our endpoint gives the control no page either, though another of the site's does."""
        ways = [way for way in self.control_ways if way.tcp.endpoint in self.endpoints and way.http is not None]
        return bool(ways) and not any(way.arrived for way in ways) and self.control_page is not None

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
        others = [step for step in self._control_steps if step.failure is None]
        # A page that the path writes comes from every address here: the control's word goes before ours.
        others = others or ([self.true_page] if self.true_page else [])
        page = self.page
        signs = (content.alike(page, other) for other in others) if page else ()
        return next((sign for sign in signs if sign), "")

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
    def still_coming(self) -> bool:
        """Whether our time was over while the page still flowed, and the control got more of it."""
        return self.page is not None and self.page.capped and self.got_bytes < 0.9 * self.control_bytes

    @property
    def flowed_s(self) -> float:
        """How long the body was read, seconds."""
        page = self.page
        return page.t - (page.first_byte_t or page.t) if page else 0.0

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

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """Samples of the page with its own name and with another, at our address."""
        return pairs(self.here.tests, self.page or next(reversed(self.steps), None))

    @property
    def stops_for_name(self) -> bool:
        """Whether the page stops with the site's name and comes whole with another, each time."""
        whole = [pair for pair in self.pairs if pair.same_page]
        return bool(whole) and all(map(stops, whole)) and not self.control_fails_alike

    @cached_property
    def freeze(self) -> Throttling:
        """The numbers of a page that stops."""
        return Throttling(by="name" if self.stops_for_name else None, pairs=len(self.pairs))

    @property
    def given_for_any_name(self) -> bool:
        """Whether our address gives such a page for another name as well: a server of block pages, or a parked one."""
        others = [step for step in self._tests(Aim.NEUTRAL_NAME) if step.status is not None]
        return self.page is not None and any(content.alike(self.page, other) for other in others)

    @cached_property
    def given_over_tls(self) -> str:
        """In words, why the page that comes over the site's certificate, at our address, is this one."""
        page, secured = self.page, [step for step in self._tests(Aim.OTHER_PORT) if step.url.startswith("https:")]
        signs = (content.alike(page, step) for step in secured if step.failure is None) if page else ()
        return next((sign for sign in signs if sign), "")

    def _tests(self, aim: Aim) -> list[HttpStep]:
        return [step for step in self.here.tests if isinstance(step, HttpStep) and step.aim is aim]

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
