"""Events as rows of the store: written, told anew, said to be over. What belongs to an event is decided elsewhere.

Every call is within the caller's transaction. What is untold here becomes a flip in results/gathering.py.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy import RowMapping
from sqlmodel import SQLModel

from results.events import Event, change
from results.tables import EventRow

EVENT = SQLModel.metadata.tables[EventRow.__tablename__]
_ADAPTER = TypeAdapter(Event)


def event_of(found: Mapping[str, Any]) -> Event:
    """As `as_json` wrote it."""
    return _ADAPTER.validate_python(found)


def as_json(event: Event) -> dict[str, Any]:
    """For a JSON column."""
    found: dict[str, Any] = _ADAPTER.dump_python(event, mode="json")
    return found


def row_of(connection: sa.Connection, uid: str) -> RowMapping | None:
    return connection.execute(sa.select(EVENT).where(EVENT.c.uid == uid)).mappings().first()


def tell_anew(connection: sa.Connection, event: Event, *, at: datetime) -> None:
    """Writes what an event is now. `at`: when it changed, from which it waits for more to come."""
    before = row_of(connection, event.uid)
    told = event_of(before["told"]) if before and before["told"] else None
    waiting = change(told, event) is not None
    values = {
        "kind": event.kind.value,
        "opened_at": event.opened_at,
        "closed_at": event.closed_at,
        "event": as_json(event),
        "untold_since": None if not waiting else (before and before["untold_since"]) or at,
    }
    if before is None:
        connection.execute(sa.insert(EVENT).values(uid=event.uid, **values))
    else:
        connection.execute(sa.update(EVENT).where(EVENT.c.uid == event.uid).values(**values))


def was_none(connection: sa.Connection, before: RowMapping) -> None:
    """Late measurements took away what it was made of: untold it vanishes, told it is said to be over."""
    if before["told"] is None:
        connection.execute(sa.delete(EVENT).where(EVENT.c.uid == before["uid"]))
        return
    event = dict(before["event"]) | {"closed_at": before["event"]["last_bad_at"]}
    over = event_of(event)
    values = {"event": event, "closed_at": over.closed_at, "untold_since": over.closed_at}
    connection.execute(sa.update(EVENT).where(EVENT.c.uid == before["uid"]).values(**values))


def end_silently(connection: sa.Connection, before: RowMapping) -> None:
    """Nobody is told that it is over: another event tells of it from now on, or nobody knows."""
    if before["told"] is None:
        connection.execute(sa.delete(EVENT).where(EVENT.c.uid == before["uid"]))
        return
    event = dict(before["event"]) | {"closed_at": before["event"]["last_bad_at"]}
    values = {"event": event, "closed_at": event_of(event).closed_at, "untold_since": None}
    connection.execute(sa.update(EVENT).where(EVENT.c.uid == before["uid"]).values(**values))
