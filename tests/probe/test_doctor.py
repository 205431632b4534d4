"""`kedergi doctor`: each thing that makes a machine unfit to measure is found, named, and said in a sentence."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from contextvars import copy_context
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import dns.message
import dns.rcode
import pytest

from probe import config, doctor, tongue
from probe.doctor import examine, rendered
from probe.machine import Finding, State
from probe.remedies import _OF, remedy
from probe.tools import Tools, opened
from results.records import Control, control_adapter
from tests.probe import servers
from tests.probe.resolver import FALSE_ADDRESS, TRUE_ADDRESS, Datagram, Liar, answer, doh, resolver
from tests.probe.servers import Peer, closed_port, page, response, site

pytestmark = pytest.mark.anyio


async def a_control(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers what it is asked about, and says from which network."""
    network = json.dumps({"asn": 9198, "country": "KZ", "at": datetime.now(UTC).isoformat()}).encode()
    with suppress(asyncio.IncompleteReadError):  # asked no more
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].split()[0])
            about = Control(name="", hops=(json.loads(await reader.readexactly(length)).get("url", ""),))
            writer.write(response(network if b"/v1/network" in head else control_adapter().dump_json(about)))


def knows_the_reference(query: dns.message.Message) -> list[Datagram]:
    known = query.question[0].name.to_text() == "localhost."
    return [(answer(query, TRUE_ADDRESS) if known else answer(query, rcode=dns.rcode.NXDOMAIN), 64)]


def always(*addresses: str) -> Liar:
    return lambda query: [(answer(query, *addresses), 64)]


def invents(query: dns.message.Message) -> list[Datagram]:
    known = query.question[0].name.to_text() == "localhost."
    return [(answer(query, TRUE_ADDRESS if known else "198.105.244.11"), 64)]


def dated(moment: datetime, **headers: str) -> Peer:
    return page(date=format_datetime(moment, usegmt=True), **headers)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, roots: str) -> Path:
    """A user of their own, whose environment names nothing but the roots of these tests."""
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "LOCALAPPDATA", "APPDATA"):
        monkeypatch.setenv(name, str(tmp_path))
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", roots)
    return tmp_path


@asynccontextmanager
async def world(
    theirs: ssl.SSLContext,
    *,
    reference: Peer | None = None,
    reference_tls: ssl.SSLContext | None = None,
    plain: bool = False,
    liar: Liar = knows_the_reference,
    encrypted: Peer = doh,
    control: Peer = a_control,
) -> AsyncIterator[tuple[config.Settings, Tools]]:
    """A reference, a resolver, an encrypted resolver and a control, all well but for what is given."""
    async with (
        site(reference or dated(datetime.now(UTC)), None if plain else reference_tls or theirs) as reference_port,
        site(encrypted, theirs) as trusted_port,
        site(control, theirs) as control_port,
        resolver(liar) as server,
    ):
        settings = config.Settings.model_validate(
            {
                "reference": {"urls": [f"https://localhost:{reference_port}/"]},
                "dns": {"trusted": [f"https://localhost:{trusted_port}/dns-query"]},
                "control": {"url": f"https://localhost:{control_port}", "token": "hunter2"},
            }
        )
        async with opened(settings) as tools:
            yield settings, asking(tools, server)


def asking(tools: Tools, *servers: str) -> Tools:
    """The same tools on a machine that is set to use these resolvers."""
    return replace(tools, resolvers=replace(tools.resolvers, system=servers))


async def found(name: str, theirs: ssl.SSLContext, **peers: Any) -> Finding:
    """The one finding of that name."""
    async with world(theirs, **peers) as (settings, tools):
        (finding,) = [each for each in await examine(settings, tools) if each.name == name]
    return finding


async def test_a_machine_that_is_well_is_said_to_be_so(home: Path, theirs: ssl.SSLContext) -> None:
    async with world(theirs) as (settings, tools):
        findings = await examine(settings, tools)
    assert {each.name: each.state for each in findings if each.name not in {"disk", "vpn"}} == {
        "program": State.OK,
        "configuration": State.OK,
        "line": State.OK,
        "resolver": State.OK,
        "trusted": State.OK,
        "control": State.OK,
        "network": State.OK,
        "clock": State.OK,
        "store": State.OK,
        "data": State.OK,
        "roots": State.WARN,  # SSL_CERT_FILE is set for these tests
        "ipv6": State.OK,
        "proxies": State.OK,
    }
    assert all(each.says.endswith(".") for each in findings)
    assert not (home / "kedergi" / "kedergi.db").exists(), "a doctor changes nothing"


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("name", "peers", "state", "says"),
    [
        ("line", {"reference": servers.closes, "plain": True}, State.BAD, "fails at tls: eof_error"),
        ("line", {"reference": servers.resets, "plain": True}, State.BAD, "fails at tls: connection_reset"),
        ("resolver", {"liar": always(TRUE_ADDRESS)}, State.BAD, f"answers {TRUE_ADDRESS} for every name"),
        ("resolver", {"liar": always(FALSE_ADDRESS)}, State.BAD, "for every name"),
        ("resolver", {"liar": invents}, State.WARN, "answers 198.105.244.11 for a name that doesn't exist"),
        ("resolver", {"liar": always()}, State.BAD, "gives no address for localhost: dns_no_answer"),
        ("trusted", {"encrypted": page(servers.HTML, "404 Not Found")}, State.WARN, "http_request_failed"),
        ("control", {"control": page(b"no", "403 Forbidden")}, State.BAD, "HTTP status 403"),
        ("control", {"control": page(b"{}")}, State.BAD, "http_request_failed"),
        ("clock", {"reference": page()}, State.WARN, "No reference tells the time"),
        ("clock", {"reference": page(date="yesterday")}, State.WARN, "No reference tells the time"),
    ],
)
async def test_what_is_wrong_is_found(
    theirs: ssl.SSLContext, name: str, peers: dict[str, Any], state: State, says: str
) -> None:
    finding = await found(name, theirs, **peers)
    assert finding.state is state
    assert says in finding.says
    assert "hunter2" not in finding.says


