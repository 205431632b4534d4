"""The store's episodes kept up to date: what new measurements touch is folded again, and no more.

Between two measurements nothing is held in memory: a series goes on from its last checkpoint, late measurements from
the last one before them, so the running program and a rebuilt history say the same. What the fold does stands in
results/episodes.py, how episodes become events in results/gathering.py, and what befalls whole networks and vantages in
results/wide_events.py.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import RowMapping
from sqlmodel import SQLModel

from results.episodes import VERSION, Episode, Kind, Row, Series, in_order
from results.gathering import Gathering
from results.links import heads
from results.points import network_key
from results.store import Store
from results.tables import same
from results.weighing import Weighing
from results.wide_events import DEAD, WideEvents

_MEASUREMENT = SQLModel.metadata.tables["measurement"]
_VERDICT = SQLModel.metadata.tables["verdict"]
_CHECKPOINT = SQLModel.metadata.tables["checkpoint"]
_EPISODE = SQLModel.metadata.tables["episode"]
_LINK = SQLModel.metadata.tables["link"]
_FOLLOWED = SQLModel.metadata.tables["followed"]
_CHECKPOINT_ROWS = 64  # between two
_SURE = ("confirmed", "likely", "weak")
_LOCK = 5245375  # any number, the same for all who fold


class Kept(NamedTuple):
    """An episode that is kept, the network that it is on, and how sure its best measurement is."""

    asn: int | None
    network: str | None
    episode: Episode
    confidence: str | None


class Touched(NamedTuple):
    """A measurement that came in: its series, and when it was made."""

    url: str
    asn: int | None
    network: str | None
    at: datetime

    @property
    def key(self) -> tuple[str, str]:
        return self.url, network_key(self.asn, self.network)


@dataclass(frozen=True, slots=True)
class _Found:
    """A series folded from a checkpoint on."""

    episodes: list[Episode]
    in_doubt: bool
    dead_at: datetime | None  # the first row that found the whole line dead


def nobody() -> Mapping[str, timedelta]:
    """Whose silence is noticed: no vantage's. The one of this program cannot be silent while it runs."""
    return {}


class History:
    """Episodes, events and flips of one store. Calls block; callers on an event loop put them on a thread."""

    def __init__(
        self,
        store: Store,
        *,
        owner: Callable[[int | None, str | None], str],
        outlets: Mapping[str, str],
        interval: timedelta,
        watched: Callable[[], Mapping[str, timedelta]] = nobody,
    ) -> None:
        """`outlets` by URL; `interval` is that of the rounds; `watched`: who promised to measure, and how often."""
        self._store = store
        self._wide = WideEvents(owner=owner, interval=interval, watched=watched)
        self._gathering = Gathering(owner=owner, outlets=outlets, interval=interval)

    def update(self, touched: Iterable[Touched]) -> None:
        """Folds what these measurements touch; they are stored already.

        One transaction a series, so that who wants to store the next measurement does not wait for all of them.
        """
        first: dict[tuple[str, str], Touched] = {}
        for one in touched:
            if one.key not in first or one.at < first[one.key].at:
                first[one.key] = one
        for one in first.values():
            with self._alone() as connection:
                found = _fold(connection, one)
                changed, left = _save(connection, one, found.episodes)
                self._gathering.doubt(one.key, in_doubt=found.in_doubt, at=one.at)
                self._gathering.take(connection, changed, left)
                self._wide.came(one.at, found.dead_at)

    def settle(self, now: datetime) -> int:
        """Makes flips of what has changed and is not about to change further; how many."""
        with self._alone() as connection:
            self._wide.settle(connection, now)
            return self._gathering.settle(connection, now)

    def follow(self) -> int:
        """Folds what was stored since this was last done, by whichever program; how many series that touched.

        The chains tell what is new, so nothing is missed that another program stores, or stored while nobody followed.
        """
        with self._store.transaction() as connection:
            newest = {vantage: number for vantage, (number, _) in heads(connection).items()}
            known = {row.vantage: row.number for row in connection.execute(sa.select(_FOLLOWED))}
            ahead = {name: (known.get(name, 0), to) for name, to in newest.items() if to > known.get(name, 0)}
            touched = [one for name, (after, to) in ahead.items() for one in _linked(connection, name, after, to)]
        self.update(touched)
        if ahead:
            with self._alone() as connection:
                for name, (_, to) in ahead.items():
                    _followed(connection, name, to)
        return len(touched)

    def catch_up(self) -> None:
        """Folds each series from its last checkpoint on, so that it is known again which of them are in doubt."""
        self.update(self._every(newest=True))

    def rebuild(self) -> None:
        """Folds everything from its beginning. Flips stay: what was told was told."""
        with self._alone() as connection:
            connection.execute(sa.delete(_CHECKPOINT))
        self.update(self._every(newest=False))

    def _every(self, *, newest: bool) -> list[Touched]:
        with self._store.transaction() as connection:
            return [Touched(*row) for row in connection.execute(_every_series(newest=newest)).all()]

    @contextmanager
    def _alone(self) -> Iterator[sa.Connection]:
        """No two fold the same series at once, here or in another program."""
        with self._store.transaction(alone=True) as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.text("select pg_advisory_xact_lock(:number)"), {"number": _LOCK})
            yield connection

    def episodes(self) -> list[tuple[str, Episode]]:
        """All that are kept, with their series, by series and first bad row."""
        query = sa.select(_EPISODE).order_by(_EPISODE.c.first_bad_at, _EPISODE.c.kind)
        with self._store.transaction() as connection:
            rows = connection.execute(query).mappings().all()
        named = [(series_name(row["url"], row["asn"], row["network"]), episode_of(row)) for row in rows]
        return sorted(named, key=lambda one: one[0])


