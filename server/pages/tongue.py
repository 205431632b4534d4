"""The tongues of pages, feeds, pictures and alerts: how strings are marked and said, how dates and numbers look.

A `Tongue` is a value like a time zone: whoever makes text is given one, and nothing here remembers a reader. Catalogues
are in server/i18n, those of volunteers' terminals in probe/i18n. Of the pages' strings none is here.

**In a template** everything a person reads stands in `_()`, the parts in braces, by name; plurals have `count`:

    <h2>{{ _("Episodes") }}</h2>
    <p title="{{ _('Time of {zone}', zone=now.zone) }}">
    {{ ngettext("{count} check", "{count} checks", checks|length) }}</p>
    <p>{{ _("between {first} and {last}", first=parts.time(one, now), last=parts.time(other, now)) }}</p>

A part that is markup (what a macro gives) stays markup; all else is escaped, the message itself too: no tag in a
message, and no `{% trans %}`. One sentence is one message: nothing is glued of halves, because word order differs.
Numbers, dates and intervals go through the filters `number`, `percent`, `ms`, `day`, `every`, moments through `now`.

**In Python** what makes text takes the tongue, most often with the moment of reading, as `now.tongue`:

    now.tongue.say("No checks.")                                              # a str
    now.tongue.count("{count} network", "{count} networks", len(found))       # a str, with the plural of `count`
    now.tongue.tell("{site} was not measured yet.", site=Piece("x.kz", "bad"))  # a Sentence, of pieces
    now.tongue.tell_count("{count} site at {when}", "{count} sites at {when}", 5, when=Piece(…))

**A table of words** (words.py) marks them with `N_`, and they are said later: `tongue.say(words.VERDICTS[verdict])`, in
a template `{{ _(words.VERDICTS[verdict]) }}`. One word of two meanings has its sense told: `C_("of evidence", "weak")`
in a table, `pgettext("of evidence", "weak")` in a template, `tongue.sense("of evidence", "weak")` in Python.
What can't be said where it is known, such as an exception's sentence, is kept by `later("{name} is …", name=name)` and
said by a template's `_()`.

What is data stays as it is: names of sites, networks and outlets, URLs, public names such as `tls.reset`, JSON.
After a change of strings: `make words`, then the .po files are filled in (CONTRIBUTING.md). A new language is a
catalogue and a line in `LANGUAGES`.
"""

import gettext
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode

from babel import Locale
from babel.dates import format_date
from babel.lists import format_list
from jinja2 import Environment, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from server.pages.phrases import Piece, Sentence, fill

FOLDER = Path(__file__).parents[1] / "i18n"
DOMAIN = "kedergi"
DASH = "\N{EN DASH}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """A line of the registry: what no catalogue knows of a language. Dates as in CLDR's patterns."""

    code: str
    name: str  # as its speakers call it
    day: str  # of this year
    day_of_year: str
    long: str


LANGUAGES: Mapping[str, Language] = {
    one.code: one
    for one in (
        Language(code="en", name="English", day="d MMM", day_of_year="d MMM y", long="d MMMM y"),
        Language(code="ru", name="Русский", day="d MMM", day_of_year="d MMM y", long="d MMMM y 'г.'"),
        Language(code="kk", name="Қазақша", day="d MMM", day_of_year="y 'ж.' d MMM", long="y 'ж.' d MMMM"),
    )
}
OWN = "en"  # what stands in the code


def N_(words: str) -> str:  # noqa: N802 - gettext's habit
    """Words to be said later."""
    return words


def P_(one: str, many: str) -> tuple[str, str]:  # noqa: N802 - gettext's habit
    """Words for one and for several, to be said later."""
    return one, many


def C_(sense: str, words: str) -> tuple[str, str]:  # noqa: N802 - gettext's habit
    """Words that mean something else elsewhere, with what they mean here, to be said later."""
    return sense, words


class Later(str):
    """Words to be said once it is known in which tongue; as text, they are English."""

    __slots__ = ("parts", "words")

    words: str
    parts: Mapping[str, object]

    def __new__(cls, words: str, parts: Mapping[str, object]) -> Self:
        made = super().__new__(cls, words.format(**parts) if parts else words)
        made.words, made.parts = words, parts
        return made


