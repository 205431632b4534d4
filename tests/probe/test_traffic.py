"""Bytes are counted as they cross the line: both ways, with TLS and DNS, for whoever asked for what they carry."""

import asyncio
import ssl
from datetime import UTC, datetime

import dns.message
import pytest

from probe.check import check
from probe.contexts import web_context
from probe.net import Cookies, Tcp, Tls, place
from probe.sanity import Line
from probe.services import Services
from probe.steps import dns as names
from probe.steps import http, tcp, tls
from probe.tools import Tools
from probe.trace import Course, Trace
from probe.traffic import Traffic, counted
from results.records import Source, Vantage
from tests.probe import crossing
from tests.probe.conftest import NAME
from tests.probe.crossing import crossed, keeps
from tests.probe.resolver import TRUE_ADDRESS, answer, cut_short, over_tcp, raced, resolver
from tests.probe.servers import site

pytestmark = pytest.mark.anyio


async def visit(port: int, context: ssl.SSLContext | None = None) -> None:
    course, where = Course(Trace()), place(f"{'https' if context else 'http'}://{NAME}:{port}/")
    connection = await tcp.connect(course, "127.0.0.1", port, source=Source.SYSTEM, timeout_s=5)
    stream: Tcp | Tls = connection
    if context is not None:
        stream = await tls.handshake(course, connection, "", NAME, context, source=Source.SYSTEM, timeout_s=5)
    await http.get(course, stream, "there", where, Cookies(), source=Source.SYSTEM, timeout_s=5)


def as_crossed(traffic: Traffic, line: crossing.Line) -> bool:
    return (traffic.sent_bytes, traffic.received_bytes) == (line.up_bytes, line.down_bytes)


# What is counted


async def test_all_that_a_page_takes_is_counted() -> None:
    async with crossed(keeps(b"x" * 100_000)) as line:
        with counted() as traffic:
            await visit(line.port)
    assert traffic.received_bytes > 100_000
    assert as_crossed(traffic, line)


async def test_tls_is_counted_as_it_crosses_the_line(ours: ssl.SSLContext, theirs: ssl.SSLContext) -> None:
    """Handshake, certificates and the records' own bytes too."""
    async with crossed(keeps(b"x" * 100_000), theirs) as line:
        with counted() as traffic:
            await visit(line.port, ours)
    assert traffic.received_bytes > 100_500
    assert as_crossed(traffic, line)


async def test_questions_and_all_answers_of_a_resolver_are_counted() -> None:
    crossing_bytes = {"up": 0, "down": 0}

    def liar(query: dns.message.Message) -> list[tuple[bytes, int]]:
        datagrams = raced(query)
        crossing_bytes["up"] += len(query.to_wire())
        crossing_bytes["down"] += sum(len(datagram) for datagram, _ in datagrams)
        return datagrams

    async with resolver(liar) as server:
        with counted() as traffic:
            await names.udp(Course(Trace()), NAME, server, timeout_s=2, window_s=0.2, enough=asyncio.Event())
    assert traffic == Traffic(crossing_bytes["down"], crossing_bytes["up"])
    assert traffic.sent_bytes > 0


async def test_an_answer_that_is_asked_for_again_over_tcp_is_counted_twice() -> None:
    asked: list[tuple[int, int]] = []

    def whole(query: dns.message.Message) -> bytes:
        asked.append((len(query.to_wire()), len(answer(query, TRUE_ADDRESS))))
        return answer(query, TRUE_ADDRESS)

    async with resolver(cut_short) as server, site(over_tcp(whole), host=server, port=53):
        with counted() as traffic:
            await names.udp(Course(Trace()), NAME, server, timeout_s=2, window_s=0.1, enough=asyncio.Event())
    ((question, said),) = asked
    assert traffic.sent_bytes == question + (2 + question)
    assert traffic.received_bytes == question + (2 + said)  # what is cut short is the question with a bit set


# For whom


async def test_side_by_side_each_counts_its_own() -> None:
    async def counting(line: crossing.Line) -> Traffic:
        with counted() as traffic:
            await asyncio.create_task(visit(line.port))
        return traffic

    async with crossed(keeps(b"x" * 50_000)) as long, crossed(keeps(b"x")) as short:
        first, second = await asyncio.gather(counting(long), counting(short))
    assert as_crossed(first, long)
    assert as_crossed(second, short)


async def test_a_kept_connection_counts_for_whoever_uses_it(roots: str, theirs: ssl.SSLContext) -> None:
    services, headers = Services(web_context(roots)), {"Host": "localhost", "Content-Length": "2"}
    async with crossed(keeps(b"x" * 300), theirs) as line:
        url = f"https://127.0.0.1:{line.port}/"
        with counted() as opening:
            await services.post(url, headers, b"{}", limit_bytes=1000)
        assert as_crossed(opening, line)
        with counted() as using:
            await services.post(url, headers, b"{}", limit_bytes=1000)
        both = Traffic(opening.received_bytes + using.received_bytes, opening.sent_bytes + using.sent_bytes)
        assert as_crossed(both, line)
        await services.aclose()
    assert 300 < using.received_bytes < 600 < opening.received_bytes


# A check


def tools(context: ssl.SSLContext, *references: str) -> Tools:
    return Tools(
        vantage=Vantage(name="home"),
        context=context,
        services=Services(context),
        line=Line(references, context),
        utcnow=lambda: datetime.now(UTC),
        software="test",
        may_dial=lambda _ip, _port: True,
    )


async def test_a_measurement_tells_what_it_took(ours: ssl.SSLContext) -> None:
    async with crossed(keeps()) as line:
        measurement = await check(f"http://127.0.0.1:{line.port}/", tools(ours))
    assert (measurement.sent_bytes, measurement.received_bytes) == (line.up_bytes, line.down_bytes)
    assert line.down_bytes > 0


async def test_a_look_at_the_line_counts_for_the_check_that_began_it(
    ours: ssl.SSLContext, theirs: ssl.SSLContext
) -> None:
    """What comes after a handshake is not read there, so the line may carry a little more."""
    async with crossed(keeps()) as line, crossed(keeps(), theirs) as reference:
        first, second = tools(ours, f"https://localhost:{reference.port}/"), f"http://127.0.0.1:{line.port}/"
        measurement = await check(second, first)
        alone = (line.up_bytes, line.down_bytes)
        again = await check(second, first)
    assert measurement.references is not None
    assert measurement.references[0].failure is None
    assert (measurement.sent_bytes or 0) > alone[0] + 200
    assert (measurement.received_bytes or 0) > alone[1] + 500
    assert (again.sent_bytes, again.received_bytes) == alone, "the look is fresh, and was counted"
