"""Old evidence leaves the store for files of the evidence archive: written whole and named first, then deleted here.

Rows, verdicts, links and episodes stay for ever. How such a file is read again is in results/archived.py.
"""

import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

import sqlalchemy as sa
import zstandard
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel

from results.archived import line_of
from results.chain import BEGINNING, following
from results.own_insert import insert_into
from results.packing import Spoilt, packed, unpacked
from results.records import Measurement, adapter, iso
from results.store import Store, StoreError
from results.tables import same

_EVIDENCE = SQLModel.metadata.tables["evidence"]
_ARCHIVED = SQLModel.metadata.tables["archived"]
_LINK = SQLModel.metadata.tables["link"]
_PLACE = (_EVIDENCE.c.started_at, _EVIDENCE.c.uid)
_PART_ROWS = 20_000  # that are in one file at most
_AT_ONCE = 200  # rows that are in memory
_UNFINISHED = timedelta(days=1)
_LEVEL = 9  # it is written once and kept for years

_Place = tuple[datetime, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One file that was written, and whose evidence is in the store no longer."""

    file: str
    measurements: int
    size_bytes: int
    first_at: datetime
    last_at: datetime
    sha256: str


@dataclass(slots=True)
class _Part:
    """A file that is being written."""

    places: list[_Place]
    looked_at: _Place | None = None  # the last row, also where it could not be taken


def move(store: Store, folder: Path, *, before: datetime, now: datetime) -> Iterator[Moved]:
    """Moves the evidence of all whole months that were over by then, oldest first, a file after the other.

    Killed at any moment it loses nothing: what was not deleted here is moved by the next one that does this, into a
    file of the same name where its content is the same. What can't be unpacked stays: `kedergi verify` names it.
    Raises StoreError and OSError.
    """
    limit = before.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    _tidy(folder, now)
    after: _Place | None = None
    while (oldest := _oldest(store, after, limit)) is not None:
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = folder / f".{secrets.token_hex(8)}.part"
        try:
            part = _written(store, unfinished, after, min(_month_after(oldest), limit))
            if part.places:
                moved = _named(unfinished, part)
                _delete(store, moved, part, now)
                yield moved
        finally:
            unfinished.unlink(missing_ok=True)
        after = part.looked_at


def _tidy(folder: Path, now: datetime) -> None:
    """Unfinished files of programs that were killed; one that is younger may be another's that is at work."""
    for pattern in (".*.part", ".*.note"):
        for left in folder.glob(pattern):
            if left.stat().st_mtime < (now - _UNFINISHED).timestamp():
                left.unlink(missing_ok=True)


def bring_back(store: Store, measurement: Measurement, evidence: bytes | None = None) -> bool:
    """Puts a measurement's evidence into the store again; False where it is there, or is not what its link says."""
    uid, at = measurement.uid, measurement.started_at
    whole = evidence or adapter().dump_json(measurement)
    before = sa.alias(_LINK)
    query = (
        sa.select(_LINK.c.digest, _LINK.c.number, before.c.digest.label("before"))
        .outerjoin(before, sa.and_(before.c.vantage == _LINK.c.vantage, before.c.number == _LINK.c.number - 1))
        .outerjoin(_EVIDENCE, same(_EVIDENCE, _LINK))
        .where(_LINK.c.uid == uid, _LINK.c.started_at == at, _EVIDENCE.c.uid.is_(None))
    )
    with store.transaction(alone=True) as connection:
        link = connection.execute(query).first()
        if link is None or (link.before is None and link.number > 1):
            return False
        if following(link.before or BEGINNING, uid, sha256(whole).hexdigest()) != link.digest:
            return False
        once = insert_into(_EVIDENCE, connection).on_conflict_do_nothing().returning(_EVIDENCE.c.uid)
        return connection.execute(once, {"uid": uid, "started_at": at, **packed(whole)}).first() is not None


def _oldest(store: Store, after: _Place | None, limit: datetime) -> datetime | None:
    query = sa.select(_EVIDENCE.c.started_at).where(_EVIDENCE.c.started_at < limit, _later(after))
    with store.transaction() as connection:
        return connection.execute(query.order_by(*_PLACE).limit(1)).scalar()


def _written(store: Store, path: Path, after: _Place | None, limit: datetime) -> _Part:
    """A part of one month, as far as it goes into one file."""
    query = sa.select(_EVIDENCE).where(_EVIDENCE.c.started_at < limit, _later(after)).order_by(*_PLACE)
    part = _Part([])
    with path.open("xb") as raw, store.transaction() as connection:
        with zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True).stream_writer(raw, closefd=False) as packing:
            rows = connection.execution_options(yield_per=_AT_ONCE).execute(query.limit(_PART_ROWS))
            for row in rows.mappings():
                part.looked_at = (row["started_at"], row["uid"])
                if _added(packing, row):
                    part.places.append(part.looked_at)
        raw.flush()
        os.fsync(raw.fileno())
    return part


