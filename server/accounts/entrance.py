"""The addresses of signing in and out, and of the one-time links with which a password is chosen."""

import asyncio
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from server.accounts import passwords, people, proving
from server.accounts.attempts import TooSoon
from server.accounts.passwords import BadPassword
from server.accounts.people import BadLink, NotDone
from server.accounts.proving import NOT_PROVEN, Entered, NotProven
from server.accounts.roles import Role, plain_name
from server.accounts.web import (
    SESSION,
    Accounts,
    Form,
    browser_of,
    form_of,
    hashing,
    known,
    own_path,
    page,
    required,
    see,
    session_of,
    set_cookie,
    signed_in,
)
from server.body import Refused
from server.pages.tongue import N_, Later, later

_BAD_LINK = N_("This link leads nowhere: it was used, is older than a day, or was never made.")


async def sign_in(accounts: Accounts, request: Request) -> Response:
    """Also where somebody is signed in: as somebody else."""
    if request.method != "POST":
        asked = {"next": own_path(request.query_params.get("next", ""))}
        return await page(accounts, request, "sign_in.html", entered=asked, said=request.query_params.get("said"))
    form = await form_of(accounts, request)
    entered, now = entered_in(form), accounts.utcnow()
    work = partial(proving.sign_in, accounts.desk, entered, browser=browser_of(accounts, request), now=now)
    before = await session_of(accounts, request)
    kept = {"name": entered.name, "next": own_path(form.get("next", ""))}
    again = partial(page, accounts, request, "sign_in.html", entered=kept, said=None)
    try:
        token, name = await hashing(accounts, work)
    except NotProven:
        return await again(status=422, errors={"name": NOT_PROVEN})
    except TooSoon as exc:
        return await again(status=429, retry_after_s=exc.wait_s, errors={"name": too_soon(exc)})
    if before is not None:
        await asyncio.to_thread(proving.sign_out, accounts.desk, before, now=now)
    return known(accounts, signed_in(accounts, see(kept["next"]), token), name)


async def sign_out(accounts: Accounts, request: Request) -> Response:
    session = await required(accounts, request, Role.VIEWER)
    await form_of(accounts, request)
    await asyncio.to_thread(proving.sign_out, accounts.desk, session, now=accounts.utcnow())
    answer = see("/sign-in?said=out")
    set_cookie(answer, SESSION, "", max_age=0)
    return answer


async def choose(accounts: Accounts, request: Request) -> Response:
    """The link of the first admin, and those with which others choose their passwords. Looking does not spend it."""
    code, store = request.path_params["code"], accounts.desk.store
    try:
        account = await asyncio.to_thread(people.of_link, store, code, now=accounts.utcnow())
        shown = partial(page, accounts, request, "choose.html", account=account)
        if request.method != "POST":
            return await shown()
        form = await form_of(accounts, request)
        name = account.name if account else plain_name(form.get("name", ""))
        if errors := wrong_passwords(form, name):
            return await shown(status=422, errors=errors, entered={"name": name})
        try:
            name = await hashing(accounts, partial(_chosen, accounts, code, name, form["new"]))
        except NotDone as exc:
            return await shown(status=422, errors={"name": exc.says}, entered={"name": name})
    except BadLink as exc:
        raise Refused(404, _BAD_LINK) from exc
    return known(accounts, see("/sign-in?said=chosen"), name)


def _chosen(accounts: Accounts, code: str, name: str, password: str) -> str:
    kept = accounts.desk.passwords.hashed(password)
    return people.choose(accounts.desk.store, code, name=name, password=kept, now=accounts.utcnow())


def entered_in(form: Form) -> Entered:
    return Entered(name=form.get("name", ""), password=form.get("password", ""), code=form.get("code", ""))


def wrong_passwords(form: Form, name: str) -> dict[str, str | Later]:
    """What is wrong with a new password, by field."""
    new = form.get("new", "")
    try:
        passwords.allowed(new, name=name)
    except BadPassword as exc:
        return {"new": exc.says}
    return {} if new == form.get("again", "") else {"again": N_("The two passwords are not the same.")}


def too_soon(exc: TooSoon) -> Later:
    return later("There were too many tries; the next one is taken in {seconds} s.", seconds=int(exc.wait_s) + 1)
