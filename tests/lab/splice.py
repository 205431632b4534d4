"""Handing an open TCP connection over to another server, without the client noticing: the work of a man in the middle.

The other server is opened with the client's own numbers, and what the client has said is said to it again; from then
on sequence numbers are moved by the difference between the two servers. This holds only without timestamps and SACK,
which carry numbers too: `PLAIN_SYN` says which options a SYN must lose beforehand.
"""

from tests.lab import packets
from tests.lab.forgery import Line
from tests.lab.packets import ACK, PSH, RST, SEGMENT_BYTES, SYN, Packet

PLAIN_SYN = frozenset({4, 8})


class Splice:
    def __init__(self, opening: Packet, at: Packet, said: bytes, to: bytes, hop: int, line: Line) -> None:
        """`said` is what the client sent and nobody has answered yet; `at` is the segment that ends it."""
        self._opening, self._at, self._said, self._to = opening, at, said, to
        self._hop, self._line = hop, line
        self._ports = (opening.source_port, opening.target_port)
        self._begins = at.next_sequence - len(said)
        self._shift: int | None = None
        line.to_server(packets.tcp(at.source, at.target, self._ports, at.sequence, at.acknowledged, RST | ACK), hop)

    def up(self, raw: bytes) -> bytes | None:
        if self._shift is not None:
            return packets.with_sequence_shift(packets.with_target(raw, self._to), acknowledged=-self._shift)
        if packets.read(raw).payload:
            syn = packets.without_options(packets.with_target(self._opening.raw, self._to), PLAIN_SYN)
            self._line.to_server(
                packets.with_sequence_shift(syn, sequence=self._begins - 1 - self._opening.sequence), self._hop
            )
        return None

    def down(self, raw: bytes) -> bytes | None:
        if raw[12:16] != self._to:
            return None  # the true server's last words
        packet = packets.read(raw)
        if packet.flags & SYN:
            self._join(packet)
            return None
        if self._shift is None:
            return None
        return packets.with_sequence_shift(packets.with_source(raw, self._opening.target), sequence=self._shift)

    def _join(self, answer: Packet) -> None:
        self._shift = self._at.acknowledged - answer.next_sequence
        for at in range(0, len(self._said), SEGMENT_BYTES):
            piece = self._said[at : at + SEGMENT_BYTES]
            numbers = (self._begins + at, answer.next_sequence)
            self._line.to_server(
                packets.tcp(self._opening.source, self._to, self._ports, *numbers, ACK | PSH, piece), self._hop
            )
