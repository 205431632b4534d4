"""Around every request: it is counted and logged, and not begun any more once the server is being stopped.

Neither the client's address nor the query is looked at; a path is told by its template.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.body import Refused, pass_over
from server.intake.limits import BUSY_S
from server.intake.refusal import refusal
from server.logs import LOG, told
from server.metrics import Counts

_HEALTH = ("/healthz", "/readyz")  # asked every few seconds
_STOPPING = "The server is being stopped; send it again in a moment."


class Gate:
    """Whether requests are let in, and how many are inside."""

    def __init__(self) -> None:
        self.closed = False
        self._inside = 0
        self._empty = asyncio.Event()
        self._empty.set()

    @contextmanager
    def inside(self) -> Iterator[None]:
        self._inside += 1
        self._empty.clear()
        try:
            yield
        finally:
            self._inside -= 1
            if not self._inside:
                self._empty.set()

    async def close(self, *, limit_s: float) -> None:
        """Nobody comes in any more; returns once nobody is inside, or after the limit."""
        self.closed = True
        with suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                await self._empty.wait()


class Outermost:
    """The application with its gate, its counts, and a line in the log for each request."""

    def __init__(self, app: ASGIApp, *, gate: Gate, counts: Counts, utcnow: Callable[[], datetime]) -> None:
        self._app = app
        self._gate = gate
        self._counts = counts
        self._utcnow = utcnow

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, sent = time.monotonic(), {"status": 0, "bytes": 0}

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                sent["status"] = message["status"]
            sent["bytes"] += len(message.get("body", b""))
            await send(message)

        try:
            await self._answered(scope, receive, noting)
        finally:
            self._note(scope, sent, time.monotonic() - began)

    async def _answered(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/healthz" or not self._gate.closed:
            # Whoever asks how it is, is not waited for.
            if scope["path"] in _HEALTH:
                await self._app(scope, receive, send)
            else:
                with self._gate.inside():
                    await self._app(scope, receive, send)
            return
        answer = await self._stopping(Request(scope, receive))
        await answer(scope, receive, send)

    async def _stopping(self, request: Request) -> Response:
        if request.url.path == "/readyz":
            return PlainTextResponse("The server is being stopped.", 503, headers={"cache-control": "no-store"})
        request.state.refused = "stopping"
        await pass_over(request)
        return refusal(Refused(503, _STOPPING, retry_after_s=BUSY_S), self._utcnow())

    def _note(self, scope: Scope, sent: dict[str, int], seconds: float) -> None:
        path, state = template(scope), scope.get("state", {})
        self._counts.answered(path, sent["status"], state)
        log = LOG.debug if path in _HEALTH else LOG.info
        said: dict[str, Any] = {"method": scope["method"], "path": path, **sent, "ms": round(1000 * seconds, 1)}
        if "refused" in state:
            said["reason"] = state["refused"]
        if "fates" in state:
            said |= {"taken_bytes": state["batch_bytes"], **state["fates"]}
        # A method is any word that a stranger chose.
        said["method"] = said["method"] if said["method"] in {"GET", "HEAD", "POST", "PUT", "DELETE"} else "other"
        log("request", extra=told(**said))


def template(scope: Scope) -> str:
    """The path as the route has it; "other" where none has. What stands in a real one is nobody's business."""
    if scope["path"] in _HEALTH:
        return str(scope["path"])
    return str(getattr(scope.get("route"), "path", "")) or "other"
