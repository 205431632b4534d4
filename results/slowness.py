"""Whether an accessible row is slow for its series: its own past says so, and the references of the same row do not.

In units of the series' own spread, never by a fixed speed. Plain arithmetic on a list of floats that is changed in
place, as results/sequential.py; whether many slow rows are an episode is told there.
"""

from math import log

State = list[float]

# Where things stand in a state: for the handshake and then for the speed, its own level and that of its ratio to the
# references'. Levels are of natural logarithms, greater when slower.
LEVEL, SPREAD, SEEN = range(3)
OWN, RATIO = 0, 3
HANDSHAKE, SPEED = 0, 6
SIZE = 12

NEEDED = 8.0  # rows before anything is slow
_KEPT = 150.0  # rows that make a level; older ones fade
_SPREAD, _SPREAD_ROWS = 0.4, 8.0  # believed before it is known
_LEAST_SPREAD = 0.08
_SLOW_SPREADS, _RATIO_SPREADS = 2.5, 1.5
LEAST = log(1.6)  # a nearby server that gives way to a farther one is no throttling
_SPREAD_OF_MEAN = 1.2533  # a normal spread over the mean distance from the middle


def fresh() -> State:
    """Nothing is known yet."""
    return [0.0] * SIZE


def slow(state: State, first: int, value: float, reference: float, learn: bool) -> bool:
    """Whether `value`, of HANDSHAKE or SPEED, is slow. Both in logarithms; `reference` NaN where there is none.

    What is not slow teaches the state, if `learn`.
    """
    there = reference == reference  # noqa: PLR0124 - NaN
    found = _beyond(state, first + OWN, value, _SLOW_SPREADS) and (
        not there or _beyond(state, first + RATIO, value - reference, _RATIO_SPREADS)
    )
    if learn and not found:
        _take(state, first + OWN, value)
        if there:
            _take(state, first + RATIO, value - reference)
    return found


def _beyond(state: State, place: int, value: float, spreads: float) -> bool:
    if state[place + SEEN] < NEEDED:
        return False
    return value - state[place + LEVEL] > max(spreads * state[place + SPREAD], LEAST)


def _take(state: State, place: int, value: float) -> None:
    """One more row; what lies far out moves the level and the spread no more than what lies a little out."""
    seen = state[place + SEEN]
    if not seen:
        state[place + LEVEL], state[place + SPREAD] = value, _SPREAD
    spread = state[place + SPREAD]
    off = max(-2.5 * spread, min(2.5 * spread, value - state[place + LEVEL]))
    seen = min(seen + 1, _KEPT)
    state[place + LEVEL] += off / seen
    wider = _SPREAD_OF_MEAN * abs(off) - spread
    state[place + SPREAD] = max(_LEAST_SPREAD, spread + wider / (seen + _SPREAD_ROWS))
    state[place + SEEN] = seen
