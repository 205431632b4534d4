"""The badge of a site: on how many networks it is accessible now, of those that could tell, and when was looked last.

How it is drawn is in badge_picture.py. It says what the site's page says, and no more.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from babel import Locale
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from results import looking
from results.judgement import Verdict
from server.api.badge_picture import Sign, Words, picture
from server.api.lists import spelled
from server.api.manners import Manners, answer
from server.pages.many.choice import Choice, stretch, whole
from server.pages.many.lanes import state
from server.pages.many.shown import Many, on_now
from server.pages.sentences import site_name
from server.pages.tongue import Tongue, chosen

FRESH = timedelta(minutes=5)
_COUNTRY = re.compile(r"[A-Za-z]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How many networks say what; only those count whose newest check is new enough."""

    said: Mapping[Verdict, int] = field(default_factory=dict)
    newest: date | None = None  # of the last look, however old

    @property
    def told(self) -> int:
        return sum(count for verdict, count in self.said.items() if verdict is not Verdict.INCONCLUSIVE)

    @property
    def fine(self) -> int:
        return self.said.get(Verdict.ACCESSIBLE, 0)

    @property
    def sign(self) -> Sign:
        if not self.told or self.down:
            return Sign.UNKNOWN
        return Sign.ALL if self.fine == self.told else Sign.SOME if self.fine else Sign.NONE

    @property
    def down(self) -> bool:
        """Nobody gets it, elsewhere neither: that is nobody's block."""
        return 0 < self.told == self.said.get(Verdict.DOWN, 0)


class Badge:
    """The address of the picture."""

    def __init__(self, shown: Many, manners: Manners) -> None:
        self._shown = shown
        self._manners = manners
        self.router = APIRouter()
        self.router.add_api_route("/badge.svg", self.badge, methods=["GET", "HEAD"], include_in_schema=False)

    def badge(self, request: Request) -> Response:
        query = {key: whole(value) for key, value in request.query_params.items()}
        url, country = spelled(self._shown, query.get("url", "")), query.get("country", "").upper()
        if not url or (country and not _COUNTRY.fullmatch(country)):
            raise HTTPException(400, f"The address lacks or misspells: {'country' if url else 'url'}.")
        tongue = chosen(query.get("lang", ""), "", self._shown.tongues)
        found = standing(self._shown, url, country)
        known = found.newest is not None or url in self._shown.targets
        drawn = picture(words(site_name(url), country, found, tongue), found.sign)
        return answer(
            request,
            drawn.encode(),
            media_type="image/svg+xml",
            manners=self._manners,
            headers=self._manners.to_pages,
            fresh=FRESH,
            status=200 if known else 404,
        )


def standing(shown: Many, url: str, country: str) -> Standing:
    """Reads the rollups of a day, and what is open."""
    choice = Choice(country=country)
    scope, now = choice.scope(urls=[url]), choice.local(shown.clock(), shown.home)
    view = stretch("24h", None, now, shown.interval)
    found = looking.lanes(shown.store, scope, start=view.start, cell=view.cell, count=view.count)
    on = on_now(shown, scope)
    late = max(shown.late, view.cell)
    said: dict[Verdict, int] = {}
    for lane, tallies in found.tallies.items():
        held = state(tallies, on.get(lane), now=now.now, late=late)
        if held.kind is not None and not held.stale:
            said[held.kind.verdict] = said.get(held.kind.verdict, 0) + 1
    looks = [entry.last_at for tallies in found.tallies.values() for entry in tallies]
    last = max(looks).astimezone(now.now.tzinfo).date() if looks else looking.last_day(shown.store, scope)
    return Standing(said=said, newest=last)


def words(site: str, country: str, found: Standing, tongue: Tongue) -> Words:
    """Of one tongue."""
    where = country_name(country, tongue.locale) if country else ""
    label = tongue.say("accessible in {country}", country=where) if where else tongue.say("accessible")
    value = tongue.say("no data")
    if found.down:
        value = tongue.say("down for everyone")
    elif found.told:
        value = tongue.count("{fine} of {count} network", "{fine} of {count} networks", found.told, fine=found.fine)
    when = tongue.day(found.newest, 0) if found.newest else ""
    return Words(
        label=label,
        value=value,
        when=when,
        title=f"{site}: {label}: {value}",
        desc=_described(found, when, tongue),
        language=tongue.code,
    )


def _described(found: Standing, when: str, tongue: Tongue) -> str:
    said = []
    if blocked := found.said.get(Verdict.BLOCKED, 0):
        said.append(tongue.count("Blocked on {count} network.", "Blocked on {count} networks.", blocked))
    if slow := found.said.get(Verdict.THROTTLED, 0):
        said.append(tongue.count("Throttled on {count} network.", "Throttled on {count} networks.", slow))
    if not found.told:
        said.append(tongue.say("No check is new enough to tell."))
    if when:
        said.append(tongue.say("Newest look: {day}.", day=when))
    return " ".join(said)


def country_name(code: str, locale: Locale) -> str:
    """As the tongue has it; the code itself where it is nobody's."""
    return str(locale.territories.get(code, code))
