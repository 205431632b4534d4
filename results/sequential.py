"""A sequential test over good and bad points: when has a bad stretch begun, when is it over. For one series.

Plain arithmetic on a list of floats that is changed in place: no object, no clock, no text, so that the same source can
be compiled. What makes a point bad is said elsewhere (results/slowness.py for speed), and episodes are told in
results/episodes.py.

Quiet is a chain, learned from the series itself: how often a bad point follows a good one, and one, two, or more bad
ones (failures come in bursts of some length). Against it stand stretches in which all, most or half of
the points are bad. Each gathers log(P(point | stretch) / P(point | quiet)), never below nothing: Page's cumulative sum
(Biometrika 41, 1954). It opens when one outweighs what chance brings in a month of such points. Closing is the same
test turned round, against how often the stretch itself had good points, which is learned while it lasts.
"""

from math import exp, log

State = list[float]

NOTHING, OPENED, CLOSED = 0, 1, 2
NONE = -1.0  # a time or a point that is not there yet

# Where things stand in a state; times in seconds.
(
    AT,  # of the newest point
    INTERVAL,  # usual time between two
    SPACING,  # what it seldom exceeds
    WAS_BAD,  # the newest: 1, 0, or NONE
    LAST_GOOD,
    RUN,  # bad points in a row, up to the newest
    QUIET,  # quiet points after a good one, and how many of them were bad; then after one, two, and more bad ones
    _Q1,
    _Q2,
    _Q3,
    _Q4,
    _Q5,
    _Q6,
    _Q7,
    QUIET_ALIKE,  # quiet bad points that can be compared with the bad one before, and how many were alike
    _Q9,
    HELD,  # the same ten, of points that are quiet only if no stretch has begun
    _H1,
    _H2,
    _H3,
    _H4,
    _H5,
    _H6,
    _H7,
    HELD_ALIKE,
    _H9,
    OPEN,  # 1 while a stretch is on
    OPENED_AT,
    LAST_GOOD_BEFORE,
    FIRST_BAD,
    LAST_BAD,
    FIRST_GOOD_AFTER,
    COUNT,  # points from the first bad one to the last
    BAD,
    AFTER,  # good ones since the last bad one
    OVER,  # the weight of its being over
    WITHIN_BAD,  # points within it that came after a bad one, and how many of them were good
    WITHIN_BAD_GOOD,
    WITHIN_GOOD,  # the same after a good one
    WITHIN_GOOD_GOOD,
    CLOSED_AT,
    GOODS,  # since the last bad point of what closed
    CAUTIOUS,  # log odds beyond the usual that it takes to open
    CHOSEN,  # which of the stretches it was that opened
    SOFTLY,  # 1 while all that was gathered is of the kind that also comes and goes by itself
    STRETCHES,  # the first place of those that may have begun
) = range(46)
# The places of one of them, from its first.
WEIGHT, SINCE, BEFORE, POINTS, BADS = range(5)
WIDTH = 5
SHARES = (0.998, 0.85, 0.45)  # of bad points in each
SIZE = STRETCHES + WIDTH * len(SHARES)

_HOUR_S = 3600.0
_MONTH_S = 30 * 24 * _HOUR_S
FEWEST = (3.0, 4.0, 5.0)  # bad points, before each of them opens
LEAST_SHARE = 0.27  # of its points must be bad
# log odds beyond one false opening a month of points; tests/series has what other values cost.
OPENS = 3.0
CLOSES = 7.0
FEWEST_GOOD = 3.0  # however full the stretch was: now and then one gets through, or was measured elsewhere
_MOST_A_MONTH = 1440.0  # points: closer ones than every half an hour are not independent
# What is believed of a series before it is known, and how many points that belief is worth.
_AFTER_GOOD, _AFTER_GOOD_POINTS = 0.004, 75.0
_AFTER_BAD, _AFTER_BAD_POINTS = 0.15, 4.0
_WITHIN_BAD_GOOD, _WITHIN_BAD_POINTS = (0.03, 0.2, 0.5), (8.0, 8.0, 8.0)  # by what opened
_WITHIN_GOOD_GOOD, _WITHIN_GOOD_POINTS = (0.4, 0.45, 0.5), (4.0, 6.0, 8.0)
_REMEMBERS_S = 24 * _HOUR_S  # how open a stretch was, to tell whether the next one is over
# How often a bad point is alike the one before it: by chance, before that is known, and in a stretch.
_ALIKE, _ALIKE_POINTS = 0.6, 5.0
_ALIKE_WITHIN = 0.96
_UNLIKE = 1.2  # taken away where it is not
# Counts beyond these are halved: a line of last year says little about today's.
_KEPT = (3000.0, 100.0, 100.0, 100.0, 100.0)
_BRIEF = 6.0  # bad points of a stretch that may have been a burst after all
_LONGEST = 100.0  # points that may be held back; then they were quiet after all
_PACE, _NARROWS = 1.1, 1.15  # how fast the usual time between two follows
_FADES_AFTER = 4.0  # times what the time between two seldom exceeds
_HALF_LIFE_S = 24 * _HOUR_S
_NEARLY = 3.0  # as probable, of log odds
_FLAPS = 0.28  # so often what comes and goes by itself may be bad while it does


