"""Each failure of the vocabulary, and what of the network it stands for. What is ours is none of them and crashes."""

import errno
import socket
import ssl

import dns.exception
import dns.message
import dns.name
import pytest

from probe.classify import NETWORK_ERRORS, failure_of
from probe.net import Garbage, PeerClosed
from probe.trace import StepFailed, Trace
from results.failure import Failure
from results.records import TcpStep


def refused_certificate(verify_code: int) -> ssl.SSLCertVerificationError:
    exc = ssl.SSLCertVerificationError(1, "certificate verify failed")
    exc.verify_code = verify_code
    return exc


def tls_error(reason: str) -> ssl.SSLError:
    # OpenSSL's number stands where the system's errno does: 1 would be EPERM.
    exc = ssl.SSLError(1, reason)
    exc.reason = reason
    return exc


ROWS = [
    (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), Failure.DNS_NXDOMAIN),
    (socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"), Failure.DNS_TEMPORARY),
    (socket.gaierror(socket.EAI_FAIL, "Non-recoverable failure"), Failure.DNS_OTHER),
    (socket.gaierror(socket.EAI_MEMORY, "Memory allocation failure"), Failure.DNS_OTHER),
    (socket.gaierror(), Failure.DNS_OTHER),
    (dns.exception.FormError(), Failure.DNS_OTHER),  # type: ignore[no-untyped-call]
    (dns.message.ShortHeader(), Failure.DNS_OTHER),  # type: ignore[no-untyped-call]
    (dns.name.LabelTooLong(), Failure.DNS_OTHER),  # type: ignore[no-untyped-call]
    (TimeoutError(), Failure.TIMEOUT),
    (TimeoutError(errno.ETIMEDOUT, "Connection timed out"), Failure.TIMED_OUT),
    (OSError(errno.ETIMEDOUT, "Connection timed out"), Failure.TIMED_OUT),
    (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), Failure.REFUSED),
    (OSError(errno.ECONNREFUSED, "Connect call failed"), Failure.REFUSED),
    (ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"), Failure.RESET),
    (BrokenPipeError(errno.EPIPE, "Broken pipe"), Failure.RESET),
    (ConnectionAbortedError(errno.ECONNABORTED, "Software caused connection abort"), Failure.ABORTED),
    (PeerClosed("no more"), Failure.CLOSED),
    (ssl.SSLEOFError(8, "EOF occurred in violation of protocol"), Failure.CLOSED),
    (ssl.SSLZeroReturnError(6, "TLS/SSL connection has been closed"), Failure.CLOSED),
    (OSError(errno.EHOSTUNREACH, "No route to host"), Failure.HOST_UNREACHABLE),
    (OSError(errno.EHOSTDOWN, "Host is down"), Failure.HOST_UNREACHABLE),
    (OSError(errno.ENOPROTOOPT, "Protocol not available"), Failure.HOST_UNREACHABLE),
    (OSError(errno.ENETUNREACH, "Network is unreachable"), Failure.NETWORK_UNREACHABLE),
    (OSError(errno.ENETDOWN, "Network is down"), Failure.NETWORK_DOWN),
    (PermissionError(errno.EACCES, "Permission denied"), Failure.PERMISSION_DENIED),
    (PermissionError(errno.EPERM, "Operation not permitted"), Failure.PERMISSION_DENIED),
    (OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address"), Failure.ADDRESS_NOT_AVAILABLE),
    (OSError(errno.EAFNOSUPPORT, "Address family not supported"), Failure.ADDRESS_NOT_AVAILABLE),
    (tls_error("SSLV3_ALERT_HANDSHAKE_FAILURE"), Failure.TLS_HANDSHAKE),
    (tls_error("WRONG_VERSION_NUMBER"), Failure.TLS_HANDSHAKE),
    (tls_error("TLSV1_UNRECOGNIZED_NAME"), Failure.TLS_HOSTNAME),
    (refused_certificate(62), Failure.TLS_HOSTNAME),  # hostname mismatch
    (refused_certificate(64), Failure.TLS_HOSTNAME),  # IP address mismatch
    (refused_certificate(18), Failure.TLS_AUTHORITY),  # self-signed
    (refused_certificate(19), Failure.TLS_AUTHORITY),  # self-signed in the chain
    (refused_certificate(20), Failure.TLS_AUTHORITY),  # issuer not known
    (refused_certificate(9), Failure.TLS_CERTIFICATE),  # not yet valid
    (refused_certificate(10), Failure.TLS_CERTIFICATE),  # expired
    (Garbage("no HTTP"), Failure.HTTP_GARBAGE),
]

ELSEWHERE = {
    Failure.DNS_SERVFAIL: "an rcode, which is no exception: test_steps_dns.py",
    Failure.DNS_REFUSED: "an rcode, which is no exception: test_steps_dns.py",
    Failure.DNS_NO_ANSWER: "an answer without an address: test_steps_dns.py; EAI_NODATA where the system has it, below",
    Failure.DNS_BOGON: "said of an answer, by those whose measurements we import; ours keep the answer itself",
    Failure.HTTP_LOCATION: "a redirect's target, which is no exception: test_steps_http.py",
    Failure.INTERRUPTED: "said by check.py of a control that it didn't wait for",
    Failure.UNKNOWN: "in imported measurements; an exception that we don't know is a bug",
}

OURS = [
    TypeError("a bug"),
    KeyError("a bug"),
    ValueError("a bug"),
    RuntimeError("a bug"),
    UnicodeDecodeError("utf-8", b"", 0, 1, "a bug"),
    OSError(errno.EMFILE, "Too many open files"),
    OSError(errno.ENFILE, "Too many open files in system"),
    OSError(errno.EBADF, "Bad file descriptor"),
    FileNotFoundError(errno.ENOENT, "No such file or directory"),
    OSError("without a number"),
]


def shown(value: object) -> str:
    return repr(value)


@pytest.mark.parametrize(("exc", "failure"), ROWS, ids=shown)
def test_what_an_exception_is_called(exc: Exception, failure: Failure) -> None:
    assert isinstance(exc, NETWORK_ERRORS)
    assert failure_of(exc) is failure


@pytest.mark.skipif(not hasattr(socket, "EAI_NODATA"), reason="Windows has no EAI_NODATA")
def test_the_systems_no_address_is_no_missing_name() -> None:
    assert failure_of(socket.gaierror(socket.EAI_NODATA, "No address associated")) is Failure.DNS_NO_ANSWER


@pytest.mark.parametrize("failure", Failure)
def test_every_failure_is_made_here_or_it_is_said_where(failure: Failure) -> None:
    made_here = failure in {row[1] for row in ROWS}
    assert made_here != (failure in ELSEWHERE)


@pytest.mark.parametrize("exc", OURS, ids=shown)
def test_a_bug_is_not_a_measurement(exc: Exception) -> None:
    """It leaves the step as it came, and no step is kept that could pass for a success or for a block."""
    trace = Trace()
    with pytest.raises(type(exc)) as caught, trace.step(TcpStep, "127.0.0.1:443"):
        raise exc
    assert caught.value is exc
    assert trace.steps == []


def test_being_cancelled_is_not_a_measurement() -> None:
    trace = Trace()
    with pytest.raises(KeyboardInterrupt), trace.step(TcpStep, "127.0.0.1:443"):
        raise KeyboardInterrupt
    assert trace.steps == []


def test_a_failure_is_kept_with_its_words_and_then_raised() -> None:
    trace = Trace()
    with pytest.raises(StepFailed) as caught, trace.step(TcpStep, "127.0.0.1:443"):
        raise ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")
    (step,) = trace.steps
    assert (step.failure, step.detail) == (Failure.RESET, "Connection reset by peer")
    assert caught.value.failure is Failure.RESET


def test_words_are_cut_before_they_fill_the_store() -> None:
    trace = Trace()
    with pytest.raises(StepFailed), trace.step(TcpStep, "127.0.0.1:443"):
        raise Garbage("x" * 5000)
    assert len(trace.steps[0].detail) == 200


def test_a_failure_that_the_step_itself_found_is_raised_too() -> None:
    trace = Trace()
    with pytest.raises(StepFailed) as caught, trace.step(TcpStep, "127.0.0.1:443") as learnt:
        learnt["failure"] = Failure.UNKNOWN
    assert caught.value.failure is trace.steps[0].failure is Failure.UNKNOWN


@pytest.mark.parametrize(
    ("number", "failure"),
    [
        (64, Failure.RESET),
        (121, Failure.TIMED_OUT),
        (1225, Failure.REFUSED),
        (1231, Failure.NETWORK_UNREACHABLE),
        (1232, Failure.HOST_UNREACHABLE),
        (1236, Failure.ABORTED),
    ],
)
def test_numbers_of_windows_count_where_errno_says_nothing(number: int, failure: Failure) -> None:
    exc = OSError(errno.EINVAL, "as its event loop hands it on")
    exc.winerror = number  # type: ignore[attr-defined,unused-ignore]
    assert failure_of(exc) is failure
