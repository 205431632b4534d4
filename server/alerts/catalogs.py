"""One language's words, plurals, lists and dates. How it is spoken is in pages/tongue.py; what is said, in texts.py."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

from server.pages.times import Local
from server.pages.tongue import Tongue, tongue


class Catalog:
    """A language. Get one by `catalog`."""

    def __init__(self, spoken: Tongue) -> None:
        self._tongue = spoken

    def say(self, words: str, **parts: object) -> str:
        return self._tongue.say(words, **parts)

    def count(self, one: str, many: str, count: int, **parts: object) -> str:
        """With the plural that the language has for `count`."""
        return self._tongue.count(one, many, count, **parts)

    def row(self, items: Sequence[str]) -> str:
        """As in "a, b and c"."""
        return self._tongue.row(items)

    def day(self, moment: datetime, zone: ZoneInfo, now: datetime) -> str:
        """As in "25 Nov", with the year where it is another one."""
        return self._tongue.day(moment.astimezone(zone).date(), now.astimezone(zone).year)

    def hour(self, moment: datetime, zone: ZoneInfo) -> str:
        """As in "14:10"."""
        return f"{moment.astimezone(zone):%H:%M}"

    def moment(self, moment: datetime, zone: ZoneInfo, now: datetime) -> str:
        """As in "25 Nov, 14:10"."""
        return f"{self.day(moment, zone, now)}, {self.hour(moment, zone)}"

    def bracket(self, after: datetime | None, until: datetime, zone: ZoneInfo, now: datetime) -> str:
        """When something changed: known to lie between two measurements, or before the first."""
        name = Local.at(until, zone).zone
        if after is None:
            moment = self.moment(until, zone, now)
            return self.say("before {moment} {zone}, when measuring began", moment=moment, zone=name)
        if after.astimezone(zone).date() == until.astimezone(zone).date():
            return self.say(
                "between {earlier} and {later} {zone}, {day}",
                earlier=self.hour(after, zone),
                later=self.hour(until, zone),
                zone=name,
                day=self.day(until, zone, now),
            )
        return self.say(
            "between {earlier} and {later} {zone}",
            earlier=self.moment(after, zone, now),
            later=self.moment(until, zone, now),
            zone=name,
        )


@cache
def catalog(language: str) -> Catalog:
    return Catalog(tongue(language))
