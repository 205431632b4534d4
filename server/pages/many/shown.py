"""What all pages of many vantages are made from, and what several of them ask for. Nothing is drawn here."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from results import looking
from results.looking import Found, Lane, Network, Placed, Scope
from results.store import Store
from results.tables import GapRow
from server.pages.many.choice import ALMATY, ZONES, Choice, Home
from server.pages.many.line import Line, gaps_of
from server.pages.times import DAY, Window
from server.pages.tongue import ENGLISH, TONGUES, Tongue
from targets.operators import CLASSES, operator_of
from targets.target import Role, Target

_NICKNAME = re.compile(r"\(([^()]{2,20})\)$")
_LEGAL_FORM = re.compile(r"\b(JSC|LLP|LLC|TOO|Ltd|SRL|Company)\b\.?")
RECENT = timedelta(days=30)  # a network that was not heard of for longer has no column


@dataclass(frozen=True, slots=True, kw_only=True)
class Many:
    """A store, and what is known of the sites in it."""

    store: Store
    targets: Mapping[str, Target]  # by URL
    interval: timedelta
    clock: Callable[[], datetime]
    version: str
    line: Line | None = None  # of the machine that feeds it, where that is this one
    home: Home = ALMATY  # what times are told in, unless another zone is chosen
    tongues: Mapping[str, Tongue] = field(default_factory=lambda: TONGUES)  # that readers may choose from

    def gaps(self, since: datetime) -> Sequence[GapRow]:
        """When this machine did not measure, and why. Of others' lines nobody here knows."""
        return gaps_of(self.store, self.line, since=since) if self.line else ()

    @property
    def zones(self) -> Mapping[str, str]:
        """For the filter: those beside the one that holds anyway."""
        return {value: word for value, word in ZONES.items() if value != str(self.home.zone)}

    @property
    def late(self) -> timedelta:
        """After so long without a check, nobody knows how it is now."""
        return max(3 * self.interval, timedelta(hours=1))

    @property
    def categories(self) -> list[tuple[str, str]]:
        """For the filter: as an address has it, and as people read it."""
        return [(one, one) for one in sorted({target.category for target in self.targets.values()} - {""})]

    @property
    def outlets(self) -> list[tuple[str, str]]:
        found = {target.outlet for target in self.targets.values() if target.role is not Role.REFERENCE}
        return [(one, one) for one in sorted(found - {""}, key=str.casefold)]

    @property
    def classes(self) -> list[tuple[str, str]]:
        return [(one, one) for one in CLASSES]


def listed(shown: Many, choice: Choice) -> dict[str, Target]:
    """The sites that are chosen, in the order of the lists. References are there for comparison alone."""
    words = choice.q.casefold().split()
    return {
        url: target
        for url, target in shown.targets.items()
        if target.role is not Role.REFERENCE
        and choice.category in {"", target.category}
        and choice.outlet in {"", target.outlet}
        and all(word in f"{url} {target.outlet}".casefold() for word in words)
    }


def called(network: Network | None, tongue: Tongue = ENGLISH) -> str:
    """Who runs it, as our own table says; what a vantage says of it only where that does not know."""
    if network is None:
        return tongue.say("unknown network")
    known = operator_of(network.asn)
    return known.name if known else network.name or (f"AS{network.asn}" if network.asn else called(None, tongue))


def short(network: Network | None, tongue: Tongue = ENGLISH) -> str:
    """For a column: as people call it, without what the law calls it."""
    whole = called(network, tongue)
    nickname = _NICKNAME.search(whole)
    return nickname[1] if nickname else _LEGAL_FORM.sub("", whole).strip(" ,.") or whole


def network_of(one: Placed) -> Network:
    """Of an episode, as it was called then."""
    return Network(one.network_key, one.kept.asn, one.kept.network or "")


def on_now(shown: Many, scope: Scope) -> dict[Lane, Placed]:
    """The open episode of each lane; of two the blocking."""
    found: dict[Lane, Placed] = {}
    for one in sorted(looking.open_episodes(shown.store, scope), key=lambda one: one.kept.episode.kind, reverse=True):
        found[Lane(one.url, one.network_key)] = one
    return found


def began(shown: Many, scope: Scope, found: Found, view: Window) -> dict[Lane, datetime]:
    """When measuring began, for lanes that have nothing in the first cell."""
    late = {lane for lane, tallies in found.tallies.items() if all(entry.cell > 0 for entry in tallies)}
    if not late:
        return {}
    known = looking.first_days(shown.store, replace(scope, urls=sorted({lane.url for lane in late})))
    starts = {lane: datetime(day.year, day.month, day.day, tzinfo=UTC) for lane in late if (day := known.get(lane))}
    return {lane: max(start, view.start) if start > view.start - DAY else start for lane, start in starts.items()}
