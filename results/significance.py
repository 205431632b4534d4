"""Do two groups of times differ, and how many times? Exact for small groups and free of any shape of the times.

No measurement is known here. The test is that of Mann and Whitney (1947), the ratio and its interval those of Hodges
and Lehmann (1963) on logarithms: what handshakes and transfers take has long tails, which a mean would follow.
"""

import math
import statistics
from collections.abc import Sequence
from functools import cache


def greater_p(slow: Sequence[float], fast: Sequence[float]) -> float:
    """How probable it is by chance that the first group ranks so high above the second; one-sided, exact.

    Ties count against a difference. Neither group may be empty.
    """
    above = sum(one > other for one in slow for other in fast)
    n, m = len(slow), len(fast)
    ways = sum(_ways(n, m, count) for count in range(above, n * m + 1))
    return ways / math.comb(n + m, n)


def ratio(slow: Sequence[float], fast: Sequence[float], *, confidence: float = 0.95) -> tuple[float, float, float]:
    """How many times as great the first group is, with the ends of the interval of this confidence.

    All values are greater than zero. Groups too small for that confidence get the widest interval that they allow.
    """
    logs = sorted(math.log(one / other) for one in slow for other in fast)
    n, m = len(slow), len(fast)
    total, tail, outside = math.comb(n + m, n), 0, 0
    for count in range(n * m // 2):
        tail += _ways(n, m, count)
        if tail / total > (1 - confidence) / 2:
            break
        outside = count + 1
    low, high = logs[max(0, outside - 1)], logs[min(len(logs) - 1, len(logs) - outside)]
    return math.exp(statistics.median(logs)), math.exp(low), math.exp(high)


@cache
def _ways(n: int, m: int, above: int) -> int:
    """In how many orders of n and m values exactly so many pairs have the first above the second."""
    if above < 0 or above > n * m:
        return 0
    if n == 0 or m == 0:
        return 1
    # The greatest of all is of the first group, above all m of the second, or of the second.
    return _ways(n - 1, m, above - m) + _ways(n, m - 1, above)
