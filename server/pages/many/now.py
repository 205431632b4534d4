"""The first page's values: what is blocked where now, what changed this week, sites and networks, and who looks.

Nothing is drawn here.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from results import looking
from results.events import Event
from results.judgement import Verdict
from results.looking import Found, Lane, Network, Placed, Vantage
from results.store import Tally
from server.pages.cells import Cell, cells
from server.pages.many import says
from server.pages.many.choice import Choice
from server.pages.many.lanes import NOTHING, State, state
from server.pages.many.line import LineNow, line_now
from server.pages.many.shown import RECENT, Many, listed, on_now, short
from server.pages.phrases import Sentence
from server.pages.times import DAY, HOUR, Local, Window, last_hours
from targets.target import Target

MOST_COLUMNS = 12
MOST_NEWS = 40
WEEK = 7 * DAY
_ORDER = {Verdict.BLOCKED: 0, Verdict.THROTTLED: 1, Verdict.DOWN: 2, Verdict.INCONCLUSIVE: 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A site on a network, in the matrix: the last hours' checks as one cell, and what holds."""

    state: State = NOTHING
    cell: Cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A site."""

    url: str
    target: Target
    places: Sequence[Place]

    @property
    def worst(self) -> State:
        return min((place.state for place in self.places), key=_weight, default=NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A site in trouble: on which networks, with their episodes."""

    url: str
    target: Target | None
    episodes: Sequence[Placed]  # the earliest first
    measured: int  # networks on which it was measured of late

    @property
    def groups(self) -> list[list[Placed]]:
        """By kind, blocking first."""
        kinds = sorted({one.kept.episode.kind for one in self.episodes})
        return [[one for one in self.episodes if one.kept.episode.kind == kind] for kind in kinds]

    def surest(self, group: Sequence[Placed]) -> str | None:
        return says.surest(group)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """Trouble in the newest check of a site on a network, which is no episode: not yet, or not any more."""

    url: str
    target: Target
    network: Network
    state: State


@dataclass(frozen=True, slots=True, kw_only=True)
class Watcher:
    """A vantage, and whether it is heard of."""

    vantage: Vantage
    silent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """The whole page."""

    sentence: Sentence
    troubles: Sequence[Trouble]
    fresh: Sequence[Fresh]
    wide: Sequence[Event]  # outages, shutdowns, vantages that fell silent: what is on
    news: Sequence[tuple[Event, datetime, bool]]  # with when, and whether it ended then
    networks: Sequence[tuple[Network, int]]  # of the matrix, with how many vantages
    more_networks: int
    rows: Sequence[Row]
    watchers: Sequence[Watcher]
    hours: int  # that a cell of the matrix holds
    names: Mapping[str, Network] = field(default_factory=dict)
    heard: Sequence[tuple[Network, int, datetime]] = ()  # all networks, with when they were looked from last
    line: LineNow | None = None

    @property
    def columns(self) -> list[tuple[str, str]]:
        """For the filter."""
        return [(network.key, short(network)) for network, _, _ in self.heard]


def now_page(shown: Many, choice: Choice, now: Local) -> Now:
    """Reads the store and joins."""
    targets = listed(shown, choice)
    scope = choice.scope()
    heard = looking.networks(shown.store, scope, since=now.now - RECENT)
    columns = [(network, vantages) for network, vantages, _ in heard[:MOST_COLUMNS]]
    view = last_hours(now, shown.late)
    found = looking.lanes(shown.store, scope, start=view.start, cell=view.cell, count=1)
    on = on_now(shown, scope)
    keys = {network.key for network, _, _ in heard}
    if choice.filtered:
        on = {lane: one for lane, one in on.items() if lane.url in targets and lane.network_key in keys}
    rows = [_row(url, target, columns, found, on, view, now, shown.late) for url, target in targets.items()]
    rows = sorted((row for row in rows if _wanted(row, choice)), key=_trouble_first)
    measured = {url: sum(lane.url == url for lane in found.tallies) for url in {lane.url for lane in on}}
    troubles = _troubles(on, shown.targets, measured, choice)
    told = [one for one in looking.events(shown.store, since=now.now - WEEK) if _concerns(one, targets, keys, choice)]
    names = {network.key: network for network, _, _ in heard} | found.networks
    fresh = _fresh(rows, columns)
    line = line_now(shown.store, shown.line, now) if shown.line else None
    said = says.now(troubles, fresh, total=len(rows), seen=len(found.tallies) > 0, names=names, now=now)
    watchers = [watcher(one, now.now, shown) for one in looking.vantages(shown.store, scope, since=now.now - RECENT)]
    return Now(
        sentence=says.with_line(line, said, seen=len(found.tallies) > 0, now=now) if line else said,
        troubles=troubles,
        fresh=fresh,
        wide=[one for one in told if one.closed_at is None and not one.urls],
        news=_news(told, now.now - WEEK),
        networks=columns,
        more_networks=len(heard) - len(columns),
        rows=rows,
        watchers=watchers,
        hours=round(view.cell / HOUR),
        names=names,
        heard=heard,
        line=line,
    )


