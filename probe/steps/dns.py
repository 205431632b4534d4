"""Asks for a name: the system's way, by a UDP query that hears every answer, and through an encrypted resolver.

No address is dialled here but the resolvers'. A resolver's refusal is data, as is its silence.
"""

import asyncio
import os
import socket
import struct
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.resolver

from probe import traffic
from probe.classify import NETWORK_ERRORS
from probe.net import Garbage, PeerClosed, Tcp, look_up
from probe.scrub import resolver_network
from probe.services import Services
from probe.trace import Course
from results.failure import Failure
from results.records import DnsAnswer, DnsStep, Via

_ANSWERS_MAX, _ADDRESSES_MAX = 64, 32  # kept of one query, and of one answer; what floods us has nothing more to say
_RESEND_S = 1.0  # a lost datagram is asked again, as stub resolvers do
_DATAGRAM_BYTES = 4096
_DOH_BYTES = 65536
_TCP_BYTES = 16384  # the addresses of a site take a tenth; reading what would fit into 64 KiB takes half a second
_FAILURE_BY_RCODE = {
    dns.rcode.NOERROR: None,
    dns.rcode.NXDOMAIN: Failure.DNS_NXDOMAIN,
    dns.rcode.SERVFAIL: Failure.DNS_SERVFAIL,
    dns.rcode.REFUSED: Failure.DNS_REFUSED,
}


async def system(course: Course, name: str, *, timeout_s: float) -> tuple[str, ...]:
    """The addresses that a program on this machine gets. Raises StepFailed."""
    with course.step(DnsStep, "system", name=name, via=Via.SYSTEM) as learnt:
        async with asyncio.timeout(timeout_s):
            addresses = tuple(await look_up(name))
        learnt["answers"] = (DnsAnswer(t=course.trace.now(), failure=None, addresses=addresses),)
    return addresses


async def udp(
    course: Course,
    name: str,
    server: str,
    *,
    timeout_s: float,
    window_s: float,
    enough: asyncio.Event,
    via: Via = Via.UDP,
) -> None:
    """One A query to `server` (an IP address); keeps each answer that comes until the window closes.

    The window is `window_s` from the first answer, or less once `enough` is set. An answer that was cut short is asked
    for again over TCP (RFC 7766), and what comes that way stands in its place. Raises StepFailed.
    """
    with course.step(DnsStep, f"udp://{resolver_network(server)}", name=name, via=via) as learnt:
        query = _query(name)
        answers = await _Listening(query, server, course.trace.now).hear(timeout_s, window_s, enough)
        learnt["answers"] = answers
        learnt.update(failure=answers[0].failure, t=answers[0].t)  # what is heard later costs nobody time


async def trusted(course: Course, name: str, url: str, services: Services, *, timeout_s: float) -> tuple[str, ...]:
    """The addresses that an encrypted resolver (RFC 8484) gives. Raises StepFailed."""
    with course.step(DnsStep, url, name=name, via=Via.TRUSTED) as learnt:
        query = b"\0\0" + _query(name).to_wire()[2:]  # id 0, as RFC 8484 wants it
        headers = {"Host": urlsplit(url).netloc, "Content-Type": "application/dns-message"}
        headers |= {"Accept": "application/dns-message", "Content-Length": str(len(query))}
        async with asyncio.timeout(timeout_s):
            try:
                status, body = await services.post(url, headers, query, limit_bytes=_DOH_BYTES)
            except socket.gaierror as exc:  # of the resolver's own name: it says nothing of the one that was asked for
                raise socket.gaierror(socket.EAI_FAIL, f"the resolver's own address: {exc.strerror}") from exc
        if status != 200:
            raise Garbage(f"the resolver answered with HTTP status {status}")
        answer = _read(dns.message.from_wire(body), course.trace.now(), None)
        learnt["answers"] = (answer,)
        learnt["failure"] = answer.failure
    return answer.addresses


def _query(name: str) -> dns.message.QueryMessage:
    return dns.message.make_query(name, dns.rdatatype.A, use_edns=0, payload=1232)