def fresh(cautious: float = 0.0) -> State:
    """Nothing is known yet. `cautious`: log odds beyond the usual that it takes to open."""
    state = [0.0] * SIZE
    for place in (
        AT,
        INTERVAL,
        SPACING,
        WAS_BAD,
        LAST_GOOD,
        OPENED_AT,
        LAST_GOOD_BEFORE,
        FIRST_BAD,
        LAST_BAD,
        FIRST_GOOD_AFTER,
    ):
        state[place] = NONE
    state[CLOSED_AT] = NONE
    state[CAUTIOUS] = cautious
    return state


def step(state: State, at: float, bad: bool, alike: float, soft: bool, weight: float) -> int:
    """One point further, in order of time; says whether a stretch OPENED or CLOSED by it.

    `alike`: whether it is bad in the way of the bad point before it; NONE where that can't be told.
    `soft`: of a kind that also comes and goes by itself, so it tells little unless nearly all points are bad.
    """
    _fade(state, at)
    said = _within(state, at, bad, weight) if state[OPEN] else _quiet(state, at, bad, alike, soft, weight)
    state[AT] = at
    state[WAS_BAD] = 1.0 if bad else 0.0
    state[RUN] = state[RUN] + 1 if bad else 0.0
    if not bad:
        state[LAST_GOOD] = at
    return said


def in_doubt(state: State) -> bool:
    """Something may have begun, or ended."""
    if state[OPEN]:
        return state[OVER] > 0
    return state[STRETCHES + WEIGHT] > 0


def bad_rate(state: State) -> float:
    """How probable a bad point is if all is quiet. Longer runs are believed to be like shorter ones until known."""
    run = int(min(state[RUN], 3.0))
    after_good = (state[QUIET + 1] + _AFTER_GOOD * _AFTER_GOOD_POINTS) / (state[QUIET] + _AFTER_GOOD_POINTS)
    if not run:
        return after_good
    rate = _AFTER_BAD
    for place in range(QUIET + 2, QUIET + 2 * run + 2, 2):
        rate = (state[place + 1] + rate * _AFTER_BAD_POINTS) / (state[place] + _AFTER_BAD_POINTS)
    return max(rate, after_good)  # that none followed another yet is chance: failures come in bursts, or alone


def _fade(state: State, at: float) -> None:
    """What was gathered loses weight in silence: in one that is long for this series, however uneven its pace is."""
    if state[AT] == NONE or at <= state[AT]:
        return
    passed = at - state[AT]
    if state[INTERVAL] == NONE:
        state[INTERVAL] = state[SPACING] = passed
        return
    if not state[OPEN] and not state[STRETCHES + WEIGHT]:
        state[INTERVAL] *= _PACE if passed > state[INTERVAL] else 1 / _PACE
    silent = passed - max(_FADES_AFTER * state[SPACING], _HOUR_S)
    # Towards what five in six do not exceed; at once, where the pace has changed.
    state[SPACING] = min(passed, 2 * state[SPACING]) if passed > state[SPACING] else state[SPACING] / _NARROWS
    if silent > 0:
        left = exp(-silent / _HALF_LIFE_S * log(2))
        state[OVER] *= left
        for first in range(STRETCHES, SIZE, WIDTH):
            state[first + WEIGHT] *= left


