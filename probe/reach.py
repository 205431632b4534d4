"""Connections for a visit and its A/B tests, each within what is left of the check's time.

Which addresses are tried, and in which order, is not said here (probe/check.py).
"""

import asyncio
import ssl
from contextlib import suppress

from probe import names, net
from probe.steps import http, tcp, tls
from probe.trace import Course, StepFailed, Trace
from results.records import HttpStep, Source, Via

TCP_S = {1: 2.2, 2: 3.4}  # by attempt: two SYNs, then three from another port
TLS_S = {1: 8.0, 2: 6.0}  # throttled handshakes of 4 to 7 s do succeed
HTTP_S = {1: 10.0, 2: 8.0}
_SAMPLE_TLS_S = 6.0
_NOBODY_S = 2.2  # sent three times; a forged answer is quick


class Reach:
    """What one check opens."""

    def __init__(self, trace: Trace, context: ssl.SSLContext, lax: ssl.SSLContext | None = None) -> None:
        """`lax` refuses no certificate: for a name that the address has none for."""
        self._trace = trace
        self._context = context
        self._lax = lax or context

    def left_s(self) -> float:
        """What is left of the whole check's time, seconds."""
        return self._trace.left_s()

    def within(self, limit_s: float) -> float:
        """The limit, or what is left of the whole check's time, never below a tenth of a second."""
        return max(0.1, min(limit_s, self.left_s()))

    async def connect(self, course: Course, ip: str, port: int, source: Source) -> net.Tcp | None:
        try:
            return await tcp.connect(course, ip, port, source=source, timeout_s=self.within(TCP_S[course.attempt]))
        except StepFailed:
            return None

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
                self._context,
                source=source,
                timeout_s=self.within(TLS_S[course.attempt]),
            )
        except StepFailed:
            pass
        finally:
            if secured is None:
                connection.close()
        return secured

    async def shake_once(self, course: Course, ip: str, port: int, name: str) -> None:
        """One handshake for its outcome alone."""
        connection = await self.connect(course, ip, port, Source.NEUTRAL)
        if connection is not None:
            secured = await self.shake(course, connection, ip, port, name, Source.NEUTRAL)
            if secured:
                secured.tcp.close()

    async def connect_once(self, course: Course, ip: str, port: int) -> None:
        """One connection for its outcome alone."""
        connection = await self.connect(course, ip, port, Source.NEUTRAL)
        if connection is not None:
            connection.close()

    async def ask_nobody(self, course: Course, name: str, ip: str) -> None:
        """A name asked of an address where no resolver is."""
        enough = asyncio.Event()
        enough.set()
        await names.hear(course, name, ip, Via.UDP, timeout_s=self.within(_NOBODY_S), enough=enough)

    async def sample(
        self,
        course: Course,
        ip: str,
        where: net.Place,
        name: str,
        *,
        timeout_s: float,
        most_bytes: int = http.BODY_CAP_BYTES,
        in_flight: int | None = None,
    ) -> HttpStep | None:
        """The page once more, with `name` in the handshake; None where no head came.

        `timeout_s`: for the head, and again for the body. `in_flight`: so many other checks fetch beside it.
        """
        at, source, lax = tcp.endpoint(ip, where.port), Source.NEUTRAL, name != where.host
        connection: net.Tcp | None = None
        try:
            connection = await tcp.connect(course, ip, where.port, source=source, timeout_s=self.within(TCP_S[1]))
            stream: net.Tcp | net.Tls = connection
            if where.scheme == "https":
                context, limit_s = self._lax if lax else self._context, self.within(_SAMPLE_TLS_S)
                stream = await tls.handshake(course, connection, at, name, context, source=source, timeout_s=limit_s)
            limit_s = self.within(timeout_s)
            jar = net.Cookies()
            await http.get(
                course,
                stream,
                at,
                where,
                jar,
                source=source,
                timeout_s=limit_s,
                most_bytes=most_bytes,
                in_flight=in_flight,
            )
        except StepFailed:
            pass  # the trace has it
        finally:
            if connection is not None:
                connection.close()
        place = (course.hop, course.aim, course.attempt)
        mine = (step for step in course.trace.steps if (step.hop, step.aim, step.attempt) == place)
        pages = [step for step in mine if isinstance(step, HttpStep) and step.status is not None]
        return pages[-1] if pages else None

    async def sample_handshake(self, course: Course, ip: str, port: int, name: str, *, lax: bool) -> None:
        """One handshake for its time alone. `lax`: the address need not have a certificate for the name."""
        at, source = tcp.endpoint(ip, port), Source.NEUTRAL
        context, limit_s = self._lax if lax else self._context, self.within(_SAMPLE_TLS_S)
        connection: net.Tcp | None = None
        try:
            connection = await tcp.connect(course, ip, port, source=source, timeout_s=self.within(TCP_S[1]))
            await tls.handshake(course, connection, at, name, context, source=source, timeout_s=limit_s)
        except StepFailed:
            pass  # the trace has it
        finally:
            if connection is not None:
                connection.close()

    async def ask_once(self, course: Course, ip: str, port: int, where: net.Place) -> None:
        """One request for its outcome alone."""
        connection: net.Tcp | net.Tls | None = await self.connect(course, ip, port, Source.NEUTRAL)
        if where.scheme == "https" and isinstance(connection, net.Tcp):
            connection = await self.shake(course, connection, ip, port, where.host, Source.NEUTRAL)
        if connection is not None:
            endpoint, limit_s = tcp.endpoint(ip, port), self.within(HTTP_S[2])
            cookies = net.Cookies()
            with suppress(StepFailed):
                await http.get(course, connection, endpoint, where, cookies, source=Source.NEUTRAL, timeout_s=limit_s)
