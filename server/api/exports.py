"""The data behind every chart and table of the pages: a line each, from the very values that the templates draw.

A new chart's data is one more line of `EXPORTS`: whose page it is on, its columns with their meaning, its rows.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from results.judgement import Verdict
from results.looking import Network, Placed
from results.points import Point, network_key
from server.api import columns as c
from server.api import told
from server.pages.cells import Cell, Empty
from server.pages.many import says
from server.pages.many.choice import Choice, moment_of
from server.pages.many.network import NetworkPage, VantagePage, network_page, vantage_page
from server.pages.many.now import Now, now_page
from server.pages.many.shown import Many, called, network_of
from server.pages.many.site import Site, site_page
from server.pages.many.story import EpisodePage, EventPage, Story, episode_page, event_page
from server.pages.measurement import Seen, View, measurement
from server.pages.times import Local

Query = Mapping[str, str]
Row = tuple[Any, ...]


class Lacks(ValueError):
    """The address has not what its page needs; `str()` is its name."""


@dataclass(frozen=True, slots=True)
class Export:
    """`view`: the page's values, None where there is no such page. `rows`: in the order of the page."""

    view: Callable[[Many, Choice, Query, Local], Any]
    columns: Mapping[str, str]
    rows: Callable[[Any], Iterable[Row]]


def said(query: Query, name: str, *, or_empty: bool = False) -> str:
    value = query.get(name)
    if value is None or (not value and not or_empty):
        raise Lacks(name)
    return value


def _now(shown: Many, choice: Choice, _query: Query, now: Local) -> Now:
    return now_page(shown, choice, now)


def _site(shown: Many, choice: Choice, query: Query, now: Local) -> Site | None:
    return site_page(shown, said(query, "url"), choice, query.get("at", ""), now)


def _network(shown: Many, choice: Choice, query: Query, now: Local) -> NetworkPage | None:
    return network_page(shown, said(query, "key", or_empty=True), choice, now)


def _vantage(shown: Many, choice: Choice, query: Query, now: Local) -> VantagePage | None:
    return vantage_page(shown, said(query, "name"), choice, now)


def _event(shown: Many, choice: Choice, query: Query, now: Local) -> EventPage | None:
    return event_page(shown, said(query, "uid"), choice, now)


def _episode(shown: Many, choice: Choice, query: Query, now: Local) -> EpisodePage | None:
    url, key, kind = said(query, "url"), said(query, "key", or_empty=True), said(query, "of")
    began = moment_of(said(query, "began"))
    if began is None:
        raise Lacks("began")
    return episode_page(shown, url, key, kind, began, choice, now)


def _measurement(shown: Many, _choice: Choice, query: Query, now: Local) -> View | None:
    return measurement(shown.store, said(query, "uid"), now)


def _of_network(one: Network) -> Row:
    return one.key, called(one)


def _of_cell(cell: Cell) -> Row:
    return cell.start, cell.end, cell.total, *told.counts(cell).values(), told.mechanisms(cell), told.why_empty(cell)


def _of_state(one: Any) -> Row:
    return one.kind.verdict.value if one.kind else None, one.confidence, one.intermittent, one.stale


def _of_episode(one: Placed) -> Row:
    found = one.kept.episode
    return (
        found.kind.value, found.state, found.mechanisms, one.kept.confidence, found.last_good_at, found.first_bad_at,
        found.last_bad_at, found.first_good_at, found.bad, found.measurements, found.intermittent, one.event_uid,
    )  # fmt: skip


def _of_check(point: Point) -> Row:
    return (
        point.uid, point.at, point.verdict.value, point.confidence, point.mechanisms, point.tls_ms, point.ttfb_ms,
        point.status,
    )  # fmt: skip


def _matrix(view: Now) -> Iterator[Row]:
    for row in view.rows:
        for (network, _), place in zip(view.networks, row.places, strict=True):
            yield row.url, *_of_network(network), *_of_state(place.state), *_of_cell(place.cell)


def _troubles(view: Now) -> Iterator[Row]:
    for trouble in view.troubles:
        for group in trouble.groups:
            yield from ((one.url, *_of_network(network_of(one)), *_of_episode(one)) for one in group)


def _news(view: Now) -> Iterator[Row]:
    for event, at, ended in view.news:
        networks = [says.key_of(one) for one in event.networks]
        yield at, "ended" if ended else "began", event.uid, event.kind.value, event.urls, networks, event.confidence


def _known(view: Any) -> Iterator[Row]:
    for one in view.known:
        event = one.event
        ended = str(event.ended) if event.ended else None
        yield (
            one.mark.number, event.id, event.kind, str(event.began), ended, event.country, event.hosts, event.where,
            event.says, event.sources,
        )  # fmt: skip


def _addresses(view: Site) -> Iterator[Row]:
    for one in view.others:
        about = (one.target.url, one.relation, one.target.note, one.sources)
        yield from ((*about, *_of_network(network), *_of_state(held)) for network, held in one.states)
        if not one.states:
            yield *about, None, None, None, None, None, None


def _newest(view: Now) -> Iterator[Row]:
    for one in view.fresh:
        yield one.url, *_of_network(one.network), *_of_state(one.state), one.state.mechanisms


def _heard(view: Now) -> Iterator[Row]:
    for network, vantages, last_at in view.heard:
        yield *_of_network(network), network.asn, vantages, last_at


