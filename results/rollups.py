"""The store's rollups kept up to date: what the vantages' chains have that was not counted yet is counted, once.

Ingest waits for none of it: whoever stores has only to link, and a count that was interrupted goes on where it stood.
Late measurements are added to their day like any other. What a sum is stands in sums.py, who reads them in looking.py.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import islice
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import SQLModel

from results.links import heads
from results.own_insert import insert_into
from results.points import network_key
from results.store import Store
from results.sums import Day, Look, Said, day_of, hours_json, whole_json
from results.tables import same

_ROLLUP = SQLModel.metadata.tables["rollup"]
_VANTAGES = SQLModel.metadata.tables["vantage_rollup"]
_COUNTED = SQLModel.metadata.tables["counted"]
_LINK = SQLModel.metadata.tables["link"]
_MEASUREMENT = SQLModel.metadata.tables["measurement"]
_VERDICT = SQLModel.metadata.tables["verdict"]
_AT_ONCE = 4000  # links in one transaction, so that who stores on SQLite does not wait for long
_ROWS_AT_ONCE = 500  # in one statement
_KEY = ("network_key", "country", "vantage_class", "day")
DAY = timedelta(days=1)


class Place(NamedTuple):
    """Of a row: the first is a URL or a vantage's name."""

    of: str
    network_key: str
    country: str
    vantage_class: str
    day: date


@dataclass(slots=True)
class Counted:
    """A row of either table, to be."""

    asn: int | None = None
    network: str = ""
    newest_s: int = -1  # of the look that the network's name is from
    newest_at: datetime | None = None
    day: Day = field(default_factory=Day)

    def name(self, asn: int | None, network: str, at_s: int) -> None:
        """As the newest calls it; of two at once the one that comes last in the alphabet, whichever came first."""
        self.asn = asn if self.asn is None else self.asn
        self.newest_s, self.network = max((self.newest_s, self.network), (at_s, network))


class Rollups:
    """The rollups of one store. Calls block; callers on an event loop put them on a thread."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def follow(self, at_once: int = _AT_ONCE) -> int:
        """Counts what was stored since this was last done, by whichever program; how many measurements."""
        total = 0
        while found := self._some(at_once):
            total += found
        return total

    def rebuild(self, told: Callable[[int], None] | None = None) -> int:
        """Forgets all and counts it again. Pages show what is counted meanwhile. `told`: how many are, now and then."""
        with self._store.transaction(alone=True) as connection:
            _hold(connection)
            for table in (_ROLLUP, _VANTAGES, _COUNTED):
                connection.execute(sa.delete(table))
        total = 0
        while found := self._some(_AT_ONCE * 5):
            total += found
            if told:
                told(total)
        return total

    def recount(self, series: Iterable[tuple[str, date]]) -> None:
        """Counts these URLs' days again: what was stored was judged anew. What is not counted yet stays so."""
        for url, day in sorted(set(series)):
            with self._store.transaction(alone=True) as connection:
                _hold(connection)
                mine = sa.and_(_ROLLUP.c.url == url, _ROLLUP.c.day == day)
                connection.execute(sa.delete(_ROLLUP).where(mine))
                _write(connection, _ROLLUP, _grouped(_of_day(connection, day, _MEASUREMENT.c.url == url), "url"))
                # A vantage's day is over all URLs, so it is counted whole.
                looked = sa.select(_MEASUREMENT.c.vantage).distinct().where(_MEASUREMENT.c.url == url, *_within(day))
                for vantage in connection.execute(looked).scalars().all():
                    of = sa.and_(_VANTAGES.c.vantage == vantage, _VANTAGES.c.day == day)
                    connection.execute(sa.delete(_VANTAGES).where(of))
                    rows = _of_day(connection, day, _MEASUREMENT.c.vantage == vantage)
                    _write(connection, _VANTAGES, _grouped(rows, "vantage"))

    def _some(self, at_once: int) -> int:
        """One transaction's worth."""
        with self._store.transaction(alone=True) as connection:
            _hold(connection)
            known = {row.vantage: row.number for row in connection.execute(sa.select(_COUNTED))}
            rows: list[Any] = []
            moved = 0
            for vantage, (newest, _) in heads(connection).items():
                after = known.get(vantage, 0)
                to = min(newest, after + at_once - moved)
                if to > after:
                    rows += _linked(connection, vantage, after, to)
                    _count_to(connection, vantage, to, first=vantage not in known)
                    moved += to - after
            for table, name in ((_ROLLUP, "url"), (_VANTAGES, "vantage")):
                found = _grouped(rows, name)
                _add_kept(connection, table, found)
                _write(connection, table, found)
            return moved


def _hold(connection: sa.Connection) -> None:
    """No two count at once. (On SQLite only one writes anyway.)"""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("lock table counted in exclusive mode"))


def _count_to(connection: sa.Connection, vantage: str, number: int, *, first: bool) -> None:
    if first:
        connection.execute(sa.insert(_COUNTED).values(vantage=vantage, number=number))
    else:
        connection.execute(sa.update(_COUNTED).where(_COUNTED.c.vantage == vantage).values(number=number))


