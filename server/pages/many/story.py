"""An event's page, and an episode's: bounds, numbers, how it was done, and the strips around it. No drawing here."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from results import looking
from results.events import Event
from results.judgement import Verdict
from results.looking import Lane, Network, Placed
from results.points import Point
from results.records import Measurement
from results.store import InArchive, Tally
from server.pages.cells import Cell, cells
from server.pages.charts.strip import Bracket
from server.pages.many import says
from server.pages.many.choice import Choice, stretch
from server.pages.many.compared import BAD, Alike, Comparison, Week, alike, by_hour, comparisons, week
from server.pages.many.known import Known, known_in
from server.pages.many.lanes import State, brackets, shares, state, verdicts
from server.pages.many.shown import Many, network_of
from server.pages.phrases import Sentence
from server.pages.times import DAY, HOUR, LONG_SPANS, Local, Window

MOST_STRIPS = 12
MOST_EPISODES = 300
CHECKS = 20
COMPARED = 10  # bad checks whose evidence is read for what was tried beside them


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """A site on a network around the event."""

    url: str
    network: Network
    cells: Sequence[Cell]
    brackets: Sequence[Bracket]
    state: State


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What both pages show."""

    sentence: Sentence
    span: str
    window: Window
    strips: Sequence[Strip]
    episodes: Sequence[Placed]
    shares: Mapping[str, int]  # of the mechanisms, over the stretch
    said: Mapping[Verdict, int]  # of all checks in the stretch
    names: Mapping[str, Network]
    known: Sequence[Known]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPage(Story):
    event: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodePage(Story):
    placed: Placed
    network: Network
    checks: Sequence[Point]
    week: Week  # where it comes and goes; else empty
    alike: Alike | None
    comparisons: Sequence[Comparison]  # of its newest bad checks
    compared: int  # of how many

    @property
    def by_hour(self) -> Sequence[tuple[int, int, int]]:
        """Local hour of the day, bad, all."""
        return by_hour(self.week) if self.week else ()


def event_page(shown: Many, uid: str, choice: Choice, now: Local) -> EventPage | None:
    event = looking.event(shown.store, uid)
    if event is None:
        return None
    scope = choice.scope(urls=list(event.urls)) if event.urls else choice.scope(urls=[])
    episodes = looking.episodes(shown.store, scope, event_uid=uid, limit=MOST_EPISODES) if event.urls else []
    within = _within(shown, choice, episodes)
    found = _around(shown, choice, episodes, within, event.first_bad_at, event.closed_at, now)
    return EventPage(**found, sentence=says.event(event, now), event=event)


def episode_page(
    shown: Many, url: str, key: str, kind: str, first: datetime, choice: Choice, now: Local
) -> EpisodePage | None:
    """By what it is first known by: its row's number changes whenever episodes are told anew."""
    known = looking.episodes(shown.store, choice.scope(urls=[url], network=key), limit=10_000)
    near = timedelta(milliseconds=1)
    of = [one for one in known if one.kept.episode.kind == kind and abs(one.kept.episode.first_bad_at - first) <= near]
    if not of:
        return None
    [placed] = of[:1]
    episode = placed.kept.episode
    within = _within(shown, choice, [placed])
    found = _around(shown, choice, [placed], within, episode.first_bad_at, episode.closed_at, now)
    network = network_of(placed)
    scope = choice.scope(urls=[url], network=key)
    end = episode.last_bad_at + timedelta(seconds=1)
    checks = looking.newest(shown.store, url, scope, start=episode.first_bad_at, end=end, limit=CHECKS)
    evidence = _evidence(shown, checks)
    return EpisodePage(
        **found,
        sentence=says.episode(placed, network, now),
        placed=placed,
        network=network,
        checks=checks,
        week=_week(shown, choice, placed, now) if episode.intermittent else (),
        alike=alike(within),
        comparisons=comparisons(evidence),
        compared=len(evidence),
    )


