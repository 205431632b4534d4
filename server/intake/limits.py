"""How much the intake takes at once, and from whom. What is beyond is refused with one sentence, never half taken.

Nothing is read here, and members are told apart by their keys, never by an address.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from server.body import Refused

MEBIBYTE = 1024 * 1024
BUSY_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The defaults suit a small server and some hundreds of probes."""

    lines: int = 500
    packed_bytes: int = 8 * MEBIBYTE
    unpacked_bytes: int = 64 * MEBIBYTE
    line_bytes: int = 4 * MEBIBYTE
    enrol_bytes: int = 4096
    per_minute: int = 120  # requests of one member
    bodies: int = 32  # that are in memory at once, of all members
    bodies_of_one: int = 4
    # Batches that are read, judged and stored at once; the others wait for their turn. Python computes one at a time
    # anyway, and two get in each other's way: 1290 measurements a second where one after the other makes 1390.
    at_work: int = 1
    body_s: float = 120.0  # for a whole batch to come
    enrol_s: float = 10.0
    ahead: timedelta = timedelta(minutes=10)  # of the server's clock; what is further ahead is marked
    before_joining: timedelta = timedelta(days=1)


class Bodies:
    """How many requests are being read, of all members and of each."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._of: Counter[str] = Counter()

    @contextmanager
    def one(self, key_id: str) -> Iterator[None]:
        """One more. Raises Refused where there are too many."""
        if self._of.total() >= self._limits.bodies:
            raise Refused(
                429, "Too many batches are in work; send it again later.", retry_after_s=BUSY_S, reason="busy"
            )
        if self._of[key_id] >= self._limits.bodies_of_one:
            says = f"Too many batches of this vantage are in work; allowed are {self._limits.bodies_of_one} at once."
            raise Refused(429, says, retry_after_s=BUSY_S)
        self._of[key_id] += 1
        try:
            yield
        finally:
            self._of[key_id] -= 1
            self._of += Counter()  # drops those at zero
