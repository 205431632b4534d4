"""What a message says: news as a title and lines, in plain text and in three languages. Pure.

Who gets it is in subscriptions.py, and whatever depends on a language in catalogs.py. Of the people who measure nothing
is said: a vantage is named only where it is the news itself.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from results.events import Change, Event, EventKind, Flip, Network
from server.alerts.catalogs import Catalog, catalog
from server.pages import words
from server.pages.sentences import site_name
from server.pages.tongue import N_, P_
from server.pages.views import site_href

_MOST_NAMES = 5
_MOST_MECHANISMS = 3
_MOST_NEWS = 20  # of a digest: services have limits

Forms = tuple[str, str]  # for one and for several

_NOW: Mapping[tuple[EventKind, str], Forms] = {
    (EventKind.BLOCKING, ""): P_("{sites} is blocked", "{sites} are blocked"),
    (EventKind.BLOCKING, "likely"): P_("{sites} is likely blocked", "{sites} are likely blocked"),
    (EventKind.BLOCKING, "weak"): P_("{sites} may be blocked", "{sites} may be blocked"),
    (EventKind.THROTTLING, ""): P_("{sites} is throttled", "{sites} are throttled"),
    (EventKind.THROTTLING, "likely"): P_("{sites} is likely throttled", "{sites} are likely throttled"),
    (EventKind.THROTTLING, "weak"): P_("{sites} may be throttled", "{sites} may be throttled"),
}
_THEN: Mapping[tuple[EventKind, str], Forms] = {
    (EventKind.BLOCKING, ""): P_("{sites} was blocked", "{sites} were blocked"),
    (EventKind.BLOCKING, "likely"): P_("{sites} was likely blocked", "{sites} were likely blocked"),
    (EventKind.BLOCKING, "weak"): P_("{sites} may have been blocked", "{sites} may have been blocked"),
    (EventKind.THROTTLING, ""): P_("{sites} was throttled", "{sites} were throttled"),
    (EventKind.THROTTLING, "likely"): P_("{sites} was likely throttled", "{sites} were likely throttled"),
    (EventKind.THROTTLING, "weak"): P_("{sites} may have been throttled", "{sites} may have been throttled"),
}
_OVER: Mapping[EventKind, Forms] = {
    EventKind.BLOCKING: P_("{sites} is accessible again", "{sites} are accessible again"),
    EventKind.THROTTLING: P_("{sites} is no longer throttled", "{sites} are no longer throttled"),
}
_WIDE: Mapping[tuple[EventKind, str], tuple[str, str, str]] = {  # now, then, over
    (EventKind.OUTAGE, ""): (
        N_("Outage: {networks}"),
        N_("There was an outage: {networks}"),
        N_("The outage is over: {networks}"),
    ),
    (EventKind.OUTAGE, "weak"): (
        N_("Possible outage: {networks}"),
        N_("There may have been an outage: {networks}"),
        N_("The possible outage is over: {networks}"),
    ),
    (EventKind.SHUTDOWN, ""): (
        N_("Shutdown of the internet: {networks}"),
        N_("The internet was shut down: {networks}"),
        N_("The shutdown is over: {networks}"),
    ),
    (EventKind.SILENT, ""): (
        N_("Vantage {vantage} fell silent"),
        N_("Vantage {vantage} was silent"),
        N_("Vantage {vantage} is heard again"),
    ),
}
_OF_SITES = {EventKind.BLOCKING, EventKind.THROTTLING}


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What is to be said of an event: its newest state, and what is new about it to this reader."""

    event: Event
    change: Change
    past: bool = False  # it was over, or long past, before a word of it was said


@dataclass(frozen=True, slots=True)
class Message:
    title: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a reader wants it."""

    language: str
    zone: ZoneInfo
    link: str  # prefix of links
    now: datetime
    outlets: Mapping[str, str]  # by URL

    @property
    def catalog(self) -> Catalog:
        return catalog(self.language)


def event_href(event: Event) -> str:
    """The page that shows an event: its site's, or the first."""
    return site_href(event.urls[0]) if len(event.urls) == 1 else "/"


def news(flips: Sequence[Flip], *, told_before: bool) -> News:
    """Several flips of one event, oldest first, as one piece of news."""
    newest, changes = flips[-1], {flip.change for flip in flips}
    if not told_before:
        over = newest.change is Change.ENDED
        change = Change.ENDED if over else Change.OPENED
        return News(event=newest.event, change=change, past=over or newest.late)
    if newest.change is Change.ENDED:
        return News(event=newest.event, change=Change.ENDED)
    weighty = (Change.REOPENED, Change.WORSENED, Change.GREW)
    change = next((one for one in weighty if one in changes), newest.change)
    return News(event=newest.event, change=change, past=newest.late)


def message(told: News, style: Style, *, href: Callable[[Event], str] = event_href) -> Message:
    """One piece of news."""
    return Message(_title(told, style), "\n".join([*_lines(told, style), style.link + href(told.event)]))


def digest(all_told: Sequence[News], style: Style, *, href: Callable[[Event], str] = event_href) -> Message:
    """Several pieces of news in one message."""
    say = style.catalog
    parts = [message(told, style, href=href) for told in all_told[:_MOST_NEWS]]
    blocks = [f"{part.title}\n{part.body}" for part in parts]
    rest = len(all_told) - len(parts)
    if rest:
        blocks.append(say.count("and {count} more event", "and {count} more events", rest))
    return Message(say.count("{count} alert", "{count} alerts", len(all_told)), "\n\n".join(blocks))


