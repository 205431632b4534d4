"""Shaking hands: what each box on the path looks like from here, and the evidence that stays."""

import asyncio
import socket
import ssl

import pytest

from probe.steps import tcp, tls
from probe.trace import Course, StepFailed
from results.certificates import certificates
from results.failure import Failure
from results.records import Source, TlsStep
from tests.probe import servers
from tests.probe.conftest import NAME
from tests.probe.servers import Peer, site

pytestmark = pytest.mark.anyio
BLOCK_PAGE = b"HTTP/1.1 403 Forbidden\r\ncontent-length: 7\r\n\r\nblocked"


async def shaken(
    course: Course,
    ours: ssl.SSLContext,
    peer: Peer,
    theirs: ssl.SSLContext | None = None,
    *,
    name: str = NAME,
    timeout_s: float = 5,
) -> TlsStep:
    """The step that one handshake leaves, whatever came of it."""
    async with site(peer, theirs) as port:
        stream = await tcp.connect(course, "127.0.0.1", port, source=Source.SYSTEM, timeout_s=5)
        try:
            at = tcp.endpoint("127.0.0.1", port)
            await tls.handshake(course, stream, at, name, ours, source=Source.SYSTEM, timeout_s=timeout_s)
        except StepFailed:
            pass
        finally:
            stream.close()
    step = course.trace.steps[-1]
    assert isinstance(step, TlsStep)
    return step


@pytest.mark.parametrize(
    ("peer", "failure", "received_bytes", "alert"),
    [
        (servers.resets, Failure.RESET, 0, ""),
        (servers.closes, Failure.CLOSED, 0, ""),
        (servers.says(BLOCK_PAGE), Failure.TLS_HANDSHAKE, len(BLOCK_PAGE), ""),
        (servers.says(b"\x16\x03\x03\x00\x7a\x02\x00"), Failure.CLOSED, 7, ""),
        (servers.says_and_resets(b"\x16\x03\x03\x00\x7a\x02\x00"), Failure.RESET, 7, ""),
        (servers.alerts(40), Failure.TLS_HANDSHAKE, 7, "HANDSHAKE_FAILURE"),
        (servers.alerts(80), Failure.TLS_HANDSHAKE, 7, "INTERNAL_ERROR"),
        (servers.alerts(112), Failure.TLS_HOSTNAME, 7, "UNRECOGNIZED_NAME"),
    ],
    ids=[
        "reset",
        "closed",
        "block page without TLS",
        "cut hello",
        "reset in hello",
        "alert 40",
        "alert 80",
        "alert 112",
    ],
)
async def test_how_a_handshake_is_kept_from_standing(
    course: Course, ours: ssl.SSLContext, peer: Peer, failure: Failure, received_bytes: int, alert: str
) -> None:
    step = await shaken(course, ours, peer)
    assert (step.failure, step.received_bytes) == (failure, received_bytes)
    assert alert in step.alert
    assert bool(alert) == bool(step.alert) == step.answered
    assert step.chain == ()


async def test_a_silent_peer_is_a_tls_timeout(course: Course, ours: ssl.SSLContext) -> None:
    step = await shaken(course, ours, servers.is_silent, timeout_s=0.1)
    assert (step.failure, step.received_bytes, step.chain) == (Failure.TIMEOUT, 0, ())


async def test_a_good_handshake_keeps_the_chain_and_what_was_agreed(
    course: Course, ours: ssl.SSLContext, theirs: ssl.SSLContext
) -> None:
    step = await shaken(course, ours, servers.is_silent, theirs)
    assert (step.failure, step.version, step.alpn, step.name) == (None, "TLSv1.3", "http/1.1", NAME)
    assert step.received_bytes > 500
    assert "trustme" in step.chain[0].issuer
    assert len(step.chain[0].sha256) == 64
    assert step.chain[0].not_before < step.chain[0].not_after  # type: ignore[operator]


@pytest.mark.parametrize(
    ("certificate", "failure"),
    [
        ("expired", Failure.TLS_CERTIFICATE),
        ("other_name", Failure.TLS_HOSTNAME),
        ("other_authority", Failure.TLS_AUTHORITY),
        ("self_signed", Failure.TLS_AUTHORITY),
    ],
)
async def test_a_refused_certificate_is_kept(
    course: Course, ours: ssl.SSLContext, request: pytest.FixtureRequest, certificate: str, failure: Failure
) -> None:
    step = await shaken(course, ours, servers.is_silent, request.getfixturevalue(certificate))
    assert step.failure is failure
    assert step.chain
    assert step.answered
    assert not step.alert


async def test_an_interceptors_name_can_be_read(
    course: Course, ours: ssl.SSLContext, other_authority: ssl.SSLContext
) -> None:
    step = await shaken(course, ours, servers.is_silent, other_authority)
    assert "Qaznet" in step.chain[0].issuer


async def test_a_certificate_that_cannot_be_read_keeps_its_hash() -> None:
    (kept,) = certificates([b"no certificate"])
    assert len(kept.sha256) == 64
    assert (kept.subject, kept.not_after) == ("", None)


@pytest.mark.skipif(not hasattr(socket, "TCP_INFO"), reason="this system doesn't tell round trips")
async def test_the_kernels_round_trip_is_noted(course: Course, ours: ssl.SSLContext, theirs: ssl.SSLContext) -> None:
    step = await shaken(course, ours, servers.is_silent, theirs)
    assert step.rtt_ms is not None
    assert 0 < step.rtt_ms < 1000


async def test_the_peer_is_told_that_its_certificate_was_refused(
    course: Course, ours: ssl.SSLContext, other_authority: ssl.SSLContext
) -> None:
    """Else it waits for us, as no browser makes it wait."""
    told: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def peer(_reader: servers.Reader, writer: servers.Writer) -> None:
        try:
            await writer.start_tls(other_authority)
        except ssl.SSLError as exc:
            told.set_result(exc.reason)

    async with site(peer) as port:
        stream = await tcp.connect(course, "127.0.0.1", port, source=Source.SYSTEM, timeout_s=5)
        with pytest.raises(StepFailed):
            await tls.handshake(course, stream, "", NAME, ours, source=Source.SYSTEM, timeout_s=5)
        async with asyncio.timeout(5):
            assert await told == "TLSV1_ALERT_UNKNOWN_CA"
        stream.close()
