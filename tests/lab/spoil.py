"""How a flow is spoiled without being ended: frozen, shaped, policed, delayed, thinned out.

Each spoiler answers one question about a packet: how much later (seconds), or `None` for never.
"""

import random
from typing import Protocol

from tests.lab.packets import TCP
from tests.lab.rules import Degrade, Freeze, Lose, Police, Shape, Spoiling


class Spoiler(Protocol):
    def up(self, raw: bytes, now: float) -> float | None: ...
    def down(self, raw: bytes, now: float) -> float | None: ...


class _DownstreamOnly:
    def up(self, raw: bytes, now: float) -> float | None:  # noqa: ARG002 - the protocol's shape
        return 0.0


def _payload_bytes(raw: bytes) -> int:
    head = (raw[32] >> 4) * 4 if raw[9] == TCP else 8
    return int.from_bytes(raw[2:4], "big") - 20 - head


class _Freezer(_DownstreamOnly):
    def __init__(self, after_bytes: int) -> None:
        self._left = after_bytes

    def down(self, raw: bytes, now: float) -> float | None:  # noqa: ARG002
        if self._left < 0:
            return None
        self._left -= _payload_bytes(raw)
        return 0.0 if self._left >= 0 else None


class _Loser:
    def __init__(self, count: int) -> None:
        self._left = count

    def up(self, raw: bytes, now: float) -> float | None:  # noqa: ARG002 - the protocol's shape
        self._left -= 1
        return None if self._left >= 0 else 0.0

    def down(self, raw: bytes, now: float) -> float | None:  # noqa: ARG002
        return 0.0


class _Bucket(_DownstreamOnly):
    """A token bucket told as a clock: `_free_at` is when the line will have sent all it was given."""

    def __init__(self, kbit_s: float, burst_bytes: int, queue_bytes: int) -> None:
        self._bytes_s = kbit_s * 125
        self._burst_s = burst_bytes / self._bytes_s
        self._queue_s = queue_bytes / self._bytes_s
        self._free_at = 0.0

    def down(self, raw: bytes, now: float) -> float | None:
        done = max(self._free_at, now - self._burst_s) + len(raw) / self._bytes_s
        wait = done - now
        if wait > self._queue_s:
            return None
        self._free_at = done
        return max(wait, 0.0)


class _Degrader:
    def __init__(self, action: Degrade, chance: random.Random) -> None:
        self._delay_s, self._loss, self._chance = action.delay_ms / 1000, action.loss, chance

    def up(self, raw: bytes, now: float) -> float | None:  # noqa: ARG002
        return None if self._chance.random() < self._loss else self._delay_s

    down = up


def spoiler(action: Spoiling, chance: random.Random) -> Spoiler:
    match action:
        case Freeze(after_bytes):
            return _Freezer(after_bytes)
        case Shape(kbit_s, queue_bytes, burst_bytes):
            return _Bucket(kbit_s, burst_bytes, queue_bytes)
        case Police(kbit_s, burst_bytes):
            return _Bucket(kbit_s, burst_bytes, 0)
        case Lose(count):
            return _Loser(count)
        case Degrade():
            return _Degrader(action, chance)
