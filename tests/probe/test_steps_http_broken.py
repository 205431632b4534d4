"""Asking for a page: answers that break off, that are none, or that take their time."""

import ssl

import pytest
import trustme
from pydantic import TypeAdapter

from probe.trace import Course
from results.failure import Failure
from results.records import HttpStep
from tests.probe import servers
from tests.probe.asking import asked
from tests.probe.conftest import NAME, serving
from tests.probe.servers import Peer, page, response, says, speaks_h2, trickles

pytestmark = pytest.mark.anyio
CUT = response()[:-5]


@pytest.mark.parametrize(
    ("peer", "failure", "status", "body_bytes"),
    [
        (servers.resets, Failure.RESET, None, None),
        (servers.closes, Failure.CLOSED, None, None),
        (says(b"HTTP/1.1 200 OK\r\ncontent-"), Failure.CLOSED, None, None),
        (says(CUT), Failure.CLOSED, 200, len(servers.HTML) - 5),
        (servers.says_and_resets(CUT), Failure.RESET, 200, len(servers.HTML) - 5),
        (says(b"220 mail.example ESMTP\r\n\r\n"), Failure.HTTP_GARBAGE, None, None),
        (says(b"\x16\x03\x03\x00\x02\x02\x28"), Failure.HTTP_GARBAGE, None, None),
        (page(content_encoding="gzip"), Failure.HTTP_GARBAGE, 200, 0),
        (says(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"), Failure.HTTP_GARBAGE, 200, 0),
    ],
    ids=["reset", "closed", "cut head", "cut body", "reset in body", "mail", "tls", "no gzip", "no chunk"],
)
async def test_what_a_broken_answer_is_called_and_what_stays_of_it(
    course: Course, peer: Peer, failure: Failure, status: int | None, body_bytes: int | None
) -> None:
    step = (await asked(course, peer)).step
    assert (step.failure, step.status, step.body_bytes) == (failure, status, body_bytes)


async def test_bytes_that_are_no_http_2_are_garbage(
    course: Course, authority: trustme.CA, ours: ssl.SSLContext
) -> None:
    two = serving(authority.issue_cert(NAME), alpn=("h2",))
    step = (await asked(course, says(servers.NO_FRAME), two, ours)).step
    assert (step.failure, step.status) == (Failure.HTTP_GARBAGE, None)


async def test_an_http_2_body_that_turns_into_garbage_keeps_its_head(
    course: Course, authority: trustme.CA, ours: ssl.SSLContext
) -> None:
    two = serving(authority.issue_cert(NAME), alpn=("h2",))
    step = (await asked(course, speaks_h2(garbage_after=True), two, ours)).step
    assert (step.failure, step.status) == (Failure.HTTP_GARBAGE, 200)


# Time


async def test_silence_after_the_request_is_a_timeout(course: Course) -> None:
    step = (await asked(course, servers.is_silent, timeout_s=0.1)).step
    assert (step.failure, step.status, step.first_byte_t) == (Failure.TIMEOUT, None, None)


async def test_a_body_that_still_flows_when_its_time_is_over_was_read(course: Course) -> None:
    """Slow is not broken: whether it is throttled is for its speed to say."""
    step = (await asked(course, trickles(100, 0.02), timeout_s=0.3)).step
    assert (step.failure, step.status, step.capped) == (None, 200, True)
    assert (step.body_bytes or 0) >= 3000


async def test_a_body_that_stops_is_a_timeout_and_what_came_is_kept(course: Course) -> None:
    """The freeze after some bytes: also when a check has little time left, silence isn't slowness."""
    step = (await asked(course, trickles(3, 0.001, then=servers.stalls), timeout_s=0.4)).step
    assert (step.failure, step.status, step.body_bytes) == (Failure.TIMEOUT, 200, 3000)


async def test_speed_is_told_where_enough_came_to_time_it(course: Course) -> None:
    quick = (await asked(course, trickles(40, 0.002))).step
    assert quick.kbps is not None
    assert 100 < quick.kbps < 8000 / 0.002
    little = (await asked(course, trickles(3, 0.002))).step
    assert little.kbps is None


async def test_the_step_can_be_stored_as_it_is(course: Course) -> None:
    step = (await asked(course, page(b"\x00\xff\xfe<title>\x00</title>"))).step
    assert step.title == "\x00"
    kept = TypeAdapter(HttpStep)
    assert kept.validate_json(kept.dump_json(step)) == step
