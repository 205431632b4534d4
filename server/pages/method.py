"""What the method page tells, from what judges: the table of rules, the detector's numbers, the limits. No drawing.

Nothing is written by hand twice: a rule that is added stands on the page the same day.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp

from results import episodes, outages, sequential, silence, slowness, throttling, verdict
from results.judgement import Fault, Verdict
from results.rules import (
    DNS_RULES,
    HTTP_RULES,
    LINE_RULES,
    PORTAL_RULES,
    RULES_VERSION,
    SPEED_RULES,
    TCP_RULES,
    TLS_RULES,
    VANTAGE_NOTES,
    VANTAGE_RULES,
    Rule,
    line,
    speed,
)
from server.pages.tongue import N_, Tongue
from server.pages.units import seconds

_HOLE = re.compile(r"\{c\.[^}]*\}")
GROUPS: tuple[tuple[str, tuple[Rule, ...]], ...] = (
    (N_("The vantage: can it speak at all"), (*VANTAGE_RULES, *VANTAGE_NOTES)),
    (N_("The line and this machine"), tuple(dict.fromkeys((*PORTAL_RULES, *LINE_RULES)))),
    (N_("Names (DNS)"), DNS_RULES),
    (N_("Connections (TCP)"), TCP_RULES),
    (N_("Handshakes (TLS)"), TLS_RULES),
    (N_("Pages (HTTP)"), HTTP_RULES),
    (N_("Speed"), SPEED_RULES),
)


@dataclass(frozen=True, slots=True)
class Row:
    """A rule. Without a verdict its layer is passed, and it only notes something."""

    id: str
    verdict: Verdict | None
    fault: Fault | None
    says: str  # with "…" where a check fills in its own


@dataclass(frozen=True, slots=True)
class Group:
    """The rules of a layer, in the order in which they are asked; the first that fits holds."""

    title: str
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Number:
    """Something that is decided by a number."""

    what: str
    value: str


@dataclass(frozen=True, slots=True)
class Method:
    """The page."""

    rules_version: int
    detector_version: int
    rules: int
    groups: Sequence[Group]
    numbers: Sequence[Number]


def method(tongue: Tongue) -> Method:
    """In a reader's tongue."""
    groups = [Group(tongue.say(title), [_row(rule, tongue) for rule in rules]) for title, rules in GROUPS]
    return Method(RULES_VERSION, episodes.VERSION, sum(len(group.rows) for group in groups), groups, _numbers(tongue))


def _row(rule: Rule, tongue: Tongue) -> Row:
    says = tongue.say(rule.says) if rule.says else ""
    return Row(rule.id, rule.verdict, rule.fault, _HOLE.sub("…", says))


def _numbers(tongue: Tongue) -> list[Number]:
    say, number = tongue.say, tongue.number
    every = ", ".join(number(one) for one in sequential.FEWEST)
    shares = ", ".join(tongue.percent(share, 1 if share > 0.99 else 0) for share in sequential.SHARES)
    told = (
        (N_("Shares of bad checks that an episode is weighed for"), shares),
        (N_("Bad checks that each of these needs at least"), every),
        (N_("Share of bad checks below which nothing opens"), tongue.percent(sequential.LEAST_SHARE)),
        (N_("How many times likelier than what chance brings in a month an episode must be to open"),
         number(exp(sequential.OPENS))),
        (N_("How many times likelier it must be over than not, to close"), number(exp(sequential.CLOSES))),
        (N_("Good checks in a row that it needs at least to close"), number(sequential.FEWEST_GOOD)),
        (N_("How many times slower than its own past a handshake must be to count as slow, at least"),
         number(exp(slowness.LEAST), 1)),
        (N_("Checks of a series that must be known before anything counts as slow"), number(slowness.NEEDED)),
        (N_("How many times faster line and server must be, where no other name tells"), number(throttling.FOLD)),
        (N_("Spread up to which several transfers are held to one speed"), tongue.percent(speed.CONVERGED)),
        (N_("A clock that is wrong by so much makes certificates untold"), seconds(line.CLOCK_WRONG_S, tongue)),
        (N_("Owners whose networks must all be dead for a shutdown"), number(outages.OWNERS)),
        (N_("Intervals without a check after which a vantage is silent"), number(silence.MISSED)),
        (N_("Redirects that are followed"), number(verdict.REDIRECTS_MAX)),
    )  # fmt: skip
    return [Number(say(what), value) for what, value in told]
