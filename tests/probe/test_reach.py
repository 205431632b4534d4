"""Samples: the page or the handshake once more, each with a name of its own, over real sockets."""

import ssl

import pytest

from probe.contexts import lax_context
from probe.net import place
from probe.reach import Reach
from probe.trace import WHOLE_S, Course, Trace
from results.curves import last
from results.failure import Failure
from results.records import Aim, TcpStep, TlsStep
from tests.probe import servers
from tests.probe.conftest import NAME
from tests.probe.servers import closed_port, page, response, site, trickles


def test_a_check_may_go_on_for_so_long_from_now_where_that_is_allowed() -> None:
    trace = Trace()
    assert trace.left_s() == pytest.approx(WHOLE_S, abs=1)
    trace.allow(240)
    assert trace.left_s() == pytest.approx(240, abs=1)
    assert Reach(trace, ssl.create_default_context()).within(100) == 100


@pytest.fixture
def reach(course: Course, ours: ssl.SSLContext) -> Reach:
    return Reach(course.trace, ours, lax_context())


def sampling(course: Course, aim: Aim = Aim.SAMPLE, *, attempt: int = 3, hop: int = 1) -> Course:
    return Course(course.trace, hop=hop, attempt=attempt, aim=aim)


@pytest.mark.parametrize(
    ("name", "lax", "failure"),
    [(NAME, False, None), ("another.example", True, None), ("another.example", False, Failure.TLS_HOSTNAME)],
    ids=["its own name", "another name", "another name, looked at closely"],
)
@pytest.mark.anyio
async def test_a_handshake_is_sampled_with_a_name_and_nothing_is_asked_for(
    course: Course, reach: Reach, theirs: ssl.SSLContext, name: str, *, lax: bool, failure: Failure | None
) -> None:
    asked: list[bytes] = []

    async def peer(reader: servers.Reader, _writer: servers.Writer) -> None:
        asked.append(await reader.read())

    async with site(peer, theirs) as port:
        await reach.sample_handshake(sampling(course), "127.0.0.1", port, name, lax=lax)
    tcp, tls = course.trace.steps
    assert isinstance(tcp, TcpStep)
    assert isinstance(tls, TlsStep)
    assert (tls.name, tls.failure) == (name, failure)
    assert {(step.hop, step.attempt, step.aim) for step in (tcp, tls)} == {(1, 3, Aim.SAMPLE)}
    assert tls.received_bytes > 500
    assert b"".join(asked) == b""


@pytest.mark.anyio
async def test_a_handshake_that_the_path_cuts_is_a_step_of_its_sample(course: Course, reach: Reach) -> None:
    async with site(servers.resets) as port:
        await reach.sample_handshake(sampling(course), "127.0.0.1", port, NAME, lax=False)
    assert [step.failure for step in course.trace.steps] == [None, Failure.RESET]


@pytest.mark.anyio
async def test_where_nobody_listens_there_is_no_handshake(course: Course, reach: Reach) -> None:
    await reach.sample_handshake(sampling(course), "127.0.0.1", closed_port(), NAME, lax=False)
    assert [step.failure for step in course.trace.steps] == [Failure.REFUSED]


@pytest.mark.anyio
async def test_a_sample_keeps_how_many_fetched_beside_it_and_what_they_received(course: Course, reach: Reach) -> None:
    async with site(trickles(8, 0.02)) as port:
        url = place(f"http://127.0.0.1:{port}/")
        got = await reach.sample(sampling(course), "127.0.0.1", url, url.host, timeout_s=5, in_flight=2)
        visit = await reach.sample(sampling(course, attempt=4), "127.0.0.1", url, url.host, timeout_s=5)
    assert got is not None
    assert visit is not None
    assert (got.in_flight, visit.in_flight) == (2, None)
    assert got.beside_kbps == pytest.approx(0, abs=1)
    assert last(got.curve) >= 6_000


@pytest.mark.anyio
async def test_a_sample_that_brings_no_head_is_not_the_one_of_an_earlier_hop(course: Course, reach: Reach) -> None:
    async with site(page()) as port, site(servers.closes) as closing:
        url, later = (place(f"http://127.0.0.1:{each}/") for each in (port, closing))
        first = await reach.sample(sampling(course, hop=0), "127.0.0.1", url, url.host, timeout_s=5)
        second = await reach.sample(sampling(course, hop=1), "127.0.0.1", later, later.host, timeout_s=5)
    assert first is not None
    assert (first.status, second) == (200, None)


@pytest.mark.anyio
async def test_a_sample_reads_no_more_than_it_is_allowed(course: Course, reach: Reach) -> None:
    async with site(servers.pours(response(b"", content_length=""), b"x" * 1_000)) as port:
        url = place(f"http://127.0.0.1:{port}/")
        got = await reach.sample(sampling(course), "127.0.0.1", url, url.host, timeout_s=5, most_bytes=20_000)
    assert got is not None
    assert (got.body_bytes, got.capped, got.failure) == (20_000, True, None)
