"""The censor on the path: reads what the client sends, and carries out the rules.

It never waits and owns no socket: packets come in and go on or not, forged ones leave through `Line`.
"""

import random
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from tests.lab import packets, sniff
from tests.lab.cut import Cutter
from tests.lab.flows import MOST_BYTES, Flow, Stream
from tests.lab.forgery import Line, answer
from tests.lab.packets import ACK, RST, SYN, TCP, UDP, Packet
from tests.lab.rules import (
    Address,
    CloseAfter,
    Degrade,
    Everything,
    Forge,
    Freeze,
    Hit,
    Host,
    Lose,
    Nat,
    Police,
    Port,
    Query,
    ResetAfter,
    Rule,
    Shape,
    Sni,
)
from tests.lab.splice import PLAIN_SYN, Splice
from tests.lab.spoil import Spoiler, spoiler

Passed = tuple[bytes, float] | None
"""The packet that goes on, and how much later; or nothing."""

MOST_FLOWS = 50_000
MOST_HITS = 100_000


def _named(pattern: str, name: str) -> bool:
    pattern = pattern.lower()
    if pattern == "*":
        return True
    if pattern.startswith("*."):
        return name == pattern[2:] or name.endswith(pattern[1:])
    return name == pattern


class Censor:
    def __init__(self, rules: Sequence[Rule], line: Line, *, hops: int, seed: int) -> None:
        self._middle, self._hops, self._line = (hops + 1) // 2, hops, line
        self._chance = random.Random(seed)
        self.hits: list[Hit] = []
        self.set_rules(rules)

    def set_rules(self, rules: Iterable[Rule]) -> None:
        """New orders hold for the flows that are open too; what was read of them is forgotten."""
        self._rules = list(enumerate(rules))
        self._splices = any(isinstance(r.then, Nat) and isinstance(r.when, Sni | Host) for _, r in self._rules)
        self._tcp: dict[bytes, Flow] = {}
        self._other: dict[bytes, Flow] = {}
        self._shared: dict[int, Spoiler] = {}
        self._occurrences: dict[int, int] = {}
        self._residual: dict[tuple[bytes, int], tuple[float, int, Rule]] = {}

    # --- packets

    def up(self, raw: bytes, now: float) -> Passed:
        """A packet from the client."""
        if raw[0] != 0x45:
            return raw, 0.0
        table, key = self._place(raw, raw[12:24])
        flow = table.get(key)
        if flow is None or (raw[9] == TCP and raw[33] & (SYN | ACK) == SYN and raw[24:28] != flow.opening.raw[24:28]):
            flow = self._open(raw, table, key, now)
        if flow.plain:
            return raw, 0.0
        if self._splices and raw[9] == TCP and raw[33] & SYN:
            raw = packets.without_options(raw, PLAIN_SYN)
        return self._up_judged(flow, raw, now)

    def down(self, raw: bytes, now: float) -> Passed:
        """A packet to the client."""
        if raw[0] != 0x45:
            return raw, 0.0
        table, key = self._place(raw, raw[16:20] + raw[12:16] + raw[22:24] + raw[20:22])
        flow = table.get(key)
        if flow is None or flow.plain:
            return raw, 0.0
        if flow.ending is not None:
            return None
        extra = 0.0
        for each in flow.spoilers.values():
            later = each.down(raw, now)
            if later is None:
                return None
            extra += later
        turned = _turned_down(flow, raw)
        return None if turned is None else (turned, extra)

    def _place(self, raw: bytes, key: bytes) -> tuple[dict[bytes, Flow], bytes]:
        if raw[9] == TCP:
            return self._tcp, key
        return self._other, (b"\x11" + key if raw[9] == UDP else key[:8])

    def _open(self, raw: bytes, table: dict[bytes, Flow], key: bytes, now: float) -> Flow:
        if packets.is_partial(raw):
            return Flow(packets.read_addresses(raw))
        packet = packets.read(raw)
        flow = Flow(packet)
        if packet.protocol == TCP and packet.flags & SYN:
            flow.stream = Stream(packet.next_sequence)
        flow.watched = self._worth_watching(packet)
        self._judge(flow, packet, now, partial(_by_address, packet=packet))
        self._judge_residual(flow, packet, now)
        flow.settle()
        if raw[8] > self._hops:
            if len(table) > MOST_FLOWS:
                table.clear()
            table[key] = flow
        return flow

    def _worth_watching(self, packet: Packet) -> bool:
        kinds = {type(rule.when) for _, rule in self._rules}
        if packet.protocol == UDP:
            return packet.target_port == 53 and Query in kinds
        return packet.protocol == TCP and bool(kinds & {Sni, Host, Query})

    def _up_judged(self, flow: Flow, raw: bytes, now: float) -> Passed:
        packet: Packet | None = None
        if flow.ending is None and flow.watched:
            packet = packets.read(raw)
            if packet.payload and self._read_payload(flow, packet, now):
                return None
        if flow.ending is not None and raw[8] >= self._hop(flow.ending):
            self._answer(flow.ending, packet or packets.read(raw))
            return None
        extra = 0.0
        for each in flow.spoilers.values():
            later = each.up(raw, now)
            if later is None:
                return None
            extra += later
        turned = _turned_up(flow, raw)
        return None if turned is None else (turned, extra)

    # --- reading

    def _read_payload(self, flow: Flow, packet: Packet, now: float) -> bool:
        """Whether the packet was swallowed (a DNS query; a flow that ends says so itself)."""
        if packet.protocol == UDP:
            name = sniff.question(packet.payload)
            return name is not None and self._judge_query(flow, packet, name, now)
        if packet.raw[8] <= self._hops:  # it dies on the way: judged on its own, and not remembered
            self._judge_stream(flow, packet, packet.payload, now)
        elif flow.stream is not None and flow.stream.add(packet):
            done = self._judge_stream(flow, packet, flow.stream.ready, now)
            if done or len(flow.stream.ready) > MOST_BYTES:
                flow.watched = packet.target_port in (53, 80) and flow.ending is None
                flow.stream.restart()
                flow.settle()
        return False

    def _judge_stream(self, flow: Flow, packet: Packet, stream: bytes, now: float) -> bool:
        """Whether all that these bytes can say has been said."""
        readers: list[tuple[type, Callable[[bytes], sniff.Reading]]] = [(Sni, sniff.sni)]
        if packet.target_port == 80:
            readers.append((Host, sniff.host))
        if packet.target_port == 53:
            readers = [(Query, _tcp_question)]
        done = True
        for kind, reader in readers:
            name = reader(stream)
            if name is sniff.MORE:
                done = False
            elif isinstance(name, str):
                self._judge(flow, packet, now, partial(_by_name, kind=kind, name=name, packet=packet))
        return done

    def _judge_query(self, flow: Flow, packet: Packet, name: str, now: float) -> bool:
        flow.met.clear()  # each query is an occurrence of its own
        self._judge(flow, packet, now, partial(_by_name, kind=Query, name=name, packet=packet))
        flow.settle()
        rule, flow.ending = flow.ending, None
        flow.settle()
        if rule is None:
            return False
        self._answer(rule, packet)
        return not (isinstance(rule.then, Forge) and rule.then.truth_follows)

    # --- judging

    def _judge(self, flow: Flow, packet: Packet, now: float, subject: Callable[[Rule], str | None]) -> None:
        for number, rule in self._rules:
            if number in flow.met or packet.raw[8] < self._hop(rule):
                continue
            on = subject(rule)
            if on is None:
                continue
            flow.met.add(number)
            if self._draws(number, rule):
                self._apply(flow, number, rule, packet, on, now)
                if flow.ending is not None:
                    return

    def _draws(self, number: int, rule: Rule) -> bool:
        if rule.probability < 1 and self._chance.random() >= rule.probability:
            return False
        self._occurrences[number] = self._occurrences.get(number, 0) + 1
        return rule.first is None or self._occurrences[number] <= rule.first

    def _judge_residual(self, flow: Flow, packet: Packet, now: float) -> None:
        until, number, rule = self._residual.get((packet.target, packet.target_port), (0.0, 0, None))
        if rule is not None and now < until and flow.ending is None:
            self._apply(flow, number, rule, packet, _endpoint(packet), now, residual=True)

    def _apply(
        self, flow: Flow, number: int, rule: Rule, packet: Packet, on: str, now: float, *, residual: bool = False
    ) -> None:
        if len(self.hits) < MOST_HITS:
            self.hits.append(Hit(rule, on, packet.source_port, packets.text(packet.target), now, residual))
        match rule.then:
            case Nat(ip):
                self._turn(flow, packets.address(ip), rule, packet)
            case ResetAfter() | CloseAfter() as then:
                flow.spoilers.setdefault(number, Cutter(then, self._hop(rule), self._line))
            case Freeze() | Lose() | Shape() | Police() | Degrade() as then:
                fresh = spoiler(then, self._chance)
                shared = isinstance(then, Shape | Police) and then.shared
                flow.spoilers.setdefault(number, self._shared.setdefault(number, fresh) if shared else fresh)
            case _:
                flow.ending = rule
        flow.settle()
        if rule.residual_s and not residual:
            self._begin_residual(number, rule, packet, now)

    def _turn(self, flow: Flow, to: bytes, rule: Rule, packet: Packet) -> None:
        """Send the flow elsewhere: from its first packet, or, once a name was read, in the midst of it."""
        if packet is flow.opening:
            flow.nat = to
        elif flow.stream is not None:
            flow.splice = Splice(flow.opening, packet, flow.stream.ready, to, self._hop(rule), self._line)
        else:
            return
        table, key = self._place(packet.raw, packet.raw[12:16] + to + packet.raw[20:24])
        table[key] = flow

    def _begin_residual(self, number: int, rule: Rule, packet: Packet, now: float) -> None:
        place = (packet.target, packet.target_port)
        self._residual[place] = (now + rule.residual_s, number, rule)
        for flow in list(self._tcp.values()):
            if (flow.opening.target, flow.opening.target_port) == place and flow.ending is None:
                self._apply(flow, number, rule, flow.opening, _endpoint(flow.opening), now, residual=True)

    def _answer(self, rule: Rule, packet: Packet) -> None:
        """Said again to each packet that wants an answer, since the first may have been lost."""
        if packet.protocol == TCP and (packet.flags & RST or not (packet.payload or packet.flags & SYN)):
            return
        answer(rule.then, packet, self._hop(rule), self._line)

    def _hop(self, rule: Rule) -> int:
        return rule.hop or self._middle


