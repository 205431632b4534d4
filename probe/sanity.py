"""Is this vantage fit to speak? The references are looked at: is the line up, is a neutral name answered, and by whom.

Sites are not checked here (probe/check.py), and what is seen means nothing yet (results/rules/line.py). On which
network the machine stands is told by probe/whereabouts.py.
"""

import asyncio
import socket
import ssl
import statistics
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from ipaddress import ip_network

from probe import names
from probe.clock import told
from probe.net import Cookies, Place, place
from probe.scrub import scrubbed
from probe.services import Services
from probe.steps import http, tcp, tls
from probe.trace import Course, StepFailed, Trace
from results.failure import CERTIFICATE_FAILURES, Failure
from results.hops import split
from results.records import HttpStep, Layer, Reference, Source, TlsStep, Via, is_bogon
from results.rules.line import portal

_FRESH_S = 30.0  # a look counts for what happens within this time
_DNS_S, _TCP_S, _TLS_S, _HTTP_S = 3.0, 5.0, 8.0, 5.0


@dataclass(frozen=True, slots=True)
class Neutral:
    """A name that nobody blocks and an address that speaks TLS for it: the other half of an A/B test."""

    name: str
    ip: str


@dataclass(frozen=True, slots=True)
class Look:
    """One look at all references."""

    references: tuple[Reference, ...]
    neutrals: tuple[Neutral, ...]  # those that completed a handshake, each in another network
    clock_ahead_s: float | None = None  # own clock less that of the references' servers; None where none told

    @property
    def line_up(self) -> bool | None:
        """Whether any reference answered; None where there is none to ask."""
        asked = [reference for reference in self.references if not reference.gone]
        return any(reference.failure is None for reference in asked) if asked else None

    @property
    def at_portal(self) -> bool:
        """Whether the line leads everyone to a page of its own."""
        asked = [reference for reference in self.references if not reference.gone]
        return bool(portal(asked)) and not self.line_up

    @property
    def answered(self) -> int:
        return sum(reference.failure is None for reference in self.references)

    @property
    def dead(self) -> bool:
        """Whether nothing at all came back, from references that have a name."""
        asked = [reference for reference in self.references if not reference.gone]
        return bool(asked) and all(each.failure is not None and each.plain_status is None for each in asked)

    @property
    def spare(self) -> tuple[Neutral, ...]:
        """The neutral address to which a site's name may be sent, if there is one.

        Some censors punish the address for a while, so another reference must be left to tell that the line is up.
        """
        return self.neutrals[:1] if self.answered > 1 or len(self.references) < 2 else ()


@dataclass(frozen=True, slots=True)
class _Seen:
    """One reference, or a control that serves as a neutral address."""

    reference: Reference
    neutral: Neutral | None = None
    clock_ahead_s: float | None = None


