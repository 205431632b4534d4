"""Which targets this vantage measures: those of its lists, without what its owner excluded and what is too sensitive.

The list of the server that it joined is one of them (vantage/server_list.py); how that comes is not here.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from probe.config import SERVER_LIST, ProbeSection, Settings
from probe.vantage.server_list import ServerList
from targets.bundled import guarded, resolve
from targets.exclusion import is_excluded
from targets.selection import select
from targets.target import Problem, Target, Use
from targets.url import PORTS, canonical_url, parse

_OF_A_SERVER = frozenset({Use.DEFAULT, Use.OPT_IN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The targets, and how many of those on the lists are left out, and why."""

    targets: list[Target]
    excluded: int  # by the vantage's owner
    sensitive: int  # for their tier
    unused: int  # for their use: old addresses, references, what is for those who ask for it
    problems: list[Problem]


def choose(settings: Settings, from_server: ServerList | None) -> Choice:
    """What is to be measured. It may be nothing."""
    section, vantage_class = settings.probe, settings.vantage.vantage_class
    listed, problems = _listed(section.lists, from_server)
    wanted = [target for target in listed if not is_excluded(target, section.exclude)]
    usable = select(wanted, vantage_class=vantage_class, opted_in=section.sensitive)
    if vantage_class != "hosting":  # an office's own lists may go further than a server may send it
        usable = [target for target in usable if target.tier < 3 or target.list_name != SERVER_LIST]
    # Whoever looked at everything would look at these.
    everything = select(wanted, vantage_class="hosting", opted_in=True)
    return Choice(
        targets=usable,
        excluded=len(listed) - len(wanted),
        sensitive=len(everything) - len(usable),
        unused=len(wanted) - len(everything),
        problems=problems,
    )


def _listed(lists: Iterable[str], from_server: ServerList | None) -> tuple[list[Target], list[Problem]]:
    """All that is on them, each once. Until the server's list has come, the default one stands where it is the only."""
    names = tuple(lists)
    if from_server is None and set(names) == {SERVER_LIST}:
        names = ProbeSection().lists
    targets: dict[str, Target] = {}
    problems: list[Problem] = []
    for name in names:
        if name == SERVER_LIST:
            found = _of_server(from_server)
        else:
            found, wrong = resolve([name])
            problems += wrong
        for target in found:
            targets.setdefault(canonical_url(target.url), target)
    return list(targets.values()), problems


def _of_server(from_server: ServerList | None) -> list[Target]:
    """As it names them, but never as less sensitive than the bundled lists know them to be, nor on other ports."""
    found = from_server.targets if from_server else ()
    fit = (target for target in found if target.use in _OF_A_SERVER and parse(target.url).port in PORTS.values())
    return [guarded(replace(target, list_name=SERVER_LIST))[0] for target in fit]
