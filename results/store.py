"""The store: every query, and one transaction a measurement. SQLite here, PostgreSQL by its address.

What a row looks like is in tables.py. Calls block; callers on an event loop put them on a thread.
"""

import json
import statistics
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar

import sqlalchemy as sa
from sqlalchemy import RowMapping
from sqlalchemy.exc import ArgumentError, DatabaseError, IntegrityError, NoSuchModuleError
from sqlmodel import SQLModel

from results.archived import files
from results.judgement import Confidence, Fault, Judgement, Reason, Throttling, Timings, Verdict
from results.links import append
from results.packing import packed, unpacked
from results.points import Point
from results.records import Measurement, Past, adapter
from results.schema import WrongSchema, up_to_date
from results.sqlite import made_careful
from results.tables import GapRow, RoundRow, narrow, same

_T = TypeVar("_T")
_TRIES = 3
_PAST_CHECKS = 50  # newest of a series, from which its past is told
_MEASUREMENT = SQLModel.metadata.tables["measurement"]
_EVIDENCE = SQLModel.metadata.tables["evidence"]
_VERDICT = SQLModel.metadata.tables["verdict"]
_ROUND = SQLModel.metadata.tables["round"]
_GAP = SQLModel.metadata.tables["gap"]
# Made once: SQLAlchemy keeps what it has worked out about a statement with the statement.
_KNOWN = sa.select(_MEASUREMENT.c.uid).where(_MEASUREMENT.c.uid == sa.bindparam("name"))
_ADD_MEASUREMENT = sa.insert(_MEASUREMENT)
_ADD_EVIDENCE = sa.insert(_EVIDENCE)
_ADD_VERDICT = sa.insert(_VERDICT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How often one and the same was said of a URL within one cell of time."""

    url: str
    cell: int  # counted from the start that was asked for
    network: str | None
    verdict: Verdict
    mechanisms: tuple[str, ...]
    confidence: str | None
    count: int
    first_at: datetime  # UTC
    last_at: datetime


class Held(NamedTuple):
    """How much is stored."""

    measurements: int
    sites: int
    first_at: datetime | None  # UTC, of the oldest
    last_at: datetime | None


class StoreError(Exception):
    """The store can't be used. The message is one sentence for a person."""


class InArchive(StoreError):
    """What is asked for has left the store. The message says where it is."""


class Store:
    """An open store. Thread-safe; close it when done."""

    def __init__(self, url: str, prepare: Callable[[sa.Engine], None] = up_to_date) -> None:
        """Opens. `prepare`: what is done about its schema (schema.py). Raises StoreError."""
        self._name = without_password(url)
        with self._opens():
            # A server that was restarted has ended our connections: they are tried before they are used.
            self._engine = sa.create_engine(url, pool_pre_ping=url.startswith("postgresql"))
            if self._engine.dialect.name == "sqlite":
                made_careful(self._engine)
            try:
                prepare(self._engine)
            except BaseException:
                self._engine.dispose()
                raise

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def transaction(self, *, alone: bool = False) -> Iterator[sa.Connection]:
        """For the queries that stand elsewhere (queue.py). `alone`: SQLite lets nobody else write from its start on."""
        with self._says("write to"), self._engine.execution_options(alone=alone).begin() as connection:
            yield connection

    def add(self, measurement: Measurement, judgement: Judgement, evidence: bytes | None = None) -> bool:
        """Stores both in one transaction; False where that uid is or was stored already, and then changes nothing.

        `evidence`: the measurement's JSON where there is one already, which its link in the chain was made of.
        """
        whole = evidence or adapter().dump_json(measurement)
        return undisturbed(lambda: self._add(measurement, judgement, whole))

    def _add(self, measurement: Measurement, judgement: Judgement, evidence: bytes) -> bool:
        uid, at = measurement.uid, measurement.started_at
        with self.transaction(alone=True) as connection:
            if connection.execute(_KNOWN, {"name": uid}).first() is not None:
                return False
            if not append(connection, measurement.vantage.name, uid, at, evidence):
                return False
            connection.execute(_ADD_MEASUREMENT, narrow(measurement))
            connection.execute(_ADD_EVIDENCE, {"uid": uid, "started_at": at, **packed(evidence)})
            connection.execute(_ADD_VERDICT, verdict_values(uid, at, judgement))
        return True

    def begin_round(self, uid: str, *, vantage: str, started_at: datetime, planned: int) -> None:
        row = {"uid": uid, "vantage": vantage, "started_at": started_at, "planned": planned}
        with self._says("write to"), self._engine.begin() as connection:
            connection.execute(sa.insert(_ROUND), row)

    def end_round(
        self, uid: str, *, ended_at: datetime, measured: int, line_up: bool | None, traffic_bytes: int | None = None
    ) -> None:
        values = {"ended_at": ended_at, "measured": measured, "line_up": line_up, "traffic_bytes": traffic_bytes}
        with self._says("write to"), self._engine.begin() as connection:
            connection.execute(sa.update(_ROUND).where(_ROUND.c.uid == uid).values(values))

    def add_gap(self, *, vantage: str, began_at: datetime, ended_at: datetime, why: str) -> None:
        row = {"vantage": vantage, "began_at": began_at, "ended_at": ended_at, "why": why}
        with self._says("write to"), self._engine.begin() as connection:
            connection.execute(sa.insert(_GAP), row)

    def lengthen_gap(self, gap: GapRow, *, ended_at: datetime) -> None:
        """Its reason goes on."""
        with self._says("write to"), self._engine.begin() as connection:
            connection.execute(sa.update(_GAP).where(_GAP.c.id == gap.id).values(ended_at=ended_at))

    def used_bytes(self, vantage: str, *, since: datetime, before: datetime) -> int:
        """What crossed the line both ways for checks and rounds that began in that time, as far as it was counted."""
        checks = (_MEASUREMENT.c.received_bytes, _MEASUREMENT.c.sent_bytes)
        used = 0
        for table, columns in ((_MEASUREMENT, checks), (_ROUND, (_ROUND.c.traffic_bytes,))):
            query = sa.select(*(sa.func.sum(column) for column in columns)).where(
                table.c.vantage == vantage, table.c.started_at >= since, table.c.started_at < before
            )
            used += sum(int(total or 0) for total in self._rows(query)[0].values())
        return used

    def last_started(self, vantage: str) -> dict[str, datetime]:
        """When each URL was last measured from this vantage."""
        newest = sa.func.max(_MEASUREMENT.c.started_at, type_=_MEASUREMENT.c.started_at.type)
        query = (
            sa.select(_MEASUREMENT.c.url, newest.label("newest"))
            .where(_MEASUREMENT.c.vantage == vantage)
            .group_by(_MEASUREMENT.c.url)
        )
        return {row["url"]: row["newest"] for row in self._rows(query)}

    def pasts(self, vantage: str, *, since: datetime) -> dict[str, Past]:
        """What each URL's newest accessible checks were like, of those in the network of the newest."""
        newest = sa.func.row_number().over(
            partition_by=_MEASUREMENT.c.url, order_by=(_MEASUREMENT.c.started_at.desc(), _MEASUREMENT.c.uid)
        )
        inner = (
            sa.select(*(_MEASUREMENT.c[name] for name in ("url", "asn", "started_at")), newest.label("place"))
            .add_columns(_VERDICT.c.tls_ms, _VERDICT.c.kbps)
            .join(_VERDICT, same(_VERDICT, _MEASUREMENT))
            .where(_MEASUREMENT.c.vantage == vantage, _MEASUREMENT.c.started_at >= since)
            .where(_VERDICT.c.verdict == Verdict.ACCESSIBLE.value)
            .subquery()
        )
        by_url: dict[str, list[RowMapping]] = defaultdict(list)
        for row in self._rows(sa.select(inner).where(inner.c.place <= _PAST_CHECKS).order_by(inner.c.place)):
            by_url[row["url"]].append(row)
        return {url: _past(rows) for url, rows in by_url.items()}

    def points(self, *, since: datetime, url: str | None = None) -> list[Point]:
        """Judged measurements, oldest first, of one URL or of all."""
        query = (
            sa.select(_MEASUREMENT, _VERDICT)
            .join(_VERDICT, same(_VERDICT, _MEASUREMENT))
            .where(_MEASUREMENT.c.started_at >= since)
            .order_by(_MEASUREMENT.c.started_at, _MEASUREMENT.c.uid)
        )
        if url is not None:
            query = query.where(_MEASUREMENT.c.url == url)
        return [point_of(row) for row in self._rows(query)]

    def tallies(
        self, *, vantage: str, since: datetime, cell: timedelta, urls: Collection[str] | None = None
    ) -> list[Tally]:
        """Judged measurements counted per cell of time, for strips: no evidence and no reason is read. Unordered."""
        at = _MEASUREMENT.c.started_at
        whole = sa.func.date_trunc("second", at) if self._engine.dialect.name == "postgresql" else at
        seconds = sa.cast(sa.extract("epoch", whole), sa.BigInteger) - int(since.timestamp())
        mechanisms = _VERDICT.c.mechanisms.cast(sa.Text).label("mechanisms")
        said = (_MEASUREMENT.c.network, _VERDICT.c.verdict, mechanisms, _VERDICT.c.confidence)
        group = (_MEASUREMENT.c.url, (seconds // int(cell.total_seconds())).label("cell"), *said)
        ends = (sa.func.min(at, type_=at.type).label("first_at"), sa.func.max(at, type_=at.type).label("last_at"))
        query = (
            sa.select(*group, sa.func.count().label("count"), *ends)
            .join(_VERDICT, same(_VERDICT, _MEASUREMENT))
            .where(_MEASUREMENT.c.vantage == vantage, at >= since)
            .group_by(*group)
        )
        if urls is not None:
            query = query.where(_MEASUREMENT.c.url.in_(urls))
        return [
            Tally(**row | {"verdict": Verdict(row["verdict"]), "mechanisms": tuple(json.loads(row["mechanisms"]))})
            for row in map(dict, self._rows(query))
        ]

    def measurement(self, uid: str) -> tuple[Measurement, Judgement] | None:
        """One measurement with all its evidence, and what it means. Raises InArchive where that is elsewhere."""
        query = (
            sa.select(_EVIDENCE.c.codec, _EVIDENCE.c.blob, _VERDICT)
            .join(_VERDICT, same(_VERDICT, _EVIDENCE))
            .where(_VERDICT.c.uid == uid)
        )
        rows = self._rows(query)
        if not rows:
            self._tell_where(uid)
            return None
        found = rows[0]
        return adapter().validate_json(unpacked(found["codec"], found["blob"])), judgement_of(found)

    def _tell_where(self, uid: str) -> None:
        with self._says("read"), self._engine.connect() as connection:
            at = connection.execute(sa.select(_MEASUREMENT.c.started_at).where(_MEASUREMENT.c.uid == uid)).scalar()
            names = files(connection, at) if at is not None else []
        if names:
            raise InArchive(
                f"The evidence of this measurement is archived in {' or '.join(names)}; `kedergi import` of that file "
                "brings it back."
            )

    def held(self) -> Held:
        """How much is stored, of all vantages."""
        at = _MEASUREMENT.c.started_at
        ends = (sa.func.min(at, type_=at.type), sa.func.max(at, type_=at.type))
        query = sa.select(sa.func.count(at), sa.func.count(_MEASUREMENT.c.url.distinct()), *ends)
        return Held(*self._rows(query)[0].values())

    def rounds(self, *, limit: int = 20) -> list[RoundRow]:
        """The newest rounds, newest first."""
        query = sa.select(_ROUND).order_by(_ROUND.c.started_at.desc()).limit(limit)
        return [RoundRow(**row) for row in self._rows(query)]

    def gaps(self, *, since: datetime) -> list[GapRow]:
        """Times without measuring that end after `since`, oldest first."""
        query = sa.select(_GAP).where(_GAP.c.ended_at >= since).order_by(_GAP.c.began_at)
        return [GapRow(**row) for row in self._rows(query)]

    def _rows(self, query: Any) -> Sequence[RowMapping]:
        with self._says("read"), self._engine.connect() as connection:
            return connection.execute(query).mappings().all()

    @contextmanager
    def _opens(self) -> Iterator[None]:
        try:
            with self._says("open"):
                yield
        except (WrongSchema, OSError) as exc:
            raise StoreError(f"Can't open the store {self._name}: {exc}.") from exc
        except (ArgumentError, NoSuchModuleError, ModuleNotFoundError, ValueError) as exc:
            raise StoreError(f"store.url: {self._name} is no address of a store that is installed here: {exc}") from exc

    @contextmanager
    def _says(self, doing: str) -> Iterator[None]:
        """What the database says. What else goes wrong meanwhile is a fault of ours, and stays what it is."""
        try:
            yield
        except DatabaseError as exc:
            words = str(exc.orig or exc).strip().splitlines()[0]
            raise StoreError(f"Can't {doing} the store {self._name}: {words}.") from exc


def undisturbed(work: Callable[[], _T]) -> _T:
    """What a transaction gives, begun anew where another one was in its way, of which it then sees what it did.

    That is: another vantage stored the same uid since it looked, or a month's table was made (months.py).
    """
    for _ in range(_TRIES - 1):
        try:
            return work()
        except StoreError as exc:
            if not isinstance(exc.__cause__, IntegrityError):
                raise
    return work()


def verdict_values(uid: str, started_at: datetime, judgement: Judgement) -> dict[str, Any]:
    """The row of `verdict` that says this."""
    timings = judgement.timings
    return {
        "uid": uid,
        "started_at": started_at,
        "rules_version": judgement.rules_version,
        "verdict": judgement.verdict.value,
        "mechanisms": list(judgement.mechanisms),
        "confidence": judgement.confidence,
        "fault": judgement.fault,
        "reasons": [asdict(reason) for reason in judgement.reasons],
        "dns_ms": timings.dns,
        "tcp_ms": timings.tcp,
        "tls_ms": timings.tls,
        "ttfb_ms": timings.ttfb,
        "total_ms": timings.total,
        "kbps": judgement.kbps,
        "throttling": judgement.throttling and asdict(judgement.throttling),
        "status": judgement.status,
    }


def judgement_of(row: Any) -> Judgement:
    """What a row of `verdict` says."""
    return Judgement(
        verdict=Verdict(row["verdict"]),
        mechanisms=tuple(row["mechanisms"]),
        confidence=Confidence(row["confidence"]) if row["confidence"] else None,
        fault=Fault(row["fault"]) if row["fault"] else None,
        reasons=tuple(Reason(**reason) for reason in row["reasons"]),
        timings=Timings(
            dns=row["dns_ms"], tcp=row["tcp_ms"], tls=row["tls_ms"], ttfb=row["ttfb_ms"], total=row["total_ms"]
        ),
        kbps=row["kbps"],
        throttling=_throttling(row["throttling"]),
        status=row["status"],
        rules_version=row["rules_version"],
    )


def _past(newest_first: Sequence[RowMapping]) -> Past:
    """Medians of a series' checks, as far as they were made in one network."""
    asn = newest_first[0]["asn"]
    rows = [row for row in newest_first if row["asn"] == asn]
    known = {name: [row[name] for row in rows if row[name] is not None] for name in ("tls_ms", "kbps")}
    medians = {name: round(statistics.median(values), 1) if values else None for name, values in known.items()}
    return Past(since=rows[-1]["started_at"], checks=len(rows), asn=asn, **medians)


def _throttling(kept: dict[str, Any] | None) -> Throttling | None:
    if kept is None:
        return None
    interval = kept["interval"]
    return Throttling(**kept | {"interval": tuple(interval) if interval else None})


def point_of(row: Any) -> Point:
    return Point(
        uid=row["uid"],
        url=row["url"],
        vantage=row["vantage"],
        asn=row["asn"],
        network=row["network"],
        at=row["started_at"],
        verdict=Verdict(row["verdict"]),
        mechanisms=tuple(row["mechanisms"]),
        confidence=row["confidence"],
        says=row["reasons"][0]["says"] if row["reasons"] else "",
        dns_ms=row["dns_ms"],
        tcp_ms=row["tcp_ms"],
        tls_ms=row["tls_ms"],
        ttfb_ms=row["ttfb_ms"],
        total_ms=row["total_ms"],
        kbps=row["kbps"],
        status=row["status"],
    )


def without_password(url: str) -> str:
    """A store's address for people to see."""
    try:
        read = sa.make_url(url)
    except (ArgumentError, ValueError):
        return json.dumps(url.rpartition("@")[2])
    hidden = {key: "***" if "pass" in key.lower() else value for key, value in read.query.items()}
    return read.set(query=hidden).render_as_string(hide_password=True).replace("%2A", "*")
