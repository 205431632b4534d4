"""The ways that people try to send somebody else's server to its own inside: each is met by a name or a number."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import dns.message
import dns.query
import dns.rdatatype
import dns.rrset
import pytest

from server.control.door import Door
from tests.probe.servers import page, response, says, site
from tests.server.far_away import FarAway, Visited, far_away, steps
from tests.server.test_control_door import only

pytestmark = pytest.mark.anyio

PUBLIC, PRIVATE = "127.0.0.2", "127.0.0.1"  # the first stands for a public address


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


# Numbers

CLOSED = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.254", "100.100.100.200", "127.0.0.1",
    "127.255.255.254", "169.254.169.254", "169.254.170.2", "168.63.129.16", "172.16.0.1", "172.31.255.254",
    "192.0.0.1", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.254",
    "198.51.100.1", "203.0.113.1", "224.0.0.251", "239.255.255.250", "240.0.0.1", "255.255.255.255", "::", "::1",
    "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:168.63.129.16", "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b::a83f:8110", "64:ff9b:1::7f00:1", "2001:0:7f00:1::",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2002:7f00:1::", "2002:a9fe:a9fe::", "2002:c0a8:101::",
    "2002:a83f:8110::", "fc00::1", "fd00:ec2::254", "fd20:ce::254", "fe80::1", "fe80::1%eth0", "2606:4700::1%1",
    "fec0::1", "ff02::1", "ff0e::1", "100::1", "2001:db8::1", "2001:2::1", "2001:10::1", "2001:20::1", "3fff::1",
    "4000::1", "5f00::1",
]  # fmt: skip


@pytest.mark.parametrize("ip", CLOSED)
def test_no_address_that_leads_inside_is_dialled(ip: str) -> None:
    assert not Door().may_dial(ip, 443)
    assert Door().dialled([ip, "93.184.215.14"], 443, ipv6=True) == ["93.184.215.14"]


@pytest.mark.parametrize("ip", ["93.184.215.14", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "168.63.129.17"])
def test_public_addresses_are(ip: str) -> None:
    assert Door().may_dial(ip, 443)


@pytest.mark.parametrize(
    "url",
    [
        "http://2130706433/", "http://017700000001/", "http://0x7f000001/", "http://0177.0.0.1/", "http://0x7f.1/",
        "http://127.1/", "http://127.0.1/", "http://127.0.0.1./", "http://127.0.0.01/", "http://127.000.000.001/",
        "http://①②⑦.⓪.⓪.①/", "http://１２７.０.０.１/", "http://127。0。0。1/", "http://%31%32%37.0.0.1/",
        "http://[::1]/", "http://[0:0:0:0:0:0:0:1]/", "http://[::ffff:7f00:1]/", "http://[::1%25lo]/", "http://[fe80::1%25eth0]/",
        "http://[::1%lo]/", "http://[v1.::1]/", "http://::1/", "http://example.org@127.0.0.1/", "http://127.0.0.1@example.org/",
        "http://user:word@169.254.169.254/", "http://127.0.0.1\\@example.org/", "http://example.org\\@127.0.0.1/",
        "http://127.0.0.1#@example.org/", "http://127.0.0.1?@example.org/", "http:///127.0.0.1/", "http:127.0.0.1/",
        "//127.0.0.1/", "http://127.0.0.1:80:80/", "http://127.0.0.1%00.example.org/", "http://127.0.0.1%2f.example.org/",
        "http://127.0.0.1\t/", "http://127.0.0.1\r\nHost: a/", "http://0/", "http://0x0/", "http://4294967296/",
        "gopher://127.0.0.1/", "file:///etc/passwd", "ftp://example.org/", "jar:http://127.0.0.1!/", "http://169.254.169.254/",
    ],
)  # fmt: skip
async def test_odd_spellings_of_addresses_inside_are_none_of_a_site(url: str) -> None:
    async with far_away(allow_private=False) as control:
        said = await control.ask(url)
    assert said.status_code == 422, said.text
    assert said.json()["detail"].endswith((".", '"'))


# Names that change


@dataclass
class ChangingResolver:
    """A resolver on the wire: each question about a name gets its next answer, and the last ones come again."""

    answers: dict[str, list[list[str]]]
    port: int = 0
    asked: list[str] = field(default_factory=list)

    def reply(self, wire: bytes) -> bytes:
        query = dns.message.from_wire(wire)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True)
        said = dns.message.make_response(query)
        if question.rdtype == dns.rdatatype.A:
            self.asked.append(name)
            turns = self.answers[name]
            addresses = turns.pop(0) if len(turns) > 1 else turns[0]
            said.answer.append(dns.rrset.from_text(question.name, 0, "IN", "A", *addresses))
        return said.to_wire()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, resolver: ChangingResolver) -> None:
        self.resolver = resolver

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.transport.sendto(self.resolver.reply(data), addr)


@asynccontextmanager
async def system_resolver(
    monkeypatch: pytest.MonkeyPatch, answers: dict[str, list[list[str]]]
) -> AsyncIterator[ChangingResolver]:
    """The system asks it for every name, over UDP, and keeps nothing: the time to live is nought."""
    resolver = ChangingResolver(answers)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(resolver), ("127.0.0.1", 0))
    resolver.port = transport.get_extra_info("sockname")[1]

    def getaddrinfo(host: str, *_: Any, **__: Any) -> list[tuple[Any, ...]]:
        query = dns.message.make_query(host, dns.rdatatype.A)
        reply = dns.query.udp(query, "127.0.0.1", timeout=5, port=resolver.port)
        return [(socket.AF_INET, 1, 6, "", (item.address, 0)) for rows in reply.answer for item in rows]

    monkeypatch.setattr("probe.net.socket.getaddrinfo", getaddrinfo)
    try:
        yield resolver
    finally:
        transport.close()


@pytest.fixture
def inside(monkeypatch: pytest.MonkeyPatch) -> Iterator[Visited]:
    only(monkeypatch, PUBLIC)
    visited = Visited(page())
    yield visited
    assert visited.times == 0


async def dialled(control: FarAway, url: str, *addresses: str) -> set[str]:
    answer = await control.answer(url, *addresses)
    return {step["endpoint"].rpartition(":")[0] for step in steps(answer, "tcp")}


@pytest.mark.parametrize(
    "turns",
    [
        [[PUBLIC], [PRIVATE]],
        [[PRIVATE], [PUBLIC]],
        [[PUBLIC], [PUBLIC], [PRIVATE]],
        [[PUBLIC, PRIVATE], [PRIVATE]],
        [[PRIVATE], [PRIVATE], [PUBLIC]],
        [["169.254.169.254"], [PUBLIC], ["10.0.0.1"], [PRIVATE]],
    ],
)
async def test_a_name_whose_address_changes_between_two_questions_leads_nowhere_inside(
    inside: Visited, monkeypatch: pytest.MonkeyPatch, turns: list[list[str]]
) -> None:
    async with (
        system_resolver(monkeypatch, {"rebound.example": turns}) as resolver,
        far_away(allow_private=False) as control,
        site(inside) as port,
    ):
        for _ in range(3):
            assert await dialled(control, f"http://rebound.example:{port}/", PRIVATE) <= {PUBLIC}
        assert resolver.asked


async def test_what_was_looked_at_is_what_is_dialled_and_the_name_is_not_asked_for_again(
    inside: Visited, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A site that is really there, at the first answer; from the second one on the name leads inside."""
    there = Visited(page())
    async with far_away(allow_private=False) as control, site(inside) as port:
        turns = [[PUBLIC], [PUBLIC], [PRIVATE]]  # the control's own question, and its check's
        async with (
            system_resolver(monkeypatch, {"rebound.example": turns}) as resolver,
            site(there, host=PUBLIC, port=port),
        ):
            answer = await control.answer(f"http://rebound.example:{port}/", "93.184.215.14")
            assert [step["status"] for step in steps(answer, "http")] == [200]
        assert there.times == 1
        assert len(resolver.asked) <= 2


async def test_a_redirect_to_a_name_that_changes_leads_nowhere_inside_either(
    inside: Visited, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = {"leads.example": [[PUBLIC]], "rebound.example": [[PUBLIC], [PRIVATE]]}
    async with (
        system_resolver(monkeypatch, turns),
        far_away(allow_private=False) as control,
        site(inside) as port,
    ):
        leads = says(response(b"", "302 Found", location=f"http://rebound.example:{port}/"))
        async with site(leads, host=PUBLIC) as first:
            for _ in range(2):
                control.clock.now += 1000
                answer = await control.answer(f"http://leads.example:{first}/")
                assert {step["endpoint"].rpartition(":")[0] for step in steps(answer, "tcp")} <= {PUBLIC}
