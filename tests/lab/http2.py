"""HTTP/2 servers (RFC 9113): any manner in frames, and manners of bare frames that no decent server has.

Which protocol is spoken is agreed in the handshake (`web`): a manner that has `alpn` says what its site offers.
"""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import ClassVar, cast

import h2.config
import h2.connection
import h2.events
import h2.exceptions
from hpack import Encoder
from hyperframe.frame import ContinuationFrame, DataFrame, GoAwayFrame, HeadersFrame, PingFrame, RstStreamFrame

from tests.lab.pages import Manner, Page, Pours, Request

Chosen = Callable[[str], Manner]
_OF_A_CONNECTION = {"connection", "keep-alive", "transfer-encoding"}  # fields that HTTP/2 has not


@dataclass(frozen=True)
class Http2:
    """Another manner over HTTP/2, or over HTTP/1.1 for those who know no better."""

    manner: Manner = field(default_factory=Page)
    alpn: ClassVar[tuple[str, ...]] = ("h2", "http/1.1")

    async def answer(self, request: Request, out: StreamWriter) -> bool:
        return await self.manner.answer(request, out)


@dataclass(frozen=True)
class Frames(Pours):
    """These bytes after the preface in answer to a request, frames or not; then `again` without end."""

    alpn: ClassVar[tuple[str, ...]] = ("h2",)


def head(status: str = "200", *fields: tuple[str, str]) -> bytes:
    """The first head of a connection, on its first stream."""
    frame = HeadersFrame(1, Encoder().encode([(":status", status), ("content-type", "text/html"), *fields]))
    frame.flags.add("END_HEADERS")
    return frame.serialize()


def data(text: bytes) -> bytes:
    return DataFrame(1, text).serialize()


def ping() -> bytes:
    return PingFrame(0, opaque_data=b"12345678").serialize()


def reset(code: int = 2) -> bytes:
    return RstStreamFrame(1, error_code=code).serialize()


def goaway(code: int = 2) -> bytes:
    return GoAwayFrame(0, error_code=code).serialize()


def unfinished_head() -> bytes:
    return HeadersFrame(1, b"\x88").serialize()


def continuation() -> bytes:
    return ContinuationFrame(1, b"\0\x01a\x01b").serialize()


async def converse(reader: StreamReader, writer: StreamWriter, chosen: Chosen) -> None:
    """Until the client ends the connection."""
    conversation = _Conversation(writer, chosen)
    try:
        await conversation.run(reader)
    finally:
        await conversation.end()


class _Conversation:
    def __init__(self, writer: StreamWriter, chosen: Chosen) -> None:
        self._writer, self._chosen = writer, chosen
        self._state = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        self._asked: dict[int, tuple[dict[str, str], bytearray]] = {}
        self._answers: dict[int, asyncio.Task[None]] = {}
        self._more_room = asyncio.Event()

    async def run(self, reader: StreamReader) -> None:
        self._state.initiate_connection()
        await self._flush()
        with suppress(h2.exceptions.ProtocolError):  # a client that isn't content with bare frames
            while received := await reader.read(65536):
                for event in self._state.receive_data(received):
                    self._meet(event)
                await self._flush()

    async def end(self) -> None:
        for answer in self._answers.values():
            answer.cancel()
        await asyncio.gather(*self._answers.values(), return_exceptions=True)

    def _meet(self, event: h2.events.Event) -> None:
        match event:
            case h2.events.RequestReceived():
                fields = {name.decode(): value.decode("latin-1") for name, value in event.headers}
                self._asked[event.stream_id] = fields, bytearray()
            case h2.events.DataReceived():
                self._asked[event.stream_id][1].extend(event.data)
                self._state.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            case h2.events.StreamEnded():
                number = event.stream_id
                self._answers[number] = asyncio.ensure_future(self._answer(number, *self._asked.pop(number)))
            case h2.events.StreamReset() if event.stream_id in self._answers:
                self._answers[event.stream_id].cancel()
            case h2.events.WindowUpdated() | h2.events.RemoteSettingsChanged():
                self._more_room.set()

    async def _answer(self, number: int, fields: dict[str, str], body: bytearray) -> None:
        host = fields.get(":authority", "").lower().rsplit(":", 1)[0]
        request = Request(fields[":method"], fields[":path"], host, fields, bytes(body), secure=True)
        manner = self._chosen(host)
        with suppress(OSError, h2.exceptions.ProtocolError):
            if isinstance(manner, Frames):
                await manner.answer(request, self._writer)
                self._writer.close()
                return
            stream = _InFrames(self, number)
            await manner.answer(request, cast("StreamWriter", stream))
            await stream.drain()
            self._state.end_stream(number)
            await self._flush()

    @property
    def closing(self) -> bool:
        return self._writer.is_closing()

    async def send(self, number: int, status: str, fields: list[tuple[str, str]]) -> None:
        self._state.send_headers(number, [(":status", status), *fields])
        await self._flush()

    async def send_data(self, number: int, body: bytes) -> None:
        while body:
            room = min(self._state.local_flow_control_window(number), self._state.max_outbound_frame_size, len(body))
            if room:
                self._state.send_data(number, body[:room])
                body = body[room:]
                await self._flush()
            else:
                self._more_room.clear()
                await self._more_room.wait()

    async def _flush(self) -> None:
        self._writer.write(self._state.data_to_send())
        await self._writer.drain()


class _InFrames:
    """Where a manner writes HTTP/1.1, and what it writes goes out in frames of one stream."""

    def __init__(self, conversation: _Conversation, number: int) -> None:
        self._conversation, self._number = conversation, number
        self._written, self._head_sent = bytearray(), False

    def is_closing(self) -> bool:
        return self._conversation.closing

    def write(self, text: bytes) -> None:
        self._written += text

    async def drain(self) -> None:
        if not self._head_sent:
            before, end, rest = bytes(self._written).partition(b"\r\n\r\n")
            if not end:
                return
            first, *lines = before.decode("latin-1").split("\r\n")
            named = [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
            fields = [(name, value) for name, value in named if name not in _OF_A_CONNECTION]
            self._head_sent, self._written = True, bytearray(rest)
            await self._conversation.send(self._number, first.split(" ")[1], fields)
        body, self._written = bytes(self._written), bytearray()
        await self._conversation.send_data(self._number, body)
