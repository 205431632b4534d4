"""What the pages of many networks say first, and how they name events. Pure; English, ready for gettext."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from results.episodes import Kind as EpisodeKind
from results.events import Event, EventKind
from results.events import Network as EventNetwork
from results.judgement import Verdict
from results.looking import Network, Placed
from results.points import network_key
from server.pages import words
from server.pages.many.lanes import State
from server.pages.many.shown import called, network_of, short
from server.pages.phrases import Piece, Sentence, fill, plural
from server.pages.sentences import Count, are, site_name, state, sure
from server.pages.times import Local

if TYPE_CHECKING:
    from server.pages.many.now import Trouble

EVENTS: Mapping[EventKind, str] = {
    EventKind.BLOCKING: "blocked",
    EventKind.THROTTLING: "throttled",
    EventKind.OUTAGE: "outage of a network",
    EventKind.SHUTDOWN: "shutdown of several networks",
    EventKind.SILENT: "a vantage fell silent",
}
_MOST_NAMES = 3


def key_of(network: EventNetwork) -> str:
    return network_key(network.asn, network.name)


def named(network: EventNetwork) -> Network:
    """An event's network as the pages know networks."""
    return Network(key_of(network), network.asn, network.name or "")


def now(troubles: "Sequence[Trouble]", *, total: int, seen: bool, names: Mapping[str, Network], now: Local) -> Sentence:
    """The first sentence of the first page."""
    if not seen:
        return fill(
            plural(total, "{total} site is on the list; nothing was measured in these hours.",
                   "{total} sites are on the list; nothing was measured in these hours."), total=total,
        )  # fmt: skip
    blocked, throttled = (_count(troubles, kind) for kind in (EpisodeKind.BLOCKING, EpisodeKind.THROTTLING))
    if not blocked.sites and not throttled.sites:
        return fill("No site of {total} is blocked or throttled on any network that was looked from.", total=total)
    said: Sentence = ()
    if blocked.sites:
        stressed = Piece(f"{blocked.sites} {plural(blocked.sites, 'site', 'sites')} {are(blocked)} blocked", "bad")
        said += fill("{blocked}{sure}", blocked=stressed, sure=sure(blocked))
    if throttled.sites:
        many = "" if blocked.sites else plural(throttled.sites, " site", " sites")
        stressed = Piece(f"{throttled.sites}{many} {are(throttled)} throttled", "slow")
        said += fill("{lead}{slow}{sure}", lead=" and " if said else "", slow=stressed, sure=sure(throttled))
    return said + fill(" on at least one network.") + _newest(troubles, names, now)


def _count(troubles: "Sequence[Trouble]", kind: EpisodeKind) -> Count:
    best = [surest([one for one in trouble.episodes if one.kept.episode.kind is kind]) for trouble in troubles]
    found = [one for one in best if one is not None]
    return Count(len(found), found.count("confirmed"), found.count("weak"))


def surest(episodes: Sequence[Placed]) -> str | None:
    """How sure the surest of them is; None of none."""
    found = {one.kept.confidence for one in episodes}
    return next((one for one in ("confirmed", "likely", "weak") if one in found), "likely") if episodes else None


def _newest(troubles: "Sequence[Trouble]", names: Mapping[str, Network], now: Local) -> Sentence:
    one = max((each for trouble in troubles for each in trouble.episodes), key=_first)
    first = one.kept.episode.first_bad_at
    return fill(
        " Newest: {site} on {network}, since {first}.",
        site=Piece(site_name(one.url)),
        network=short(names.get(one.network_key) or network_of(one)),
        first=Piece(now.when(first), at=first),
    )


def _first(one: Placed) -> float:
    return one.kept.episode.first_bad_at.timestamp()


def site(url: str, states: Sequence[tuple[Network, State]], *, ever: bool, now: Local) -> Sentence:
    """The first sentence of a site's page."""
    if not states:
        words_ = "{site} was not measured in this time." if ever else "{site} was not measured yet."
        return fill(words_, site=site_name(url))
    told = [one for one in states if one[1].kind is not None and not one[1].stale]
    if not told:
        return fill("How {site} is now is not known: no check is new enough.", site=site_name(url))
    parts: list[Sentence] = []
    for verdict, css in ((Verdict.BLOCKED, "bad"), (Verdict.THROTTLED, "slow"), (Verdict.DOWN, "")):
        of = [one for one in told if one[1].kind and one[1].kind.verdict is verdict]
        if of:
            parts.append(_on(of, verdict, css, len(told), now))
    if not parts:
        fine = sum(1 for _, one in told if one.kind and one.kind.verdict is Verdict.ACCESSIBLE)
        return fill(
            "{site} {state} on {fine} of {total} {networks}.",
            site=site_name(url),
            state=Piece(state(Verdict.ACCESSIBLE, None), "fine"),
            fine=fine,
            total=len(told),
            networks=plural(len(told), "network", "networks"),
        )
    said = (Piece(site_name(url)), Piece(" "), *parts[0])
    for part in parts[1:]:
        said += (Piece(", and "), *part)
    return (*said, Piece("."))


