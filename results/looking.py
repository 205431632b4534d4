"""What pages ask of a shared store: rollups as tallies, networks, vantages, the newest checks, episodes and events.

All of it only reads, and none of it reads evidence. One line's own questions are in store.py.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import RowMapping
from sqlmodel import SQLModel

from results.cells import HOUR, Cells, Grid
from results.event_rows import EVENT, event_of
from results.events import Event
from results.history import Kept, episode_of
from results.links import heads
from results.points import Point
from results.store import Store, Tally, point_of
from results.sums import Spread
from results.tables import same

_ROLLUP = SQLModel.metadata.tables["rollup"]
_VANTAGES = SQLModel.metadata.tables["vantage_rollup"]
_EPISODE = SQLModel.metadata.tables["episode"]
_MEASUREMENT = SQLModel.metadata.tables["measurement"]
_VERDICT = SQLModel.metadata.tables["verdict"]
_MEMBER = SQLModel.metadata.tables["member"]
_DECODED = json.JSONDecoder().raw_decode
_LARGEST_ASN = 4294967295


class Lane(NamedTuple):
    """What a strip is of: a site on a network."""

    url: str
    network_key: str


class Network(NamedTuple):
    """As the newest measurement on it calls it."""

    key: str
    asn: int | None
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which rollups are meant. An empty text means all."""

    country: str = ""
    vantage_class: str = ""
    network: str = ""
    networks: Collection[str] | None = None  # their keys
    urls: Collection[str] | None = None


@dataclass(slots=True)
class Found:
    """Rollups of a stretch of time, sorted into lanes and cells."""

    tallies: dict[Lane, list[Tally]] = field(default_factory=dict)
    paces: dict[Lane, dict[int, dict[str, Spread]]] = field(default_factory=dict)  # by cell
    networks: dict[str, Network] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vantage:
    """One that has measured of late, or has joined. Its name is random: whose it is, nobody here knows."""

    name: str
    network: Network | None
    country: str
    vantage_class: str
    last_at: datetime | None
    joined_at: datetime | None = None
    interval: timedelta | None = None


def lanes(
    store: Store, scope: Scope, *, start: datetime, cell: timedelta, count: int, paces: Collection[str] = ()
) -> Found:
    """Tallies per cell, and those of PACES that are wanted."""
    grid = Grid(start, cell, count)
    query = _rows(_ROLLUP, ("url", "network_key", "asn", "network"), grid, paces).where(*_scoped(_ROLLUP, scope))
    if scope.urls is not None:
        query = query.where(_ROLLUP.c.url.in_(scope.urls))
    found, sorted_in = Found(), dict[Lane, Cells]()
    with store.transaction() as connection:
        for url, key, asn, network, day, *kept in connection.execute(query):
            lane = Lane(url, key)
            found.networks[key] = Network(key, asn, network or "")
            into = sorted_in.get(lane)
            if into is None:
                into = sorted_in[lane] = Cells(url, grid, paces)
            _take(into, day, network, kept)
    for lane, into in sorted_in.items():
        found.tallies[lane], found.paces[lane] = into.tallies(), into.paces
    return found


def _rows(table: sa.Table, names: Sequence[str], grid: Grid, paces: Collection[str]) -> sa.Select[Any]:
    """A row a day that reaches into the grid, the oldest first. Of its JSON no more than is wanted, and as text."""
    said = table.c.whole["said"].as_string()
    if grid.hours:
        kept = [said, *(table.c.hours[str(hour)].as_string() for hour in grid.hours)]
    elif not grid.by_day:
        kept = [said, table.c.hours.cast(sa.Text)]
    else:
        kept = [table.c.whole.cast(sa.Text)] if paces else [said]
    return (
        sa.select(*(table.c[name] for name in (*names, "day")), *kept)
        .where(table.c.day >= _day(grid.start), table.c.day <= _day(grid.end - HOUR))
        .order_by(table.c.day)
    )


def _take(into: Cells, day: date, network: str | None, texts: Sequence[str | None]) -> None:
    """Row by row: all at once would weigh more, on memory and on who collects it."""
    midnight, grid = datetime.combine(day, time(), UTC), into.grid
    first: Any
    rest: list[Any]
    first, *rest = [_DECODED(text)[0] if text is not None else None for text in texts]
    if grid.hours:
        into.take_hours(
            midnight, network, first, {hour: one for hour, one in zip(grid.hours, rest, strict=True) if one}
        )
    elif not grid.by_day:
        into.take_hours(midnight, network, first, rest[0])
    elif into.wanted:
        into.take_day(midnight, network, first["said"], first)
    else:
        into.take_day(midnight, network, first)