def trial(style: Style) -> Message:
    """Says that it is a test and nothing else."""
    say = style.catalog
    body = say.say("This is a test: nothing has happened. Alerts will come to this address.")
    return Message(say.say("Kedergi: a test message"), f"{body}\n{style.link}/")


def _title(told: News, style: Style) -> str:
    say, lead = style.catalog, _lead(told, style)
    if told.past or told.change is Change.ENDED:
        return lead
    if told.change is Change.GREW:
        return say.say("Spreading: {lead}", lead=lead)
    if told.change is Change.WORSENED:
        return say.say("Worse: {lead}", lead=lead)
    if told.change is Change.REOPENED:
        return say.say("Again: {lead}", lead=lead)
    return say.say("Confirmed: {lead}", lead=lead) if _is_confirmed(told.event) else lead


def _lead(told: News, style: Style) -> str:
    event, say = told.event, style.catalog
    over = told.change is Change.ENDED and not told.past
    if event.kind not in _OF_SITES:
        now, then, ended = _WIDE[event.kind, "weak" if _is_possible(event) else ""]
        said = ended if over else then if told.past else now
        return say.say(said, networks=_networks(event.networks, say), vantage=event.vantage or "")
    sure = "" if event.confirmed or event.confidence not in {"likely", "weak"} else event.confidence
    one, many = _OVER[event.kind] if over else (_THEN if told.past else _NOW)[event.kind, sure or ""]
    # Names are listed, not counted: a verb for one or for several, also where a language has more forms.
    return say.count(one, many, min(len(event.urls), 2), sites=_sites(event, say))


def _lines(told: News, style: Style) -> list[str]:
    event, say = told.event, style.catalog
    outlets = sorted({style.outlets.get(url, "") for url in event.urls} - {""})
    lines = []
    if outlets:
        names = _names(outlets, say, P_("{count} more outlet", "{count} more outlets"))
        lines.append(say.count("Outlet: {outlets}", "Outlets: {outlets}", min(len(outlets), 2), outlets=names))
    if event.networks and event.kind in _OF_SITES:
        networks, several = _networks(event.networks, say), min(len(event.networks), 2)
        lines.append(say.count("Network: {networks}", "Networks: {networks}", several, networks=networks))
    since = say.bracket(event.last_good_at, event.first_bad_at, style.zone, style.now)
    lines.append(say.say("Began: {when}", when=since))
    if event.first_good_at is not None:
        until = say.bracket(event.last_bad_at, event.first_good_at, style.zone, style.now)
        lines.append(say.say("Ended: {when}", when=until))
    if event.kind is EventKind.SILENT:
        return [*lines, say.say("Nothing comes from there: that says nothing about sites.")]
    if event.kind not in _OF_SITES:
        lines.append(
            say.say("Everything fails there together, the references too: this is no blocking of single sites.")
        )
    if _is_possible(event):
        lines.append(say.say("Seen from one vantage alone: it may be its own line."))
    return lines + _evidence(event, say)


def _evidence(event: Event, say: Catalog) -> list[str]:
    lines = []
    if event.mechanisms and event.kind in _OF_SITES:
        known = [say.say(words.mechanism(name)) for name in event.mechanisms[:_MOST_MECHANISMS]]
        lines.append(say.say("How: {mechanisms}", mechanisms="; ".join(dict.fromkeys(known))))
    if event.intermittent:
        lines.append(say.say("Access is intermittent."))
    sure = _sureness(event, say)
    if sure:
        lines.append(say.say("How sure: {sure}", sure=sure))
    if event.measurements:
        slow = event.kind is EventKind.THROTTLING
        said = N_("Measurements: {bad} of {total} slow") if slow else N_("Measurements: {bad} of {total} failed")
        lines.append(say.say(said, bad=event.bad, total=event.measurements))
    return lines


def _sureness(event: Event, say: Catalog) -> str:
    if _is_confirmed(event):
        return say.count(
            "confirmed on networks of {count} owner",
            "confirmed on networks of {count} owners",
            len({network.owner for network in event.networks}),
        )
    return {
        "confirmed": say.say("proven by the measurements, on networks of one owner so far"),
        "likely": say.say("likely (repeated, while it works from elsewhere)"),
        "weak": say.say("weak (the signs are there, the proof is thin)"),
    }.get(event.confidence or "" if event.kind in _OF_SITES else "", "")


def _is_confirmed(event: Event) -> bool:
    return event.confirmed and event.kind in _OF_SITES


def _is_possible(event: Event) -> bool:
    return event.kind is EventKind.OUTAGE and event.confidence == "weak"


def _sites(event: Event, say: Catalog) -> str:
    names = list(dict.fromkeys(site_name(url) for url in event.urls))
    return _names(names, say, P_("{count} more site", "{count} more sites"))


def _networks(networks: Sequence[Network], say: Catalog) -> str:
    names = list(dict.fromkeys(_network(network) or say.say("an unknown network") for network in networks))
    return _names(names, say, P_("{count} more network", "{count} more networks"))


def _network(network: Network) -> str:
    """Empty where neither number nor name is known."""
    if network.asn is None:
        return network.name or ""
    return f"{network.name} (AS{network.asn})" if network.name else f"AS{network.asn}"


def _names(names: Sequence[str], say: Catalog, more: Forms) -> str:
    """The first five, and how many more."""
    shown, rest = list(names[:_MOST_NAMES]), len(names) - _MOST_NAMES
    return say.row([*shown, say.count(*more, rest)] if rest > 0 else shown)
