"""Measurements out of a store and into one: whole, for another store, or as points, for a table or `episodes --points`.

What a line looks like is in results/formats, how a file is read in results/judging.py.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import RowMapping
from sqlmodel import SQLModel

from results.fate import Fate
from results.history import series_name
from results.judgement import Judgement
from results.judging import Judged, NotRead
from results.packing import unpacked
from results.records import Measurement, adapter, iso
from results.retention import bring_back
from results.store import Store, judgement_of
from results.tables import same

_MEASUREMENT = SQLModel.metadata.tables["measurement"]
_EVIDENCE = SQLModel.metadata.tables["evidence"]
_VERDICT = SQLModel.metadata.tables["verdict"]
_AT_ONCE = 200  # rows that are in memory
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)  # before which nothing can have been measured here

POINT_COLUMNS = (
    *("series", "at", "verdict", "mechanism", "handshake_ms", "kbps", "reference_handshake_ms"),
    *("url", "network", "asn", "country", "vantage", "confidence", "ttfb_ms", "total_ms", "status", "uid"),
)


class Chosen(NamedTuple):
    """What is to be taken out. None: all."""

    since: datetime | None = None
    until: datetime | None = None  # before it
    url: str | None = None
    vantage: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One line of a file that was taken in, or not."""

    file: str
    line: int | None
    uid: str | None
    fate: Fate
    says: str = ""  # why it was refused


def measurements(store: Store, chosen: Chosen) -> Iterator[tuple[Measurement, Judgement]]:
    """With all their evidence, in the order of their times."""
    query = sa.select(_EVIDENCE.c.codec, _EVIDENCE.c.blob, _VERDICT).join(_EVIDENCE, same(_EVIDENCE, _VERDICT))
    for row in _rows(store, query, chosen):
        yield adapter().validate_json(unpacked(row["codec"], row["blob"])), judgement_of(row)


def archived(store: Store, chosen: Chosen) -> int:
    """How many measurements of these are not written whole, since their evidence is not in the store."""
    query = (
        sa.select(sa.func.count().label("many")).select_from(_VERDICT).outerjoin(_EVIDENCE, same(_EVIDENCE, _VERDICT))
    )
    with store.transaction() as connection:
        return int(connection.execute(_of(query.where(_EVIDENCE.c.uid.is_(None)), chosen)).scalar_one())


def points(store: Store, chosen: Chosen) -> Iterator[dict[str, Any]]:
    """POINT_COLUMNS of each, in the order of their times. The evidence is not read."""
    measured = (_MEASUREMENT.c[name] for name in ("url", "network", "asn", "country", "vantage", "reference_tls_ms"))
    query = sa.select(_VERDICT, *measured, _MEASUREMENT.c.started_at)
    for row in _rows(store, query, chosen):
        yield _point(row)


def taken(store: Store, found: Iterable[Judged | NotRead]) -> Iterator[Taken]:
    """Stores what was read, each in a transaction of its own, and says what became of each line."""
    for one in found:
        if isinstance(one, NotRead):
            yield Taken(file=one.file, line=one.line, uid=None, fate=Fate.REFUSED, says=one.says)
            continue
        place: dict[str, Any] = {"file": one.file, "line": one.line, "uid": one.measurement.uid}
        if (one.said is not None and not one.said.dated) or one.measurement.started_at < _EARLIEST:
            yield Taken(**place, fate=Fate.REFUSED, says="It does not say when it was measured.")
        else:
            new = store.add(one.measurement, one.judgement, one.evidence) or bring_back(
                store, one.measurement, one.evidence
            )
            yield Taken(**place, fate=Fate.STORED if new else Fate.THERE)


def _rows(store: Store, query: sa.Select[Any], chosen: Chosen) -> Iterator[RowMapping]:
    ordered = _of(query, chosen).order_by(_MEASUREMENT.c.started_at, _MEASUREMENT.c.uid)
    with store.transaction() as connection:
        yield from connection.execution_options(yield_per=_AT_ONCE).execute(ordered).mappings()


def _of(query: sa.Select[Any], chosen: Chosen) -> sa.Select[Any]:
    return only(query.join(_MEASUREMENT, same(_MEASUREMENT, _VERDICT)), chosen)


def only(query: sa.Select[Any], chosen: Chosen) -> sa.Select[Any]:
    """Of the measurements that a query has those that are chosen."""
    at = _MEASUREMENT.c.started_at
    if chosen.since is not None:
        query = query.where(at >= chosen.since)
    if chosen.until is not None:
        query = query.where(at < chosen.until)
    if chosen.url is not None:
        query = query.where(_MEASUREMENT.c.url == chosen.url)
    if chosen.vantage is not None:
        query = query.where(_MEASUREMENT.c.vantage == chosen.vantage)
    return query


def _point(row: RowMapping) -> dict[str, Any]:
    return {
        "series": series_name(row["url"], row["asn"], row["network"]),
        "at": iso(row["started_at"]),
        "verdict": row["verdict"],
        "mechanism": " ".join(row["mechanisms"]),
        "handshake_ms": row["tls_ms"],
        "reference_handshake_ms": row["reference_tls_ms"],
        **{name: row[name] for name in POINT_COLUMNS if name in row},
    }
