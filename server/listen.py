"""Serves an application on one socket until cancelled. Signals stay with the program, not with the web server.

A stop waits some seconds for answers that are under way, and for whoever takes theirs slowly; never longer.
"""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from probe.config import ConfigError

# FastAPI asks of each type whether it is of pydantic's first version, and loads all of that for it. None of ours is.
sys.modules.setdefault("pydantic.v1", None)  # type: ignore[arg-type]

_ANSWERS_S = 3  # for answers that are under way at a stop
_TICK_S = 1.0  # the library ticks ten times as often, which a laptop on its battery would notice


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._ends = asyncio.Event()

    def end(self) -> None:
        self.should_exit = True
        self._ends.set()

    async def main_loop(self) -> None:
        second = 0
        while not await self.on_tick(second * 10):  # that of every second, which says the date in answers
            second += 1
            with suppress(TimeoutError):
                async with asyncio.timeout(_TICK_S):
                    await self._ends.wait()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def bound(host: str, port: int, *, option: str = "--port") -> socket.socket:
    """A listening socket. Raises ConfigError where the address is taken or isn't ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(128)
    except OSError as exc:
        sock.close()
        words = exc.strerror or str(exc)
        raise ConfigError(f"Can't listen on {host} port {port}: {words}; {option} chooses another one.") from exc
    return sock


@asynccontextmanager
async def served(app: ASGIApp, sock: socket.socket, **options: Any) -> AsyncIterator["asyncio.Task[None]"]:
    """The running server's task; ended when the block is left. `options` are uvicorn's.

    No proxy in front is believed: who needs one, reads its header where it is known to be there.
    """
    usual: dict[str, Any] = {"access_log": False, "lifespan": "off", "server_header": False, "proxy_headers": False}
    usual["timeout_graceful_shutdown"] = _ANSWERS_S
    server = _Server(uvicorn.Config(app, **{"log_level": "warning", **usual, **options}))
    serving = asyncio.create_task(server.serve(sockets=[sock]))
    try:
        yield serving
    finally:
        server.end()
        with suppress(asyncio.CancelledError):
            await serving
        sock.close()


async def first_to_end(*tasks: "asyncio.Task[None]") -> None:
    """Until one of them ends, or fails; then the others are ended. The first is that of `served`, which ends it."""
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks[1:]:
            task.cancel()
        await asyncio.wait(tasks[1:])
