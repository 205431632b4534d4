"""What the censor sends instead: one forged answer for each action that ends a flow.

Which rule acts is decided elsewhere.
"""

from http import HTTPStatus
from typing import Protocol

from tests.lab import packets, sniff
from tests.lab.packets import ACK, FIN, PSH, RST, TCP, UDP, Packet
from tests.lab.rules import Action, BlockPage, Close, Forge, Redirect, Reset, Say, Unreachable

_UNREACHABLE_CODES = {"net": 0, "host": 1, "port": 3, "admin": 13}
_RCODES = {"NOERROR": 0, "FORMERR": 1, "SERVFAIL": 2, "NXDOMAIN": 3, "NOTIMP": 4, "REFUSED": 5}


class Line(Protocol):
    """Where the censor stands: forged packets leave from a hop, with the TTL they set out with.

    `to_client` is an answer to what the client has just sent; `behind` follows what the server has just sent.
    """

    def to_client(self, raw: bytes, hop: int) -> None: ...
    def to_server(self, raw: bytes, hop: int) -> None: ...
    def behind(self, raw: bytes, hop: int) -> None: ...
    def hop_address(self, hop: int) -> bytes: ...


def answer(action: Action, to: Packet, hop: int, line: Line) -> None:
    """Answer the client's packet `to` as the action says. `Drop` and what does not fit the protocol answer nothing."""
    match action:
        case Forge():
            _forge_dns(action, to, hop, line)
        case Unreachable(kind):
            code = _UNREACHABLE_CODES[kind]
            line.to_client(packets.icmp_error(to.raw, packets.UNREACHABLE, code, line.hop_address(hop)), hop)
        case Reset(both, ttl) if to.protocol == TCP:
            line.to_client(packets.tcp_answer(to, RST | ACK, ttl=ttl), hop)
            if both:
                ports = (to.source_port, to.target_port)
                line.to_server(packets.tcp(to.source, to.target, ports, to.sequence, to.acknowledged, RST | ACK), hop)
        case Close(ttl) if to.protocol == TCP:
            line.to_client(packets.tcp_answer(to, FIN | ACK, ttl=ttl), hop)
        case BlockPage(status, body, headers, ttl) if to.protocol == TCP and to.payload:
            _send_last_words(_http(status, headers, body.encode()), to, hop, line, ttl)
        case Say(payload, ttl) if to.protocol == TCP and to.payload:
            _send_last_words(payload, to, hop, line, ttl)
        case Redirect(location, status, ttl) if to.protocol == TCP and to.payload:
            _send_last_words(_http(status, (("Location", location),), b""), to, hop, line, ttl)


def _forge_dns(action: Forge, to: Packet, hop: int, line: Line) -> None:
    addresses = tuple(map(packets.address, action.addresses))
    rcode = _RCODES[action.rcode]
    if to.protocol == UDP:
        forged = sniff.dns_answer(to.payload, rcode, addresses)
        line.to_client(packets.udp_answer(to, forged, ttl=action.ttl), hop)
    elif to.protocol == TCP and to.payload:
        forged = sniff.dns_answer(to.payload[2:], rcode, addresses)
        _send_last_words(len(forged).to_bytes(2, "big") + forged, to, hop, line, action.ttl)


def _http(status: int, headers: tuple[tuple[str, str], ...], body: bytes) -> bytes:
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
    named = {name.lower() for name, _ in headers}
    lines += [f"{name}: {value}" for name, value in headers]
    lines += [] if "content-type" in named else ["Content-Type: text/html; charset=utf-8"]
    lines += [f"Content-Length: {len(body)}", "Connection: close", "", ""]
    return "\r\n".join(lines).encode() + body


def _send_last_words(said: bytes, to: Packet, hop: int, line: Line, ttl: int) -> None:
    """In segments, the last one with FIN."""
    for at in range(0, len(said), packets.SEGMENT_BYTES):
        piece = said[at : at + packets.SEGMENT_BYTES]
        flags = ACK | PSH | (FIN if at + len(piece) == len(said) else 0)
        line.to_client(packets.tcp_answer(to, flags, piece, ttl=ttl, sequence=to.acknowledged + at), hop)
