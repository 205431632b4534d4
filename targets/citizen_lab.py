"""A list of the Citizen Lab, brought in by its user, to our columns. Their lists are never shipped (CC BY-NC-SA).

The rule for rows that nobody has looked at: the tier is that of the category (knowledge/categories.csv, with reasons),
3 where the category is not known; the use is "optional". Tier 1 of a country's own list may be measured by default.
"""

from dataclasses import replace
from pathlib import Path

from targets.bundled import bundled, bundled_names, guarded
from targets.load import read
from targets.target import Problem, Target, Use
from targets.url import canonical_url, shown


class NotCitizenLab(ValueError):
    """A file that cannot be read, or without the column "category_code". `str()` is `file:line: says`."""


def imported(path: str | Path, *, country_list: bool = False) -> tuple[list[Target], list[Problem]]:
    """The rows that no bundled list has yet, and what is to be said about lines.

    Raises:
        NotCitizenLab: nothing of the file can be used.
    """
    listing = read(path)
    if not listing.citizen_lab:
        unread = [problem for problem in listing.problems if problem.line == 0]
        says = 'The header has no columns "url" and "category_code", as the lists of the Citizen Lab have.'
        raise NotCitizenLab(str(unread[0] if unread else Problem(str(path), 1, says)))
    ours = {canonical_url(target.url): name for name in bundled_names() for target in bundled(name)}
    targets: list[Target] = []
    problems = list(listing.problems)
    for entry in listing.entries:
        target, says = guarded(entry.target)
        if name := ours.get(canonical_url(target.url)):
            says = f'"{shown(target.url)}" stands in the bundled list {name} already; left out here.'
        else:
            targets.append(_by_default(target) if country_list else target)
        if says:
            problems.append(Problem(str(path), entry.line, says))
    return targets, sorted(problems, key=lambda problem: problem.line)


def _by_default(target: Target) -> Target:
    return replace(target, use=Use.DEFAULT) if target.tier == 1 and target.use is Use.OPTIONAL else target
