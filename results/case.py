"""What the rules may ask about one hop: what happened here, what the control saw, what the A/B tests say. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from results import content
from results.failure import CERTIFICATE_FAILURES, OWN_LINE, SILENCE, UNREACHABLE, Failure
from results.hops import Side, Way, dns_failure
from results.records import Aim, DnsAnswer, HttpStep, Measurement, Step, TlsStep, Via, is_bogon


@dataclass(frozen=True)
class Case:
    """One hop, here and at the control (None where it didn't go there), over one set of ways."""

    measurement: Measurement
    here: Side
    there: Side | None
    ways: tuple[Way, ...]

    # -- the line ------------------------------------------------------------------------------------------------

    @property
    def references_dead(self) -> bool:
        looked = self.measurement.references
        return bool(looked) and all(reference.failure is not None for reference in looked or ())

    @property
    def own_line_fails(self) -> bool:
        failures = [way.tcp.failure for way in self.ways]
        return bool(failures) and all(failure in OWN_LINE for failure in failures)

    # -- DNS -----------------------------------------------------------------------------------------------------

    @cached_property
    def dns_failure(self) -> Failure | None:
        return dns_failure(self.here)

    @cached_property
    def only_bogons(self) -> bool:
        found = self.here.system_addresses
        return bool(found) and all(is_bogon(ip) for ip in found)

    @property
    def bogons(self) -> str:
        return ", ".join(sorted(self.here.system_addresses))

    @property
    def literal_bogon(self) -> bool:
        return not self.here.dns and not self.here.ways and is_bogon(self.here.host)

    @cached_property
    def control_dns(self) -> Failure | None:
        return dns_failure(self.there) if self.there else None

    @cached_property
    def control_addresses(self) -> frozenset[str]:
        return frozenset(ip for ip in self.there.system_addresses if not is_bogon(ip)) if self.there else frozenset()

    @cached_property
    def true_addresses(self) -> frozenset[str]:
        """What those say whom the network can't alter."""
        return self.here.trusted_addresses | self.control_addresses

    @property
    def truth_sayer(self) -> str:
        return "the trusted resolver" if self.here.trusted_addresses else "the control"

    @cached_property
    def no_such_name(self) -> bool:
        """Whether those whom the network can't alter agree that there is no such name, and none knows it."""
        trusted = [step.failure for step in self.here.asked(Via.TRUSTED)]
        nothing = {Failure.DNS_NXDOMAIN, Failure.DNS_NO_ANSWER}
        bogus = any(step.addresses for step in self.here.asked(Via.TRUSTED)) and not self.here.trusted_addresses
        said = any(failure in nothing for failure in trusted) or bogus or self.control_dns is not None
        return said and not self.true_addresses

    @cached_property
    def race(self) -> tuple[DnsAnswer, ...]:
        """Answers to one query that contradict each other: at least one true and one that isn't."""
        for step in (*self.here.asked(Via.UDP), *self.here.asked(Via.EXTRA)):
            true = [answer for answer in step.answers if self.true_addresses & set(answer.addresses)]
            false = [answer for answer in step.answers if not self.true_addresses & set(answer.addresses)]
            if true and false and (step.answers[0] in false):
                return step.answers
        return ()

    @cached_property
    def foreign(self) -> bool:
        """Whether the system's addresses are none of the true ones, and none proved to be the site's."""
        own = {ip for ip in self.here.system_addresses if not is_bogon(ip)}
        proven = any(way.secured for way in self.here.ordinary) or bool(self.likeness)
        return bool(own and self.true_addresses) and not own & self.true_addresses and not proven

    @cached_property
    def true_way_better(self) -> bool:
        """Whether a true address gets the site where the system's addresses don't, here or at the control."""
        if self.here.scheme == "https":
            here = any(way.secured for way in self.here.other)
            return here or (self._control_refused_ours and not self._control_secured_ours)
        pages = [way.http for way in self.here.other if way.arrived and way.http]
        if not pages:
            return False
        shown = self.here.page
        return shown is None or not any(shown.http and content.alike(shown.http, page) for page in pages)

    @property
    def _control_refused_ours(self) -> bool:
        own = self.here.system_addresses
        looks = [way for way in (self.there.ways if self.there else ()) if way.ip in own]
        return bool(looks) and any(way.secured for way in (self.there.ways if self.there else ()))

    @property
    def _control_secured_ours(self) -> bool:
        own = self.here.system_addresses
        return any(way.secured for way in (self.there.ways if self.there else ()) if way.ip in own)

    @property
    def foreign_addresses(self) -> str:
        return ", ".join(sorted(self.here.system_addresses))

    # -- TCP -----------------------------------------------------------------------------------------------------

    @property
    def any_connected(self) -> bool:
        return any(way.connected for way in self.ways)

    @cached_property
    def tcp_failure(self) -> Failure | None:
        """How the connections failed, the commonest; None where one didn't."""
        if not self.ways or self.any_connected:
            return None
        return _commonest(way.tcp.failure for way in self.ways)

    @property
    def endpoints(self) -> str:
        return ", ".join(dict.fromkeys(way.tcp.endpoint for way in self.ways))

    @cached_property
    def control_connected(self) -> bool:
        """Whether the control reached one of our endpoints."""
        ours = {way.tcp.endpoint for way in self.ways}
        return any(way.connected and way.tcp.endpoint in ours for way in (self.there.ways if self.there else ()))

    @property
    def control_tried_tcp(self) -> bool:
        return bool(self.there and self.there.ways)

    @property
    def control_any_connected(self) -> bool:
        return any(way.connected for way in (self.there.ways if self.there else ()))

    @property
    def control_tcp_ms(self) -> float:
        return min((way.tcp.ms for way in (self.there.ways if self.there else ()) if way.connected), default=0.0)

    # -- TLS -----------------------------------------------------------------------------------------------------

    @cached_property
    def tls(self) -> tuple[TlsStep, ...]:
        return tuple(way.tls for way in self.ways if way.tls is not None)

    @cached_property
    def tls_failure(self) -> Failure | None:
        """How the handshakes failed, the commonest; None where one didn't, or none was tried."""
        if not self.tls or any(step.failure is None for step in self.tls):
            return None
        return _commonest(step.failure for step in self.tls)

    @property
    def bad_certificate(self) -> bool:
        return self.tls_failure in CERTIFICATE_FAILURES

    @property
    def tls_endpoint(self) -> str:
        return self.tls[-1].endpoint

    @property
    def waited(self) -> str:
        """How long the longest failing step was waited for."""
        longest = max((way.last.ms for way in self.ways if way.last.failure is not None), default=0.0)
        return f"{longest:.0f} ms" if longest < 1000 else f"{longest / 1000:.1f} s"

    @cached_property
    def control_tls(self) -> tuple[TlsStep, ...]:
        return tuple(way.tls for way in (self.there.ways if self.there else ()) if way.tls is not None)

    @property
    def control_secured(self) -> bool:
        return any(step.failure is None for step in self.control_tls)

    @property
    def control_secured_here(self) -> bool:
        """Whether the control completes the handshake at one of our endpoints."""
        ours = {step.endpoint for step in self.tls}
        return any(step.failure is None and step.endpoint in ours for step in self.control_tls)

    @property
    def control_tls_ms(self) -> float:
        return min((step.ms for step in self.control_tls if step.failure is None), default=0.0)

    @property
    def control_bad_certificate(self) -> bool:
        failures = {step.failure for step in self.control_tls}
        return bool(failures) and None not in failures and bool(failures & CERTIFICATE_FAILURES)

    @property
    def expired_but_trusted(self) -> bool:
        """OpenSSL complains of the date only after the chain has led to a root that we trust: nobody forged it."""
        return all(step.failure is Failure.TLS_CERTIFICATE and "expired" in step.detail for step in self.tls)

    @property
    def issuer(self) -> str:
        chain = self.tls[-1].chain if self.tls else ()
        return chain[0].issuer if chain else "nobody named"

    @property
    def certificate_trouble(self) -> str:
        return self.tls[-1].detail or str(self.tls_failure)

    @cached_property
    def neutral_name_answered(self) -> bool:
        """Whether the site's address answers when another name is sent."""
        return any(_answered(step) for step in self.here.tests if step.aim is Aim.NEUTRAL_NAME)

    @cached_property
    def name_fails_elsewhere(self) -> bool:
        """Whether the site's name fails in the same way at an address that is not the site's, and an unrelated one
        is answered there.
        """
        base = any(_answered(step) for step in self.here.tests if step.aim is Aim.BASELINE)
        failures = (step.failure for step in self.here.tests if step.aim is Aim.NEUTRAL_ADDRESS)
        return base and any(failure is not None and _same(failure, self.last_failure) for failure in failures)

    @property
    def last_failure(self) -> Failure | None:
        return self.tls_failure or self.http_failure

    # -- HTTP ----------------------------------------------------------------------------------------------------

    @cached_property
    def http(self) -> tuple[HttpStep, ...]:
        return tuple(way.http for way in self.ways if way.http is not None)

    @cached_property
    def page(self) -> HttpStep | None:
        """The page that came, the newest where several did."""
        return next((step for step in reversed(self.http) if step.failure is None), None)

    @cached_property
    def http_failure(self) -> Failure | None:
        """How the requests failed, the newest; None where one didn't, or none was made."""
        return self.http[-1].failure if self.http and self.page is None else None

    @property
    def cut(self) -> bool:
        """Whether the head came and the body stopped."""
        return self.http_failure is not None and self.http[-1].status is not None

    @property
    def got_bytes(self) -> int:
        return (self.http[-1].body_bytes or 0) if self.http else 0

    @property
    def status(self) -> int:
        return (self.page.status or 0) if self.page else 0

    @cached_property
    def control_http(self) -> HttpStep | None:
        """The control's answer, whole or not."""
        steps = [way.http for way in (self.there.ways if self.there else ()) if way.http is not None]
        return next((step for step in steps if step.failure is None), steps[-1] if steps else None)

    @property
    def control_page(self) -> HttpStep | None:
        return self.control_http if self.control_http and self.control_http.failure is None else None

    @property
    def control_fails_too(self) -> bool:
        """Whether the control's request ended as ours did."""
        return self.control_http is not None and self.control_http.failure is self.http_failure

    @property
    def control_status(self) -> int:
        return (self.control_page.status or 0) if self.control_page else 0

    @property
    def control_bytes(self) -> int:
        return (self.control_page.body_bytes or 0) if self.control_page else 0

    @cached_property
    def other_page(self) -> HttpStep | None:
        """What the site's true address gives here, where the system's address is another."""
        return next((way.http for way in self.here.other if way.arrived), None)

    @cached_property
    def true_page(self) -> HttpStep | None:
        return self.control_page or self.other_page

    @cached_property
    def likeness(self) -> str:
        """In words, why the page is the true one; empty where it isn't or nothing is there to compare."""
        return content.alike(self.page, self.true_page) if self.page and self.true_page else ""

    @cached_property
    def redirected_elsewhere(self) -> bool:
        """Whether an unproven answer sends us to another site than the true one does."""
        page, true = self.page, self.true_page
        if page is None or page.location is None or content.same_site(page.location, self.here.url):
            return False
        return true is None or true.location is None or not content.same_site(page.location, true.location)

    @cached_property
    def same_page_elsewhere(self) -> int:
        """At how many addresses that are not the site's its name, and no unrelated one, gets this very page."""
        return len(self._reacting)

    @property
    def one_server_elsewhere(self) -> bool:
        """Whether such an address may serve the site as well: it signs that page as it signs its own."""
        return any(content.same_server(named, base) for named, base in self._reacting)

    @property
    def _reacting(self) -> list[tuple[HttpStep, HttpStep]]:
        return [
            (named, base) for named, base in self._elsewhere if self._is_ours(named) and not _identical(named, base)
        ]

    @property
    def swapped(self) -> bool:
        """Whether an address that is not the site's was asked for its page, and answered."""
        return bool(self._elsewhere)

    @cached_property
    def _elsewhere(self) -> list[tuple[HttpStep, HttpStep]]:
        asked = [step for step in self.here.tests if isinstance(step, HttpStep) and step.failure is None]
        base = {step.endpoint: step for step in asked if step.aim is Aim.BASELINE}
        named = [step for step in asked if step.aim is Aim.NEUTRAL_ADDRESS]
        return [(step, base[step.endpoint]) for step in named if step.endpoint in base]

    def _is_ours(self, step: HttpStep) -> bool:
        return self.page is not None and _identical(self.page, step)

    @property
    def proven(self) -> bool:
        """Whether the page came over a connection whose certificate is the site's."""
        return self.page is not None and self.here.scheme == "https"

    @property
    def likeness_of_error(self) -> bool:
        """Whether an error that both get may be called the site's own."""
        return self.proven or bool(self.likeness)

    @property
    def true_status(self) -> int:
        return (self.true_page.status or 0) if self.true_page else 0

    @property
    def page_words(self) -> str:
        return _described(self.page)

    @property
    def true_words(self) -> str:
        return _described(self.true_page)

    @property
    def destination(self) -> str:
        return (self.page.location or "") if self.page else ""


def _described(page: HttpStep | None) -> str:
    if page is None:
        return "nothing"
    return (
        f"\N{LEFT DOUBLE QUOTATION MARK}{page.title}\N{RIGHT DOUBLE QUOTATION MARK}"
        if page.title
        else f"{page.body_bytes or 0} bytes"
    )


def _commonest(failures: Iterable[Failure | None]) -> Failure | None:
    counted = Counter(failure for failure in failures if failure is not None)
    # No way to the IPv6 internet says nothing when an IPv4 address says something.
    for lame in (*OWN_LINE, Failure.NETWORK_UNREACHABLE):
        if len(counted) > 1:
            counted.pop(lame, None)
    return counted.most_common(1)[0][0] if counted else None


def _answered(step: Step) -> bool:
    if isinstance(step, TlsStep):
        return step.answered
    return isinstance(step, HttpStep) and step.status is not None


def _same(one: Failure, other: Failure | None) -> bool:
    return one is other or (one in SILENCE and other in SILENCE) or (one in UNREACHABLE and other in UNREACHABLE)


def _identical(one: HttpStep, other: HttpStep) -> bool:
    same_body = one.body_sha256 == other.body_sha256 and bool(one.body_bytes)
    return one.status == other.status and one.location == other.location and (same_body or one.location is not None)
