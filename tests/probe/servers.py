"""Sites as they are met behind a censor: each peer is what one server, or one box on the path, does to a connection.

They stand on loopback and speak real TCP; nothing of the program is replaced by them.
"""

import asyncio
import gzip
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from ssl import SSLContext

import h2.config
import h2.connection
import h2.events
from hpack import Encoder
from hyperframe.frame import DataFrame, HeadersFrame, SettingsFrame

Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter
Peer = Callable[[Reader, Writer], Awaitable[None]]
HTML = b"<html><head><title>Ratel \n &amp; others</title></head><body>news</body></html>"
NO_FRAME = b"\0\0\1" + bytes([0, 0]) + bytes(4) + b"x"  # HTTP/2 data for stream 0, which has none


@asynccontextmanager
async def site(
    peer: Peer, context: SSLContext | None = None, host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[int]:
    """The port on which `peer` meets everyone who connects: a free one where none is given."""
    meetings: set[asyncio.Task[None]] = set()

    async def meet(reader: Reader, writer: Writer) -> None:
        task = asyncio.current_task()
        assert task is not None
        meetings.add(task)
        with suppress(ConnectionError, asyncio.CancelledError):
            await peer(reader, writer)
        writer.transport.abort()

    server = await asyncio.start_server(meet, host, port, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in meetings:
            task.cancel()
        await asyncio.gather(*meetings, return_exceptions=True)


def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
    return port


# What is done to a connection as soon as the first bytes have come: a ClientHello, or a request.


def linger_none(writer: Writer) -> None:
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def _close(writer: Writer) -> None:
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


async def resets(reader: Reader, writer: Writer) -> None:
    await reader.read(1)
    linger_none(writer)


async def is_silent(reader: Reader, _writer: Writer) -> None:
    await reader.read(1)
    await asyncio.Event().wait()


async def closes(reader: Reader, writer: Writer) -> None:
    await reader.read(65536)
    await _close(writer)


def says(wire: bytes) -> Peer:
    """These bytes in answer to whatever came, then the end."""

    async def peer(reader: Reader, writer: Writer) -> None:
        await reader.read(65536)
        writer.write(wire)
        await writer.drain()
        await _close(writer)

    return peer


def says_and_resets(wire: bytes) -> Peer:
    async def peer(reader: Reader, writer: Writer) -> None:
        await reader.read(65536)
        writer.write(wire)
        await writer.drain()
        linger_none(writer)

    return peer


def alerts(number: int) -> Peer:
    """A fatal TLS alert in answer to the ClientHello (RFC 8446, 6)."""
    return says(bytes([21, 3, 3, 0, 2, 2, number]))


# What is answered to a request


def response(body: bytes = HTML, status: str = "200 OK", /, **headers: str) -> bytes:
    named = {"content-type": "text/html; charset=utf-8", "content-length": str(len(body))}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in named.items() if value)
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode("latin-1") + body


def page(body: bytes = HTML, status: str = "200 OK", /, **headers: str) -> Peer:
    return says(response(body, status, **headers))


def zipped(body: bytes) -> Peer:
    return page(gzip.compress(body), content_encoding="gzip")


def remembers(heads: list[bytes], wire: bytes) -> Peer:
    """Answers with `wire`, and keeps the heads of the requests in `heads`."""

    async def peer(reader: Reader, writer: Writer) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(wire)
        await writer.drain()
        await _close(writer)

    return peer


def pours(first: bytes, over_and_over: bytes, poured: list[int] | None = None) -> Peer:
    """Answers with `first`, then with the rest as fast as it is taken, without end; each amount goes to `poured`."""

    async def peer(reader: Reader, writer: Writer) -> None:
        await reader.read(65536)
        writer.write(first)
        while not writer.transport.is_closing():
            writer.write(over_and_over)
            await writer.drain()
            if poured is not None:
                poured.append(len(over_and_over))

    return peer


endless_headers = pours(b"HTTP/1.1 200 OK\r\n", b"x-more: and more\r\n" * 100)


def drips(first: bytes, drop: bytes, every_s: float) -> Peer:
    """Answers with `first`, then a little at a time, without end."""

    async def peer(reader: Reader, writer: Writer) -> None:
        await reader.read(65536)
        writer.write(first)
        while not writer.transport.is_closing():
            writer.write(drop)
            await writer.drain()
            await asyncio.sleep(every_s)

    return peer


def trickles(parts: int, every_s: float, *, then: Peer | None = None) -> Peer:
    """A body that comes in small parts, and after the last one the end, or whatever `then` does."""

    async def peer(reader: Reader, writer: Writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(response(b"", content_length=""))
        for _ in range(parts):
            writer.write(b"x" * 1000)
            await writer.drain()
            await asyncio.sleep(every_s)
        await (then(reader, writer) if then else _close(writer))

    return peer


async def stalls(_reader: Reader, _writer: Writer) -> None:
    """Says no more and leaves the connection open."""
    await asyncio.Event().wait()


def h2_head(*fields: tuple[str, str], status: str = "200", end: bool = False) -> bytes:
    """A server's preface, and the head of its answer to the first request."""
    frame = HeadersFrame(1, Encoder().encode([(":status", status), *fields]))
    frame.flags.add("END_HEADERS")
    if end:
        frame.flags.add("END_STREAM")
    return SettingsFrame().serialize() + frame.serialize()


def h2_data(data: bytes) -> bytes:
    return DataFrame(1, data).serialize()


def speaks_h2(status: str = "200", body: bytes = HTML, *, garbage_after: bool = False) -> Peer:
    """One page over HTTP/2; `garbage_after`: after the head come bytes that are no HTTP/2."""

    async def peer(reader: Reader, writer: Writer) -> None:
        connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        connection.initiate_connection()
        writer.write(connection.data_to_send())
        while received := await reader.read(65536):
            for event in connection.receive_data(received):
                if isinstance(event, h2.events.RequestReceived) and event.stream_id:
                    connection.send_headers(event.stream_id, [(":status", status), ("x-by", "h2")])
                    if garbage_after:
                        writer.write(connection.data_to_send())
                        await asyncio.sleep(0.05)  # so that the head is read by itself
                        writer.write(NO_FRAME)
                    else:
                        connection.send_data(event.stream_id, body, end_stream=True)
            writer.write(connection.data_to_send())
            await writer.drain()

    return peer
