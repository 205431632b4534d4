"""What chance does to a series: rounds are missed, failures come in bursts, times have long tails.

Nothing here knows of blocking. All comes from the dice that are given: the same seed, the same series.
"""

from bisect import bisect_left
from collections.abc import Iterable
from math import exp, log
from random import Random
from statistics import NormalDist

HOUR_S = 3_600.0
DAY_S = 24 * HOUR_S

# Failures that nobody makes. `lone`: each for itself. `short`: bursts of one to three. `chains`, `long_chains`: a
# failure is followed by another with the same chance again (Markov). `squalls`: hours in which much fails.
HABITS = ("lone", "short", "chains", "long_chains", "squalls")
BURST_MEAN = {"short": 2.0, "chains": 1.5, "long_chains": 2.2}
SQUALL_SHARE = 0.3
SQUALL_S = (1 * HOUR_S, 3 * HOUR_S)

# How many times its median a time is: a lognormal core, and now and then a tail of Pareto's on it. A median of 346 ms
# then has p90 590 ms and p99 2560 ms. Half of the tail is the line's, which everything on it shares.
_SIGMA = 0.357
_STEPS = 4_096
_SKEW = 1.022  # the tails draw the median up, so the core's is below it
CORE = tuple(exp(_SIGMA * NormalDist().inv_cdf((step + 0.5) / _STEPS)) / _SKEW for step in range(_STEPS))
TAIL_SHARE = 0.0235
LINE_SHARE = 0.0235
LINE_MEAN = 1.5  # rounds that the line stays slow
_TAIL_FROM, _TAIL_TO, _TAIL_ALPHA = 2.0, 30.0, 1.23


def log_uniform(dice: Random, low: float, high: float) -> float:
    """As many between 1 and 10 as between 10 and 100."""
    return exp(dice.uniform(log(low), log(high)))


def bursts(dice: Random, count: int, share: float, mean: float, *, longest: int | None = None) -> bytearray:
    """So many rows, 1 where a burst is. Bursts are geometric, or uniform up to `longest`; a good row is between two."""
    bad = bytearray(count)
    if share <= 0:
        return bad
    chance = dice.random
    begins = log(1 - share / (mean * (1 - share))) if mean > 1 else log(1 - share)
    goes_on = 1 - 1 / mean
    apart = int(mean > 1)
    row = int(log(1 - chance()) / begins)
    while row < count:
        bad[row] = 1
        length = 1
        if longest:
            length = dice.randint(1, longest)
        else:
            while chance() < goes_on:
                length += 1
        bad[row : min(row + length, count)] = b"\1" * (min(row + length, count) - row)
        row += length + apart + int(log(1 - chance()) / begins)
    return bad


def squalls(dice: Random, times: list[float], share: float) -> bytearray:
    """Windows of one to three hours in which 30 % fail, as many as make up the share."""
    bad = bytearray(len(times))
    if share <= 0 or not times:
        return bad
    in_them = share / SQUALL_SHARE
    calm_s = sum(SQUALL_S) / 2 * (1 - in_them) / in_them
    at = times[0] + dice.expovariate(1 / calm_s)
    while at < times[-1]:
        end = at + dice.uniform(*SQUALL_S)
        for row in range(bisect_left(times, at), bisect_left(times, end)):
            bad[row] = dice.random() < SQUALL_SHARE
        at = end + dice.expovariate(1 / calm_s)
    return bad


def failures(dice: Random, habit: str, times: list[float], share: float) -> bytearray:
    """Which rows fail though nobody blocks: this share of them, in the bursts of this habit."""
    if habit == "squalls":
        return squalls(dice, times, share)
    return bursts(dice, len(times), share, BURST_MEAN.get(habit, 1.0), longest=3 if habit == "short" else None)


def tails(dice: Random, count: int, share: float, mean: float = 1.0) -> list[float]:
    """How many times slower than the core each row is: mostly 1."""
    factors = [1.0] * count
    where = bursts(dice, count, share, mean)
    row = where.find(1)
    while row >= 0:
        factors[row] = min(_TAIL_TO, _TAIL_FROM * (1 - dice.random()) ** (-1 / _TAIL_ALPHA))
        row = where.find(1, row + 1)
    return factors


def rounds(
    dice: Random, start: float, end: float, interval_s: float, *, missing: float, gaps: Iterable[tuple[float, float]]
) -> tuple[list[float], float]:
    """When was looked, in whole seconds, and for how many seconds: without the gaps, with single rounds missed."""
    chance = dice.random
    jitter = dice.uniform(0.02, 0.08)
    times = [
        float(round(start + (number + jitter * chance()) * interval_s))
        for number in range(int((end - start) / interval_s))
        if chance() >= missing
    ]
    covered_s = end - start
    for gap_start, gap_end in gaps:
        del times[bisect_left(times, gap_start) : bisect_left(times, gap_end)]
        covered_s -= max(0.0, min(end, gap_end) - max(start, gap_start))
    return times, covered_s


def windows(
    dice: Random, start: float, end: float, every_s: float, shortest_s: float, longest_s: float
) -> list[tuple[float, float]]:
    """Stretches at random, one about every so often, of lengths log-uniform; none overlaps another."""
    found = []
    at = start + dice.expovariate(1 / every_s)
    while at < end:
        till = min(end, at + log_uniform(dice, shortest_s, longest_s))
        found.append((at, till))
        at = till + dice.expovariate(1 / every_s)
    return found
