"""What the pages of many networks say first, and how they name events. Pure: values in, a sentence out."""

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
from server.pages.many.line import LineNow
from server.pages.many.shown import called, network_of, short
from server.pages.phrases import Piece, Sentence
from server.pages.sentences import CSS, site_name, state
from server.pages.times import Local
from server.pages.tongue import N_, P_, Tongue

if TYPE_CHECKING:
    from server.pages.many.now import Fresh, Trouble

EVENTS: Mapping[EventKind, str] = {
    EventKind.BLOCKING: N_("blocked"),
    EventKind.THROTTLING: N_("throttled"),
    EventKind.OUTAGE: N_("outage of a network"),
    EventKind.SHUTDOWN: N_("shutdown of several networks"),
    EventKind.SILENT: N_("a vantage fell silent"),
}
_WIDE: Mapping[tuple[EventKind, bool], str] = {  # whether it is over
    (EventKind.OUTAGE, False): N_("Outage of a network: {networks} can reach nothing"),
    (EventKind.OUTAGE, True): N_("Outage of a network: {networks} could reach nothing"),
    (EventKind.SHUTDOWN, False): N_("Shutdown of several networks: {networks} can reach nothing"),
    (EventKind.SHUTDOWN, True): N_("Shutdown of several networks: {networks} could reach nothing"),
    (EventKind.SILENT, False): N_("The vantage {vantage} sends nothing"),
    (EventKind.SILENT, True): N_("The vantage {vantage} sent nothing"),
}
_Forms = Mapping[tuple[EpisodeKind, str], tuple[str, str]]  # for one site and for several, hedged by the surest
_SITES: _Forms = {
    (EpisodeKind.BLOCKING, ""): P_("{count} site is blocked", "{count} sites are blocked"),
    (EpisodeKind.BLOCKING, "likely"): P_("{count} site is likely blocked", "{count} sites are likely blocked"),
    (EpisodeKind.BLOCKING, "weak"): P_("{count} site may be blocked", "{count} sites may be blocked"),
    (EpisodeKind.THROTTLING, ""): P_("{count} site is throttled", "{count} sites are throttled"),
    (EpisodeKind.THROTTLING, "likely"): P_("{count} site is likely throttled", "{count} sites are likely throttled"),
    (EpisodeKind.THROTTLING, "weak"): P_("{count} site may be throttled", "{count} sites may be throttled"),
}
_MORE: Mapping[str, tuple[str, str]] = {  # after "3 sites are blocked and"
    "": P_("{count} is throttled", "{count} are throttled"),
    "likely": P_("{count} is likely throttled", "{count} are likely throttled"),
    "weak": P_("{count} may be throttled", "{count} may be throttled"),
}
_SURE: Mapping[str, tuple[str, str]] = {
    "confirmed": P_("{count} confirmed", "{count} confirmed"),
    "likely": P_("{count} likely", "{count} likely"),
    "weak": P_("{count} weak", "{count} weak"),
}
_MOST_NAMES = 3


def key_of(network: EventNetwork) -> str:
    return network_key(network.asn, network.name)


def named(network: EventNetwork) -> Network:
    """An event's network as the pages know networks."""
    return Network(key_of(network), network.asn, network.name or "")


def now(
    troubles: "Sequence[Trouble]",
    fresh: "Sequence[Fresh]",
    *,
    total: int,
    seen: bool,
    names: Mapping[str, Network],
    now: Local,
) -> Sentence:
    """The first sentence of the first page."""
    spoken = now.tongue
    if not seen:
        return spoken.tell_count(
            "{count} site is on the list; nothing was measured in these hours.",
            "{count} sites are on the list; nothing was measured in these hours.",
            total,
        )
    blocked, throttled = (_surest_of(troubles, kind) for kind in (EpisodeKind.BLOCKING, EpisodeKind.THROTTLING))
    if blocked and throttled:
        said = spoken.tell("{blocked} and {throttled} on at least one network.",
                           blocked=_stressed(blocked, _SITES[EpisodeKind.BLOCKING, _hedge(blocked)], "bad", spoken),
                           throttled=_stressed(throttled, _MORE[_hedge(throttled)], "slow", spoken))  # fmt: skip
    elif blocked or throttled:
        kind, css = (EpisodeKind.BLOCKING, "bad") if blocked else (EpisodeKind.THROTTLING, "slow")
        found = blocked or throttled
        stressed = _stressed(found, _SITES[kind, _hedge(found)], css, spoken)
        said = spoken.tell("{sites} on at least one network.", sites=stressed)
    elif fresh:
        return _newest_checks(fresh, total, now)
    else:
        return spoken.tell_count("No site of {count} is blocked or throttled on any network that was looked from.",
                                 "No site of {count} is blocked or throttled on any network that was looked from.",
                                 total)  # fmt: skip
    return (*said, Piece(" "), *_newest(troubles, names, now))


def _newest_checks(fresh: "Sequence[Fresh]", total: int, now: Local) -> Sentence:
    """Where there is trouble without an episode: hedged, because one check is one check."""
    sites = len({one.url for one in fresh})
    return now.tongue.tell_count(
        "In its newest check {count} site of {total} is blocked or throttled; whether that lasts, the next rounds "
        "tell.",
        "In their newest checks {count} sites of {total} are blocked or throttled; whether that lasts, the next rounds "
        "tell.",
        sites,
        total=total,
    )