def _on(of: Sequence[tuple[Network, State]], verdict: Verdict, css: str, total: int, now: Local) -> Sentence:
    confidences = [one.confidence for _, one in of]
    surest = next((one for one in ("confirmed", "likely", "weak") if one in confidences), None)
    where = [short(network) for network, _ in of]
    listed = ", ".join(where) if len(where) <= _MOST_NAMES else f"{len(of)} of {total} networks"
    if len(of) == total > 1:
        listed = f"all {total} networks that were looked from"
    said = fill("{state} on {where}", state=Piece(state(verdict, surest), css), where=listed)
    firsts = [one.episode.first_bad_at for _, one in of if one.episode]
    if firsts:
        said += fill(", since {since}", since=Piece(now.when(min(firsts)), at=min(firsts)))
    return said


def network(found: Network, states: Sequence[State], vantages: int, now: Local, *, down: Event | None) -> Sentence:
    """The first sentence of a network's page."""
    if down is not None:
        since = Piece(now.when(down.first_bad_at), at=down.first_bad_at)
        return fill("{down} since {since}: nothing on {network} can be told meanwhile.",
                    down=Piece("There is an outage", "bad"), since=since, network=called(found))  # fmt: skip
    told = [one for one in states if one.kind is not None and not one.stale]
    if not told:
        return fill("Nothing was measured on {network} of late.", network=called(found))
    counts = {verdict: sum(one.kind is not None and one.kind.verdict is verdict for one in told) for verdict in Verdict}
    css = "bad" if counts[Verdict.BLOCKED] else ""
    said = fill("On {network}, {blocked}", network=called(found),
                blocked=Piece(f"{counts[Verdict.BLOCKED]} of {len(told)} sites are blocked", css))  # fmt: skip
    if counts[Verdict.THROTTLED]:
        said += fill(" and {slow}", slow=Piece(f"{counts[Verdict.THROTTLED]} throttled", "slow"))
    looked = plural(vantages, "One vantage looks from there.", "{vantages} vantages look from there.")
    return (*said, Piece(". "), *fill(looked, vantages=vantages))


def event(found: Event, now: Local) -> Sentence:
    """What an event is, in one sentence."""
    sites = _listed([site_name(url) for url in found.urls], "sites")
    networks = _listed([short(named(network)) for network in found.networks], "networks")
    over = found.closed_at is not None
    since = Piece(now.when(found.first_bad_at), at=found.first_bad_at)
    match found.kind:
        case EventKind.BLOCKING | EventKind.THROTTLING:
            verdict = Verdict.BLOCKED if found.kind is EventKind.BLOCKING else Verdict.THROTTLED
            many = len(found.urls) > 1
            told = state(verdict, found.confidence, then=over)
            told = told.replace("is ", "are ", 1).replace("was ", "were ", 1) if many else told
            css = "bad" if verdict is Verdict.BLOCKED else "slow"
            said = fill("{sites} {state} on {networks}", sites=sites, state=Piece(told, css), networks=networks)
        case EventKind.SILENT:
            said = fill("The vantage {vantage} {sends} nothing", vantage=found.vantage or "",
                        sends="sent" if over else "sends")  # fmt: skip
        case _:
            said = fill("{kind}: {networks} {can} reach nothing", kind=words_of(found).capitalize(),
                        networks=networks, can="could" if over else "can")  # fmt: skip
    if over and found.closed_at:
        last = found.first_good_at or found.last_bad_at
        return said + fill(", from {since} to {last}.", since=since, last=Piece(now.when(last), at=last))
    return said + fill(" since {since}.", since=since)


def words_of(found: Event) -> str:
    """Its kind in words."""
    return EVENTS[found.kind]


def _listed(names: Sequence[str], many: str) -> str:
    return ", ".join(names) if len(names) <= _MOST_NAMES else f"{len(names)} {many}"


def vantage(name: str, checks: int, network_: Network | None) -> Sentence:
    """The first sentence of a vantage's page."""
    if not checks:
        return fill("{name} was not heard of in this time.", name=name)
    return fill("{name} looks from {network}; {checks} {word} in this time.", name=name, network=called(network_),
                checks=checks, word=plural(checks, "check", "checks"))  # fmt: skip


def episode(one: Placed, network_: Network) -> Sentence:
    """The first sentence of an episode's page."""
    found = one.kept.episode
    verdict = Verdict.BLOCKED if found.kind is EpisodeKind.BLOCKING else Verdict.THROTTLED
    over = found.closed_at is not None
    how = found.mechanisms[0] if found.mechanisms else ""
    said = fill(
        "On {network}, {site} {state}",
        network=called(network_),
        site=site_name(one.url),
        state=Piece(state(verdict, one.kept.confidence, then=over), "bad" if verdict is Verdict.BLOCKED else "slow"),
    )
    said += fill(" in some of the checks") if found.intermittent else ()
    said += fill(": {how}", how=words.mechanism(how)) if how else ()
    return (*said, Piece("."))
