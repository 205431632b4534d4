"""The handshake: who ends it, whose certificate is shown, and whether the name is what triggers it."""

from results.failure import Failure
from results.records import Source
from tests.results.build import (
    ALERTED,
    FAR,
    SITE,
    TWIN,
    UNREACHABLE_CONTROL,
    WRONG_NAME,
    at,
    baseline,
    by,
    dns,
    elsewhere,
    forged,
    neutral_name,
    page,
    seen,
    tcp,
    tls,
    trusted,
    twice,
)
from tests.results.scenarios.row import ACCESSIBLE, BLOCKED, CONFIRMED, DOWN, LIKELY, UNKNOWN, WEAK, Row

FINE = (dns(), tcp(), tls(), page())
RESET = (dns(), *twice(tcp(), tls(Failure.RESET)))
EXPIRED = tls(Failure.TLS_CERTIFICATE, detail="certificate has expired")
SELF_SIGNED = forged(Failure.TLS_AUTHORITY, "CN=ratel.kz", detail="self-signed certificate")
INTERCEPTED = forged(Failure.TLS_AUTHORITY, "C=KZ,O=ISCA,CN=Information Security Certification Authority")
ANYBODYS = forged(Failure.TLS_AUTHORITY, "CN=Some box")
OTHER_NAME_ANSWERS = neutral_name(tcp(), WRONG_NAME)
NAME_RESET_ELSEWHERE = [*elsewhere(tcp(), tls(Failure.RESET)), *baseline(tcp(), WRONG_NAME)]


def fails_here(failure: Failure, mechanism: str) -> Row:
    return Row(
        f"the handshake fails here with {failure}, the control completes it",
        seen(dns(), *twice(tcp(), tls(failure)), control=FINE),
        BLOCKED, LIKELY, "tls_fails_here_only", mechanism,
    )  # fmt: skip


def bad_for_all(failure: Failure, detail: str) -> Row:
    shown = forged(failure, "CN=its own", detail)
    return Row(
        f"the certificate is bad here and for the control: {detail}",
        seen(dns(), *twice(tcp(), shown), control=[dns(), tcp(), shown]),
        ACCESSIBLE, LIKELY, "tls_certificate_bad_for_all",
    )  # fmt: skip


CERTIFICATES = [
    bad_for_all(Failure.TLS_AUTHORITY, "self-signed certificate"),
    bad_for_all(Failure.TLS_HOSTNAME, "hostname mismatch"),
    bad_for_all(Failure.TLS_CERTIFICATE, "certificate has expired"),
    Row(
        "a certificate from an authority that we trust has expired, and no control is set",
        seen(dns(), *twice(tcp(), EXPIRED)),
        ACCESSIBLE, LIKELY, "tls_certificate_expired",
    ),
    Row(
        "a certificate from an authority that we trust is not valid yet, and no control is set",
        seen(dns(), *twice(tcp(), tls(Failure.TLS_CERTIFICATE, detail="certificate is not yet valid"))),
        UNKNOWN, WEAK, "tls_certificate_uncompared",
    ),
    Row(
        "a certificate of the state's authority here, the site's own for the control at the same address",
        seen(dns(), *twice(tcp(), INTERCEPTED), control=FINE),
        BLOCKED, CONFIRMED, "tls_state_authority", "tls.interception",
    ),
    Row(
        "a certificate of the state's authority here, and no control",
        seen(dns(), *twice(tcp(), INTERCEPTED)),
        BLOCKED, CONFIRMED, "tls_state_authority", "tls.interception",
    ),
    Row(
        "a certificate of the state's authority here and for the control: the site's own choice",
        seen(dns(), *twice(tcp(), INTERCEPTED), control=[dns(), tcp(), INTERCEPTED]),
        ACCESSIBLE, LIKELY, "tls_certificate_bad_for_all",
    ),
    Row(
        "a certificate of an authority that we don't know here, the site's own for the control at the same address",
        seen(dns(), *twice(tcp(), ANYBODYS), control=FINE),
        BLOCKED, LIKELY, "tls_certificate_here_only", "tls.interception",
    ),
    Row(
        "another host's certificate here, the site's own for the control at the same address",
        seen(dns(), *twice(tcp(), WRONG_NAME), control=FINE),
        BLOCKED, LIKELY, "tls_certificate_here_only", "tls.interception",
    ),
    Row(
        "a bad certificate from an address that the control did not ask",
        seen(dns(), *twice(tcp(), ANYBODYS), trusted(SITE, TWIN), control=[dns(SITE, TWIN), *at(TWIN, *FINE[1:])]),
        UNKNOWN, WEAK, "tls_certificate_uncompared",
    ),
    Row(
        "a bad certificate, and the control can't be reached",
        seen(dns(), *twice(tcp(), ANYBODYS), control=UNREACHABLE_CONTROL),
        UNKNOWN, WEAK, "tls_certificate_uncompared",
    ),
    Row(
        "a certificate of an unknown authority here, and the site's own, which the control sees, has expired",
        seen(dns(), *twice(tcp(), ANYBODYS), control=[dns(), tcp(), EXPIRED]),
        BLOCKED, LIKELY, "tls_certificate_another_here", "tls.interception",
    ),
    Row(
        "a forged certificate here that names an authority we trust, with a signature that is not its own",
        seen(dns(), *twice(tcp(), forged(Failure.TLS_CERTIFICATE, "CN=R12", "certificate signature failure")),
             control=FINE),
        BLOCKED, LIKELY, "tls_certificate_here_only", "tls.interception",
    ),
    Row(
        "reset here; the control gets as far as the site's self-signed certificate",
        seen(*RESET, control=[dns(), *twice(tcp(), SELF_SIGNED)]),
        BLOCKED, LIKELY, "tls_fails_here_only", "tls.reset",
    ),
]  # fmt: skip