def _endpoint(packet: Packet) -> str:
    return f"{packets.text(packet.target)}:{packet.target_port}"


def _tcp_question(stream: bytes) -> sniff.Reading:
    if len(stream) < 2 or len(stream) < 2 + int.from_bytes(stream[:2], "big"):
        return sniff.MORE
    return sniff.question(stream[2:])


def _by_name(rule: Rule, kind: type, name: str, packet: Packet) -> str | None:
    when = rule.when
    if not isinstance(when, kind) or not isinstance(when, Sni | Host | Query) or not _named(when.name, name):
        return None
    if isinstance(when, Query):
        if when.resolver not in (None, packets.text(packet.target)):
            return None
        if packet.protocol == TCP and not when.tcp:
            return None
    return name


def _by_address(rule: Rule, packet: Packet) -> str | None:
    match rule.when:
        case Everything():
            return _endpoint(packet)
        case Address(ip, port) if packets.address(ip) == packet.target and port in (None, packet.target_port):
            return _endpoint(packet)
        case Port(number) if number == packet.target_port:
            return _endpoint(packet)
    return None


def _turned_up(flow: Flow, raw: bytes) -> bytes | None:
    if flow.splice is not None:
        return flow.splice.up(raw)
    return raw if flow.nat is None else packets.with_target(raw, flow.nat)


def _turned_down(flow: Flow, raw: bytes) -> bytes | None:
    if flow.splice is not None:
        return flow.splice.down(raw)
    return raw if flow.nat is None else packets.with_source(raw, flow.opening.target)
