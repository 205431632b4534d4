"""What a control never dials, whoever asks it to: this machine, its network, and ports that are not the web's."""

import socket
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from probe.net import Garbage
from server.control.door import Door
from tests.probe.servers import page, response, says, site
from tests.server.far_away import FarAway, Visited, far_away, steps

pytestmark = pytest.mark.anyio

METADATA = "http://169.254.169.254/latest/meta-data/"  # where clouds tell their machines' secrets
Names = Callable[..., None]


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One event loop for all, so that a control can serve several tests."""
    return "asyncio"


@pytest.fixture(scope="module")
async def inside() -> AsyncIterator[tuple[FarAway, Visited, int]]:
    """A control as on the internet, and a site on the same machine that nobody may be sent to."""
    visited = Visited()
    async with far_away(allow_private=False) as control, site(visited) as port:
        yield control, visited, port


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """What the system's resolver says to a name, each time it is asked; the last answer stays."""

    def resolve(**by_name: list[list[str]]) -> None:
        def getaddrinfo(host: str, *_: Any, **__: Any) -> list[tuple[Any, ...]]:
            answers = by_name[host.removesuffix(".example")]
            said = answers.pop(0) if len(answers) > 1 else answers[0]
            return [(socket.AF_INET6 if ":" in ip else socket.AF_INET, 1, 6, "", (ip, 0)) for ip in said]

        monkeypatch.setattr("probe.net.socket.getaddrinfo", getaddrinfo)

    return resolve


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1.2.3", "0.0.0.0", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::127.0.0.1]",
        "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1",
        "169.254.169.254", "[fe80::1]", "[fc00::1]", "[fec0::1]", "224.0.0.1", "255.255.255.255", "[ff02::1]",
        "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0x7f.0.0.1", "①②⑦.⓪.⓪.①", "127.0.0.1.",
    ],
)  # fmt: skip
async def test_no_address_of_this_machine_or_its_network_is_a_site(
    inside: tuple[FarAway, Visited, int], host: str
) -> None:
    control, visited, port = inside
    said = await control.ask(f"http://{host}:{port}/")
    assert said.status_code == 422
    assert visited.times == 0


async def test_a_name_of_this_machine_is_not_dialled(inside: tuple[FarAway, Visited, int]) -> None:
    control, visited, port = inside
    answer = await control.answer(f"http://localhost:{port}/")
    assert steps(answer, "tcp") == []
    assert visited.times == 0


@pytest.mark.parametrize(
    "private", ["127.0.0.1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "169.254.169.254", "2002:7f00:1::"]
)
async def test_of_a_mixed_answer_only_the_public_addresses_are_dialled(
    inside: tuple[FarAway, Visited, int], names: Names, monkeypatch: pytest.MonkeyPatch, private: str
) -> None:
    """127.0.0.2 stands for a public address."""
    control, visited, port = inside
    only(monkeypatch, "127.0.0.2")
    names(mixed=[[private, "127.0.0.2"]])
    answer = await control.answer(f"http://mixed.example:{port}/", private)
    assert {step["endpoint"] for step in steps(answer, "tcp")} == {f"127.0.0.2:{port}"}
    assert visited.times == 0


async def test_a_name_that_changes_its_address_after_the_look_up_leads_nowhere_else(
    inside: tuple[FarAway, Visited, int], names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: what was checked is what is dialled, an address, and the name is not asked for again."""
    control, visited, port = inside
    only(monkeypatch, "127.0.0.2")
    names(rebound=[["127.0.0.2"], ["127.0.0.1"]])
    answer = await control.answer(f"http://rebound.example:{port}/", "127.0.0.1")
    assert {step["endpoint"] for step in steps(answer, "tcp")} <= {f"127.0.0.2:{port}"}
    assert visited.times == 0


@pytest.mark.parametrize(
    "location", [METADATA, "http://127.0.0.1:{port}/", "http://localhost:{port}/", "//[::1]:{port}/"]
)
async def test_a_redirect_to_the_inside_is_not_followed(
    names: Names, monkeypatch: pytest.MonkeyPatch, location: str
) -> None:
    only(monkeypatch, "127.0.0.2")
    names(leads_in=[["127.0.0.2"]], localhost=[["127.0.0.1"]])
    visited = Visited()
    async with far_away(allow_private=False) as control, site(visited) as port:
        leads = says(response(b"", "302 Found", location=location.format(port=port)))
        async with site(leads, host="127.0.0.2") as first:
            answer = await control.answer(f"http://leads_in.example:{first}/")
    assert [step["status"] for step in steps(answer, "http")] == [302]
    assert [step for step in steps(answer, "tcp") if step["hop"] > 0] == []
    assert len(answer["hops"]) == 2
    assert visited.times == 0


async def test_a_laboratory_may_open_the_private_addresses() -> None:
    visited = Visited(page())
    async with far_away(allow_private=True) as control, site(visited) as port:
        await control.answer(f"http://localhost:{port}/", "127.0.0.2")
        answer = await control.answer(f"http://localhost:{port}/", "127.0.0.1")
    assert [step["failure"] for step in steps(answer, "tcp")] == [None]


@pytest.mark.parametrize("port", [80, 443, 1024, 8080, 8443, 65535])
def test_ports_of_the_web_may_be_asked(port: int) -> None:
    assert Door().place(f"http://site.example:{port}/").port == port
    assert Door().may_dial("93.184.215.14", port)


@pytest.mark.parametrize("port", [1, 22, 23, 25, 53, 110, 143, 427, 587, 993, 995, 2049, 5060, 6000, 6667, 10080])
def test_other_ports_may_not_be_scanned(port: int) -> None:
    assert not Door().may_dial("93.184.215.14", port)
    with pytest.raises(Garbage, match=f"Port {port} is not asked from here"):
        Door().place(f"http://site.example:{port}/")


def only(monkeypatch: pytest.MonkeyPatch, public: str) -> None:
    """One address of loopback stands for the internet."""
    monkeypatch.setattr("server.control.door.is_bogon", lambda ip: ip != public)
