"""Known events for a page: which of targets/knowledge/events.csv concern its sites in its window, with their marks.

They stand beside what was measured and change none of it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from urllib.parse import urlsplit

from server.pages.charts.marks import Mark
from server.pages.times import Local, Window
from server.pages.tongue import N_
from targets.known_events import KnownEvent, When, concerning, known_events

MOST = 40
KINDS: Mapping[str, str] = {
    "block": N_("reported blocked"),
    "throttling": N_("reported slow"),
    "interception": N_("certificates reported replaced"),
    "domain": N_("domain name taken"),
    "order": N_("order"),
    "law": N_("law"),
    "shutdown": N_("shutdown"),
    "outage": N_("outage"),
    "attack": N_("attack"),
    "election": N_("election"),
    "report": N_("report"),
}


@dataclass(frozen=True, slots=True)
class Known:
    """An event with its mark."""

    event: KnownEvent
    mark: Mark

    @property
    def kind(self) -> str:
        return KINDS[self.event.kind]


def known_in(window: Window, urls: Iterable[str], country: str, now: Local) -> list[Known]:
    """The newest of those that touch the window, numbered from the oldest."""
    hosts = {host(url) for url in urls}
    last = (window.end - timedelta(microseconds=1)).date()
    found = concerning(known_events(), hosts, country=country, first=window.start.date(), last=last)
    return [Known(event, _mark(number, event.began, now)) for number, event in enumerate(found[-MOST:], 1)]


def marks(found: Iterable[Known]) -> list[Mark]:
    return [one.mark for one in found]


def host(url: str) -> str:
    """Empty where it is no URL after all."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def reported(when: When, now: Local) -> str:
    """As precisely as it was: a day in words, a month or a year as it stands in the table."""
    return now.tongue.day(when.first, 0) if when.exact else str(when)


def _mark(number: int, began: When, now: Local) -> Mark:
    return Mark(number, _midnight(began.first, now), _midnight(began.after, now))


def _midnight(day: date, now: Local) -> datetime:
    return datetime.combine(day, time(), now.now.tzinfo)
