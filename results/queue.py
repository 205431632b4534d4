"""The queue of alerts: every query on flips and their deliveries. Each call is one transaction, safe for two workers.

Who is told, when and in which words is not decided here (server/alerts). Calls block, as the store's do.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy import Connection, RowMapping
from sqlmodel import SQLModel

from results.events import Change, Event, Flip
from results.store import Store
from results.tables import DeliveryRow, FlipRow

_FLIP = SQLModel.metadata.tables[FlipRow.__tablename__]
_DELIVERY = SQLModel.metadata.tables[DeliveryRow.__tablename__]
_EVENT = TypeAdapter(Event)
# Nobody else may take while one does: what one of two workers has half is sent twice, or in the wrong order.
_ONE_AT_A_TIME = sa.text("lock table delivery in share row exclusive mode")


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One address that a flip shall be told to."""

    address: str  # its digest
    due_at: datetime
    says: str = ""  # why not at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """All that one address is to be told of one event: one message. It is the taker's until the lease runs out."""

    address: str
    deliveries: tuple[int, ...]
    flips: tuple[Flip, ...]  # oldest first
    told_before: bool  # this address has had a message of this event
    planned_at: datetime  # the oldest flip's
    tries: int


class State(StrEnum):
    """Where a delivery is."""

    WAITING = "waiting"
    SENT = "sent"
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One row, for lists."""

    id: int
    state: State
    address: str
    flip: Flip
    due_at: datetime
    sent_at: datetime | None
    given_up_at: datetime | None
    tries: int
    says: str


def add_flips(connection: Connection, flips: Iterable[Flip]) -> None:
    """Puts flips into the queue, in the caller's transaction. Their ids are not used: the database gives new ones."""
    rows = [
        {
            "event_uid": flip.event.uid,
            "change": flip.change.value,
            "at": flip.at,
            "noticed_at": flip.noticed_at,
            "late": flip.late,
            "event": _EVENT.dump_python(flip.event, mode="json"),
        }
        for flip in flips
    ]
    if rows:
        connection.execute(sa.insert(_FLIP), rows)


class Queue:
    """The flips and deliveries of a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, flips: Iterable[Flip]) -> None:
        """As `add_flips`, in a transaction of its own."""
        with self._store.transaction() as connection:
            add_flips(connection, flips)

    def unplanned(self) -> list[Flip]:
        """Flips that nobody was chosen for yet, oldest first."""
        query = sa.select(_FLIP).where(_FLIP.c.planned_at.is_(None)).order_by(_FLIP.c.id)
        with self._store.transaction() as connection:
            return [_flip(row) for row in connection.execute(query).mappings()]

    def before(self, flip: Flip) -> Flip | None:
        """The flip of the same event before this one."""
        mine = sa.and_(_FLIP.c.event_uid == flip.event.uid, _FLIP.c.id < flip.id)
        query = sa.select(_FLIP).where(mine).order_by(_FLIP.c.id.desc()).limit(1)
        with self._store.transaction() as connection:
            row = connection.execute(query).mappings().first()
        return _flip(row) if row else None

    def plan(self, flip: Flip, deliveries: Sequence[Planned], *, at: datetime) -> bool:
        """Stores who is told of a flip. False where another worker was first, and then changes nothing."""
        mark = sa.update(_FLIP).where(_FLIP.c.id == flip.id, _FLIP.c.planned_at.is_(None)).values(planned_at=at)
        rows = [
            {"flip_id": flip.id, "address": one.address, "due_at": one.due_at, "says": one.says, "tries": 0}
            for one in deliveries
        ]
        with self._store.transaction(alone=True) as connection:
            if connection.execute(mark).rowcount != 1:
                return False
            if rows:
                connection.execute(sa.insert(_DELIVERY), rows)
        return True

    def take(self, now: datetime, lease: timedelta, *, addresses: Collection[str], limit: int = 16) -> list[Waiting]:
        """What is due for these addresses and nobody's else, oldest first; what waits of the same event comes along."""
        with self._store.transaction(alone=True) as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(_ONE_AT_A_TIME)
            due = self._due(connection, now, addresses)[:limit]
            ids = [row["delivery_id"] for rows in due for row in rows]
            if ids:
                free = sa.or_(_DELIVERY.c.taken_until.is_(None), _DELIVERY.c.taken_until <= now)
                taking = sa.update(_DELIVERY).where(_DELIVERY.c.id.in_(ids), free).values(taken_until=now + lease)
                connection.execute(taking)
            told = _told(connection, due)
        return [_waiting(rows, told) for rows in due]

    def sent(self, taken: Waiting, *, at: datetime, says: str = "") -> None:
        """It has arrived, and is never sent again."""
        self._end(taken.deliveries, {"sent_at": at, "says": says, "tries": _DELIVERY.c.tries + 1})

    def failed(self, taken: Waiting, *, again_at: datetime, says: str) -> None:
        """It is tried again."""
        self._end(taken.deliveries, {"due_at": again_at, "says": says, "tries": _DELIVERY.c.tries + 1})

    def given_up(self, taken: Waiting, *, at: datetime, says: str) -> None:
        """It has failed for too long."""
        self._end(taken.deliveries, {"given_up_at": at, "says": says, "tries": _DELIVERY.c.tries + 1})

    def postponed(self, taken: Waiting, *, until: datetime, says: str) -> None:
        """It was not tried: the hour is wrong."""
        self._end(taken.deliveries, {"due_at": until, "says": says})

    def next_due(self, addresses: Collection[str]) -> datetime | None:
        """When there will be something to take."""
        at = sa.func.coalesce(_DELIVERY.c.taken_until, _DELIVERY.c.due_at, type_=_DELIVERY.c.due_at.type)
        query = sa.select(sa.func.min(at, type_=at.type)).where(*_OPEN, _DELIVERY.c.address.in_(list(addresses)))
        with self._store.transaction() as connection:
            found: datetime | None = connection.execute(query).scalar()
        return found

    def listing(self, limit: int = 100) -> list[Delivery]:
        """The newest deliveries, newest first; what waits or was given up stands before what was sent."""
        done = sa.case((_DELIVERY.c.sent_at.is_(None), 0), else_=1)
        query = _DELIVERIES.order_by(done, _DELIVERY.c.id.desc()).limit(limit)
        with self._store.transaction() as connection:
            return [_delivery(row) for row in connection.execute(query).mappings()]

    def _due(self, connection: Connection, now: datetime, addresses: Collection[str]) -> list[list[RowMapping]]:
        """Rows by address and event, where one is due and none is in another worker's hands."""
        query = _DELIVERIES.where(*_OPEN, _DELIVERY.c.address.in_(list(addresses))).order_by(_FLIP.c.id, _DELIVERY.c.id)
        groups: dict[tuple[str, str], list[RowMapping]] = defaultdict(list)
        for row in connection.execute(query).mappings():
            groups[row["address"], row["event_uid"]].append(row)
        return [
            rows
            for rows in groups.values()
            if any(row["due_at"] <= now for row in rows)
            and all(row["taken_until"] is None or row["taken_until"] <= now for row in rows)
        ]

    def _end(self, ids: Collection[int], values: Mapping[str, Any]) -> None:
        ending = sa.update(_DELIVERY).where(_DELIVERY.c.id.in_(ids), *_OPEN).values(taken_until=None, **values)
        with self._store.transaction() as connection:
            connection.execute(ending)


