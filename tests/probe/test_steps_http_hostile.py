"""Asking for a page: servers that mean no good. None may break a check, hold it, or fill the memory."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trustme
from hyperframe.frame import ContinuationFrame, GoAwayFrame, HeadersFrame, PingFrame, RstStreamFrame, SettingsFrame

from probe.steps import http
from probe.trace import WHOLE_S, Course, Trace
from results.failure import Failure
from tests.probe import servers
from tests.probe.asking import asked
from tests.probe.conftest import NAME, serving
from tests.probe.servers import Peer, drips, h2_data, h2_head, page, pours, says

pytestmark = pytest.mark.anyio

OK = b"HTTP/1.1 200 OK\r\n"
GARBAGE = Failure.HTTP_GARBAGE


@pytest.fixture(scope="session")
def two(authority: trustme.CA) -> ssl.SSLContext:
    """A server's context that agrees on HTTP/2."""
    return serving(authority.issue_cert(NAME), alpn=("h2",))


@asynccontextmanager
async def others_have_turns() -> AsyncIterator[None]:
    """Fails where the loop was held for long: time limits and other checks depend on it."""
    longest, running = 0.0, True

    async def look() -> None:
        nonlocal longest
        while running:
            began = time.monotonic()
            await asyncio.sleep(0)
            longest = max(longest, time.monotonic() - began)

    looking = asyncio.create_task(look())
    await asyncio.sleep(0)
    yield
    running = False
    await looking
    assert longest < 3


# Without end


def limit_s(failure: Failure | set[Failure]) -> float:
    """Where it is not the time limit that ends it, so much time that a busy machine does not make it the limit."""
    return 5 if failure is GARBAGE else 1


@pytest.mark.parametrize(
    ("peer", "failure"),
    [
        (pours(OK, b"x-more: and more\r\n" * 100), GARBAGE),
        (pours(OK + b"x: ", b"y" * 1000), GARBAGE),
        (pours(b"", b"z" * 1000), GARBAGE),
        (pours(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 40), GARBAGE),
        (pours(b"", b"HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n" * 40), GARBAGE),
        (drips(OK, b"x: y\r\n", 0.01), Failure.TIMEOUT),
        (drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.01), Failure.TIMEOUT),
        (drips(b"HTTP/1.1 200 O", b"K", 0.01), Failure.TIMEOUT),
        (says(OK + b"location: /" + b"x" * 1_000_000 + b"\r\n\r\n"), GARBAGE),
    ],
    ids=["headers", "one header", "no head", "100", "103", "slow headers", "slow 100", "slow reason", "long location"],
)
async def test_a_head_without_end_is_none(course: Course, peer: Peer, failure: Failure) -> None:
    async with others_have_turns():
        step = (await asked(course, peer, timeout_s=limit_s(failure))).step
    assert (step.failure, step.status) == (failure, None)
    assert step.ms < 8000


FLOODS = {
    "pings": PingFrame(0, opaque_data=b"12345678").serialize() * 200,
    "settings": SettingsFrame(0, settings={4: 65535}).serialize() * 200,
    "empty data": h2_data(b"") * 200,
    "bytes of data": h2_data(b"x") * 200,
}


@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS.keys())
async def test_frames_without_end_do_not_hold_the_rest(
    course: Course, two: ssl.SSLContext, ours: ssl.SSLContext, flood: bytes
) -> None:
    async with others_have_turns():
        step = (await asked(course, pours(h2_head(), flood), two, ours, timeout_s=limit_s(GARBAGE))).step
    assert step.status == 200
    assert step.capped or step.failure is GARBAGE
    assert step.ms < 10_000


def continued(frames: int) -> bytes:
    """A head that is never whole."""
    head = HeadersFrame(1, b"\x88").serialize()
    return SettingsFrame().serialize() + head + ContinuationFrame(1, b"\0\x01a\x01b" * 20).serialize() * frames