def system_resolvers() -> list[str]:
    """The addresses of the resolvers that this machine is set to use; empty where it doesn't tell."""
    real = Path("/run/systemd/resolve/resolv.conf")  # behind systemd-resolved's own 127.0.0.53
    try:
        own = dns.resolver.Resolver(configure=True)
        servers = [str(server) for server in own.nameservers]
        if servers == ["127.0.0.53"] and real.exists():
            return [str(server) for server in dns.resolver.Resolver(filename=os.fspath(real)).nameservers]
    except (dns.exception.DNSException, OSError):
        return []
    return servers


class _Listening:
    """One query over UDP, and every answer to it."""

    def __init__(self, query: dns.message.Message, server: str, now: Callable[[], float]) -> None:
        self._query, self._server, self._now = query, server, now
        self._answers: list[DnsAnswer] = []
        self._cut = 0  # the number of the answer that was cut short
        self._whole: asyncio.Task[dns.message.Message] | None = None  # the same over TCP

    async def hear(self, timeout_s: float, window_s: float, enough: asyncio.Event) -> tuple[DnsAnswer, ...]:
        """The answers in the order in which they came, at least one. Raises OSError."""
        loop = asyncio.get_running_loop()
        until = loop.time() + timeout_s
        closing = None
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(until) as limit, aclosing(self._datagrams()) as datagrams:
                    async for datagram, ttl in datagrams:
                        message = self._answer_in(datagram)
                        if message is None:
                            continue  # noise on the port; a true answer may still come
                        self._keep(message, ttl)
                        if closing is None:
                            limit.reschedule(loop.time() + window_s)
                            closing = asyncio.ensure_future(_close_early(enough, limit))
                        if len(self._answers) == _ANSWERS_MAX:
                            break
            if not self._answers:
                raise TimeoutError
            await self._complete(until - loop.time())
        finally:
            for task in (closing, self._whole):
                if task is not None:
                    task.cancel()
        return tuple(self._answers)

    async def _datagrams(self) -> AsyncGenerator[tuple[bytes, int | None]]:
        """What comes back, each with the hops left. The query is sent again until something was kept of it."""
        loop, wire, due = asyncio.get_running_loop(), self._query.to_wire(), 0.0
        # Connected, so that a closed port says so at once instead of by silence, and nobody else's datagrams come.
        with socket.socket(socket.AF_INET6 if ":" in self._server else socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            _want_ttl(sock)
            sock.connect(
                socket.getaddrinfo(self._server, 53, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST)[0][4]
            )
            while True:
                try:
                    if not self._answers and loop.time() >= due:
                        due = loop.time() + _RESEND_S
                        await loop.sock_sendall(sock, wire)
                        traffic.sent(len(wire))
                    async with asyncio.timeout_at(None if self._answers else due):
                        datagram, ttl = await _receive(sock)
                except TimeoutError:
                    continue
                except OSError:
                    # Where something on the path has answered for an address that is no resolver, the kernel tells of
                    # that address's refusal first.
                    waiting = _waiting(sock)
                    if waiting is None and not self._answers:
                        raise
                    datagram, ttl = waiting or (b"", None)
                traffic.received(len(datagram))
                yield datagram, ttl
                await asyncio.sleep(0)  # a flood is read without a pause, and time limits would never be looked at

    def _answer_in(self, datagram: bytes) -> dns.message.Message | None:
        if datagram[:2] != self._query.id.to_bytes(2, "big"):
            return None
        try:
            message = dns.message.from_wire(datagram, ignore_trailing=True)
        except dns.exception.DNSException:
            return None
        return message if self._query.is_response(message) else None

    def _keep(self, message: dns.message.Message, ttl: int | None) -> None:
        if message.flags & dns.flags.TC and self._whole is None:
            self._cut, self._whole = len(self._answers), asyncio.ensure_future(_over_tcp(self._query, self._server))
        self._answers.append(_read(message, self._now(), ttl))

    async def _complete(self, left_s: float) -> None:
        """Puts the answer over TCP where the one stands that was cut short; without it, that one stays."""
        if self._whole is None:
            return
        # Programs here wait for it where it is the first; for a later one nobody does.
        await asyncio.wait([self._whole], timeout=max(0.0, left_s) if self._cut == 0 else 0)
        if self._whole.done() and not isinstance(self._whole.exception(), NETWORK_ERRORS):
            self._answers[self._cut] = _read(self._whole.result(), self._now(), None)


async def _over_tcp(query: dns.message.Message, server: str) -> dns.message.Message:
    """Raises OSError, Garbage or DNSException."""
    tcp = await Tcp.connect(server, 53)
    try:
        wire = query.to_wire()
        await tcp.write(len(wire).to_bytes(2, "big") + wire)
        received = bytearray()
        while len(received) < 2 or len(received) < (end := 2 + int.from_bytes(received[:2], "big")):
            data = await tcp.read(_TCP_BYTES)
            if not data:
                raise PeerClosed("the resolver ended the connection before it had answered")
            received += data
            if len(received) > _TCP_BYTES:
                raise Garbage(f"the answer over TCP is longer than {_TCP_BYTES} bytes")
    finally:
        tcp.close()
    message = dns.message.from_wire(bytes(received[2:end]), ignore_trailing=True)
    if not query.is_response(message):
        raise Garbage("the answer over TCP is to another question")
    return message


async def _close_early(enough: asyncio.Event, limit: asyncio.Timeout) -> None:
    await enough.wait()
    limit.reschedule(asyncio.get_running_loop().time())


def _read(message: dns.message.Message, t: float, ttl: int | None) -> DnsAnswer:
    rcode = message.rcode()
    found = (
        str(item.address)
        for rrset in message.answer
        if rrset.rdclass == dns.rdataclass.IN and rrset.rdtype in {dns.rdatatype.A, dns.rdatatype.AAAA}
        for item in rrset
    )
    addresses = tuple(islice(found, _ADDRESSES_MAX))
    failure = _FAILURE_BY_RCODE.get(rcode, Failure.DNS_OTHER)
    if failure is None and not addresses:
        cut = message.flags & dns.flags.TC
        failure = Failure.DNS_OTHER if cut else Failure.DNS_NO_ANSWER
    return DnsAnswer(t=t, failure=failure, addresses=addresses, rcode=dns.rcode.to_text(rcode), ip_ttl=ttl)


def _waiting(sock: socket.socket) -> tuple[bytes, int | None] | None:
    """A datagram that is already there."""
    try:
        return _read_now(sock)
    except OSError:
        return None


if sys.platform == "win32":

    def _want_ttl(sock: socket.socket) -> None:
        """Windows' Python has no recvmsg."""

    def _read_now(sock: socket.socket) -> tuple[bytes, int | None]:
        return sock.recv(_DATAGRAM_BYTES), None

    async def _receive(sock: socket.socket) -> tuple[bytes, int | None]:
        return await asyncio.get_running_loop().sock_recv(sock, _DATAGRAM_BYTES), None

else:

    def _want_ttl(sock: socket.socket) -> None:
        if sock.family == socket.AF_INET and hasattr(socket, "IP_RECVTTL"):
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTTL, 1)
        elif sock.family == socket.AF_INET and sys.platform == "linux":
            sock.setsockopt(socket.IPPROTO_IP, 12, 1)  # IP_RECVTTL; named in Python only from 3.14 on

    def _read_now(sock: socket.socket) -> tuple[bytes, int | None]:
        """A datagram and the hops left in its IP header, where the system tells. Raises BlockingIOError."""
        data, ancillary, _, _ = sock.recvmsg(_DATAGRAM_BYTES, 256)
        ttl = [struct.unpack("i", value[:4])[0] for level, _, value in ancillary if level == socket.IPPROTO_IP]
        return data, ttl[0] if ttl else None

    async def _receive(sock: socket.socket) -> tuple[bytes, int | None]:
        loop = asyncio.get_running_loop()
        while True:
            try:
                return _read_now(sock)
            except BlockingIOError:
                readable = loop.create_future()
                loop.add_reader(sock, _wake, readable)
                try:
                    await readable
                finally:
                    loop.remove_reader(sock)

    def _wake(readable: "asyncio.Future[None]") -> None:
        if not readable.done():
            readable.set_result(None)
