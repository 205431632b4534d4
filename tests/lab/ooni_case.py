"""What a case of OONI's QA suite is for us: a scenario with the name that it has there, and what else is right.

The cases are in `ooni_cases` and `ooni_cases_more`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.lab.addresses import SPARE
from tests.lab.lab import Lab
from tests.lab.rules import Forge, Query, Rule
from tests.lab.scenarios import Scenario, lab_of
from tests.lab.site import Answer

PROXY = SPARE[1]
"""The ISP's transparent proxy (`pass_through`), which changes nothing."""
LOCALHOST = ("127.0.0.1",)


@dataclass(frozen=True)
class Case(Scenario):
    """`mechanisms`: all of them must be named, and one of them first; which first is no question of truth."""

    ooni: str = ""
    also_right: tuple[str, ...] = ()
    """Verdicts that are no mistake either, for the reason that `why` gives."""
    why: str = ""
    lie_is_told: bool = False
    """The name is lied about and no harm is done: the verdict stands, and the reasons tell of the lie."""
    zone: Mapping[str, Answer] = field(default_factory=dict)
    """What is true of names that no site of the lab has."""


def country(cases: Iterable[Case], **options: Any) -> Lab:
    """A lab in which all these cases hold, but for `PROXY`, which the caller starts."""
    cases = tuple(cases)
    return lab_of(cases, zone={name: answer for case in cases for name, answer in case.zone.items()}, **options)


def on_path(name: str, *addresses: str) -> Rule:
    """A forged answer from whatever resolver is asked: these addresses, or that there is no such name."""
    return Rule(Query(name), Forge("NOERROR" if addresses else "NXDOMAIN", addresses, truth_follows=True))
