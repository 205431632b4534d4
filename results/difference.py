"""Two groups of times, with the site's name on the way and with another: is the first clearly longer?

No step is known here. How the times are made is said in results/throttling.py, what follows in results/rules/speed.py.
"""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from results.significance import greater_p, ratio

DIFFERS = 2.0  # so many times as long
CLEARLY = 3.0  # the same for the middle of all pairs
LONGER_S = 0.3
TELLING_S = 0.1
_GRAIN_S = 0.02  # below this, a time is the scheduler's
_STEADY = 1.35  # from the smallest to the greatest: what is slow on purpose is slow in the same way each time
_BY_CHANCE = 0.01
_STEADY_PAIRS, _CROWDED_PAIRS = 2, 3
_APART_PAIRS = 3
_RANKED_PAIRS = 5  # with fewer, chance alone may part them
_AT_LEAST = 1.3  # times as slow, at the lower end of the interval: what many pairs can prove


@dataclass(frozen=True)
class Difference:
    """One kind of time, seconds, with the site's name and with another: the same number of each, pair by pair."""

    named: tuple[float, ...]
    neutral: tuple[float, ...]
    crowded: bool = False  # others fetched beside some of them

    @property
    def pairs(self) -> int:
        return len(self.named)

    @cached_property
    def times(self) -> float:
        """How many times as long it takes with the site's name, in the middle of all pairs."""
        return statistics.median(self._ratios) if self._ratios else 1.0

    @cached_property
    def longer_s(self) -> float:
        return statistics.median(self.named) - statistics.median(self.neutral) if self.named else 0.0

    @cached_property
    def p_value(self) -> float:
        """How probable so clear an order of the times is by chance."""
        return greater_p(self.named, self.neutral) if self.named else 1.0

    @cached_property
    def interval(self) -> tuple[float, float]:
        """Of `times`, at 95 % or as near as so few pairs come."""
        _, low, high = ratio(self._grained(self.named), self._grained(self.neutral)) if self.named else (1, 1, 1)
        return low, high

    @property
    def steady(self) -> bool:
        """Whether each pair differs, and what is slow is about as slow each time."""
        enough = self.pairs >= (_CROWDED_PAIRS if self.crowded else _STEADY_PAIRS)
        each = enough and min(self._ratios) >= DIFFERS
        return each and max(self.named) <= _STEADY * min(self.named)

    @property
    def apart(self) -> bool:
        """Whether even the shortest with the site's name is far above the longest with another, three times or more.

        Of handshakes, which are a few packets, that is as telling as many pairs of pages.
        """
        if self.pairs < _APART_PAIRS:
            return False
        low, high = min(self.named), max(self.neutral)
        return low >= CLEARLY * high and low - high >= LONGER_S

    @property
    def ranked(self) -> bool:
        """Whether there are enough pairs, and hardly one is out of order."""
        return self.pairs >= _RANKED_PAIRS and self.p_value <= _BY_CHANCE

    @property
    def proven(self) -> bool:
        """Whether the site's name is clearly the slow one, and it was neither a lost packet nor congestion."""
        clearly = self.times >= CLEARLY and (self.steady or self.ranked)
        return self.longer_s >= TELLING_S and (clearly or self._steady_both)

    @property
    def _steady_both(self) -> bool:
        """Whether both are so steady that less of a difference is clear: over a long way slow start hides the rest."""
        if not self.steady or self.pairs < _CROWDED_PAIRS:
            return False
        return max(self.neutral) <= _STEADY * min(self.neutral)

    @property
    def significant(self) -> bool:
        """The same for a small difference, which only many pairs can prove."""
        return self.ranked and self.p_value <= _BY_CHANCE / 2 and self.interval[0] >= _AT_LEAST

    @property
    def _ratios(self) -> list[float]:
        both = zip(self._grained(self.named), self._grained(self.neutral), strict=True)
        return [slow / fast for slow, fast in both]

    @staticmethod
    def _grained(times: Iterable[float]) -> tuple[float, ...]:
        return tuple(max(time, 0.0) + _GRAIN_S for time in times)
