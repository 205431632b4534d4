"""The lists of /api/v1, each a page of what its question asks for. What an entry looks like is in told.py.

Lists of the store are cut by results/paging.py; sites, networks and vantages are few, and are cut here by their names.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from results import looking, paging
from results.looking import Scope
from results.paging import Mark, Wanted
from server.api import asked, shapes, told
from server.api.cursors import mark_of, word_of
from server.pages.many.choice import Choice
from server.pages.many.now import watcher
from server.pages.many.shown import RECENT, Many, listed
from targets.url import BadUrl, canonical_url

Entry = TypeVar("Entry")
_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)  # of a place in a list that goes by names alone


def targets(shown: Many, question: asked.Targets) -> shapes.Targets:
    known = listed(shown, Choice(category=question.category, outlet=question.outlet, q=question.q))
    found, following = _cut("targets", list(known.values()), lambda one: one.url, question)
    return shapes.Targets(targets=[told.target(one) for one in found], next=following)


def networks(shown: Many, question: asked.Networks) -> shapes.Networks:
    known = looking.networks(shown.store, Scope(country=question.country), since=shown.clock() - RECENT)
    found, following = _cut("networks", known, lambda one: one[0].key, question)
    return shapes.Networks(networks=[told.heard(*one) for one in found], next=following)


def vantages(shown: Many, question: asked.Vantages) -> shapes.Vantages:
    now = shown.clock()
    scope = Scope(country=question.country, network=question.network)
    known = looking.vantages(shown.store, scope, since=now - RECENT)
    found, following = _cut("vantages", known, lambda one: one.name, question)
    return shapes.Vantages(vantages=[told.vantage(watcher(one, now, shown)) for one in found], next=following)


def measurements(shown: Many, question: asked.Measurements) -> shapes.Measurements:
    wanted = Wanted(
        urls=_sites(shown, question),
        network=question.network,
        country=question.country,
        vantage_class=question.vantage_class,
        verdict=question.verdict or "",
        since=question.since,
        until=question.until,
    )
    after = mark_of("measurements", question.cursor, 1)
    page = paging.measurements(shown.store, wanted, after=after, limit=question.limit)
    entries = [told.measurement(row) for row in page.entries]
    return shapes.Measurements(measurements=entries, next=_word("measurements", page.next))


def episodes(shown: Many, question: asked.Episodes) -> shapes.Episodes:
    after = mark_of("episodes", question.cursor, 3)
    page = paging.episodes(shown.store, _told_of(shown, question), after=after, limit=question.limit)
    return shapes.Episodes(episodes=[told.episode(one) for one in page.entries], next=_word("episodes", page.next))


def events(shown: Many, question: asked.Events) -> shapes.Events:
    after = mark_of("events", question.cursor, 1)
    page = paging.events(shown.store, _told_of(shown, question), after=after, limit=question.limit)
    return shapes.Events(events=[told.event(one) for one in page.entries], next=_word("events", page.next))


def _told_of(shown: Many, question: asked.Episodes | asked.Events) -> Wanted:
    return Wanted(
        urls=_sites(shown, question),
        network=question.network,
        kind=question.kind or "",
        state=question.state,
        since=question.since,
        until=question.until,
    )


def _sites(shown: Many, question: asked.Measurements | asked.Episodes | asked.Events) -> Collection[str] | None:
    """None: all."""
    if not question.category and not question.outlet:
        return [spelled(shown, question.url)] if question.url else None
    known = listed(shown, Choice(category=question.category, outlet=question.outlet))
    return [url for url in known if not question.url or url == spelled(shown, question.url)]


def spelled(shown: Many, url: str) -> str:
    """As the lists spell it, where they have it in another spelling: people leave out the scheme and the last slash."""
    tried = [url] if not url or "://" in url else [f"https://{url}", f"http://{url}"]
    for one in tried:
        try:
            same = canonical_url(one)
        except BadUrl:
            continue
        found = next((each for each in (one, same) if each in shown.targets), None)
        if found is not None:
            return found
    return url


def _cut(
    of: str, known: Sequence[Entry], name: Callable[[Entry], str], question: asked.Paged
) -> tuple[list[Entry], str | None]:
    """A page of a list that is whole in hand, by name."""
    after = mark_of(of, question.cursor, 1)
    rest = sorted((one for one in known if after is None or name(one) > after.names[0]), key=name)
    found = rest[: question.limit]
    more = len(rest) > len(found)
    return found, _word(of, Mark(_ANY_TIME, (name(found[-1]),))) if more else None


def _word(of: str, mark: Mark | None) -> str | None:
    return word_of(of, mark) if mark else None


def event(shown: Many, uid: str) -> shapes.Event | None:
    found = looking.event(shown.store, uid)
    return told.event(found) if found else None
