"""Accounts and the one-time links with which a password is chosen. Each change stands in the audit with it.

A link's code is stored as its digest alone. Who may make a change is told where it is asked for.
"""

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import SQLModel

from results.account_tables import AccountRow
from results.store import Store
from server.accounts import audit
from server.accounts.roles import NAME_RULE, Role, is_name, plain_name
from server.pages.tongue import N_, Later, later

_ACCOUNT = SQLModel.metadata.tables["account"]
_SESSION = SQLModel.metadata.tables["session"]
_LINK = SQLModel.metadata.tables["one_time_link"]
LINK_LASTS = timedelta(hours=24)
_ADMINS = sa.select(sa.func.count()).where(_ACCOUNT.c.role == Role.ADMIN.value, _ACCOUNT.c.disabled_at.is_(None))


class NotDone(Exception):
    """A change that can't be. The message is a sentence."""

    def __init__(self, says: Later) -> None:
        super().__init__(says)
        self.says = says


class BadLink(Exception):
    """It was used, is too old, or was never made; it is not said which."""


def find(store: Store, name: str) -> AccountRow | None:
    with store.transaction() as connection:
        return _found(connection, name)


def everybody(store: Store) -> list[AccountRow]:
    with store.transaction() as connection:
        rows = connection.execute(sa.select(_ACCOUNT).order_by(_ACCOUNT.c.name)).mappings()
        return [AccountRow(**row) for row in rows]


def add(store: Store, name: str, role: Role, *, who: str, now: datetime) -> str:
    """A new account without a password; the code of a link to choose one. Raises NotDone."""
    name = plain_name(name)
    if not is_name(name):
        raise NotDone(later(NAME_RULE))
    with store.transaction(alone=True) as connection:
        _add(connection, name, role, None, now)
        code = _new_link(connection, name, now)
        audit.write(connection, at=now, who=who, what=N_("account made"), about=f"{name}, {role.value}")
    return code


def set_role(store: Store, name: str, role: Role, *, who: str, now: datetime) -> None:
    """Holds from the next request on. Raises NotDone."""
    with _changing(store, name) as (connection, _):
        _change(connection, name, role=role.value)
        _leave_an_admin(connection)
        audit.write(connection, at=now, who=who, what=N_("role changed"), about=f"{name}, {role.value}")


def disable(store: Store, name: str, *, who: str, now: datetime) -> None:
    """It is signed out everywhere, and its links lead nowhere. Raises NotDone."""
    with _changing(store, name) as (connection, account):
        if account.disabled_at is not None:
            raise NotDone(later("{name} is disabled already.", name=name))
        _change(connection, name, disabled_at=now)
        _leave_an_admin(connection)
        end_all(connection, name)
        _spend_links(connection, name, now)
        audit.write(connection, at=now, who=who, what=N_("account disabled"), about=name)


def enable(store: Store, name: str, *, who: str, now: datetime) -> None:
    """With the password that it had. Raises NotDone."""
    with _changing(store, name) as (connection, account):
        if account.disabled_at is None:
            raise NotDone(later("{name} is not disabled.", name=name))
        _change(connection, name, disabled_at=None)
        audit.write(connection, at=now, who=who, what=N_("account enabled"), about=name)


def forget_totp(store: Store, name: str, *, who: str, now: datetime) -> None:
    """For whoever has lost the telephone: the password alone is asked for. Raises NotDone."""
    with _changing(store, name) as (connection, account):
        if account.totp is None:
            raise NotDone(later("{name} has no second factor.", name=name))
        _change(connection, name, totp=None, totp_step=None)
        audit.write(connection, at=now, who=who, what=N_("second factor taken off"), about=name)


def new_link(store: Store, name: str, *, who: str, now: datetime) -> str:
    """The code of a link to choose another password; older links lead nowhere. Raises NotDone."""
    with _changing(store, name) as (connection, account):
        if account.disabled_at is not None:
            raise NotDone(later("{name} is disabled; enable it first.", name=name))
        code = _new_link(connection, name, now)
        audit.write(connection, at=now, who=who, what=N_("link made"), about=name)
    return code


def first_link(store: Store, *, now: datetime) -> str | None:
    """The code of a link for the first admin, the older ones lead nowhere; None where there is an admin."""
    with store.transaction(alone=True) as connection:
        if connection.execute(_ADMINS).scalar_one():
            return None
        return _new_link(connection, None, now)


def of_link(store: Store, code: str, *, now: datetime) -> AccountRow | None:
    """Whose password is chosen with it; None for the first admin, who has no name yet. Raises BadLink."""
    with store.transaction() as connection:
        return _of_link(connection, code, now)