def later(words: str, /, **parts: object) -> Later:
    return Later(words, parts)


class Tongue:
    """A language as it is spoken. Never changes, so threads share it; get one by `tongue` or `chosen`."""

    def __init__(self, language: Language, words: gettext.NullTranslations) -> None:
        self.code = language.code
        self.name = language.name
        self._language = language
        self._words = words
        self.day = lru_cache(4096)(self._day)
        self.long_day = lru_cache(4096)(self._long_day)
        self.every = lru_cache(256)(self._every)

    @cached_property
    def locale(self) -> Locale:
        """Read once it is needed: the first of all takes 4 MB, which a program that nobody looks at does without."""
        return Locale.parse(self.code)

    @cached_property
    def _marks(self) -> tuple[str, str]:
        """Before a fraction, and between thousands."""
        symbols = self.locale.number_symbols["latn"]
        return symbols["decimal"], symbols["group"]

    # Words

    def say(self, words: str, /, **parts: object) -> str:
        said = self._words.gettext(words)
        return said.format(**parts) if parts else said

    def sense(self, sense: str, words: str, /, **parts: object) -> str:
        """Words that mean something else elsewhere."""
        said = self._words.pgettext(sense, words)
        return said.format(**parts) if parts else said

    def count(self, one: str, many: str, count: int, /, **parts: object) -> str:
        """With the plural that the language has for `count`."""
        return self.form(one, many, count).format(**{"count": self.number(count)} | parts)

    def form(self, one: str, many: str, count: int) -> str:
        """The plural alone, with its {names}."""
        return self._words.ngettext(one, many, count)

    def tell(self, words: str, /, **parts: "str | int | Piece | Sentence") -> Sentence:
        """A sentence of pieces."""
        return fill(self._words.gettext(words), **parts)

    def tell_count(self, one: str, many: str, count: int, /, **parts: "str | int | Piece | Sentence") -> Sentence:
        """A sentence of pieces, with the plural that the language has for `count`."""
        return fill(self.form(one, many, count), **{"count": self.number(count)} | parts)

    def row(self, items: Sequence[str]) -> str:
        """As in "a, b and c"."""
        return format_list(list(items), locale=self.locale)

    # Numbers

    def number(self, value: float, digits: int = 0) -> str:
        """As in "12,345.6". Four digits stand together."""
        said = f"{value:,.{digits}f}" if abs(value) >= 10_000 else f"{value:.{digits}f}"
        if self.code == OWN:
            return said
        whole, point, rest = said.partition(".")
        mark, group = self._marks
        return whole.replace(",", group) + (mark if point else "") + rest

    def ms(self, value: float | None) -> str:
        """Milliseconds without decimals from ten on; a dash for none."""
        return DASH if value is None else self.number(value, 0 if value >= 10 else 1)

    def percent(self, share: float, digits: int = 0) -> str:
        """Of a share between 0 and 1: "12 %"."""
        return f"{self.number(100 * share, digits)} %"

    # Times; clock times are the same in all tongues, zones are told by whoever has one

    def _day(self, at: date, this_year: int) -> str:
        """As in "25 Nov", with the year where it is another one."""
        pattern = self._language.day if at.year == this_year else self._language.day_of_year
        return format_date(at, pattern, locale=self.locale)

    def _long_day(self, at: date) -> str:
        """As in "22 November 2026"."""
        return format_date(at, self._language.long, locale=self.locale)

    def _every(self, interval: timedelta) -> str:
        """An interval in words: "30 minutes", "1 hour", "90 seconds"."""
        seconds = round(interval.total_seconds())
        for size, words in _SIZES:
            if seconds >= size and seconds % size == 0:
                return self.count(*words, seconds // size)
        return self.count(*_SIZES[-1][1], seconds)


_SIZES = (
    (86400, P_("{count} day", "{count} days")),
    (3600, P_("{count} hour", "{count} hours")),
    (60, P_("{count} minute", "{count} minutes")),
    (1, P_("{count} second", "{count} seconds")),
)


@cache
def tongue(code: str) -> Tongue:
    """One of `LANGUAGES`."""
    words = gettext.translation(DOMAIN, FOLDER, [code]) if code != OWN else gettext.NullTranslations()
    return Tongue(LANGUAGES[code], words)


ENGLISH = tongue(OWN)
TONGUES: Mapping[str, Tongue] = {code: tongue(code) for code in LANGUAGES}


def chosen(named: str, accepted: str, among: Mapping[str, Tongue] = TONGUES) -> Tongue:
    """What the address names, else what the browser likes best (`Accept-Language`), else English."""
    if named in among:
        return among[named]
    return next((among[code] for code in _liked(accepted) if code in among), among.get(OWN, ENGLISH))


def switch(
    path: str, query: Iterable[tuple[str, str]], among: Mapping[str, Tongue] = TONGUES
) -> list[tuple[str, str, str]]:
    """The same page in each tongue: code, name, address. The first, without a code, leaves it to the browser."""
    kept = [(name, value) for name, value in query if name != "lang"]
    codes = [("", "", kept), *((each.code, each.name, [*kept, ("lang", each.code)]) for each in among.values())]
    return [(code, name, path + (f"?{urlencode(said)}" if said else "")) for code, name, said in codes]


def headers(spoken: Tongue) -> dict[str, str]:
    """Of an answer in that tongue: whoever keeps it must not give it to a reader of another."""
    return {"content-language": spoken.code, "vary": "Accept-Language"}


@lru_cache(1024)
def _liked(accepted: str) -> tuple[str, ...]:
    """The languages of the header, the best first; what can't be understood is passed over."""
    found: list[tuple[float, str]] = []
    for one in accepted[:500].split(","):
        name, _, rest = one.partition(";")
        code = name.strip().lower().partition("-")[0]
        weight = _weight(rest)
        if code.isascii() and code.isalpha() and weight > 0:
            found.append((-weight, code))
    return tuple(code for _, code in sorted(found, key=lambda each: each[0]))


def _weight(said: str) -> float:
    name, _, value = said.strip().partition("=")
    if not said.strip():
        return 1.0
    try:
        return min(1.0, float(value)) if name.strip() == "q" else 0.0
    except ValueError:
        return 0.0


# Templates


def teach(env: Environment) -> None:
    """Lets templates speak. What renders one gives it `tongue`; macros are imported `with context`."""
    env.globals.update(_=_said, gettext=_said, ngettext=_counted, pgettext=_of_sense, N_=N_)
    env.filters.update(ms=_ms, every=_every, number=_number, percent=_percent, day=_long_day)


def of(context: Context) -> Tongue:
    """The tongue in which a template is rendered."""
    found = context["tongue"]
    assert isinstance(found, Tongue)
    return found


def _filled(said: str, parts: Mapping[str, Any]) -> Markup:
    """Escaped, also what is said: a translator writes words, and a caller may say what came from outside."""
    return escape(said).format(**parts) if parts else escape(said)


@pass_context
def _said(context: Context, words: str | Later, /, **parts: Any) -> Markup:
    if isinstance(words, Later):
        return _filled(of(context).say(words.words), words.parts)
    return _filled(of(context).say(words), parts)


@pass_context
def _of_sense(context: Context, sense: str, words: str, /, **parts: Any) -> Markup:
    return _filled(of(context).sense(sense, words), parts)


@pass_context
def _counted(context: Context, one: str, many: str, count: int, /, **parts: Any) -> Markup:
    spoken = of(context)
    return _filled(spoken.form(one, many, count), {"count": spoken.number(count)} | parts)


@pass_context
def _ms(context: Context, value: float | None) -> str:
    return of(context).ms(value)


@pass_context
def _every(context: Context, interval: timedelta) -> str:
    return of(context).every(interval)


@pass_context
def _number(context: Context, value: float, digits: int = 0) -> str:
    return of(context).number(value, digits)


@pass_context
def _long_day(context: Context, at: date) -> str:
    return of(context).long_day(at)


@pass_context
def _percent(context: Context, share: float, digits: int = 0) -> str:
    return of(context).percent(share, digits)
