"""The tables of people's accounts on a server, and of what they did. A probe's own store has them too, and empty.

A password, a code and a session's token are here as digests alone. No address of anybody is here.
"""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Index
from sqlmodel import Field, SQLModel


class AccountRow(SQLModel, table=True):
    """Somebody who may sign in. It is never deleted, so that the audit's names keep their meaning."""

    __tablename__: ClassVar[Any] = "account"
    name: str = Field(primary_key=True)
    role: str  # "viewer", "analyst", "admin"
    password: str | None = None  # as argon2 writes it; empty until one is chosen
    totp: str | None = None  # the secret of the second factor, encrypted with the server's key
    totp_step: int | None = Field(default=None, sa_type=BigInteger)  # of the newest code that was used
    made_at: datetime
    disabled_at: datetime | None = None


class SessionRow(SQLModel, table=True):
    """A browser that is signed in."""

    __tablename__: ClassVar[Any] = "session"
    digest: str = Field(primary_key=True)  # SHA-256 of the token in its cookie
    account: str = Field(foreign_key="account.name", index=True)
    made_at: datetime
    seen_at: datetime
    expires_at: datetime = Field(index=True)


class OneTimeLinkRow(SQLModel, table=True):
    """A link with which somebody chooses a password, once. Of the first admin there is no account yet."""

    __tablename__: ClassVar[Any] = "one_time_link"
    digest: str = Field(primary_key=True)  # SHA-256 of the code in it
    account: str | None = Field(default=None, foreign_key="account.name", index=True)
    made_at: datetime
    expires_at: datetime
    used_at: datetime | None = None


class AttemptRow(SQLModel, table=True):
    """A try to sign in that did not succeed, or not yet. Kept for as long as it slows the next one."""

    __tablename__: ClassVar[Any] = "attempt"
    __table_args__ = (Index("attempt_who", "who", "at"),)
    id: int | None = Field(default=None, primary_key=True)
    who: str  # a keyed digest of the name that was tried, or of the browser where that is known
    known: bool  # whether it came from a browser in which this account had signed in before
    at: datetime = Field(index=True)


class AuditRow(SQLModel, table=True):
    """What somebody did. Rows are only ever added: the database itself refuses the rest."""

    __tablename__: ClassVar[Any] = "audit"
    number: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    at: datetime
    who: str  # an account, or "operator" for the commands; empty where nobody is known
    what: str
    about: str = ""
    digest: str  # over the one before and this row
