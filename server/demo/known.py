"""The list with which the demo begins: each fact, with links to where the pages show it. Nothing is decided here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode, urlsplit

import sqlalchemy as sa
from jinja2 import Environment, PackageLoader, StrictUndefined
from sqlmodel import SQLModel

from results.records import iso
from results.store import Store
from server.demo.facts import Fact
from server.demo.marks import Said
from server.demo.planning import CLOCK
from server.pages.tongue import N_, Tongue, teach
from targets.operators import operator_of

_EPISODE = SQLModel.metadata.tables["episode"]
_EVENT = SQLModel.metadata.tables["event"]
_WHAT = {
    "block": N_("blocked"),
    "throttle": N_("throttled"),
    "interception": N_("TLS intercepted"),
    "shutdown": N_("shutdown"),
}
_DAY = timedelta(days=1)
_SHORTEST = timedelta(days=2)
_SPANS = (("7d", 7 * _DAY), ("30d", 30 * _DAY), ("90d", 90 * _DAY), ("365d", 365 * _DAY))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A fact as the list shows it."""

    sites: Sequence[tuple[str, str]]
    what: str
    events: Sequence[str]
    reported: str
    began: str
    ended: str
    ongoing: bool
    last: str
    networks: Sequence[str]
    sources: Sequence[tuple[str, str]]


class Known:
    """The list in any tongue. Events are looked up once: nothing changes in a demo."""

    def __init__(self, store: Store, facts: Sequence[Fact]) -> None:
        self._facts = sorted(_together(facts), key=lambda fact: fact.began.after, reverse=True)
        self._events = {fact: _events(store, fact) for fact in self._facts}
        env = Environment(loader=PackageLoader("server.demo"), autoescape=True, undefined=StrictUndefined,
                          trim_blocks=True, lstrip_blocks=True)  # fmt: skip
        teach(env)
        self._page = env.get_template("known.html")
        self._banner = env.get_template("banner.html")

    def said(self, tongue: Tongue, path: str, lang: str = "") -> Said:
        """What is told on the page at that path."""
        banner = self._banner.render(tongue=tongue, day=tongue.long_day(CLOCK.date()), home=_href("/", lang=lang))
        first = ""
        if path == "/":
            rows = [_row(fact, self._events[fact], lang) for fact in self._facts]
            ends = (str(self._facts[-1].began.by.year), str(CLOCK.year))
            first = self._page.render(tongue=tongue, rows=rows, first=ends[0], last=ends[1])
        return Said(word=tongue.say("Simulated"), banner=banner, first=first)


def _together(facts: Iterable[Fact]) -> list[Fact]:
    """One row where the table has several of one fact for different networks: the first, which saw its beginning."""
    found: dict[tuple[str, tuple[str, ...]], Fact] = {}
    for fact in facts:
        found.setdefault((fact.id, fact.urls), fact)
    return list(found.values())


def _row(fact: Fact, events: Sequence[str], lang: str) -> _Row:
    return _Row(
        sites=[(_name(url), _site(url, fact, lang)) for url in fact.urls],
        what=_WHAT[fact.kind],
        events=[_href(f"/event/{uid}", lang=lang) for uid in events],
        reported=fact.reported,
        began=_words(fact.began_words),
        ended=_words(fact.ended_words),
        ongoing=fact.ended is None and fact.last >= CLOCK,
        last=_words(f"{fact.last - timedelta(minutes=1):%Y-%m-%d}"),
        networks=[_network(asn) for asn in fact.asns],
        sources=[(urlsplit(link).hostname or link, link) for link in fact.sources],
    )


def _words(words: str) -> str:
    """As it was reported: "2008-10-07", "2010-11"; the minutes apart from the day, in UTC."""
    said = " – ".join(one.replace("T", " ").replace("Z", " UTC") for one in words.split("/"))
    return said.replace("-", "\N{NON-BREAKING HYPHEN}")


def _name(url: str) -> str:
    return (urlsplit(url).hostname or url).removeprefix("www.")


def _network(asn: int) -> str:
    operator = operator_of(asn)
    return operator.name if operator else f"AS{asn}"


def _site(url: str, fact: Fact, lang: str) -> str:
    """The page of a site where the beginning is seen, and the end where it lies within a year."""
    start = max(fact.began.after, fact.looked_from or fact.began.after)
    end = min(fact.ended.by if fact.ended else fact.last, CLOCK)
    wanted = max(end - start, _SHORTEST) * 1.3
    span, length = next(((name, length) for name, length in _SPANS if length >= wanted), _SPANS[-1])
    to = min(start + length * 0.85, CLOCK)
    return _href("/site", url=url, span=span, to=iso(to), lang=lang)


def _href(path: str, **query: str) -> str:
    said = {name: value for name, value in query.items() if value}
    return path + (f"?{urlencode(said)}" if said else "")


def _events(store: Store, fact: Fact) -> list[str]:
    """The uid of the event that tells of it: of a block its episode's, of a shutdown the one that began then."""
    with store.transaction() as connection:
        if fact.way == "line":
            ends = sa.func.coalesce(_EVENT.c.closed_at, CLOCK)
            query = (
                sa.select(_EVENT.c.uid)
                .where(_EVENT.c.kind.in_(("shutdown", "outage")))
                .where(_EVENT.c.opened_at <= fact.began.by + _DAY / 2, ends >= fact.began.after)
                .order_by(_EVENT.c.opened_at)
            )
        else:
            after = max(fact.began.after, fact.looked_from or fact.began.after) - _DAY
            query = (
                sa.select(_EPISODE.c.event_uid)
                .where(_EPISODE.c.url.in_(fact.urls), _EPISODE.c.asn.in_(fact.asns))
                .where(_EPISODE.c.first_bad_at.between(after, max(fact.began.by, after) + 2 * _DAY))
                .order_by(_EPISODE.c.first_bad_at)
            )
        found: Mapping[str, None] = dict.fromkeys(connection.execute(query).scalars())
    return [uid for uid in found if uid][:1]
