"""Dead lines become outages of networks, and outages of all networks that speak a shutdown. A pure fold over looks.

What a dead look is stands in results/wide_events.py, which reads them from the store. What was opened never depends on
what came later. A vantage that sends nothing at all is not here (results/silence.py): silence is no sign of an outage.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from results.events import Event, EventKind, Network, Severity, uid_of
from results.points import network_key

NAMELESS = Network(asn=None, name=None, owner="unknown")
FORGOTTEN = timedelta(days=7)  # an outage of which nobody has spoken for so long is not waited for any more
OWNERS = 2  # in whose hands the networks are, for their outages to be a shutdown


class Look(NamedTuple):
    """Whether a vantage's line was dead at a moment: neither the target nor any reference could be reached."""

    at: datetime
    vantage: str
    network: Network | None  # where the measurement did not know it, the vantage's last known one counts
    dead: bool
    round_uid: str | None = None
    measurements: int = 1  # that say so


@dataclass(slots=True)
class _Vantage:
    """What one vantage said last."""

    key: str  # of the network that it is on
    network: Network
    good_at: datetime | None = None
    good_round: str | None = None
    dead_since: datetime | None = None  # None while its newest look is good
    dead_at: datetime | None = None


@dataclass(slots=True)
class _Dead:
    """The dead looks at a network since its newest good one."""

    first_at: datetime
    last_at: datetime
    seen_by: set[str] = field(default_factory=set)
    measurements: int = 0


@dataclass(slots=True, eq=False)
class _Outage:
    """Of one network, from its first dead look to its first good one."""

    key: str
    network: Network
    last_good_at: datetime | None
    opened_at: datetime
    dead: _Dead
    closed_at: datetime | None = None


@dataclass(slots=True)
class _Place:
    """A network, as its vantages see it."""

    network: Network
    good_at: datetime | None = None
    heard_at: datetime | None = None  # from a vantage whose own line is not broken
    dead: _Dead | None = None
    outage: _Outage | None = None  # that is on


