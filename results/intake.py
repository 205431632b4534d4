"""What a member sends goes into the store: a batch in one transaction, everything that belongs to it or nothing.

Pure of HTTP: who may send, and what a line says, is known to the server. Measurements are judged before, since nobody
else may store for this vantage while the transaction lasts.
"""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel

from results.carrying import Fate
from results.judgement import Judgement
from results.links import append_all, hold
from results.records import Measurement, adapter
from results.store import Store, verdict_values
from results.tables import narrow

_MEASUREMENT = SQLModel.metadata.tables["measurement"]
_EVIDENCE = SQLModel.metadata.tables["evidence"]
_VERDICT = SQLModel.metadata.tables["verdict"]
_LINK = SQLModel.metadata.tables["link"]
_MEMBER = SQLModel.metadata.tables["member"]
_NONCE = SQLModel.metadata.tables["nonce"]
_MARK = SQLModel.metadata.tables["mark"]
_ADD_EVIDENCE, _ADD_VERDICT, _ADD_MARK = sa.insert(_EVIDENCE), sa.insert(_VERDICT), sa.insert(_MARK)
_DIALECTS = {"postgresql": postgresql, "sqlite": sqlite}
_ADD_ONCE = {name: dialect.insert(_MEASUREMENT).on_conflict_do_nothing() for name, dialect in _DIALECTS.items()}
_SEEN_ONCE = {
    name: dialect.insert(_NONCE).on_conflict_do_nothing().returning(_NONCE.c.nonce)
    for name, dialect in _DIALECTS.items()
}
_ELSEWHERE = "Another vantage has stored a measurement with this uid; nothing was changed."


class Replayed(Exception):
    """The request was taken before, or is being taken."""


class NoMember(Exception):
    """The key is no member's, or no longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A judged measurement as the rows that will stand for it."""

    row: dict[str, Any]
    blob: bytes
    evidence_sha256: str
    verdict: dict[str, Any]
    marks: tuple[str, ...] = ()

    @property
    def uid(self) -> str:
        return str(self.row["uid"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What came in one request, from one member."""

    key_id: str
    nonce: str
    at: datetime  # the server's clock
    vantage: str
    interval_s: float | None  # of its rounds; None: it did not say
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of one line."""

    uid: str | None  # None: it can't be read
    fate: Fate
    says: str = ""


def entry(measurement: Measurement, judgement: Judgement, marks: Iterable[str]) -> Entry:
    """The rows of a measurement. All that takes time is done here."""
    evidence = adapter().dump_json(measurement)
    return Entry(
        row=narrow(measurement),
        blob=zlib.compress(evidence, 3),
        evidence_sha256=sha256(evidence).hexdigest(),
        verdict=verdict_values(measurement.uid, judgement),
        marks=tuple(marks),
    )


def take(store: Store, batch: Batch) -> list[Receipt]:
    """Stores what is not there yet; a receipt for each entry in its order. Raises NoMember, Replayed and StoreError."""
    with store.transaction(alone=True) as connection:
        hold(connection, batch.vantage)  # first of all: who comes second sees what the first has done
        _admit(connection, batch)
        owners = _owners(connection, [one.uid for one in batch.entries])
        fresh: dict[str, Entry] = {}
        for one in batch.entries:
            if one.uid not in owners:
                fresh.setdefault(one.uid, one)
        stored = set(fresh)
        if _add_once(connection, list(fresh.values())) < len(fresh):
            # Another vantage came first, since we looked. None of our own can have: its chain is held.
            owners |= _owners(connection, list(fresh))
            stored = {uid for uid in fresh if owners[uid] == batch.vantage}
        _add_what_belongs(connection, batch.vantage, [one for uid, one in fresh.items() if uid in stored])
    return _receipts(batch, stored, owners)


def forget(store: Store, *, before: datetime) -> None:
    """Nonces that were seen before then: their signatures are too old to be believed again."""
    with store.transaction(alone=True) as connection:
        connection.execute(sa.delete(_NONCE).where(_NONCE.c.at < before))


def _admit(connection: sa.Connection, batch: Batch) -> None:
    """Whether the key is a member's still, and the nonce new. Whoever revokes the key waits for this transaction."""
    mine = _MEMBER.c.key_id == batch.key_id
    query = sa.select(_MEMBER.c.interval_s).where(mine, _MEMBER.c.revoked_at.is_(None)).with_for_update()
    member = connection.execute(query).first()
    if member is None:
        raise NoMember
    seen = {"key_id": batch.key_id, "nonce": batch.nonce, "at": batch.at}
    if connection.execute(_SEEN_ONCE[connection.dialect.name], seen).first() is None:
        raise Replayed
    if batch.interval_s not in {None, member.interval_s}:
        connection.execute(sa.update(_MEMBER).where(mine).values(interval_s=batch.interval_s))


def _owners(connection: sa.Connection, uids: Sequence[str]) -> dict[str, str]:
    """The vantage of each of these that is stored, or once was: a link outlives its measurement."""
    both = (sa.select(table.c.uid, table.c.vantage).where(table.c.uid.in_(uids)) for table in (_LINK, _MEASUREMENT))
    return {str(row.uid): str(row.vantage) for row in connection.execute(sa.union(*both))}


def _add_once(connection: sa.Connection, entries: Sequence[Entry]) -> int:
    """How many were not there. They go by uid, so that two batches with the same ones wait in the same order.

    What was stored is not asked for in the same statement: that would be one of thousands of parameters, which takes
    the driver as long as everything else.
    """
    if not entries:
        return 0
    rows = [one.row for one in sorted(entries, key=lambda one: one.uid)]
    return connection.execute(_ADD_ONCE[connection.dialect.name], rows).rowcount


def _add_what_belongs(connection: sa.Connection, vantage: str, entries: Sequence[Entry]) -> None:
    """Evidence, verdicts, links and marks of measurements that are new."""
    if not entries:
        return
    connection.execute(_ADD_EVIDENCE, [{"uid": one.uid, "codec": "json+zlib", "blob": one.blob} for one in entries])
    connection.execute(_ADD_VERDICT, [one.verdict for one in entries])
    append_all(connection, vantage, [(one.uid, one.evidence_sha256) for one in entries])
    marks = [{"uid": one.uid, "mark": mark} for one in entries for mark in one.marks]
    if marks:
        connection.execute(_ADD_MARK, marks)


def _receipts(batch: Batch, stored: set[str], owners: dict[str, str]) -> list[Receipt]:
    found, told = [], set()
    for one in batch.entries:
        if one.uid in stored and one.uid not in told:
            found.append(Receipt(uid=one.uid, fate=Fate.STORED))
        elif owners.get(one.uid, batch.vantage) == batch.vantage:
            found.append(Receipt(uid=one.uid, fate=Fate.THERE))
        else:
            found.append(Receipt(uid=one.uid, fate=Fate.REFUSED, says=_ELSEWHERE))
        told.add(one.uid)
    return found
