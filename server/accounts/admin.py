"""The pages of an admin: members and invitations, accounts, the audit."""

import asyncio
import re
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from server import joining
from server.accounts import audit, people
from server.accounts.people import NotDone
from server.accounts.roles import Role, plain_name
from server.accounts.web import Accounts, Form, base, form_of, page, required, see
from server.members_cli import VantageClass
from server.pages.tongue import N_

_HOURS = {"24": N_("a day"), "48": N_("two days"), "168": N_("a week"), "720": N_("30 days")}
_AUDIT_ROWS = 200
_COUNTRY = re.compile(r"[A-Z]{2}")


async def members(accounts: Accounts, request: Request) -> Response:
    await required(accounts, request, Role.ADMIN)
    return await _members(accounts, request)


async def invite(accounts: Accounts, request: Request) -> Response:
    """The answer has the code: it is kept nowhere, so no other page could show it."""
    session = await required(accounts, request, Role.ADMIN)
    form = await form_of(accounts, request)
    country = form.get("country", "").strip().upper()
    errors = {}
    if form.get("class") not in set(VantageClass):
        errors["class"] = N_("Class: choose one of the list.")
    if not _COUNTRY.fullmatch(country):
        errors["country"] = N_("Country: allowed are two letters, as in KZ.")
    if form.get("hours") not in _HOURS:
        errors["hours"] = N_("Good for: choose one of the list.")
    if errors:
        return await _members(accounts, request, status=422, errors=errors, entered=form)
    code = await asyncio.to_thread(
        joining.invite,
        accounts.desk.store,
        vantage_class=form["class"],
        country=country,
        now=accounts.utcnow(),
        hours=int(form["hours"]),
        who=session.name,
    )
    return await _members(accounts, request, code=code, code_hours=_HOURS[form["hours"]])


async def revoke(accounts: Accounts, request: Request) -> Response:
    session = await required(accounts, request, Role.ADMIN)
    vantage = (await form_of(accounts, request)).get("vantage", "")
    done = await asyncio.to_thread(
        joining.revoke, accounts.desk.store, vantage, now=accounts.utcnow(), who=session.name
    )
    if not done:
        return await _members(accounts, request, status=422, errors={"vantage": N_("No member is called so.")})
    return see("/admin?said=revoked")


async def everybody(accounts: Accounts, request: Request) -> Response:
    await required(accounts, request, Role.ADMIN)
    return await _everybody(accounts, request)


async def add(accounts: Accounts, request: Request) -> Response:
    session = await required(accounts, request, Role.ADMIN)
    form = await form_of(accounts, request)
    if form.get("role") not in set(Role):
        errors = {"role": N_("Role: choose one of the list.")}
        return await _everybody(accounts, request, status=422, errors=errors, entered=form)
    work = partial(people.add, accounts.desk.store, form.get("name", ""), Role(form["role"]))
    try:
        code = await asyncio.to_thread(work, who=session.name, now=accounts.utcnow())
    except NotDone as exc:
        return await _everybody(accounts, request, status=422, errors={"name": exc.says}, entered=form)
    return await _everybody(accounts, request, link=_link(accounts, request, code), whose=plain_name(form["name"]))


async def change(accounts: Accounts, request: Request) -> Response:
    session = await required(accounts, request, Role.ADMIN)
    form = await form_of(accounts, request)
    name = form.get("account", "")
    work = _change(accounts, form)
    if work is None:
        return await _everybody(accounts, request, status=422, errors={"account": N_("There is no such change.")})
    try:
        code = await asyncio.to_thread(work, name, who=session.name, now=accounts.utcnow())
    except NotDone as exc:
        return await _everybody(accounts, request, status=422, errors={"account": exc.says})
    if isinstance(code, str):
        return await _everybody(accounts, request, link=_link(accounts, request, code), whose=name)
    return see("/admin/accounts?said=changed")


async def log(accounts: Accounts, request: Request) -> Response:
    await required(accounts, request, Role.ADMIN)
    asked = request.query_params.get("before", "")
    before = int(asked) if asked.isdecimal() and asked.isascii() and len(asked) < 16 else None
    rows = await asyncio.to_thread(audit.newest, accounts.desk.store, before=before, limit=_AUDIT_ROWS + 1)
    older = rows[_AUDIT_ROWS - 1].number if len(rows) > _AUDIT_ROWS else None
    return await page(accounts, request, "audit.html", rows=rows[:_AUDIT_ROWS], older=older)


def _change(accounts: Accounts, form: Form) -> Any:
    """What is done to an account; None where nobody knows it."""
    store, role = accounts.desk.store, form.get("role")
    known: dict[str, Any] = {
        "disable": partial(people.disable, store),
        "enable": partial(people.enable, store),
        "link": partial(people.new_link, store),
        "forget": partial(people.forget_totp, store),
    }
    if form.get("doing") == "role" and role in set(Role):
        return lambda name, **more: people.set_role(store, name, Role(role), **more)
    return known.get(form.get("doing", ""))


def _link(accounts: Accounts, request: Request, code: str) -> str:
    return f"{base(accounts, request)}/first/{code}"


async def _members(accounts: Accounts, request: Request, **values: Any) -> Response:
    found = await asyncio.to_thread(joining.members, accounts.desk.store)
    given = {"code": None, "code_hours": None, "said": request.query_params.get("said"), **values}
    return await page(
        accounts, request, "members.html", members=found, classes=list(VantageClass), hours=_HOURS, **given
    )


async def _everybody(accounts: Accounts, request: Request, **values: Any) -> Response:
    found = await asyncio.to_thread(people.everybody, accounts.desk.store)
    given = {"link": None, "whose": None, "said": request.query_params.get("said"), **values}
    return await page(accounts, request, "accounts.html", people=found, roles=list(Role), **given)
