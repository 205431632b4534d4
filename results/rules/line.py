"""Rules about this vantage: when it can't tell, no site's failure means anything. They go before all others."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from results.content import same_site
from results.failure import CERTIFICATE_FAILURES, Failure
from results.records import Certificate, Layer, Reference, TlsStep, Via, is_bogon
from results.rules.rule import LINE, NOTHING, UNKNOWN, US, WEAK, Case, Rule, is_lame, sure
from results.rules.vantage import VantageCase

CLOCK_WRONG_S = 300.0  # from here on a certificate's dates may fail by the clock alone
_DATES = ("expired", "not yet valid")  # OpenSSL's words


@dataclass(frozen=True)
class LineCase(Case):
    """What the rules of the line may ask."""

    @cached_property
    def references(self) -> tuple[Reference, ...]:
        return tuple(reference for reference in self.measurement.references or () if not reference.gone)

    @property
    def all_dead(self) -> bool:
        return bool(self.references) and all(reference.failure is not None for reference in self.references)

    @property
    def no_names(self) -> bool:
        """Whether the resolver here finds no reference either, while others can be asked over this line."""
        nameless = all(reference.layer is Layer.DNS for reference in self.references)
        control = self.measurement.control
        reached = any(step.answers for step in self.here.asked(Via.TRUSTED)) or (control is not None and control.spoke)
        return self.references_dead and nameless and reached

    @property
    def all_forged(self) -> bool:
        """Whether every reference shows a certificate that is not its own."""
        return self.all_dead and all(reference.failure in CERTIFICATE_FAILURES for reference in self.references)

    # TLS

    @cached_property
    def refused(self) -> tuple[TlsStep, ...]:
        """The site's handshakes that ended with a certificate which we don't accept."""
        steps = (way.tls for way in self.ways if way.tls is not None)
        return tuple(step for step in steps if step.failure in CERTIFICATE_FAILURES)

    @cached_property
    def forged(self) -> tuple[Reference, ...]:
        """References for which somebody signed whom we don't trust."""
        return tuple(each for each in self.references if each.chain and not _is_sound(each.failure))

    @property
    def read_along(self) -> bool:
        """Whether one and the same signed for the site and for a reference, or for all references: it reads along."""
        signers = {_signer(reference.chain) for reference in self.forged}
        site = (step.chain for step in self.refused if step.chain and not _is_sound(step.failure))
        all_forged = self.references_dead and len(self.forged) == len(self.references)
        return any(_signer(chain) in signers for chain in site) or (all_forged and len(signers) == 1)

    @property
    def signer(self) -> str:
        return next((each.chain[0].issuer for each in self.forged), "") or "nobody named"

    @property
    def clock_wrong(self) -> bool:
        """Whether dates are refused, and not the site's alone or with a clock that is known to be off."""
        ahead_s = self.measurement.condition.clock_ahead_s if self.measurement.condition else None
        dated = bool(self.refused) and all(_of_dates(step.detail) for step in self.refused)
        others = any(_of_dates(reference.detail) for reference in self.references)
        return dated and (others or abs(ahead_s or 0.0) >= CLOCK_WRONG_S)

    @property
    def clock_words(self) -> str:
        case = VantageCase(self.measurement)
        return f"it is {case.clock_words}" if case.clock_off else "reference sites are refused for it as well"

    # Without TLS

    @cached_property
    def portal(self) -> str:
        """The host to which the line sends every plain request; empty where it doesn't."""
        return portal(self.references)

    @property
    def at_a_portal(self) -> bool:
        return bool(self.portal) and (self.here.scheme == "http" or self.all_dead)

    @property
    def references_dead(self) -> bool:
        """Whether no reference could be reached, and it isn't just that they have no names any more."""
        nameless = all(reference.layer is Layer.DNS for reference in self.references)
        return self.all_dead and not (self._name_resolved and nameless)

    @property
    def _name_resolved(self) -> bool:
        """Whether the resolver here told the truth about the site: then it is the references that have no name."""
        told = self.there.system_addresses if self.there else frozenset()
        return bool(self.here.system_addresses & (self.here.trusted_addresses | told))

    @property
    def own_line_fails(self) -> bool:
        return bool(self.ways) and all(is_lame(way.last) for way in self.ways)

    @property
    def own_failure(self) -> str:
        return str(self.ways[-1].last.failure)

    @property
    def literal_bogon(self) -> bool:
        return self.here.is_address and is_bogon(self.here.host)

    @property
    def unnamed(self) -> bool:
        last = (*self.here.asked(Via.SYSTEM), *self.here.last_steps) if not self.ways else self.here.last_steps
        failed = [step.failure for step in last if step.failure is not None]
        return bool(failed) and len(failed) == len(last) and set(failed) == {Failure.UNKNOWN}

    @property
    def never_tried_again(self) -> bool:
        """Whether the time ran out after one attempt: one lost packet must not become a verdict."""
        return self.measurement.cut_short and all(step.attempt == 1 for step in (*self.here.dns, *self.here.last_steps))


