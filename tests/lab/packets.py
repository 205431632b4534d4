"""IPv4, TCP, UDP and ICMP packets: reading them, forging them, changing an address in them.

No sockets, no clock, no rules: bytes in, bytes out. Checksums are always right.
"""

import socket
import struct
from dataclasses import dataclass

ICMP, TCP, UDP = 1, 6, 17
FIN, SYN, RST, PSH, ACK = 0x01, 0x02, 0x04, 0x08, 0x10
TIME_EXCEEDED, UNREACHABLE = 11, 3
SEGMENT_BYTES = 1400


def address(text: str) -> bytes:
    return socket.inet_aton(text)


def text(address: bytes) -> str:
    return socket.inet_ntoa(address)


@dataclass(frozen=True, slots=True)
class Packet:
    """A whole IPv4 packet taken apart. Fields that its protocol lacks are zero."""

    raw: bytes
    protocol: int
    source: bytes
    target: bytes
    source_port: int
    target_port: int
    sequence: int
    acknowledged: int
    flags: int
    payload: bytes

    @property
    def next_sequence(self) -> int:
        taken = len(self.payload) + bool(self.flags & SYN) + bool(self.flags & FIN)
        return (self.sequence + taken) & 0xFFFF_FFFF


def is_partial(raw: bytes) -> bool:
    """A fragment, or cut short: its ports and payload cannot be relied on."""
    fragment = int.from_bytes(raw[6:8], "big") & 0x3FFF
    return bool(fragment) or len(raw) < (raw[0] & 0x0F) * 4 + {TCP: 20, UDP: 8}.get(raw[9], 0)


def read_addresses(raw: bytes) -> Packet:
    start, end = (raw[0] & 0x0F) * 4, int.from_bytes(raw[2:4], "big")
    return Packet(raw, raw[9], raw[12:16], raw[16:20], 0, 0, 0, 0, 0, raw[start:end])


def read(raw: bytes) -> Packet:
    start = (raw[0] & 0x0F) * 4
    end = int.from_bytes(raw[2:4], "big")
    protocol, source, target = raw[9], raw[12:16], raw[16:20]
    if protocol == TCP:
        sport, dport, seq, ack, offset, flags = struct.unpack_from("!HHIIBB", raw, start)
        return Packet(raw, TCP, source, target, sport, dport, seq, ack, flags, raw[start + (offset >> 4) * 4 : end])
    if protocol == UDP:
        sport, dport = struct.unpack_from("!HH", raw, start)
        return Packet(raw, UDP, source, target, sport, dport, 0, 0, 0, raw[start + 8 : end])
    return read_addresses(raw)


def checksum(data: bytes) -> int:
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ip(protocol: int, source: bytes, target: bytes, body: bytes, *, ttl: int = 64) -> bytes:
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(body), 0, 0, ttl, protocol, 0, source, target)
    return head[:10] + checksum(head).to_bytes(2, "big") + head[12:] + body


def _pseudo_head(protocol: int, source: bytes, target: bytes, size: int) -> bytes:
    return struct.pack("!4s4sBBH", source, target, 0, protocol, size)


def tcp_answer(
    to: Packet, flags: int, payload: bytes = b"", *, ttl: int = 64, sequence: int | None = None, acks: int | None = None
) -> bytes:
    """A segment that seems to come from the peer `to` was sent to."""
    if sequence is None:
        sequence = to.acknowledged if to.flags & ACK else 0
    acknowledged = to.next_sequence if acks is None else acks
    ports = (to.target_port, to.source_port)
    return tcp(to.target, to.source, ports, sequence, acknowledged, flags, payload, ttl=ttl)


def tcp(
    source: bytes,
    target: bytes,
    ports: tuple[int, int],
    sequence: int,
    acknowledged: int,
    flags: int,
    payload: bytes = b"",
    *,
    ttl: int = 64,
    window: int = 0xFFFF,
) -> bytes:
    numbers = (*ports, sequence & 0xFFFF_FFFF, acknowledged & 0xFFFF_FFFF, 0x50, flags, window)
    body = struct.pack("!HHIIBBHHH", *numbers, 0, 0) + payload
    found = checksum(_pseudo_head(TCP, source, target, len(body)) + body)
    return ip(TCP, source, target, body[:16] + found.to_bytes(2, "big") + body[18:], ttl=ttl)


