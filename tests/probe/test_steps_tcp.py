"""Connecting: what each way of not getting through is called."""

import asyncio
import socket
from collections.abc import Iterator

import pytest

from probe.steps import tcp
from probe.trace import Course, StepFailed
from results.failure import Failure
from results.records import Source, TcpStep
from tests.probe.servers import closed_port, is_silent, site

pytestmark = pytest.mark.anyio


async def failed(course: Course, ip: str, port: int, timeout_s: float = 5) -> TcpStep:
    with pytest.raises(StepFailed) as caught:
        await tcp.connect(course, ip, port, source=Source.SYSTEM, timeout_s=timeout_s)
    (step,) = course.trace.steps
    assert isinstance(step, TcpStep)
    assert caught.value.failure is step.failure
    return step


@pytest.fixture
def full_port() -> Iterator[int]:
    """A port whose queue is full, so that Linux drops each SYN as a censor would."""
    with socket.socket() as listening, socket.socket() as first:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        first.connect(listening.getsockname())
        yield listening.getsockname()[1]


async def test_a_connection_stands_and_says_from_when_to_when(course: Course) -> None:
    async with site(is_silent) as port:
        stream = await tcp.connect(course, "127.0.0.1", port, source=Source.TRUSTED, timeout_s=5)
        stream.close()
    (step,) = course.trace.steps
    assert isinstance(step, TcpStep)
    assert (step.endpoint, step.source, step.failure) == (f"127.0.0.1:{port}", Source.TRUSTED, None)
    assert 0 <= step.t0 < step.t < 1


async def test_a_closed_port_is_refused_at_once(course: Course) -> None:
    step = await failed(course, "127.0.0.1", closed_port())
    assert step.failure is Failure.REFUSED
    assert step.ms < 500


async def test_no_answer_to_the_syn_is_our_own_timeout(course: Course, full_port: int) -> None:
    step = await failed(course, "127.0.0.1", full_port, timeout_s=0.1)
    assert step.failure is Failure.TIMEOUT
    assert 90 < step.ms < 1000


async def test_an_address_without_a_route_says_so(course: Course) -> None:
    """240.0.0.0/4 is never routed; a machine without any route says the same."""
    step = await failed(course, "255.255.255.255", 443)
    assert step.failure in {Failure.NETWORK_UNREACHABLE, Failure.PERMISSION_DENIED, Failure.HOST_UNREACHABLE}


async def test_an_ipv6_address_stands_in_brackets(course: Course) -> None:
    step = await failed(course, "::1", closed_port())
    assert step.endpoint.startswith("[::1]:")
    assert step.ip == "::1"


async def test_the_words_of_a_failure_name_no_address(course: Course) -> None:
    """asyncio says "Connect call failed ('192.168.1.5', …)"; what is stored must not."""
    step = await failed(course, "127.0.0.1", closed_port())
    assert step.detail
    assert "127.0.0.1" not in step.detail


async def test_giving_up_closes_the_socket_and_keeps_no_step(course: Course, full_port: int) -> None:
    """A leaked socket would fail this test as a ResourceWarning."""
    task = asyncio.create_task(tcp.connect(course, "127.0.0.1", full_port, source=Source.SYSTEM, timeout_s=5))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert course.trace.steps == []
