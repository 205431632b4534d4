"""Which vantages have fallen silent, and which of them are heard again. Pure: what was heard in, events out.

Silence says nothing about sites and networks: a machine is off, or its owner asleep. Which vantages are waited for is
not said here (results/history.py).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from results.events import Event, EventKind, Network, Severity, uid_of

MISSED = 4  # intervals
_LEAST = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a vantage that is waited for sent last."""

    vantage: str
    interval: timedelta  # at which it usually measures
    newest_at: datetime | None  # None: nothing ever
    network: Network | None


def silences(heard: Iterable[Heard], on: Iterable[Event], now: datetime) -> list[Event]:
    """What has begun or ended by now. `on`: the silences that are known and not over."""
    known = {event.vantage: event for event in on}
    found = []
    for one in heard:
        before = known.get(one.vantage)
        if one.newest_at is None:  # who has never spoken has not fallen silent
            continue
        silent = now - one.newest_at > max(MISSED * one.interval, _LEAST)
        if before is None and silent:
            found.append(_begun(one, one.newest_at, now))
        elif before is not None and not silent:
            found.append(_over(before, one, one.newest_at, now))
    return found


def _begun(one: Heard, newest_at: datetime, now: datetime) -> Event:
    missed_at = newest_at + one.interval
    return Event(
        uid=uid_of(EventKind.SILENT, one.vantage, newest_at.isoformat()),
        kind=EventKind.SILENT,
        urls=(),
        networks=(one.network,) if one.network else (),
        vantage=one.vantage,
        last_good_at=newest_at,
        first_bad_at=missed_at,
        opened_at=now,
        last_bad_at=missed_at,
        first_good_at=None,
        closed_at=None,
        mechanisms=(),
        confidence=None,
        confirmed=False,
        intermittent=False,
        measurements=0,
        bad=0,
        severity=Severity.MEDIUM,
    )


def _over(before: Event, one: Heard, newest_at: datetime, now: datetime) -> Event:
    """It still was silent, also where what it measured meanwhile has come in since."""
    missed_at = min(max(before.first_bad_at, newest_at - one.interval), newest_at)
    return replace(before, last_bad_at=missed_at, first_good_at=newest_at, closed_at=now)
