"""Rules about the handshake: does it complete, and with the site's certificate?"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from results.failure import CERTIFICATE_FAILURES, Failure
from results.judgement import Confidence
from results.knowledge.interception import Known, state_authority
from results.records import Source, TlsStep
from results.rules.rule import (
    ACCESSIBLE,
    BLOCKED,
    CONFIRMED,
    DOWN,
    LIKELY,
    NOTHING,
    PATH,
    SITE,
    UNKNOWN,
    US,
    WEAK,
    Case,
    Rule,
    as_repeated,
    commonest,
    only,
    sure,
    took,
)

MECHANISM = {
    Failure.TIMEOUT: "tls.timeout",
    Failure.TIMED_OUT: "tls.timeout",
    Failure.CLOSED: "tls.closed",
    Failure.TLS_HANDSHAKE: "tls.alert",
    Failure.TLS_HOSTNAME: "tls.alert",  # the alert "unrecognized name"; a certificate for another name is caught before
}


@dataclass(frozen=True)
class TlsCase(Case):
    """What the rules about the handshake may ask."""

    @cached_property
    def steps(self) -> tuple[TlsStep, ...]:
        return tuple(way.tls for way in self.ways if way.tls is not None)

    @cached_property
    def failure(self) -> Failure | None:
        """How the handshakes failed, the commonest; None where one didn't, or none was tried."""
        if any(step.failure is None for step in self.steps):
            return None
        return commonest([step.failure for step in self.refused] or (step.failure for step in self.steps))

    @cached_property
    def refused(self) -> tuple[TlsStep, ...]:
        """Handshakes in which a certificate was shown, and refused: what one lost packet ended says less."""
        return tuple(step for step in self.steps if step.failure in CERTIFICATE_FAILURES and not step.alert)

    @property
    def endpoint(self) -> str:
        return self.steps[-1].endpoint

    @cached_property
    def bad_certificate(self) -> bool:
        """Whether a certificate was shown and refused."""
        return bool(self.refused) and self.failure is not None

    @property
    def trouble(self) -> str:
        return (self.refused or self.steps)[-1].detail or str(self.failure)

    @property
    def issuer(self) -> str:
        return next((step.chain[0].issuer for step in self.steps if step.chain), "") or "nobody named"

    @property
    def trusted_but_bad(self) -> bool:
        """OpenSSL complains of dates only after the chain has led to a root that we trust: nobody forged it."""
        return all("expired" in step.detail or "not yet valid" in step.detail for step in self.refused)

    @property
    def expired(self) -> bool:
        return all("expired" in step.detail for step in self.refused)

    @cached_property
    def authority(self) -> Known | None:
        """The state's authority that signed what was shown here, where interception with it has been seen."""
        found = (state_authority(step.chain, self.known.authorities) for step in self.steps if step.failure is not None)
        return next((hit for hit in found if hit is not None and hit.seen), None)

    @property
    def authority_words(self) -> str:
        return self.authority.words if self.authority else ""

    @cached_property
    def control_steps(self) -> tuple[TlsStep, ...]:
        return tuple(way.tls for way in self.control_ways if way.tls is not None)

    @cached_property
    def control_here(self) -> tuple[TlsStep, ...]:
        """The control's handshakes with our endpoints."""
        return tuple(step for step in self.control_steps if step.endpoint in self.endpoints)

    @property
    def control_secured_here(self) -> bool:
        return any(step.failure is None for step in self.control_here)

    @property
    def control_answered_here(self) -> bool:
        """Whether our endpoint shows the control a certificate, good or bad."""
        return any(step.failure is None or step.failure in CERTIFICATE_FAILURES for step in self.control_here)

    @property
    def control_answered(self) -> bool:
        return any(step.failure is None or step.failure in CERTIFICATE_FAILURES for step in self.control_steps)

    @property
    def control_sees_the_same(self) -> bool:
        """Whether the control refuses the same certificate, or one of the same issuer."""
        refused = [step for step in self.control_steps if step.failure is self.failure]
        theirs = _issuers(refused)  # none where the control's certificates were not recorded
        return not self.control_secured_here and bool(refused) and theirs in (set(), _issuers(self.steps))

    @property
    def control_shows_the_authority(self) -> bool:
        """Whether the site itself has its certificate from the state's authority: at the addresses that the control has
        found, not at the one that we were given, which may be the interceptor's own.
        """
        own = (way.tls for way in self.control_ways if way.tls is not None and way.source is not Source.PROBE)
        return any(state_authority(step.chain, self.known.authorities) for step in own)

    @property
    def control_sees_another(self) -> bool:
        """Whether our endpoint shows the control another certificate, though that one isn't valid either."""
        refused = [step for step in self.control_here if step.failure in CERTIFICATE_FAILURES]
        return bool(refused) and (
            all(step.failure is not self.failure for step in refused)
            or _issuers(refused) not in (set(), _issuers(self.steps))
        )

    @property
    def control_took(self) -> str:
        return took(step.ms for step in self.control_here if step.answered)

    @property
    def name_triggers(self) -> bool:
        return self.neutral_name_answered and self.fails_elsewhere(self.failure)

    @property
    def control_fails_too(self) -> bool:
        nowhere = bool(self.control_ways) and not any(way.connected for way in self.control_ways)
        return nowhere or (bool(self.control_steps) and not self.control_answered)


