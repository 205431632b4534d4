"""Latency by stage over time, on a log scale.

A missing value breaks the line: nothing is drawn where nothing was seen.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from server.pages.charts.svg import element, number, path, picture, text
from server.pages.times import Window, ticks

PLOT = 850.0  # as wide as the strip above it, so that eyes can run down a moment
WIDTH, HEIGHT = 978.0, 210.0
TOP, BOTTOM = 10.0, 20.0
LEAST_MS, MOST_MS = 1.0, 30_000.0
LINES = ((1, "1 ms"), (10, "10 ms"), (100, "0.1 s"), (1000, "1 s"), (10_000, "10 s"))


@dataclass(frozen=True, slots=True)
class Stage:
    """One of the stages of a visit."""

    key: str  # the field of a point
    word: str
    css: str


STAGES = (
    Stage("dns_ms", "DNS", "s-dns"),
    Stage("tcp_ms", "TCP", "s-tcp"),
    Stage("tls_ms", "TLS", "s-tls"),
    Stage("ttfb_ms", "first byte", "s-ttfb"),
)


@dataclass(frozen=True, slots=True)
class Moment:
    """One place on the time axis."""

    at: datetime
    ms: Mapping[str, float | None]
    count: int


def latency(
    name: str, moments: Sequence[Moment], window: Window, *, title: str, desc: str, clock: Callable[[datetime], str]
) -> str:
    """The chart as one `<svg>`; the numbers stand in a table beside it."""
    values = [value for moment in moments for value in moment.ms.values() if value is not None]
    scale = _Scale(max(LEAST_MS, min(values, default=10)), min(MOST_MS, max(values, default=1000)))
    longest = _longest_step(moments)
    drawn = [_stage(stage, moments, window, scale, longest) for stage in STAGES]
    return picture(
        name,
        WIDTH,
        HEIGHT,
        *_grid(scale),
        *_axis(window, clock),
        *drawn,
        *_labels(moments, scale),
        title=title,
        desc=desc,
        css="chart",
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    low: float
    high: float

    def y(self, ms: float) -> float:
        low = math.log10(self.low) - 0.15
        high = max(math.log10(self.high) + 0.15, low + 1)
        share = (math.log10(max(ms, self.low)) - low) / (high - low)
        return HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP)


def _x(at: datetime, window: Window) -> float:
    return window.share(at) * PLOT


def _grid(scale: _Scale) -> list[str]:
    drawn = []
    for ms, word in LINES:
        y = scale.y(ms)
        if scale.low <= ms and y >= TOP:
            drawn.append(element("path", class_="grid", d=f"M0 {number(y)}H{number(PLOT)}"))
            drawn.append(element("text", text(word), class_="tick", x=0, y=y - 3))
    return drawn


def _axis(window: Window, clock: Callable[[datetime], str]) -> list[str]:
    marks = ticks(window, 10)
    return [element("text", text(clock(at)), class_="tick", x=_x(at, window), y=HEIGHT - 4) for at in marks]


def _longest_step(moments: Sequence[Moment]) -> timedelta:
    """A pause longer than this is a hole, not a slope."""
    steps = sorted(later.at - earlier.at for earlier, later in pairwise(moments))
    return steps[len(steps) // 2] * 2.5 if steps else timedelta.max


def _stage(stage: Stage, moments: Sequence[Moment], window: Window, scale: _Scale, longest: timedelta) -> str:
    pieces: list[list[tuple[float, float]]] = [[]]
    last: datetime | None = None
    for moment in moments:
        value = moment.ms[stage.key]
        if value is None or (last and moment.at - last > longest):
            pieces.append([])
        if value is not None:
            pieces[-1].append((_x(moment.at, window), scale.y(value)))
        last = moment.at
    lines = [element("path", class_=f"line {stage.css}", d=path(piece)) for piece in pieces if len(piece) > 1]
    dots = [
        element("circle", class_=f"alone {stage.css}", cx=piece[0][0], cy=piece[0][1], r=1.8)
        for piece in pieces
        if len(piece) == 1
    ]
    return "".join(lines + dots)


def _labels(moments: Sequence[Moment], scale: _Scale) -> list[str]:
    """Each line's name at its right end, moved apart where two would lie upon each other."""
    ends = []
    for stage in STAGES:
        known = [(moment, value) for moment in moments if (value := moment.ms[stage.key]) is not None]
        if known:
            moment, newest = known[-1]
            last = "" if moment is moments[-1] else ", last"  # it did not get that far since
            ends.append((scale.y(newest), f"{stage.word}{last} {newest:.0f} ms", stage.css))
    placed, lowest = [], TOP
    for wanted, words, css in sorted(ends):
        y = max(wanted + 4, lowest)
        lowest = y + 13
        placed.append(element("text", text(words), class_=f"end {css}", x=PLOT + 8, y=y))
    return placed
