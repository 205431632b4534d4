"""What a rule said, in the reader's tongue, from the English sentence that is stored. Nothing is judged here.

A rule's sentence is a message like any other. The stored one is read back against it, and its numbers, addresses and
names go into the translation. What can't be read back, because an older table of rules said it, stays English.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from results.judgement import Reason
from results.rules import RULES
from server.pages.tongue import N_, OWN, Tongue

_HOLE = re.compile(r"\{c\.([\w.]+)(?::[^}]*)?\}")
# What the judgement says of a check as a whole, beside its rules (results/verdict.py), and what fills its holes.
WHOLE: Mapping[str, tuple[str, ...]] = {
    "second_attempt": (N_("The first attempt failed ({failure}); the second, after a pause, did not."),),
    "not_measured": (N_("No address could be read from the URL."), N_("Nothing could be measured.")),
    "out_of_time": (N_("The time for one check ran out after {seconds} s."),),
    "redirect_loop": (N_("More than {count} redirects, for the control as well."), N_("More than {count} redirects.")),
    "handshake_only": (N_("The handshake succeeded, and no page was asked for: that says nothing of the page."),),
    "page_arrived": (
        N_("The page came in {ms} ms with status {status}, over the site's own certificate."),
        N_("The page came in {ms} ms with status {status}, without TLS."),
        N_("The page came with status {status}, over the site's own certificate."),
        N_("The page came with status {status}, without TLS."),
    ),
}
PARTS: tuple[str, ...] = (
    N_("tried once"),
    N_("tried twice"),
    N_("once"),
    N_("twice"),
    N_("{count} times"),
    N_(" after {ms} ms"),
    N_(" after {seconds} s"),
    N_(" in {ms} ms"),
    N_("the trusted resolver"),
    N_("the control"),
    N_("this network's own gateway"),
    N_("it is {clock}"),
    N_("reference sites are refused for it as well"),
    N_("{time} ahead"),
    N_("{time} behind"),
    N_("{number} days"),
    N_("{number} hours"),
    N_("{number} minutes"),
    N_("{number} seconds"),
    N_("{number} bytes"),
    N_("nobody named"),
    N_("; its port {port} answers here"),
    N_("; its port {port} fails as well ({failure}) here"),
    N_("the handshake takes {times} times as long ({seconds} s longer)"),
    N_("the first byte takes {times} times as long ({seconds} s longer)"),
    N_("the same bytes take {times} times as long"),
    N_("the same bytes take {times} times as long ({kbps} kbit/s)"),
    N_("the same bytes take {times} times as long ({kbps} kbit/s, the same each time)"),
    N_("{start} and the same bytes take {times} times as long"),
    N_("{start} and the same bytes take {times} times as long ({kbps} kbit/s)"),
    N_("{start} and the same bytes take {times} times as long ({kbps} kbit/s, the same each time)"),
    N_(" Between {low} and {high} times at 95 %; by chance so clear an order has p = {p}."),
)


_ADDED = frozenset({"waited", "control_took", "other_port_words", "chance_words"})  # where there is more to say
_SOME, _TRAILING = ".+?", "(?:[ ;].+?)?"


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence, and its language where that is not the page's."""

    text: str
    lang: str = ""
    rule: str = ""


def said(reason: Reason, tongue: Tongue) -> Said:
    """One reason of a judgement."""
    found = _translated(reason.says, tongue)
    return Said(found, "" if tongue.code == OWN or found != reason.says else OWN, reason.rule)


def said_in(says: str, tongue: Tongue) -> str:
    """A stored sentence alone."""
    return _translated(says, tongue)


def messages() -> Iterator[str]:
    """Every sentence of the rules, as a message: for whoever extracts them."""
    for rule in RULES:
        if rule.says:
            yield message_of(rule.says)


def extract(*_of: object, **_more: object) -> Iterator[tuple[int, str, str, list[str]]]:
    """For pybabel, in its shape: line, function, message, comments."""
    for message in messages():
        yield 1, "N_", message, []


def message_of(says: str) -> str:
    """A rule's sentence with plain names for its holes."""
    return _HOLE.sub(lambda hole: "{" + hole[1].replace(".", "_") + "}", says)


@lru_cache(4096)
def _translated(says: str, tongue: Tongue) -> str:
    if tongue.code == OWN:
        return says
    for message, pattern in _patterns():
        if read := pattern.fullmatch(says):
            return tongue.say(message, **{name: _part(value, tongue) for name, value in read.groupdict().items()})
    return says


def _part(value: str, tongue: Tongue) -> str:
    """What filled a hole: most often data."""
    for message, pattern in _pieces():
        if read := pattern.fullmatch(value):
            return tongue.say(message, **{name: _part(part, tongue) for name, part in read.groupdict().items()})
    return value


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    every = [*(one for some in WHOLE.values() for one in some), *messages()]
    return tuple((one, _pattern(one)) for one in every)


@cache
def _pieces() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((one, _pattern(one)) for one in PARTS)


def _pattern(message: str) -> re.Pattern[str]:
    """What reads a sentence back."""
    pieces = re.split(r"\{(\w+)\}", message)
    read = [
        re.escape(piece) if place % 2 == 0 else f"(?P<{piece}>{_TRAILING if piece in _ADDED else _SOME})"
        for place, piece in enumerate(pieces)
    ]
    return re.compile("".join(read), re.DOTALL)
