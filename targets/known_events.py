"""What is known from elsewhere: blocks, orders, rulings, elections, outages, each with its dates and its source.

None of it was measured here, and nothing is judged by it: it is laid over what was.
"""

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from targets.target import Problem

EVENTS_FILE = Path(__file__).parent / "knowledge" / "events.csv"
KINDS = ("block", "throttling", "interception", "domain", "order", "law", "shutdown", "outage", "attack", "election",
         "report")  # fmt: skip
EVERYWHERE = "*"
_COLUMNS = ("id", "country", "kind", "hosts", "began", "ended", "where", "says", "source")
_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")


@dataclass(frozen=True, slots=True)
class When:
    """A day, month or year, as precisely as it was reported."""

    first: date
    after: date  # the day after its last one

    @property
    def exact(self) -> bool:
        return self.after - self.first == timedelta(days=1)

    def __str__(self) -> str:
        days = (self.after - self.first).days
        return f"{self.first:%Y}" if days > 31 else f"{self.first:%Y-%m}" if days > 1 else f"{self.first}"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownEvent:
    """One row."""

    id: str
    country: str
    kind: str  # one of KINDS
    hosts: tuple[str, ...]  # without "www."; ("*",): the whole country
    began: When
    ended: When | None  # None: not known, or it goes on
    where: str  # in the reporters' words
    says: str  # one line
    sources: tuple[str, ...]  # URLs

    @property
    def everywhere(self) -> bool:
        return EVERYWHERE in self.hosts

    @property
    def last(self) -> date:
        """The day after it is last known of."""
        return self.ended.after if self.ended else self.began.after

    def concerns(self, host: str) -> bool:
        """Whether it is of that host, or of one above it."""
        name = host.lower().removeprefix("www.")
        return self.everywhere or any(name == one or name.endswith(f".{one}") for one in self.hosts)


def loaded(path: Path = EVENTS_FILE) -> tuple[list[KnownEvent], list[Problem]]:
    """All that can be used, in the file's order, and what is wrong with the other rows."""
    found: dict[str, KnownEvent] = {}
    problems: list[Problem] = []
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        missing = [name for name in _COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            return [], [Problem(str(path), 1, f"The column {missing[0]} is missing; needed are {', '.join(_COLUMNS)}.")]
        for row in reader:
            says = _wrong(row, found)
            if says:
                problems.append(Problem(str(path), reader.line_num, says))
            else:
                found[row["id"]] = _event(row)
    return list(found.values()), problems


def known_events() -> Sequence[KnownEvent]:
    """Those that come with the program."""
    return _bundled()


def concerning(
    events: Iterable[KnownEvent], hosts: Iterable[str], *, country: str, first: date, last: date
) -> list[KnownEvent]:
    """Those of any of these hosts, or of the whole country, that touch the days from one to another, the oldest first.

    What goes on until nobody knows when counts with its beginning alone. An empty country means all.
    """
    names = list(hosts)
    found = [
        event
        for event in events
        if country in {"", event.country}
        and event.began.first <= last
        and event.last > first
        and (event.everywhere or any(event.concerns(name) for name in names))
    ]
    return sorted(found, key=lambda event: (event.began.first, event.id))


def when(text: str) -> When | None:
    """As in "2015", "2015-09" and "2015-09-09"; None where it is no date."""
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    year, month, day = match.groups()
    try:
        first = date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return None
    if day:
        return When(first, first + timedelta(days=1))
    months = first.month if month else 12
    return When(first, date(first.year + months // 12, months % 12 + 1, 1))


def _event(row: Mapping[str, str]) -> KnownEvent:
    began, ended = when(row["began"]), when(row["ended"])
    assert began is not None
    return KnownEvent(
        id=row["id"], country=row["country"], kind=row["kind"], hosts=tuple(row["hosts"].split()), began=began,
        ended=ended, where=row["where"], says=row["says"], sources=tuple(row["source"].split(" ; ")),
    )  # fmt: skip


def _wrong(row: Mapping[str, str | None], found: Mapping[str, KnownEvent]) -> str:
    """One sentence, or empty."""
    if any(row.get(name) is None for name in _COLUMNS):
        return f"The row has too few cells; needed are {', '.join(_COLUMNS)}."
    said = {name: row[name] or "" for name in _COLUMNS}
    empty = [name for name in ("id", "country", "hosts", "says", "source") if not said[name]]
    if empty:
        return f"{empty[0]} is empty; needed are id, country, hosts, says and source."
    if said["id"] in found:
        return f"id {said['id']} stands here already."
    if said["kind"] not in KINDS:
        return f"kind is {said['kind']!r}; allowed are {', '.join(KINDS)}."
    began, ended = when(said["began"]), when(said["ended"])
    if began is None or (said["ended"] and ended is None):
        wrong = "began" if began is None else "ended"
        return f"{wrong} is {said[wrong]!r}; allowed are dates as in 2015, 2015-09 and 2015-09-09."
    if ended is not None and ended.after <= began.first:
        return f"It ended ({said['ended']}) before it began ({said['began']})."
    bad = [one for one in said["source"].split(" ; ") if not one.startswith(("https://", "http://"))]
    return f"source has {bad[0]!r}; allowed are URLs with ' ; ' between them." if bad else ""


@cache
def _bundled() -> tuple[KnownEvent, ...]:
    return tuple(loaded()[0])
