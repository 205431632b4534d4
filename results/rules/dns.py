"""Rules about the name: does the system's way to resolve it lead to the site?"""

from dataclasses import dataclass
from functools import cached_property

from results import content
from results.failure import CERTIFICATE_FAILURES, Failure
from results.hops import dns_failure
from results.knowledge.blockpages import Fingerprint, forged_address
from results.records import Aim, DnsAnswer, DnsStep, TlsStep, Via, is_bogon
from results.rules.page import HttpCase
from results.rules.rule import (
    BLOCKED,
    CONFIRMED,
    DOWN,
    LIKELY,
    NOTHING,
    PATH,
    SITE,
    UNKNOWN,
    WEAK,
    Case,
    Rule,
    as_repeated,
    only,
    sure,
)

MECHANISM = {
    Failure.DNS_NXDOMAIN: "dns.nxdomain",
    Failure.DNS_SERVFAIL: "dns.servfail",
    Failure.DNS_REFUSED: "dns.refused",
    Failure.DNS_NO_ANSWER: "dns.nodata",
    Failure.TIMEOUT: "dns.timeout",
    Failure.TIMED_OUT: "dns.timeout",
    Failure.DNS_TEMPORARY: "dns.timeout",
    Failure.REFUSED: "dns.refused",
    Failure.DNS_BOGON: "dns.bogus",
}
_NO_SUCH_NAME = frozenset({Failure.DNS_NXDOMAIN, Failure.DNS_NO_ANSWER})


