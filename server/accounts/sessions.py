"""Browsers that are signed in: a session begins, is found again by its token, and ends. No cookie is written here.

The store has the token's digest alone: whoever reads it can't be somebody else with it.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import SQLModel

from results.account_tables import SessionRow
from results.store import Store

_SESSION = SQLModel.metadata.tables["session"]
_ACCOUNT = SQLModel.metadata.tables["account"]
IDLE, LASTS = timedelta(hours=8), timedelta(days=7)
_SEEN_AGAIN = timedelta(minutes=1)  # not every request writes


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Whose request it is."""

    name: str
    role: str
    digest: str
    token: str
    totp: bool  # whether the account has a second factor


def begin(connection: sa.Connection, name: str, *, now: datetime) -> str:
    """A new one's token. The account's that are over go."""
    over = (_SESSION.c.expires_at <= now) | (_SESSION.c.seen_at <= now - IDLE)
    connection.execute(sa.delete(_SESSION).where(_SESSION.c.account == name, over))
    token = secrets.token_urlsafe(32)
    row = {"digest": digest_of(token), "account": name, "made_at": now, "seen_at": now, "expires_at": now + LASTS}
    connection.execute(sa.insert(_SESSION).values(**row))
    return token


def find(store: Store, token: str, *, now: datetime) -> Session | None:
    """None where it has ended, was idle too long, or its account is disabled."""
    digest = digest_of(token)
    mine = (_SESSION.c.digest == digest) & (_SESSION.c.expires_at > now) & (_SESSION.c.seen_at > now - IDLE)
    query = (
        sa.select(_ACCOUNT.c.name, _ACCOUNT.c.role, _ACCOUNT.c.totp, _SESSION.c.seen_at)
        .join(_ACCOUNT, _ACCOUNT.c.name == _SESSION.c.account)
        .where(mine, _ACCOUNT.c.disabled_at.is_(None))
    )
    with store.transaction() as connection:
        row = connection.execute(query).first()
    if row is None:
        return None
    if row.seen_at < now - _SEEN_AGAIN:
        with store.transaction(alone=True) as connection:
            connection.execute(sa.update(_SESSION).where(_SESSION.c.digest == digest).values(seen_at=now))
    return Session(name=row.name, role=row.role, digest=digest, token=token, totp=row.totp is not None)


def end(connection: sa.Connection, digest: str) -> None:
    connection.execute(sa.delete(_SESSION).where(_SESSION.c.digest == digest))


def of(store: Store, name: str, *, now: datetime) -> list[SessionRow]:
    """The account's that go on, the newest first."""
    on = (_SESSION.c.account == name) & (_SESSION.c.expires_at > now) & (_SESSION.c.seen_at > now - IDLE)
    with store.transaction() as connection:
        rows = connection.execute(sa.select(_SESSION).where(on).order_by(_SESSION.c.made_at.desc())).mappings()
        return [SessionRow(**row) for row in rows]


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
