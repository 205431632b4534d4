"""Shakes hands over a connected socket. The presented chain is kept also when it is refused.

Nothing is asked of the server beyond the handshake, and whether a certificate means interception is not said here.
"""

import asyncio
import ssl
from dataclasses import replace

from probe.net import Tcp, Tls
from probe.scrub import scrubbed
from probe.trace import Course
from results.certificates import certificates
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
                chain=tuple(_discreet(one, endpoint) for one in certificates(tls.chain())),
                version=tls.version,
                alpn=tls.alpn,
            )
        return tls


def _discreet(certificate: Certificate, endpoint: str) -> Certificate:
    """A box in between may make one for each visitor, with his address in it."""
    dialled = endpoint.rpartition(":")[0].strip("[]")
    subject, issuer = (scrubbed(text, dialled) for text in (certificate.subject, certificate.issuer))
    return replace(certificate, subject=subject, issuer=issuer)