@dataclass(frozen=True)
class DnsCase(Case):
    """What the rules about the name may ask."""

    @cached_property
    def failure(self) -> Failure | None:
        """Why the system's lookup failed each time; None where it once didn't."""
        return dns_failure(self.here)

    @cached_property
    def only_bogons(self) -> bool:
        found = self.here.system_addresses
        return bool(found) and all(is_bogon(ip) for ip in found)

    @property
    def addresses(self) -> str:
        return ", ".join(sorted(self.here.system_addresses))

    @cached_property
    def control_failure(self) -> Failure | None:
        return dns_failure(self.there) if self.there else None

    @cached_property
    def control_addresses(self) -> frozenset[str]:
        return frozenset(ip for ip in self.there.system_addresses if not is_bogon(ip)) if self.there else frozenset()

    @cached_property
    def true_addresses(self) -> frozenset[str]:
        """What those say whom the network can't alter."""
        return self.here.trusted_addresses | self.control_addresses

    @property
    def true_words(self) -> str:
        return ", ".join(sorted(self.true_addresses))

    @property
    def truth_sayer(self) -> str:
        return "the trusted resolver" if self.here.trusted_addresses else "the control"

    @property
    def known_elsewhere(self) -> bool:
        return bool(self.true_addresses) or any(way.arrived for way in self.control_ways)

    @cached_property
    def control_denied(self) -> bool:
        """Whether the control is told that there is no such name, or gets an address that can't be a site's."""
        nothing = self.control_failure in _NO_SUCH_NAME or bool(self.there and self.there.system_addresses)
        return nothing and not self.control_addresses

    @cached_property
    def no_such_name(self) -> bool:
        """Whether those whom the network can't alter say that there is no such name, and none knows it."""
        trusted = self.here.asked(Via.TRUSTED)
        denied = any(step.failure in _NO_SUCH_NAME or step.addresses for step in trusted) or (
            self.failure is not None and any(step.failure is self.failure and step.answers for step in trusted)
        )
        return (denied or self.control_denied) and not self.true_addresses

    @cached_property
    def race(self) -> tuple[DnsAnswer, ...]:
        """Answers to one query that contradict each other, the first of which is not true."""
        known = self.true_addresses | self._proven_addresses
        for step in (*self.here.asked(Via.UDP), *self.here.asked(Via.EXTRA)):
            true = [bool(known & set(answer.addresses)) for answer in step.answers]
            if any(true) and not true[0]:
                return step.answers
        return ()

    @cached_property
    def elsewhere(self) -> bool:
        """Whether the system's addresses are none of the true ones, as a lie's are, and often a content network's."""
        own = {ip for ip in self.here.system_addresses if not is_bogon(ip)}
        return bool(own and self.true_addresses) and not own & self.true_addresses

    @cached_property
    def unproven(self) -> bool:
        """Whether nothing proves that the system's addresses are the site's: no certificate here or for the control,
        no page like the true one.
        """
        return not (self._proven_addresses & self.here.system_addresses or self._http.likeness)

    @cached_property
    def _proven_addresses(self) -> frozenset[str]:
        """Where the site's certificate was shown, here or to the control."""
        shaken = (step for step in self.here.tests if isinstance(step, TlsStep) and step.aim is Aim.OTHER_PORT)
        tested = (step.ip for step in shaken if step.failure is None)
        return frozenset((*(way.ip for way in (*self.here.ordinary, *self.control_ways) if way.secured), *tested))

    @property
    def foreign(self) -> bool:
        return self.elsewhere and self.unproven and not self.same_network

    @cached_property
    def same_network(self) -> int:
        """The network that announces an address from here and a true one: content networks give each country its own.

        0 where there is none, or where the addresses' networks were not looked up.
        """
        asns = self.measurement.asns
        own = {asns.get(ip, 0) for ip in self.here.system_addresses}
        return max(own & {asns.get(ip, 0) for ip in self.true_addresses}, default=0)

    @cached_property
    def injected(self) -> bool:
        """Whether the name was answered where no resolver is, and another name was not: the path reads questions."""
        tests = [step for step in self.here.tests if isinstance(step, DnsStep)]
        silent = [step for step in tests if step.aim is Aim.BASELINE and not step.answers]
        return bool(silent) and any(step.aim is Aim.NO_RESOLVER and step.answers for step in tests)

    @cached_property
    def true_way_better(self) -> bool:
        """Whether a true address gets the site where the system's addresses don't, here or for the control."""
        if any(way.secured for way in self.here.other):
            return True
        if self.here.scheme == "https":
            own = [way for way in self.control_ways if way.ip in self.here.system_addresses]
            others = any(way.tls and way.tls.failure in CERTIFICATE_FAILURES for way in own)
            # Dead for the control too: a content network's node may be, an address of nobody's network is a lie.
            astray = any(way.ip in self.measurement.asns for way in own) and not self.same_network
            return (others or astray) and any(way.secured for way in self.control_ways)
        pages = [way.http for way in self.here.other if way.arrived and way.http]
        if not pages and self.here.other:  # the true address is blocked as well: what did the control get there?
            pages = [way.http for way in self.control_ways if way.arrived and way.http]
        shown = self.here.page
        same = shown is not None and any(shown.http and content.alike(shown.http, page) for page in pages)
        return bool(pages) and not same and (shown is None or self._http.given_for_any_name)

    @property
    def path_answers(self) -> bool:
        """Whether what answers here is known to be a block page; then the page is the mechanism."""
        return self._http.path_answers or self._http.block_page is not None

    @cached_property
    def forged(self) -> Fingerprint | None:
        """An address that is known as a censor's answer."""
        found = (forged_address(ip, self.known.fingerprints) for ip in sorted(self.here.system_addresses))
        return next((row for row in found if row is not None), None)

    @property
    def forged_words(self) -> str:
        return self.forged.words if self.forged else ""

    @property
    def proven(self) -> bool:
        return not self.unproven

    @cached_property
    def _http(self) -> HttpCase:
        return HttpCase(self.measurement, self.here, self.there, self.here.ordinary, self.known)


def _mechanism(case: DnsCase) -> tuple[str, ...]:
    if case.failure is not None:
        return (MECHANISM.get(case.failure, "dns.servfail"),)
    return ("dns.bogus",)


