"""How the control looks: the probe's own check, and beside it the addresses that the asking probe was given.

The check is kept per URL and each address by itself, so that the next probe, with addresses of its own, costs those
only. Who may ask is not said here (endpoint.py), nor what a difference means (results/verdict.py).
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from probe.check import check
from probe.net import Cookies, Place, Tcp, Tls, look_up
from probe.reach import HTTP_S, Reach
from probe.steps import http, tcp
from probe.tools import Tools
from probe.trace import Course, StepFailed, Trace
from results.failure import CERTIFICATE_FAILURES
from results.records import AnyStep, Control, HttpStep, Source, TcpStep, TlsStep, control_adapter
from server.control.cache import Cache, Found
from server.control.door import Door
from server.control.limits import Limits, Turns

_NAME_S = 3.0  # to learn which addresses the check will try
_PAUSE_S = 0.5  # before an address that failed is tried again
_SECOND_S = 4.0  # with less time left there is no second attempt
_DIALS_PER_LOOK = 4  # addresses that are tried at once, for each look at a site at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was found out about one URL."""

    hops: tuple[str, ...] = ()
    steps: tuple[AnyStep, ...] = ()
    age_s: float = 0.0  # of the oldest part


class Looks:
    """Looks at sites, and tells again what it saw a short while ago."""

    def __init__(self, tools: Tools, door: Door, limits: Limits, clock: Callable[[], float]) -> None:
        self.door = door
        self._tools = replace(tools, may_dial=door.may_dial)
        self.limits = limits
        self._turns = Turns(limits.at_once, limits.waiting)
        dials = limits.at_once * _DIALS_PER_LOOK
        self._dials = Turns(dials, limits.waiting * _DIALS_PER_LOOK)
        self._seen = Cache[Seen](entries_max=limits.kept_entries, bytes_max=limits.kept_bytes, clock=clock)

    async def at(self, where: Place, addresses: list[str]) -> Seen:
        """The site as it is seen from here, with steps for each of these addresses.

        Raises TimeoutError where that takes too long, limits.Busy where there is no turn.
        """
        dialled = self.door.dialled(addresses, where.port, ipv6=self._tools.ipv6)
        async with asyncio.timeout(self.limits.look_s):
            own = asyncio.ensure_future(self._own(where))
            try:
                known = self._seen.has(where.url)
                tried = await self._tried_anyway(where) if dialled and not known else set()
                beside = [
                    self._beside(where, ip, own, page=number == 0, waits=known or ip in tried)
                    for number, ip in enumerate(dialled)
                ]
                seen = await asyncio.gather(own, *beside)
            finally:
                own.cancel()
        return Seen(
            hops=seen[0].hops,
            steps=tuple(step for part in seen for step in part.steps),
            age_s=max(part.age_s for part in seen),
        )

    async def aclose(self) -> None:
        await self._seen.aclose()

    async def _own(self, where: Place) -> Seen:
        """The check, as a probe makes it."""

        async def find_out() -> Found[Seen]:
            async with self._turns.one():
                measurement = await check(where.url, self._tools)
            seen = Seen(hops=measurement.hops, steps=measurement.steps)
            return self._found(seen, fine=_arrived(seen))

        seen, age_s = await self._seen.get(where.url, find_out)
        return Seen(hops=seen.hops, steps=seen.steps, age_s=age_s)

    async def _tried_anyway(self, where: Place) -> set[str]:
        """The addresses that the check has to try: they need not be dialled twice at the same moment."""
        try:
            async with asyncio.timeout(_NAME_S):
                return set(await look_up(where.host))
        except OSError:
            return set()

    async def _beside(self, where: Place, ip: str, own: "asyncio.Future[Seen]", *, page: bool, waits: bool) -> Seen:
        """One of the asker's addresses: what the check has of it, else steps of its own."""
        if waits:
            seen = await asyncio.shield(own)
            if _has(seen, where, ip, page=page):
                return Seen()

        async def find_out() -> Found[Seen]:
            async with self._dials.one():
                steps = await at_address(where, ip, self._tools, page=page)
            return self._found(Seen(steps=steps), fine=steps[-1].failure is None)

        seen, age_s = await self._seen.get(f"{ip} {page:d} {where.url}", find_out)
        return Seen(steps=seen.steps, age_s=age_s)

    def _found(self, seen: Seen, *, fine: bool) -> Found[Seen]:
        size_bytes = len(control_adapter().dump_json(Control(name="", hops=seen.hops, steps=seen.steps)))
        keep_s = self.limits.keep_s if fine else min(self.limits.keep_s, self.limits.keep_failed_s)
        return Found(value=seen, size_bytes=size_bytes, keep_s=keep_s)


@asynccontextmanager
async def looking(tools: Tools, door: Door, limits: Limits, clock: Callable[[], float]) -> AsyncIterator[Looks]:
    """Looks that end with the block."""
    looks = Looks(tools, door, limits, clock)
    try:
        yield looks
    finally:
        await looks.aclose()


async def at_address(where: Place, ip: str, tools: Tools, *, page: bool) -> tuple[AnyStep, ...]:
    """Steps for one address that the asker was given, tried again where the network failed. At least one.

    `page`: as well as the handshake. Without TLS nothing else tells whose address it is, and how long its bytes take
    is to be compared.
    """
    trace = Trace()
    reach = Reach(trace, tools.context)
    if not await _try(reach, Course(trace), where, ip, page=page):
        await asyncio.sleep(_PAUSE_S)
        if reach.left_s() > _SECOND_S:
            await _try(reach, Course(trace, attempt=2), where, ip, page=page)
    return tuple(trace.steps)


async def _try(reach: Reach, course: Course, where: Place, ip: str, *, page: bool) -> bool:
    """Whether a second attempt could tell no more."""
    connection = await reach.connect(course, ip, where.port, Source.PROBE)
    if connection is None:
        return False
    stream: Tcp | Tls = connection
    if where.scheme == "https":
        secured = await reach.shake(course, connection, ip, where.port, where.host, Source.PROBE)
        if secured is None:
            return course.trace.steps[-1].failure in CERTIFICATE_FAILURES
        stream = secured
    if not page:
        connection.close()
        return True
    limit_s = reach.within(HTTP_S[course.attempt])
    endpoint = tcp.endpoint(ip, where.port)
    try:
        await http.get(course, stream, endpoint, where, Cookies(), source=Source.PROBE, timeout_s=limit_s)
    except StepFailed:
        return False
    return True


def _arrived(seen: Seen) -> bool:
    """Whether the check came to a page, at the end of the redirects."""
    last = len(seen.hops) - 1
    return any(isinstance(step, HttpStep) and step.hop == last and step.failure is None for step in seen.steps)


def _has(seen: Seen, where: Place, ip: str, *, page: bool) -> bool:
    """Whether the check has all that is asked about this address. What it gave up for another, it hasn't."""
    here = [step for step in seen.steps if step.hop == 0 and step.ip == ip]
    if any(isinstance(step, TcpStep) and step.failure is not None for step in here):
        return True
    shaken = [step for step in here if isinstance(step, TlsStep)]
    if where.scheme == "https" and (not page or any(step.failure is not None for step in shaken)):
        return bool(shaken)
    return any(isinstance(step, HttpStep if page else TcpStep) for step in here)
