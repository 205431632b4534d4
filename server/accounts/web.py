"""Requests of people with accounts: cookies, forms that only our own pages send, and who may see what.

Whose password fits is told in proving.py; the pages themselves are in the modules of their routes.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import parse_qsl, quote, urlsplit

from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from results.store import StoreError
from server.accounts import sessions
from server.accounts.proving import Desk
from server.accounts.roles import Role, allows
from server.accounts.sessions import Session
from server.body import Refused, body_of, type_of
from server.control.limits import Busy, Turns
from server.pages import tongue
from server.pages.tongue import LANGUAGES, N_, chosen, switch

# A browser takes such a cookie over TLS alone (and from loopback), and from no other host.
SESSION, FORM, BROWSER = "__Host-kedergi", "__Host-kedergi-form", "__Host-kedergi-browser"
_BROWSER_S = 180 * 86400
_FORM_BYTES, _FORM_S, _FIELDS = 16 * 1024, 10.0, 40
# Addresses that hold a code are told to no other server; with no-referrer browsers would not say where a form is from.
HEADERS = {"cache-control": "no-store", "referrer-policy": "same-origin"}
_FOREIGN = N_("This form did not come from a page of this server, or the page is too old. Open it again and repeat.")
_ONLY: Mapping[Role, str] = {
    Role.VIEWER: N_("Only an account with the role viewer may do this."),
    Role.ANALYST: N_("Only an account with the role analyst may do this."),
    Role.ADMIN: N_("Only an account with the role admin may do this."),
}

Endpoint = Callable[[Request], Awaitable[Response]]
Form = Mapping[str, str]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """What the addresses of accounts work with."""

    desk: Desk
    hashing: Turns  # passwords that are checked at once: each takes memory
    templates: Environment
    utcnow: Callable[[], datetime]
    names: Sequence[str]  # under which the server is reached over TLS, the first one first
    version: str


class NotSignedIn(Exception):
    """Nobody is, or not any more."""


async def session_of(accounts: Accounts, request: Request) -> Session | None:
    """Who is signed in; looked up once a request."""
    if "kedergi.session" not in request.scope:
        token = accounts.desk.keys.read("session", request.cookies.get(SESSION, ""))
        found = None
        if token:
            found = await asyncio.to_thread(sessions.find, accounts.desk.store, token, now=accounts.utcnow())
        request.scope["kedergi.session"] = found
    session: Session | None = request.scope["kedergi.session"]
    return session


async def required(accounts: Accounts, request: Request, role: Role) -> Session:
    """Who asks, if they may do what `role` may. Raises NotSignedIn and Refused (see `answering`)."""
    session = await session_of(accounts, request)
    if session is None:
        raise NotSignedIn
    if not allows(session.role, role):
        raise Refused(403, _ONLY[role])
    return session


def answering(accounts: Accounts, endpoint: Endpoint) -> Endpoint:
    """What is in the way of an answer becomes one."""

    async def answer(request: Request) -> Response:
        try:
            return _in_tongue(request, await endpoint(request))
        except NotSignedIn:
            return _in_tongue(request, to_sign_in(request))
        except Busy:
            says = N_("Too many sign in at once; try again in a few seconds.")
            return await page(accounts, request, "sorry.html", status=503, retry_after_s=5, says=says)
        except Refused as exc:
            return await page(accounts, request, "sorry.html", status=exc.status, says=exc.says)
        except StoreError:
            return HTMLResponse("<!doctype html><title>Kedergi</title><p>The store can't be used now.", 503, HEADERS)

    return answer


async def form_of(accounts: Accounts, request: Request) -> Form:
    """The fields of a form that one of our own pages sent. Raises Refused."""
    if type_of(request) != "application/x-www-form-urlencoded":
        raise Refused(415, N_("A form is sent as application/x-www-form-urlencoded."))
    if not _own_page(request):
        raise Refused(403, _FOREIGN)
    body = await body_of(request, most_bytes=_FORM_BYTES, timeout_s=_FORM_S, called="form")
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_FIELDS, errors="strict")
    except ValueError as exc:
        raise Refused(422, N_("The form can't be read.")) from exc
    form = dict(pairs)
    if len(form) != len(pairs) or not all(one.isprintable() for one in form.values()):
        raise Refused(422, N_("The form has a field twice, or a character that no keyboard writes."))
    token = await _form_token(accounts, request)
    if token is None or not secrets.compare_digest(token, form.get("token", "").encode()):
        raise Refused(403, _FOREIGN)
    return form


async def page(
    accounts: Accounts,
    request: Request,
    template: str,
    *,
    status: int = 200,
    retry_after_s: float | None = None,
    **values: Any,
) -> Response:
    """A page with the token that its forms need; where nobody is signed in, a cookie of its own makes that token."""
    fresh = None
    session = await session_of(accounts, request)
    token = await _form_token(accounts, request)
    if token is None:
        fresh = secrets.token_urlsafe(24)
        token = _token(accounts, "form of nobody", fresh)
    named, among = request.query_params.get("lang", ""), switch(request.url.path, request.query_params.multi_items())
    spoken = chosen(named, request.headers.get("accept-language", ""))
    values = {"errors": {}, "entered": {}, "tongue": spoken, "tongues": among, **values}
    shown = accounts.templates.get_template(template).render(
        session=session,
        token=token.decode(),
        path=request.url.path,
        version=accounts.version,
        to=lambda where: _also(where, named),
        **values,
    )
    headers = {
        **HEADERS,
        **tongue.headers(spoken),
        **({"retry-after": str(int(retry_after_s) + 1)} if retry_after_s else {}),
    }
    answer = HTMLResponse(shown, status, headers)
    if fresh:
        set_cookie(answer, FORM, fresh)
    return answer


def _also(where: str, named: str) -> str:
    """A link that keeps the tongue that was chosen."""
    if named not in LANGUAGES:
        return where
    path, mark, rest = where.partition("#")
    return f"{path}{'&' if '?' in path else '?'}lang={named}{mark}{rest}"


def _in_tongue(request: Request, answer: Response) -> Response:
    """A page that one is led to stays in the tongue that was chosen."""
    where = answer.headers.get("location", "")
    if where and "lang=" not in where:
        answer.headers["location"] = _also(where, request.query_params.get("lang", ""))
    return answer


def see(where: str) -> Response:
    """After a form that changed something, so that loading again does not send it again."""
    return RedirectResponse(where, 303, HEADERS)


def to_sign_in(request: Request) -> Response:
    """And back, where coming back is only looking."""
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    back = f"?next={quote(asked, safe='')}" if request.method in {"GET", "HEAD"} and own_path(asked) == asked else ""
    return see("/sign-in" + back)


def own_path(wanted: str) -> str:
    """An address on this server, or the account's page where it is none: nobody is sent elsewhere after signing in."""
    fine = wanted.startswith("/") and wanted.isascii() and wanted.isprintable() and len(wanted) < 2000
    if not fine or wanted[1:2] == "/" or "\\" in wanted or " " in wanted:
        return "/account"
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return "/account"
    return wanted if not parts.scheme and not parts.netloc else "/account"