def _scoped(table: sa.Table, scope: Scope) -> list[sa.ColumnElement[bool]]:
    wanted = {"country": scope.country, "vantage_class": scope.vantage_class, "network_key": scope.network}
    conditions = [table.c[name] == value for name, value in wanted.items() if value]
    return conditions + ([table.c.network_key.in_(scope.networks)] if scope.networks is not None else [])


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()


def ever(store: Store, url: str) -> bool:
    """Whether it was measured at all."""
    with store.transaction() as connection:
        return connection.execute(sa.select(_ROLLUP.c.day).where(_ROLLUP.c.url == url).limit(1)).first() is not None


def last_day(store: Store, scope: Scope) -> date | None:
    """On which day it was looked at last."""
    query = sa.select(sa.func.max(_ROLLUP.c.day)).where(*_scoped(_ROLLUP, scope))
    if scope.urls is not None:
        query = query.where(_ROLLUP.c.url.in_(scope.urls))
    with store.transaction() as connection:
        found: date | None = connection.execute(query).scalar()
    return found


def first_days(store: Store, scope: Scope) -> dict[Lane, date]:
    """On which day each lane was looked at first."""
    query = (
        sa.select(_ROLLUP.c.url, _ROLLUP.c.network_key, sa.func.min(_ROLLUP.c.day))
        .where(*_scoped(_ROLLUP, scope))
        .group_by(_ROLLUP.c.url, _ROLLUP.c.network_key)
    )
    if scope.urls is not None:
        query = query.where(_ROLLUP.c.url.in_(scope.urls))
    with store.transaction() as connection:
        return {Lane(url, key): day for url, key, day in connection.execute(query)}


def networks(store: Store, scope: Scope, *, since: datetime) -> list[tuple[Network, int, datetime]]:
    """Those that vantages looked from since then: with how many vantages, and when last; the most first."""
    last = sa.func.max(_VANTAGES.c.last_at, type_=_VANTAGES.c.last_at.type)
    query = (
        sa.select(
            _VANTAGES.c.network_key,
            sa.func.max(_VANTAGES.c.asn),
            sa.func.max(_VANTAGES.c.network),
            sa.func.count(_VANTAGES.c.vantage.distinct()).label("vantages"),
            last,
        )
        .where(*_scoped(_VANTAGES, scope), _VANTAGES.c.day >= _day(since))
        .group_by(_VANTAGES.c.network_key)
        .order_by(sa.desc("vantages"), _VANTAGES.c.network_key)
    )
    with store.transaction() as connection:
        rows = connection.execute(query).all()
    return [(Network(key, asn, name or ""), vantages, at) for key, asn, name, vantages, at in rows]


def vantages(store: Store, scope: Scope, *, since: datetime, name: str = "") -> list[Vantage]:
    """Members that are let in still, and all that have measured since then, by name."""
    columns = [_VANTAGES.c[one] for one in ("vantage", "network_key", "asn", "network", "country", "vantage_class")]
    days = (
        sa.select(_VANTAGES.c.vantage, sa.func.max(_VANTAGES.c.day).label("day"))
        .where(*_scoped(_VANTAGES, scope), _VANTAGES.c.day >= _day(since))
        .group_by(_VANTAGES.c.vantage)
        .subquery()
    )
    newest_day = sa.and_(_VANTAGES.c.vantage == days.c.vantage, _VANTAGES.c.day == days.c.day)
    query = (
        sa.select(*columns, _VANTAGES.c.last_at)
        .join(days, newest_day)
        .where(*_scoped(_VANTAGES, scope))
        .order_by(_VANTAGES.c.last_at)
    )
    joined = sa.select(_MEMBER)
    if name:
        query, joined = query.where(_VANTAGES.c.vantage == name), joined.where(_MEMBER.c.vantage == name)
    with store.transaction() as connection:
        newest = {row.vantage: row for row in connection.execute(query)}
        members = {row["vantage"]: row for row in connection.execute(joined).mappings()}
    gone = {one for one, row in members.items() if row["revoked_at"] is not None} if not name else set()
    if scope.network:
        members = {one: row for one, row in members.items() if one in newest}
    names = (newest.keys() | {one for one, row in members.items() if _fits(row, scope)}) - gone
    return [_vantage(one, newest.get(one), members.get(one)) for one in sorted(names)]


def _fits(member: RowMapping, scope: Scope) -> bool:
    return scope.country in {"", member["country"]} and scope.vantage_class in {"", member["vantage_class"]}


def _vantage(name: str, row: Any, member: RowMapping | None) -> Vantage:
    known = member["interval_s"] if member else None
    return Vantage(
        name=name,
        network=Network(row.network_key, row.asn, row.network or "") if row else None,
        country=row.country if row else member["country"] if member else "",
        vantage_class=row.vantage_class if row else member["vantage_class"] if member else "",
        last_at=row.last_at if row else None,
        joined_at=member["joined_at"] if member else None,
        interval=timedelta(seconds=known) if known else None,
    )


