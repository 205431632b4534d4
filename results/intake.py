"""What a member sends goes into the store: a batch in one transaction, everything that belongs to it or nothing.

Pure of HTTP: who may send, and what a line says, is known to the server. Measurements are judged before, since nobody
else may store for this vantage while the transaction lasts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlmodel import SQLModel

from results.fate import Fate
from results.judgement import Judgement
from results.links import append_all, hold
from results.many_rows import add_all
from results.own_insert import insert_into
from results.packing import packed
from results.records import Measurement, adapter
from results.store import Store, undisturbed, verdict_values
from results.tables import narrow

_MEASUREMENT = SQLModel.metadata.tables["measurement"]
_EVIDENCE = SQLModel.metadata.tables["evidence"]
_VERDICT = SQLModel.metadata.tables["verdict"]
_LINK = SQLModel.metadata.tables["link"]
_MEMBER = SQLModel.metadata.tables["member"]
_NONCE = SQLModel.metadata.tables["nonce"]
_MARK = SQLModel.metadata.tables["mark"]
_ELSEWHERE = "Another vantage has stored a measurement with this uid; nothing was changed."


class Replayed(Exception):
    """The request was taken before, or is being taken."""


class NoMember(Exception):
    """The key is no member's, or no longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A judged measurement as the rows that will stand for it."""

    row: dict[str, Any]
    evidence: dict[str, Any]
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
    uid, at = measurement.uid, measurement.started_at
    return Entry(
        row=narrow(measurement),
        evidence={"uid": uid, "started_at": at, **packed(evidence)},
        evidence_sha256=sha256(evidence).hexdigest(),
        verdict=verdict_values(uid, at, judgement),
        marks=tuple(marks),
    )


def take(store: Store, batch: Batch) -> list[Receipt]:
    """Stores what is not there yet; a receipt for each entry in its order. Raises NoMember, Replayed and StoreError."""
    return undisturbed(lambda: _taken(store, batch))


def _taken(store: Store, batch: Batch) -> list[Receipt]:
    with store.transaction(alone=True) as connection:
        hold(connection, batch.vantage)  # first of all: who comes second sees what the first has done
        _admit(connection, batch)
        owners = _owners(connection, batch.entries)
        fresh: dict[str, Entry] = {}
        for one in batch.entries:
            if one.uid not in owners:
                fresh.setdefault(one.uid, one)
        _add(connection, batch.vantage, list(fresh.values()))
    return _receipts(batch, set(fresh), owners)


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
    once = insert_into(_NONCE, connection).on_conflict_do_nothing().returning(_NONCE.c.nonce)
    if connection.execute(once, seen).first() is None:
        raise Replayed
    if batch.interval_s not in {None, member.interval_s}:
        connection.execute(sa.update(_MEMBER).where(mine).values(interval_s=batch.interval_s))


def _owners(connection: sa.Connection, entries: Sequence[Entry]) -> dict[str, str]:
    """The vantage of each of these that is stored, or once was: a link outlives its measurement.

    Rows without a link were put in by another program. Their months alone are looked into.
    """
    if not entries:
        return {}
    uids, times = [one.uid for one in entries], [one.row["started_at"] for one in entries]
    linked = sa.select(_LINK.c.uid, _LINK.c.vantage).where(_LINK.c.uid.in_(uids))
    there = sa.select(_MEASUREMENT.c.uid, _MEASUREMENT.c.vantage).where(
        _MEASUREMENT.c.uid.in_(uids), _MEASUREMENT.c.started_at.between(min(times), max(times))
    )
    return {str(row.uid): str(row.vantage) for query in (there, linked) for row in connection.execute(query)}


def _add(connection: sa.Connection, vantage: str, entries: Sequence[Entry]) -> None:
    """Links before all else: they tell whether another vantage was faster."""
    append_all(connection, vantage, [(one.uid, one.row["started_at"], one.evidence_sha256) for one in entries])
    add_all(connection, _MEASUREMENT, [one.row for one in entries])
    add_all(connection, _EVIDENCE, [one.evidence for one in entries])
    add_all(connection, _VERDICT, [one.verdict for one in entries])
    add_all(connection, _MARK, [{"uid": one.uid, "mark": mark} for one in entries for mark in one.marks])


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
