"""A resolver on port 53 of its own loopback address, and what may be made of a question on the way to it."""

import asyncio
import os
import socket
import struct
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from itertools import pairwise

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from tests.probe.servers import Peer, response

# One datagram that is sent back, and the hops that its IP header has left.
Datagram = tuple[bytes, int]
Liar = Callable[[dns.message.Message], list[Datagram]]
Meet = Callable[[socket.socket, Liar], None]
_APART_S = 0.01  # between the datagrams of one answer
TRUE_ADDRESS, FALSE_ADDRESS = "93.184.215.14", "10.10.34.35"


def answer(query: dns.message.Message, *addresses: str, rcode: dns.rcode.Rcode = dns.rcode.NOERROR) -> bytes:
    reply = dns.message.make_response(query)
    reply.set_rcode(rcode)
    if addresses:
        reply.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", "A", *addresses))
    return reply.to_wire()


def honest(query: dns.message.Message) -> list[Datagram]:
    return [(answer(query, TRUE_ADDRESS), 64)]


def raced(query: dns.message.Message) -> list[Datagram]:
    """A box on the path is quicker than the resolver, and nearer."""
    return [(answer(query, FALSE_ADDRESS), 199), (answer(query, TRUE_ADDRESS), 61)]


def silent(_query: dns.message.Message) -> list[Datagram]:
    return []


def says_rcode(rcode: dns.rcode.Rcode) -> Liar:
    return lambda query: [(answer(query, rcode=rcode), 64)]


def says_no_address(query: dns.message.Message) -> list[Datagram]:
    return [(answer(query), 64)]


def cut_short(query: dns.message.Message) -> list[Datagram]:
    """Asks to be asked again over TCP, as resolvers do under load."""
    reply = dns.message.make_response(query)
    reply.flags |= dns.flags.TC
    return [(reply.to_wire(), 64)]


def cut_short_after_a_lie(query: dns.message.Message) -> list[Datagram]:
    return [(answer(query, FALSE_ADDRESS), 199), *cut_short(query)]


def floods(number: int, addresses: int) -> Liar:
    """One question is answered so many times, with so many addresses each."""
    return lambda query: [(answer(query, *(f"93.184.{n // 250}.{n % 250}" for n in range(addresses))), 64)] * number


def through_aliases(query: dns.message.Message) -> list[Datagram]:
    """As content networks answer: the address belongs to the last of a chain of names."""
    reply = dns.message.make_response(query)
    names = [query.question[0].name.to_text(), *(f"edge-{number}.cdn.example." for number in range(8))]
    for alias, name in pairwise(names):
        reply.answer.append(dns.rrset.from_text(alias, 60, "IN", "CNAME", name))
    reply.answer.append(dns.rrset.from_text(names[-1], 60, "IN", "A", TRUE_ADDRESS))
    return [(reply.to_wire(), 64)]


def of_another_class(query: dns.message.Message) -> list[Datagram]:
    """An address of no internet: one wrong byte in a forged answer."""
    reply = dns.message.make_response(query)
    reply.answer.append(dns.rrset.from_text(query.question[0].name, 60, "HS", "A", "\\# 4 5db8d70e"))
    return [(reply.to_wire(), 64)]


def noisy(query: dns.message.Message) -> list[Datagram]:
    """Noise, another's answer and an answer to another question come before the true one."""
    other = dns.message.make_query("other.example", "A", id=query.id)
    stale = dns.message.from_wire(query.to_wire())
    stale.id = (query.id + 1) % 65536
    return [
        (b"", 64),
        (b"\xff" * 40, 64),
        (answer(stale, FALSE_ADDRESS), 64),
        (answer(other, FALSE_ADDRESS), 64),
        *honest(query),
    ]


def answers_second(asked: list[int]) -> Liar:
    """Loses the first question, as lines do."""

    def liar(query: dns.message.Message) -> list[Datagram]:
        asked.append(query.id)
        return honest(query) if len(asked) > 1 else []

    return liar


