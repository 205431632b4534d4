"""The page of one's own account: password, second factor, sessions."""

import asyncio
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from server.accounts import proving, second, sessions
from server.accounts.attempts import TooSoon
from server.accounts.entrance import entered_in, too_soon, wrong_passwords
from server.accounts.proving import Entered, NotProven
from server.accounts.roles import Role
from server.accounts.sessions import Session
from server.accounts.web import Accounts, Form, form_of, hashing, page, required, see
from server.pages.tongue import N_, Later

_WRONG = N_("The password or the code is wrong.")


async def account(accounts: Accounts, request: Request) -> Response:
    session = await required(accounts, request, Role.VIEWER)
    return await _shown(accounts, request, session)


async def password(accounts: Accounts, request: Request) -> Response:
    session = await required(accounts, request, Role.VIEWER)
    form = await form_of(accounts, request)
    if errors := wrong_passwords(form, session.name):
        return await _shown(accounts, request, session, status=422, errors=errors)
    work = partial(proving.change_password, accounts.desk, session, _own(form, session), form["new"])
    return await _proven(accounts, request, session, work, "password", "password")


async def totp(accounts: Accounts, request: Request) -> Response:
    """Shows a secret to take over, or turns it on where it comes back with a code that proves it."""
    session = await required(accounts, request, Role.VIEWER)
    form = await form_of(accounts, request)
    if session.totp:
        return see("/account")
    if "offered" not in form:
        return await _offer(accounts, request, session, second.new_secret())
    secret = proving.secret_offered(accounts.desk, session, form["offered"], now=accounts.utcnow())
    if secret is None:
        return await _offer(accounts, request, session, second.new_secret())
    work = partial(proving.turn_on, accounts.desk, session, _own(form, session), secret)
    errors = await _tried(accounts, work, "code")
    if errors:
        return await _offer(accounts, request, session, secret, status=422, errors=errors)
    return see("/account?said=on")


async def totp_off(accounts: Accounts, request: Request) -> Response:
    session = await required(accounts, request, Role.VIEWER)
    form = await form_of(accounts, request)
    work = partial(proving.turn_off, accounts.desk, session, _own(form, session))
    return await _proven(accounts, request, session, work, "code", "off")


async def end_others(accounts: Accounts, request: Request) -> Response:
    session = await required(accounts, request, Role.VIEWER)
    await form_of(accounts, request)
    await asyncio.to_thread(proving.end_others, accounts.desk, session, now=accounts.utcnow())
    return see("/account?said=ended")


async def _proven(accounts: Accounts, request: Request, session: Session, work: Any, field: str, said: str) -> Response:
    errors = await _tried(accounts, work, field)
    if errors:
        return await _shown(accounts, request, session, status=422, errors=errors)
    return see(f"/account?said={said}")


async def _tried(accounts: Accounts, work: Any, field: str) -> dict[str, str | Later]:
    try:
        await hashing(accounts, partial(work, now=accounts.utcnow()))
    except NotProven:
        return {field: _WRONG}
    except TooSoon as exc:
        return {field: too_soon(exc)}
    return {}


def _own(form: Form, session: Session) -> Entered:
    entered = entered_in(form)
    return Entered(name=session.name, password=entered.password, code=entered.code)


async def _shown(accounts: Accounts, request: Request, session: Session, **values: Any) -> Response:
    found = await asyncio.to_thread(sessions.of, accounts.desk.store, session.name, now=accounts.utcnow())
    said = request.query_params.get("said")
    return await page(accounts, request, "account.html", said=said, sessions=found, **values)


async def _offer(accounts: Accounts, request: Request, session: Session, secret: str, **values: Any) -> Response:
    server = accounts.names[0] if accounts.names else "this-server"
    address = second.address(secret, name=session.name, server=server)
    return await page(
        accounts,
        request,
        "totp.html",
        offered=proving.offered(accounts.desk, session, secret, now=accounts.utcnow()),
        address=address,
        picture=second.picture(address),
        secret=second.grouped(secret),
        **values,
    )
