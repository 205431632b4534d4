"""An exception becomes a failure here, and nowhere else. What is not the network's doing stays an exception: a bug.

Nothing is caught here; probe/trace.py does that.
"""

import errno
import socket
import ssl

import dns.exception

from probe.net import Garbage, PeerClosed
from results.failure import Failure

# What a step may meet. OSError also covers ssl.SSLError, socket.gaierror and TimeoutError.
NETWORK_ERRORS = (OSError, Garbage, dns.exception.DNSException)

_BY_ERRNO = {
    errno.ECONNREFUSED: Failure.REFUSED,
    errno.ECONNRESET: Failure.RESET,
    errno.EPIPE: Failure.RESET,  # written to after the peer's reset had been seen
    errno.ECONNABORTED: Failure.ABORTED,
    errno.EHOSTUNREACH: Failure.HOST_UNREACHABLE,
    errno.ENETUNREACH: Failure.NETWORK_UNREACHABLE,
    errno.ENETDOWN: Failure.NETWORK_DOWN,
    errno.ETIMEDOUT: Failure.TIMED_OUT,
    errno.EACCES: Failure.PERMISSION_DENIED,
    errno.EPERM: Failure.PERMISSION_DENIED,
    errno.EADDRNOTAVAIL: Failure.ADDRESS_NOT_AVAILABLE,
    errno.EAFNOSUPPORT: Failure.ADDRESS_NOT_AVAILABLE,
    # ICMP "protocol unreachable" and "source isolated" arrive as these on Linux.
    errno.ENOPROTOOPT: Failure.HOST_UNREACHABLE,
    errno.EHOSTDOWN: Failure.HOST_UNREACHABLE,
}

# Windows' own numbers (winerror.h) where its event loop hands them on; their errno says nothing.
_BY_WINERROR = {
    64: Failure.RESET,  # ERROR_NETNAME_DELETED
    121: Failure.TIMED_OUT,  # ERROR_SEM_TIMEOUT
    1225: Failure.REFUSED,
    1231: Failure.NETWORK_UNREACHABLE,
    1232: Failure.HOST_UNREACHABLE,
    1236: Failure.ABORTED,
}

_BY_GAI = {
    socket.EAI_NONAME: Failure.DNS_NXDOMAIN,
    socket.EAI_AGAIN: Failure.DNS_TEMPORARY,
    socket.EAI_FAIL: Failure.DNS_OTHER,
}
if hasattr(socket, "EAI_NODATA"):  # not on Windows
    _BY_GAI[socket.EAI_NODATA] = Failure.DNS_NO_ANSWER

# OpenSSL's X509_V_ERR_ numbers, as its documentation of SSL_get_verify_result lists them.
_UNKNOWN_AUTHORITY = frozenset({2, 18, 19, 20, 21, 24, 26, 27, 28})
_WRONG_NAME = frozenset({62, 64})


def failure_of(exc: BaseException) -> Failure | None:
    """The failure that an exception stands for; None when it is no failure of the network but ours."""
    match exc:
        case ssl.SSLCertVerificationError():
            return _certificate(exc.verify_code)
        case ssl.SSLEOFError() | ssl.SSLZeroReturnError() | PeerClosed():
            return Failure.CLOSED
        case ssl.SSLError():
            # Its errno is OpenSSL's number, never the system's.
            return Failure.TLS_HOSTNAME if "UNRECOGNIZED_NAME" in (exc.reason or "") else Failure.TLS_HANDSHAKE
        case Garbage():
            return Failure.HTTP_GARBAGE
        case dns.exception.DNSException():
            return Failure.DNS_OTHER
        case socket.gaierror():
            return _BY_GAI.get(exc.args[0] if exc.args else 0, Failure.DNS_OTHER)
        case OSError(errno=None) if isinstance(exc, TimeoutError):
            return Failure.TIMEOUT
        case OSError() if getattr(exc, "winerror", None) in _BY_WINERROR:
            return _BY_WINERROR[exc.winerror]  # type: ignore[attr-defined,unused-ignore]
        case OSError(errno=int(number)):
            return _BY_ERRNO.get(number)
    return None


def _certificate(verify_code: int) -> Failure:
    if verify_code in _WRONG_NAME:
        return Failure.TLS_HOSTNAME
    return Failure.TLS_AUTHORITY if verify_code in _UNKNOWN_AUTHORITY else Failure.TLS_CERTIFICATE