def only_noise(asked: list[int]) -> Liar:
    def liar(query: dns.message.Message) -> list[Datagram]:
        asked.append(query.id)
        return [(b"\xff" * 40, 64)]

    return liar


def over_tcp(said: Callable[[dns.message.Message], bytes]) -> Peer:
    """A peer for servers.site: one question and its answer as RFC 7766 has them."""

    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        length = int.from_bytes(await reader.readexactly(2), "big")
        reply = said(dns.message.from_wire(await reader.readexactly(length)))
        writer.write(len(reply).to_bytes(2, "big") + reply)
        await writer.drain()

    return peer


def _meet(sock: socket.socket, liar: Liar) -> None:
    query, asker = sock.recvfrom(4096)
    for number, (datagram, ttl) in enumerate(liar(dns.message.from_wire(query))):
        asyncio.get_running_loop().call_later(number * _APART_S, _send, sock, datagram, ttl, asker)


def as_a_stranger(sock: socket.socket, liar: Liar) -> None:
    """Somebody else answers: from another address, with the right number to the right port."""
    query, asker = sock.recvfrom(4096)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.0.4", 53))
        for datagram, _ in liar(dns.message.from_wire(query)):
            stranger.sendto(datagram, asker)


def and_says_that_it_is_closed(sock: socket.socket, liar: Liar) -> None:
    """A box on the path answers, and the host itself, which is no resolver, says "port unreachable" (RFC 792)."""
    query, asker = sock.recvfrom(4096)
    for datagram, _ in liar(dns.message.from_wire(query)):
        sock.sendto(datagram, asker)
    sent = struct.pack(
        "!BBHHHBBH4s4s", 0x45, 0, 28 + len(query), 0, 0, 64, 17, 0, *map(_packed, (asker, sock.getsockname()))
    )
    sent += struct.pack("!HHHH", asker[1], 53, 8 + len(query), 0)
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as host:
        host.sendto(struct.pack("!BBHI", 3, 3, _checksum(struct.pack("!BBHI", 3, 3, 0, 0) + sent), 0) + sent, asker)


def _packed(end: tuple[str, int]) -> bytes:
    return socket.inet_aton(end[0])


def _checksum(data: bytes) -> int:
    """RFC 1071; the data's length is even."""
    total = sum(int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def without_pause(sock: socket.socket, liar: Liar) -> None:
    """The answers are sent over and over, faster than they can be read, until the resolver is gone."""
    query, asker = sock.recvfrom(4096)
    datagrams = [datagram for datagram, _ in liar(dns.message.from_wire(query))]

    def drown() -> None:
        with suppress(OSError):  # closed, by the resolver or by who asked
            while True:
                for datagram in datagrams:
                    sock.sendto(datagram, asker)

    threading.Thread(target=drown, daemon=True).start()


def _send(sock: socket.socket, datagram: bytes, ttl: int, asker: tuple[str, int]) -> None:
    if sock.fileno() >= 0:  # the test may be over
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)
        sock.sendto(datagram, asker)


async def doh(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """An encrypted resolver (RFC 8484) that knows each name, as a peer for servers.site."""
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"POST /dns-query HTTP/1.1\r\n")
    assert b"application/dns-message" in head
    length = int(head.lower().partition(b"content-length:")[2].split()[0])
    query = dns.message.from_wire(await reader.readexactly(length))
    writer.write(response(answer(query, TRUE_ADDRESS), content_type="application/dns-message"))
    await writer.drain()


@asynccontextmanager
async def resolver(liar: Liar, address: str = "127.0.0.2", *, meet: Meet = _meet) -> AsyncIterator[str]:
    """The address of a resolver that does to each question what `liar` does; `meet` is how that gets to the asker."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.bind((address, 53))
        except OSError as exc:  # EACCES; EADDRNOTAVAIL where loopback is a single address
            reason = f"a resolver needs port 53 of {address}, which takes root: {exc.strerror}"
            (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
        loop.add_reader(sock, meet, sock, liar)
        try:
            yield address
        finally:
            loop.remove_reader(sock)
