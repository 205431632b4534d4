"""What stands before every page: who is spoken to, how, and what a browser may do with the answer.

A page elsewhere can point a name of its own at this machine (DNS rebinding); such a request has that name in `Host`,
and is refused. Nobody signs in here, and no cookie is set.
"""

from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
HEADERS = {
    "content-security-policy": "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "x-frame-options": "DENY",
}


class Guard:
    """Lets through GET and HEAD to a known host, and adds the headers."""

    def __init__(self, app: ASGIApp, *, hosts: Iterable[str] | None) -> None:
        """`hosts` None: any, for a server that is spoken to under a name which its proxy knows."""
        self._app = app
        self._hosts = None if hosts is None else LOOPBACK | {host.lower() for host in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("cache-control", "no-store")
            await send(message)

        refusal = self._refusal(scope)
        await (refusal or self._app)(scope, receive, send_guarded)

    def _refusal(self, scope: Scope) -> ASGIApp | None:
        host = host_of(Headers(scope=scope).get("host", ""))
        if self._hosts is not None and host not in self._hosts:
            return PlainTextResponse("This address is not served here.\n", status_code=421)
        if scope["method"] not in {"GET", "HEAD"}:
            return PlainTextResponse("Only GET and HEAD.\n", status_code=405, headers={"allow": "GET, HEAD"})
        return None


def host_of(header: str) -> str:
    """The host of a `Host` header, in lower case, without its port; an IPv6 address keeps its brackets."""
    host, colon, port = header.strip().lower().rpartition(":")
    return host if colon and port.isdigit() and not host.endswith(":") else header.strip().lower()