def _site_strips(view: Site) -> Iterator[Row]:
    for one in view.strips:
        for cell in one.cells:
            yield view.url, *_of_network(one.network), *_of_cell(cell)


def _site_speed(view: Site) -> Iterator[Row]:
    for one in view.strips:
        for shake, speed in zip(one.handshake, one.speed, strict=True):
            start = view.window.start + view.window.cell * shake.cell
            handshake = (shake.low, shake.mid, shake.high, shake.ref)
            yield *_of_network(one.network), start, *handshake, speed.low, speed.mid, speed.high


def _site_checks(view: Site) -> Iterator[Row]:
    for point in view.checks:
        yield *_of_check(point)[:2], network_key(point.asn, point.network), *_of_check(point)[2:]


def _network_strips(view: NetworkPage) -> Iterator[Row]:
    for row in view.rows:
        if row.cells:
            yield from ((row.url, *_of_network(view.network), *_of_cell(cell)) for cell in row.cells)
        else:
            yield row.url, *_of_network(view.network), view.window.start, view.window.end, *_NOTHING


_NOTHING: Row = (0, *(0 for _ in Verdict), {}, Empty.NO_DATA.value)


def _story_strips(view: Story) -> Iterator[Row]:
    for one in view.strips:
        yield from ((one.url, *_of_network(one.network), *_of_cell(cell)) for cell in one.cells)


def _shares(view: Story) -> Iterator[Row]:
    bad = view.said.get(Verdict.BLOCKED, 0) + view.said.get(Verdict.THROTTLED, 0)
    for name, count in view.shares.items():
        yield name, count, round(count / bad, 4) if bad else None


def _hours(view: EpisodePage) -> Iterator[Row]:
    for weekday, day in enumerate(view.week or (), 1):
        yield from ((weekday, hour, bad, total) for hour, (bad, total) in enumerate(day))


def _alike(view: EpisodePage) -> Iterator[Row]:
    for part in view.alike.parts if view.alike else ():
        yield part.first_at, part.last_at, part.total, part.counts


def _comparisons(view: EpisodePage) -> Iterator[Row]:
    yield from ((one.what, one.tried, one.through) for one in view.comparisons)


def _placed(view: Any) -> Iterator[Row]:
    for one in view.episodes:
        yield one.url, *_of_network(network_of(one)), *_of_episode(one)


def _steps(view: View) -> Iterator[Row]:
    for side, seen in (("here", view.here), ("control", view.control)):
        yield from ((side, *row) for row in _of_steps(seen))


def _of_steps(seen: Seen | None) -> Iterator[Row]:
    for row in seen.rows if seen else ():
        step = row.step
        ended = step.failure.value if step.failure else "ok"
        yield row.layer, step.endpoint, step.aim.value, step.hop, step.attempt, 1000 * step.t0, step.ms, ended, row.got


def _bytes(view: View) -> Iterator[Row]:
    for number, fetch in enumerate(view.flows.fetches, 1):
        for at, amount in fetch.step.curve:
            yield number, fetch.which, fetch.step.url, fetch.step.aim.value, 1000 * (at - fetch.step.t0), amount


EXPORTS: Mapping[str, Export] = {
    "now-episodes": Export(_now, c.URL | c.NETWORK | c.EPISODE, _troubles),
    "now-newest": Export(_now, c.URL | c.NETWORK | c.HELD | {"mechanisms": "how"}, _newest),
    "now-matrix": Export(_now, c.URL | c.NETWORK | c.HELD | c.CELL, _matrix),
    "now-news": Export(_now, c.NEWS, _news),
    "networks": Export(_now, c.NETWORK | c.HEARD, _heard),
    "site-strips": Export(_site, c.URL | c.NETWORK | c.CELL, _site_strips),
    "site-known": Export(_site, c.KNOWN, _known),
    "site-addresses": Export(_site, c.ADDRESS | c.NETWORK | c.HELD, _addresses),
    "site-speed": Export(_site, c.NETWORK | c.SPEED, _site_speed),
    "site-episodes": Export(_site, c.URL | c.NETWORK | c.EPISODE, _placed),
    "site-checks": Export(_site, c.SITE_CHECK, _site_checks),
    "network-strips": Export(_network, c.URL | c.NETWORK | c.CELL, _network_strips),
    "network-known": Export(_network, c.KNOWN, _known),
    "vantage-strip": Export(_vantage, c.CELL, lambda view: map(_of_cell, view.cells)),
    "event-strips": Export(_event, c.URL | c.NETWORK | c.CELL, _story_strips),
    "event-known": Export(_event, c.KNOWN, _known),
    "event-mechanisms": Export(_event, c.SHARE, _shares),
    "event-episodes": Export(_event, c.URL | c.NETWORK | c.EPISODE, _placed),
    "episode-strip": Export(_episode, c.URL | c.NETWORK | c.CELL, _story_strips),
    "episode-known": Export(_episode, c.KNOWN, _known),
    "episode-mechanisms": Export(_episode, c.SHARE, _shares),
    "episode-hours": Export(_episode, c.HOURS, _hours),
    "episode-alike": Export(_episode, c.ALIKE, _alike),
    "episode-comparisons": Export(_episode, c.COMPARISON, _comparisons),
    "episode-checks": Export(_episode, c.CHECK, lambda view: map(_of_check, view.checks)),
    "measurement-steps": Export(_measurement, c.STEPS, _steps),
    "measurement-bytes": Export(_measurement, c.BYTES, _bytes),
}  # fmt: skip
