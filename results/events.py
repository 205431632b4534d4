"""Episodes that belong together become events: one site on several networks, many sites on one. Pure.

An outage of a network, a shutdown of several (results/outages.py) and a vantage that fell silent (results/silence.py)
have kinds of their own, since they are never blocks. What is told of an event to whom is not here.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from results.episodes import Episode

_SLACK = timedelta(minutes=15)  # between clocks and rounds
_WIDEST = timedelta(hours=6)  # of a bracket that still says when; a wider one says only "before then"
_SURE = ("confirmed", "likely", "weak")
_ENOUGH = ("confirmed", "likely")  # for two owners to confirm it: two weak ones may be wrong in the same way
_MANY = 10  # sites


class EventKind(StrEnum):
    BLOCKING = "blocking"
    THROTTLING = "throttling"
    OUTAGE = "outage"  # targets and references fail together on one network
    SHUTDOWN = "shutdown"  # the same on all networks that speak, and on two owners' at least
    SILENT = "silent"  # a vantage sends nothing


class Severity(StrEnum):
    """How much it matters, for subscriptions."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    asn: int | None
    name: str | None
    owner: str  # of the owner group, the name's or number's own where none is known


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What one message is about. It began in (last_good_at, first_bad_at] and ended in (last_bad_at, first_good_at]."""

    uid: str
    kind: EventKind
    urls: tuple[str, ...]  # empty for what befalls a network or a vantage
    networks: tuple[Network, ...]
    vantage: str | None = None  # of one that fell silent
    last_good_at: datetime | None
    first_bad_at: datetime
    opened_at: datetime
    last_bad_at: datetime
    first_good_at: datetime | None
    closed_at: datetime | None
    mechanisms: tuple[str, ...]
    confidence: str | None  # the best among its measurements: "confirmed", "likely", "weak"
    confirmed: bool  # seen on networks of two owners at least, and not only weakly
    intermittent: bool
    measurements: int
    bad: int
    severity: Severity


class Change(StrEnum):
    """What a message says of an event."""

    OPENED = "opened"
    GREW = "grew"  # further sites or networks
    WORSENED = "worsened"  # intermittent became steady, an outage a shutdown, one vantage's word that of two
    REOPENED = "reopened"  # it was said to be over, and is on again
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """A change of an event, with the event as it was then."""

    id: int
    change: Change
    event: Event
    at: datetime  # of the measurement that showed it
    noticed_at: datetime
    late: bool  # it was over, or long past, when it was noticed: "was blocked", not "is"


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """An episode and where it is."""

    url: str
    outlet: str | None
    network: Network
    episode: Episode
    confidence: str | None = None


def joins(one: Placed, members: Sequence[Placed]) -> bool:
    """Whether an episode belongs to the event of these.

    It does when it can have begun at the same moment as they did, and shares a site, an outlet or a network with one;
    or when it is of the same site or outlet on another network while they are still on.
    """
    if one.episode.kind != members[0].episode.kind:
        return False
    alike = [other for other in members if _same_site(one, other)]
    if any(other.episode.closed_at is None and other.network != one.network for other in alike):
        return True
    near = bool(alike) or any(other.network == one.network for other in members)
    return near and _can_be_one_moment(one, members)


def gathered(uid: str, members: Sequence[Placed]) -> Event:
    """The event of these episodes, of one kind."""
    episodes = [member.episode for member in members]
    first = min(episodes, key=lambda episode: episode.first_bad_at)
    ended = (
        None
        if any(not episode.closed_at for episode in episodes)
        else max(e.closed_at for e in episodes if e.closed_at)
    )
    last = max(episodes, key=lambda episode: episode.last_bad_at)
    networks = tuple(sorted({member.network for member in members}, key=lambda one: (one.asn or 0, one.name or "")))
    found = {member.confidence for member in members}
    urls = tuple(sorted({member.url for member in members}))
    kind = EventKind(first.kind.value)
    sure = next((sure for sure in _SURE if sure in found), None)
    confirmed = len({network.owner for network in networks}) > 1 and sure in _ENOUGH
    return Event(
        uid=uid,
        kind=kind,
        urls=urls,
        networks=networks,
        last_good_at=first.last_good_at,
        first_bad_at=first.first_bad_at,
        opened_at=min(episode.opened_at for episode in episodes),
        last_bad_at=last.last_bad_at,
        first_good_at=last.first_good_at if ended else None,
        closed_at=ended,
        mechanisms=_most_seen(episodes),
        confidence=sure,
        confirmed=confirmed,
        intermittent=all(episode.intermittent for episode in episodes),
        measurements=sum(episode.measurements for episode in episodes),
        bad=sum(episode.bad for episode in episodes),
        severity=_severity(kind, len(urls), confirmed=confirmed),
    )


def change(before: Event | None, now: Event) -> Change | None:
    """What there is to tell, the weightiest alone; None where nothing is."""
    if before is None:
        return Change.OPENED
    if now.closed_at and not before.closed_at:
        return Change.ENDED
    if before.closed_at and not now.closed_at:
        return Change.REOPENED
    if now.kind is not before.kind and now.kind is EventKind.SHUTDOWN:
        return Change.WORSENED
    if set(now.networks) - set(before.networks) or set(now.urls) - set(before.urls):
        return Change.GREW
    surer = now.kind is EventKind.OUTAGE and (before.confidence, now.confidence) == ("weak", "likely")
    if surer or (before.intermittent and not now.intermittent):
        return Change.WORSENED
    return None


def uid_of(*said: str) -> str:
    """An event's name for ever, made of what it was first known by: found anew, it has the same."""
    return hashlib.sha256(" ".join(said).encode()).hexdigest()[:16]


def _same_site(one: Placed, other: Placed) -> bool:
    return one.url == other.url or (one.outlet is not None and one.outlet == other.outlet)


def _can_be_one_moment(one: Placed, members: Sequence[Placed]) -> bool:
    began_after, began_by = _bracket(one.episode)
    brackets = [_bracket(member.episode) for member in members]
    latest, earliest = max(after for after, _ in brackets), min(by for _, by in brackets)
    return began_after <= earliest + _SLACK and began_by >= latest - _SLACK


def _bracket(episode: Episode) -> tuple[datetime, datetime]:
    by, after = episode.first_bad_at, episode.last_good_at
    return (by - _SLACK if after is None or by - after > _WIDEST else after), by


def _most_seen(episodes: Sequence[Episode]) -> tuple[str, ...]:
    """By how many of the episodes lead with it, then by how many have it."""
    leads = Counter(episode.mechanisms[0] for episode in episodes if episode.mechanisms)
    has = Counter(name for episode in episodes for name in episode.mechanisms)
    return tuple(sorted(has, key=lambda name: (-leads[name], -has[name], name)))


def _severity(kind: EventKind, sites: int, *, confirmed: bool) -> Severity:
    if kind is EventKind.BLOCKING:
        return Severity.HIGH if confirmed or sites >= _MANY else Severity.MEDIUM
    return Severity.MEDIUM if confirmed or sites >= _MANY else Severity.LOW