def udp_answer(to: Packet, payload: bytes, *, ttl: int = 64) -> bytes:
    size = 8 + len(payload)
    body = struct.pack("!HHHH", to.target_port, to.source_port, size, 0) + payload
    found = checksum(_pseudo_head(UDP, to.target, to.source, size) + body) or 0xFFFF
    return ip(UDP, to.target, to.source, body[:6] + found.to_bytes(2, "big") + body[8:], ttl=ttl)


def icmp_error(about: bytes, kind: int, code: int, source: bytes, *, ttl: int = 64) -> bytes:
    """What a router at `source` tells the sender of the packet `about`."""
    body = struct.pack("!BBHI", kind, code, 0, 0) + about[:128]
    body = body[:2] + checksum(body).to_bytes(2, "big") + body[4:]
    return ip(ICMP, source, about[12:16], body, ttl=ttl)


def lower_ttl(raw: bytes, by: int) -> bytes:
    """The packet after `by` routers. Only the IP head changes, so its checksum is adjusted in place."""
    data = bytearray(raw)
    data[8] -= by
    found = (data[10] << 8 | data[11]) + (by << 8)
    if found > 0xFFFF:
        found -= 0xFFFF
    data[10] = found >> 8
    data[11] = found & 0xFF
    return bytes(data)


def _patch(data: bytearray, at: int, new: bytes, checksums: tuple[int, ...]) -> None:
    """Write `new` (whole 16-bit words) and adjust the checksums that cover it (RFC 1624)."""
    change = 0
    for i in range(0, len(new), 2):
        change += (~(data[at + i] << 8 | data[at + i + 1]) & 0xFFFF) + (new[i] << 8 | new[i + 1])
    for place in checksums:
        total = (~(data[place] << 8 | data[place + 1]) & 0xFFFF) + change
        while total > 0xFFFF:
            total = (total & 0xFFFF) + (total >> 16)
        total = ~total & 0xFFFF
        data[place], data[place + 1] = total >> 8, total & 0xFF
    data[at : at + len(new)] = new


def _transport_checksum(data: bytearray) -> tuple[int, ...]:
    start = (data[0] & 0x0F) * 4
    if data[9] == TCP:
        return (start + 16,)
    if data[9] == UDP and (data[start + 6] or data[start + 7]):
        return (start + 6,)
    return ()


def with_source(raw: bytes, source: bytes) -> bytes:
    data = bytearray(raw)
    _patch(data, 12, source, (10, *_transport_checksum(data)))
    return bytes(data)


def with_target(raw: bytes, target: bytes) -> bytes:
    data = bytearray(raw)
    _patch(data, 16, target, (10, *_transport_checksum(data)))
    return bytes(data)


def with_sequence_shift(raw: bytes, *, sequence: int = 0, acknowledged: int = 0) -> bytes:
    """The TCP segment with its numbers moved, as a box between two connections must."""
    data = bytearray(raw)
    start = (data[0] & 0x0F) * 4
    for at, shift in ((start + 4, sequence), (start + 8, acknowledged)):
        if shift:
            moved = (int.from_bytes(data[at : at + 4], "big") + shift) & 0xFFFF_FFFF
            _patch(data, at, moved.to_bytes(4, "big"), (start + 16,))
    return bytes(data)


def without_options(raw: bytes, kinds: frozenset[int]) -> bytes:
    """The TCP segment with options of these kinds turned into no-operations."""
    data = bytearray(raw)
    start = (data[0] & 0x0F) * 4
    end = start + (data[start + 12] >> 4) * 4
    options, at = bytearray(data[start + 20 : end]), 0
    while at < len(options) and options[at] != 0:
        size = 1 if options[at] == 1 else options[at + 1]
        if options[at] in kinds:
            options[at : at + size] = b"\x01" * size
        at += size
    _patch(data, start + 20, bytes(options), (start + 16,))
    return bytes(data)
