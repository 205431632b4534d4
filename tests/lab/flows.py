"""What the censor remembers of a flow, and the little reassembly it does. No rules are judged here."""

from dataclasses import dataclass, field

from tests.lab.packets import Packet
from tests.lab.rules import Rule
from tests.lab.splice import Splice
from tests.lab.spoil import Spoiler

MOST_BYTES = 32_768


@dataclass(slots=True)
class Stream:
    """The client's bytes in order, as far as they have come."""

    next_sequence: int
    ready: bytes = b""
    early: dict[int, bytes] = field(default_factory=dict)

    def add(self, segment: Packet) -> bool:
        """Whether `ready` has grown."""
        self.early[segment.sequence] = segment.payload
        before = len(self.ready)
        while (piece := self._next_piece()) is not None:
            self.ready += piece
            self.next_sequence = (self.next_sequence + len(piece)) & 0xFFFF_FFFF
        return len(self.ready) > before

    def _next_piece(self) -> bytes | None:
        for sequence in sorted(self.early):
            behind = (self.next_sequence - sequence) & 0xFFFF_FFFF
            if behind < 0x8000_0000:
                piece = self.early.pop(sequence)[behind:]
                if piece:
                    return piece
        return None

    def restart(self) -> None:
        self.ready = b""


@dataclass(slots=True, eq=False)
class Flow:
    """One TCP connection, or all UDP packets between two endpoints, or all ICMP between two addresses."""

    opening: Packet
    watched: bool = False
    """Whether payloads are still read."""
    stream: Stream | None = None
    ending: Rule | None = None
    spoilers: dict[int, Spoiler] = field(default_factory=dict)
    """By the number of the rule."""
    nat: bytes | None = None
    splice: Splice | None = None
    met: set[int] = field(default_factory=set)
    """Numbers of the rules that have had their say (or their draw) about this flow."""
    plain: bool = True
    """Nothing is to be done to its packets: the fast path."""

    def settle(self) -> None:
        self.plain = not (self.watched or self.ending or self.spoilers or self.nat or self.splice)
