"""Long lists of a shared store a page at a time, for programs that read them whole: checks, episodes, events, flips.

Each list goes from the newest to the oldest, and on from a place in it: what comes in meanwhile moves nothing. It only
reads, no evidence is read, and no page costs more than some thousand rows, whatever is asked for.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

import sqlalchemy as sa
from sqlalchemy import RowMapping
from sqlmodel import SQLModel

from results.event_rows import EVENT, event_of
from results.events import Change, Event, Flip
from results.history import Kept, episode_of
from results.looking import Placed, of_network
from results.points import network_key
from results.store import Store
from results.tables import same

_MEASUREMENT = SQLModel.metadata.tables["measurement"]
_VERDICT = SQLModel.metadata.tables["verdict"]
_EPISODE = SQLModel.metadata.tables["episode"]
_FLIP = SQLModel.metadata.tables["flip"]
READ_MOST = 4000  # rows that one page looks at

Entry = TypeVar("Entry")


class Mark(NamedTuple):
    """A place in a list, by what its last entry is known by for ever."""

    at: datetime
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which entries. What is empty chooses nothing; `until` is not in it."""

    urls: Collection[str] | None = None
    network: str = ""  # its key
    country: str = ""
    vantage_class: str = ""
    verdict: str = ""
    kind: str = ""
    state: str = ""  # "open", "closed"
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[Entry]):
    """Some entries, and where the list goes on; None: there is no more."""

    entries: Sequence[Entry]
    next: Mark | None


def measurements(store: Store, wanted: Wanted, *, after: Mark | None, limit: int) -> Page[RowMapping]:
    """Judged measurements as rows of both tables.

    A page may have fewer than `limit`, or none, and go on all the same: so many rows were looked at.
    """
    at, uid = _MEASUREMENT.c.started_at, _MEASUREMENT.c.uid
    looked = sa.select(_MEASUREMENT).where(*_spanned(at, wanted, after))
    if wanted.urls is not None and len(wanted.urls) == 1:  # of several, all that they ever had would be sorted first
        looked = looked.where(*_on_sites(_MEASUREMENT, wanted))
    if after is not None:
        looked = looked.where(sa.or_(at < after.at, uid > after.names[0]))
    looked = looked.order_by(at.desc(), uid).limit(READ_MOST)
    near = looked.subquery()
    query = (
        sa.select(near, *(column for column in _VERDICT.c if column.name not in {"uid", "started_at"}))
        .join(_VERDICT, same(_VERDICT, near))
        .where(*_fitting(near, wanted))
        .order_by(near.c.started_at.desc(), near.c.uid)
        .limit(limit)
    )
    with store.transaction() as connection:
        rows = connection.execute(query).mappings().all()
        if len(rows) == limit:
            return Page(rows, Mark(rows[-1]["started_at"], (rows[-1]["uid"],)))
        last = connection.execute(looked.offset(READ_MOST - 1).limit(1)).first()
    return Page(rows, Mark(last.started_at, (last.uid,)) if last else None)


def _spanned(at: Any, wanted: Wanted, after: Mark | None) -> list[sa.ColumnElement[bool]]:
    bounds = [at >= wanted.since] if wanted.since else []
    bounds += [at < wanted.until] if wanted.until else []
    return [*bounds, *([at <= after.at] if after else [])]


def _on_sites(table: sa.FromClause, wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    return [] if wanted.urls is None else [table.c.url.in_(wanted.urls)]


def _fitting(near: sa.FromClause, wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    said: dict[sa.ColumnElement[Any], str] = {
        near.c.country: wanted.country,
        near.c.vantage_class: wanted.vantage_class,
        _VERDICT.c.verdict: wanted.verdict,
    }
    found = [column == value for column, value in said.items() if value]
    return [*found, *_on_sites(near, wanted), *([of_network(near, wanted.network)] if wanted.network else [])]


def episodes(store: Store, wanted: Wanted, *, after: Mark | None, limit: int) -> Page[Placed]:
    """By when they began. `since` and `until` are of the beginning."""
    at = _EPISODE.c.first_bad_at
    names = (_EPISODE.c.url, _EPISODE.c.network_key, _EPISODE.c.kind)
    query = sa.select(_EPISODE).where(*_spanned(at, wanted, after), *_on_sites(_EPISODE, wanted))
    if after is not None:
        query = query.where(sa.or_(at < after.at, sa.tuple_(*names) > sa.tuple_(*map(sa.literal, after.names))))
    query = query.where(*_told(_EPISODE, wanted)).order_by(at.desc(), *names).limit(limit + 1)
    if wanted.network:
        query = query.where(_EPISODE.c.network_key == wanted.network)
    with store.transaction() as connection:
        rows = connection.execute(query).mappings().all()
    found = [_placed(row) for row in rows[:limit]]
    if len(rows) <= limit:
        return Page(found, None)
    last = found[-1]
    return Page(found, Mark(last.kept.episode.first_bad_at, (last.url, last.network_key, last.kept.episode.kind.value)))


def _placed(row: RowMapping) -> Placed:
    kept = Kept(row["asn"], row["network"], episode_of(row), row["confidence"])
    return Placed(row["url"], row["network_key"], kept, row["event_uid"])


def _told(table: sa.Table, wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    found = [table.c.kind == wanted.kind] if wanted.kind else []
    if wanted.state:
        is_open = table.c.closed_at.is_(None)
        found.append(is_open if wanted.state == "open" else ~is_open)
    return found


def events(store: Store, wanted: Wanted, *, after: Mark | None, limit: int) -> Page[Event]:
    """By when they were opened. Of a site or a network: a page may have fewer than `limit`, and go on."""
    at, uid = EVENT.c.opened_at, EVENT.c.uid
    query = sa.select(uid, at, EVENT.c.event).where(*_spanned(at, wanted, after), *_told(EVENT, wanted))
    if after is not None:
        query = query.where(sa.or_(at < after.at, uid > after.names[0]))
    found: list[Event] = []
    looked = 0
    asked = query.order_by(at.desc(), uid).limit(READ_MOST).execution_options(yield_per=200)
    with store.transaction() as connection, connection.execute(asked) as rows:
        for row in rows:
            looked += 1
            event = event_of(row.event)
            if _is_of(event, wanted):
                found.append(event)
            if len(found) == limit or looked == READ_MOST:
                return Page(found, Mark(row.opened_at, (row.uid,)))
    return Page(found, None)


def _is_of(event: Event, wanted: Wanted) -> bool:
    keys = {network_key(network.asn, network.name) for network in event.networks}
    on = not wanted.network or wanted.network in keys
    return on and (wanted.urls is None or any(url in wanted.urls for url in event.urls))


def flips(store: Store, fits: Callable[[Event], bool], *, limit: int) -> list[Flip]:
    """The newest changes of events that fit, the newest first; of so many that one page looks at."""
    query = sa.select(_FLIP).order_by(_FLIP.c.id.desc()).limit(READ_MOST).execution_options(yield_per=200)
    found: list[Flip] = []
    with store.transaction() as connection, connection.execute(query) as rows:
        for row in rows.mappings():
            event = event_of(row["event"])
            if fits(event):
                found.append(_flip(row, event))
            if len(found) == limit:
                break
    return found


def _flip(row: RowMapping, event: Event) -> Flip:
    names = ("id", "at", "noticed_at", "late")
    return Flip(change=Change(row["change"]), event=event, **{name: row[name] for name in names})
