"""The address of the feeds: what began, grew, worsened or ended, of a site, an outlet, a network or a country.

An entry is a flip (results/gathering.py), in the words of the alerts: nothing stronger than the evidence, and nothing
that an alert would not say. Its id never changes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlencode
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from results import looking, paging
from results.events import Change, Event, Flip
from results.looking import Scope
from server.alerts import texts
from server.api.atom import Entry, Feed, written
from server.api.badge import country_name
from server.api.lists import spelled
from server.api.manners import Manners, answer
from server.pages.guard import LOOPBACK, host_of
from server.pages.many import says
from server.pages.many.choice import HOME_ZONE, Choice, whole
from server.pages.many.shown import Many, called, listed
from server.pages.sentences import site_name
from server.pages.tongue import Tongue, chosen

ATOM = "application/atom+xml; charset=utf-8"
FRESH = timedelta(minutes=5)
MOST = 50
_HEARD_IN = timedelta(days=365)  # a network belongs to a country whose vantages looked from it
_NEVER = datetime(2000, 1, 1, tzinfo=UTC)
FILTERS = ("url", "outlet", "network", "country")

Concerns = Callable[[Event], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a feed is about."""

    concerns: Concerns
    name: str
    page: str


class Feeds:
    """The address, `/feed.atom`, with any of `FILTERS`, all of which must hold."""

    def __init__(self, shown: Many, manners: Manners) -> None:
        self._shown = shown
        self._manners = manners
        self.router = APIRouter()
        self.router.add_api_route("/feed.atom", self.feed, methods=["GET", "HEAD"], include_in_schema=False)

    def feed(self, request: Request) -> Response:
        query = {key: whole(value) for key, value in request.query_params.items()}
        choice, tongue = Choice.of(query), chosen(query.get("lang", ""), "", self._shown.tongues)
        wanted = {name: query[name] for name in FILTERS if query.get(name)}
        about = _about(self._shown, wanted, choice, tongue)
        if about is None:
            raise HTTPException(404)
        base = base_of(request)
        # The address without what changes the words alone: in whatever tongue it is read, it is the same feed.
        name = f"{base}/feed.atom?{urlencode(sorted(wanted.items()))}"
        entries = [
            self._entry(flip, base, choice, tongue)
            for flip in paging.flips(self._shown.store, about.concerns, limit=MOST)
        ]
        told = Feed(
            id=f"urn:uuid:{uuid5(NAMESPACE_URL, name)}",
            title=f"Kedergi: {about.name}",
            updated=max((entry.updated for entry in entries), default=_NEVER),
            language=tongue.code,
            here=base + choice.href("/feed.atom", keep=(), **wanted),
            page=base + about.page,
            entries=entries,
        )
        return answer(request, written(told), media_type=ATOM, manners=self._manners, fresh=FRESH)

    def _entry(self, flip: Flip, base: str, choice: Choice, tongue: Tongue) -> Entry:
        style = texts.Style(
            language=tongue.code,
            zone=ZoneInfo(choice.tz or HOME_ZONE),
            link=base,
            now=flip.noticed_at,  # not the reader's: what is said once stays as it is
            outlets={url: target.outlet for url, target in self._shown.targets.items()},
        )
        news = texts.news([flip], told_before=flip.change is not Change.OPENED)
        message = texts.message(news, style, href=event_path)
        return Entry(
            id=f"urn:uuid:{uuid5(NAMESPACE_URL, f'kedergi flip {flip.id} {flip.event.uid} {flip.change}')}",
            title=message.title,
            updated=flip.noticed_at,
            link=base + choice.href(event_path(flip.event)),
            text=message.body,
            category=flip.change.value,
        )


def event_path(event: Event) -> str:
    return f"/event/{quote(event.uid, safe='')}"


def base_of(request: Request) -> str:
    """Links leave the page in a feed, so they are whole. Under a name, a server is reached over TLS alone."""
    host = request.headers.get("host", "")
    return f"{'http' if host_of(host) in LOOPBACK else 'https'}://{host}"


def _about(shown: Many, wanted: Mapping[str, str], choice: Choice, tongue: Tongue) -> About | None:
    """None where nothing of it is known."""
    rules: list[Concerns] = []
    names: list[str] = []
    page = choice.href("/", outlet=wanted.get("outlet", ""), country=wanted.get("country", ""))
    if url := spelled(shown, wanted.get("url", "")):
        if url not in shown.targets and not looking.ever(shown.store, url):
            return None
        rules.append(lambda event: url in event.urls)
        names.append(site_name(url))
        page = choice.href("/site", url=url)
    if outlet := wanted.get("outlet"):
        sites = set(listed(shown, Choice(outlet=outlet)))
        if not sites:
            return None
        rules.append(lambda event: not sites.isdisjoint(event.urls))
        names.append(outlet)
    if key := wanted.get("network"):
        heard = looking.networks(shown.store, Scope(network=key), since=_NEVER)
        if not heard:
            return None
        rules.append(lambda event: key in _keys(event))
        names.append(called(heard[0][0]))
        page = page if url else choice.href("/network", key=key)
    if country := wanted.get("country"):
        known = looking.networks(shown.store, Scope(country=country), since=shown.clock() - _HEARD_IN)
        networks = {network.key for network, _, _ in known}
        rules.append(lambda event: not networks.isdisjoint(_keys(event)))
        names.append(country_name(country, tongue.locale))
    name = ", ".join(names) or tongue.say("what changed")
    return About(concerns=lambda event: all(rule(event) for rule in rules), name=name, page=page)


def _keys(event: Event) -> set[str]:
    return {says.key_of(network) for network in event.networks}
