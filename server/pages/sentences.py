"""What a page says first, in words a reader would quote. Pure: values in, a sentence out; English, ready for gettext.

What one is made of is in phrases.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from results.judgement import Confidence, Verdict
from server.pages import words
from server.pages.phrases import Piece, Sentence, fill, plural
from server.pages.times import Local
from server.pages.turns import LOOK_BACK, Turn


def site_name(url: str) -> str:
    """A URL as people say it: the host, with the path where there is one. Never a name or password in it."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:  # no URL after all: it is shown as it was given
        return url
    return (parts.hostname or url) + port + ("" if parts.path in {"", "/"} else parts.path)


@dataclass(frozen=True, slots=True)
class Count:
    """How many sites are in a bad state, and how sure that is."""

    sites: int
    confirmed: int = 0
    weak: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """What is known of the line itself."""

    down_since: datetime | None = None  # no reference answered since
    silent_since: datetime | None = None  # nothing was measured since, though it was due
    untold_since: datetime | None = None  # checks ran, and all were inconclusive


@dataclass(frozen=True, slots=True)
class News:
    """The newest change for the worse."""

    url: str
    href: str
    turn: Turn


def overview(
    *,
    total: int,
    measured: int,
    told: int,
    blocked: Count,
    throttled: Count,
    down: int,
    newest: News | None,
    line: Line,
    now: Local,
) -> Sentence:
    """The first sentence of the first page. `told`: of how many sites any check could tell something."""
    trouble = _line(line, now)
    if trouble:
        known = _states(total, blocked, throttled, down) if told else ()
        return trouble + (fill(" Before that: {known}", known=known) if known else ())
    if not measured:
        return fill(
            plural(
                total,
                "{total} site is on the list; it was not measured yet.",
                "{total} sites are on the list; none was measured yet.",
            ),
            total=total,
        )
    said = _states(total, blocked, throttled, down)
    if measured < total:
        said += fill(
            " {rest} of {total} {were} not measured yet.",
            rest=total - measured,
            total=total,
            were=plural(total - measured, "was", "were"),
        )
    return said + _news(newest, now)


def _states(total: int, blocked: Count, throttled: Count, down: int) -> Sentence:
    if not blocked.sites and not throttled.sites:
        fine = fill("No site of {total} is blocked or throttled on this line.", total=total)
        return fine + _down(down)
    parts: Sentence = ()
    if blocked.sites:
        stressed = Piece(f"{blocked.sites} of {total} {plural(total, 'site', 'sites')} {are(blocked)} blocked", "bad")
        parts += fill("{blocked} on this line{sure}", blocked=stressed, sure=sure(blocked))
    if throttled.sites:
        lead = " and " if parts else ""
        rest = "" if parts else f" of {total} {plural(total, 'site', 'sites')}"
        stressed = Piece(f"{throttled.sites}{rest} {are(throttled)} throttled", "slow")
        parts += fill("{lead}{slow}{here}", lead=lead, slow=stressed, here="" if blocked.sites else " on this line")
        parts += (Piece(sure(throttled)),)
    return (*parts, Piece("."), *_down(down))


def are(count: Count) -> str:
    """Hedged: nothing stronger than the evidence of the best of them."""
    if count.weak == count.sites:
        return "may be"
    if not count.confirmed:
        return plural(count.sites, "is likely", "are likely")
    return plural(count.sites, "is", "are")


def sure(count: Count) -> str:
    likely = count.sites - count.confirmed - count.weak
    kinds = [
        f"{n} {word}" for n, word in ((count.confirmed, "confirmed"), (likely, "likely"), (count.weak, "weak")) if n
    ]
    return f" ({', '.join(kinds)})" if len(kinds) > 1 else ""


def _down(down: int) -> Sentence:
    return (Piece(f" {down} {plural(down, 'is', 'are')} down for everyone."),) if down else ()


def _news(newest: News | None, now: Local) -> Sentence:
    if newest is None or newest.turn.before is None:
        return ()
    link = Piece(site_name(newest.url), href=newest.href)
    first = Piece(now.when(newest.turn.first), at=newest.turn.first)
    return fill(" Newest: {site}, since {first}.", site=link, first=first)


