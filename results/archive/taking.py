"""Measurements out of a store into an archive: those that its chains tell it has not seen, each once.

How far a vantage's chain was taken stands in the manifest, with the digest that stands for all links up to there.
Where a store's chain has another, or where only some are chosen, all are looked at, and their uids tell what is new.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlmodel import SQLModel

from results.archive import manifest as _manifest
from results.archive.appending import AT_ONCE, Added, append
from results.archive.columns import COLUMNS, WITH_EVIDENCE, of_rows
from results.archive.manifest import Manifest, Mark, writing
from results.archive.place import Place
from results.carrying import Chosen, only
from results.links import heads
from results.packing import unpacked
from results.store import Store
from results.tables import same

_MEASUREMENT = SQLModel.metadata.tables["measurement"]
_EVIDENCE = SQLModel.metadata.tables["evidence"]
_VERDICT = SQLModel.metadata.tables["verdict"]
_LINK = SQLModel.metadata.tables["link"]
_ROWS = 500  # that are fetched at once, and whose evidence is asked for at once
_EVIDENCE_MAX_BYTES = 256 * 1024 * 1024  # unpacked, before a commit
_OF_MEASUREMENT = (
    *("uid", "url", "vantage", "country", "asn", "network", "vantage_class", "started_at", "runtime_ms"),
    "reference_tls_ms",
)
_OF_VERDICT = (
    *("rules_version", "verdict", "mechanisms", "confidence", "fault", "dns_ms", "tcp_ms", "tls_ms", "ttfb_ms"),
    *("total_ms", "kbps", "status"),
)


def export(store: Store, place: Place, chosen: Chosen, *, buckets: int | None, evidence: bool) -> Added:
    """Appends what is not there yet, a commit for every half a million points."""
    with writing(place):
        now = _manifest.read_or_begin(place, buckets)
        _manifest.sweep(place, now)
        to, query = _asked(store, now, chosen)
        stored = there = 0
        for rows in _gathered(store, query, evidence=evidence):
            added = append(place, now, pa.Table.from_pylist(rows, WITH_EVIDENCE if evidence else COLUMNS))
            now, stored, there = added.manifest, stored + added.stored, there + added.there
        if now.marks != {**now.marks, **to}:
            now = _manifest.commit(place, replace(now, marks={**now.marks, **to}))
    return Added(now, stored, there)


def _asked(store: Store, now: Manifest, chosen: Chosen) -> tuple[dict[str, Mark], sa.Select[Any] | None]:
    """What is to be looked at, and how far the archive has seen each chain when that is done."""
    if chosen != Chosen():
        return {}, only(_everything(), chosen)
    with store.transaction() as connection:
        to = {name: Mark(*newest) for name, newest in heads(connection).items()}
        return to, _unseen(_known(connection, now), to)


def _known(connection: sa.Connection, manifest: Manifest) -> dict[str, int]:
    """How far the archive has seen each vantage's chain, where it is this store's chain that it has seen."""
    known = {}
    for name, mark in manifest.marks.items():
        mine = sa.and_(_LINK.c.vantage == name, _LINK.c.number == mark.number)
        if connection.execute(sa.select(_LINK.c.digest).where(mine)).scalar() == mark.digest:
            known[name] = mark.number
    return known


def _unseen(known: dict[str, int], to: dict[str, Mark]) -> sa.Select[Any] | None:
    new = [
        sa.and_(_LINK.c.vantage == name, _LINK.c.number > known.get(name, 0), _LINK.c.number <= mark.number)
        for name, mark in to.items()
        if mark.number > known.get(name, 0)
    ]
    return _everything().join(_LINK, _LINK.c.uid == _MEASUREMENT.c.uid).where(sa.or_(*new)) if new else None


def _everything() -> sa.Select[Any]:
    columns = [*(_MEASUREMENT.c[name] for name in _OF_MEASUREMENT), *(_VERDICT.c[name] for name in _OF_VERDICT)]
    return (
        sa.select(*columns)
        .join(_VERDICT, same(_VERDICT, _MEASUREMENT))
        .order_by(_MEASUREMENT.c.started_at, _MEASUREMENT.c.uid)
    )


def _gathered(store: Store, query: sa.Select[Any] | None, *, evidence: bool) -> Iterator[list[dict[str, Any]]]:
    """As many points as one commit takes, in the order of their times, so that each touches few months."""
    held: list[dict[str, Any]] = []
    held_bytes = 0
    if query is None:
        return
    with store.transaction() as connection:
        found = connection.execution_options(yield_per=_ROWS).execute(query).mappings()
        for rows in found.partitions(_ROWS):
            points = [of_rows(row) for row in rows]
            if evidence:
                held_bytes += _with_evidence(connection, points)
            held += points
            if len(held) >= AT_ONCE or held_bytes >= _EVIDENCE_MAX_BYTES:
                yield held
                held, held_bytes = [], 0
    if held:
        yield held


def _with_evidence(connection: sa.Connection, points: list[dict[str, Any]]) -> int:
    """Adds it to the points; how long it is."""
    uids = [point["uid"] for point in points]
    first, last = points[0]["at"], points[-1]["at"]
    mine = sa.and_(_EVIDENCE.c.uid.in_(uids), _EVIDENCE.c.started_at.between(first, last))
    query = sa.select(_EVIDENCE.c.uid, _EVIDENCE.c.codec, _EVIDENCE.c.blob).where(mine)
    texts = {uid: unpacked(codec, blob).decode() for uid, codec, blob in connection.execute(query)}
    for point in points:
        point["evidence"] = texts.get(point["uid"])  # None: it has left the store
    return sum(map(len, texts.values()))
