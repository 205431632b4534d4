"""What results/episodes.py does with the rows of one series, as a loop over arrays: written so that it can be compiled.

How an accessible row is slow, and when a stretch begins and ends, stands where it stood: results/slowness.py and
results/sequential.py. A test holds this loop and results/episodes.py to the same episodes, byte for byte.
"""

from math import isnan, log, nan
from typing import Any

from results import sequential, slowness

SILENT, BLOCKED, ACCESSIBLE, THROTTLED = range(4)
BLOCKING, THROTTLING = 0, 1  # places of the two detectors in what is kept of both
BLOCKING_CLOSED, THROTTLING_CLOSED = 1, 2  # together: 3
# The ways of being slow come first among all ways: none, the handshake, the speed, both.
LATENCY, SPEED = 1, 2
HANDSHAKE_MS, KBPS, REFERENCE_HANDSHAKE_MS, REFERENCE_KBPS = range(4)  # of a row's numbers; NaN: not known
HELD = len(sequential.SHARES)  # counts of mechanisms for each stretch that may have begun; the last is the open one's


def run(
    place: int,
    at: Any,
    said: Any,
    how: Any,
    numbers: Any,
    weights: Any,
    states: Any,
    slowly: Any,
    seen: Any,
    last: Any,
    ways: Any,
) -> tuple[int, int]:
    """From the row at `place` on, as far as one that closes something: the place after it, and what it closed.

    `how` numbers the rows' mechanisms as `ways` does: whether two are alike, which are soft, where the names of each
    begin, and the names. `states`, `slowly`, `seen` and `last` are changed in place.
    """
    soft = ways[1]
    for row in range(place, len(at)):
        verdict = said[row]
        if verdict == SILENT:
            continue
        if verdict == BLOCKED:
            way = how[row]
            _add(states[BLOCKING], seen[BLOCKING], last, BLOCKING, at[row], way, True, soft[way], weights[row], ways)
            continue
        measured = numbers[row]
        slow = _slow(measured, slowly, verdict == ACCESSIBLE and not states[THROTTLING][sequential.OPEN])
        bad = slow > 0 or verdict == THROTTLED
        way = how[row] if verdict == THROTTLED else slow
        alone = verdict == ACCESSIBLE and isnan(measured[REFERENCE_HANDSHAKE_MS]) and isnan(measured[REFERENCE_KBPS])
        closed = 0
        if (
            _add(states[BLOCKING], seen[BLOCKING], last, BLOCKING, at[row], 0, False, False, weights[row], ways)
            == sequential.CLOSED
        ):
            closed += BLOCKING_CLOSED
        if (
            _add(states[THROTTLING], seen[THROTTLING], last, THROTTLING, at[row], way, bad, alone, weights[row], ways)
            == sequential.CLOSED
        ):
            closed += THROTTLING_CLOSED
        if closed:
            return row + 1, closed
    return len(at), 0


def _slow(measured: Any, slowly: Any, learn: bool) -> int:
    found = 0
    if measured[HANDSHAKE_MS] > 0:
        reference = measured[REFERENCE_HANDSHAKE_MS]
        against = nan if isnan(reference) or not reference else log(reference)
        if slowness.slow(slowly, slowness.HANDSHAKE, log(measured[HANDSHAKE_MS]), against, learn):
            found += LATENCY
    if measured[KBPS] > 0:
        reference = measured[REFERENCE_KBPS]
        against = nan if isnan(reference) or not reference else -log(reference)
        if slowness.slow(slowly, slowness.SPEED, -log(measured[KBPS]), against, learn):
            found += SPEED
    return found


def _add(
    state: Any, seen: Any, last: Any, kind: int, at: float, way: int, bad: bool, soft: bool, weight: float, ways: Any
) -> int:
    was_open = state[sequential.OPEN]
    likeness = sequential.NONE
    if bad:
        likeness = ways[0][last[kind]][way]
        last[kind] = way
    said = sequential.step(state, at, bad, likeness, soft, weight)
    if not bad:
        return said
    if was_open:
        _count(seen[HELD], way, ways)
    elif said == sequential.OPENED:
        chosen = int(state[sequential.CHOSEN])
        for name in range(len(seen[HELD])):
            seen[HELD][name] = seen[chosen][name]
        _count(seen[HELD], way, ways)
    else:
        for number in range(HELD):
            if state[sequential.STRETCHES + sequential.WIDTH * number + sequential.BADS] <= 1:
                for name in range(len(seen[number])):
                    seen[number][name] = 0
            _count(seen[number], way, ways)
    return said


def _count(counts: Any, way: int, ways: Any) -> None:
    first, names = ways[2], ways[3]
    for place in range(first[way], first[way + 1]):
        counts[names[place]] += 1
