"""Somebody proves who they are: signing in, and each change of what they sign in with. No request is read here.

A wrong name, a wrong password and a wrong code are one answer after the same work. All of it blocks.
"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from results.account_tables import AccountRow
from results.store import Store
from server.accounts import attempts, audit, people, second, sessions
from server.accounts.attempts import Trier
from server.accounts.keys import Keys
from server.accounts.passwords import Passwords
from server.accounts.roles import is_name, plain_name
from server.accounts.sessions import Session
from server.pages.tongue import N_

_SEALED_S = 900  # within which a second factor that was shown is confirmed
NOT_PROVEN = N_("The name, the password or the code is wrong.")


class NotProven(Exception):
    """It is not said what was wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """What somebody wrote into a form."""

    name: str
    password: str
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What proofs are checked with."""

    store: Store
    keys: Keys
    passwords: Passwords


def sign_in(desk: Desk, entered: Entered, *, browser: str | None, now: datetime) -> tuple[str, str]:
    """A new session's token, and the account. `browser`: what its cookie of an earlier time says, if it has one.

    Raises NotProven and TooSoon.
    """
    name = plain_name(entered.name)
    attempt, account = _tried(desk, name, entered, browser, now)
    if account is None:
        with desk.store.transaction(alone=True) as connection:
            known = is_name(name) and people.held(connection, name) is not None
            # A name that nobody has may be a password in the wrong place: it is not written down.
            audit.write(connection, at=now, who="", what=N_("sign-in failed"), about=name if known else "")
        raise NotProven
    kept = account.password
    renewed = desk.passwords.hashed(entered.password) if kept and desk.passwords.outdated(kept) else None
    with desk.store.transaction(alone=True) as connection:
        _still(connection, account)
        if renewed:
            people.renew(connection, name, renewed)
        attempts.forgive(connection, attempt)
        token = sessions.begin(connection, name, now=now)
        audit.write(connection, at=now, who=name, what=N_("signed in"))
    return token, name


def sign_out(desk: Desk, session: Session, *, now: datetime) -> None:
    with desk.store.transaction(alone=True) as connection:
        sessions.end(connection, session.digest)
        audit.write(connection, at=now, who=session.name, what=N_("signed out"))


def end_others(desk: Desk, session: Session, *, now: datetime) -> None:
    with desk.store.transaction(alone=True) as connection:
        people.end_all(connection, session.name, but=session.digest)
        audit.write(connection, at=now, who=session.name, what=N_("signed out elsewhere"))


def change_password(desk: Desk, session: Session, entered: Entered, new: str, *, now: datetime) -> None:
    """All other sessions end. Raises NotProven, TooSoon."""
    attempt, account = _proven(desk, session, entered, now)
    kept = desk.passwords.hashed(new)
    with desk.store.transaction(alone=True) as connection:
        _still(connection, account)
        attempts.forgive(connection, attempt)
        people.set_password(connection, session.name, kept, now=now, but=session.digest)
        audit.write(connection, at=now, who=session.name, what=N_("password changed"))


def offered(desk: Desk, session: Session, secret: str, *, now: datetime) -> str:
    """A secret that is shown, for the form in which it is confirmed."""
    return desk.keys.sealed("offered totp", f"{session.name} {secret}", now=now)


def secret_offered(desk: Desk, session: Session, sealed: str, *, now: datetime) -> str | None:
    """None where it was not offered to this account, or too long ago."""
    name, _, secret = (desk.keys.opened_within(_SEALED_S, "offered totp", sealed, now=now) or "").partition(" ")
    return secret if name == session.name and second.is_secret(secret) else None


def turn_on(desk: Desk, session: Session, entered: Entered, secret: str, *, now: datetime) -> None:
    """The second factor, proven by `entered.code`. Raises NotProven, TooSoon."""
    attempt, account = _proven(desk, session, entered, now)
    step = second.step_of(secret, entered.code, now=now)
    if step is None or account.totp is not None:
        raise NotProven
    with desk.store.transaction(alone=True) as connection:
        _still(connection, account)
        attempts.forgive(connection, attempt)
        people.set_totp(connection, session.name, _sealed(desk, session.name, secret, now), step=step)
        people.end_all(connection, session.name, but=session.digest)
        audit.write(connection, at=now, who=session.name, what=N_("second factor turned on"))


def turn_off(desk: Desk, session: Session, entered: Entered, *, now: datetime) -> None:
    """Raises NotProven, TooSoon."""
    attempt, account = _proven(desk, session, entered, now)
    with desk.store.transaction(alone=True) as connection:
        _still(connection, account)
        attempts.forgive(connection, attempt)
        people.set_totp(connection, session.name, None, step=None)
        audit.write(connection, at=now, who=session.name, what=N_("second factor turned off"))


def _proven(desk: Desk, session: Session, entered: Entered, now: datetime) -> tuple[int, AccountRow]:
    """Somebody at an open session: it may not be its owner. Raises NotProven, TooSoon."""
    attempt, account = _tried(desk, session.name, entered, f"{session.name}|{session.digest}", now)
    if account is None:
        with desk.store.transaction(alone=True) as connection:
            audit.write(connection, at=now, who=session.name, what=N_("password not proven"))
        raise NotProven
    return attempt, account


def _tried(
    desk: Desk, name: str, entered: Entered, browser: str | None, now: datetime
) -> tuple[int, AccountRow | None]:
    """The counted try, and the account where all fits. Raises TooSoon."""
    attempt = attempts.begin(desk.store, _trier(desk.keys, name, browser), now=now)
    account = people.find(desk.store, name) if is_name(name) else None
    usable = account if account and account.disabled_at is None else None
    if not desk.passwords.fits(usable.password if usable else None, entered.password):
        return attempt, None
    assert usable is not None
    return attempt, usable if _code_fits(desk, usable, entered.code, now) else None


def _trier(keys: Keys, name: str, browser: str | None) -> Trier:
    """A browser is known where its cookie is of this account."""
    if browser is not None and browser.partition("|")[0] == name:
        return Trier(keys.digest("browser", browser), known=True)
    return Trier(keys.digest("name", name), known=False)


def _code_fits(desk: Desk, account: AccountRow, entered: str, now: datetime) -> bool:
    """Whether there is no second factor, or this is its code and was not used."""
    if account.totp is None:
        return True
    secret = (desk.keys.opened("totp", account.totp) or "").removeprefix(f"{account.name} ")
    step = second.step_of(secret, entered, now=now) if second.is_secret(secret) else None
    if step is None:
        return False
    with desk.store.transaction(alone=True) as connection:
        return people.use_step(connection, account.name, step)


def _sealed(desk: Desk, name: str, secret: str, now: datetime) -> str:
    """With the name in it: moved to another row, it is worth nothing."""
    return desk.keys.sealed("totp", f"{name} {secret}", now=now)


def _still(connection: sa.Connection, account: AccountRow) -> None:
    """What was proven is so still; nobody changes it until the transaction ends. Raises NotProven."""
    now = people.held(connection, account.name)
    if now is None or (now.password, now.totp, now.disabled_at) != (account.password, account.totp, None):
        raise NotProven
