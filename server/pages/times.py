"""Local times in words, and the window that a strip shows. No clock here: `now` is always given."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from server.pages.tongue import ENGLISH, N_, Tongue

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SPANS = {"24h": DAY, "7d": 7 * DAY, "30d": 30 * DAY}
SPAN_WORDS = {"24h": N_("24 hours"), "7d": N_("7 days"), "30d": N_("30 days")}
LONG_SPANS = SPANS | {"90d": 90 * DAY, "365d": 365 * DAY}
LONG_SPAN_WORDS = SPAN_WORDS | {"90d": N_("90 days"), "365d": N_("a year")}
CELLS = (HOUR / 4, HOUR / 2, HOUR, 2 * HOUR, 4 * HOUR, 12 * HOUR, DAY)  # each divides a day
MOST_CELLS = 48

MINUS = "\N{MINUS SIGN}"

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Window:
    """`count` cells of equal length. They begin at local midnight or a whole fraction of the day after it."""

    start: datetime
    cell: timedelta
    count: int

    @property
    def end(self) -> datetime:
        return self.start + self.cell * self.count

    def share(self, moment: datetime) -> float:
        """Where a moment lies: 0 at the start, 1 at the end, clipped."""
        return min(1.0, max(0.0, (moment - self.start) / (self.end - self.start)))


def window(now: datetime, span: timedelta, interval: timedelta) -> Window:
    """The cells up to `now`, each long enough for two rounds: else a late round would leave a hole that is none."""
    cell = next((c for c in CELLS if span / c <= MOST_CELLS and c >= 2 * interval), DAY)
    return cells_up_to(now, cell, max(1, round(span / cell)))


def cells_up_to(now: datetime, cell: timedelta, count: int) -> Window:
    """So many of that length, of which the last holds `now`. Those of several days end with its day."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    grid = min(cell, DAY)
    end = midnight + grid * ((now - midnight) // grid + 1)
    return Window(end - cell * count, cell, count)


def last_hours(now: "Local", late: timedelta) -> Window:
    """One cell of whole hours of UTC that reaches to now, and back for longer than a check may be late."""
    end = now.now.replace(minute=0, second=0, microsecond=0) + HOUR
    hours = max(3, -(-late // HOUR) + 1)
    return Window(end - hours * HOUR, hours * HOUR, 1)


def ticks(view: Window, most: int) -> list[datetime]:
    """Where an axis is labelled: whole hours within a day or two, else midnights; not more than `most` + 1."""
    steps = [n * HOUR for n in (1, 2, 3, 6, 12)] + [n * DAY for n in (1, 2, 5, 10, 30, 60, 120)]
    length = view.end - view.start
    step = next((step for step in steps if length / step <= most and (length < 2 * DAY or step >= DAY)), steps[-1])
    midnight = view.start.replace(hour=0, minute=0, second=0, microsecond=0)
    first = midnight + step * -((midnight - view.start) // step)
    return [first + step * place for place in range(most + 1) if first + step * place < view.end]


@dataclass(frozen=True, slots=True)
class Local:
    """A moment of reading: the zone, the time now, against which other times are worded, and the tongue."""

    now: datetime  # in the zone
    tongue: Tongue = ENGLISH

    @classmethod
    def at(cls, now: datetime, zone: tzinfo | None, tongue: Tongue = ENGLISH) -> "Local":
        """`zone` None is the machine's own."""
        return cls(now.astimezone(zone), tongue)

    @property
    def zone(self) -> str:
        """The zone's name: "UTC+5", "UTC+5:30", "UTC"."""
        minutes = round((self.now.utcoffset() or timedelta()) / timedelta(minutes=1))
        if not minutes:
            return "UTC"
        hours, rest = divmod(abs(minutes), 60)
        return f"UTC{'+' if minutes > 0 else MINUS}{hours}" + (f":{rest:02d}" if rest else "")

    def local(self, moment: datetime) -> datetime:
        return moment.astimezone(self.now.tzinfo)

    def when(self, moment: datetime) -> str:
        """As in "14:10" today, "20 Nov, 14:10" on another day."""
        at = self.local(moment)
        if at.date() == self.now.date():
            return f"{at:%H:%M}"
        return f"{self.tongue.day(at.date(), self.now.year)}, {at:%H:%M}"

    def tick(self, moment: datetime) -> str:
        """On an axis: "14:00", or "20 Nov" at midnight."""
        at = self.local(moment)
        return f"{at:%H:%M}" if at.hour or at.minute else self.tongue.day(at.date(), at.year)

    def exact(self, moment: datetime) -> str:
        """To the second: "22 November 2026, 14:10:05"."""
        at = self.local(moment)
        return f"{self.tongue.long_day(at.date())}, {at:%H:%M:%S}"

    def between(self, earlier: datetime, later: datetime) -> tuple[str, str]:
        """The two ends of a bracket; the day is said once where both share it."""
        first, second = self.when(earlier), self.when(later)
        if self.local(earlier).date() == self.local(later).date():
            second = f"{self.local(later):%H:%M}"
        return first, second
