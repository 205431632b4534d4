"""A site beside the references of the same rounds: medians with the middle of what was measured, on a log scale.

A hole in the checks is a hole in the line. Nothing is counted here.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from server.pages.charts.axis import moments
from server.pages.charts.marks import Mark, lines
from server.pages.charts.svg import element, number, path, picture, text
from server.pages.times import Window

WIDTH, HEIGHT = 850.0, 120.0
TOP, BOTTOM = 8.0, 18.0
MS = (1, 10, 100, 1000, 10_000)  # where the axes are labelled
KBPS = (10, 100, 1000, 10_000, 100_000)
Marks = Sequence[tuple[float, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """One cell's: the site's median between its tenth and ninetieth hundredth, and the references' median."""

    cell: int
    low: float | None = None
    mid: float | None = None
    high: float | None = None
    ref: float | None = None


def compare(
    name: str,
    spots: Sequence[Spot],
    window: Window,
    *,
    title: str,
    desc: str,
    marks: Marks,
    clock: Callable[[datetime], str],
    events: Sequence[Mark] = (),
) -> str:
    """The chart as one `<svg>`; the numbers stand in a table beside it."""
    known = [value for spot in spots for value in (spot.low, spot.high, spot.ref) if value is not None]
    scale = _Scale(min(known, default=10), max(known, default=1000))
    x = {spot.cell: (spot.cell + 0.5) / window.count * WIDTH for spot in spots}
    mids = _runs([(spot.cell, spot.mid) for spot in spots])
    refs = _runs([(spot.cell, spot.ref) for spot in spots])
    return picture(
        name,
        WIDTH,
        HEIGHT,
        *_grid(scale, marks),
        *moments(window, WIDTH, HEIGHT - 4, clock, most=10),
        *lines(events, window, WIDTH, HEIGHT - BOTTOM),
        *(_band(run, spots, x, scale) for run in mids),
        *(_line(run, x, scale, "line c-ref") for run in refs),
        *(_line(run, x, scale, "line c-site") for run in mids),
        title=title,
        desc=desc,
        css="chart compare",
    )  # fmt: skip


Run = list[tuple[int, float]]


def _runs(values: Sequence[tuple[int, float | None]]) -> list[Run]:
    """Neighbouring cells that have a value."""
    runs: list[Run] = []
    last = None
    for cell, value in values:
        if value is None:
            continue
        if last is None or cell - last > 1:
            runs.append([])
        runs[-1].append((cell, value))
        last = cell
    return runs


class _Scale:
    def __init__(self, low: float, high: float) -> None:
        self.low = math.log10(max(low, 0.1)) - 0.1
        self.high = max(math.log10(max(high, 0.1)) + 0.1, self.low + 1)

    def y(self, value: float) -> float:
        share = (math.log10(max(value, 0.1)) - self.low) / (self.high - self.low)
        return HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP)


def _grid(scale: _Scale, marks: Marks) -> list[str]:
    drawn = []
    for value, word in marks:
        y = scale.y(value)
        if TOP <= y <= HEIGHT - BOTTOM:
            drawn.append(element("path", class_="grid", d=f"M0 {number(y)}H{number(WIDTH)}"))
            drawn.append(element("text", text(word), class_="tick", x=0, y=y - 3))
    return drawn


def _line(run: Run, x: dict[int, float], scale: _Scale, css: str) -> str:
    if len(run) == 1:
        [(cell, value)] = run
        return element("circle", class_=f"alone {css}", cx=x[cell], cy=scale.y(value), r=1.8)
    return element("path", class_=css, d=path((x[cell], scale.y(value)) for cell, value in run))


def _band(run: Run, spots: Sequence[Spot], x: dict[int, float], scale: _Scale) -> str:
    by_cell = {spot.cell: spot for spot in spots}
    of = [by_cell[cell] for cell, _ in run]
    if len(of) < 2:
        return ""
    there = [(x[spot.cell], scale.y(spot.high or 0)) for spot in of]
    back = [(x[spot.cell], scale.y(spot.low or 0)) for spot in reversed(of)]
    return element("path", class_="band", d=path(there + back) + "Z")