def with_line(line: LineNow, known: Sentence, *, seen: bool, now: Local) -> Sentence:
    """What is known of the sites, after what is the matter with the line itself."""
    if line.trouble:
        before = now.tongue.tell("{trouble} Before that: {known}", trouble=line.trouble, known=known)
        return before if seen else line.trouble
    if line.fresh and not seen:
        return now.tongue.tell("Nothing is known yet: the first round has not ended.")
    return known


def _surest_of(troubles: "Sequence[Trouble]", kind: EpisodeKind) -> list[str]:
    """Of each site that has an episode of that kind, how sure the surest is."""
    best = [surest([one for one in trouble.episodes if one.kept.episode.kind is kind]) for trouble in troubles]
    return [one for one in best if one is not None]


def surest(episodes: Sequence[Placed]) -> str | None:
    """How sure the surest of them is; None of none."""
    found = {one.kept.confidence for one in episodes}
    return next((one for one in ("confirmed", "likely", "weak") if one in found), "likely") if episodes else None


def _hedge(found: Sequence[str]) -> str:
    """Nothing stronger than the evidence of the best of them."""
    if found.count("weak") == len(found):
        return "weak"
    return "" if "confirmed" in found else "likely"


def _stressed(found: Sequence[str], forms: tuple[str, str], css: str, tongue: Tongue) -> Sentence:
    """As in "3 sites are blocked (1 confirmed, 2 likely)"."""
    piece = Piece(tongue.count(*forms, len(found)), css)
    kinds = [tongue.count(*said, found.count(kind)) for kind, said in _SURE.items() if kind in found]
    return (piece, Piece(f" ({', '.join(kinds)})")) if len(kinds) > 1 else (piece,)


def _newest(troubles: "Sequence[Trouble]", names: Mapping[str, Network], now: Local) -> Sentence:
    one = max((each for trouble in troubles for each in trouble.episodes), key=_first)
    first = one.kept.episode.first_bad_at
    return now.tongue.tell(
        "Newest: {site} on {network}, since {first}.",
        site=Piece(site_name(one.url)),
        network=short(names.get(one.network_key) or network_of(one), now.tongue),
        first=Piece(now.when(first), at=first),
    )


def _first(one: Placed) -> float:
    return one.kept.episode.first_bad_at.timestamp()


def site(url: str, states: Sequence[tuple[Network, State]], *, ever: bool, now: Local) -> Sentence:
    """The first sentence of a site's page."""
    tell, name = now.tongue.tell, site_name(url)
    if not states and ever:
        return tell("{site} was not measured in this time.", site=name)
    if not states:
        return tell("{site} was not measured yet.", site=name)
    told = [one for one in states if one[1].kind is not None and not one[1].stale]
    if not told:
        return tell("How {site} is now is not known: no check is new enough.", site=name)
    parts: list[Sentence] = []
    for verdict in (Verdict.BLOCKED, Verdict.THROTTLED, Verdict.DOWN):
        of = [one for one in told if one[1].kind and one[1].kind.verdict is verdict]
        if of:
            parts.append(_on(of, verdict, len(told), now))
    if not parts:
        fine = sum(1 for _, one in told if one.kind and one.kind.verdict is Verdict.ACCESSIBLE)
        said = Piece(state(Verdict.ACCESSIBLE, None, now.tongue), "fine")
        return tell("{site} {told}.", site=name, told=tell("{state} {where}", state=said,
                                                           where=_some(fine, len(told), now.tongue)))  # fmt: skip
    joined = parts[0]
    for part in parts[1:]:
        joined = tell("{one}, and {other}", one=joined, other=part)
    return tell("{site} {told}.", site=name, told=joined)


def _on(of: Sequence[tuple[Network, State]], verdict: Verdict, total: int, now: Local) -> Sentence:
    """As in "is blocked on Kcell, since 14:10"."""
    spoken = now.tongue
    confidences = [one.confidence for _, one in of]
    best = next((one for one in ("confirmed", "likely", "weak") if one in confidences), None)
    if len(of) == total > 1:
        where = spoken.count("on all {count} network that was looked from",
                             "on all {count} networks that were looked from", total)  # fmt: skip
    else:
        named = [short(network, spoken) for network, _ in of]
        where = _where(named, spoken) if len(of) <= _MOST_NAMES else _some(len(of), total, spoken)
    said = spoken.tell("{state} {where}", state=Piece(state(verdict, best, spoken), CSS.get(verdict, "")), where=where)
    firsts = [one.episode.first_bad_at for _, one in of if one.episode]
    if firsts:
        since = Piece(now.when(min(firsts)), at=min(firsts))
        return spoken.tell("{told}, since {since}", told=said, since=since)
    return said


def _where(names: Sequence[str], tongue: Tongue) -> str:
    """On networks with these names; the names are listed, not counted."""
    return tongue.count("on {networks}", "on {networks}", min(len(names), 2), networks=", ".join(names))


