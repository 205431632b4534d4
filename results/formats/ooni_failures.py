"""OONI's words for failures, of every age, in ours; and of which layer they speak.

The words are those of its specification df-007, of the program's first, Python, version and of its control, whose
words stayed the old ones. What has no word came as `unknown_failure: ` and the system's or Go's own message.
"""

from typing import Any

from results.failure import Failure
from results.formats.ooni_values import text
from results.records import Layer

_UNKNOWN = "unknown_failure"
_THIS_MACHINE = (
    *("address_in_use", "address_not_available", "already_connected", "bad_address", "bad_file_descriptor"),
    *("address_family_not_supported", "address_family_not_supported_error", "connection_already_in_progress"),
    *("destination_address_required", "invalid_argument", "message_size", "no_buffer_space", "no_protocol_option"),
    *("not_a_socket", "not_connected", "operation_would_block", "protocol_not_supported", "wrong_protocol_type"),
)
_OURS = {
    "android_dns_cache_no_data": Failure.DNS_NO_ANSWER,  # Android says so whatever the resolver said
    "dns_lookup_error": Failure.DNS_OTHER,
    "dns_name_error": Failure.DNS_NXDOMAIN,
    "dns_name_failure": Failure.DNS_NXDOMAIN,
    "dns_non_recoverable_failure": Failure.DNS_OTHER,
    "dns_reply_with_wrong_query_id": Failure.DNS_OTHER,
    "dns_server_failure": Failure.DNS_SERVFAIL,
    "connect_error": Failure.UNKNOWN,
    "connection_already_closed": Failure.INTERRUPTED,  # by the program itself
    "connection_done": Failure.CLOSED,
    "connection_lost_error": Failure.RESET,
    "connection_refused_error": Failure.REFUSED,
    "deferred_timeout_error": Failure.TIMEOUT,
    "http_unexpected_redirect_url": Failure.HTTP_GARBAGE,
    "http_unexpected_status_code": Failure.HTTP_GARBAGE,
    "json_parse_error": Failure.HTTP_GARBAGE,
    "network_reset": Failure.RESET,
    "response_never_received": Failure.CLOSED,
    "ssl_error": Failure.TLS_HANDSHAKE,
    "task_timed_out": Failure.TIMEOUT,
    "tcp_timed_out_error": Failure.TIMED_OUT,
    "unknown_error": Failure.UNKNOWN,
    **dict.fromkeys(_THIS_MACHINE, Failure.ADDRESS_NOT_AVAILABLE),
    **{str(failure): failure for failure in Failure},
}
# Parts of the messages of systems and of Go's library, in lower case; the first that is found counts.
_MESSAGES = (
    ("first record does not look like a tls handshake", Failure.TLS_HANDSHAKE),
    ("server gave http response to https client", Failure.TLS_HANDSHAKE),
    ("remote error: tls", Failure.TLS_HANDSHAKE),
    ("malformed http", Failure.HTTP_GARBAGE),
    ("too many open files", Failure.ADDRESS_NOT_AVAILABLE),
    ("no such host", Failure.DNS_NXDOMAIN),
    ("connection refused", Failure.REFUSED),
    ("connection reset by peer", Failure.RESET),
    ("forcibly closed by the remote host", Failure.RESET),
    ("no route to host", Failure.HOST_UNREACHABLE),
    ("network is unreachable", Failure.NETWORK_UNREACHABLE),
    ("permission denied", Failure.PERMISSION_DENIED),
    ("unexpected eof", Failure.CLOSED),
    ("context canceled", Failure.INTERRUPTED),
    ("i/o timeout", Failure.TIMEOUT),
    ("deadline exceeded", Failure.TIMEOUT),
)
_OF_THE_CONNECTION = frozenset(
    [
        *("connect_error", "connection_refused", "connection_refused_error", "host_unreachable", "network_unreachable"),
        *("network_down", "permission_denied", "tcp_timed_out_error", *_THIS_MACHINE),
    ]
)
_DETAIL_LENGTH = 200
_SAME = frozenset(map(str, Failure))


def failure_of(value: Any) -> Failure | None:
    """The failure that OONI's word stands for. None, the empty text and `false` are success."""
    if value in (None, "", False):
        return None
    words = text(value).strip()
    known = _OURS.get(words)
    if known is not None and known is not Failure.UNKNOWN:
        return known
    lower = words.lower()
    return next((failure for message, failure in _MESSAGES if message in lower), Failure.UNKNOWN)


def detail_of(value: Any) -> str:
    """OONI's own words, where ours say less."""
    words = text(value).strip()
    return "" if words in _SAME else words[:_DETAIL_LENGTH]


def layer_of(value: Any) -> Layer | None:
    """The layer whose failure only this word can be; None where several have it, as a reset or a silence."""
    words = text(value).strip()
    failure = failure_of(value)
    if words in _OF_THE_CONNECTION or failure in {Failure.REFUSED, Failure.HOST_UNREACHABLE}:
        return Layer.TCP
    if failure is None or failure is Failure.UNKNOWN:
        return None
    kind = str(failure).partition("_")[0]
    return {"dns": Layer.DNS, "ssl": Layer.TLS, "http": Layer.HTTP}.get(kind)


def redirected_too_often(value: Any) -> bool:
    """Whether the program gave up after its greatest number of redirects, which is no failure of the network."""
    words = text(value)
    return words.startswith(_UNKNOWN) and "stopped after" in words and "redirects" in words
