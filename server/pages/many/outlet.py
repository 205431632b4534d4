"""The other addresses of a site's outlet: what each is to it, and how it is now. No drawing here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from results import looking
from results.looking import Network
from server.pages.many.choice import Choice
from server.pages.many.lanes import State, state
from server.pages.many.shown import Many, on_now
from server.pages.times import Local, last_hours
from server.pages.tongue import N_
from targets.bundled import bundled, bundled_names
from targets.target import Role, Target

ROLES: Mapping[Role, str] = {
    Role.MAIN: N_("main address"),
    Role.MIRROR: N_("mirror"),
    Role.LANGUAGE_EDITION: N_("edition in another language"),
    Role.SECTION: N_("section"),
    Role.SUBDOMAIN: N_("subdomain"),
    Role.HISTORIC: N_("given up; it may be in other hands now"),
    Role.REFERENCE: N_("reference"),
}
SUCCESSOR = N_("successor: in use since this one was given up")
_ORDER = tuple(ROLES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One of the outlet's."""

    target: Target
    relation: str  # to the site that is asked about
    measured: bool  # of late, here
    states: Sequence[tuple[Network, State]]  # on each network that was looked from, trouble first

    @property
    def sources(self) -> list[str]:
        return [one for one in self.target.source.split(" ; ") if one.startswith(("https://", "http://"))]


def addresses(shown: Many, target: Target | None, choice: Choice, now: Local) -> list[Address]:
    """Those beside this one, the main address first; those of the bundled lists too that nobody measures here."""
    if target is None or not target.outlet:
        return []
    others = {one.url: one for one in _listed().get(target.outlet, ())}
    others |= {url: one for url, one in shown.targets.items() if one.outlet == target.outlet}
    others.pop(target.url, None)
    if not others:
        return []
    view = last_hours(now, shown.late)
    scope = choice.scope(urls=sorted(others))
    on = on_now(shown, scope)
    found = looking.lanes(shown.store, scope, start=view.start, cell=view.cell, count=view.count)
    by_url: dict[str, list[tuple[Network, State]]] = {}
    for lane, tallies in found.tallies.items():
        held = state(tallies, on.get(lane), now=now.now, late=shown.late)
        by_url.setdefault(lane.url, []).append((found.networks[lane.network_key], held))
    return [
        Address(
            target=one,
            relation=_relation(target, one),
            measured=url in by_url,
            states=sorted(by_url.get(url, ()), key=_trouble_first),
        )
        for url, one in sorted(others.items(), key=lambda item: (_ORDER.index(item[1].role), item[0]))
    ]


def _relation(of: Target, other: Target) -> str:
    given_up = of.role is Role.HISTORIC and other.role is not Role.HISTORIC
    return SUCCESSOR if given_up else ROLES[other.role]


def _trouble_first(one: tuple[Network, State]) -> tuple[bool, str]:
    return not one[1].bad, one[0].key


@cache
def _listed() -> Mapping[str, Sequence[Target]]:
    """All that the lists of the program have, by outlet."""
    found: dict[str, list[Target]] = {}
    for name in bundled_names():
        for one in bundled(name):
            if one.outlet:
                found.setdefault(one.outlet, []).append(one)
    return found
