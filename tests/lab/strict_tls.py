"""TLS servers that refuse names they do not serve, with an alert on the wire.

asyncio drops the alert of a failed handshake, so the name is read before TLS begins. No certificates are made here.
"""

import asyncio
import socket
import ssl
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable, Collection, Coroutine
from typing import Any

from tests.lab import sniff

ALERTS = {"unrecognized_name": 112, "handshake_failure": 40}
Connected = Callable[[StreamReader, StreamWriter], Awaitable[None]]


class StrictServer:
    """Serves the known names as `connected` does, and sends the alert to all others."""

    def __init__(self, known: Collection[str], alert: str, context: ssl.SSLContext, connected: Connected) -> None:
        self._known, self._alert, self._context, self._connected = known, ALERTS[alert], context, connected
        self._tasks = set[asyncio.Task[None]]()

    def listen(self, ip: str) -> None:
        self._listener = socket.create_server((ip, 443), backlog=100)
        self._listener.setblocking(False)
        self._start(self._accept())

    def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._listener.close()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            line, _ = await loop.sock_accept(self._listener)
            self._start(self._greet(line))

    async def _greet(self, line: socket.socket) -> None:
        name = await _name_in_hello(line)
        if name is None or name in self._known:
            protocol = asyncio.StreamReaderProtocol(StreamReader(), self._connected)
            await asyncio.get_running_loop().connect_accepted_socket(lambda: protocol, line, ssl=self._context)
            return
        line.recv(65_536)  # what stays unread would turn the close into a reset
        line.send(bytes((0x15, 3, 3, 0, 2, 2, self._alert)))
        line.close()


async def _name_in_hello(line: socket.socket) -> str | None:
    """The name, looked at and left in the socket for TLS to read."""
    line.setblocking(False)
    loop = asyncio.get_running_loop()
    while True:
        readable = asyncio.Event()
        loop.add_reader(line, readable.set)
        await readable.wait()
        loop.remove_reader(line)
        seen = line.recv(65_536, socket.MSG_PEEK)
        name = sniff.sni(seen)
        if name is not sniff.MORE or not seen:
            return name if isinstance(name, str) else None
        await asyncio.sleep(0.005)  # half a hello stays readable: look again when more may have come