def _issuers(steps: Iterable[TlsStep]) -> set[str]:
    return {step.chain[0].issuer or step.chain[0].sha256 for step in steps if step.chain}


def _mechanism(case: TlsCase) -> tuple[str, ...]:
    return (MECHANISM.get(case.failure or Failure.UNKNOWN, "tls.reset"),)


def _by_test(case: TlsCase) -> Confidence:
    """An A/B test that isolates the name confirms."""
    return CONFIRMED if case.neutral_name_answered or case.fails_elsewhere(case.failure) else as_repeated(case)


TLS_RULES = (
    Rule("tls_fine", lambda c: c.failure is None, None, None, sure(LIKELY), NOTHING, ""),
    # A certificate came, and is not valid.
    Rule(
        "tls_state_authority",
        lambda c: c.bad_certificate and c.authority is not None and not c.control_shows_the_authority,
        BLOCKED, PATH, sure(CONFIRMED), only("tls.interception"),
        "The certificate shown here is not the site's: it is signed by a state's authority that has intercepted "
        "before, {c.authority_words}.",
    ),
    Rule(
        "tls_certificate_bad_for_all",
        lambda c: c.bad_certificate and c.control_sees_the_same,
        ACCESSIBLE, SITE, sure(LIKELY), NOTHING,
        "The site's own certificate is bad ({c.trouble}), for the control as well.",
    ),
    Rule(
        "tls_certificate_date_here_only",
        lambda c: c.bad_certificate and c.trusted_but_bad and c.control_secured_here,
        UNKNOWN, US, sure(WEAK), NOTHING,
        "The certificate, issued by an authority that we trust, is refused here only ({c.trouble}): this machine's "
        "clock may be wrong.",
    ),
    Rule(
        "tls_certificate_expired",
        lambda c: c.bad_certificate and c.trusted_but_bad and c.expired,
        ACCESSIBLE, SITE, sure(LIKELY), NOTHING,
        "The site's own certificate has expired; it was issued by an authority that we trust.",
    ),
    Rule(
        "tls_certificate_here_only",
        lambda c: c.bad_certificate and not c.trusted_but_bad and c.control_secured_here,
        BLOCKED, PATH, sure(LIKELY), only("tls.interception"),
        "The certificate shown here is not the site's ({c.trouble}; issued by {c.issuer}); the control gets a valid "
        "one from the same address.",
    ),
    Rule(
        "tls_certificate_another_here",
        lambda c: c.bad_certificate and not c.trusted_but_bad and c.control_sees_another,
        BLOCKED, PATH, sure(LIKELY), only("tls.interception"),
        "The certificate shown here ({c.trouble}; issued by {c.issuer}) is not the one that the control gets from the "
        "same address.",
    ),
    Rule(
        "tls_certificate_uncompared",
        lambda c: c.bad_certificate,
        UNKNOWN, None, sure(WEAK), NOTHING,
        "The certificate is not valid ({c.trouble}; issued by {c.issuer}), and no control saw the same address.",
    ),
    # No certificate came.
    Rule(
        "tls_fails_here_only",
        lambda c: c.control_answered_here,
        BLOCKED, PATH, _by_test, _mechanism,
        "The TLS handshake with {c.endpoint} fails here ({c.failure}{c.waited}, {c.tries}); the control gets "
        "the site's certificate there{c.control_took}.",
    ),
    Rule(
        "tls_name_triggers",
        lambda c: c.name_triggers and not c.control_fails_too,
        BLOCKED, PATH, sure(CONFIRMED), _mechanism,
        "The TLS handshake fails ({c.failure}) wherever the site's name is sent, even to an address that is not "
        "the site's; with another name the site's address answers.",
    ),
    Rule(
        "tls_fails_for_control_too",
        lambda c: c.control_fails_too,
        DOWN, SITE, sure(LIKELY), NOTHING,
        "The TLS handshake with {c.endpoint} fails ({c.failure}), for the control as well.",
    ),
    Rule(
        "tls_other_address_alive",
        lambda c: c.control_answered,
        UNKNOWN, None, sure(WEAK), NOTHING,
        "The TLS handshake with {c.endpoint} fails ({c.failure}); the control gets the site at another address only.",
    ),
    Rule(
        "tls_fails_uncompared",
        lambda _c: True,
        UNKNOWN, None, sure(WEAK), NOTHING,
        "The TLS handshake with {c.endpoint} fails ({c.failure}), and no control to say whether that is so "
        "elsewhere.",
    ),
)  # fmt: skip
