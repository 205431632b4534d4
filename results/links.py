"""Writes the links of the vantages' chains beside the measurements, and reads them again to see what doesn't fit.

What a link holds stands in results/chain.py.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from pydantic import ValidationError
from sqlalchemy import RowMapping
from sqlmodel import SQLModel

from results.archived import EvidenceArchive
from results.chain import BEGINNING, Link, Trouble, following, troubles
from results.many_rows import add_all
from results.own_insert import insert_into
from results.packing import Spoilt, unpacked
from results.records import adapter
from results.tables import narrow, same

_LINK = SQLModel.metadata.tables["link"]
_MEASUREMENT = SQLModel.metadata.tables["measurement"]
_EVIDENCE = SQLModel.metadata.tables["evidence"]
_NEWEST = (
    sa.select(_LINK.c.number, _LINK.c.digest)
    .where(_LINK.c.vantage == sa.bindparam("name"))
    .order_by(_LINK.c.number.desc())
    .limit(1)
)
_AT_ONCE = 200  # links that are in memory
_KNOWN = tuple(column for column in _MEASUREMENT.c)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """One vantage's, as it is now."""

    vantage: str
    links: int
    head: str  # the newest digest: to be noted, and compared later


def append(connection: sa.Connection, vantage: str, uid: str, started_at: datetime, evidence: bytes) -> bool:
    """Within the transaction that stores the measurement; no other program can come in between.

    False where a measurement with this uid was linked before, of any vantage: then nothing is written.
    """
    hold(connection, vantage)
    [row] = _rows(connection, vantage, [(uid, started_at, sha256(evidence).hexdigest())])
    once = insert_into(_LINK, connection).on_conflict_do_nothing(index_elements=["uid"]).returning(_LINK.c.number)
    return connection.execute(once, row).first() is not None


def hold(connection: sa.Connection, vantage: str) -> None:
    """Keeps others from a vantage's chain until the transaction ends. (On SQLite only one writes anyway.)"""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(f"chain of {vantage}"))))


def append_all(connection: sa.Connection, vantage: str, stored: Sequence[tuple[str, datetime, str]]) -> None:
    """Links for several in their order, each a uid with its time and the SHA-256 of its evidence. The chain is held.

    A uid that another vantage links at the same moment is an IntegrityError. They go in by uid, so that two who have
    the same ones wait for each other in one order and never in a circle.
    """
    add_all(connection, _LINK, sorted(_rows(connection, vantage, stored), key=itemgetter("uid")))


def _rows(connection: sa.Connection, vantage: str, stored: Sequence[tuple[str, datetime, str]]) -> list[dict[str, Any]]:
    newest = connection.execute(_NEWEST, {"name": vantage}).first()
    number, before = (newest.number, newest.digest) if newest else (0, BEGINNING)
    rows = []
    for uid, started_at, evidence_sha256 in stored:
        number, before = number + 1, following(before, uid, evidence_sha256)
        rows.append({"vantage": vantage, "number": number, "uid": uid, "digest": before, "started_at": started_at})
    return rows


def heads(connection: sa.Connection) -> dict[str, tuple[int, str]]:
    """Number and digest of each vantage's newest link, by name: a look into the index for each, however long it is."""
    found: dict[str, tuple[int, str]] = {}
    name = connection.execute(sa.select(sa.func.min(_LINK.c.vantage))).scalar()
    while name is not None:
        newest = connection.execute(_NEWEST, {"name": name}).one()
        found[name] = (newest.number, newest.digest)
        name = connection.execute(sa.select(sa.func.min(_LINK.c.vantage)).where(_LINK.c.vantage > name)).scalar()
    return found


def chains(connection: sa.Connection) -> list[Chain]:
    """One for each vantage that has measured, by name."""
    found = sa.func.count().label("links")
    counted = connection.execute(sa.select(_LINK.c.vantage, found).group_by(_LINK.c.vantage)).all()
    counts = {str(row.vantage): int(row.links) for row in counted}
    return [Chain(vantage=name, links=counts[name], head=head) for name, (_, head) in heads(connection).items()]