def choose(store: Store, code: str, *, name: str, password: str, now: datetime) -> str:
    """Spends the link: the account has this password from now on (kept as `password`), and is signed out everywhere.

    `name` is the first admin's; of others the link knows it. The account's name. Raises BadLink, NotDone.
    """
    with store.transaction(alone=True) as connection:
        account = _of_link(connection, code, now)
        spent = sa.update(_LINK).where(_LINK.c.digest == _digest(code), _LINK.c.used_at.is_(None)).values(used_at=now)
        if connection.execute(spent).rowcount != 1:
            raise BadLink
        if account is None:
            name = plain_name(name)
            if not is_name(name):
                raise NotDone(later(NAME_RULE))
            _add(connection, name, Role.ADMIN, password, now)
            audit.write(connection, at=now, who=name, what=N_("account made"), about=f"{name}, the first admin")
            return name
        set_password(connection, account.name, password, now=now)
        audit.write(connection, at=now, who=account.name, what=N_("password chosen with a link"))
        return account.name


def set_password(connection: sa.Connection, name: str, password: str, *, now: datetime, but: str = "") -> None:
    """`password` as it is kept. All sessions end but the one with this digest, and all links are spent."""
    _change(connection, name, password=password)
    end_all(connection, name, but=but)
    _spend_links(connection, name, now)


def renew(connection: sa.Connection, name: str, password: str) -> None:
    """The same password, kept with today's parameters."""
    _change(connection, name, password=password)


def set_totp(connection: sa.Connection, name: str, sealed: str | None, *, step: int | None) -> None:
    """The second factor, encrypted, with the step of the code that proved it; None takes it off."""
    _change(connection, name, totp=sealed, totp_step=step)


def use_step(connection: sa.Connection, name: str, step: int) -> bool:
    """Whether a code of this step may be used: neither it nor a later one was before."""
    mine = (_ACCOUNT.c.name == name) & (_ACCOUNT.c.totp_step.is_(None) | (_ACCOUNT.c.totp_step < step))
    return connection.execute(sa.update(_ACCOUNT).where(mine).values(totp_step=step)).rowcount == 1


def held(connection: sa.Connection, name: str) -> AccountRow | None:
    """The account, which nobody else changes until the transaction ends."""
    return _found(connection, name, held=True)


def end_all(connection: sa.Connection, name: str, *, but: str = "") -> None:
    """Its sessions, except the one with this digest."""
    connection.execute(sa.delete(_SESSION).where(_SESSION.c.account == name, _SESSION.c.digest != but))


@contextmanager
def _changing(store: Store, name: str) -> Iterator[tuple[sa.Connection, AccountRow]]:
    """Raises NotDone where nobody is called so."""
    with store.transaction(alone=True) as connection:
        if connection.dialect.name == "postgresql":  # one change at a time: two admins can't take leave of each other
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext("accounts"))))
        account = _found(connection, name, held=True) if is_name(name) else None
        if account is None:
            raise NotDone(later("Nobody has an account of that name."))
        yield connection, account


def _found(connection: sa.Connection, name: str, *, held: bool = False) -> AccountRow | None:
    query = sa.select(_ACCOUNT).where(_ACCOUNT.c.name == name)
    row = connection.execute(query.with_for_update() if held else query).mappings().first()
    return AccountRow(**row) if row else None


def _add(connection: sa.Connection, name: str, role: Role, password: str | None, now: datetime) -> None:
    if _found(connection, name) is not None:
        raise NotDone(later("{name} has an account already, or had one; a name is given once.", name=name))
    connection.execute(sa.insert(_ACCOUNT).values(name=name, role=role.value, password=password, made_at=now))


def _change(connection: sa.Connection, name: str, **values: Any) -> None:
    connection.execute(sa.update(_ACCOUNT).where(_ACCOUNT.c.name == name).values(**values))


def _leave_an_admin(connection: sa.Connection) -> None:
    if not connection.execute(_ADMINS).scalar_one():
        raise NotDone(later("This is the last admin; make another one first."))


def _new_link(connection: sa.Connection, name: str | None, now: datetime) -> str:
    _spend_links(connection, name, now)
    code = secrets.token_urlsafe(24)
    row = {"digest": _digest(code), "account": name, "made_at": now, "expires_at": now + LINK_LASTS}
    connection.execute(sa.insert(_LINK).values(**row))
    return code


def _spend_links(connection: sa.Connection, name: str | None, now: datetime) -> None:
    mine = _LINK.c.account.is_(None) if name is None else _LINK.c.account == name
    connection.execute(sa.update(_LINK).where(mine, _LINK.c.used_at.is_(None)).values(used_at=now))


def _of_link(connection: sa.Connection, code: str, now: datetime) -> AccountRow | None:
    good = (_LINK.c.digest == _digest(code)) & _LINK.c.used_at.is_(None) & (_LINK.c.expires_at > now)
    link = connection.execute(sa.select(_LINK).where(good)).mappings().first()
    if link is None:
        raise BadLink
    if link["account"] is not None:
        return _found(connection, link["account"], held=True)
    if connection.execute(_ADMINS).scalar_one():
        raise BadLink
    return None


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