@pytest.mark.usefixtures("home")
async def test_a_certificate_of_someone_between_is_said_in_words(
    theirs: ssl.SSLContext, other_authority: ssl.SSLContext
) -> None:
    finding = await found("line", theirs, reference_tls=other_authority)
    assert finding.state is State.BAD
    assert "reads along" in finding.says


# The clock


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("off", "age", "state", "says"),
    [
        (timedelta(seconds=20), "", State.OK, "ahead"),
        (timedelta(minutes=5), "", State.WARN, "0:05:0"),
        (timedelta(hours=-3, seconds=-5), "", State.WARN, "3:00:0"),
        (timedelta(hours=1), "3600", State.OK, "0:00:0"),
        (timedelta(hours=1), "soon", State.WARN, "No reference tells the time"),
    ],
    ids=["near", "ahead", "behind", "from a cache", "no age"],
)
async def test_the_clock_is_compared_with_a_pages_own_time(
    theirs: ssl.SSLContext, off: timedelta, age: str, state: State, says: str
) -> None:
    """A cache hands out an hour-old Date, and says how old it is beside it."""
    finding = await found("clock", theirs, reference=dated(datetime.now(UTC) - off, age=age))
    assert finding.state is state
    assert says in finding.says


# Several, one of which is well


@pytest.mark.usefixtures("home")
async def test_a_dead_resolver_beside_a_good_one_is_a_warning(theirs: ssl.SSLContext) -> None:
    async with world(theirs) as (settings, tools):
        both = asking(tools, "127.0.0.3", *tools.resolvers.system)
        findings = [each for each in await examine(settings, both) if each.name == "resolver"]
    assert [each.state for each in findings] == [State.WARN, State.OK]
    assert "127.0.0.3 gives no address for localhost: connection_refused" in findings[0].says


@pytest.mark.usefixtures("home")
async def test_another_network_than_the_configured_one_is_bad(theirs: ssl.SSLContext) -> None:
    async with world(theirs) as (settings, tools):
        elsewhere = replace(tools, vantage=replace(tools.vantage, asn=29355))
        (network,) = [each for each in await examine(settings, elsewhere) if each.name == "network"]
    assert network.state is State.BAD
    assert network.says == "This machine is on AS9198 (KZ), and set to speak for AS29355: a VPN, or another line."


# Without what is needed


@pytest.mark.usefixtures("home")
async def test_a_machine_without_a_network_is_told_so_at_once() -> None:
    nowhere = f"https://localhost:{closed_port()}/"
    settings = config.Settings.model_validate(
        {"reference": {"urls": [nowhere]}, "dns": {"trusted": [nowhere]}, "control": {"url": nowhere}}
    )
    async with opened(settings) as tools:
        began = datetime.now(UTC)
        findings = await examine(settings, asking(tools, "127.0.0.3"))
    assert datetime.now(UTC) - began < timedelta(seconds=5)
    states = {each.name: each.state for each in findings}
    assert [states[name] for name in ("line", "resolver", "control")] == [State.BAD] * 3
    assert [states[name] for name in ("trusted", "clock")] == [State.WARN] * 2


@pytest.mark.usefixtures("home")
async def test_what_is_not_configured_weakens_verdicts() -> None:
    settings = config.Settings.model_validate({"reference": {"urls": []}, "dns": {"trusted": []}})
    async with opened(settings) as tools:
        findings = await examine(settings, asking(tools))
    states = {each.name: each.state for each in findings}
    assert {states[name] for name in ("line", "resolver", "trusted", "control", "clock")} == {State.WARN}


@pytest.mark.usefixtures("home")
async def test_what_takes_too_long_is_given_up(theirs: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_EACH_S", 0.3)
    finding = await found("line", theirs, reference=servers.is_silent, plain=True)
    assert finding.state is State.BAD
    assert "longer than" in finding.says


# As it is shown

FINDINGS = [Finding("line", State.BAD, "Қазақ fails."), Finding("clock", State.OK, "It is near enough.")]


@pytest.mark.parametrize("name", [*_OF])
def test_what_is_amiss_has_a_remedy_in_each_language_and_what_is_well_has_none(name: str) -> None:
    def said(language: str) -> str:
        tongue.speak(language)
        return remedy(Finding(name, State.WARN, "It is so."))

    assert len({copy_context().run(said, language) for language in tongue.LANGUAGES}) == 3
    assert remedy(Finding(name, State.OK, "It is so.")) == ""


def test_json_is_one_object_a_line() -> None:
    lines = rendered(FINDINGS, as_json=True).splitlines()
    assert [json.loads(line) for line in lines] == [
        {"name": "line", "state": "bad", "says": "Қазақ fails.", "remedy": remedy(FINDINGS[0])},
        {"name": "clock", "state": "ok", "says": "It is near enough.", "remedy": ""},
    ]
    assert "Қазақ" in lines[0]


def test_a_person_gets_columns() -> None:
    assert rendered(FINDINGS, as_json=False).splitlines() == [
        "bad  line          Қазақ fails.",
        f"{'':<19}{remedy(FINDINGS[0])}",
        "ok   clock         It is near enough.",
    ]