class Outages:
    """Takes looks in the order of time; tells what was out, and what is."""

    def __init__(self, *, recent: timedelta, least: timedelta) -> None:
        """`recent`: how long a vantage's word counts. `least`: how long a line is dead before it is no mere blink."""
        self._recent = recent
        self._least = least
        self._vantages: dict[str, _Vantage] = {}
        self._places: dict[str, _Place] = {}
        self._found: list[list[_Outage]] = []  # those of a shutdown stand together; in the order of their opening
        self._on: list[_Outage] = []
        self._shutdown: list[_Outage] | None = None  # that is on

    def add(self, look: Look) -> None:
        """The next one, or another of the same instant."""
        for outage in [one for one in self._on if look.at - one.dead.last_at > FORGOTTEN]:
            self._close(outage, outage.dead.last_at)
        known = self._vantages.get(look.vantage)
        network = look.network or (known.network if known else NAMELESS)
        key = network_key(network.asn, network.name) or f"of {look.vantage}"  # a network that nobody knows
        vantage = self._vantages.setdefault(look.vantage, _Vantage(key, network))
        if vantage.key != key:  # it has moved: what it saw elsewhere says nothing of this network
            vantage.dead_since = None
        vantage.key, vantage.network = key, network
        place = self._places.setdefault(key, _Place(network))
        if look.dead:
            self._add_dead(look, vantage, place)
        else:
            self._add_good(look, vantage, place)

    def events(self) -> list[Event]:
        """All outages and shutdowns, in the order of their opening."""
        return [_event(outages) for outages in self._found]

    def since(self, *, heard_after: datetime) -> datetime | None:
        """The first dead look of all that is dead still, as far as it was heard of lately; None where all is well."""
        dead = [(one.dead_since, one.dead_at) for one in self._vantages.values()]
        for outages in [self._shutdown or [], *([one] for one in self._on)]:
            looks = [at for one in outages for at in (one.dead.first_at, one.dead.last_at)]
            dead.append((min(looks, default=None), max(looks, default=None)))
        return min((first for first, last in dead if first and last and last > heard_after), default=None)

    def _add_good(self, look: Look, vantage: _Vantage, place: _Place) -> None:
        vantage.good_at, vantage.good_round, vantage.dead_since = look.at, look.round_uid, None
        place.good_at = place.heard_at = look.at
        place.dead = None
        for outage in list(self._on):
            here = outage is place.outage
            # Its way out works again, if on another network: who is left to say that this one's doesn't?
            left = look.vantage in outage.dead.seen_by and not any(
                other.key == outage.key and other.dead_since for other in self._vantages.values()
            )
            if here or left:
                self._close(outage, look.at)

    def _add_dead(self, look: Look, vantage: _Vantage, place: _Place) -> None:
        at = look.at
        if look.round_uid is not None and look.round_uid == vantage.good_round:
            return  # in this round sites were reached: it may be the references alone that are not
        vantage.dead_since, vantage.dead_at = vantage.dead_since or at, at
        if place.good_at is not None and place.good_at - vantage.dead_since >= self._least:
            # Others got through when it had been dead for long already: it is its own line, until that is good again.
            if place.outage is None and place.dead is not None and place.dead.seen_by == {look.vantage}:
                place.dead = None
            return
        if place.outage is None and place.dead is not None and at - place.dead.last_at > self._recent:
            place.dead = None  # nobody knows what was in between
        place.heard_at = at
        dead = place.dead = place.dead or _Dead(at, at)
        dead.last_at = at
        dead.seen_by.add(look.vantage)
        dead.measurements += look.measurements
        if place.outage is None and at - dead.first_at >= self._least and not self._anyone_good(vantage.key, at):
            self._open(vantage.key, place, dead, at)

    def _anyone_good(self, key: str, at: datetime) -> bool:
        return any(
            one.key == key and one.dead_since is None and one.good_at is not None and at - one.good_at <= self._recent
            for one in self._vantages.values()
        )

    def _open(self, key: str, place: _Place, dead: _Dead, at: datetime) -> None:
        outage = _Outage(key, place.network, place.good_at, at, dead)
        place.outage = outage
        self._on.append(outage)
        if self._shutdown is not None:
            self._shutdown.append(outage)
            return
        self._found.append([outage])
        if self._all_out(at):
            first, *others = [one for one in self._found if one[0] in self._on]
            first[:] = self._on
            self._found = [one for one in self._found if one not in others]
            self._shutdown = first

    def _all_out(self, at: datetime) -> bool:
        """Whether every network that speaks is out, and these are in the hands of several owners."""
        speak = [one for one in self._places.values() if one.heard_at and at - one.heard_at <= self._recent]
        owners = {one.network.owner for one in speak if one.network != NAMELESS}
        return all(one.outage for one in speak) and len(owners) >= OWNERS

    def _close(self, outage: _Outage, at: datetime) -> None:
        outage.closed_at = at
        place = self._places[outage.key]
        place.outage = place.dead = None
        self._on.remove(outage)
        if self._shutdown is not None and all(one.closed_at for one in self._shutdown):
            self._shutdown = None


def _event(outages: Sequence[_Outage]) -> Event:
    """One outage; or several, which are a shutdown."""
    first, shutdown = min(outages, key=lambda one: one.dead.first_at), len(outages) > 1
    closed = [one.closed_at for one in outages if one.closed_at]
    ended = max(closed) if len(closed) == len(outages) else None
    last_bad_at = max(one.dead.last_at for one in outages)
    networks = {one.key: one.network for one in outages}.values()
    weak = len(outages[0].dead.seen_by) == 1 and not shutdown  # it may be that vantage's own line
    looked = sum(one.dead.measurements for one in outages)
    severity = Severity.HIGH if shutdown else Severity.LOW if weak else Severity.MEDIUM
    return Event(
        # Of the one that was known first, so that it keeps its name when it becomes a shutdown.
        uid=uid_of(EventKind.OUTAGE, outages[0].key, outages[0].dead.first_at.isoformat()),
        kind=EventKind.SHUTDOWN if shutdown else EventKind.OUTAGE,
        urls=(),
        networks=tuple(sorted(networks, key=lambda one: (one.asn or 0, one.name or ""))),
        last_good_at=first.last_good_at,
        first_bad_at=first.dead.first_at,
        opened_at=min(one.opened_at for one in outages),
        last_bad_at=last_bad_at,
        first_good_at=None if ended == last_bad_at else ended,  # forgotten
        closed_at=ended,
        mechanisms=(),
        confidence="weak" if weak else "likely",
        confirmed=shutdown,
        intermittent=False,
        measurements=looked,
        bad=looked,
        severity=severity,
    )