@pytest.mark.parametrize(
    ("peer", "failure"),
    [
        (says(continued(2000)), GARBAGE),
        (drips(continued(1), ContinuationFrame(1, b"").serialize(), 0.005), {GARBAGE, Failure.TIMEOUT}),
        (says(h2_head(*(("x", "y" * 60),) * 3000)), GARBAGE),
        (pours(SettingsFrame().serialize(), PingFrame(0, opaque_data=b"12345678").serialize() * 100), GARBAGE),
        (drips(SettingsFrame().serialize(), PingFrame(0, opaque_data=b"12345678").serialize(), 0.01), Failure.TIMEOUT),
        (drips(SettingsFrame().serialize(), b"", 1), Failure.TIMEOUT),
    ],
    ids=["continuation", "slow continuation", "fields", "pings", "slow pings", "silence after the preface"],
)
async def test_a_head_without_end_is_none_over_http_2(
    course: Course, two: ssl.SSLContext, ours: ssl.SSLContext, peer: Peer, failure: Failure | set[Failure]
) -> None:
    async with others_have_turns():
        step = (await asked(course, peer, two, ours, timeout_s=limit_s(failure))).step
    assert step.status is None
    assert step.failure in (failure if isinstance(failure, set) else {failure})
    assert step.ms < 8000


