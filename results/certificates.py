"""From a certificate's bytes to what is kept of it. Whether it means interception is not said here."""

import hashlib
from collections.abc import Iterable
from functools import lru_cache

from cryptography import x509

from results.records import Certificate


def certificates(chain: Iterable[bytes]) -> tuple[Certificate, ...]:
    """DER to facts, leaf first as presented. What can't be read keeps its hashes, which are evidence enough."""
    return tuple(certificate(der) for der in chain)


@lru_cache(maxsize=1024)  # sites share intermediates, and most leaves were seen the last time round
def certificate(der: bytes) -> Certificate:
    """One certificate; with no more than its hashes where it can't be read."""
    sha256, sha1 = hashlib.sha256(der).hexdigest(), hashlib.sha1(der, usedforsecurity=False).hexdigest()
    try:
        parsed = x509.load_der_x509_certificate(der)
        return Certificate(
            sha256=sha256,
            sha1=sha1,
            subject=parsed.subject.rfc4514_string(),
            issuer=parsed.issuer.rfc4514_string(),
            not_before=parsed.not_valid_before_utc,
            not_after=parsed.not_valid_after_utc,
        )
    except (ValueError, OverflowError, x509.UnsupportedGeneralNameType, x509.InvalidVersion):
        return Certificate(sha256=sha256, sha1=sha1)
