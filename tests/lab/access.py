"""The client's access line: a queue for each direction, which packets leave one by one at the line's rate.

In the evening, when the neighbours are at home, less of the rate is left: how much at which moment is drawn by a seed.
"""

import random
from bisect import bisect_right

from tests.lab.orders import Congestion, Road

LEAST_QUEUE_BYTES = 30_000
"""Room in the queue whatever the rate: 200 ms of a slow line are a few packets, too few for a connection's start."""


class Tide:
    """What share of the rate is left at a moment: a function of the seed, and of nothing else."""

    def __init__(self, congestion: Congestion) -> None:
        self._congestion, self._chance = congestion, random.Random(f"{congestion.seed} tide")
        self._until = [0.0]
        self._shares = [1.0]

    def share(self, at_s: float) -> float:
        """At so many seconds after the beginning."""
        low, high, every_s = self._congestion.low, self._congestion.high, self._congestion.every_s
        while self._until[-1] <= at_s:
            self._until.append(self._until[-1] + self._chance.uniform(*every_s))
            share = low * (high / low) ** self._chance.random()
            self._shares.append(share)
        return self._shares[bisect_right(self._until, at_s)]


class _Queue:
    """Told as a clock: `_free_at` is when the line will have sent all it was given."""

    def __init__(self, kbit_s: float, queue_ms: float, began_s: float, tide: Tide | None) -> None:
        self._bytes_s, self._queue_s = kbit_s * 125, queue_ms / 1000
        self._began_s, self._tide = began_s, tide
        self._free_at = 0.0

    def leaves(self, size: int, at_s: float) -> float | None:
        """When a packet that comes now will have left; nothing if there is no room for it."""
        starts = max(self._free_at, at_s)
        rate = self._bytes_s if self._tide is None else self._bytes_s * self._tide.share(starts - self._began_s)
        if starts - at_s > max(self._queue_s, LEAST_QUEUE_BYTES / rate):
            return None
        self._free_at = starts + size / rate
        return self._free_at


class Access:
    def __init__(self, road: Road, began_s: float) -> None:
        assert road.kbit_s is not None
        tide = None if road.congestion is None else Tide(road.congestion)
        self._up, self._down = (_Queue(road.kbit_s, road.queue_ms, began_s, tide) for _ in range(2))
        self._loss = 0.0 if road.congestion is None else road.congestion.loss
        self._chance = random.Random("none" if road.congestion is None else f"{road.congestion.seed} loss")

    def up(self, size: int, at_s: float) -> float | None:
        return self._up.leaves(size, at_s)

    def down(self, size: int, at_s: float) -> float | None:
        """What is lost among the neighbours has taken its place in the queue all the same."""
        leaves = self._down.leaves(size, at_s)
        return None if self._loss and self._chance.random() < self._loss else leaves
