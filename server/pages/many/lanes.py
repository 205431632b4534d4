"""A lane: one site on one network, its past as cells, and how it is now. No query, no drawing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from results.episodes import Episode
from results.episodes import Kind as EpisodeKind
from results.judgement import Verdict
from results.looking import Placed
from results.store import Tally
from server.pages.cells import Cell
from server.pages.charts.palette import Kind, kind_of
from server.pages.charts.strip import Bracket
from server.pages.times import Window
from server.pages.turns import Turn, turn


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """How a lane is now. An open episode says more than a single check; without either nobody knows."""

    kind: Kind | None  # None: no check in the time that was looked at
    confidence: str | None = None
    mechanisms: tuple[str, ...] = ()
    episode: Episode | None = None
    turn: Turn | None = None
    newest: datetime | None = None  # the last check
    stale: bool = False  # too old to be now

    @property
    def bad(self) -> bool:
        return self.kind is not None and self.kind.verdict in {Verdict.BLOCKED, Verdict.THROTTLED}

    @property
    def intermittent(self) -> bool:
        return self.episode is not None and self.episode.intermittent


NOTHING = State(kind=None)


def state(tallies: Sequence[Tally], placed: Placed | None, *, now: datetime, late: timedelta) -> State:
    """Of one lane."""
    newest = max((entry.last_at for entry in tallies), default=None)
    stale = newest is not None and now - newest > late
    if placed is not None:
        episode = placed.kept.episode
        return State(
            kind=episode_kind(episode),
            confidence=placed.kept.confidence,
            mechanisms=episode.mechanisms,
            episode=episode,
            newest=newest,
            stale=newest is None or stale,
        )
    last = turn(tallies)
    if last is None:
        return NOTHING
    says = max((one for one in tallies if one.verdict is last.verdict), key=lambda one: one.last_at)
    kind = kind_of(last.verdict, says.mechanisms)
    return State(
        kind=kind, confidence=says.confidence, mechanisms=says.mechanisms, turn=last, newest=newest, stale=stale
    )


def episode_kind(episode: Episode) -> Kind:
    """The kind that an episode is drawn as: that of its bad checks."""
    verdict = Verdict.BLOCKED if episode.kind is EpisodeKind.BLOCKING else Verdict.THROTTLED
    return kind_of(verdict, episode.mechanisms)


def brackets(episodes: Iterable[Episode], view: Window) -> list[Bracket]:
    """Of each start and end that lies in the window."""
    changes = []
    for one in episodes:
        if one.last_good_at and one.first_bad_at >= view.start and one.last_good_at <= view.end:
            changes.append((one.last_good_at, one.first_bad_at))
        if one.first_good_at and one.first_good_at >= view.start and one.last_bad_at <= view.end:
            changes.append((one.last_bad_at, one.first_good_at))
    return [Bracket(*change) for change in dict.fromkeys(changes)]


def shares(tallies: Iterable[Tally]) -> Mapping[str, int]:
    """How often each mechanism was seen, the most often first. A check may have several."""
    found: dict[str, int] = {}
    for entry in tallies:
        for name in entry.mechanisms:
            found[name] = found.get(name, 0) + entry.count
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def verdicts(tallies: Iterable[Tally]) -> dict[Verdict, int]:
    """How often each was said, the most often first."""
    found: dict[Verdict, int] = {}
    for entry in tallies:
        found[entry.verdict] = found.get(entry.verdict, 0) + entry.count
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def troubled(row: Sequence[Cell]) -> bool:
    return any(cell.worst for cell in row)
