"""The known history that the demo tells: what was reported, from when to when as far as it is known, with its source.

How it becomes measurements is not here (planning.py). The table is history.csv; times have the precision in which they
were reported, and what was not reported is empty.
"""

import csv
import re
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import NamedTuple

FILE = Path(__file__).parent / "history.csv"
KINDS = ("block", "throttle", "interception", "shutdown")
WAYS = ("tcp.timeout", "tls.timeout", "tls.interception", "latency.high", "line")
_ALMATY = timezone(timedelta(hours=6))  # in which days were reported, from 2005 to 2024
_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")
_MOMENT = "%Y-%m-%dT%H:%MZ"


class Bounds(NamedTuple):
    """When something happened: after the one and by the other, UTC; both are the same where the minute is known."""

    after: datetime
    by: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One row. `began` and `ended` are kept as they were reported, too."""

    id: str
    kind: str  # one of KINDS
    urls: tuple[str, ...]
    asns: tuple[int, ...]
    way: str  # one of WAYS: how the simulated checks fail; where none was reported, the plainest
    began: Bounds
    ended: Bounds | None  # None: its end is not known
    seen_until: datetime | None  # the last report of it, where its end is not known
    open: tuple[Bounds, ...]  # times within at which it was lifted
    looked_from: datetime | None  # where the demo begins to look when it had begun long before
    pace: timedelta  # of the checks near its bounds
    reported: str  # of the technique, in the reporters' words
    began_words: str  # "2008-10-07", "2010-11": as precise as it was reported
    ended_words: str
    sources: tuple[str, ...]

    @property
    def last(self) -> datetime:
        """Up to which it is known."""
        known = self.ended.after if self.ended else self.seen_until
        assert known is not None  # `read` holds it so
        return known


def loaded(path: Path = FILE) -> tuple[list[Fact], list[str]]:
    """All rows, and a sentence for each that can't be used."""
    found: list[Fact] = []
    problems: list[str] = []
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        for row in reader:
            try:
                found.append(_fact(row))
            except ValueError as exc:
                problems.append(f"{path.name}:{reader.line_num}: {exc}")
    return found, problems


def bounds(words: str) -> Bounds:
    """Of a year, a month, a day (in Almaty), a minute (UTC), or of the time from one of these to another."""
    first, _, last = words.partition("/")
    return Bounds(_span(first)[0], _span(last or first)[1])


def _span(words: str) -> tuple[datetime, datetime]:
    if "T" in words:
        at = datetime.strptime(words, _MOMENT).replace(tzinfo=UTC)
        return at, at
    read = _DATE.fullmatch(words)
    if read is None:
        raise ValueError(f"{words!r} is no time; allowed are 2015, 2015-09, 2015-09-30, 2015-09-30T10:30Z and A/B.")
    year, month, day = int(read[1]), int(read[2] or 0), int(read[3] or 0)
    start = datetime(year, month or 1, day or 1, tzinfo=_ALMATY)
    days = 1 if day else monthrange(year, month)[1] if month else 365 + (year % 4 == 0)
    return start.astimezone(UTC), (start + timedelta(days=days)).astimezone(UTC)


def _fact(row: dict[str, str]) -> Fact:
    for name, allowed in (("kind", KINDS), ("way", WAYS)):
        if row[name] not in allowed:
            raise ValueError(f"{name} is {row[name]!r}; allowed are {', '.join(allowed)}.")
    if bool(row["ended"]) == bool(row["seen_until"]):
        raise ValueError("needed is either when it ended, or until when it was seen.")
    if not row["source"]:
        raise ValueError("source is empty.")
    return Fact(
        id=row["id"],
        kind=row["kind"],
        urls=tuple(row["urls"].split()),
        asns=tuple(map(int, row["asns"].split())),
        way=row["way"],
        began=bounds(row["began"]),
        ended=bounds(row["ended"]) if row["ended"] else None,
        seen_until=bounds(row["seen_until"]).by if row["seen_until"] else None,
        open=tuple(map(bounds, row["open"].split())),
        looked_from=bounds(row["looked_from"]).after if row["looked_from"] else None,
        pace=timedelta(hours=float(row["pace_h"])),
        reported=row["reported"],
        began_words=row["began"],
        ended_words=row["ended"],
        sources=tuple(row["source"].split(" ; ")),
    )


def urls_of(facts: Iterable[Fact]) -> list[str]:
    """Each once, in the order of the table."""
    return list(dict.fromkeys(url for fact in facts for url in fact.urls))