class Line:
    """Looks at the references, at most once for all checks that ask at about the same time."""

    def __init__(
        self,
        urls: tuple[str, ...],
        context: ssl.SSLContext,
        services: Services | None = None,
        resolvers: names.Resolvers = names.NONE,
        controls: tuple[str, ...] = (),
        utcnow: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`services`: the way to the trusted resolvers, asked about references whose name the system can't find.

        `controls`: those with a certificate of their own serve as neutral addresses, after the references.
        """
        self.resolvers = resolvers
        self._urls = urls
        self._controls = tuple(url for url in controls if url.startswith("https:"))
        self._context = context
        self._services = services
        self._utcnow = utcnow
        self._began = -_FRESH_S
        self._running: asyncio.Task[Look] | None = None

    @property
    def latest(self) -> Look | None:
        """The last look, where it is fresh."""
        done = self._running is not None and self._running.done() and not self._running.cancelled()
        fresh = time.monotonic() - self._began < _FRESH_S
        return self._running.result() if self._running and done and fresh else None

    async def look(self, *, older_s: float = _FRESH_S) -> Look:
        """A look that began no longer ago than `older_s`."""
        too_old = time.monotonic() - self._began >= min(older_s, _FRESH_S)
        if self._running is None or too_old:
            return await self.look_anew()
        # Shielded: one check that gives up must not take the look from the others.
        return await asyncio.shield(self._running)

    async def look_anew(self) -> Look:
        """A look made now; those who ask meanwhile share it."""
        self._began = time.monotonic()
        self._running = asyncio.create_task(self._look())
        return await asyncio.shield(self._running)

    async def _look(self) -> Look:
        seen, ours = await asyncio.gather(
            asyncio.gather(*map(self._one, self._urls)), asyncio.gather(*map(self._one, self._controls))
        )
        neutrals = {_network(each.neutral.ip): each.neutral for each in (*ours, *reversed(seen)) if each.neutral}
        clocks = [each.clock_ahead_s for each in seen if each.clock_ahead_s is not None]
        return Look(
            references=tuple(each.reference for each in seen),
            neutrals=tuple(reversed(neutrals.values())),
            clock_ahead_s=round(statistics.median(clocks), 1) if clocks else None,
        )

    async def _one(self, url: str) -> _Seen:
        where, trace = place(url), Trace()
        try:
            ip = where.host if where.is_address else await self._address(Course(trace), where.host)
        except StepFailed as failed:
            gone = failed.failure in names.DENIED and await self._gone(where.host)
            return _Seen(Reference(url=url, failure=failed.failure, layer=Layer.DNS, gone=gone))
        if where.scheme == "http":
            return await self._reached(url, where, ip)
        secured, plain = await asyncio.gather(self._reached(url, where, ip), self._plain(where.host, ip))
        if plain is None:
            return secured
        led = scrubbed(split(plain.location).hostname or "") if plain.location else None
        reference = replace(secured.reference, plain_status=plain.status, plain_host=led)
        return replace(secured, reference=reference, clock_ahead_s=self._ahead(plain))

    async def _reached(self, url: str, where: Place, ip: str) -> _Seen:
        trace = Trace()
        try:
            neutral = await self._shake(Course(trace), where, ip)
        except StepFailed as failed:
            last = trace.steps[-1]
            refused = last.chain if isinstance(last, TlsStep) and last.failure in CERTIFICATE_FAILURES else ()
            how = Reference(url=url, failure=failed.failure, layer=last.layer, detail=last.detail, chain=refused)
            return _Seen(how)
        return _Seen(Reference(url=url, handshake_ms=trace.steps[-1].ms), neutral)

    async def _shake(self, course: Course, where: Place, ip: str) -> Neutral | None:
        stream = await tcp.connect(course, ip, where.port, source=Source.SYSTEM, timeout_s=_TCP_S)
        try:
            if where.scheme == "http":
                return None
            at = tcp.endpoint(ip, where.port)
            await tls.handshake(course, stream, at, where.host, self._context, source=Source.SYSTEM, timeout_s=_TLS_S)
            return Neutral(where.host, ip)
        finally:
            stream.close()

    async def _plain(self, host: str, ip: str) -> HttpStep | None:
        """What the same address answers without TLS: a captive portal speaks there, and a server tells the time."""
        where, trace = place(f"http://{host}/"), Trace()
        at = tcp.endpoint(ip, where.port)
        with suppress(StepFailed):
            stream = await tcp.connect(Course(trace), ip, where.port, source=Source.SYSTEM, timeout_s=_TCP_S)
            await http.get(Course(trace), stream, at, where, Cookies(), source=Source.SYSTEM, timeout_s=_HTTP_S)
        last = trace.steps[-1]
        return last if isinstance(last, HttpStep) and last.status is not None else None

    def _ahead(self, plain: HttpStep) -> float | None:
        """Own clock less the server's, seconds."""
        theirs = told(plain.headers)
        return (self._utcnow() - theirs).total_seconds() if theirs else None

    async def _gone(self, name: str) -> bool:
        """Whether an encrypted resolver says that there is no such name."""
        if self._services is None:
            return False
        trace, urls = Trace(), self.resolvers.trusted
        await names.trusted(Course(trace), name, urls, self._services, timeout_s=_DNS_S)
        return any(step.failure in names.DENIED for step in trace.steps)

    async def _address(self, course: Course, name: str) -> str:
        """The address to dial. Raises StepFailed."""
        enough = asyncio.Event()
        enough.set()
        servers = self.resolvers.system[:1]
        ours = [names.hear(course, name, server, Via.UDP, timeout_s=_DNS_S, enough=enough) for server in servers]
        async with asyncio.TaskGroup() as group:
            listening = [group.create_task(asking) for asking in ours]
            addresses = await names.own(course, name, timeout_s=_DNS_S, listening=listening)
            for task in listening:
                task.cancel()
        if not addresses:
            raise StepFailed(next(step.failure for step in course.trace.steps if step.failure is not None))
        public = [ip for ip in addresses if not is_bogon(ip) or name == "localhost"]
        if not public:  # a captive portal's or a lying resolver's; it says nothing of the line to the world
            raise StepFailed(Failure.DNS_BOGON)
        return next((ip for ip in public if ":" not in ip), public[0])


def _network(ip: str) -> str:
    """Roughly whose it is: the /16, or an IPv6 address's /32."""
    return str(ip_network(f"{ip}/{32 if ':' in ip else 16}", strict=False))


def has_ipv6() -> bool:
    """Whether this machine has a route to the IPv6 internet. Nothing is sent."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            sock.connect(("2001:4860:4860::8888", 53))
    except OSError:
        return False
    return True
