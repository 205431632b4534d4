"""Is this vantage fit to speak? The references are looked at: is the line up, and is a neutral name answered.

Sites are not checked here (probe/check.py), and what a dead line means for a verdict is said in results/verdict.py.
"""

import asyncio
import socket
import ssl
import time
from dataclasses import dataclass
from ipaddress import ip_network

from probe.net import place
from probe.services import Services
from probe.steps import dns, tcp, tls
from probe.trace import Course, StepFailed, Trace
from results.failure import Failure
from results.records import Layer, Reference, Source, is_bogon

_FRESH_S = 30.0  # a look counts for what happens within this time
_DNS_S, _TCP_S, _TLS_S = 5.0, 5.0, 8.0


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

    @property
    def line_up(self) -> bool | None:
        """Whether any reference answered; None where there is none to ask."""
        asked = [reference for reference in self.references if not reference.gone]
        return any(reference.failure is None for reference in asked) if asked else None


class Line:
    """Looks at the references, at most once for all checks that ask at about the same time."""

    def __init__(
        self,
        urls: tuple[str, ...],
        context: ssl.SSLContext,
        services: Services | None = None,
        trusted: tuple[str, ...] = (),
    ) -> None:
        """`trusted`: encrypted resolvers, asked over `services` about references whose name the system can't find."""
        self._urls = urls
        self._context = context
        self._services = services
        self._trusted = trusted
        self._at = -_FRESH_S
        self._running: asyncio.Task[Look] | None = None

    @property
    def latest(self) -> Look | None:
        """The last look, where it is fresh."""
        done = self._running is not None and self._running.done() and not self._running.cancelled()
        return self._running.result() if self._running and done and time.monotonic() - self._at < _FRESH_S else None

    async def look(self) -> Look:
        """A look that is not older than half a minute."""
        if self._running is None or (self._running.done() and self.latest is None):
            return await self.look_anew()
        # Shielded: one check that gives up must not take the look from the others.
        return await asyncio.shield(self._running)

    async def look_anew(self) -> Look:
        """A look made now; those who ask meanwhile share it."""
        self._running = asyncio.create_task(self._look())
        return await asyncio.shield(self._running)

    async def _look(self) -> Look:
        looks = await asyncio.gather(*(self._one(url) for url in self._urls))
        self._at = time.monotonic()
        neutrals = {_network(neutral.ip): neutral for _, neutral in reversed(looks) if neutral is not None}
        return Look(references=tuple(reference for reference, _ in looks), neutrals=tuple(reversed(neutrals.values())))

    async def _one(self, url: str) -> tuple[Reference, Neutral | None]:
        trace = Trace()
        try:
            neutral = await self._reach(Course(trace), url)
        except StepFailed as failed:
            layer = trace.steps[-1].layer
            gone = layer is Layer.DNS and await self._gone(place(url).host)
            return Reference(url=url, failure=failed.failure, layer=layer, gone=gone), None
        last = trace.steps[-1]
        return Reference(url=url, handshake_ms=last.ms), neutral

    async def _gone(self, name: str) -> bool:
        """Whether an encrypted resolver says that there is no such name."""
        for url in self._trusted:
            try:
                if self._services is not None:
                    await dns.trusted(Course(Trace()), name, url, self._services, timeout_s=_DNS_S)
            except StepFailed as failed:
                if failed.failure in {Failure.DNS_NXDOMAIN, Failure.DNS_NO_ANSWER}:
                    return True
        return False

    async def _reach(self, course: Course, url: str) -> Neutral | None:
        where = place(url)
        addresses = (where.host,) if where.is_address else await dns.system(course, where.host, timeout_s=_DNS_S)
        # A captive portal's or a lying resolver's private address says nothing of the line to the world.
        public = [ip for ip in addresses if not is_bogon(ip)] or list(addresses)
        ip = next((ip for ip in public if ":" not in ip), public[0])
        stream = await tcp.connect(course, ip, where.port, source=Source.SYSTEM, timeout_s=_TCP_S)
        try:
            if where.scheme == "http":
                return None
            at = tcp.endpoint(ip, where.port)
            await tls.handshake(course, stream, at, where.host, self._context, source=Source.SYSTEM, timeout_s=_TLS_S)
            return Neutral(where.host, ip)
        finally:
            stream.close()


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