def portal(references: Iterable[Reference]) -> str:
    """The host to which the line sends every plain request; empty where it doesn't."""
    plain = [reference for reference in references if reference.plain_status is not None]
    led = {reference.plain_host or "" for reference in plain}
    foreign = all(not same_site(f"http://{reference.plain_host}/", reference.url) for reference in plain)
    if any(reference.plain_status == 511 for reference in plain):  # RFC 6585
        return "this network's own gateway"
    return next(iter(led)) if len(led) == 1 and foreign else ""


def _signer(chain: tuple[Certificate, ...]) -> str:
    """Who signed a leaf: by name, and where it names nobody else, by the certificate itself."""
    leaf = chain[0]
    return leaf.issuer if leaf.issuer and leaf.issuer != leaf.subject else leaf.sha256


def _is_sound(failure: Failure | None) -> bool:
    """Whether only the name was wrong: OpenSSL looks at it after the chain has led to a root that we trust."""
    return failure is Failure.TLS_HOSTNAME


def _of_dates(detail: str) -> bool:
    return any(words in detail for words in _DATES)


# These hold for a page without TLS that came, too: anyone may have written it.
PORTAL_RULES = (
    Rule(
        "captive_portal",
        lambda c: c.at_a_portal,
        UNKNOWN, LINE, sure(WEAK), NOTHING,
        "A captive portal: whatever is asked without TLS is sent to {c.portal}, reference sites included.",
    ),
)  # fmt: skip
LINE_RULES = (
    Rule(
        "address_not_public",
        lambda c: c.literal_bogon,
        UNKNOWN, US, sure(WEAK), NOTHING,
        "{c.here.host} is no public address, and such are not dialled.",
    ),
    Rule(
        "own_line_fails",
        lambda c: c.own_line_fails,
        UNKNOWN, LINE, sure(WEAK), NOTHING,
        "This machine can't send to the site: {c.own_failure}.",
    ),
    Rule(
        "clock_wrong",
        lambda c: c.clock_wrong,
        UNKNOWN, US, sure(WEAK), NOTHING,
        "The certificate is refused for its dates, and this machine's clock is wrong: {c.clock_words}.",
    ),
    *PORTAL_RULES,
    Rule(
        "tls_read_along",
        lambda c: c.read_along,
        UNKNOWN, US, sure(WEAK), NOTHING,
        "All TLS of this machine is read along, by an antivirus, an employer or a gateway: {c.signer} signs for "
        "reference sites.",
    ),
    Rule(
        "resolver_fails_for_all",
        lambda c: c.no_names,
        UNKNOWN, LINE, sure(WEAK), NOTHING,
        "The resolver here gives no usable address for any name, not even for the reference sites'.",
    ),
    Rule(
        "nothing_genuine",
        lambda c: c.all_forged,
        UNKNOWN, LINE, sure(WEAK), NOTHING,
        "No reference site shows its own certificate here: the resolver leads every name astray, or something answers "
        "in every site's place.",
    ),
    Rule(
        "line_down",
        lambda c: c.references_dead,
        UNKNOWN, LINE, sure(WEAK), NOTHING,
        "The line is down: no reference site could be reached either.",
    ),
    Rule(
        "failure_without_a_word",
        lambda c: c.unnamed,
        UNKNOWN, US, sure(WEAK), NOTHING,
        "It ended in a way for which this program has no word, and that accuses nobody.",
    ),
    Rule(
        "tried_only_once",
        lambda c: c.never_tried_again,
        UNKNOWN, US, sure(WEAK), NOTHING,
        "The time for one check ran out before a second attempt, and one failure is no verdict.",
    ),
)  # fmt: skip