def _row(
    url: str,
    target: Target,
    columns: Sequence[tuple[Network, int]],
    found: Found,
    on: Mapping[Lane, Placed],
    view: Window,
    now: Local,
    late: timedelta,
) -> Row:
    places = []
    for network, _ in columns:
        lane = Lane(url, network.key)
        tallies: Sequence[Tally] = found.tallies.get(lane, ())
        [cell] = cells(tallies, (), view, now=now.now)
        held = state(tallies, on.get(lane), now=now.now, late=late) if tallies else NOTHING
        places.append(Place(state=held, cell=cell))
    return Row(url=url, target=target, places=places)


def _fresh(rows: Sequence[Row], columns: Sequence[tuple[Network, int]]) -> list[Fresh]:
    return [
        Fresh(url=row.url, target=row.target, network=network, state=place.state)
        for row in rows
        for (network, _), place in zip(columns, row.places, strict=True)
        if place.state.bad and place.state.episode is None and not place.state.stale
    ]


def _wanted(row: Row, choice: Choice) -> bool:
    kinds = {place.state.kind.verdict for place in row.places if place.state.kind}
    return not choice.kind or choice.kind in kinds


def _weight(found: State) -> int:
    if found.kind is None:
        return 9
    return _ORDER.get(found.kind.verdict, 8)


def _trouble_first(row: Row) -> tuple[int, int, str, str]:
    bad = sum(place.state.bad for place in row.places)
    return _weight(row.worst) if bad else 5, -bad, row.target.outlet.casefold(), row.url


def _troubles(
    on: Mapping[Lane, Placed], targets: Mapping[str, Target], measured: Mapping[str, int], choice: Choice
) -> list[Trouble]:
    by_site: dict[str, list[Placed]] = {}
    for one in on.values():
        if choice.kind in {"", "blocked" if one.kept.episode.kind == "blocking" else "throttled"}:
            by_site.setdefault(one.url, []).append(one)
    found = [
        Trouble(
            url=url,
            target=targets.get(url),
            episodes=sorted(each, key=lambda one: one.kept.episode.first_bad_at),
            measured=max(measured.get(url, 0), len(each)),
        )
        for url, each in by_site.items()
    ]
    return sorted(found, key=lambda one: one.episodes[0].kept.episode.first_bad_at, reverse=True)


def _concerns(event: Event, targets: Mapping[str, Target], keys: AbstractSet[str], choice: Choice) -> bool:
    """Whether it is of what was chosen. Of a vantage that fell silent only all networks together tell."""
    if not choice.filtered:
        return True
    on = bool(keys & {says.key_of(network) for network in event.networks})
    return on and (not event.urls or any(url in targets for url in event.urls))


def _news(events: Sequence[Event], since: datetime) -> list[tuple[Event, datetime, bool]]:
    began = [(event, event.first_bad_at, False) for event in events if event.first_bad_at >= since]
    ended = [(event, event.closed_at, True) for event in events if event.closed_at and event.closed_at >= since]
    return sorted(began + ended, key=lambda one: one[1], reverse=True)[:MOST_NEWS]


def watcher(vantage: Vantage, now: datetime, shown: Many) -> Watcher:
    late = max(3 * (vantage.interval or shown.interval), HOUR)
    return Watcher(vantage=vantage, silent=vantage.last_at is None or now - vantage.last_at > late)