def _linked(connection: sa.Connection, vantage: str, after: int, to: int) -> list[Touched]:
    """The first of each series among a vantage's links from one number, without it, to another."""
    query = (
        _every_series(newest=False)
        .join(_LINK, same(_LINK, _MEASUREMENT))
        .where(_LINK.c.vantage == vantage, _LINK.c.number > after, _LINK.c.number <= to)
    )
    return [Touched(*row) for row in connection.execute(query)]


def _followed(connection: sa.Connection, vantage: str, to: int) -> None:
    """Never back: another program may have been further."""
    mine = _FOLLOWED.c.vantage == vantage
    known = connection.execute(sa.select(_FOLLOWED.c.number).where(mine)).scalar()
    if known is None:
        connection.execute(sa.insert(_FOLLOWED).values(vantage=vantage, number=to))
    elif known < to:
        connection.execute(sa.update(_FOLLOWED).where(mine).values(number=to))


def kept_of(store: Store, url: str) -> list[Kept]:
    """One site's episodes, the newest beginning first."""
    query = sa.select(_EPISODE).where(_EPISODE.c.url == url).order_by(_EPISODE.c.first_bad_at.desc(), _EPISODE.c.id)
    with store.transaction() as connection:
        rows = connection.execute(query).mappings().all()
    return [Kept(row["asn"], row["network"], episode_of(row), row["confidence"]) for row in rows]


def folded(store: Store) -> Iterator[tuple[str, Episode]]:
    """The same without what is kept: every series folded from its beginning, nothing written."""
    with store.transaction() as connection:
        found = [Touched(*row) for row in connection.execute(_every_series(newest=False)).all()]
        for one in sorted(found, key=lambda one: series_name(*one[:3])):
            series, weighing = Series(), Weighing()
            closed = [episode for row in _rows(connection, one, None) for episode in _add(series, weighing, row)]
            for episode in in_order(closed + series.open_episodes()):
                yield series_name(*one[:3]), episode


def _every_series(*, newest: bool) -> sa.Select[Any]:
    """The fields of Touched, of each one's newest measurement or of its first."""
    which = sa.func.max if newest else sa.func.min
    at, network = _MEASUREMENT.c.started_at, _MEASUREMENT.c.network
    unnumbered = sa.case((_MEASUREMENT.c.asn.is_(None), network))
    return sa.select(_MEASUREMENT.c.url, _MEASUREMENT.c.asn, sa.func.max(network), which(at, type_=at.type)).group_by(
        _MEASUREMENT.c.url, _MEASUREMENT.c.asn, unnumbered
    )


def series_name(url: str, asn: int | None, network: str | None) -> str:
    return f"{url} {f'AS{asn}' if asn is not None else network or 'unknown network'}"


def episode_of(row: RowMapping) -> Episode:
    """As it was stored."""
    names = set(Episode.__slots__) - {"kind", "mechanisms"}
    return Episode(kind=Kind(row["kind"]), mechanisms=tuple(row["mechanisms"]), **{name: row[name] for name in names})


def _fold(connection: sa.Connection, touched: Touched) -> _Found:
    url, key = touched.key
    mine = sa.and_(_CHECKPOINT.c.url == url, _CHECKPOINT.c.network_key == key)
    late = sa.or_(_CHECKPOINT.c.at >= touched.at, _CHECKPOINT.c.version != VERSION)
    connection.execute(sa.delete(_CHECKPOINT).where(mine, late))
    kept = connection.execute(sa.select(_CHECKPOINT).where(mine).order_by(_CHECKPOINT.c.at.desc()).limit(1)).mappings()
    before = kept.first()
    series = Series.from_state(before["state"]["series"]) if before else Series()
    weighing = Weighing.from_state(before["state"]["weighing"]) if before else Weighing()
    found: list[Episode] = []
    rows = _rows(connection, touched, before["at"] if before else None)
    for number, row in enumerate(rows, 1):
        at = row["started_at"]
        found += _add(series, weighing, row)
        # Never between two of one instant: a checkpoint holds all up to its time.
        if number % _CHECKPOINT_ROWS == 0 and (number == len(rows) or rows[number]["started_at"] > at):
            state = {"series": series.state(), "weighing": weighing.state()}
            values = {"url": url, "network_key": key, "at": at, "version": VERSION, "state": state}
            connection.execute(sa.insert(_CHECKPOINT), values)
    dead = (row["started_at"] for row in rows if row["started_at"] >= touched.at and row["line_dead"])
    return _Found(found + series.open_episodes(), series.in_doubt, min(dead, default=None))