def _quiet(state: State, at: float, bad: bool, alike: float, soft: bool, weight: float) -> int:
    if not bad:
        state[GOODS] += 1
    if not bad and not _any_weight(state):
        _learn(state, bad, alike, weight, held=False)
        return NOTHING
    rate = bad_rate(state)
    likeness = _likeness(state, alike)
    going = _any_weight(state)
    if bad:
        state[SOFTLY] = 1.0 if soft and (state[SOFTLY] or not going) else 0.0
    if soft:
        likeness = 0.0
    flapping = max(rate, _FLAPS)
    reached, held = False, False
    enough = _threshold(state)
    for number, share in enumerate(SHARES):
        first = STRETCHES + WIDTH * number
        # What comes and goes by itself tells once that it came; from then on, only how often.
        usual = flapping if (soft or (state[SOFTLY] and not bad)) and (going or number) else rate
        if bad:
            gain = log(share / usual) + (likeness if state[first + WEIGHT] else 0.0)
        elif state[first + WEIGHT]:
            gain = log((1 - share) / (1 - usual))
        else:
            continue
        if not state[first + WEIGHT]:
            state[first + SINCE] = at
            state[first + BEFORE] = state[LAST_GOOD]
            state[first + POINTS] = state[first + BADS] = 0.0
        state[first + WEIGHT] = max(0.0, state[first + WEIGHT] + weight * gain)
        state[first + POINTS] += 1
        state[first + BADS] += bad
        held = held or state[first + WEIGHT] > 0
        reached = reached or _tips(state, number, enough)
    if reached:
        _open(state, at, _begun(state, enough))
        return OPENED
    _learn(state, bad, alike, weight, held)
    return NOTHING


def _begun(state: State, enough: float) -> int:
    """Which stretch it is: the fullest that is nearly as probable as the one that tipped the scale.

    One that may be half good is begun too early by any failure before it.
    """
    for number in range(len(SHARES)):
        if _tips(state, number, enough - _NEARLY):
            return number
    return len(SHARES) - 1


def _tips(state: State, number: int, enough: float) -> bool:
    """A few bad points far apart are no stretch, however rare they were before."""
    first = STRETCHES + WIDTH * number
    bads = state[first + BADS]
    full = bads >= max(FEWEST[number], LEAST_SHARE * state[first + POINTS])
    return full and state[first + WEIGHT] >= enough


def _likeness(state: State, alike: float) -> float:
    """What blocks mostly does so in the same way each time; a bad line fails now like this, now like that.

    Not always: that two differ takes little away, for several things may block in turn.
    """
    if alike == NONE:
        return 0.0
    by_chance = (state[QUIET_ALIKE + 1] + _ALIKE * _ALIKE_POINTS) / (state[QUIET_ALIKE] + _ALIKE_POINTS)
    return log(_ALIKE_WITHIN / by_chance) if alike else -_UNLIKE


def _any_weight(state: State) -> bool:
    """The last stretch, of which the least need be bad, holds on longest; the others may after a fading."""
    return state[STRETCHES + WEIGHT] > 0 or state[STRETCHES + WIDTH + WEIGHT] > 0 or state[SIZE - WIDTH + WEIGHT] > 0


def _threshold(state: State) -> float:
    points = _MOST_A_MONTH if state[INTERVAL] == NONE else _MONTH_S / max(state[INTERVAL], 1.0)
    return log(min(_MOST_A_MONTH, max(points, 1.0))) + OPENS + state[CAUTIOUS]


def _learn(state: State, bad: bool, alike: float, weight: float, held: bool) -> None:
    """Points are quiet once no stretch may hold them any more."""
    waiting = state[HELD] + state[HELD + 2] + state[HELD + 4] + state[HELD + 6]
    first = HELD if held or waiting else QUIET
    if state[WAS_BAD] != NONE:
        place = first + 2 * int(min(state[RUN], 3.0))
        state[place] += weight
        state[place + 1] += weight * bad
    if alike != NONE:
        state[first + HELD_ALIKE - HELD] += weight
        state[first + HELD_ALIKE - HELD + 1] += weight * alike
    if held and waiting < _LONGEST:
        return
    if waiting:
        _release(state)
    if state[QUIET] > _KEPT[0]:
        state[QUIET] /= 2
        state[QUIET + 1] /= 2
    if held:
        _forget(state)


def _release(state: State) -> None:
    """What was held back was quiet after all."""
    for number, kept in enumerate(_KEPT):
        place, from_ = QUIET + 2 * number, HELD + 2 * number
        state[place] += state[from_]
        state[place + 1] += state[from_ + 1]
        state[from_] = state[from_ + 1] = 0.0
        if state[place] > kept:
            state[place] /= 2
            state[place + 1] /= 2


def _forget(state: State) -> None:
    for first in range(STRETCHES, SIZE, WIDTH):
        state[first + WEIGHT] = 0.0


