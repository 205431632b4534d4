"""What all checks of one program share: contexts, kept connections to our helpers, the line. Made once, from settings.

Nothing is measured here.
"""

import gc
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import version

from probe import config
from probe.budget import MB_BYTES, Budget
from probe.contexts import lax_context, web_context
from probe.load import Load
from probe.memory import be_thrifty, give_back
from probe.names import NONE, Resolvers
from probe.net import in_thread
from probe.own import Ours
from probe.quiet import Quiet
from probe.sanity import Line, has_ipv6
from probe.services import Services
from probe.showing import Credential, Passes
from probe.steps.dns import system_resolvers
from probe.vantage import enrolment, identity
from probe.whereabouts import whereabouts
from results.knowledge import Knowledge, bundled, users, with_users
from results.records import Past, Throughput, Vantage, is_bogon
from results.store import Store

_PAST_DAYS = 14  # a line may be another one after that


@dataclass(frozen=True, kw_only=True)
class Tools:
    """What all checks of a program share."""

    vantage: Vantage
    context: ssl.SSLContext
    services: Services
    line: Line
    utcnow: Callable[[], datetime]
    software: str
    resolvers: Resolvers = NONE
    controls: tuple[str, ...] = ()
    known: Knowledge = field(default_factory=bundled)
    may_dial: Callable[[str, int], bool] = lambda ip, _port: not is_bogon(ip)  # an address and a port
    ipv6: bool = False  # whether this machine has a way to the IPv6 internet
    control_token: Credential = field(default="", repr=False)
    budget: Budget = field(default_factory=Budget)  # what a day may cost
    handshakes_only: bool = False  # no page is fetched: a metered line, or a battery
    throughput: Throughput = Throughput.AUTO  # how far throttling is looked for
    pasts: Mapping[str, Past] = field(default_factory=dict)  # by URL
    ours: Ours = field(default_factory=Ours)  # what is this machine's own, and in no record
    quiet: Quiet = field(default_factory=Quiet)
    lax: ssl.SSLContext = field(default_factory=lax_context)

    @property
    def load(self) -> Load:
        """How busy we are."""
        return self.quiet.load


def with_pasts(tools: Tools, store: Store) -> Tools:
    """The same tools with what the store knows of each series' past. Blocks."""
    since = tools.utcnow() - timedelta(days=_PAST_DAYS)
    return replace(tools, pasts=store.pasts(tools.vantage.name, since=since))


def refreshed(tools: Tools) -> Tools:
    """The same tools with what may have changed since: a laptop moves between networks."""
    resolvers = replace(tools.resolvers, system=tuple(system_resolvers()))
    tools.line.resolvers = resolvers
    return replace(tools, resolvers=resolvers, ipv6=has_ipv6())


async def trusting() -> ssl.SSLContext:
    """What everything that is no site is believed by. Raises ConfigError."""
    roots = config.roots_file()
    try:
        return await in_thread(web_context, roots)
    except ssl.SSLError as exc:
        raise config.ConfigError(f"SSL_CERT_FILE names {roots}, which holds no PEM certificates.") from exc


@asynccontextmanager
async def opened(settings: config.Settings, *, throughput: Throughput = Throughput.AUTO) -> AsyncIterator[Tools]:
    """The tools that the settings ask for; closed at the end. Raises ConfigError."""
    # What has been imported stays; looking through it again and again took 1 ms of the CPU time of each check.
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    be_thrifty()
    context = await trusting()
    await in_thread(whereabouts)  # unpacks the table of networks, off the loop
    ours = Ours()
    await in_thread(ours.masks)
    await in_thread(give_back)
    services = Services(context)
    credential = _credential(settings, services)
    resolvers = Resolvers(
        system=tuple(system_resolvers()),
        extra=tuple(url.removeprefix("udp://").strip("[]") for url in settings.dns.resolvers),
        trusted=settings.dns.trusted,
    )
    try:
        yield Tools(
            vantage=config.vantage(settings),
            context=context,
            services=services,
            line=Line(settings.reference.urls, context, services, resolvers, settings.control.url),
            utcnow=lambda: datetime.now(UTC),
            software=f"kedergi/{version('kedergi')}",
            resolvers=resolvers,
            controls=settings.control.url,
            control_token=credential,
            known=with_users(users.folder())[0],
            ipv6=has_ipv6(),
            budget=Budget(settings.probe.daily_budget_mb * MB_BYTES),
            throughput=throughput,
            ours=ours,
        )
    finally:
        if isinstance(credential, Passes):
            await credential.aclose()
        await services.aclose()


def _credential(settings: config.Settings, services: Services) -> Credential:
    """What the controls are shown: the configured token, else what the server gives that was joined."""
    folder = config.data_folder()
    joined, key = enrolment.load(folder), identity.load(folder)
    if settings.control.token or not settings.control.url or joined is None or joined.believed is None or key is None:
        return settings.control.token
    return Passes(services, key, settings.server.url or joined.servers, lambda: datetime.now(UTC))
