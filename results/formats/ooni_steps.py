"""OONI's records of lookups, connections and handshakes, as steps of ours, each at its hop.

Since 0.5 a record is marked with its hop; before, it is known by the name or the port. Requests are read in
ooni_pages.py, the control in ooni_control.py.
"""

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import idna

from results.certificates import certificates
from results.failure import DNS_SILENCE, Failure
from results.formats.ooni_failures import detail_of, failure_of
from results.formats.ooni_values import (
    asn,
    depth,
    endpoint,
    fields,
    ip_and_port,
    rows,
    seconds,
    span,
    text,
    transaction,
    unpacked,
    whole,
)
from results.hops import split
from results.records import Aim, DnsAnswer, DnsStep, Source, TcpStep, TlsStep, Via, is_address

_ENCRYPTED = frozenset({"doh", "dot", "doh3", "doq"})
_OTHER_RESOLVERS = frozenset({"udp", "tcp"})  # one of some public ones, chosen at random
_ASKED = ("A", "ANY", "AAAA", "")  # in the order in which their failures count
_CHAIN_MAX = 16
EVENTS_MAX = 10_000
UNRECORDED = "not recorded: what came after it tells"  # the words of a step that is put in


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One URL of the chain."""

    number: int
    url: str
    scheme: str
    host: str  # in lower case and ASCII, as it is resolved
    port: int

    @property
    def named(self) -> str:
        """The endpoint of which only the name is known."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def hop(number: int, url: str) -> Hop:
    """A URL with its parts; without a host where it can't be read."""
    parts = split(url)
    try:
        port = parts.port
    except ValueError:
        port = None
    standard = 443 if parts.scheme == "https" else 80
    host = ascii_name(parts.hostname or "")
    return Hop(number=number, url=url, scheme=parts.scheme, host=host, port=port or standard)