@pytest.mark.parametrize(
    "peer",
    [
        pours(OK + b"\r\n", b"x" * 1000),
        pours(OK + b"transfer-encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 200),
        pours(OK + b"transfer-encoding: chunked\r\n\r\n1;", b"x" * 1000),
        pours(OK + b"content-encoding: gzip\r\n\r\n\x1f\x8b\x08\0\0\0\0\0\0\xff", b"\0\0\0\xff\xff" * 200),
    ],
    ids=["body", "small chunks", "chunk extension", "empty blocks"],
)
async def test_a_body_without_end_is_cut(course: Course, peer: Peer) -> None:
    async with others_have_turns():
        step = (await asked(course, peer, timeout_s=3)).step
    assert step.status == 200
    assert step.capped or step.failure is GARBAGE
    assert (step.body_bytes or 0) <= http.BODY_CAP_BYTES
    assert step.ms < 12_000


async def test_of_a_great_page_little_is_fetched(course: Course) -> None:
    poured: list[int] = []
    length = 32 * 2**20
    step = (await asked(course, pours(OK + f"content-length: {length}\r\n\r\n".encode(), b"x" * 8192, poured))).step
    assert (step.failure, step.body_bytes, step.capped) == (None, http.BODY_CAP_BYTES, True)
    assert sum(poured) < 8 * 2**20  # most of it in the kernel's buffers, which loopback fills at once


# Time


async def test_a_late_page_ends_with_the_check() -> None:
    """Head and body may each take the whole limit; together no more than is left of the check."""

    class Late(Trace):
        def now(self) -> float:
            return super().now() + WHOLE_S - 0.7

    step = (await asked(Course(Late()), drips(OK + b"\r\n", b"x", 0.05), timeout_s=10)).step
    assert (step.failure, step.capped) == (None, True)
    assert step.ms < 4000


@pytest.mark.parametrize("over_h2", [False, True])
async def test_a_byte_now_and_then_is_slow_and_silence_is_not(
    course: Course, two: ssl.SSLContext, ours: ssl.SSLContext, over_h2: bool
) -> None:
    first, drop = (h2_head(), h2_data(b"x")) if over_h2 else (OK + b"\r\n", b"x")
    contexts = (two, ours) if over_h2 else (None, None)
    slow = (await asked(course, drips(first, drop, 0.1), *contexts, timeout_s=0.6)).step
    assert (slow.failure, slow.capped) == (None, True)
    silent = (await asked(course, drips(first + drop, b"", 60), *contexts, timeout_s=0.6)).step
    assert (silent.failure, silent.status, silent.body_bytes) == (Failure.TIMEOUT, 200, 1)


# Nonsense


@pytest.mark.parametrize(
    ("wire", "failure", "status"),
    [
        (b"HTTP/1.1 200 OK\ncontent-length: 2\n\nok", None, 200),
        (b"<html>an answer as of 1991</html>", Failure.CLOSED, None),
        (OK + b"x: \0\r\n\r\n", GARBAGE, None),
        (OK + b"content-length: -1\r\n\r\nok", GARBAGE, None),
        (OK + b"content-length: " + b"9" * 5000 + b"\r\n\r\nok", GARBAGE, None),
        (OK + b"content-length: 2\r\ncontent-length: 3\r\n\r\nok", GARBAGE, None),
        (OK + b"content-length: 9\r\n\r\nok", Failure.CLOSED, 200),
        (OK + b"content-length: 1\r\n\r\nok", None, 200),
        (b"HTTP/1.1 000 No\r\n\r\n", GARBAGE, None),
        (b"HTTP/1.1 999 No\r\ncontent-length: 0\r\n\r\n", None, 999),
        (b"HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\n", GARBAGE, None),
        (OK + b"content-encoding: br, gzip, deflate, br\r\n\r\nok", GARBAGE, 200),
        (OK + b"content-encoding: br\r\n\r\n\xff\xff\xff", GARBAGE, 200),
        (OK + b"content-encoding: whatever\r\n\r\nok", None, 200),
    ],
    ids=lambda value: ascii(value[:40]) if isinstance(value, bytes) else "",
)
async def test_what_nonsense_is_called(
    course: Course, wire: bytes, failure: Failure | None, status: int | None
) -> None:
    step = (await asked(course, says(wire))).step
    assert (step.failure, step.status) == (failure, status)


@pytest.mark.parametrize(
    ("wire", "status", "detail"),
    [
        (h2_head(status="abc"), None, "the status is no number"),
        (h2_head(status="9" * 5000), None, "the status is no number"),
        (h2_head(status="99999999999999999999"), None, "the status has not three digits"),
        (h2_head(status="-200"), None, "the status has not three digits"),
        (h2_head() + RstStreamFrame(1, error_code=8).serialize(), 200, "the peer reset the HTTP/2 stream: CANCEL"),
        (h2_head() + RstStreamFrame(1, error_code=99).serialize(), 200, "the peer reset the HTTP/2 stream: code 99"),
        (
            SettingsFrame().serialize() + GoAwayFrame(0, error_code=11, additional_data=b"203.0.113.9").serialize(),
            None,
            "the peer ended the HTTP/2 connection: ENHANCE_YOUR_CALM",
        ),
    ],
    ids=["letters", "long", "great", "negative", "reset", "odd reset", "goaway"],
)
async def test_what_nonsense_is_called_over_http_2(
    course: Course, two: ssl.SSLContext, ours: ssl.SSLContext, wire: bytes, status: int | None, detail: str
) -> None:
    """No CLOSED and no RESET: only the holder of the connection's keys can have written that."""
    step = (await asked(course, says(wire), two, ours)).step
    assert (step.failure, step.status, step.detail) == (GARBAGE, status, detail)


@pytest.mark.parametrize("opening", ["<title>", "<title", "<title ", "<title>a</titl", "<"])
async def test_titles_without_end_take_no_time(course: Course, opening: str) -> None:
    body = (opening * (http.BODY_CAP_BYTES // len(opening))).encode()
    async with others_have_turns():
        step = (await asked(course, page(body))).step
    assert (step.failure, step.title) == (None, None)
    assert step.ms < 3000


# Cookies


@pytest.mark.parametrize(
    "told",
    [
        "ключ=значение",
        "a=\xff",
        "a=b; expires=" + "1" * 50,
        "a=b; max-age=" + "9" * 500,
        "a=b; domain=other.example",
        "a=b; domain=example",
        "=;=;",
    ],
    ids=ascii,
)
async def test_a_cookie_that_cannot_be_sent_back_breaks_nothing(course: Course, told: str) -> None:
    wire = OK + b"set-cookie: " + told.encode() + b"\r\nset-cookie: fine=1\r\ncontent-length: 0\r\n\r\n"
    first = await asked(course, says(wire))
    heads: list[bytes] = []
    await asked(course, servers.remembers(heads, servers.response()), cookies=first.cookies)
    assert {line for line in heads[0].split(b"\r\n") if line.lower().startswith(b"cookie")} <= {
        b"Cookie: fine=1",
        b"Cookie: a=b; fine=1",
    }
