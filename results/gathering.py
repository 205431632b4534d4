"""Episodes of the store gathered into its events, and what has changed about an event made into flips.

What belongs together is decided in results/events.py; whom a flip is told to, elsewhere. Events without episodes come
from results/wide_events.py. Every call is within the caller's transaction.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import RowMapping
from sqlmodel import SQLModel

from results.episodes import Episode, Kind
from results.event_rows import EVENT, as_json, event_of, row_of, tell_anew, was_none
from results.events import Change, Event, Network, Placed, change, gathered, joins, uid_of
from results.points import network_key

_EPISODE = SQLModel.metadata.tables["episode"]
_FLIP = SQLModel.metadata.tables["flip"]
_LOOKS_BACK = timedelta(days=2)  # among events that ended, for one that an episode may still belong to
_LATE = timedelta(hours=2)

SeriesKey = tuple[str, str]


class Gathering:
    """Which episode is of which event. Remembers which series are in doubt, and nothing else."""

    def __init__(
        self, *, owner: Callable[[int | None, str | None], str], outlets: Mapping[str, str], interval: timedelta
    ) -> None:
        self._owner = owner
        self._outlets = outlets
        # How long an event may wait for the sites that are about to join it.
        self._patience = min(max(1.5 * interval, timedelta(minutes=3)), timedelta(minutes=45))
        self._doubtful: dict[SeriesKey, datetime] = {}

    def doubt(self, series: SeriesKey, *, in_doubt: bool, at: datetime) -> None:
        """Whether something may be beginning or ending in a series."""
        if in_doubt:
            self._doubtful.setdefault(series, at)
        else:
            self._doubtful.pop(series, None)

    def take(self, connection: sa.Connection, changed: Iterable[int], left: Iterable[str]) -> None:
        """Episodes that are new or other, by their ids, and the events of those that are gone."""
        uids = set(left)
        for number in changed:
            row = connection.execute(sa.select(_EPISODE).where(_EPISODE.c.id == number)).mappings().one()
            uid = row["event_uid"] or self._belongs_to(connection, row)
            connection.execute(sa.update(_EPISODE).where(_EPISODE.c.id == number).values(event_uid=uid))
            uids.add(uid)
        for uid in sorted(uids):
            self._tell_anew(connection, uid)

    def settle(self, connection: sa.Connection, now: datetime) -> int:
        """Flips of events that have changed, once their networks have calmed down or they have waited long enough."""
        rows = connection.execute(sa.select(EVENT).where(EVENT.c.untold_since.is_not(None))).mappings().all()
        made = 0
        for row in rows:
            event = event_of(row["event"])
            if now - row["untold_since"] < self._patience and self._more_to_come(event):
                continue
            told = event_of(row["told"]) if row["told"] else None
            what = change(told, event)
            if what is not None:
                connection.execute(sa.insert(_FLIP).values(**_flip(event, what, now)))
                made += 1
            values = {"told": row["event"], "untold_since": None}
            connection.execute(sa.update(EVENT).where(EVENT.c.uid == row["uid"]).values(**values))
        return made

    def _more_to_come(self, event: Event) -> bool:
        """Whether a series of its networks that fell into doubt when it began is in doubt still.

        What befalls a network or a vantage waits for no sites.
        """
        if not event.urls:
            return False
        keys = {network_key(network.asn, network.name) for network in event.networks}
        near = self._patience
        return any(key in keys and abs(at - event.first_bad_at) <= near for (_, key), at in self._doubtful.items())

    def _belongs_to(self, connection: sa.Connection, row: RowMapping) -> str:
        one = self._placed(row)
        since = one.episode.first_bad_at - _LOOKS_BACK
        still = sa.or_(EVENT.c.closed_at.is_(None), EVENT.c.closed_at >= since)
        query = sa.select(EVENT.c.uid).where(EVENT.c.kind == row["kind"], still).order_by(EVENT.c.opened_at)
        for uid in connection.execute(query).scalars().all():
            members = self._members(connection, uid)
            if members and joins(one, members):
                return str(uid)
        return uid_of(row["kind"], row["url"], row["network_key"], one.episode.first_bad_at.isoformat())

    def _members(self, connection: sa.Connection, uid: str) -> list[Placed]:
        rows = connection.execute(sa.select(_EPISODE).where(_EPISODE.c.event_uid == uid)).mappings()
        return [self._placed(row) for row in rows]

    def _placed(self, row: RowMapping) -> Placed:
        network = Network(asn=row["asn"], name=row["network"], owner=self._owner(row["asn"], row["network"]))
        names = set(Episode.__slots__) - {"kind", "mechanisms"}
        times = {name: row[name] for name in names}
        episode = Episode(kind=Kind(row["kind"]), mechanisms=tuple(row["mechanisms"]), **times)
        outlet = self._outlets.get(row["url"])
        return Placed(url=row["url"], outlet=outlet, network=network, episode=episode, confidence=row["confidence"])

    def _tell_anew(self, connection: sa.Connection, uid: str) -> None:
        members = self._members(connection, uid)
        if members:
            tell_anew(connection, gathered(uid, members), at=_newest(members))
            return
        before = row_of(connection, uid)
        if before is not None:
            was_none(connection, before)


def _flip(event: Event, what: Change, now: datetime) -> dict[str, Any]:
    at = {Change.OPENED: event.opened_at, Change.ENDED: event.closed_at}.get(what) or event.last_bad_at
    late = now - at > _LATE or (what is Change.OPENED and event.closed_at is not None)
    fields = {"change": what.value, "at": at, "noticed_at": now, "late": late}
    return {"event_uid": event.uid, "event": as_json(event), **fields}


def _newest(members: Sequence[Placed]) -> datetime:
    """When the newest of them changed."""
    return max(member.episode.closed_at or member.episode.opened_at for member in members)
