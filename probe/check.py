"""The flow for one URL, read from top to bottom. The only file that knows the order of the steps.

Nothing is judged here. A step that fails is kept by the trace; what is done next depends on it, what it means doesn't.
"""

import asyncio
import uuid
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from probe import doubt, names, net, speed, standing
from probe.reach import HTTP_S, Reach
from probe.sanity import Look, Neutral
from probe.scrub import discreet, scrubbed_url
from probe.steps import http, tcp
from probe.tools import Tools
from probe.trace import Course, StepFailed, Trace
from probe.traffic import counted
from probe.whereabouts import whereabouts
from probe.witness import Witness
from results.records import Aim, HttpStep, Measurement, Past, Source, TcpStep, Throughput, Via

MAX_REDIRECTS = 10
_HOP_S = 6.0  # with less left, no hop and no second attempt is begun: its silence would mean nothing
_PAUSE_S = 0.5  # before the second attempt
_DNS_S = 3.0  # what getaddrinfo lost it asks again after 5 s only; our second attempt is sooner
_JUST_NOW_S = 5.0  # a look at the line after a failure may be so much older than it
_WITNESS_S = 8.0
_GRACE_S = 0.1  # for what is still under way when the page has come and been proven
_IPV4_MAX, _IPV6_MAX = 4, 2
_SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class _Arrival:
    """A page that came, over which kind of address, and where it sends us."""

    source: Source
    location: str | None
    proven: bool  # over a connection whose certificate is the site's


_ORDINARY = frozenset({Source.LITERAL, Source.SYSTEM})


async def check(url: str, tools: Tools, *, round_uid: str | None = None, also: tuple[str, ...] = ()) -> Measurement:
    """Measures one URL, in at most about 25 s; longer where throttling is looked for thoroughly.

    `also`: addresses that are tried beside the site's own.
    """
    started_at, before = tools.utcnow(), whereabouts()
    visit = _Visit(tools, also, tools.pasts.get(url))
    with counted() as traffic, tools.load.one() as share:
        async with asyncio.TaskGroup() as group:
            visit.group = group
            fine = await visit.follow(url)
            await visit.settle(fine=fine)
        in_flight = tools.load.in_flight
    steps, look = tuple(sorted(visit.trace.steps, key=lambda step: step.t0)), visit.look()
    control, more = visit.witness.answers()
    runtime_ms = visit.trace.now() * 1000
    disputed = standing.disputed(steps, control)
    asns = await asyncio.to_thread(standing.asns, disputed) if disputed else {}
    measurement = Measurement(
        uid=str(uuid.uuid4()),
        url=url,
        started_at=started_at,
        runtime_ms=runtime_ms,
        vantage=standing.vantage(tools.vantage, before, control),
        hops=tuple(visit.hops),
        cut_short=visit.cut_short,
        steps=steps,
        control=control,
        more_controls=more,
        condition=standing.condition(before, whereabouts(), look, visit.witness.clock_ahead_s, ipv6=tools.ipv6),
        asns=asns,
        references=look.references if look else None,
        round_uid=round_uid,
        in_flight=in_flight,
        loop_lag_ms=share.lag_ms,
        throughput=tools.throughput,
        past=visit.past,
        line_kbps=tools.quiet.just_now_kbps,
        received_bytes=traffic.received_bytes,
        sent_bytes=traffic.sent_bytes,
        software=tools.software,
    )
    return discreet(measurement, tools.ours.masks())