_OPEN = (_DELIVERY.c.sent_at.is_(None), _DELIVERY.c.given_up_at.is_(None))
_DELIVERIES = sa.select(
    _DELIVERY.c.id.label("delivery_id"),
    *(column for table in (_DELIVERY, _FLIP) for column in table.c if column.name != "id"),
).join(_FLIP, _FLIP.c.id == _DELIVERY.c.flip_id)


def _told(connection: Connection, groups: Sequence[Sequence[RowMapping]]) -> set[tuple[str, str]]:
    """The addresses, with the events, that have had a message already."""
    uids = {rows[0]["event_uid"] for rows in groups}
    query = (
        sa.select(_DELIVERY.c.address, _FLIP.c.event_uid)
        .join(_FLIP, _FLIP.c.id == _DELIVERY.c.flip_id)
        .where(_DELIVERY.c.sent_at.is_not(None), _FLIP.c.event_uid.in_(uids))
        .distinct()
    )
    return {(row.address, row.event_uid) for row in connection.execute(query)} if uids else set()


def _waiting(rows: Sequence[RowMapping], told: Collection[tuple[str, str]]) -> Waiting:
    first = rows[0]
    return Waiting(
        address=first["address"],
        deliveries=tuple(row["delivery_id"] for row in rows),
        flips=tuple(_flip(row, id_of="flip_id") for row in rows),
        told_before=(first["address"], first["event_uid"]) in told,
        planned_at=min(row["planned_at"] for row in rows),
        tries=max(row["tries"] for row in rows),
    )


def _flip(row: RowMapping, *, id_of: str = "id") -> Flip:
    return Flip(
        id=row[id_of],
        change=Change(row["change"]),
        event=_EVENT.validate_python(row["event"]),
        at=row["at"],
        noticed_at=row["noticed_at"],
        late=row["late"],
    )


def _delivery(row: RowMapping) -> Delivery:
    state = State.SENT if row["sent_at"] else State.GIVEN_UP if row["given_up_at"] else State.WAITING
    return Delivery(
        id=row["delivery_id"],
        state=state,
        flip=_flip(row, id_of="flip_id"),
        **{name: row[name] for name in ("address", "due_at", "sent_at", "given_up_at", "tries", "says")},
    )
