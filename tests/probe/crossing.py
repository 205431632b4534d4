"""A stretch of line that counts: what a peer beyond it was really sent, and what it really sent."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.probe.servers import HTML, Peer, Reader, Writer, response, site


@dataclass
class Line:
    """The way to one peer. `up_bytes` went to it, `down_bytes` came from it."""

    port: int = 0
    up_bytes: int = 0
    down_bytes: int = 0


def keeps(body: bytes = HTML) -> Peer:
    """Answers each request with a page, and leaves the end to whoever asks: nothing crosses the line unread."""

    async def peer(reader: Reader, writer: Writer) -> None:
        while head := await _head(reader):
            length = head.lower().partition(b"content-length:")[2].split()[:1]
            await reader.readexactly(int(length[0]) if length else 0)
            writer.write(response(body))
            await writer.drain()

    return peer


async def _head(reader: Reader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""


@asynccontextmanager
async def crossed(peer: Peer, context: ssl.SSLContext | None = None) -> AsyncIterator[Line]:
    """The line to `peer`, dialled at its port."""
    line = Line()

    async def meet(reader: Reader, writer: Writer) -> None:
        there, to_it = await asyncio.open_connection("127.0.0.1", port)

        async def up() -> None:
            try:
                while data := await reader.read(65536):
                    line.up_bytes += len(data)
                    to_it.write(data)
            finally:
                to_it.transport.abort()

        async def down() -> None:
            while data := await there.read(65536):
                line.down_bytes += len(data)
                writer.write(data)

        await asyncio.gather(up(), down())

    async with site(peer, context) as port, site(meet) as line.port:
        yield line