def _line(line: Line, now: Local) -> Sentence:
    if line.down_since:
        since = Piece(now.when(line.down_since), at=line.down_since)
        return fill("{down}: nothing can be told since {since}.", down=Piece("This line is down", "bad"), since=since)
    if line.untold_since:
        since = Piece(now.when(line.untold_since), at=line.untold_since)
        return fill(
            "{none} since {since}: no check reached a verdict.", none=Piece("Nothing can be told", "bad"), since=since
        )
    if line.silent_since:
        since = Piece(now.when(line.silent_since), at=line.silent_since)
        return fill("{none} since {since}.", none=Piece("Nothing was measured", "bad"), since=since)
    return ()


def since(turn: Turn | None, now: Local) -> Sentence:
    """When the present state began, as a bracket. Nothing for what was fine all along: fine is quiet."""
    if turn is None:
        return ()
    if turn.before is not None:
        earlier, later = now.between(turn.before, turn.first)
        ends = {"before": Piece(earlier, at=turn.before), "first": Piece(later, at=turn.first)}
        if turn.moved:
            return fill("between {before} and {first}; the line changed too", **ends)
        return fill("between {before} and {first}", **ends)
    if turn.verdict is Verdict.ACCESSIBLE:
        return ()
    if _older(turn, now):
        return fill("more than {days} days ago", days=LOOK_BACK.days)
    return (Piece("before measuring began"),)


def _older(turn: Turn, now: Local) -> bool:
    """Whether it reaches back further than was looked."""
    return turn.first < now.now - LOOK_BACK * 0.98


_NOW = {"": "is {word}", Confidence.LIKELY: "is likely {word}", Confidence.WEAK: "may be {word}"}
_THEN = {"": "was {word}", Confidence.LIKELY: "was likely {word}", Confidence.WEAK: "may have been {word}"}


def state(verdict: Verdict, confidence: str | None, *, then: bool = False) -> str:
    """As in "is likely blocked", or "was likely blocked": hedged by confidence."""
    if verdict is Verdict.INCONCLUSIVE:
        return "could not be judged" if then else "can't be judged"
    hedge = confidence if verdict is not Verdict.ACCESSIBLE and confidence in _NOW else ""
    return (_THEN if then else _NOW)[hedge or ""].format(word=words.VERDICTS[verdict])


_CSS = {Verdict.BLOCKED: "bad", Verdict.THROTTLED: "slow", Verdict.ACCESSIBLE: "fine"}


def site(url: str, turn: Turn | None, confidence: str | None, mechanisms: Sequence[str], now: Local) -> Sentence:
    """The first sentence of a site's page."""
    if turn is None:
        return fill("{site} was not measured yet.", site=site_name(url))
    said = Piece(state(turn.verdict, confidence), _CSS.get(turn.verdict, ""))
    head = fill("{site} {state} on this line", site=site_name(url), state=said)
    if mechanisms:
        head += fill(": {how}", how=words.mechanism(mechanisms[0]))
    head += (Piece("."),)
    if turn.verdict is Verdict.INCONCLUSIVE or (turn.verdict is Verdict.ACCESSIBLE and turn.before is None):
        return head
    if turn.before is None and not _older(turn, now):
        return (*head, Piece(" It was already so when measuring began."))
    return head + fill(" It began {since}.", since=since(turn, now))


def measurement(
    url: str, verdict: Verdict, confidence: str | None, at: datetime, network: str | None, now: Local
) -> Sentence:
    """The first sentence of a measurement's page."""
    past = state(verdict, confidence, then=True)
    return fill(
        "On {at}, {site} {state} on {network}.",
        at=Piece(now.exact(at), at=at),
        site=Piece(site_name(url)),
        state=Piece(past, _CSS.get(verdict, "")),
        network=network or "this line",
    )


def site_silent(url: str, shown: str) -> Sentence:
    """For a site that was measured, but not in the span that is shown."""
    return fill("{site} was not measured in these {shown}.", site=site_name(url), shown=shown)
