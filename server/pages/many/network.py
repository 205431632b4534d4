"""One network's page, and one vantage's: what is seen from there. No drawing here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from results import looking
from results.events import Event, EventKind
from results.judgement import Verdict
from results.looking import Lane, Network, Placed, Vantage
from server.pages.cells import Cell, cells
from server.pages.charts.strip import Bracket
from server.pages.many import says
from server.pages.many.choice import CELLS, Choice, stretch
from server.pages.many.known import Known, known_in
from server.pages.many.lanes import NOTHING, State, brackets, state, verdicts
from server.pages.many.now import Watcher, watcher
from server.pages.many.shown import RECENT, Many, began, listed, on_now
from server.pages.phrases import Sentence
from server.pages.times import DAY, Local, Window
from targets.target import Target

MOST_STRIPS = 120
DEFAULT_SPAN = "7d"
_CELLS = CELLS | {"365d": 14 * DAY}  # of many sites a year: the page has to come over a slow line


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRow:
    """A site as it is seen from a network."""

    url: str
    target: Target | None
    state: State
    cells: Sequence[Cell]
    brackets: Sequence[Bracket]


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkPage:
    """The whole page."""

    network: Network
    sentence: Sentence
    span: str
    window: Window
    rows: Sequence[SiteRow]
    more: int
    watchers: Sequence[Watcher]
    outages: Sequence[Event]
    known: Sequence[Known]  # of the whole country
    last_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VantagePage:
    """The whole page."""

    vantage: Vantage
    watcher: Watcher
    sentence: Sentence
    span: str
    window: Window
    cells: Sequence[Cell]
    verdicts: Sequence[tuple[Verdict, int]]
    checks: int
    links: int
    silences: Sequence[Event]


def network_page(shown: Many, key: str, choice: Choice, now: Local) -> NetworkPage | None:
    """None where nobody ever measured on it."""
    scope = choice.scope(network=key)
    ever = datetime.fromtimestamp(0, now.now.tzinfo)
    seen = next((known for since in (now.now - RECENT, ever)
                  if (known := looking.networks(shown.store, scope, since=since))), None)  # fmt: skip
    if not seen:
        return None
    [(network, _, last_at)] = seen
    span = choice.span or DEFAULT_SPAN
    view = stretch(span, choice.until, now, shown.interval, by_day="30d", cells=_CELLS)
    found = looking.lanes(shown.store, scope, start=view.start, cell=view.cell, count=view.count)
    kept = looking.episodes(shown.store, scope, since=view.start, limit=1000)
    starts, on = began(shown, scope, found, view), on_now(shown, scope)
    gaps = shown.gaps(view.start)
    by_site: dict[str, list[Placed]] = {}
    for one in kept:
        by_site.setdefault(one.url, []).append(one)
    rows = []
    for url, target in listed(shown, choice).items():
        lane = Lane(url, key)
        tallies = found.tallies.get(lane, [])
        held = state(tallies, on.get(lane), now=min(now.now, view.end), late=max(shown.late, view.cell))
        mine = [one.kept.episode for one in by_site.get(url, ())]
        row = cells(tallies, gaps, view, now=now.now, began=starts.get(lane)) if tallies else []
        rows.append(
            SiteRow(
                url=url,
                target=target,
                state=held if tallies else NOTHING,
                cells=row,
                brackets=brackets(mine, view),
            )
        )
    rows.sort(key=_trouble_first)
    shown_rows = [row for row in rows if choice.kind in {"", row.state.kind.verdict if row.state.kind else None}]
    watchers = [watcher(one, now.now, shown) for one in looking.vantages(shown.store, scope, since=now.now - RECENT)]
    told = [one for one in looking.events(shown.store, since=view.start) if _of(one, key)]
    down = next((one for one in told if one.closed_at is None), None)
    return NetworkPage(
        network=network,
        sentence=says.network(network, [row.state for row in rows], len(watchers), now, down=down),
        span=span,
        window=view,
        rows=shown_rows[:MOST_STRIPS],
        more=max(0, len(shown_rows) - MOST_STRIPS),
        watchers=watchers,
        outages=told,
        known=known_in(view, (), choice.country, now),
        last_at=last_at,
    )


def _of(event: Event, key: str) -> bool:
    wide = event.kind in {EventKind.OUTAGE, EventKind.SHUTDOWN}
    return wide and key in {says.key_of(network) for network in event.networks}


def _trouble_first(row: SiteRow) -> tuple[bool, bool, str, str]:
    return not row.state.bad, row.state.kind is None, row.target.outlet.casefold() if row.target else "", row.url


def vantage_page(shown: Many, name: str, choice: Choice, now: Local) -> VantagePage | None:
    """None where it neither joined nor measured."""
    known = looking.vantages(shown.store, choice.scope(), since=datetime.fromtimestamp(0, now.now.tzinfo), name=name)
    if not known:
        return None
    [vantage] = known
    span = choice.span or DEFAULT_SPAN
    view = stretch(span, choice.until, now, shown.interval, by_day="90d")
    tallies = looking.vantage_tallies(shown.store, name, start=view.start, cell=view.cell, count=view.count)
    counted = verdicts(tallies)
    checks = sum(counted.values())
    began_at = vantage.joined_at if vantage.joined_at and vantage.joined_at > view.start else None
    silences = [one for one in looking.events(shown.store, since=view.start) if one.vantage == name]
    return VantagePage(
        vantage=vantage,
        watcher=watcher(vantage, now.now, shown),
        sentence=says.vantage(name, checks, vantage.network, now),
        span=span,
        window=view,
        cells=cells(tallies, shown.gaps(view.start), view, now=now.now, began=began_at),
        verdicts=list(counted.items()),
        checks=checks,
        links=looking.links_of(shown.store, name),
        silences=silences,
    )
