"""Stands before the demo's pages and marks every answer as simulated, whatever route it came from.

How each kind of answer is marked is in marks.py.
"""

from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.demo.marks import KEY, Said, marked

_HEADER = f"x-{KEY}"


class Marking:
    """Holds each answer until it is whole; the demo's are small."""

    def __init__(self, app: ASGIApp, said: Callable[[Scope], Said], static: dict[str, tuple[str, bytes]]) -> None:
        """`said`: what the reader of a request is told. `static`: files of the demo's own, by path, with their type."""
        self._app, self._said, self._static = app, said, static

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["path"] in self._static:
            kind, content = self._static[scope["path"]]
            headers = [(b"content-type", kind.encode()), (b"content-length", b"%d" % len(content))]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else content})
            return
        answer = _Answer(self._said(scope), send, of_picture=scope["path"].startswith("/static/"))
        await self._app(_unpacked(scope), receive, answer.take)


def _unpacked(scope: Scope) -> Scope:
    """As of one who takes nothing compressed: what is packed can't be marked."""
    kept = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
    return {**scope, "headers": kept}


class _Answer:
    def __init__(self, said: Said, send: Send, *, of_picture: bool) -> None:
        self._said, self._send, self._of_picture = said, send, of_picture
        self._start: Message = {}
        self._pieces: list[bytes] = []

    async def take(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        if message["type"] != "http.response.body":
            await self._send(message)
            return
        self._pieces.append(message.get("body", b""))
        if not message.get("more_body", False):
            await self._give(b"".join(self._pieces))

    async def _give(self, body: bytes) -> None:
        kind = Headers(raw=self._start["headers"]).get("content-type", "").partition(";")[0].strip().lower()
        # The program's own style and mark are no results.
        if body and not self._of_picture:
            body = marked(kind, body.decode(), self._said).encode() if _is_text(kind) else body
        headers = MutableHeaders(raw=list(self._start["headers"]))
        headers[_HEADER] = "yes"
        if body or "content-length" not in headers:
            headers["content-length"] = str(len(body))
        else:
            del headers["content-length"]  # of a HEAD: it would be another
        await self._send({**self._start, "headers": headers.raw})
        await self._send({"type": "http.response.body", "body": body})


def _is_text(kind: str) -> bool:
    return kind.startswith("text/") or kind.endswith(("json", "xml", "jsonl", "ndjson"))
