"""Bytes over time: when so many had come, and the speed that a transfer held to. Numbers only; no clock, no verdict."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

Curve = Sequence[tuple[float, int]]
"""Seconds, bytes so far. Both grow."""

TELLING_BYTES = 4 * 1024  # fewer say nothing about speed
_AFTER_BURST_BYTES = 6 * 1024  # the same where a policer drops: a lost packet holds up what came after it
_BEGINNING = 0.25  # of the bytes come while slow start finds the speed
_AFTER_BEGINNING = 1 - _BEGINNING
_BURST = 0.05  # of the whole, above the straight line
_GRAIN_BYTES = 2_000  # a packet and a half
_LONG = 0.5  # of the longest transfer's time: what ran shorter tells no ceiling
_COMPARABLE = 0.15  # of the longest, in time or in bytes: less says nothing at all
_FIRST_FLIGHT_BYTES = 14_600  # ten packets come without waiting for an acknowledgement (RFC 6928)
_STRETCH_S = 1.0  # a policed transfer stands still for less than that, and then comes in a burst


def from_zero(curve: Curve) -> Curve:
    """A curve whose first point is its origin."""
    if not curve:
        return ()
    t0, first = curve[0]
    return tuple((t - t0, amount - first) for t, amount in curve)


def last(curve: Curve) -> int:
    """All bytes of a curve that begins at its origin."""
    return curve[-1][1] if curve else 0


def time_to(curve: Curve, amount: int) -> float:
    """When so many bytes were there, seconds; between two points in proportion."""
    for (t0, before), (t1, after) in pairwise(curve):
        if after >= amount:
            return t0 + (t1 - t0) * (amount - before) / (after - before) if after > before else t1
    return curve[-1][0]


def rounds(amount: int) -> int:
    """Round trips that TCP's slow start needs after the first flight, to bring so many bytes."""
    needed, flight, came = 0, _FIRST_FLIGHT_BYTES, _FIRST_FLIGHT_BYTES
    while came < amount:
        flight *= 2
        came += flight
        needed += 1
    return needed


@dataclass(frozen=True, slots=True)
class Steady:
    """The part of a transfer in which it ran at one speed, after its beginning."""

    kbps: float
    seconds: float
    bytes: int

    @property
    def least_kbps(self) -> float:
        """As it would be had the last packets come a little later: bytes come in packets."""
        return self.kbps * (1 - _GRAIN_BYTES / self.bytes)

    @property
    def most_kbps(self) -> float:
        """As it would be had one packet more come just in time."""
        return self.kbps * (1 + _GRAIN_BYTES / self.bytes)


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The speed that several transfers hold to once they run."""

    kbps: float  # of payload
    spread: float  # from the slowest to the fastest beyond what single packets explain, relative to the ceiling
    transfers: int  # that were long enough to tell
    peak: float = 1.0  # the fastest second of any, relative to the ceiling; congestion that averages out has fast ones


def ceiling(curves: Iterable[Curve]) -> Ceiling | None:
    """What these transfers are held to, or None where none is long enough.

    Of the long ones the fastest tells it, since what a policer drops keeps others below. A shaper or policer holds all
    of them to about one speed, congestion does not.
    """
    curves = tuple(curves)
    found = [part for curve in curves if (part := steady(curve)) is not None]
    if not found:
        return None
    longest_s = max(part.seconds for part in found)
    kbps = max(part.kbps for part in found if part.seconds >= _LONG * longest_s)
    most = max(part.bytes for part in found)
    # What was short because it was fast tells as much as any.
    compared = [part for part in found if max(part.seconds / longest_s, part.bytes / most) >= _COMPARABLE]
    fastest = max((_fastest_kbps(curve) for curve in curves if steady(curve) is not None), default=0.0)
    return Ceiling(kbps, spread(compared), len(compared), max(1.0, fastest / kbps))


def spread(parts: Sequence[Steady]) -> float:
    """How far apart these speeds are beyond what single packets explain, relative to the fastest."""
    apart = max(part.least_kbps for part in parts) - min(part.most_kbps for part in parts)
    return max(0.0, apart) / max(part.kbps for part in parts)


def steady(curve: Curve) -> Steady | None:
    """What came after the burst with which a bucket or an empty queue begins; None where that is too little to tell."""
    if last(curve) < TELLING_BYTES or curve[-1][0] <= 0:
        return None
    burst_ends = _knee(curve)
    (t0, before), (t1, after) = curve[burst_ends or _begun(curve)], curve[-1]
    seconds, amount = t1 - t0, after - before
    if seconds <= 0 or amount < (_AFTER_BURST_BYTES if burst_ends else _AFTER_BEGINNING * TELLING_BYTES):
        return None
    return Steady(amount * 8 / seconds / 1000, seconds, amount)


def steady_kbps(curve: Curve) -> float | None:
    """The speed of that part, kbit/s."""
    part = steady(curve)
    return part.kbps if part is not None else None


def at_last_kbps(curve: Curve) -> float | None:
    """The speed of the second half of the bytes, kbit/s, when slow start has found it: so much at least can flow."""
    half = next((place for place, (_, amount) in enumerate(curve) if amount * 2 >= last(curve)), 0)
    if not curve or curve[-1][0] <= curve[half][0]:
        return None
    return (last(curve) - curve[half][1]) * 8 / 1000 / (curve[-1][0] - curve[half][0])


def _fastest_kbps(curve: Curve) -> float:
    """The fastest second after a transfer's beginning, kbit/s; 0 where it ran for less."""
    rest = curve[_knee(curve) or _begun(curve) :]
    best, end = 0.0, 0
    for t0, before in rest:
        while end < len(rest) and rest[end][0] - t0 < _STRETCH_S:
            end += 1
        if end == len(rest):
            break
        best = max(best, (rest[end][1] - before) * 8 / 1000 / (rest[end][0] - t0))
    return best


def _begun(curve: Curve) -> int:
    """Where slow start has found the speed."""
    return next(place for place, (_, amount) in enumerate(curve) if amount >= _BEGINNING * last(curve))


def _knee(curve: Curve) -> int:
    """Where a burst ends: the point that lies highest above the straight line from beginning to end."""
    whole_s, whole = curve[-1]
    above = [amount / whole - t / whole_s for t, amount in curve]
    highest = max(range(len(curve)), key=above.__getitem__)
    return highest if above[highest] >= _BURST else 0
