"""Known events over a chart: dashed lines with a number each, whose words stand in a table. They are no measurements.

A day is a line, a month or a year a bar of dots as long as it is. Which events are meant is not decided here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.pages.charts.svg import element, number, text
from server.pages.times import Window

_APART = 11.0  # pixels between two numbers
_LINE_UP_TO = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Mark:
    """When it began, as precisely as it is known: after the one moment and before the other."""

    number: int
    first: datetime
    after: datetime


def lines(marks: Sequence[Mark], window: Window, width: float, height: float) -> list[str]:
    """Over a strip or a chart of that size, for those that can't be numbers."""
    drawn = []
    for mark in marks:
        left, right = _ends(mark, window, width)
        if mark.after <= window.start or mark.first >= window.end:
            continue
        if mark.after - mark.first <= _LINE_UP_TO:
            drawn.append(element("path", class_="known", d=f"M{number(left)} 0V{number(height)}"))
        else:
            drawn.append(element("path", class_="known about", d=f"M{number(left)} 1H{number(right)}"))
    return drawn


def numbers(marks: Sequence[Mark], window: Window, width: float, css: str = "") -> str:
    """The row above: the numbers where the lines are, moved apart where two would lie upon each other."""
    drawn, free = [], 0.0
    for mark in sorted(marks, key=lambda one: one.first):
        left, right = _ends(mark, window, width)
        at = left if mark.after - mark.first <= _LINE_UP_TO else (left + right) / 2
        x = min(max(at, free + 4), width - 5)
        free = x + _APART - 4
        drawn.append(element("text", text(str(mark.number)), class_="tick known-number", x=x, y=11))
    return element("svg", *drawn, class_=f"axis {css}".strip(), viewBox=f"0 0 {width:g} 14", aria_hidden="true")


def _ends(mark: Mark, window: Window, width: float) -> tuple[float, float]:
    return window.share(mark.first) * width, window.share(mark.after) * width
