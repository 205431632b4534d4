"""What stands before all of a shared server: under which names it is asked, and what a browser may do with answers.

The pages of `kedergi up` have a guard of their own (pages/guard.py), which lets nothing be sent.
"""

import re
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.pages.guard import HEADERS, LOOPBACK, host_of

# What machines ask: a signature or nothing at all is looked at there, and no cookie.
_ANY_HOST = re.compile(r"/(healthz|readyz|metrics|v1/.+)")
_HSTS = "max-age=31536000"
_ELSEWHERE = "This name is not served here; `name` in the section [server] of the configuration says which are.\n"


class ServerGuard:
    """Refuses names that are not the server's, so that no page elsewhere can pass for it, and adds the headers."""

    def __init__(self, app: ASGIApp, *, names: Iterable[str]) -> None:
        self._app = app
        self._names = frozenset(host_of(name) for name in names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        host = host_of(Headers(scope=scope).get("host", ""))

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("cache-control", "no-store")
                if host in self._names:  # these are reached over TLS alone
                    headers["strict-transport-security"] = _HSTS
            await send(message)

        answer = self._app
        if host not in self._names | LOOPBACK and not _ANY_HOST.fullmatch(scope["path"]):
            answer = PlainTextResponse(_ELSEWHERE, status_code=421)
        await answer(scope, receive, send_guarded)
