"""A control on loopback, served over real sockets, and sites there that know how often they were visited."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import httpx
import trustme
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from probe.contexts import web_context
from probe.sanity import Line
from probe.services import Services
from probe.tools import Tools
from results.records import Vantage
from server.control.admission import Access
from server.control.asker import NetworkOf, no_table
from server.control.door import Door
from server.control.endpoint import create_control
from server.control.limits import Budget, Limits
from server.control.look import Looks, looking
from server.control.patience import Patient
from server.control.run import answering
from server.listen import bound
from tests.probe.servers import Peer, Reader, Writer, page

NOW = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)
Answer = dict[str, Any]


@dataclass
class Clock:
    """Seconds that go on when the test says so."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Visited:
    """A peer for tests.probe.servers.site that counts who comes."""

    peer: Peer = field(default_factory=page)
    times: int = 0
    first: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, reader: Reader, writer: Writer) -> None:
        self.times += 1
        self.first.set()
        await self.peer(reader, writer)


def held(until: asyncio.Event, then: Peer | None = None) -> Peer:
    """Answers when the event is set."""
    answer = then or page()

    async def peer(reader: Reader, writer: Writer) -> None:
        await until.wait()
        await answer(reader, writer)

    return peer


@dataclass
class FarAway:
    """A control that runs, and a client's view of it."""

    url: str
    port: int
    clock: Clock
    looks: Looks
    client: httpx.AsyncClient

    def waiting(self) -> int:
        """Questions that are being answered."""
        return sum("run_asgi" in repr(task.get_coro()) for task in asyncio.all_tasks())

    async def ask(self, url: str, *addresses: str, **headers: str) -> httpx.Response:
        body = {"url": url, "addresses": list(addresses)}
        return await self.client.post("/v1/control", json=body, headers=headers)

    async def answer(self, url: str, *addresses: str) -> Answer:
        said = await self.ask(url, *addresses)
        assert said.status_code == 200, said.text
        answer: Answer = said.json()
        return answer


@lru_cache
def trusting(roots: str | None) -> ssl.SSLContext:
    """Made once: it takes longer than most tests."""
    return web_context(roots)


@asynccontextmanager
async def far_away(
    *,
    limits: Limits | None = None,
    token: str = "",
    servers: tuple[Ed25519PublicKey, ...] = (),
    now: datetime = NOW,
    behind_proxy: bool = False,
    allow_private: bool = True,
    network_of: NetworkOf = no_table,
    roots: str | None = None,
    connection: type[Patient] = Patient,
) -> AsyncIterator[FarAway]:
    """Private addresses are open, since the tests' sites stand on loopback."""
    clock, limits = Clock(), limits or Limits()
    context = trusting(roots)
    services = Services(context)
    tools = Tools(
        vantage=Vantage(name="control"),
        context=context,
        services=services,
        line=Line((), context, services),
        utcnow=lambda: now,
        software="kedergi/0",
    )
    access = Access(token=token, servers=servers, behind_proxy=behind_proxy, network_of=network_of)
    sock = bound("127.0.0.1", 0)
    port = sock.getsockname()[1]
    async with looking(tools, Door(allow_private=allow_private), limits, clock) as looks:
        app = create_control(looks, access, Budget(limits.per_minute, clock), tools.utcnow)
        async with (
            answering(app, sock, connection),
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", verify=False) as client,
        ):
            client.timeout = httpx.Timeout(30)
            yield FarAway(url=f"http://127.0.0.1:{port}", port=port, clock=clock, looks=looks, client=client)
    await services.aclose()


@asynccontextmanager
async def site_at(host: str, port: int, peer: Peer, context: ssl.SSLContext | None = None) -> AsyncIterator[None]:
    """As tests.probe.servers.site, on a port that is given."""

    async def meet(reader: Reader, writer: Writer) -> None:
        await peer(reader, writer)
        writer.transport.abort()

    server = await asyncio.start_server(meet, host, port, ssl=context)
    try:
        yield
    finally:
        server.close()


def serving(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


@dataclass(frozen=True)
class Home:
    """A row of a table of networks."""

    asn: int = 9198
    country: str = "KZ"


def table(address: str) -> Home | None:
    return Home() if address == "127.0.0.1" else None


def steps(answer: Answer, layer: str, source: str | None = None) -> list[dict[str, Any]]:
    return [
        step for step in answer["steps"] if step["layer"] == layer and (source is None or step.get("source") == source)
    ]
