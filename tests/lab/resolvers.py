"""Resolvers: one zone, asked over UDP, TCP and HTTPS. Which names are in a zone is told by the world.

No caching, no recursion: a name is in the zone or it does not exist.
"""

import asyncio
import base64
from asyncio import DatagramTransport, StreamReader, StreamWriter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import parse_qs, urlsplit

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from tests.lab.pages import Page, Request, head
from tests.lab.site import Answer

NO_SUCH_NAME = Answer("NXDOMAIN")
LIFE_S = 300


@dataclass
class Zone:
    """What one resolver says. Names in small letters, without the last dot."""

    answers: Mapping[str, Answer] = field(default_factory=dict)

    async def reply(self, wire: bytes) -> bytes | None:
        """The answer to one query, or nothing."""
        try:
            query = dns.message.from_wire(wire)
        except dns.exception.DNSException:
            return None
        if not query.question:
            return None
        name = query.question[0].name.to_text(omit_final_dot=True).lower()
        answer = self.answers.get(name, NO_SUCH_NAME)
        if answer.delay_s:
            await asyncio.sleep(answer.delay_s)
        return None if answer.silent else self._written(query, answer)

    def _written(self, query: dns.message.Message, answer: Answer) -> bytes:
        response = dns.message.make_response(query, recursion_available=True)
        response.set_rcode(dns.rcode.from_text(answer.rcode))
        asked, owner = query.question[0], query.question[0].name.to_text()
        addresses = answer.addresses
        if answer.cname is not None:
            response.answer.append(dns.rrset.from_text(owner, LIFE_S, "IN", "CNAME", answer.cname + "."))
            owner = answer.cname + "."
            addresses = addresses or self.answers.get(answer.cname, NO_SUCH_NAME).addresses
        asked_for = [ip for ip in addresses if (":" in ip) == (asked.rdtype == dns.rdatatype.AAAA)]
        if asked.rdtype in (dns.rdatatype.A, dns.rdatatype.AAAA) and asked_for:
            kind = dns.rdatatype.to_text(asked.rdtype)
            response.answer.append(dns.rrset.from_text(owner, LIFE_S, "IN", kind, *asked_for))
        return response.to_wire()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, zone: Zone) -> None:
        self._zone, self._tasks = zone, set[asyncio.Task[None]]()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        task = asyncio.ensure_future(self._reply(data, addr))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _reply(self, data: bytes, addr: tuple[str, int]) -> None:
        said = await self._zone.reply(data)
        if said is not None:
            self._transport.sendto(said, addr)


async def serve(zone: Zone, ip: str) -> None:
    """Answer on UDP and TCP port 53 of this address, for as long as the loop runs."""
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(lambda: _Datagrams(zone), local_addr=(ip, 53))

    async def connected(reader: StreamReader, writer: StreamWriter) -> None:
        try:
            while True:
                size = int.from_bytes(await reader.readexactly(2), "big")
                said = await zone.reply(await reader.readexactly(size))
                if said is not None:
                    writer.write(len(said).to_bytes(2, "big") + said)
        except (asyncio.IncompleteReadError, OSError):
            writer.close()

    await asyncio.start_server(connected, ip, 53)


@dataclass(frozen=True)
class DnsOverHttps:
    """The manner of a DoH server: GET and POST at /dns-query."""

    zone: Zone

    async def answer(self, request: Request, out: StreamWriter) -> bool:
        url = urlsplit(request.path)
        if url.path != "/dns-query":
            return await Page("Not found", 400, 404).answer(request, out)
        wire = request.body
        if request.method == "GET":
            packed = parse_qs(url.query).get("dns", [""])[0]
            wire = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
        said = await self.zone.reply(wire)
        if said is None:
            return await Page("Bad request", 400, 400).answer(request, out)
        fields = {"Content-Type": "application/dns-message", "Content-Length": str(len(said))}
        out.write(head(200, {**fields, "Cache-Control": f"max-age={LIFE_S}"}) + said)
        return True
