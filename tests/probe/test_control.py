"""Several controls are asked in their order; each failure is a fact of its own, and no dead one costs the time."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from probe import control
from probe.contexts import web_context
from probe.services import Services
from results.failure import Failure
from results.records import Control
from tests.probe import servers
from tests.probe.servers import Peer, Reader, Writer, closed_port, response, says, site

pytestmark = pytest.mark.anyio

URL = "http://ratel.example/"
AT = "2026-03-05T12:00:00.000Z"
NEVER_S = 60.0


@pytest.fixture
async def services(roots: str) -> AsyncIterator[Services]:
    made = Services(web_context(roots))
    yield made
    await made.aclose()


def answer(**fields: Any) -> dict[str, Any]:
    return {"name": "", "hops": [URL], "steps": [], "at": AT} | fields


def speaks(**fields: Any) -> Peer:
    return says(response(json.dumps(answer(**fields)).encode(), content_type="application/json"))


def refuses(status: str) -> Peer:
    return says(response(b'{"detail":"The control is busy."}', status, content_type="application/json"))


def at(*ports: int) -> list[str]:
    return [f"http://127.0.0.1:{port}" for port in ports]


async def asked(
    services: Services, controls: list[str], *, timeout_s: float = 5.0, silent_s: float = NEVER_S
) -> tuple[Control | None, list[Control]]:
    in_vain: list[Control] = []
    spoke = await control.ask_all(
        services, controls, "", URL, ["192.0.2.1"], timeout_s=timeout_s, silent_s=silent_s, in_vain=in_vain
    )
    return spoke, in_vain


async def test_the_first_that_speaks_is_the_answer_and_the_others_are_not_asked(services: Services) -> None:
    heads: list[bytes] = []
    second = servers.remembers(heads, response(b"{}"))
    async with site(speaks(asker_asn=9198, asker_country="KZ")) as one, site(second) as other:
        spoke, in_vain = await asked(services, at(one, other))
    assert spoke is not None
    assert (spoke.name, spoke.failure, spoke.hops) == (at(one)[0], None, (URL,))
    assert (spoke.at, spoke.asker_asn, spoke.asker_country) == (datetime(2026, 3, 5, 12, tzinfo=UTC), 9198, "KZ")
    assert in_vain == []
    assert heads == []


async def test_the_question_has_the_url_and_our_addresses_and_the_token(services: Services) -> None:
    heads: list[bytes] = []
    body = json.dumps(answer()).encode()

    async def peer(reader: Reader, writer: Writer) -> None:
        heads.append(await reader.readuntil(b"}"))
        writer.write(response(body))
        await writer.drain()

    async with site(peer) as port:
        await control.ask(services, at(port), "s3cret", URL, ["192.0.2.1", "2001:db8::1"], timeout_s=5)
    head, _, question = heads[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /v1/control HTTP/1.1\r\n")
    assert b"authorization: bearer s3cret" in head.lower()
    assert json.loads(question) == {"url": URL, "addresses": ["192.0.2.1", "2001:db8::1"]}


@pytest.mark.parametrize(
    ("peer", "failure", "says"),
    [
        (None, Failure.REFUSED, ""),
        (servers.resets, Failure.RESET, ""),
        (servers.closes, Failure.CLOSED, ""),
        (servers.says(b"220 mail.example\r\n\r\n"), Failure.HTTP_GARBAGE, ""),
        (refuses("429 Too Many Requests"), Failure.HTTP_GARBAGE, "status 429"),
        (refuses("503 Service Unavailable"), Failure.HTTP_GARBAGE, "HTTP status 503: The control is busy."),
        (says(response(b"<html>", "502 Bad Gateway")), Failure.HTTP_GARBAGE, "HTTP status 502: <html>"),
        (says(response(b"{}")), Failure.HTTP_GARBAGE, "not the form"),
        (says(response(b"<html>")), Failure.HTTP_GARBAGE, "not the form"),
        (speaks(hops=[1]), Failure.HTTP_GARBAGE, "not the form"),
        (speaks(hops=["http://other.example/"]), Failure.HTTP_GARBAGE, "another URL"),
        (speaks(hops=[]), Failure.HTTP_GARBAGE, "another URL"),
        (speaks(failure="generic_timeout_error"), Failure.HTTP_GARBAGE, "failed itself: generic_timeout_error"),
        (speaks(at="2026-03-05T12:00:00"), Failure.HTTP_GARBAGE, "without its zone"),
    ],
)  # fmt: skip
async def test_a_control_that_fails_is_a_fact_and_the_next_is_asked_at_once(
    services: Services, peer: Peer | None, failure: Failure, says: str
) -> None:
    async with site(peer or servers.closes) as bad, site(speaks()) as good:
        controls = at(bad if peer else closed_port(), good)
        spoke, in_vain = await asked(services, controls)
    assert spoke is not None
    assert (spoke.name, spoke.failure) == (controls[1], None)
    assert [(one.name, one.failure) for one in in_vain] == [(controls[0], failure)]
    assert says in in_vain[0].detail


async def test_where_all_fail_the_last_one_s_failure_stands_for_the_control(services: Services) -> None:
    async with site(servers.resets) as first, site(refuses("503 Service Unavailable")) as last:
        spoke, in_vain = await asked(services, at(first, last))
    assert spoke is not None
    assert (spoke.name, spoke.failure) == (at(last)[0], Failure.HTTP_GARBAGE)
    assert [one.failure for one in in_vain] == [Failure.RESET]


async def test_where_none_is_configured_there_is_none(services: Services) -> None:
    assert await asked(services, []) == (None, [])


async def test_a_silent_control_gets_company_and_the_first_answer_counts(services: Services) -> None:
    async with site(servers.is_silent) as silent, site(speaks()) as good:
        spoke, in_vain = await asked(services, at(silent, good), timeout_s=NEVER_S, silent_s=0.05)
    assert spoke is not None
    assert spoke.name == at(good)[0]
    assert [(one.name, one.failure) for one in in_vain] == [(at(silent)[0], Failure.INTERRUPTED)]


async def test_a_slow_control_may_still_be_the_first_to_answer(services: Services) -> None:
    second_asked = asyncio.Event()
    body = json.dumps(answer()).encode()

    async def slow(_reader: Reader, writer: Writer) -> None:
        await second_asked.wait()
        writer.write(response(body))
        await writer.drain()

    async def silent(_reader: Reader, _writer: Writer) -> None:
        second_asked.set()
        await asyncio.Event().wait()

    async with site(slow) as first, site(silent) as second:
        spoke, in_vain = await asked(services, at(first, second), timeout_s=NEVER_S, silent_s=0.05)
    assert spoke is not None
    assert spoke.name == at(first)[0]
    assert [(one.name, one.failure) for one in in_vain] == [(at(second)[0], Failure.INTERRUPTED)]


async def test_the_time_is_for_all_of_them_together(services: Services) -> None:
    async with site(servers.is_silent) as one, site(servers.is_silent) as other:
        spoke, in_vain = await asked(services, at(one, other), timeout_s=0.3, silent_s=0.1)
    assert spoke is not None
    assert [spoke.failure, *(one.failure for one in in_vain)] == [Failure.TIMEOUT] * 2


async def test_failures_are_there_also_when_nobody_waits_any_more(services: Services) -> None:
    in_vain: list[Control] = []
    reached = asyncio.Event()

    async def silent(_reader: Reader, _writer: Writer) -> None:
        reached.set()
        await asyncio.Event().wait()

    async with site(silent) as port:
        asking = asyncio.create_task(
            control.ask_all(services, at(closed_port(), port), "", URL, [], timeout_s=NEVER_S, in_vain=in_vain)
        )
        await reached.wait()
        asking.cancel()
        await asyncio.wait([asking])
    assert [one.failure for one in in_vain] == [Failure.REFUSED]


async def test_our_network_is_what_the_first_control_says_that_answers(services: Services) -> None:
    said = response(json.dumps({"asn": 9198, "country": "KZ", "at": AT}).encode())
    async with site(servers.resets) as bad, site(says(said)) as good:
        told = await control.network(services, at(bad, good), "", timeout_s=5)
    assert told is not None
    assert (told.name, told.asn, told.country) == (at(good)[0], 9198, "KZ")
    assert told.at == datetime(2026, 3, 5, 12, tzinfo=UTC)
    assert told.round_trip_s > 0


@pytest.mark.parametrize("said", [b"{}", b'{"asn": 1, "country": null, "at": "2026-03-05T12:00:00"}', b"x" * 5000])
async def test_a_network_that_is_none_is_not_believed(services: Services, said: bytes) -> None:
    async with site(says(response(said))) as port:
        assert await control.network(services, at(port), "", timeout_s=5) is None