def _open(state: State, at: float, chosen: int) -> None:
    first = STRETCHES + WIDTH * chosen
    points, bads = state[first + POINTS], state[first + BADS]
    goods = points - bads
    state[OPEN] = 1.0
    state[OPENED_AT] = at
    state[CHOSEN] = float(chosen)
    state[LAST_GOOD_BEFORE] = state[first + BEFORE]
    state[FIRST_BAD] = state[first + SINCE]
    state[LAST_BAD] = at
    state[FIRST_GOOD_AFTER] = NONE
    state[COUNT], state[BAD], state[AFTER], state[OVER] = points, bads, 0.0, 0.0
    _expect(state, bads, goods)
    for place in range(HELD, HELD_ALIKE + 2):
        state[place] = 0.0
    _forget(state)


def _expect(state: State, bads: float, goods: float) -> None:
    """How open the stretch is. Which point followed which is not kept before it opens: as if they came by chance.

    One that begins again soon after the last closed was never over: the good points between are of its habit.
    """
    if state[CLOSED_AT] != NONE and state[FIRST_BAD] - state[CLOSED_AT] < _REMEMBERS_S:
        for place in (WITHIN_BAD, WITHIN_BAD_GOOD, WITHIN_GOOD, WITHIN_GOOD_GOOD):
            state[place] /= 2
        state[WITHIN_BAD] += 1
        state[WITHIN_BAD_GOOD] += 1
        state[WITHIN_GOOD] += state[GOODS]
        state[WITHIN_GOOD_GOOD] += max(0.0, state[GOODS] - 1)
    else:
        state[WITHIN_BAD] = state[WITHIN_BAD_GOOD] = state[WITHIN_GOOD] = state[WITHIN_GOOD_GOOD] = 0.0
    points = bads + goods
    state[WITHIN_BAD] += bads
    state[WITHIN_BAD_GOOD] += goods * bads / points
    state[WITHIN_GOOD] += goods
    state[WITHIN_GOOD_GOOD] += goods * goods / points


def _good_within(state: State) -> float:
    """How probable a good point is while the stretch lasts."""
    chosen = int(state[CHOSEN])
    if state[WAS_BAD]:
        believed, points = _WITHIN_BAD_GOOD[chosen], _WITHIN_BAD_POINTS[chosen]
        return (state[WITHIN_BAD_GOOD] + believed * points) / (state[WITHIN_BAD] + points)
    believed, points = _WITHIN_GOOD_GOOD[chosen], _WITHIN_GOOD_POINTS[chosen]
    return (state[WITHIN_GOOD_GOOD] + believed * points) / (state[WITHIN_GOOD] + points)


def _within(state: State, at: float, bad: bool, weight: float) -> int:
    good_within = _good_within(state)
    rate = bad_rate(state)
    if bad:
        _goes_on(state, at)
        state[OVER] = max(0.0, state[OVER] + weight * log(rate / (1 - good_within)))
        return NOTHING
    if not state[AFTER]:
        state[FIRST_GOOD_AFTER] = at
    state[AFTER] += 1
    state[OVER] = max(0.0, state[OVER] + weight * log((1 - rate) / good_within))
    if state[OVER] < CLOSES or state[AFTER] < FEWEST_GOOD:
        return NOTHING
    state[OPEN] = 0.0
    state[OVER] = 0.0
    state[QUIET] += state[AFTER] - 1
    if state[BAD] <= _BRIEF:
        _learn_burst(state, state[BAD])
    state[CLOSED_AT] = at
    state[GOODS] = state[AFTER]
    return CLOSED


def _learn_burst(state: State, length: float) -> None:
    """What was over so soon may have been a burst: the next one of this length must show more."""
    for run in range(4):
        passed = min(1.0, max(0.0, length - run)) if run < 3 else max(0.0, length - run)
        ended = 1.0 if run == min(length, 3.0) else 0.0
        state[QUIET + 2 * run] += passed + ended
        state[QUIET + 2 * run + 1] += passed


def _goes_on(state: State, at: float) -> None:
    """The good points since the last bad one belong to the stretch."""
    after = state[AFTER]
    state[WITHIN_BAD] += 1
    if after:
        state[WITHIN_BAD_GOOD] += 1
        state[WITHIN_GOOD] += after
        state[WITHIN_GOOD_GOOD] += after - 1
    state[COUNT] += after + 1
    state[BAD] += 1
    state[AFTER] = 0.0
    state[LAST_BAD] = at
    state[FIRST_GOOD_AFTER] = NONE