def _added(packing: Any, row: sa.RowMapping) -> bool:
    try:
        line = line_of(unpacked(row["codec"], row["blob"]))
    except Spoilt:
        return False
    packing.write(line)
    return True


def _named(unfinished: Path, part: _Part) -> Moved:
    """Under its name, with a note beside it, and both on the disk.

    The name is made of the content: who writes the same once more does no harm, and nobody overwrites another's.
    """
    with unfinished.open("rb") as raw:
        digest, size = _digest(raw)
    first_at, last_at = part.places[0][0], part.places[-1][0]
    name = f"evidence-{first_at:%Y-%m}-{digest[:16]}.jsonl.zst"
    moved = Moved(
        file=name,
        measurements=len(part.places),
        size_bytes=size,
        first_at=first_at,
        last_at=last_at,
        sha256=digest,
    )
    note = json.dumps({**asdict(moved), "first_at": iso(first_at), "last_at": iso(last_at)}, indent=1) + "\n"
    folder = unfinished.parent
    beside = unfinished.with_suffix(".note")
    try:
        with beside.open("x", encoding="utf-8") as file:
            file.write(note)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(folder / f"{name}.json")
    finally:
        beside.unlink(missing_ok=True)
    unfinished.replace(folder / name)
    _sync(folder)
    return moved


def _digest(raw: BinaryIO) -> tuple[str, int]:
    found, size = sha256(), 0
    while piece := raw.read(1024 * 1024):
        found.update(piece)
        size += len(piece)
    return found.hexdigest(), size


def _sync(folder: Path) -> None:
    """So that the names survive a power cut. Windows has no such thing, and writes them at once."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _delete(store: Store, moved: Moved, part: _Part, now: datetime) -> None:
    """The evidence, and in the same transaction it is noted where it is."""
    note = {name: value for name, value in asdict(moved).items() if name in _ARCHIVED.c}
    each = sa.delete(_EVIDENCE).where(
        _EVIDENCE.c.started_at == sa.bindparam("at"), _EVIDENCE.c.uid == sa.bindparam("name")
    )
    known = sa.select(_ARCHIVED.c.file).where(_ARCHIVED.c.file == moved.file)
    try:
        with store.transaction(alone=True) as connection:
            if connection.execute(known).first() is None:
                connection.execute(sa.insert(_ARCHIVED).values(**note, at=now))
            connection.execute(each, [{"at": at, "name": uid} for at, uid in part.places])
    except StoreError as exc:
        # Another program moved the very same at the same moment, and has deleted it, too.
        if not isinstance(exc.__cause__, IntegrityError):
            raise


def _later(after: _Place | None) -> sa.ColumnElement[bool]:
    if after is None:
        return sa.true()
    at, uid = (sa.literal(value, column.type) for value, column in zip(after, _PLACE, strict=True))
    return sa.tuple_(*_PLACE) > sa.tuple_(at, uid)


def _month_after(at: datetime) -> datetime:
    years, index = divmod(at.month, 12)
    return datetime(at.year + years, index + 1, 1, tzinfo=UTC)
