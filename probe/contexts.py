"""Whom TLS believes: the web's roots in a visit, everybody in a sample. Made once for the whole program."""

import ssl
from collections.abc import Iterable

import certifi


def web_context(roots_file: str | None, *, alpn: Iterable[str] = ("h2", "http/1.1")) -> ssl.SSLContext:
    """A context that trusts the web's roots: Mozilla's, or those in `roots_file`. Never the operating system's.

    Costs about 16 ms, so one is made for the whole process. Raises OSError where the file can't be read.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Python 3.13 sets this by default, 3.12 doesn't: the same site must get the same verdict from every volunteer.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.load_verify_locations(cafile=roots_file or certifi.where())
    context.set_alpn_protocols(list(alpn))
    return context


def lax_context(*, alpn: Iterable[str] = ("h2", "http/1.1")) -> ssl.SSLContext:
    """Refuses no certificate: for samples with a name that the address has none for, never for a visit."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(list(alpn))
    return context
