"""The command: a control that answers until it is stopped. What it answers is in endpoint.py."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from socket import socket

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from starlette.applications import Starlette

from probe.config import ConfigError, DnsSection, ReferenceSection, Settings, VantageSection, load
from probe.steps.tcp import endpoint
from probe.tools import opened
from probe.vantage.identity import public_key
from results.records import Throughput
from server.control.admission import Access
from server.control.door import Door
from server.control.endpoint import create_control
from server.control.limits import Budget, Limits
from server.control.look import looking
from server.control.patience import Patient
from server.listen import bound, served
from targets.networks import network_of

_CONNECTIONS_MAX = 1000
_BACKLOG = 256
_KNOWN = ("8.8.8.8", "2001:4860:4860::8888")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a control is run."""

    host: str
    port: int
    token: str
    server_keys: tuple[str, ...]  # each the key itself, or a file that holds it
    open_to_all: bool
    behind_proxy: bool
    allow_private: bool
    limits: Limits


async def run_control(manner: Manner, config: Path | None) -> int:
    """Answers until stopped."""
    if bool(manner.token or manner.server_keys) == manner.open_to_all:
        says = "Give --server-key for vantages that have joined a server, or --token with a secret"
        raise ConfigError(f"{says}, or --open to answer anyone.")
    servers = tuple(map(_public_key, manner.server_keys))
    resolvers = load(config).dns.resolvers if config else ()
    settings = Settings(
        vantage=VantageSection(name="control"),
        dns=DnsSection(resolvers=resolvers, trusted=()),
        reference=ReferenceSection(urls=()),
    )
    access = Access(token=manner.token, servers=servers, behind_proxy=manner.behind_proxy, network_of=network_of)
    clock = time.monotonic
    for address in _KNOWN:  # the first question of each kind unpacks the table, for half a second
        await asyncio.to_thread(network_of, address)
    sock = bound(manner.host, manner.port)
    async with (
        opened(settings, throughput=Throughput.OFF) as tools,
        looking(tools, Door(allow_private=manner.allow_private), manner.limits, clock) as looks,
        answering(
            create_control(looks, access, Budget(manner.limits.per_minute, clock), tools.utcnow), sock
        ) as serving,
    ):
        typer.echo(f"The control answers on http://{endpoint(manner.host, manner.port)}.", err=True)
        await serving
    return 0


def _public_key(given: str) -> Ed25519PublicKey:
    """Raises ConfigError."""
    with suppress(ValueError):
        return public_key(given.strip())
    try:
        return public_key(Path(given).read_text("utf-8").strip())
    except OSError as exc:
        says = f"no key in base64, and no file that can be read ({exc.strerror})"
    except ValueError:
        says = "a file without a key in base64"
    allowed = "`kedergi members key` prints it where the server runs"
    raise ConfigError(f"--server-key {given!r:.100} is {says}; {allowed}.")


@asynccontextmanager
async def answering(
    app: Starlette, sock: socket, connection: type[Patient] = Patient
) -> AsyncIterator["asyncio.Task[None]"]:
    """The running control's task; ended when the block is left."""
    async with served(
        app,
        sock,
        http=connection,
        ws="none",
        log_level="error",  # below that it says whenever someone speaks no HTTP
        limit_concurrency=_CONNECTIONS_MAX,
        backlog=_BACKLOG,
        timeout_graceful_shutdown=1,
    ) as serving:
        yield serving
