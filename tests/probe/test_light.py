"""Light rounds: names, connections and handshakes, and no page; and what is told of a line that asks for a sign-in."""

import ssl
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from probe.check import check
from probe.sanity import Line, Look
from probe.services import Services
from probe.tools import Tools
from results.failure import Failure
from results.judgement import Verdict
from results.records import HttpStep, Layer, Reference, TcpStep, TlsStep, Vantage
from results.verdict import judge
from tests.probe.servers import closed_port, remembers, site

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
PAGE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


@pytest.fixture
def light(ours: ssl.SSLContext) -> Tools:
    return Tools(
        vantage=Vantage(name="home"),
        context=ours,
        services=Services(ours),
        line=Line((), ours),
        utcnow=lambda: NOW,
        software="test",
        may_dial=lambda _ip, _port: True,
        handshakes_only=True,
    )


async def test_a_light_round_shakes_hands_and_asks_for_no_page(light: Tools, theirs: ssl.SSLContext) -> None:
    heads: list[bytes] = []
    async with site(remembers(heads, PAGE), theirs) as port:
        measurement = await check(f"https://127.0.0.1:{port}/", light)
        assert heads == []
        whole = await check(f"https://127.0.0.1:{port}/", replace(light, handshakes_only=False))
    assert [type(step) for step in measurement.steps] == [TcpStep, TlsStep]
    assert measurement.steps[-1].failure is None
    said = judge(measurement)
    assert (said.verdict, said.reasons[0].rule) == (Verdict.INCONCLUSIVE, "handshake_only")
    assert len(heads) == 1
    assert judge(whole).verdict is Verdict.ACCESSIBLE
    light_bytes = (measurement.received_bytes or 0) + (measurement.sent_bytes or 0)
    assert light_bytes < (whole.received_bytes or 0) + (whole.sent_bytes or 0)


async def test_without_tls_a_light_round_only_connects(light: Tools) -> None:
    heads: list[bytes] = []
    async with site(remembers(heads, PAGE)) as port:
        measurement = await check(f"http://127.0.0.1:{port}/", light)
    assert heads == []
    assert [type(step) for step in measurement.steps] == [TcpStep]


async def test_what_fails_in_a_light_round_is_tried_again_as_ever(light: Tools) -> None:
    measurement = await check(f"https://127.0.0.1:{closed_port()}/", light)
    assert [step.failure for step in measurement.steps] == [Failure.REFUSED] * 2
    assert not any(isinstance(step, HttpStep) for step in measurement.steps)


# A line that leads everyone to a page of its own


def reference(host: str, status: int = 302, *, failure: Failure | None = Failure.TLS_AUTHORITY) -> Reference:
    layer = Layer.TLS if failure else None
    return Reference(
        url="https://www.wikipedia.org/", failure=failure, layer=layer, plain_status=status, plain_host=host
    )


@pytest.mark.parametrize(
    ("references", "expected"),
    [
        ((reference("login.hotel.example"), reference("login.hotel.example")), True),
        ((reference("login.hotel.example", failure=None),), False),  # signed in, and only plain pages are led away
        ((reference("www.wikipedia.org"),), False),
        ((reference("", 511),), True),
        ((), False),
    ],
    ids=["all led away", "TLS gets through", "the site's own", "says so itself", "none"],
)
async def test_a_captive_portal_is_told_by_the_references(references: tuple[Reference, ...], expected: bool) -> None:
    assert Look(references, ()).at_portal is expected
