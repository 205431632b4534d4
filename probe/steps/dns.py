"""Asks for a name: the system's way, by a UDP query that hears every answer, and through an encrypted resolver.

No address is dialled here but the resolvers'. A resolver's refusal is data, as is its silence.
"""

import asyncio
import os
import socket
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.resolver

from probe.net import Garbage, look_up
from probe.scrub import resolver_network
from probe.services import Services
from probe.trace import Course
from results.failure import Failure
from results.records import DnsAnswer, DnsStep, Via

_RESEND_S = 1.0  # a lost datagram is asked again, as stub resolvers do
_DOH_BYTES = 65536
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

    The window is `window_s` from the first answer, or less once `enough` is set. Raises StepFailed.
    """
    with course.step(DnsStep, f"udp://{resolver_network(server)}", name=name, via=via) as learnt:
        query = _query(name)
        answers = await _ask(query, server, course.trace.now, timeout_s, window_s, enough)
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


async def _ask(
    query: dns.message.Message,
    server: str,
    now: Callable[[], float],
    timeout_s: float,
    window_s: float,
    enough: asyncio.Event,
) -> tuple[DnsAnswer, ...]:
    answers: list[DnsAnswer] = []
    # Connected, so that a closed port says so at once instead of by silence.
    with socket.socket(socket.AF_INET6 if ":" in server else socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        _want_ttl(sock)
        sock.connect(socket.getaddrinfo(server, 53, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST)[0][4])
        wire, loop = query.to_wire(), asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout_s) as limit:
                due = 0.0
                while True:
                    if not answers and loop.time() >= due:
                        await loop.sock_sendall(sock, wire)
                        due = loop.time() + _RESEND_S
                    try:
                        async with asyncio.timeout_at(None if answers else due):
                            datagram, ttl = await _receive(sock)
                    except TimeoutError:
                        continue
                    try:
                        message = dns.message.from_wire(datagram, ignore_trailing=True)
                    except dns.exception.DNSException:
                        continue  # noise on the port; a true answer may still come
                    if not query.is_response(message):
                        continue
                    if not answers:
                        limit.reschedule(asyncio.get_running_loop().time() + window_s)
                        window = asyncio.ensure_future(_close_early(enough, limit))
                    answers.append(_read(message, now(), ttl))
        except TimeoutError:
            if not answers:
                raise
        finally:
            if answers:
                window.cancel()
    return tuple(answers)


async def _close_early(enough: asyncio.Event, limit: asyncio.Timeout) -> None:
    await enough.wait()
    limit.reschedule(asyncio.get_running_loop().time())


def _read(message: dns.message.Message, t: float, ttl: int | None) -> DnsAnswer:
    rcode = message.rcode()
    addresses = tuple(
        str(item.address)
        for rrset in message.answer
        if rrset.rdclass == dns.rdataclass.IN and rrset.rdtype in {dns.rdatatype.A, dns.rdatatype.AAAA}
        for item in rrset
    )
    failure = _FAILURE_BY_RCODE.get(rcode, Failure.DNS_OTHER)
    if failure is None and not addresses:
        cut = message.flags & dns.flags.TC
        failure = Failure.DNS_OTHER if cut else Failure.DNS_NO_ANSWER
    return DnsAnswer(t=t, failure=failure, addresses=addresses, rcode=dns.rcode.to_text(rcode), ip_ttl=ttl)


if sys.platform == "win32":

    def _want_ttl(sock: socket.socket) -> None:
        """Windows' Python has no recvmsg."""

    async def _receive(sock: socket.socket) -> tuple[bytes, int | None]:
        return await asyncio.get_running_loop().sock_recv(sock, 4096), None

else:

    def _want_ttl(sock: socket.socket) -> None:
        if sock.family == socket.AF_INET and hasattr(socket, "IP_RECVTTL"):
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTTL, 1)
        elif sock.family == socket.AF_INET and sys.platform == "linux":
            sock.setsockopt(socket.IPPROTO_IP, 12, 1)  # IP_RECVTTL; named in Python only from 3.14 on

    async def _receive(sock: socket.socket) -> tuple[bytes, int | None]:
        """The next datagram and the hops left in its IP header, where the system tells."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                data, ancillary, _, _ = sock.recvmsg(4096, 256)
            except BlockingIOError:
                readable = loop.create_future()
                loop.add_reader(sock, _wake, readable)
                try:
                    await readable
                finally:
                    loop.remove_reader(sock)
                continue
            ttl = [struct.unpack("i", value[:4])[0] for level, _, value in ancillary if level == socket.IPPROTO_IP]
            return data, ttl[0] if ttl else None

    def _wake(readable: "asyncio.Future[None]") -> None:
        if not readable.done():
            readable.set_result(None)
