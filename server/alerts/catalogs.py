"""One language's words, plurals, lists and dates. Catalogs are in server/i18n; what is said is in texts.py."""

import gettext
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_datetime
from babel.lists import format_list

from server.pages.times import Local

FOLDER = Path(__file__).parents[1] / "i18n"
DOMAIN = "kedergi"
LANGUAGES = ("en", "ru", "kk")  # the words in the code are English's


class Catalog:
    """A language. Get one by `catalog`."""

    def __init__(self, language: str) -> None:
        self.locale = Locale.parse(language)
        own = language != LANGUAGES[0]
        self._words = gettext.translation(DOMAIN, FOLDER, [language]) if own else gettext.NullTranslations()

    def say(self, words: str, **parts: object) -> str:
        return self._words.gettext(words).format(**parts)

    def count(self, one: str, many: str, count: int, **parts: object) -> str:
        """With the plural that the language has for `count`."""
        return self._words.ngettext(one, many, count).format(count=count, **parts)

    def row(self, items: Sequence[str]) -> str:
        """As in "a, b and c"."""
        return format_list(list(items), locale=self.locale)

    def day(self, moment: datetime, zone: ZoneInfo, now: datetime) -> str:
        """As in "25 Nov", with the year where it is another one."""
        pattern = "d MMM" if moment.astimezone(zone).year == now.astimezone(zone).year else "d MMM y"
        return format_datetime(moment, pattern, tzinfo=zone, locale=self.locale)

    def hour(self, moment: datetime, zone: ZoneInfo) -> str:
        """As in "14:10"."""
        return format_datetime(moment, "HH:mm", tzinfo=zone, locale=self.locale)

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
    return Catalog(language)
