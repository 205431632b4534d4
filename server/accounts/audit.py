"""The audit: who did what to whom, and when. Rows are only ever added, each with a digest over the one before.

That nobody changes one is the database's affair (results/migrations/versions/0007_accounts.py). No address is in it.
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlmodel import SQLModel

from results.account_tables import AuditRow
from results.records import iso
from results.store import Store

_AUDIT = SQLModel.metadata.tables["audit"]
_BEGINNING = "0" * 64
_AT_ONCE = 1000


def write(connection: sa.Connection, *, at: datetime, who: str, what: str, about: str = "") -> None:
    """In the transaction that does it, after everything else in it: the next one who writes waits for its end."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext("audit"))))
    newest = connection.execute(
        sa.select(_AUDIT.c.number, _AUDIT.c.digest).order_by(_AUDIT.c.number.desc()).limit(1)
    ).first()
    number, before = (newest.number + 1, newest.digest) if newest else (1, _BEGINNING)
    row = AuditRow(number=number, at=at.astimezone(UTC), who=who, what=what, about=about, digest="")
    connection.execute(sa.insert(_AUDIT).values(**{**row.model_dump(), "digest": _digest(before, row)}))


def newest(store: Store, *, before: int | None = None, limit: int = _AT_ONCE) -> list[AuditRow]:
    """The newest first; `before`: those with a smaller number."""
    query = sa.select(_AUDIT).order_by(_AUDIT.c.number.desc()).limit(limit)
    if before is not None:
        query = query.where(_AUDIT.c.number < before)
    with store.transaction() as connection:
        return [AuditRow(**row) for row in connection.execute(query).mappings()]


def whole(store: Store) -> list[AuditRow]:
    """All, the oldest first."""
    with store.transaction() as connection:
        found = connection.execute(sa.select(_AUDIT).order_by(_AUDIT.c.number)).mappings()
        return [AuditRow(**row) for row in found]


def first_that_does_not_fit(rows: Iterable[AuditRow]) -> int | None:
    """The number of the first row that is not what was written, or is missing; None where all fit."""
    before = _BEGINNING
    for number, row in enumerate(rows, 1):
        if row.number != number or row.digest != _digest(before, row):
            return number
        before = row.digest
    return None


def _digest(before: str, row: AuditRow) -> str:
    told = [before, row.number, iso(row.at), row.who, row.what, row.about]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()