class _Visit:
    """One check under way: what is known so far and what still runs beside it."""

    group: asyncio.TaskGroup

    def __init__(self, tools: Tools, also: tuple[str, ...], past: Past | None) -> None:
        self.tools = tools
        self.also = also
        self.past = past
        self.trace = Trace()
        self.reach = Reach(self.trace, tools.context, tools.lax)
        self.witness = Witness(tools, self.reach)
        self.cookies = net.Cookies()
        self.enough = asyncio.Event()
        self.beside: list[asyncio.Task[Any]] = []
        self.witnesses: list[asyncio.Task[Any]] = []  # of `also`; whoever asks for them waits for them
        self.after: asyncio.Task[None] | None = None
        self.looks: list[Look] = [tools.line.latest] if tools.line.latest else []
        self.hops: list[str] = []
        self.proven = False
        self.bypassed = False
        self.cut_short = False

    async def follow(self, url: str) -> bool:
        """Goes along the redirects; whether the last page came the ordinary way."""
        where = net.place(url)
        for hop in range(MAX_REDIRECTS + 1):
            if self.reach.left_s() < _HOP_S:
                self.cut_short = True
                return False
            self.hops.append(scrubbed_url(where.url))
            self.bypassed = False
            arrival = await self.visit(Course(self.trace, hop=hop), where)
            if arrival is None or arrival.source not in _ORDINARY:
                return False
            self.proven = arrival.proven
            if self.tools.handshakes_only:
                return True
            if not arrival.proven:
                await self.swap(Course(self.trace, hop=hop), where)
            if arrival.location is None:
                await self.pace(Course(self.trace, hop=hop), where)
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
        if self.reach.left_s() < _HOP_S:
            self.cut_short = True
            return first
        looking = self.group.create_task(self.tools.line.look(older_s=_JUST_NOW_S))
        await asyncio.sleep(_PAUSE_S)
        again = Course(self.trace, hop=course.hop, attempt=2)
        self.run_beside(self.compare(again, where, looking))
        second = await self.attempt(again, where)
        self.looks.append(await looking)
        if second is None or second.source not in _ORDINARY:
            # The line may have gone away meanwhile, and the control may have met other addresses at this hop.
            self.after = self.run_beside(self.look_after())
            if course.hop > 0:
                self.run_beside(self.witness.ask_again(where, self.given(course.hop)))
        return second

    async def look_after(self) -> None:
        self.looks.append(await self.tools.line.look(older_s=_JUST_NOW_S))

    async def attempt(self, course: Course, where: net.Place) -> _Arrival | None:
        """Resolve, connect, shake hands, fetch. None where no address led to a page."""
        own, trusted = await self.resolve(course, where)
        self.ask_control(where, own)
        arrival = await self.fetch(course, where, own, Source.LITERAL if where.is_address else Source.SYSTEM)
        if arrival is not None and (arrival.proven or where.is_address):
            return arrival
        # The page didn't come, or anyone may have written it: what do the addresses give that nobody altered?
        elsewhere, source = list(await trusted) if trusted and not self.bypassed else [], Source.TRUSTED
        if not elsewhere and course.attempt > 1 and not where.is_address:
            elsewhere, source = await self.witness.addresses(where.url), Source.CONTROL
        if not elsewhere or set(elsewhere) & set(own):
            return arrival
        other = await self.fetch(course, where, elsewhere, source)
        self.bypassed = other is not None
        return arrival or other

    async def resolve(
        self, course: Course, where: net.Place
    ) -> tuple[list[str], "asyncio.Task[tuple[str, ...]] | None"]:
        """The system's addresses, and the trusted ones that may still be on their way. UDP answers are heard beside."""
        if where.is_address:
            return [where.host], None
        name, known = where.host, self.tools.resolvers
        limit_s = self.reach.within(_DNS_S)

        def hear(server: str, via: Via) -> "asyncio.Task[None]":
            return self.run_beside(names.hear(course, name, server, via, timeout_s=limit_s, enough=self.enough))

        listening = [hear(server, Via.UDP) for server in known.system[:1]]
        for server in known.extra:
            hear(server, Via.EXTRA)
        trusted = self.run_beside(names.trusted(course, name, known.trusted, self.tools.services, timeout_s=limit_s))
        return await names.own(course, name, timeout_s=limit_s, listening=listening), trusted

    async def fetch(self, course: Course, where: net.Place, addresses: list[str], source: Source) -> _Arrival | None:
        """All addresses are tried at once; the page is read over the first that lets us."""
        ways = [self.run_beside(self.ready(course, where, ip, source)) for ip in self.dialled(addresses, where.port)]
        if course.hop == 0 and course.attempt == 1 and source is not Source.TRUSTED:
            for ip in self.dialled([ip for ip in self.also if ip not in addresses], where.port):
                self.witnesses.append(self.run_beside(self.ready(course, where, ip, Source.PROBE)))
                self.witnesses[-1].add_done_callback(_close)
        stream = None
        for way in asyncio.as_completed(ways):
            stream = await way
            if stream is not None:
                break
        if stream is None:
            return None
        ip, connection = stream
        if self.tools.handshakes_only:
            for way in ways:
                way.add_done_callback(_close)
            return _Arrival(source, None, proven=where.scheme == "https")
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
                timeout_s=self.reach.within(HTTP_S[course.attempt]),
            )
        except StepFailed:
            return None
        return _Arrival(source, location, proven=where.scheme == "https")

    async def ready(
        self, course: Course, where: net.Place, ip: str, source: Source
    ) -> tuple[str, net.Tcp | net.Tls] | None:
        """A connection that is ready to be asked for the page, with its address."""
        connection = await self.reach.connect(course, ip, where.port, source)
        if connection is None or where.scheme == "http":
            return (ip, connection) if connection else None
        secured = await self.reach.shake(course, connection, ip, where.port, where.host, source)
        return (ip, secured) if secured else None

    async def compare(self, course: Course, where: net.Place, looking: "asyncio.Task[Look]") -> None:
        """A/B tests of what failed, where there is a neutral name and address."""
        look = await looking
        tests = doubt.tests(self.reach, course, where, self.trace.steps, look)
        stopped = speed.stopped_page(self.trace.steps, course.hop)
        if stopped is not None and self.may_sample(where) and look.neutrals:
            tests.append(self.sample(course, where, stopped, look.neutrals[0]))
        await asyncio.gather(*tests)

    async def swap(self, course: Course, where: net.Place) -> None:
        """A page came without TLS, and the control has none like it: does the path write it elsewhere too?"""
        answer = await self.witness.answer()
        if answer is not None and doubt.same_page(self.trace.steps, answer, course.hop, where.url):
            return
        look = await self.tools.line.look()
        self.looks.append(look)
        if not where.is_address:
            tests = doubt.of_page(self.reach, course, where, self.trace.steps, look)
            await asyncio.gather(*tests, *doubt.of_name(self.reach, course, where, self.trace.steps, look))

    async def pace(self, course: Course, where: net.Place) -> None:
        """A page that looks slow is compared with itself, under another name at the same address."""
        page, quiet = speed.visited_page(self.trace.steps, course.hop), self.tools.quiet
        if page is None or not self.may_sample(where):
            return
        thorough = self.tools.throughput is Throughput.THOROUGH
        if not thorough and not speed.is_slow(self.trace.steps, page, self.past, quiet.line_kbps):
            return
        look = await self.tools.line.look()
        self.looks.append(look)
        if look.neutrals:
            await self.sample(course, where, page, look.neutrals[0])

    def may_sample(self, where: net.Place) -> bool:
        """Whether pages are to be compared at all, there is a name to put another in the place of, and data is left."""
        tools = self.tools
        off = tools.throughput is Throughput.OFF or where.is_address
        return not off and tools.budget.left_bytes(tools.utcnow()) > 0

    async def sample(self, course: Course, where: net.Place, page: HttpStep, neutral: Neutral) -> None:
        how = self.tools.throughput
        what = speed.Comparison(course, where, page, neutral, self.witness.line, how, self.past)
        await speed.compare(self.reach, self.tools.quiet, what)

    def ask_control(self, where: net.Place, addresses: list[str]) -> None:
        """Asks once, as soon as there are addresses to ask about."""
        light = self.tools.handshakes_only and not any(step.failure for step in self.trace.steps)
        if self.witness.asked is None and self.tools.controls and not light:
            self.witness.asked = self.run_beside(self.witness.ask(where.url, self.dialled(addresses, where.port)))

    async def settle(self, *, fine: bool) -> None:
        """Waits for what the verdict needs, and gives up the rest."""
        if fine:
            self.enough.set()
        if self.after is not None:
            await asyncio.wait([self.after], timeout=self.reach.left_s())
        dead = any(look.dead for look in self.looks)
        await self.witness.wait(longer=not (self.proven and fine and not self.failed()) and not dead)
        if self.witnesses:
            await asyncio.wait(self.witnesses, timeout=self.reach.within(_WITNESS_S))
        if self.beside:
            await asyncio.wait(self.beside, timeout=_GRACE_S if fine else self.reach.left_s())
        self.enough.set()
        for task in self.beside:
            task.cancel()

    def failed(self) -> bool:
        """The site's server reports an error of its own: only the control can say whether everyone gets it."""
        pages = [step for step in self.trace.steps if isinstance(step, HttpStep) and step.aim is Aim.VISIT]
        return bool(pages) and (pages[-1].status or 0) >= _SERVER_ERROR

    def given(self, hop: int) -> list[str]:
        """The addresses that were dialled at a hop as those of the site."""
        dialled = (step for step in self.trace.steps if isinstance(step, TcpStep) and step.hop == hop)
        return list(dict.fromkeys(step.ip for step in dialled if step.source in _ORDINARY))

    def look(self) -> Look | None:
        """Of the looks at the line one that found it dead, since what was seen then means nothing; else the best."""
        dead = next((look for look in self.looks if look.dead), None)
        return dead or max(self.looks, key=lambda look: look.answered, default=None)

    def run_beside(self, work: "Coroutine[Any, Any, Any]") -> "asyncio.Task[Any]":
        task = self.group.create_task(work)
        self.beside.append(task)
        return task

    def dialled(self, addresses: list[str], port: int) -> list[str]:
        """The addresses that are tried: public, four of IPv4 and two of IPv6 at most, in their order."""
        public = [ip for ip in addresses if self.tools.may_dial(ip, port)]
        six = [ip for ip in public if ":" in ip][:_IPV6_MAX] if self.tools.ipv6 else []
        return [ip for ip in public if ":" not in ip][:_IPV4_MAX] + six


def _close(done: "asyncio.Task[Any]", spare: net.Tcp | net.Tls | None = None) -> None:
    """Closes a connection that came too late to be used."""
    if done.cancelled() or done.exception() is not None or done.result() is None:
        return
    connection = done.result()[1]
    if connection is not spare:
        (connection.tcp if isinstance(connection, net.Tls) else connection).close()
