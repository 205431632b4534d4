"""DNS answers made wrong: datagrams and streams to real sockets, and messages of an encrypted resolver."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from random import Random

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

from probe.services import Services
from probe.steps import dns as step
from probe.trace import StepFailed
from tests.fuzz.family import NAME, Case, course, kept, ours, theirs
from tests.fuzz.mutate import mutated
from tests.probe.resolver import Datagram, resolver
from tests.probe.servers import Reader, Writer, response, site

_RECORDS: tuple[tuple[int, str, tuple[str, ...]], ...] = (
    (
        60,
        "A",
        (
            "93.184.215.14",
            "10.10.34.35",
        ),
    ),
    (
        0,
        "AAAA",
        (
            "2606:2800:220:1::1",
            "::",
        ),
    ),
    (2**31 - 1, "CNAME", ("far.away.example.",)),
    (60, "TXT", ('"' + "x" * 255 + '"',)),
    (60, "SOA", ("a.kz. b.kz. 1 2 3 4 5",)),
    (60, "MX", ("10 mail.ratel.example.",)),
    (60, "HTTPS", ('1 . alpn="h2" ipv4hint="1.2.3.4"',)),
)


def _answer(dice: Random, query: dns.message.Message) -> bytes:
    """An answer as resolvers give them, before anything happens to it."""
    reply = dns.message.make_response(query)
    reply.set_rcode(dice.choice((dns.rcode.NOERROR, dns.rcode.NOERROR, dns.rcode.NXDOMAIN, dns.rcode.BADVERS)))
    for section in (reply.answer, reply.authority, reply.additional):
        for ttl, kind, values in dice.sample(_RECORDS, dice.randint(0, 3)):
            section.append(dns.rrset.from_text(query.question[0].name, ttl, "IN", kind, *values))
    if dice.random() < 0.2:
        reply.flags |= dns.flags.TC
    return reply.to_wire()


def _wrong(dice: Random, query: dns.message.Message) -> bytes:
    """Mostly wrong behind the head, so that it passes for an answer to this very question."""
    wire = _answer(dice, query)
    head = dice.choice((0, 2, 12, 12, len(query.question[0].name.to_wire() or b"") + 16))
    return wire[:head] + mutated(dice, wire[head:])


@asynccontextmanager
async def datagrams() -> AsyncIterator[Case]:
    """Over UDP: up to four wrong answers, and then perhaps a true one."""
    now: dict[str, Random] = {}

    def liar(query: dns.message.Message) -> list[Datagram]:
        dice = now[query.question[0].name.to_text(omit_final_dot=True)]
        wrong = [(_wrong(dice, query)[:4000], 64) for _ in range(dice.randint(1, 4))]
        return [*wrong, (_answer(dice, query), 64)] if dice.random() < 0.5 else wrong

    async with resolver(liar, _own_address(77)) as server:

        async def case(dice: Random) -> None:
            name, place = f"n{dice.getrandbits(60)}.example", course()
            now[name] = dice
            with suppress(StepFailed):
                await step.udp(place, name, server, timeout_s=0.2, window_s=0.05, enough=asyncio.Event())
            kept(place)

        yield case


def _own_address(network: int) -> str:
    """Of this process alone: port 53 can't be chosen."""
    number = os.getpid()
    return f"127.{network}.{number // 250 % 250}.{number % 250 + 1}"


@asynccontextmanager
async def streams() -> AsyncIterator[Case]:
    """Over TCP, since the answer over UDP was cut short."""
    now: dict[str, Random] = {}

    def cut(query: dns.message.Message) -> list[Datagram]:
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.TC
        return [(reply.to_wire(), 64)]

    async def peer(reader: Reader, writer: Writer) -> None:
        size = int.from_bytes(await reader.readexactly(2), "big")
        query = dns.message.from_wire(await reader.readexactly(size))
        dice = now[query.question[0].name.to_text(omit_final_dot=True)]
        said = _wrong(dice, query)[:65535] if dice.random() < 0.8 else _answer(dice, query)
        whole = len(said).to_bytes(2, "big") + said
        writer.write(whole if dice.random() < 0.7 else mutated(dice, whole))
        await writer.drain()

    async def met(reader: Reader, writer: Writer) -> None:
        with suppress(ConnectionError):
            await peer(reader, writer)
        writer.close()

    async with resolver(cut, _own_address(78)) as server:
        over_tcp = await asyncio.start_server(met, server, 53)

        async def case(dice: Random) -> None:
            name, place = f"n{dice.getrandbits(60)}.example", course()
            now[name] = dice
            with suppress(StepFailed):
                await step.udp(place, name, server, timeout_s=1, window_s=0.02, enough=asyncio.Event())
            kept(place)

        try:
            yield case
        finally:
            over_tcp.close()
            await over_tcp.wait_closed()


@asynccontextmanager
async def encrypted() -> AsyncIterator[Case]:
    """Over HTTPS: a wrong message in a good answer, or a good message in a wrong one."""
    now: list[Random] = []

    async def peer(reader: Reader, writer: Writer) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split()[0])
        query = dns.message.from_wire(await reader.readexactly(length))
        dice = now.pop()
        if dice.random() < 0.8:
            said = response(_wrong(dice, query), content_type="application/dns-message")
        else:
            said = mutated(dice, response(_answer(dice, query), content_type="application/dns-message"))
        writer.write(said)
        await writer.drain()

    services = Services(ours())
    turn = asyncio.Lock()
    async with site(peer, theirs()) as port:

        async def case(dice: Random) -> None:
            place = course()
            async with turn:
                now.append(dice)
                with suppress(StepFailed):
                    url = f"https://127.0.0.1:{port}/dns-query"
                    await step.trusted(place, NAME, url, services, timeout_s=2)
            kept(place)

        try:
            yield case
        finally:
            await services.aclose()
