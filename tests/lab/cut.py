"""Ending a flow in the midst of what the server says: a forged RST or FIN behind so many bytes.

The last packet that may pass and the forgery leave together, so that nothing can come between them.
"""

from tests.lab import packets
from tests.lab.forgery import Line
from tests.lab.packets import ACK, FIN, RST, SYN, TCP
from tests.lab.rules import Cutting, ResetAfter


class Cutter:
    """A spoiler: how much later a packet comes, or `None` for never."""

    def __init__(self, action: Cutting, hop: int, line: Line) -> None:
        self._left, self._hop, self._line = action.after_bytes, hop, line
        self._flags = (RST if isinstance(action, ResetAfter) else FIN) | ACK
        self._done = False

    def up(self, raw: bytes, now: float) -> float | None:  # noqa: ARG002 - the protocol's shape
        return None if self._done else 0.0

    def down(self, raw: bytes, now: float) -> float | None:  # noqa: ARG002
        if self._done:
            return None
        packet = packets.read(raw)
        self._left -= len(packet.payload)
        if packet.protocol != TCP or self._left > 0 or not (packet.payload or packet.flags & SYN):
            return 0.0
        self._done = True
        ports = (packet.source_port, packet.target_port)
        numbers = (packet.next_sequence, packet.acknowledged)
        self._line.behind(raw, self._hop)
        self._line.behind(packets.tcp(packet.source, packet.target, ports, *numbers, self._flags), self._hop)
        return None
