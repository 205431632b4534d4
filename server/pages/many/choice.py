"""What a reader has chosen, as it stands in the address: filters, span of time, time zone. Nothing is looked up here.

What can't be understood counts as not chosen: an address that was shortened by a messenger still shows a page.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import TypeVar
from urllib.parse import urlencode
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from results.looking import Scope
from results.records import iso
from server.pages.times import DAY, HOUR, LONG_SPANS, Local, Window, cells_up_to
from server.pages.tongue import ENGLISH, LANGUAGES, N_, Tongue

HOME_ZONE = "Asia/Almaty"
ZONES = {HOME_ZONE: N_("Almaty"), "UTC": "UTC", "Europe/Moscow": N_("Moscow"), "Europe/Berlin": N_("Berlin"),
         "Europe/London": N_("London"), "America/New_York": N_("New York")}  # fmt: skip
_ZONE_NAME = re.compile(r"[A-Za-z0-9_+-]{1,32}(/[A-Za-z0-9_+-]{1,32}){0,2}")
CELLS = {"24h": HOUR, "7d": 4 * HOUR, "30d": DAY, "90d": 2 * DAY, "365d": 7 * DAY}
Text = TypeVar("Text", str, str | None)
_LONGEST = 200  # of any word in the address


@dataclass(frozen=True, slots=True)
class Home:
    """The zone of whoever has chosen none."""

    word: str  # as in "Almaty time"
    zone: tzinfo | None  # None: the machine's own


ALMATY = Home(N_("Almaty time"), ZoneInfo(HOME_ZONE))
LOCAL = Home(N_("local time"), None)  # of one who reads at the machine that measures


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """All of it. Empty: not chosen."""

    span: str = ""
    to: str = ""  # until when; empty: now
    tz: str = ""
    lang: str = ""
    country: str = ""
    network: str = ""  # its key
    vantage_class: str = ""
    category: str = ""
    outlet: str = ""
    kind: str = ""
    q: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Choice":
        """From the address."""
        said = {name: whole(query.get(_PARAMETERS.get(name, name), ""))[:_LONGEST].strip() for name in _NAMES}
        found = cls(**said)
        return replace(
            found,
            span=found.span if found.span in LONG_SPANS else "",
            tz=found.tz if _zone(found.tz) else "",
            lang=found.lang if found.lang in LANGUAGES else "",
            to=iso(moment) if (moment := moment_of(found.to)) else "",
        )

    @property
    def until(self) -> datetime | None:
        return moment_of(self.to)

    @property
    def filtered(self) -> bool:
        return any((self.country, self.network, self.vantage_class, self.category, self.outlet, self.kind, self.q))

    def zone_words(self, home: Home, tongue: Tongue) -> str:
        """As in "Almaty time". Of UTC the name alone follows."""
        if not self.tz:
            return tongue.say(home.word)
        if self.tz == "UTC":
            return tongue.say("Time")
        return tongue.say("{zone} time", zone=tongue.say(ZONES[self.tz]) if self.tz in ZONES else self.tz)

    def scope(self, **more: object) -> Scope:
        said = {"country": self.country, "vantage_class": self.vantage_class, "network": self.network}
        return Scope(**(said | more))  # type: ignore[arg-type]

    def local(self, now: datetime, home: Home = ALMATY, tongue: Tongue = ENGLISH) -> Local:
        """One offset for the whole page, that of now: it is shown, and a bracket never lies across a change of it."""
        zone = (_zone(self.tz) if self.tz else None) or home.zone
        return Local(now.astimezone(timezone(now.astimezone(zone).utcoffset() or timedelta())), tongue)

    def href(self, path: str, *, keep: tuple[str, ...] = (), **more: str) -> str:
        """Another page with what of this choice is kept, and more. Zone and tongue are the reader's, and stay."""
        said = {name: getattr(self, name) for name in ("tz", "lang", *keep)} | more
        query = {_PARAMETERS.get(name, name): value for name, value in said.items() if value}
        return path + (f"?{urlencode(query)}" if query else "")

    def here(self, path: str, **more: str) -> str:
        """The same page, with a part of the choice changed."""
        return self.href(path, keep=_NAMES, **more)


_NAMES = tuple(each.name for each in fields(Choice))
_PARAMETERS = {"vantage_class": "class"}


def stretch(
    span: str,
    until: datetime | None,
    now: Local,
    interval: timedelta,
    *,
    by_day: str = "90d",
    cells: Mapping[str, timedelta] = CELLS,
) -> Window:
    """The cells of a span, each long enough for two rounds. From `by_day` on they are days of UTC, else local ones."""
    lengths = cells.values()
    cell = next((one for one in lengths if one >= max(cells[span], 2 * interval)), max(lengths))
    names = list(LONG_SPANS)
    by_utc = by_day in names and names.index(span) >= names.index(by_day)
    last = min(until, now.now) - timedelta(microseconds=1) if until else now.now
    local = last.astimezone(UTC if by_utc else now.now.tzinfo)
    view = cells_up_to(local, cell, max(1, round(LONG_SPANS[span] / cell)))
    # Rollups know whole hours of UTC; some zones don't.
    odd = timedelta(minutes=view.start.astimezone(UTC).minute)
    return Window(view.start + (HOUR - odd if odd else odd), cell, view.count)


def narrower(span: str, view: Window) -> str:
    """The shortest span that holds one cell of this one; empty where its checks themselves are next."""
    return "" if span == "24h" else next(name for name, length in LONG_SPANS.items() if length >= view.cell)


def days_of_utc(view: Window) -> bool:
    return not view.cell % DAY and view.start.tzinfo is UTC


def whole(said: Text) -> Text:
    """Without what PostgreSQL has no place for: then nothing is found, which is true."""
    return said.replace("\x00", "\N{REPLACEMENT CHARACTER}") if said is not None else said


def moment_of(said: str) -> datetime | None:
    """As it stands in an address; None where it is none."""
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        return None
    if moment.tzinfo is None or not 1990 <= moment.year <= 2200:
        return None
    return moment.astimezone(UTC)


def _zone(name: str) -> tzinfo | None:
    if not _ZONE_NAME.fullmatch(name):
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
