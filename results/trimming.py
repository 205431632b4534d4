"""Takes what is old out of a vantage's own store, so that a disk does not fill and a seized laptop tells little.

What is still to be sent is never taken. The links of the chain stay: `kedergi verify` tells what was taken by them. How
old and how large is said elsewhere; a server's store is not trimmed but archived (results/archived.py).
"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlmodel import SQLModel

from results.outbox import Sender
from results.store import Store

_AT_ONCE = 200  # measurements in one transaction: whoever measures beside it waits no longer
_FREE_SHARE, _FREE_PAGES = 0.25, 2000  # of a file, that are worth writing it anew

_LINK = SQLModel.metadata.tables["link"]
_MEASUREMENT = SQLModel.metadata.tables["measurement"]
_EVIDENCE = SQLModel.metadata.tables["evidence"]
_VERDICT = SQLModel.metadata.tables["verdict"]
_RECEIPT = SQLModel.metadata.tables["receipt"]
_ROUND = SQLModel.metadata.tables["round"]
_GAP = SQLModel.metadata.tables["gap"]

_Found = Sequence[tuple[str, datetime]]


def by_age(store: Store, sender: Sender | None, *, before: datetime) -> int:
    """Measurements, rounds and gaps older than that; how many measurements. Blocks."""
    taken = 0
    with store.transaction() as connection:
        _forgetting(connection)
        connection.execute(sa.delete(_ROUND).where(_ROUND.c.started_at < before))
        connection.execute(sa.delete(_GAP).where(_GAP.c.ended_at < before))
    while True:
        with store.transaction() as connection:
            _forgetting(connection)
            found = _oldest(connection, _MEASUREMENT, sender, _MEASUREMENT.c.started_at < before)
            for table in (_EVIDENCE, _VERDICT, _MEASUREMENT):
                _delete(connection, table, found)
        taken += len(found)
        if len(found) < _AT_ONCE:
            return taken


def by_size(store: Store, sender: Sender | None, *, most_bytes: int) -> int:
    """The oldest evidence, until a SQLite file holds no more than that; of how many. Blocks."""
    taken = 0
    while True:
        with store.transaction() as connection:
            if connection.dialect.name != "sqlite" or _used_bytes(connection) <= most_bytes:
                return taken
            _forgetting(connection)
            found = _oldest(connection, _EVIDENCE, sender, sa.true())
            _delete(connection, _EVIDENCE, found)
        taken += len(found)
        if not found:
            return taken


def shrink(file: Path) -> bool:
    """Writes a SQLite file anew where much of it is empty; whether it did. Blocks, and makes writers wait."""
    with closing(sqlite3.connect(file, isolation_level=None, timeout=30)) as connection:
        pages, free = (connection.execute(f"pragma {name}").fetchone()[0] for name in ("page_count", "freelist_count"))
        if free < max(_FREE_PAGES, pages * _FREE_SHARE):
            return False
        connection.execute("vacuum")
        return True


def taken_from(connection: sa.Connection, vantage: str) -> int:
    """How many of the oldest of a vantage, without a gap, have lost themselves or their evidence here."""
    first = (
        sa.select(sa.func.min(_LINK.c.number))
        .select_from(_LINK)
        .join(_MEASUREMENT, _MEASUREMENT.c.uid == _LINK.c.uid)
        .join(_EVIDENCE, _EVIDENCE.c.uid == _LINK.c.uid)
        .where(_LINK.c.vantage == vantage)
    )
    newest = sa.select(sa.func.max(_LINK.c.number)).where(_LINK.c.vantage == vantage)
    kept = connection.execute(first).scalar()
    return int(kept - 1 if kept is not None else connection.execute(newest).scalar() or 0)


def _oldest(connection: sa.Connection, table: sa.Table, sender: Sender | None, where: Any) -> _Found:
    query = sa.select(table.c.uid, table.c.started_at).where(where).order_by(table.c.started_at).limit(_AT_ONCE)
    if sender is not None:
        unsent = (
            sa.select(_LINK.c.uid)
            .outerjoin(_RECEIPT, _RECEIPT.c.uid == _LINK.c.uid)
            .where(_LINK.c.vantage == sender.vantage, _RECEIPT.c.uid.is_(None))
        )
        query = query.where(sa.or_(table.c.started_at < sender.since, table.c.uid.not_in(unsent)))
    return [(row.uid, row.started_at) for row in connection.execute(query)]


def _delete(connection: sa.Connection, table: sa.Table, found: _Found) -> None:
    if found:
        one = sa.and_(table.c.uid == sa.bindparam("which"), table.c.started_at == sa.bindparam("when"))
        connection.execute(sa.delete(table).where(one), [{"which": uid, "when": at} for uid, at in found])


def _forgetting(connection: sa.Connection) -> None:
    """What is deleted is written over, where the database can."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("pragma secure_delete = on")


def _used_bytes(connection: sa.Connection) -> int:
    """Without the pages that are free to be written to again."""
    size, pages, free = (
        int(connection.exec_driver_sql(f"pragma {name}").scalar() or 0)
        for name in ("page_size", "page_count", "freelist_count")
    )
    return size * (pages - free)