def _add(series: Series, weighing: Weighing, row: RowMapping) -> list[Episode]:
    """What this measurement closed."""
    said = series.add(weighing.weighed(row["vantage"], row["vantage_class"], _row(row)))
    return [episode for episode in said if episode.closed_at]


def _rows(connection: sa.Connection, touched: Touched, after: datetime | None) -> Sequence[RowMapping]:
    names = ("started_at", "vantage", "vantage_class", "reference_tls_ms")
    query = (
        sa.select(*(_MEASUREMENT.c[name] for name in names))
        .add_columns(
            *(_VERDICT.c[name] for name in ("verdict", "mechanisms", "tls_ms", "kbps")), DEAD.label("line_dead")
        )
        .join(_VERDICT, same(_VERDICT, _MEASUREMENT))
        .where(_MEASUREMENT.c.url == touched.url, _same_network(touched))
        .order_by(_MEASUREMENT.c.started_at, _MEASUREMENT.c.uid)
    )
    if after is not None:
        query = query.where(_MEASUREMENT.c.started_at > after)
    return connection.execute(query).mappings().all()


def _same_network(touched: Touched) -> sa.ColumnElement[bool]:
    if touched.asn is not None:
        return _MEASUREMENT.c.asn == touched.asn
    named = _MEASUREMENT.c.network == touched.network if touched.network else _MEASUREMENT.c.network.is_(None)
    return sa.and_(_MEASUREMENT.c.asn.is_(None), named)


def _row(row: RowMapping) -> Row:
    return Row(
        row["started_at"].timestamp(),
        row["verdict"],
        tuple(row["mechanisms"]),
        row["tls_ms"],
        row["kbps"],
        row["reference_tls_ms"],
    )


def _save(connection: sa.Connection, touched: Touched, found: Sequence[Episode]) -> tuple[list[int], list[str]]:
    """Writes what the fold says of the time since its checkpoint.

    Tells the ids of rows that are new or other, and the events of those that are gone.
    """
    url, key = touched.key
    mine = sa.and_(_EPISODE.c.url == url, _EPISODE.c.network_key == key)
    since = min((episode.first_bad_at for episode in found), default=touched.at)
    ends = sa.or_(_EPISODE.c.closed_at.is_(None), _EPISODE.c.closed_at >= min(since, touched.at))
    stored = {row["id"]: row for row in connection.execute(sa.select(_EPISODE).where(mine, ends)).mappings()}
    changed: list[int] = []
    for episode in found:
        values = _values(episode)
        row = _same(stored, episode)
        if row is None:
            place = {"url": url, "network_key": key, "asn": touched.asn, "network": touched.network}
            sure = _confidence(connection, touched, episode)
            made = connection.execute(sa.insert(_EPISODE).values(**place, **values, confidence=sure))
            changed.append(made.inserted_primary_key[0])  # type: ignore[index]
        else:
            del stored[row["id"]]
            if any(row[name] != value for name, value in values.items()):
                values["confidence"] = _confidence(connection, touched, episode)
                connection.execute(sa.update(_EPISODE).where(_EPISODE.c.id == row["id"]).values(**values))
                changed.append(row["id"])
    # What late measurements showed to be none.
    gone = [row for row in stored.values() if row["opened_at"] >= touched.at or row["closed_at"] is None]
    connection.execute(sa.delete(_EPISODE).where(_EPISODE.c.id.in_([row["id"] for row in gone])))
    return changed, [row["event_uid"] for row in gone]


def _same(stored: Mapping[int, RowMapping], episode: Episode) -> RowMapping | None:
    """The row that tells of the same stretch: of that kind, and overlapping it."""
    for row in stored.values():
        ends = row["closed_at"] or row["last_bad_at"]
        if row["kind"] != episode.kind.value:
            continue
        if row["first_bad_at"] <= (episode.closed_at or episode.last_bad_at) and episode.first_bad_at <= ends:
            return row
    return None


def _values(episode: Episode) -> dict[str, Any]:
    values = {name: getattr(episode, name) for name in Episode.__slots__}
    return values | {"kind": episode.kind.value, "mechanisms": list(episode.mechanisms)}


def _confidence(connection: sa.Connection, touched: Touched, episode: Episode) -> str | None:
    """The best that a measurement within it has."""
    verdict = "blocked" if episode.kind is Kind.BLOCKING else "throttled"
    query = (
        sa.select(_VERDICT.c.confidence)
        .distinct()
        .join(_MEASUREMENT, same(_VERDICT, _MEASUREMENT))
        .where(_MEASUREMENT.c.url == touched.url, _same_network(touched), _VERDICT.c.verdict == verdict)
        .where(_MEASUREMENT.c.started_at.between(episode.first_bad_at, episode.last_bad_at))
    )
    found = set(connection.execute(query).scalars())
    return next((sure for sure in _SURE if sure in found), None)