def _some(some: int, total: int, tongue: Tongue) -> str:
    return tongue.count("on {some} of {count} network", "on {some} of {count} networks", total, some=some)


def network(found: Network, states: Sequence[State], vantages: int, now: Local, *, down: Event | None) -> Sentence:
    """The first sentence of a network's page."""
    spoken, name = now.tongue, called(found, now.tongue)
    if down is not None:
        since = Piece(now.when(down.first_bad_at), at=down.first_bad_at)
        return spoken.tell("{down} since {since}: nothing on {network} can be told meanwhile.",
                           down=Piece(spoken.say("There is an outage"), "bad"), since=since, network=name)  # fmt: skip
    told = [one for one in states if one.kind is not None and not one.stale]
    if not told:
        return spoken.tell("Nothing was measured on {network} of late.", network=name)
    counts = {verdict: sum(one.kind is not None and one.kind.verdict is verdict for one in told) for verdict in Verdict}
    blocked = Piece(
        spoken.count("{some} of {count} site is blocked", "{some} of {count} sites are blocked", len(told),
                     some=counts[Verdict.BLOCKED]), "bad" if counts[Verdict.BLOCKED] else "")  # fmt: skip
    if counts[Verdict.THROTTLED]:
        slow = Piece(spoken.count("{count} throttled", "{count} throttled", counts[Verdict.THROTTLED]), "slow")
        said = spoken.tell("On {network}, {blocked} and {throttled}.", network=name, blocked=blocked, throttled=slow)
    else:
        said = spoken.tell("On {network}, {blocked}.", network=name, blocked=blocked)
    looked = spoken.count("{count} vantage looks from there.", "{count} vantages look from there.", vantages)
    return (*said, Piece(" "), Piece(looked))


def event(found: Event, now: Local) -> Sentence:
    """What an event is, in one sentence."""
    spoken = now.tongue
    names = [short(named(network), spoken) for network in found.networks]
    over = found.closed_at is not None
    if found.kind in {EventKind.BLOCKING, EventKind.THROTTLING}:
        said = _sites(found, names, spoken, over=over)
    else:
        networks = _listed(names, P_("{count} network", "{count} networks"), spoken)
        said = spoken.tell(_WIDE[found.kind, over], networks=networks, vantage=found.vantage or "")
    since = Piece(now.when(found.first_bad_at), at=found.first_bad_at)
    if over:
        last = found.first_good_at or found.last_bad_at
        return spoken.tell(
            "{told}, from {since} to {last}.", told=said, since=since, last=Piece(now.when(last), at=last)
        )
    return spoken.tell("{told} since {since}.", told=said, since=since)


def _sites(found: Event, names: Sequence[str], tongue: Tongue, *, over: bool) -> Sentence:
    """As in "ratel.kz is likely blocked on 4 networks"."""
    verdict = Verdict.BLOCKED if found.kind is EventKind.BLOCKING else Verdict.THROTTLED
    many = len(names) > _MOST_NAMES
    where = tongue.count("on {count} network", "on {count} networks", len(names)) if many else _where(names, tongue)
    return tongue.tell(
        "{site} {told}",
        site=_listed([site_name(url) for url in found.urls], P_("{count} site", "{count} sites"), tongue),
        told=tongue.tell(
            "{state} {where}",
            state=Piece(state(verdict, found.confidence, tongue, then=over, sites=len(found.urls)), CSS[verdict]),
            where=where,
        ),
    )


def words_of(found: Event) -> str:
    """Its kind in words, to be said."""
    return EVENTS[found.kind]


def _listed(names: Sequence[str], many: tuple[str, str], tongue: Tongue) -> str:
    return ", ".join(names) if len(names) <= _MOST_NAMES else tongue.count(*many, len(names))


def vantage(name: str, checks: int, network_: Network | None, now: Local) -> Sentence:
    """The first sentence of a vantage's page."""
    if not checks:
        return now.tongue.tell("{name} was not heard of in this time.", name=name)
    return now.tongue.tell_count("{name} looks from {network}; {count} check in this time.",
                                 "{name} looks from {network}; {count} checks in this time.",
                                 checks, name=name, network=called(network_, now.tongue))  # fmt: skip


def episode(one: Placed, network_: Network, now: Local) -> Sentence:
    """The first sentence of an episode's page."""
    tell, found = now.tongue.tell, one.kept.episode
    verdict = Verdict.BLOCKED if found.kind is EpisodeKind.BLOCKING else Verdict.THROTTLED
    told = state(verdict, one.kept.confidence, now.tongue, then=found.closed_at is not None)
    parts: dict[str, str | Piece] = {
        "network": called(network_, now.tongue),
        "site": site_name(one.url),
        "state": Piece(told, CSS[verdict]),
    }
    if found.intermittent:
        said = tell("On {network}, {site} {state} in some of the checks", **parts)
    else:
        said = tell("On {network}, {site} {state}", **parts)
    if not found.mechanisms:
        return (*said, Piece("."))
    return tell("{told}: {how}.", told=said, how=now.tongue.say(words.mechanism(found.mechanisms[0])))
