"""Shakes hands over a connected socket. The presented chain is kept also when it is refused.

Nothing is asked of the server beyond the handshake, and whether a certificate means interception is not said here.
"""

import asyncio
import hashlib
import ssl
from collections.abc import Iterable
from functools import lru_cache

from cryptography import x509

from probe.net import Tcp, Tls
from probe.trace import Course
from results.records import Certificate, Source, TlsStep


async def handshake(
    course: Course, tcp: Tcp, endpoint: str, name: str, context: ssl.SSLContext, *, source: Source, timeout_s: float
) -> Tls:
    """A TLS stream, verified for `name`. Raises StepFailed; the socket stays the caller's to close."""
    with course.step(TlsStep, endpoint, name=name, source=source) as learnt:
        tls = Tls(tcp, context, name)
        try:
            async with asyncio.timeout(timeout_s):
                await tls.handshake()
        except ssl.SSLError as exc:
            reason = exc.reason or ""
            learnt["alert"] = reason if "ALERT" in reason or "UNRECOGNIZED_NAME" in reason else ""
            raise
        finally:
            learnt.update(
                received_bytes=tls.received_bytes,
                rtt_ms=tcp.rtt_ms(),
                chain=tuple(certificates(tls.chain())),
                version=tls.version,
                alpn=tls.alpn,
            )
        return tls


def certificates(chain: Iterable[bytes]) -> Iterable[Certificate]:
    """DER to facts. What can't be read keeps its hash, which is evidence enough."""
    return (_certificate(der) for der in chain)


@lru_cache(maxsize=1024)  # sites share intermediates, and most leaves were seen the last time round
def _certificate(der: bytes) -> Certificate:
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
    except (ValueError, OverflowError, x509.UnsupportedGeneralNameType):
        return Certificate(sha256=sha256, sha1=sha1)
