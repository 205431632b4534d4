"""What a page says first, in words a reader would quote. Pure: values in, a sentence out, in the reader's tongue.

What one is made of is in phrases.py, how it is translated in tongue.py.
"""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlsplit

from results.judgement import Confidence, Verdict
from server.pages.phrases import Piece, Sentence
from server.pages.times import Local
from server.pages.tongue import P_, Tongue


def site_name(url: str) -> str:
    """A URL as people say it: the host, with the path where there is one. Never a name or password in it."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:  # no URL after all: it is shown as it was given
        return url
    return (parts.hostname or url) + port + ("" if parts.path in {"", "/"} else parts.path)


_Words = Mapping[tuple[Verdict, str], tuple[str, str]]  # for one site and for several
_NOW: _Words = {
    (Verdict.ACCESSIBLE, ""): P_("is accessible", "are accessible"),
    (Verdict.BLOCKED, ""): P_("is blocked", "are blocked"),
    (Verdict.BLOCKED, "likely"): P_("is likely blocked", "are likely blocked"),
    (Verdict.BLOCKED, "weak"): P_("may be blocked", "may be blocked"),
    (Verdict.THROTTLED, ""): P_("is throttled", "are throttled"),
    (Verdict.THROTTLED, "likely"): P_("is likely throttled", "are likely throttled"),
    (Verdict.THROTTLED, "weak"): P_("may be throttled", "may be throttled"),
    (Verdict.DOWN, ""): P_("is down for everyone", "are down for everyone"),
    (Verdict.DOWN, "likely"): P_("is likely down for everyone", "are likely down for everyone"),
    (Verdict.DOWN, "weak"): P_("may be down for everyone", "may be down for everyone"),
    (Verdict.INCONCLUSIVE, ""): P_("can't be judged", "can't be judged"),
}
_THEN: _Words = {
    (Verdict.ACCESSIBLE, ""): P_("was accessible", "were accessible"),
    (Verdict.BLOCKED, ""): P_("was blocked", "were blocked"),
    (Verdict.BLOCKED, "likely"): P_("was likely blocked", "were likely blocked"),
    (Verdict.BLOCKED, "weak"): P_("may have been blocked", "may have been blocked"),
    (Verdict.THROTTLED, ""): P_("was throttled", "were throttled"),
    (Verdict.THROTTLED, "likely"): P_("was likely throttled", "were likely throttled"),
    (Verdict.THROTTLED, "weak"): P_("may have been throttled", "may have been throttled"),
    (Verdict.DOWN, ""): P_("was down for everyone", "were down for everyone"),
    (Verdict.DOWN, "likely"): P_("was likely down for everyone", "were likely down for everyone"),
    (Verdict.DOWN, "weak"): P_("may have been down for everyone", "may have been down for everyone"),
    (Verdict.INCONCLUSIVE, ""): P_("could not be judged", "could not be judged"),
}
CSS = {Verdict.BLOCKED: "bad", Verdict.THROTTLED: "slow", Verdict.ACCESSIBLE: "fine"}


def state(verdict: Verdict, confidence: str | None, tongue: Tongue, *, then: bool = False, sites: int = 1) -> str:
    """As in "is likely blocked", or "was likely blocked": hedged by confidence."""
    hedged = confidence in {Confidence.LIKELY, Confidence.WEAK} and verdict not in {
        Verdict.ACCESSIBLE,
        Verdict.INCONCLUSIVE,
    }
    one, many = (_THEN if then else _NOW)[verdict, confidence or "" if hedged else ""]
    # Sites are listed, not counted: a verb for one or for several, also where a language has more forms.
    return tongue.form(one, many, min(sites, 2))


def measurement(
    url: str, verdict: Verdict, confidence: str | None, at: datetime, network: str | None, now: Local
) -> Sentence:
    """The first sentence of a measurement's page."""
    parts = {
        "at": Piece(now.exact(at), at=at),
        "site": Piece(site_name(url)),
        "state": Piece(state(verdict, confidence, now.tongue, then=True), CSS.get(verdict, "")),
    }
    if not network:
        return now.tongue.tell("On {at}, {site} {state} on this line.", **parts)
    return now.tongue.tell("On {at}, {site} {state} on {network}.", network=network, **parts)
