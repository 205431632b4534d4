"""One site's page: a strip for each network, how fast it is beside the references, episodes, checks.

No drawing here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from results import looking
from results.looking import Found, Lane, Network, Placed
from results.points import Point
from results.records import iso
from results.sums import Spread, quantile
from results.tables import GapRow
from server.pages.cells import Cell, cells
from server.pages.charts.compare import Spot
from server.pages.charts.strip import Bracket
from server.pages.many import says
from server.pages.many.choice import Choice, stretch
from server.pages.many.known import Known, known_in
from server.pages.many.lanes import State, brackets, state
from server.pages.many.outlet import Address, addresses
from server.pages.many.shown import Many, began, on_now, short
from server.pages.phrases import Sentence
from server.pages.times import Local, Window
from targets.target import Target

CHECKS = 30
MOST_STRIPS = 16
DEFAULT_SPAN = "7d"


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """A network's row."""

    network: Network
    vantages: int  # that looked of late
    cells: Sequence[Cell]
    brackets: Sequence[Bracket]
    state: State
    handshake: Sequence[Spot]
    speed: Sequence[Spot]
    ratio: float | None  # of the newest handshakes to the references' of the same rounds


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The whole page."""

    url: str
    target: Target | None
    sentence: Sentence
    span: str
    window: Window
    strips: Sequence[Strip]
    more: int  # networks without a strip
    chosen: Cell | None
    checks: Sequence[Point]
    episodes: Sequence[Placed]
    names: Mapping[str, Network]
    known: Sequence[Known]
    others: Sequence[Address]  # of the same outlet


def site_page(shown: Many, url: str, choice: Choice, at: str, now: Local) -> Site | None:
    """None where nothing is known of that URL."""
    target, scope = shown.targets.get(url), choice.scope(urls=[url])
    ever = looking.ever(shown.store, url)
    if target is None and not ever:
        return None
    span = choice.span or DEFAULT_SPAN
    view = stretch(span, choice.until, now, shown.interval)
    found = looking.lanes(
        shown.store, scope, start=view.start, cell=view.cell, count=view.count, paces=("tls", "kbps", "ref")
    )
    heard = {net.key: (net, count) for net, count, _ in looking.networks(shown.store, scope, since=view.start)}
    episodes = looking.episodes(shown.store, scope)
    starts, on = began(shown, scope, found, view), on_now(shown, scope)
    gaps = shown.gaps(view.start)
    strips = [
        _strip(shown, lane, found, heard, episodes, gaps, starts.get(lane), on.get(lane), view, now)
        for lane in found.tallies
    ]
    strips.sort(key=_most_first)
    names = {one.network.key: one.network for one in strips} | {key: net for key, (net, _) in heard.items()}
    chosen = _chosen(strips, at)
    start, end = (chosen.start, chosen.end) if chosen else (view.start, view.end)
    return Site(
        url=url,
        target=target,
        sentence=says.site(url, [(one.network, one.state) for one in strips], ever=ever, now=now),
        span=span,
        window=view,
        strips=strips[:MOST_STRIPS],
        more=max(0, len(strips) - MOST_STRIPS),
        chosen=chosen,
        checks=looking.newest(shown.store, url, scope, start=start, end=end, limit=CHECKS),
        episodes=episodes,
        names=names,
        known=known_in(view, [url], choice.country, now),
        others=addresses(shown, target, choice, now),
    )


def _strip(
    shown: Many,
    lane: Lane,
    found: Found,
    heard: Mapping[str, tuple[Network, int]],
    episodes: Sequence[Placed],
    gaps: Sequence[GapRow],
    start: datetime | None,
    on: Placed | None,
    view: Window,
    now: Local,
) -> Strip:
    tallies, paces = found.tallies[lane], found.paces.get(lane, {})
    mine = [one.kept.episode for one in episodes if one.network_key == lane.network_key]
    handshake = spots(paces, "tls", "ref")
    known = [spot.mid / spot.ref for spot in handshake[-3:] if spot.mid and spot.ref]
    return Strip(
        network=found.networks[lane.network_key],
        vantages=heard.get(lane.network_key, (None, 0))[1],
        cells=cells(tallies, gaps, view, now=now.now, began=start),
        brackets=brackets(mine, view),
        state=state(tallies, on, now=min(now.now, view.end), late=max(shown.late, view.cell)),
        handshake=handshake,
        speed=spots(paces, "kbps", ""),
        ratio=sorted(known)[len(known) // 2] if known else None,
    )


def spots(paces: Mapping[int, Mapping[str, Spread]], name: str, beside: str) -> list[Spot]:
    """Of each cell, in their order."""
    found = []
    for cell in sorted(paces):
        spread, other = paces[cell].get(name, {}), paces[cell].get(beside, {})
        low, mid, high = (quantile(spread, share) for share in (0.1, 0.5, 0.9))
        found.append(Spot(cell=cell, low=low, mid=mid, high=high, ref=quantile(other, 0.5)))
    return found


def _most_first(one: Strip) -> tuple[bool, int, str]:
    """Trouble first, then who has most vantages; the order is the same from page to page while nothing changes."""
    return not one.state.bad, -one.vantages, short(one.network)


def _chosen(strips: Sequence[Strip], at: str) -> Cell | None:
    if not at:
        return None
    every = [cell for one in strips for cell in one.cells]
    return next((cell for cell in every if iso(cell.start) == at), None)
