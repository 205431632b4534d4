"""How many bytes cross the line for a piece of work: whoever counts has what all tasks begun in it read and write.

Payload is counted: what TCP carries, TLS and all, and what is in a datagram. Packets' heads come on top, as does what
the operating system asks by itself (getaddrinfo). What a day may use is not said here (probe/budget.py).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class Traffic:
    """Bytes so far."""

    received_bytes: int = 0
    sent_bytes: int = 0

    @property
    def both_bytes(self) -> int:
        return self.received_bytes + self.sent_bytes


_everything = Traffic()

# Inherited by tasks: a kept connection counts for whoever uses it, not for whoever opened it.
_counting: ContextVar[Traffic | None] = ContextVar("counting", default=None)


@contextmanager
def counted() -> Iterator[Traffic]:
    """Counts what is done in the block, and by the tasks that it begins; an outer block doesn't count it as well."""
    traffic = Traffic()
    token = _counting.set(traffic)
    try:
        yield traffic
    finally:
        _counting.reset(token)


def received_by_all() -> int:
    """What the whole program has received so far, bytes: what came beside a piece of work is a difference of two."""
    return _everything.received_bytes


def received(amount_bytes: int) -> None:
    _everything.received_bytes += amount_bytes
    traffic = _counting.get()
    if traffic is not None:
        traffic.received_bytes += amount_bytes


def sent(amount_bytes: int) -> None:
    _everything.sent_bytes += amount_bytes
    traffic = _counting.get()
    if traffic is not None:
        traffic.sent_bytes += amount_bytes