DNS_RULES = (
    Rule(
        "dns_no_such_name",
        lambda c: c.failure is not None and c.no_such_name,
        DOWN, SITE, sure(LIKELY), NOTHING,
        "The name has no address anywhere: the resolver here says {c.failure}, and those that the network can't "
        "alter know none either.",
    ),
    Rule(
        "dns_bogon_for_all",
        lambda c: c.only_bogons and c.no_such_name,
        DOWN, SITE, sure(LIKELY), NOTHING,
        "The name leads to {c.addresses}, which can't be a public site, and nobody knows a better address.",
    ),
    Rule(
        "dns_name_unknown_elsewhere",
        lambda c: bool(c.here.system_addresses) and c.no_such_name and c.unproven and not c.path_answers,
        DOWN, SITE, sure(LIKELY), NOTHING,
        "The name exists for nobody else: the resolver here leads to {c.addresses}, where nothing proves to be the "
        "site.",
    ),
    Rule(
        "dns_answers_race",
        lambda c: bool(c.race) and (c.failure is not None or c.only_bogons or c.foreign),
        BLOCKED, PATH, sure(CONFIRMED), lambda c: ("dns.injection", *_mechanism(c)),
        "One query got contradicting answers; the first is not the site's, {c.truth_sayer} says which is.",
    ),
    Rule(
        "dns_injected",
        lambda c: c.injected
        and bool(c.true_addresses)
        and (c.failure is not None or c.only_bogons or (c.foreign and c.true_way_better)),
        BLOCKED, PATH, sure(CONFIRMED), lambda c: ("dns.injection", *_mechanism(c)),
        "Something on the path answers for this name even where no resolver is, and for another name it doesn't; "
        "{c.truth_sayer} knows the name's address.",
    ),
    Rule(
        "dns_address_known",
        lambda c: c.forged is not None and not c.here.system_addresses & c.true_addresses and c.unproven,
        BLOCKED, PATH, sure(CONFIRMED), only("dns.bogus"),
        "The resolver here leads to {c.addresses}, an address that is known to answer in place of blocked sites: "
        "{c.forged_words}.",
    ),
    Rule(
        "dns_disputed",
        lambda c: (c.failure is not None or c.only_bogons) and c.control_denied and bool(c.true_addresses),
        UNKNOWN, None, sure(WEAK), NOTHING,
        "The resolver here gives no usable address for the name, nor does the control's; only the trusted resolver "
        "knows one.",
    ),
    Rule(
        "dns_fails_here_only",
        lambda c: c.failure is not None and c.known_elsewhere,
        BLOCKED, PATH, as_repeated, _mechanism,
        "The resolver here fails for this name ({c.failure}); {c.truth_sayer} knows its address.",
    ),
    Rule(
        "dns_fails_uncompared",
        lambda c: c.failure is not None,
        UNKNOWN, None, sure(WEAK), NOTHING,
        "The name could not be resolved ({c.failure}), and nobody else could be asked.",
    ),
    Rule(
        "dns_bogon_here_only",
        lambda c: c.only_bogons and bool(c.true_addresses),
        BLOCKED, PATH, sure(LIKELY), only("dns.bogus"),
        "The resolver here leads to {c.addresses}, which can't be a public site; {c.truth_sayer} knows its address.",
    ),
    Rule(
        "dns_bogon_uncompared",
        lambda c: c.only_bogons,
        UNKNOWN, None, sure(WEAK), NOTHING,
        "The name leads to {c.addresses}, which can't be a public site, and nobody else could be asked.",
    ),
    Rule(
        "dns_foreign_address",
        lambda c: c.foreign and c.true_way_better,
        BLOCKED, PATH, sure(LIKELY), only("dns.bogus"),
        "The resolver here leads to {c.addresses}, which is not the site's; at the address that "
        "{c.truth_sayer} gives the site answers.",
    ),
    Rule(
        "dns_race_harmless",
        lambda c: bool(c.race),
        None, None, sure(WEAK), NOTHING,
        "One DNS query got contradicting answers, and what was said first is not true.",
    ),
    Rule(
        "dns_other_address",
        lambda c: c.elsewhere and c.proven,
        None, None, sure(LIKELY), lambda c: ("dns.injection",) if c.injected else (),
        "The resolver here leads to {c.addresses}, {c.truth_sayer} to {c.true_words}; the site itself answers at both, "
        "or through both.",
    ),
    Rule(
        "dns_same_network",
        lambda c: c.elsewhere and bool(c.same_network),
        None, None, sure(LIKELY), NOTHING,
        "The resolver here leads to {c.addresses}, {c.truth_sayer} to {c.true_words}, both of AS{c.same_network}.",
    ),
    Rule(
        "dns_late",
        lambda c: bool(c.here.stand_ins),
        None, None, sure(LIKELY), NOTHING,
        "The system's own lookup got no answer in time; the same resolver answered when it was asked again.",
    ),
    Rule("dns_fine", lambda _c: True, None, None, sure(LIKELY), NOTHING, ""),
)  # fmt: skip
