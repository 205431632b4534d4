"""What a day may cost: bytes that measuring uses, against the limit of `probe.daily_budget_mb`. A day is one of UTC.

Bytes are counted in probe/traffic.py; what is left out when none are left is decided by whoever asks.
"""

import math
from collections import Counter
from datetime import UTC, date, datetime, timedelta

from results.store import Store

MB_BYTES = 1_000_000


class Budget:
    """The bytes of each day. Not thread-safe: it is told and asked on the event loop."""

    def __init__(self, limit_bytes: float = math.inf) -> None:
        self._limit_bytes = limit_bytes
        # By day, so that a clock that is set forward and back forgives nothing.
        self._used_bytes: Counter[date] = Counter()

    def left_bytes(self, now: datetime) -> float:
        """What may still be used on that day; infinite where there is no limit."""
        return max(0, self._limit_bytes - self._used_bytes[_day(now)])

    def spend(self, amount_bytes: int, at: datetime) -> None:
        """Work that began at `at` used so much. It counts for that day, as it will in the store."""
        self._used_bytes[_day(at)] += amount_bytes

    def learn(self, used_bytes: int, now: datetime) -> None:
        """What the store has of that day: of runs before this one, and of other programs beside it."""
        self._used_bytes[_day(now)] = max(self._used_bytes[_day(now)], used_bytes)


def used_today_bytes(store: Store, vantage: str, now: datetime) -> int:
    """What the store knows to have been used since midnight. Blocks."""
    midnight = datetime.combine(_day(now), datetime.min.time(), UTC)
    return store.used_bytes(vantage, since=midnight, before=midnight + timedelta(days=1))


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()
