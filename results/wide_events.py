"""Outages, shutdowns and silent vantages of the store as its events: what measurements say of whole lines.

When a network is out is decided in results/outages.py, who is silent in results/silence.py; flips are made in
results/gathering.py. Every call is within the caller's transaction, and reads nothing on days on which no line is dead.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import RowMapping
from sqlmodel import SQLModel

from results.event_rows import EVENT, as_json, end_silently, event_of, tell_anew, was_none
from results.events import Event, EventKind, Network
from results.outages import FORGOTTEN, Look, Outages
from results.points import network_key
from results.silence import Heard, silences
from results.tables import same

_MEASUREMENT = SQLModel.metadata.tables["measurement"]
_VERDICT = SQLModel.metadata.tables["verdict"]
_AT = _MEASUREMENT.c.started_at
_PLACE = (_MEASUREMENT.c.vantage, _MEASUREMENT.c.asn, _MEASUREMENT.c.network)
_ROUND = sa.func.coalesce(_MEASUREMENT.c.round_uid, _MEASUREMENT.c.uid).label("round_uid")
_KINDS = (EventKind.OUTAGE.value, EventKind.SHUTDOWN.value)
_GOOD = _VERDICT.c.verdict != "inconclusive"
# The rule that finds the references dead together with the target. A portal, a VPN or a broken resolver is no outage.
DEAD = sa.and_(
    _VERDICT.c.verdict == "inconclusive",
    _VERDICT.c.fault == "line",
    _VERDICT.c.reasons.cast(sa.Text).like('%"line_down"%'),
)
_BEFORE = timedelta(days=1)  # what is dead, from which looks are read anew
_ASKS = timedelta(minutes=1)  # who is silent


class WideEvents:
    """Reads looks anew where something may have changed. Remembers since when, and nothing else."""

    def __init__(
        self,
        *,
        owner: Callable[[int | None, str | None], str],
        interval: timedelta,
        watched: Callable[[], Mapping[str, timedelta]],
    ) -> None:
        self._owner = owner
        self._recent = max(2 * interval, timedelta(minutes=30))
        self._least = min(2 * interval, timedelta(minutes=2))
        self._watched = watched
        self._since: datetime | None = None  # of what may be an outage
        self._ended_at: datetime | None = None  # the last of those that are over
        self._news = True
        self._begun = False
        self._asked_at: datetime | None = None

    def came(self, at: datetime, dead_at: datetime | None) -> None:
        """A measurement, with the first of those since then at which the line seemed dead."""
        late = at if self._ended_at is not None and at <= self._ended_at else None
        self._since = min((each for each in (self._since, dead_at, late) if each is not None), default=None)
        self._news = True

    def settle(self, connection: sa.Connection, now: datetime) -> None:
        """Writes what has begun or ended by now."""
        self._listen(connection, now)
        if not self._begun:
            self._begun = True
            self._go_on(connection, now)
        if self._since is None or not self._news:
            return
        self._news = False
        start, stored = _window(connection, self._since)
        outages = Outages(recent=self._recent, least=self._least)
        for look in self._looks(connection, start):
            outages.add(look)
        found = outages.events()
        _keep(connection, found, stored)
        lately = now - FORGOTTEN
        self._since = outages.since(heard_after=lately)
        if self._since is not None and all(event.closed_at for event in found):
            self._since = max(self._since, lately)  # a line that is broken for months is not read for months
        ends = [event.closed_at for event in found if event.closed_at]
        self._ended_at = max([*ends, *([self._ended_at] if self._ended_at else [])], default=None)

    def _go_on(self, connection: sa.Connection, now: datetime) -> None:
        """Where the last program stopped, which may have been before it had folded what it stored."""
        stored = _stored(connection, now - FORGOTTEN)
        on = [event_of(row["event"]).first_bad_at for row in stored if row["closed_at"] is None]
        query = sa.select(sa.func.min(_AT, type_=_AT.type)).join(_VERDICT, same(_VERDICT, _MEASUREMENT))
        dead_at = connection.execute(query.where(now - FORGOTTEN <= _AT, DEAD)).scalar()
        since = [*on, *([dead_at] if dead_at else []), *([self._since] if self._since else [])]
        self._since = min(since, default=None)
        self._ended_at = max((row["closed_at"] for row in stored if row["closed_at"]), default=None)

    def _looks(self, connection: sa.Connection, start: datetime) -> list[Look]:
        looks = [look for row in _grouped(connection, start <= _AT) for look in self._of(row)]
        looks.sort(key=lambda look: (look.at, look.dead))
        # Who was good shortly before still counts at the start, and what has been dead ever since was good once.
        just_before = sa.and_(start - self._recent <= _AT, start > _AT, _GOOD)
        known = [look for row in _grouped(connection, just_before) for look in list(self._of(row))[-1:]]
        seen = {_key(look) for look in known}
        for look in looks:
            if _key(look) not in seen:
                seen.add(_key(look))
                known += self._good_before(connection, look, start) if look.dead else []
        return sorted(known, key=lambda look: look.at) + looks

    def _good_before(self, connection: sa.Connection, look: Look, start: datetime) -> list[Look]:
        """The newest good look at a network before that time."""
        query = (
            sa.select(*_PLACE, _AT, _ROUND)
            .join(_VERDICT, same(_VERDICT, _MEASUREMENT))
            .where(start > _AT, _same_network(look), _GOOD)
            .order_by(_AT.desc())
            .limit(1)
        )
        rows = connection.execute(query).mappings().all()
        return [Look(row["started_at"], row["vantage"], self._network(row), False, row["round_uid"]) for row in rows]

    def _of(self, row: RowMapping) -> Iterator[Look]:
        """Of one vantage in one round: the first and the last look of either kind."""
        vantage, network = row["vantage"], self._network(row)
        for dead, first, last, count in (
            (True, row["first_dead"], row["last_dead"], row["dead"]),
            (False, row["first_good"], row["last_good"], row["good"]),
        ):
            if count:
                ends = {first: 1, last: count - 1 if last > first else count}
                yield from (Look(at, vantage, network, dead, row["round_uid"], number) for at, number in ends.items())

    def _network(self, row: RowMapping) -> Network | None:
        asn, name = row["asn"], row["network"]
        known = asn is not None or name
        return Network(asn=asn, name=name, owner=self._owner(asn, name)) if known else None

    def _listen(self, connection: sa.Connection, now: datetime) -> None:
        """Whether those who promised to measure do. Never found anew: it was silent, whatever came in since."""
        watched = self._watched()
        if not watched or (self._asked_at is not None and abs(now - self._asked_at) < _ASKS):
            return
        self._asked_at = now
        newest = sa.func.max(_AT, type_=_AT.type).label("newest_at")
        query = sa.select(*_PLACE, newest).where(_MEASUREMENT.c.vantage.in_(list(watched))).group_by(*_PLACE)
        last: dict[str, RowMapping] = {}
        for row in connection.execute(query.order_by(newest)).mappings():
            last[row["vantage"]] = row
        heard = [
            Heard(vantage=name, interval=watched[name], newest_at=row["newest_at"], network=self._network(row))
            for name, row in last.items()
        ]
        open_ones = sa.select(EVENT.c.event).where(EVENT.c.kind == EventKind.SILENT.value, EVENT.c.closed_at.is_(None))
        on = [event_of(found) for found in connection.execute(open_ones).scalars()]
        for event in silences(heard, on, now):
            tell_anew(connection, event, at=event.closed_at or event.opened_at)


def _grouped(connection: sa.Connection, where: sa.ColumnElement[bool]) -> Sequence[RowMapping]:
    """Looks at lines, counted and with their ends, by round, vantage and network."""
    columns = []
    for name, kind in (("dead", DEAD), ("good", _GOOD)):
        at = sa.case((kind, _AT))
        columns += [
            sa.func.min(at, type_=_AT.type).label(f"first_{name}"),
            sa.func.max(at, type_=_AT.type).label(f"last_{name}"),
            sa.func.count(at).label(name),
        ]
    query = (
        sa.select(*_PLACE, _ROUND, *columns)
        .join(_VERDICT, same(_VERDICT, _MEASUREMENT))
        .where(where, sa.or_(_GOOD, DEAD))
        .group_by(_ROUND, *_PLACE)
    )
    return connection.execute(query).mappings().all()


def _key(look: Look) -> str:
    network = look.network
    return network_key(network.asn, network.name) if network else f"of {look.vantage}"


def _same_network(look: Look) -> sa.ColumnElement[bool]:
    asn, name = _MEASUREMENT.c.asn, _MEASUREMENT.c.network
    if look.network is None:
        return sa.and_(asn.is_(None), name.is_(None), _MEASUREMENT.c.vantage == look.vantage)
    if look.network.asn is not None:
        return asn == look.network.asn
    return sa.and_(asn.is_(None), name == look.network.name)


def _stored(connection: sa.Connection, start: datetime) -> Sequence[RowMapping]:
    """Outages and shutdowns that reach beyond that time, in the order of their opening."""
    reaches = sa.or_(EVENT.c.closed_at.is_(None), EVENT.c.closed_at >= start)
    query = sa.select(EVENT).where(EVENT.c.kind.in_(_KINDS), reaches).order_by(EVENT.c.opened_at, EVENT.c.uid)
    return connection.execute(query).mappings().all()


def _window(connection: sa.Connection, since: datetime) -> tuple[datetime, Sequence[RowMapping]]:
    """From when on looks are read, so that no event lies half within; and the events that lie within."""
    start = since - _BEFORE
    while True:
        stored = _stored(connection, start)
        first = min((event_of(row["event"]).first_bad_at for row in stored), default=since)
        if first - start >= _BEFORE / 2:
            return start, stored
        start = first - _BEFORE


def _keep(connection: sa.Connection, found: Sequence[Event], stored: Sequence[RowMapping]) -> None:
    """Writes the events under the names that they had before; the others of that time are none."""
    left = {row["uid"]: row for row in stored}
    before = {event.uid: left.pop(event.uid) for event in found if event.uid in left}
    for event in found:
        row = before.get(event.uid) or _overlapping(left.values(), event)
        if row is not None:
            left.pop(row["uid"], None)
        _write(connection, replace(event, uid=row["uid"]) if row is not None else event, row)
    shutdowns = [event for event in found if event.kind is EventKind.SHUTDOWN]
    for row in left.values():
        if row["told"] is not None and row["closed_at"] is not None:
            continue  # it was told, and told to be over
        if any(_overlapping([row], shutdown) is not None for shutdown in shutdowns):
            end_silently(connection, row)
        else:
            was_none(connection, row)


def _write(connection: sa.Connection, event: Event, row: RowMapping | None) -> None:
    if row is not None and row["event"] == as_json(event):
        return
    if row is not None and row["closed_at"] is None and event.closed_at and event.first_good_at is None:
        end_silently(connection, row)  # it is forgotten: nobody knows that it is over
    else:
        tell_anew(connection, event, at=event.closed_at or event.opened_at)


def _overlapping(rows: Iterable[RowMapping], event: Event) -> RowMapping | None:
    """The row that tells of the same stretch: it overlaps it and shares a network; rather one of the same kind."""
    rows = sorted(rows, key=lambda row: row["kind"] != event.kind.value)
    return next((row for row in rows if _overlap(event_of(row["event"]), event)), None)


def _overlap(one: Event, other: Event) -> bool:
    keys = [{network_key(network.asn, network.name) for network in event.networks} for event in (one, other)]
    ends = [event.closed_at or event.last_bad_at for event in (one, other)]
    return bool(keys[0] & keys[1]) and one.first_bad_at <= ends[1] and other.first_bad_at <= ends[0]