@lru_cache(maxsize=4096)
def ascii_name(host: str) -> str:
    """A name as it is asked for in the DNS; as it was given where it can't be one."""
    name = host.rstrip(".").lower()
    if name.isascii():
        return name
    try:
        return idna.encode(name, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        return name


@dataclass(slots=True)
class Named:
    """Which addresses a name has, and who says so."""

    system: set[str] = field(default_factory=set)
    trusted: set[str] = field(default_factory=set)
    others: set[str] = field(default_factory=set)
    control: set[str] = field(default_factory=set)
    asked: bool = False  # whether the system's resolver's answer is recorded

    @property
    def agreed(self) -> set[str]:
        """What the system's resolver and another one both say."""
        return self.system & (self.trusted | self.others)

    def source(self, ip: str, host: str) -> Source | None:
        """Who said that an address is the site's; None where only an unencrypted resolver did, which anyone may be."""
        if is_address(host):
            return Source.LITERAL
        if ip in self.system or not self.asked:
            return Source.SYSTEM
        if ip in self.trusted:
            return Source.TRUSTED
        return Source.CONTROL if ip in self.control else None


# Lookups


def lookups(test_keys: Mapping[str, Any], hops: Iterable[Hop]) -> list[DnsStep]:
    """A name's lookups; what was asked of one resolver for IPv4 and for IPv6 is one step."""
    chain = list(hops)
    queries = [*rows(test_keys.get("queries")), *rows(fields(test_keys.get("x_doh")).get("queries"))]
    late = rows(test_keys.get("x_dns_duplicate_responses"))
    together: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    for query in queries:
        place, via = _asked_at(query, chain), _via(query)
        kind = text(query.get("query_type")).upper()
        if place is not None and kind in _ASKED:
            resolver = "" if via is Via.SYSTEM else text(query.get("resolver_address"))
            together[place.number, via, resolver, transaction(query)].append(query)
    return [
        _lookup(sorted(asked, key=_order), chain[number], via, resolver, [row for row in late if _later(row, asked)])
        for (number, via, resolver, _), asked in together.items()
        if any(map(_tells, asked))
    ]


def _tells(query: Mapping[str, Any]) -> bool:
    """Whether a query has an outcome: neither an answer nor a failure is a record with a hole, not an empty answer."""
    return failure_of(query.get("failure")) is not None or bool(_addresses(query))


def _order(query: Mapping[str, Any]) -> int:
    return _ASKED.index(text(query.get("query_type")).upper())


def _later(row: Mapping[str, Any], asked: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a row is a further answer to one of these queries."""
    same = ("transaction_id", "resolver_address", "query_type", "hostname")
    return any(all(row.get(key) == query.get(key) for key in same) for query in asked)


def _asked_at(query: Mapping[str, Any], chain: list[Hop]) -> Hop | None:
    """The hop that a name was asked for; None where it is no hop's, as a resolver's own name."""
    name, marked = ascii_name(text(query.get("hostname"))), depth(query)
    named = [hop for hop in chain if hop.host == name]
    return next((hop for hop in named if hop.number == marked), named[0] if named else None)


def _via(query: Mapping[str, Any]) -> Via:
    engine = text(query.get("engine")).lower()
    address = text(query.get("resolver_address"))
    if engine in _ENCRYPTED or address.startswith(("https://", "dot://")):
        return Via.TRUSTED
    if engine in _OTHER_RESOLVERS or (not engine and text(query.get("resolver_hostname"))):
        return Via.EXTRA
    return Via.SYSTEM


def _lookup(
    asked: list[dict[str, Any]], hop: Hop, via: Via, resolver: str, late: Iterable[Mapping[str, Any]]
) -> DnsStep:
    spans = [span(query) for query in asked]
    addresses = tuple(dict.fromkeys(ip for query in asked for ip in _addresses(query)))
    failed = [(failure_of(query.get("failure")), query) for query in asked]
    said = [pair for pair in failed if pair[0] not in {None, Failure.DNS_NO_ANSWER}] or failed
    failure = None if addresses else said[0][0] or Failure.DNS_NO_ANSWER
    ended = max(t for _, t in spans)
    first = DnsAnswer(t=ended, failure=failure, addresses=addresses)
    return DnsStep(
        endpoint=_resolver(via, resolver),
        t0=min(t0 for t0, _ in spans),
        t=ended,
        failure=failure,
        detail="" if failure is None else detail_of(said[0][1].get("failure")),
        hop=hop.number,
        name=hop.host,
        via=via,
        answers=() if failure in DNS_SILENCE else (first, *map(_answer, late)),
    )


def _answer(row: Mapping[str, Any]) -> DnsAnswer:
    found = tuple(_addresses(row))
    failure = None if found else failure_of(row.get("failure")) or Failure.DNS_NO_ANSWER
    return DnsAnswer(t=span(row)[1], failure=failure, addresses=found)


def _addresses(query: Mapping[str, Any]) -> list[str]:
    """The addresses of an answer. OONI writes the vantage's own as `[scrubbed]`: it stays, and is nobody's."""
    answers = rows(query.get("answers"))
    found = [text(answer.get("ipv4")) or text(answer.get("ipv6")) for answer in answers]
    return [ip for ip in found if ip]


def _resolver(via: Via, address: str) -> str:
    if via is Via.SYSTEM:
        return "system"
    return address if "://" in address or not address else f"udp://{address}"


def named(steps: Iterable[DnsStep], control: Mapping[str, Iterable[str]]) -> dict[str, Named]:
    """By name, which addresses it has. `control`: those that the control was given, by name."""
    known: dict[str, Named] = defaultdict(Named)
    for step in steps:
        one = known[step.name]
        told = {Via.SYSTEM: one.system, Via.TRUSTED: one.trusted}.get(step.via, one.others)
        told.update(ip for answer in step.answers for ip in answer.addresses)
        one.asked = one.asked or step.via is Via.SYSTEM
    for host, addresses in control.items():
        known[host].control.update(addresses)
    return known


def networks(test_keys: Mapping[str, Any]) -> dict[str, int]:
    """The networks that announce the addresses, as far as OONI looked them up."""
    found: dict[str, int] = {}
    for query in [*rows(test_keys.get("queries")), *rows(fields(test_keys.get("x_doh")).get("queries"))]:
        for answer in rows(query.get("answers")):
            _know(found, text(answer.get("ipv4")) or text(answer.get("ipv6")), answer.get("asn"))
    for ip, row in fields(fields(test_keys.get("control")).get("ip_info")).items():
        _know(found, ip, fields(row).get("asn"))
    return found


def _know(found: dict[str, int], ip: str, value: Any) -> None:
    if is_address(ip) and (network := asn(value)) is not None:
        found[ip] = network


# Connections and handshakes


def connections(test_keys: Mapping[str, Any], chain: list[Hop], known: Mapping[str, Named]) -> list[TcpStep]:
    """A connection per row; the same endpoint again is a further attempt. What the program broke off is left out."""
    steps, times = [], Counter[tuple[int, str]]()
    for row in rows(test_keys.get("tcp_connect")):
        status, at = fields(row.get("status")), endpoint(row.get("ip"), row.get("port", ""))
        failure = failure_of(status.get("failure"))
        if failure is None and status.get("success") is False:
            failure = Failure.UNKNOWN
        if not at or failure is Failure.INTERRUPTED:
            continue
        ip, port = ip_and_port(at)
        hop = _dialled_at(row, ip, port, chain, known)
        source = known[hop.host].source(ip, hop.host)
        if source is None:
            continue
        times[hop.number, at] += 1
        t0, t = span(row)
        steps.append(
            TcpStep(
                endpoint=at,
                t0=t0,
                t=t,
                failure=failure,
                detail=detail_of(status.get("failure")),
                hop=hop.number,
                attempt=times[hop.number, at],
                aim=Aim.VISIT if port == hop.port else Aim.OTHER_PORT,
                source=source,
            )
        )
    return steps


def _dialled_at(row: Mapping[str, Any], ip: str, port: int, chain: list[Hop], known: Mapping[str, Named]) -> Hop:
    marked = depth(row)
    if marked is not None and marked < len(chain):
        return chain[marked]
    of_the_name = [hop for hop in chain if hop.port == port and ip in known[hop.host].system]
    return next(iter(of_the_name or [hop for hop in chain if hop.port == port]), chain[0])


def handshakes(
    test_keys: Mapping[str, Any], tcp: list[TcpStep], chain: list[Hop], known: Mapping[str, Named]
) -> list[TcpStep | TlsStep]:
    """The handshake of each connection. Those over UDP, and what the program broke off, are left out.

    Where the connection's own record is lost, one is put before the handshake, which can't be without.
    """
    dialled = {(step.hop, step.endpoint) for step in tcp}
    waiting = [step for step in tcp if step.failure is None]  # connections without their handshake
    received = _received(test_keys)
    steps: list[TcpStep | TlsStep] = []
    for row in rows(test_keys.get("tls_handshakes")):
        at, failure = endpoint(row.get("address")), failure_of(row.get("failure"))
        if not row.get("address"):  # before 0.4 had it: the connections' order is the handshakes'
            at = next((step.endpoint for step in waiting if step.endpoint.endswith(":443")), "")
        if not at or failure is Failure.INTERRUPTED or text(row.get("network")).lower() in {"udp", "quic"}:
            continue
        hop = _shaken_at(row, at, dialled, chain)
        way = next((step for step in waiting if (step.hop, step.endpoint) == (hop.number, at)), None)
        if way is not None:
            waiting.remove(way)
        elif (hop.number, at) not in dialled and (way := _lost_connection(row, at, hop, known)) is not None:
            dialled.add((hop.number, at))
            steps.append(way)
        if way is not None:
            steps.append(_handshake(row, failure, way, hop, received))
    return steps


def _handshake(
    row: Mapping[str, Any],
    failure: Failure | None,
    way: TcpStep,
    hop: Hop,
    received: Mapping[str, list[tuple[float, int]]],
) -> TlsStep:
    t0, t = span(row)
    presented = (unpacked(shown.get("data")) for shown in rows(row.get("peer_certificates"), most=_CHAIN_MAX))
    return TlsStep(
        endpoint=way.endpoint,
        t0=t0,
        t=t,
        failure=failure,
        detail=detail_of(row.get("failure")),
        hop=hop.number,
        attempt=way.attempt,
        aim=way.aim,
        name=text(row.get("server_name")) or hop.host,
        source=way.source,
        version=text(row.get("tls_version")),
        alpn=text(row.get("negotiated_protocol")),
        received_bytes=sum(size for at, size in received.get(transaction(row), ()) if t0 <= at <= t),
        chain=certificates(der for der in presented if der),
    )


def _lost_connection(row: Mapping[str, Any], at: str, hop: Hop, known: Mapping[str, Named]) -> TcpStep | None:
    ip, port = ip_and_port(at)
    source, t0 = known[hop.host].source(ip, hop.host), span(row)[0]
    aim = Aim.VISIT if port == hop.port else Aim.OTHER_PORT
    if source is None:
        return None
    return TcpStep(endpoint=at, t0=t0, t=t0, hop=hop.number, aim=aim, source=source, detail=UNRECORDED)


def _shaken_at(row: Mapping[str, Any], at: str, dialled: Container[tuple[int, str]], chain: list[Hop]) -> Hop:
    marked = depth(row)
    if marked is not None and marked < len(chain):
        return chain[marked]
    name, port = ascii_name(text(row.get("server_name"))), ip_and_port(at)[1]
    there = [hop for hop in chain if (hop.number, at) in dialled]
    fitting = [hop for hop in there or chain if hop.host == name]
    return next(iter([hop for hop in fitting if hop.port == port] or fitting or there), chain[0])


def _received(test_keys: Mapping[str, Any]) -> dict[str, list[tuple[float, int]]]:
    """When how many bytes were read, by the transaction."""
    found: dict[str, list[tuple[float, int]]] = defaultdict(list)
    for event in rows(test_keys.get("network_events"), most=EVENTS_MAX):
        if event.get("operation") != "read":
            continue
        at, size = seconds(event.get("t")), whole(event.get("num_bytes"))
        if at is not None and size is not None and (key := transaction(event)):
            found[key].append((at, size))
    return found
