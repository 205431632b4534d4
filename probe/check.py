"""The flow for one URL, read from top to bottom. The only file that knows the order of the steps.

Nothing is judged here. A step that fails is kept by the trace; what is done next depends on it, what it means doesn't.
"""

import asyncio
import uuid
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from probe import control, net
from probe.sanity import Look
from probe.scrub import scrubbed_url
from probe.steps import dns, http, tcp, tls
from probe.tools import Tools
from probe.trace import Course, StepFailed, Trace
from results.failure import CERTIFICATE_FAILURES, Failure
from results.records import (
    Aim,
    Control,
    HttpStep,
    Measurement,
    Source,
    TlsStep,
    Via,
    is_bogon,
)

MAX_REDIRECTS = 10
_WHOLE_S = 25.0  # for one URL, whatever the network does
_HOP_S = 6.0  # with less left, no hop and no second attempt is begun: its silence would mean nothing
_PAUSE_S = 0.5  # before the second attempt
_DNS_S = 3.0  # what getaddrinfo lost it asks again after 5 s only; our second attempt is sooner
_WINDOW_S = 1.5  # how long answers after the first are still heard
_TCP_S = {1: 2.2, 2: 3.4}  # two SYNs, then three from another port
_TLS_S = {1: 8.0, 2: 6.0}  # throttled handshakes of 4 to 7 s do succeed
_HTTP_S = {1: 10.0, 2: 8.0}
_CONTROL_S = 14.0
_GRACE_S = 0.1  # for what is still under way when the page has come and been proven
_CONTROL_GRACE_S = 1.0
_UNRELATED = "www.example.com"  # a name that nobody blocks and no reference serves
_IPV4_MAX, _IPV6_MAX = 4, 2


@dataclass(frozen=True, slots=True)
class _Arrival:
    """A page that came, over which kind of address, and where it sends us."""

    source: Source
    location: str | None
    proven: bool  # over a connection whose certificate is the site's


_ORDINARY = frozenset({Source.LITERAL, Source.SYSTEM})


async def check(url: str, tools: Tools, *, round_uid: str | None = None, also: tuple[str, ...] = ()) -> Measurement:
    """Measures one URL, in at most about 25 s. `also`: addresses that are tried beside the site's own."""
    started_at = tools.utcnow()
    visit = _Visit(tools, also)
    with tools.load.one() as share:
        async with asyncio.TaskGroup() as group:
            visit.group = group
            fine = await visit.follow(url)
            await visit.settle(fine=fine)
        in_flight = tools.load.in_flight
    return Measurement(
        uid=str(uuid.uuid4()),
        url=url,
        started_at=started_at,
        runtime_ms=visit.trace.now() * 1000,
        vantage=tools.vantage,
        hops=tuple(visit.hops),
        cut_short=visit.cut_short,
        steps=tuple(sorted(visit.trace.steps, key=lambda step: step.t0)),
        control=visit.control_answer(),
        references=visit.look.references if visit.look else None,
        round_uid=round_uid,
        in_flight=in_flight,
        loop_lag_ms=share.lag_ms,
        software=tools.software,
    )


