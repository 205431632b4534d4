"""One site on one network as cells over time: what a strip of the site's page is drawn from. No drawing here."""

from datetime import UTC, datetime

from results import looking
from results.looking import Lane, Network, Scope
from server.api import asked, shapes, told
from server.api.lists import spelled
from server.pages.cells import cells
from server.pages.many.choice import Choice, stretch
from server.pages.many.shown import Many, began

_EVER = datetime(2000, 1, 1, tzinfo=UTC)


def timeline(shown: Many, question: asked.Cells) -> shapes.Cells | None:
    """None where that site was never looked at from that network."""
    url = spelled(shown, question.url)
    choice = Choice(country=question.country, vantage_class=question.vantage_class, tz=question.tz)
    scope = choice.scope(urls=[url], network=question.network)
    lane = Lane(url, question.network)
    if lane not in looking.first_days(shown.store, scope):
        return None
    now = choice.local(shown.clock(), shown.home)
    view = stretch(question.span, question.to, now, shown.interval)
    found = looking.lanes(shown.store, scope, start=view.start, cell=view.cell, count=view.count)
    row = cells(found.tallies.get(lane, ()), (), view, now=now.now, began=began(shown, scope, found, view).get(lane))
    return told.cells(url, _called(shown, question.network, found.networks.get(question.network)), view, row)


def _called(shown: Many, key: str, known: Network | None) -> Network:
    """Also where nobody looked in that time."""
    if known is not None:
        return known
    seen = looking.networks(shown.store, Scope(network=key), since=_EVER)
    return seen[0][0] if seen else Network(key, None, "")
