"""The closed vocabulary of failures, in OONI's spelling (df-007), so that exports need no translation.

`None` is success, and nothing else is. How an exception becomes one of these is not here but in probe/classify.py.
"""

from enum import StrEnum


class Failure(StrEnum):
    """Why a step failed. A member is never renamed or reused: stored measurements speak these words."""

    DNS_NXDOMAIN = "dns_nxdomain_error"
    DNS_SERVFAIL = "dns_servfail_error"
    DNS_REFUSED = "dns_refused_error"
    DNS_NO_ANSWER = "dns_no_answer"
    DNS_BOGON = "dns_bogon_error"  # an answer that can't be on the public internet; it is not dialled
    DNS_TEMPORARY = "dns_temporary_failure"  # the system's resolver gave up without saying why
    DNS_OTHER = "dns_server_misbehaving"
    TIMEOUT = "generic_timeout_error"  # our own time limit
    TIMED_OUT = "timed_out"  # the kernel's
    REFUSED = "connection_refused"
    RESET = "connection_reset"
    ABORTED = "connection_aborted"
    CLOSED = "eof_error"
    HOST_UNREACHABLE = "host_unreachable"
    NETWORK_UNREACHABLE = "network_unreachable"
    NETWORK_DOWN = "network_down"
    PERMISSION_DENIED = "permission_denied"  # this machine's own firewall
    ADDRESS_NOT_AVAILABLE = "address_not_available"  # this machine has no address of the family
    TLS_HANDSHAKE = "ssl_failed_handshake"  # an alert, or an answer that is no TLS
    TLS_HOSTNAME = "ssl_invalid_hostname"
    TLS_AUTHORITY = "ssl_unknown_authority"
    TLS_CERTIFICATE = "ssl_invalid_certificate"  # expired, not yet valid, or otherwise bad
    HTTP_GARBAGE = "http_request_failed"  # an answer that is no HTTP
    HTTP_LOCATION = "http_invalid_redirect_location_host"
    INTERRUPTED = "interrupted"  # we stopped waiting, since nothing depended on it
    UNKNOWN = "unknown_failure"  # the step's detail has the words


CERTIFICATE_FAILURES = frozenset({Failure.TLS_HOSTNAME, Failure.TLS_AUTHORITY, Failure.TLS_CERTIFICATE})
SILENCE = frozenset({Failure.TIMEOUT, Failure.TIMED_OUT})
DNS_SILENCE = SILENCE | {Failure.DNS_TEMPORARY}
UNREACHABLE = frozenset({Failure.HOST_UNREACHABLE, Failure.NETWORK_UNREACHABLE})
OWN_LINE = frozenset({Failure.NETWORK_DOWN, Failure.PERMISSION_DENIED, Failure.ADDRESS_NOT_AVAILABLE})
