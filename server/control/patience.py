"""A connection that never gets on with its request, or never reads its answer, is ended. Uvicorn waits for ever.

What is asked is not read here.
"""

import asyncio
from typing import ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol


class Patient(H11Protocol):
    """One connection, whose patience is limited."""

    head_s: ClassVar[float] = 10.0  # from the connection, or the first byte, to the end of the request's head
    whole_s: ClassVar[float] = 60.0  # from there until the answer has been taken
    _limit: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._allow(self.head_s)

    def data_received(self, data: bytes) -> None:
        if self._limit is None:
            self._allow(self.head_s)
        before = self.cycle
        super().data_received(data)
        if self.cycle is not before and not self.cycle.response_complete:
            self._allow(self.whole_s)

    def on_response_complete(self) -> None:
        before = self.cycle
        self._lift()
        super().on_response_complete()  # may begin the next request, where it has come already
        if self.cycle is not before:
            self._allow(self.whole_s)
        elif self.transport.get_write_buffer_size():
            self._allow(self.whole_s)  # the answer is written, not taken

    def connection_lost(self, exc: Exception | None) -> None:
        self._lift()
        super().connection_lost(exc)

    def _allow(self, seconds: float) -> None:
        self._lift()
        self._limit = self.loop.call_later(seconds, self.transport.abort)

    def _lift(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None
