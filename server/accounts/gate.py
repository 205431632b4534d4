"""Before a closed server's pages (`public = false`): who is not signed in sees nothing but the way to sign in."""

import re

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from results.store import StoreError
from server.accounts.web import HEADERS, Accounts, session_of, to_sign_in

# Probes and watchmen prove themselves in other ways; all else is closed, also what is added later.
_OPEN = re.compile(r"/(sign-in|healthz|readyz|metrics|first/[^/]+|static/[^/]+|v1/.+)")
_DATA = re.compile(r"/api/|\.\w+$")


class Gate:
    """Lets through to `app` what is open, and everybody who is signed in."""

    def __init__(self, app: ASGIApp, *, accounts: Accounts) -> None:
        self._app = app
        self._accounts = accounts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self._app
        if scope["type"] == "http" and not _OPEN.fullmatch(scope["path"]):
            request = Request(scope)
            try:
                if await session_of(self._accounts, request) is None:
                    answer = _refusal(request)
            except StoreError:
                answer = PlainTextResponse("The store can't be used now.\n", 503, HEADERS)
        await answer(scope, receive, send)


def _refusal(request: Request) -> ASGIApp:
    """A person is led to the page where one signs in, a program is told."""
    looking = request.method in {"GET", "HEAD"} or "text/html" in request.headers.get("accept", "")
    if not looking or _DATA.search(request.url.path):
        return JSONResponse({"detail": "This server is closed: sign in."}, 401, HEADERS)
    return to_sign_in(request)