def _around(
    shown: Many,
    choice: Choice,
    episodes: Sequence[Placed],
    within: Sequence[Tally],
    began: datetime,
    ended: datetime | None,
    now: Local,
) -> dict[str, Any]:
    """The strips of the episodes, in a window that has a fifth of the stretch before it."""
    last = ended or now.now
    wanted = (last - began) * 1.25
    span = choice.span or next((name for name, length in LONG_SPANS.items() if length >= wanted), "365d")
    until = choice.until or (min(now.now, last + LONG_SPANS[span] / 10) if ended else None)
    view = stretch(span, until, now, shown.interval)
    lanes = {Lane(one.url, one.network_key): one for one in episodes}
    scope = choice.scope(urls=sorted({lane.url for lane in lanes}), networks={lane.network_key for lane in lanes})
    found = looking.lanes(shown.store, scope, start=view.start, cell=view.cell, count=view.count)
    gaps = shown.gaps(view.start)
    mine = {lane: [one.kept.episode for one in episodes if Lane(one.url, one.network_key) == lane] for lane in lanes}
    strips = [
        Strip(
            url=lane.url,
            network=found.networks.get(lane.network_key)
            or Network(lane.network_key, one.kept.asn, one.kept.network or ""),
            cells=cells(found.tallies.get(lane, ()), gaps, view, now=now.now),
            brackets=brackets(mine[lane], view),
            state=state(
                found.tallies.get(lane, ()),
                one if one.kept.episode.closed_at is None else None,
                now=min(now.now, view.end),
                late=max(shown.late, view.cell),
            ),
        )
        for lane, one in list(lanes.items())[:MOST_STRIPS]
    ]
    return {
        "span": span,
        "window": view,
        "strips": strips,
        "episodes": episodes,
        "shares": shares(entry for entry in within if entry.verdict in BAD),
        "said": verdicts(within),
        "names": found.networks,
        "known": known_in(view, {lane.url for lane in lanes}, choice.country, now),
    }


def _within(shown: Many, choice: Choice, episodes: Sequence[Placed]) -> list[Tally]:
    """Tallies of the whole hours of the episodes, each of its own stretch."""
    if not episodes:
        return []
    first = _hour(min(one.kept.episode.first_bad_at for one in episodes))
    last = max(one.kept.episode.last_bad_at for one in episodes)
    scope = choice.scope(urls=sorted({one.url for one in episodes}), networks={one.network_key for one in episodes})
    hours = (last - first) // HOUR + 1
    # Of a long one, days are near enough: its first and its last are counted whole.
    cell, start = (HOUR, first) if hours <= 31 * 24 else (DAY, first.replace(hour=0))
    count = (last - start) // cell + 1
    found = looking.lanes(shown.store, scope, start=start, cell=cell, count=count)
    return [
        entry
        for one in episodes
        for entry in found.tallies.get(Lane(one.url, one.network_key), ())
        if entry.last_at >= one.kept.episode.first_bad_at - timedelta(seconds=1)
        and entry.first_at <= one.kept.episode.last_bad_at
    ]


def _week(shown: Many, choice: Choice, placed: Placed, now: Local) -> Week:
    """How many of the checks of each hour of the week were bad, in the last thirty days of the episode."""
    episode = placed.kept.episode
    end = _hour(episode.last_bad_at) + HOUR
    start = max(_hour(episode.first_bad_at), end - 30 * DAY)
    scope = choice.scope(urls=[placed.url], network=placed.network_key)
    found = looking.lanes(shown.store, scope, start=start, cell=HOUR, count=max(1, (end - start) // HOUR))
    return week(found.tallies.get(Lane(placed.url, placed.network_key), ()), now)


def _evidence(shown: Many, checks: Sequence[Point]) -> list[Measurement]:
    """Of the newest bad ones, as far as it is here still."""
    found = []
    for point in [one for one in checks if one.verdict in BAD][:COMPARED]:
        with contextlib.suppress(InArchive):
            if (whole := shown.store.measurement(point.uid)) is not None:
                found.append(whole[0])
    return found


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