def signed_in(accounts: Accounts, answer: Response, token: str) -> Response:
    """With the cookie of a session. It ends with the browser, and at the server before that."""
    set_cookie(answer, SESSION, accounts.desk.keys.signed("session", token))
    answer.delete_cookie(FORM, path="/", secure=True, httponly=True, samesite="lax")
    return answer


def known(accounts: Accounts, answer: Response, name: str) -> Response:
    """With the cookie by which this browser is known as one of `name`'s: it lets nobody in (attempts.py)."""
    text = accounts.desk.keys.signed("browser", f"{name}|{secrets.token_urlsafe(16)}")
    set_cookie(answer, BROWSER, text, max_age=_BROWSER_S)
    return answer


def browser_of(accounts: Accounts, request: Request) -> str | None:
    return accounts.desk.keys.read("browser", request.cookies.get(BROWSER, ""))


def set_cookie(answer: Response, name: str, value: str, *, max_age: int | None = None) -> None:
    answer.set_cookie(name, value, max_age=max_age, path="/", secure=True, httponly=True, samesite="lax")


async def hashing(accounts: Accounts, work: Callable[[], T]) -> T:
    """Work that checks or makes a password, on a thread, when it is its turn. Raises Busy."""
    async with accounts.hashing.one():
        return await asyncio.to_thread(work)


def base(accounts: Accounts, request: Request) -> str:
    """What stands before the path in a link to this server."""
    return f"https://{accounts.names[0]}" if accounts.names else f"{request.url.scheme}://{request.url.netloc}"


def _own_page(request: Request) -> bool:
    """What the browser says of the page that the form was on, as far as it says it; the token is asked for anyway."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None and site != "same-origin":
        return False
    return origin is None or urlsplit(origin).netloc.lower() == request.headers.get("host", "").lower()


async def _form_token(accounts: Accounts, request: Request) -> bytes | None:
    session = await session_of(accounts, request)
    if session is not None:
        return _token(accounts, "form", session.token)
    cookie = request.cookies.get(FORM, "")
    return _token(accounts, "form of nobody", cookie) if 20 <= len(cookie) <= 100 else None


def _token(accounts: Accounts, purpose: str, of: str) -> bytes:
    return accounts.desk.keys.digest(purpose, of).encode()