class _Visit:
    """One check under way: what is known so far and what still runs beside it."""

    group: asyncio.TaskGroup

    def __init__(self, tools: Tools, also: tuple[str, ...]) -> None:
        self.tools = tools
        self.also = also
        self.trace = Trace()
        self.cookies = net.Cookies()
        self.enough = asyncio.Event()
        self.beside: list[asyncio.Task[Any]] = []
        self.asked: asyncio.Task[Control | None] | None = None
        self.look = tools.line.latest
        self.hops: list[str] = []
        self.proven = False
        self.bypassed = False
        self.cut_short = False

    async def follow(self, url: str) -> bool:
        """Goes along the redirects; whether the last page came the ordinary way."""
        where = net.place(url)
        for hop in range(MAX_REDIRECTS + 1):
            if self.left_s() < _HOP_S:
                self.cut_short = True
                return False
            self.hops.append(scrubbed_url(where.url))
            self.bypassed = False
            arrival = await self.visit(Course(self.trace, hop=hop), where)
            if arrival is None or arrival.source not in _ORDINARY:
                return False
            self.proven = arrival.proven
            if not arrival.proven and not self.tools.controls:
                await self.swap_host(Course(self.trace, hop=hop), where)
            if arrival.location is None:
                return True
            try:
                where = net.place(arrival.location)
            except net.Garbage:
                return True  # to a telephone number or an app: the site's own affair
        return False

    async def visit(self, course: Course, where: net.Place) -> _Arrival | None:
        """One hop: once, and where that fails a second time after a pause, with A/B tests beside."""
        first = await self.attempt(course, where)
        if first is not None and first.source in _ORDINARY:
            return first
        if self.left_s() < _HOP_S:
            self.cut_short = True
            return first
        looking = self.group.create_task(self.tools.line.look())
        await asyncio.sleep(_PAUSE_S)
        again = Course(self.trace, hop=course.hop, attempt=2)
        self.run_beside(self.compare(again, where, looking))
        second = await self.attempt(again, where)
        self.look = await looking
        return second

    async def attempt(self, course: Course, where: net.Place) -> _Arrival | None:
        """Resolve, connect, shake hands, fetch. None where no address led to a page."""
        own, trusted = await self.resolve(course, where)
        self.ask_control(where, own)
        arrival = await self.fetch(course, where, own, Source.LITERAL if where.is_address else Source.SYSTEM)
        if arrival is not None and (arrival.proven or where.is_address):
            return arrival
        # The page didn't come, or anyone may have written it: what do the addresses give that nobody altered?
        elsewhere = list(await trusted) if trusted and not self.bypassed else []
        if not elsewhere or set(elsewhere) & set(own):
            return arrival
        other = await self.fetch(course, where, elsewhere, Source.TRUSTED)
        self.bypassed = other is not None
        return arrival or other

    async def resolve(
        self, course: Course, where: net.Place
    ) -> tuple[list[str], "asyncio.Task[tuple[str, ...]] | None"]:
        """The system's addresses, and the trusted ones that may still be on their way. UDP answers are heard beside."""
        if where.is_address:
            return [where.host], None
        name = where.host
        limit_s = self.within(_DNS_S)
        for server in self.tools.resolvers[:1]:
            self.run_beside(self.hear(course, name, server, Via.UDP, limit_s))
        for server in self.tools.extra_resolvers:
            self.run_beside(self.hear(course, name, server, Via.EXTRA, limit_s))
        trusted = self.run_beside(self.trust(course, name, limit_s))
        try:
            own = list(await dns.system(course, name, timeout_s=limit_s))
        except StepFailed:
            own = []
        return own, trusted

    async def hear(self, course: Course, name: str, server: str, via: Via, limit_s: float) -> None:
        await _quiet(dns.udp(course, name, server, timeout_s=limit_s, window_s=_WINDOW_S, enough=self.enough, via=via))

    async def trust(self, course: Course, name: str, limit_s: float) -> tuple[str, ...]:
        """The first trusted resolver's answer that is one."""
        for url in self.tools.trusted:
            try:
                return await dns.trusted(course, name, url, self.tools.services, timeout_s=limit_s)
            except StepFailed as failed:
                if failed.failure in {Failure.DNS_NXDOMAIN, Failure.DNS_NO_ANSWER}:
                    return ()
        return ()

    async def fetch(self, course: Course, where: net.Place, addresses: list[str], source: Source) -> _Arrival | None:
        """All addresses are tried at once; the page is read over the first that lets us."""
        ways = [self.run_beside(self.reach(course, where, ip, source)) for ip in self.dialled(addresses)]
        if course.hop == 0 and course.attempt == 1 and source is not Source.TRUSTED:
            for ip in self.dialled([ip for ip in self.also if ip not in addresses]):
                self.run_beside(self.reach(course, where, ip, Source.PROBE)).add_done_callback(_close)
        stream = None
        for way in asyncio.as_completed(ways):
            stream = await way
            if stream is not None:
                break
        if stream is None:
            return None
        ip, connection = stream
        for way in ways:
            way.add_done_callback(lambda done: _close(done, spare=connection))
        try:
            location = await http.get(
                course,
                connection,
                tcp.endpoint(ip, where.port),
                where,
                self.cookies,
                source=source,
                timeout_s=self.within(_HTTP_S[course.attempt]),
            )
        except StepFailed:
            return None
        return _Arrival(source, location, proven=where.scheme == "https")

    async def reach(
        self, course: Course, where: net.Place, ip: str, source: Source
    ) -> tuple[str, net.Tcp | net.Tls] | None:
        """A connection that is ready to be asked for the page, with its address."""
        try:
            connection = await tcp.connect(
                course, ip, where.port, source=source, timeout_s=self.within(_TCP_S[course.attempt])
            )
        except StepFailed:
            return None
        if where.scheme == "http":
            return ip, connection
        secured = await self.shake(course, connection, ip, where.port, where.host, source)
        return (ip, secured) if secured else None

    async def shake(
        self, course: Course, connection: net.Tcp, ip: str, port: int, name: str, source: Source
    ) -> net.Tls | None:
        """TLS over a connection, which is closed where that fails."""
        secured = None
        try:
            secured = await tls.handshake(
                course,
                connection,
                tcp.endpoint(ip, port),
                name,
                self.tools.context,
                source=source,
                timeout_s=self.within(_TLS_S[course.attempt]),
            )
        except StepFailed:
            pass
        finally:
            if secured is None:
                connection.close()
        return secured

    async def compare(self, course: Course, where: net.Place, looking: "asyncio.Task[Look]") -> None:
        """A/B on the same address, where only the name differs; and the site's name where another site lives."""
        failed = self.last_failed(course.hop)
        neutrals = (await looking).neutrals
        if failed is None or not neutrals:
            return
        neutral = neutrals[0]
        if isinstance(failed, TlsStep):
            here = self.shake_once(course.aimed(Aim.NEUTRAL_NAME), failed.ip, where.port, neutral.name)
            there = self.shake_once(course.aimed(Aim.NEUTRAL_ADDRESS), neutral.ip, 443, where.host)
            base = self.shake_once(course.aimed(Aim.BASELINE), neutral.ip, 443, _UNRELATED)
            await asyncio.gather(here, there, base)
        elif where.scheme == "http":
            other = net.place(f"http://{neutral.name}/")
            here = self.ask_once(course.aimed(Aim.NEUTRAL_NAME), failed.ip, where.port, other)
            await asyncio.gather(here, self.ask_elsewhere(course, neutral.ip, where))

    def last_failed(self, hop: int) -> TlsStep | HttpStep | None:
        """What an A/B test can tell more about: a handshake or request that the network ended."""
        failed = [
            step
            for step in self.trace.steps
            if isinstance(step, (TlsStep, HttpStep))
            and step.hop == hop
            and step.aim is Aim.VISIT
            and step.source in _ORDINARY
            and step.failure is not None
            and step.failure not in CERTIFICATE_FAILURES
        ]
        return failed[-1] if failed else None

    async def swap_host(self, course: Course, where: net.Place) -> None:
        """A page came without TLS, and no control is there to compare it: does the path write it elsewhere too?"""
        self.look = await self.tools.line.look()
        if not where.is_address:
            await asyncio.gather(*(self.ask_elsewhere(course, neutral.ip, where) for neutral in self.look.neutrals[:2]))

    async def ask_elsewhere(self, course: Course, ip: str, where: net.Place) -> None:
        """The site's page, and an unrelated one, from an address that is not the site's."""
        unrelated = net.place(f"http://{_UNRELATED}/")
        there = self.ask_once(course.aimed(Aim.NEUTRAL_ADDRESS), ip, 80, where)
        await asyncio.gather(there, self.ask_once(course.aimed(Aim.BASELINE), ip, 80, unrelated))

    async def shake_once(self, course: Course, ip: str, port: int, name: str) -> None:
        """One handshake for its outcome alone."""
        connection = await self.open_once(course, ip, port)
        if connection is not None:
            secured = await self.shake(course, connection, ip, port, name, Source.NEUTRAL)
            if secured:
                secured.tcp.close()

    async def ask_once(self, course: Course, ip: str, port: int, where: net.Place) -> None:
        """One request without TLS for its outcome alone."""
        connection = await self.open_once(course, ip, port)
        if connection is not None:
            endpoint, limit_s = tcp.endpoint(ip, port), self.within(_HTTP_S[2])
            cookies = net.Cookies()
            with suppress(StepFailed):
                await http.get(course, connection, endpoint, where, cookies, source=Source.NEUTRAL, timeout_s=limit_s)

    async def open_once(self, course: Course, ip: str, port: int) -> net.Tcp | None:
        try:
            return await tcp.connect(course, ip, port, source=Source.NEUTRAL, timeout_s=self.within(_TCP_S[2]))
        except StepFailed:
            return None

    def ask_control(self, where: net.Place, addresses: list[str]) -> None:
        """Asks once, as soon as there are addresses to ask about."""
        if self.asked is None and self.tools.controls:
            self.asked = self.run_beside(
                control.ask(
                    self.tools.services,
                    self.tools.controls,
                    self.tools.control_token,
                    where.url,
                    self.dialled(addresses),
                    timeout_s=_CONTROL_S,
                )
            )

    async def settle(self, *, fine: bool) -> None:
        """Waits for what the verdict needs, and gives up the rest."""
        if fine:
            self.enough.set()
        if self.asked is not None:
            limit_s = _CONTROL_GRACE_S if self.proven and fine else self.within(_CONTROL_S)
            await asyncio.wait([self.asked], timeout=limit_s)
        if self.beside:
            await asyncio.wait(self.beside, timeout=_GRACE_S if fine else self.within(_WHOLE_S))
        self.enough.set()
        for task in self.beside:
            task.cancel()

    def control_answer(self) -> Control | None:
        if self.asked is None:
            return None
        if self.asked.cancelled():
            return Control(name=self.tools.controls[0], failure=Failure.INTERRUPTED, detail="not waited for")
        return self.asked.result()

    def run_beside(self, work: "Coroutine[Any, Any, Any]") -> "asyncio.Task[Any]":
        task = self.group.create_task(work)
        self.beside.append(task)
        return task

    def within(self, limit_s: float) -> float:
        """The limit, or what is left of the whole check's time, never below a tenth of a second."""
        return max(0.1, min(limit_s, self.left_s()))

    def left_s(self) -> float:
        """What is left of the whole check's time, seconds."""
        return _WHOLE_S - self.trace.now()

    def dialled(self, addresses: list[str]) -> list[str]:
        """The addresses that are tried: public, four of IPv4 and two of IPv6 at most, in their order."""
        public = [ip for ip in addresses if not is_bogon(ip)]
        six = [ip for ip in public if ":" in ip][:_IPV6_MAX] if self.tools.ipv6 else []
        return [ip for ip in public if ":" not in ip][:_IPV4_MAX] + six


async def _quiet(work: "Coroutine[Any, Any, None]") -> None:
    try:
        await work
    except StepFailed:
        return  # the trace has it


def _close(done: "asyncio.Task[Any]", spare: net.Tcp | net.Tls | None = None) -> None:
    """Closes a connection that came too late to be used."""
    if done.cancelled() or done.exception() is not None or done.result() is None:
        return
    connection = done.result()[1]
    if connection is not spare:
        (connection.tcp if isinstance(connection, net.Tls) else connection).close()