_NAMES = ("url", "vantage", "country", "asn", "network", "vantage_class", "started_at", "reference_tls_ms")
_LOOKS = (
    sa.select(*(_MEASUREMENT.c[name] for name in _NAMES))
    .add_columns(*(_VERDICT.c[name] for name in ("verdict", "confidence", "tls_ms", "kbps", "ttfb_ms")))
    .add_columns(_VERDICT.c.mechanisms.cast(sa.Text).label("mechanisms"))
    .join(_VERDICT, same(_VERDICT, _MEASUREMENT))
    .join(_LINK, same(_LINK, _MEASUREMENT))
)


Looks = Sequence[Any]


@cache
def _mechanisms(kept: str) -> tuple[str, ...]:
    """There are few, and each is read thousands of times."""
    return tuple(json.loads(kept))


def _linked(connection: sa.Connection, vantage: str, after: int, to: int) -> Looks:
    """Judged measurements of a vantage's links from one number, without it, to another. A link may outlive its own."""
    query = _LOOKS.where(_LINK.c.vantage == vantage, _LINK.c.number > after, _LINK.c.number <= to)
    return connection.execute(query).all()


def _within(day: date) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    start = datetime.combine(day, time(), UTC)
    return _MEASUREMENT.c.started_at >= start, _MEASUREMENT.c.started_at < start + DAY


def _of_day(connection: sa.Connection, day: date, where: sa.ColumnElement[bool]) -> Looks:
    """Those of a day that are counted already."""
    query = _LOOKS.join(_COUNTED, sa.and_(_COUNTED.c.vantage == _LINK.c.vantage, _LINK.c.number <= _COUNTED.c.number))
    return connection.execute(query.where(where, *_within(day))).all()


def _grouped(rows: Iterable[Any], of: str) -> dict[Place, Counted]:
    """Measurements by the row that they belong to. How fast all sites together are says nothing of a vantage."""
    found: dict[Place, Counted] = {}
    fast = of == "url"
    for row in rows:
        at = row.started_at
        at_s = at.hour * 3600 + at.minute * 60 + at.second
        key = network_key(row.asn, row.network)
        place = Place(row.url if fast else row.vantage, key, row.country or "", row.vantage_class, at.date())
        counted = found.get(place)
        if counted is None:
            counted = found[place] = Counted()
        counted.name(row.asn, row.network or "", at_s)
        if counted.newest_at is None or at > counted.newest_at:
            counted.newest_at = at
        said = Said(row.verdict, row.confidence or "", _mechanisms(row.mechanisms))
        paces = (row.tls_ms, row.kbps, row.reference_tls_ms, row.ttfb_ms) if fast else ()
        counted.day.add(Look(at_s, said, *paces))
    return found


def _add_kept(connection: sa.Connection, table: sa.Table, found: dict[Place, Counted]) -> None:
    """What the rows hold already."""
    of, *_ = table.primary_key.columns
    columns = (of, *(table.c[name] for name in _KEY))
    for places in _pieces(found):
        query = sa.select(table).where(sa.tuple_(*columns).in_(places))
        for row in connection.execute(query).mappings():
            place = Place(row[of.name], *(row[name] for name in _KEY))
            counted, kept = found[place], day_of(row["hours"], row["whole"]["said"])
            counted.day.take(kept)
            last_s = max(told.last_s for sums in kept.hours.values() for told in sums.said.values())
            counted.name(row["asn"], row["network"] or "", last_s)
            if "last_at" in row and counted.newest_at is not None:
                counted.newest_at = max(counted.newest_at, row["last_at"])


def _write(connection: sa.Connection, table: sa.Table, found: dict[Place, Counted]) -> None:
    """In the order of their keys, in the place of what was there."""
    of, *_ = table.primary_key.columns
    insert = insert_into(table, connection)
    others = [column.name for column in table.columns if not column.primary_key]
    upsert = insert.on_conflict_do_update(
        index_elements=list(table.primary_key.columns), set_={name: insert.excluded[name] for name in others}
    )
    for places in _pieces(sorted(found)):
        connection.execute(upsert, [_values(of.name, place, found[place], others) for place in places])


def _values(of: str, place: Place, counted: Counted, others: Sequence[str]) -> dict[str, Any]:
    whole = counted.day.whole()
    values: dict[str, Any] = {
        "asn": counted.asn,
        "network": counted.network or None,
        "whole": whole_json(whole),
        "hours": hours_json(counted.day, whole),
        "last_at": counted.newest_at,
    }
    keys = dict(zip(_KEY, place[1:], strict=True))
    return {of: place.of, **keys, **{name: values[name] for name in others}}


def _pieces(places: Iterable[Place]) -> Iterator[tuple[Place, ...]]:
    left = iter(places)
    while piece := tuple(islice(left, _ROWS_AT_ONCE)):
        yield piece


def recounted(connection: sa.Connection) -> Iterator[tuple[str, Place, dict[str, Any]]]:
    """What both tables should hold, counted from all that is counted: table, place, and the other columns."""
    query = _LOOKS.join(_COUNTED, sa.and_(_COUNTED.c.vantage == _LINK.c.vantage, _LINK.c.number <= _COUNTED.c.number))
    rows = connection.execute(query).all()
    for table, of in ((_ROLLUP, "url"), (_VANTAGES, "vantage")):
        others = [column.name for column in table.columns if not column.primary_key]
        for place, counted in _grouped(rows, of).items():
            values = _values(of, place, counted, others)
            yield table.name, place, {name: values[name] for name in others}