HANDSHAKES = [
    fails_here(Failure.RESET, "tls.reset"),
    fails_here(Failure.ABORTED, "tls.reset"),
    fails_here(Failure.TIMEOUT, "tls.timeout"),
    fails_here(Failure.TIMED_OUT, "tls.timeout"),
    fails_here(Failure.CLOSED, "tls.closed"),
    fails_here(Failure.TLS_HANDSHAKE, "tls.alert"),
    Row(
        "reset here, while another name at the same address is answered",
        seen(*RESET, *OTHER_NAME_ANSWERS, control=FINE),
        BLOCKED, CONFIRMED, "tls_fails_here_only", "tls.reset",
    ),
    Row(
        "reset here, while another name at the same address gets an alert",
        seen(*RESET, *neutral_name(tcp(), ALERTED), control=FINE),
        BLOCKED, CONFIRMED, "tls_fails_here_only", "tls.reset",
    ),
    Row(
        "reset here, and wherever else the name is sent",
        seen(*RESET, *NAME_RESET_ELSEWHERE, control=FINE),
        BLOCKED, CONFIRMED, "tls_fails_here_only", "tls.reset",
    ),
    Row(
        "reset here, also with another name: the address is blocked, not the name",
        seen(*RESET, *neutral_name(tcp(), tls(Failure.RESET)), *elsewhere(tcp(), WRONG_NAME), control=FINE),
        BLOCKED, LIKELY, "tls_fails_here_only", "tls.reset",
    ),
    Row(
        "reset here once, and never tried again",
        seen(dns(), tcp(), tls(Failure.RESET), control=FINE),
        BLOCKED, WEAK, "tls_fails_here_only", "tls.reset",
    ),
    Row(
        "reset for all",
        seen(*RESET, control=RESET),
        DOWN, LIKELY, "tls_fails_for_control_too",
    ),
    Row(
        "reset for all, by the site itself, which takes other names only",
        seen(*RESET, *OTHER_NAME_ANSWERS, *NAME_RESET_ELSEWHERE, control=RESET),
        DOWN, LIKELY, "tls_fails_for_control_too",
    ),
    Row(
        "reset here, no connection for the control",
        seen(*RESET, control=[dns(), *twice(tcp(Failure.TIMEOUT))]),
        DOWN, LIKELY, "tls_fails_for_control_too",
    ),
    Row(
        "without a control the A/B tests isolate the name",
        seen(*RESET, *OTHER_NAME_ANSWERS, *NAME_RESET_ELSEWHERE),
        BLOCKED, CONFIRMED, "tls_name_triggers", "tls.reset",
    ),
    Row(
        "the same with silence, once our own limit and once the kernel's",
        seen(dns(), *twice(tcp(), tls(Failure.TIMEOUT)), *OTHER_NAME_ANSWERS,
             *elsewhere(tcp(), tls(Failure.TIMED_OUT)), *baseline(tcp(), tls()), control=UNREACHABLE_CONTROL),
        BLOCKED, CONFIRMED, "tls_name_triggers", "tls.timeout",
    ),
    Row(
        "without a control another name is answered, and the site's fails nowhere else",
        seen(*RESET, *OTHER_NAME_ANSWERS, *elsewhere(tcp(), WRONG_NAME), *baseline(tcp(), WRONG_NAME)),
        UNKNOWN, WEAK, "tls_fails_uncompared",
    ),
    Row(
        "without a control the name fails elsewhere, as any name does there",
        seen(*RESET, *OTHER_NAME_ANSWERS, *elsewhere(tcp(), tls(Failure.RESET)), *baseline(tcp(), tls(Failure.RESET))),
        UNKNOWN, WEAK, "tls_fails_uncompared",
    ),
    Row(
        "without a control, and the neutral address took no connection for the test with the site's name",
        seen(dns(), *twice(tcp(), tls(Failure.TIMEOUT)), *OTHER_NAME_ANSWERS, *elsewhere(tcp(Failure.TIMEOUT)),
             *baseline(tcp(), tls())),
        UNKNOWN, WEAK, "tls_fails_uncompared",
    ),
    Row(
        "reset, and no control and no test to say more",
        seen(*RESET),
        UNKNOWN, WEAK, "tls_fails_uncompared",
    ),
    Row(
        "one address resets, the other is fine",
        seen(dns(SITE, TWIN), tcp(), tls(Failure.RESET), *at(TWIN, tcp(), tls(), page()), control=FINE),
        ACCESSIBLE, CONFIRMED, "page_arrived",
    ),
    Row(
        "the one address that we were given resets the control as well, which has a second one",
        seen(*RESET, trusted(SITE, TWIN),
             control=[dns(SITE, TWIN), tcp(), tls(Failure.RESET), *at(TWIN, tcp(), tls(), page())]),
        UNKNOWN, WEAK, "tls_other_address_alive",
    ),
    Row(
        "geo-DNS gave the control another address, and it did not look at ours",
        seen(*RESET, trusted(SITE, FAR), control=[dns(FAR), *at(FAR, tcp(), tls(), page())]),
        UNKNOWN, WEAK, "tls_other_address_alive",
    ),
    Row(
        "geo-DNS gave the control another address, and ours resets it as well",
        seen(*RESET, trusted(SITE, FAR),
             control=[dns(FAR), *at(FAR, tcp(), tls(), page()), *by(Source.PROBE, tcp(), tls(Failure.RESET))]),
        UNKNOWN, WEAK, "tls_other_address_alive",
    ),
]  # fmt: skip

ROWS = [*CERTIFICATES, *HANDSHAKES]
