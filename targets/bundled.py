"""The lists that come with the program, and what they know about addresses of other lists. Nothing is selected here."""

from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path

from targets.load import load, read
from targets.target import Problem, Target, Use
from targets.url import canonical_url, parse, shown

LISTS = Path(__file__).parent / "lists"


class UnknownList(ValueError):
    """A name that is no bundled list. `str()` is one sentence that names those there are."""


def bundled_names() -> tuple[str, ...]:
    """The names of the bundled lists, in alphabetical order."""
    return tuple(sorted(path.stem for path in LISTS.glob("*.csv")))


def bundled(name: str) -> list[Target]:
    """The targets of a bundled list, such as "kz", in its order.

    Raises:
        UnknownList: there is none of that name.
    """
    if name not in bundled_names():
        raise UnknownList(f'"{shown(name)}" is not a bundled list; allowed are {", ".join(bundled_names())}.')
    return list(_bundled(name))


def resolve(lists: Iterable[str | Path]) -> tuple[list[Target], list[Problem]]:
    """The targets of several lists, each a bundled name or a file; a bundled name goes before a file of that name.

    A URL of two lists counts once: the first. An address that a bundled list calls sensitive is so in every list.
    Nothing is left out for its tier or use: `selection.select` does that.
    """
    targets: dict[str, Target] = {}
    problems: list[Problem] = []
    for name in lists:
        if name in bundled_names():
            for target in _bundled(str(name)):
                targets.setdefault(canonical_url(target.url), target)
            continue
        own, wrong = _from_file(name)
        problems += wrong
        for target in own:
            targets.setdefault(canonical_url(target.url), target)
    return list(targets.values()), problems


def guarded(target: Target) -> tuple[Target, str]:
    """The target with the tier that bundled lists give its host or a host above it, never a lower one.

    With it comes what was changed and why: one sentence, or empty.
    """
    known = _sensitive_above(parse(target.url).host)
    if known is None:
        return target, ""
    use = Use.NEVER if known.use is Use.NEVER else target.use
    careful = replace(target, tier=max(target.tier, known.tier), use=use)
    if careful == target:
        return target, ""
    changed = f"tier {careful.tier} and use {careful.use}"
    return careful, f'"{shown(target.url)}" gets {changed}, because the bundled list {known.list_name} has its host.'


def _from_file(name: str | Path) -> tuple[list[Target], list[Problem]]:
    listing = read(name)
    targets: list[Target] = []
    problems = list(listing.problems)
    if not Path(name).exists():
        problems.append(Problem(str(name), 0, f"The bundled lists are {', '.join(bundled_names())}."))
    for entry in listing.entries:
        target, says = guarded(entry.target)
        targets.append(target)
        if says:
            problems.append(Problem(str(name), entry.line, says))
    return targets, sorted(problems, key=lambda problem: problem.line)


def _sensitive_above(host: str) -> Target | None:
    labels = host.split(".")
    parents = (".".join(labels[index:]) for index in range(len(labels)))
    return next((_sensitive()[parent] for parent in parents if parent in _sensitive()), None)


@cache
def _sensitive() -> dict[str, Target]:
    """Targets above tier 1 by host, without "www."."""
    rows = (target for name in bundled_names() for target in _bundled(name))
    return {parse(target.url).host.removeprefix("www."): target for target in rows if target.tier > 1}


@cache
def _bundled(name: str) -> tuple[Target, ...]:
    targets, _ = load(LISTS / f"{name}.csv")  # tests/targets/test_bundled.py holds them free of problems
    return tuple(targets)
