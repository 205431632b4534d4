"""A line between probes and their server that knows where each request is, and can break at any point of it.

Requests are counted over all connections, from 1. What they mean is not read.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from tests.probe.servers import linger_none

STAGES = ("begun", "half", "sent", "answered")  # of a request; the last: its answer came, and is not passed on yet
TROUBLES = (
    "cut before", "cut in the request", "never passed on", "slow request", "answer lost", "cut in the answer",
    "slow answer", "half open",
)  # fmt: skip
_SLOW_S = 1.0  # for a byte


@dataclass(frozen=True, slots=True)
class Where:
    """A request at a stage, and the port from which it reaches the server."""

    number: int
    stage: str
    from_port: int


@dataclass
class Between:
    """`at` is called at each stage, on a thread; `trouble` names what befalls a request."""

    to_port: int
    at: Callable[[Where], None] = lambda _where: None
    trouble: Callable[[int], str] = lambda _number: ""
    path: str = "/v1/measurements"
    port: int = 0
    number: int = 0
    met: list[str] = field(default_factory=list)
    _work: "set[asyncio.Task[None] | None]" = field(default_factory=set)

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._work.add(asyncio.current_task())  # asyncio itself would forget it
        try:
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.to_port)
                try:
                    while head := await _head(reader):
                        await self._pass(head, reader, writer, up_reader, up_writer)
                finally:
                    await _reset(up_writer)
        finally:
            await _reset(writer)
            self._work.discard(asyncio.current_task())

    async def run(self, up: threading.Event, stop: asyncio.Event) -> None:
        """Until it is stopped; `up` is set once there is a port."""
        server = await asyncio.start_server(self.meet, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        up.set()
        await stop.wait()
        server.close()
        for task in list(self._work):
            if task is not None:
                task.cancel()
        await asyncio.gather(*filter(None, self._work), return_exceptions=True)

    async def _pass(
        self,
        head: bytes,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        up_reader: asyncio.StreamReader,
        up_writer: asyncio.StreamWriter,
    ) -> None:
        if self.path.encode() not in head.split(b"\r\n", 1)[0]:
            up_writer.write(head + await reader.readexactly(_length(head)))
            answer = await _head(up_reader)
            writer.write(answer + await up_reader.readexactly(_length(answer)))
            return
        self.number += 1
        number, trouble = self.number, self.trouble(self.number)
        if trouble:
            self.met.append(trouble)
        from_port: int = up_writer.get_extra_info("sockname")[1]

        async def stage(name: str) -> None:
            await asyncio.to_thread(self.at, Where(number, name, from_port))

        if trouble == "cut before":
            raise ConnectionResetError
        await stage("begun")
        body = await reader.readexactly(_length(head))
        if trouble in {"never passed on", "half open"}:
            if trouble == "half open":
                up_writer.write(head)  # the server waits for a body
            await reader.read()  # until whoever asks gives up
            raise ConnectionResetError
        half = len(body) // 2
        up_writer.write(head + body[:half])
        await up_writer.drain()
        await stage("half")
        if trouble == "cut in the request":
            raise ConnectionResetError
        if trouble == "slow request":
            await _slowly(up_writer, body[half:], reader)
        up_writer.write(body[half:])
        await up_writer.drain()
        await stage("sent")
        answer = await _head(up_reader)
        if not answer:
            raise ConnectionResetError
        answer += await up_reader.readexactly(_length(answer))
        await stage("answered")
        await _answer(answer, trouble, reader, writer)


async def _reset(writer: asyncio.StreamWriter) -> None:
    linger_none(writer)
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


async def _answer(answer: bytes, trouble: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    if trouble == "answer lost":
        raise ConnectionResetError
    if trouble == "slow answer":
        await _slowly(writer, answer, reader)
    if trouble == "cut in the answer":
        writer.write(answer[: len(answer) // 2])
        await writer.drain()
        raise ConnectionResetError
    writer.write(answer)
    await writer.drain()


async def _slowly(writer: asyncio.StreamWriter, what: bytes, reader: asyncio.StreamReader) -> None:
    """A byte a second, until whoever asks has enough of it."""
    gone = asyncio.create_task(reader.read())
    try:
        for at in range(len(what)):
            writer.write(what[at : at + 1])
            if (await asyncio.wait([gone], timeout=_SLOW_S))[0]:
                raise ConnectionResetError
    finally:
        gone.cancel()


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


@contextmanager
def between(to_port: int) -> Iterator[Between]:
    """On a thread of its own, so that whoever breaks the line may wait for other things meanwhile."""
    made, up = Between(to_port), threading.Event()
    with asyncio.Runner() as runner:
        loop, stop = runner.get_loop(), asyncio.Event()
        thread = threading.Thread(target=lambda: runner.run(made.run(up, stop)))
        thread.start()
        up.wait(10)
        try:
            yield made
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join()