def vantage_tallies(store: Store, name: str, *, start: datetime, cell: timedelta, count: int) -> list[Tally]:
    """Of all that one vantage looked at; cells as those of `lanes`."""
    grid = Grid(start, cell, count)
    into = Cells(name, grid)
    query = _rows(_VANTAGES, ("network",), grid, ()).where(_VANTAGES.c.vantage == name)
    with store.transaction() as connection:
        for network, day, *kept in connection.execute(query):
            _take(into, day, network, kept)
    return into.tallies()


def links_of(store: Store, vantage: str) -> int:
    """How many measurements its chain has."""
    with store.transaction() as connection:
        return heads(connection).get(vantage, (0, ""))[0]


def newest(store: Store, url: str, scope: Scope, *, start: datetime, end: datetime, limit: int) -> list[Point]:
    """Judged measurements of a site, the newest first.

    They are chosen before their verdicts are looked up: else PostgreSQL joins a year of both, to sort it and drop it.
    """
    at = _MEASUREMENT.c.started_at
    order = (at.desc(), _MEASUREMENT.c.uid)
    query = (
        sa.select(_MEASUREMENT).where(_MEASUREMENT.c.url == url, at >= start, at < end).order_by(*order).limit(limit)
    )
    if scope.country:
        query = query.where(_MEASUREMENT.c.country == scope.country)
    if scope.vantage_class:
        query = query.where(_MEASUREMENT.c.vantage_class == scope.vantage_class)
    if scope.network:
        query = query.where(of_network(_MEASUREMENT, scope.network))
    chosen = query.subquery()
    judged = (
        sa.select(chosen, _VERDICT)
        .join(_VERDICT, same(_VERDICT, chosen))
        .order_by(chosen.c.started_at.desc(), chosen.c.uid)
    )
    with store.transaction() as connection:
        return [point_of(row) for row in connection.execute(judged).mappings()]


def of_network(measured: sa.FromClause, key: str) -> sa.ColumnElement[bool]:
    """Measurements of a network by its key, where a number is none that a network can have: those called so."""
    named = sa.and_(measured.c.asn.is_(None), sa.func.coalesce(measured.c.network, "") == key)
    if key.isascii() and key.isdigit() and int(key) <= _LARGEST_ASN:
        return sa.or_(named, measured.c.asn == int(key))
    return named


class Placed(NamedTuple):
    """An episode with what it is of."""

    url: str
    network_key: str
    kept: Kept
    event_uid: str | None


def episodes(
    store: Store, scope: Scope, *, since: datetime | None = None, event_uid: str = "", limit: int = 200
) -> list[Placed]:
    """The newest beginning first. `since`: only what reaches beyond it."""
    query = sa.select(_EPISODE).order_by(_EPISODE.c.first_bad_at.desc(), _EPISODE.c.id).limit(limit)
    if scope.urls is not None:
        query = query.where(_EPISODE.c.url.in_(scope.urls))
    if scope.network:
        query = query.where(_EPISODE.c.network_key == scope.network)
    if event_uid:
        query = query.where(_EPISODE.c.event_uid == event_uid)
    if since is not None:
        query = query.where(sa.or_(_EPISODE.c.closed_at.is_(None), _EPISODE.c.closed_at >= since))
    with store.transaction() as connection:
        rows = connection.execute(query).mappings().all()
    return [_placed(row) for row in rows]


def open_episodes(store: Store, scope: Scope) -> list[Placed]:
    """All that are on."""
    return episodes(store, scope, since=datetime.max.replace(tzinfo=UTC), limit=2000)


def _placed(row: RowMapping) -> Placed:
    kept = Kept(row["asn"], row["network"], episode_of(row), row["confidence"])
    return Placed(row["url"], row["network_key"], kept, row["event_uid"])


def events(store: Store, *, since: datetime) -> list[Event]:
    """Those that are on, and those that ended since then; the newest beginning first."""
    query = sa.select(EVENT.c.event).where(sa.or_(EVENT.c.closed_at.is_(None), EVENT.c.closed_at >= since))
    with store.transaction() as connection:
        found = [event_of(one) for one in connection.execute(query).scalars()]
    return sorted(found, key=lambda event: event.first_bad_at, reverse=True)


def event(store: Store, uid: str) -> Event | None:
    with store.transaction() as connection:
        kept: Mapping[str, Any] | None = connection.execute(sa.select(EVENT.c.event).where(EVENT.c.uid == uid)).scalar()
    return event_of(kept) if kept is not None else None