def broken(connection: sa.Connection, vantage: str, archive: EvidenceArchive | None = None) -> Iterator[Trouble]:
    """What doesn't fit in one vantage's chain, by number; then files of the archive that are away, and what is stored
    of it in no chain.
    """
    looked = archive or EvidenceArchive(None)
    yield from troubles(_links(connection, vantage, looked))
    for file, count in sorted(looked.away.items()):
        says = f"{count} of its measurements are archived in {file}, which is not there, or damaged."
        yield Trouble(number=None, uid=None, url=None, started_at=None, says=says)
    linked = sa.select(_LINK.c.uid).where(_LINK.c.vantage == vantage)
    loose = (
        sa.select(_MEASUREMENT.c.uid, _MEASUREMENT.c.url, _MEASUREMENT.c.started_at)
        .where(_MEASUREMENT.c.vantage == vantage, _MEASUREMENT.c.uid.not_in(linked))
        .order_by(_MEASUREMENT.c.started_at, _MEASUREMENT.c.uid)
    )
    for row in connection.execute(loose).mappings():
        yield Trouble(number=None, **row, says="It is in no chain: it was not stored by this program.")


def vantages(connection: sa.Connection) -> list[str]:
    """All that are in a chain or have measured, by name."""
    both = sa.union(sa.select(_LINK.c.vantage), sa.select(_MEASUREMENT.c.vantage))
    return sorted(connection.execute(both).scalars())


def has(connection: sa.Connection, noted: str) -> bool:
    """Whether a digest that was noted is that of a link."""
    return connection.execute(sa.select(_LINK.c.uid).where(_LINK.c.digest == noted)).first() is not None


def _links(connection: sa.Connection, vantage: str, archive: EvidenceArchive) -> Iterator[Link]:
    query = (
        sa.select(_LINK.c.number, _LINK.c.uid.label("linked"), _LINK.c.digest)
        .add_columns(_LINK.c.started_at.label("linked_at"), _EVIDENCE.c.codec, _EVIDENCE.c.blob, *_KNOWN)
        .outerjoin(_EVIDENCE, same(_EVIDENCE, _LINK))
        .outerjoin(_MEASUREMENT, _MEASUREMENT.c.uid == _LINK.c.uid)
        .where(_LINK.c.vantage == vantage)
        .order_by(_LINK.c.number)
    )
    for row in connection.execution_options(yield_per=_AT_ONCE).execute(query).mappings():
        yield _link(connection, row, vantage, archive)


def _link(connection: sa.Connection, row: RowMapping, vantage: str, archive: EvidenceArchive) -> Link:
    sha256_, says, away = None, None, False
    evidence = _unpacked(row["codec"], row["blob"])
    if evidence is not None:
        sha256_, says = sha256(evidence).hexdigest(), _said(evidence)
    elif row["blob"] is None and row["linked_at"] is not None and row["uid"] is not None:
        kept = archive.find(connection, row["linked"], row["linked_at"])
        if isinstance(kept, str):
            away = True
            archive.away[kept] += 1
        elif kept is not None:
            sha256_, says = kept
            archive.fits += 1
    return Link(
        number=row["number"],
        uid=row["linked"],
        digest=row["digest"],
        url=row["url"],
        started_at=row["started_at"],
        evidence_sha256=sha256_ if row["uid"] is not None else None,
        agrees=sha256_ is None or (says is not None and _agrees(row, says, vantage)),
        away=away,
    )


def _unpacked(codec: str | None, blob: bytes | None) -> bytes | None:
    try:
        return unpacked(codec or "", blob) if blob is not None else None
    except Spoilt:
        return None


def _said(evidence: bytes) -> Mapping[str, Any] | None:
    try:
        return narrow(adapter().validate_json(evidence))
    except ValidationError:
        return None


def _agrees(row: RowMapping, said: Mapping[str, Any], vantage: str) -> bool:
    return said["vantage"] == vantage and all(_same(row[name], value) for name, value in said.items())


def _same(stored: object, said: object) -> bool:
    if isinstance(stored, datetime) and isinstance(said, datetime):
        return abs((stored - said).total_seconds()) < 0.001
    return stored == said
