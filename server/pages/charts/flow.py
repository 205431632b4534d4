"""Bytes over time: the page with the site's name, and what that is compared with, on the same axes from each request.

How steeply a line climbs is its speed. Where the lines' words stand is in labels.py.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from math import atan2, degrees

from server.pages.charts.labels import MARK, NEAR, Label, Point, Room, placed
from server.pages.charts.svg import element, number, path, picture, text
from server.pages.tongue import N_, Tongue
from server.pages.units import kilobytes, precise, seconds, speed

WIDTH, HEIGHT = 1000.0, 320.0
LEFT, TOP, BOTTOM = 52.0, 8.0, 26.0
_HEADROOM = 1.06
_LONG_S, _FOLD = 10.0, 20.0  # what lasts longer, and so many times as long as the shortest, runs out of the picture
_FAR = 0.8  # of the width: the words of what ends beyond stand right of the picture
_STEPS = (1, 2, 5)
_GUIDE_ROOM = 26.0  # of its word, around its middle


@dataclass(frozen=True, slots=True)
class Style:
    """How one kind of line is drawn, and what it is called. The mark is at its end where the page had come."""

    css: str
    word: str
    mark: str  # a path from its middle


NAME = Style("f-name", N_("with the site’s name"), "m-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0z")
OTHER = Style("f-other", N_("with another name, same address"), "m0 -4.5l4.5 4.5l-4.5 4.5l-4.5 -4.5z")
LINE = Style("f-line", N_("from elsewhere, over this line"), "m0 -4.4l4.4 7.4h-8.8z")
CONTROL = Style("f-control", N_("the control"), "m-3.4 -3.4h6.8v6.8h-6.8z")


class End(Enum):
    """Why a curve goes no further."""

    CAME = "the page had come"
    CUT = "we had seen enough"
    STOPPED = "it stopped"


@dataclass(frozen=True, slots=True)
class Curve:
    """One fetch."""

    points: Sequence[tuple[float, int]]  # seconds since its request, bytes so far
    end: End
    end_s: float  # what stopped was waited for until then
    says: str
    visit: bool = False  # drawn thicker

    @property
    def seconds(self) -> float:
        """How long it is in the picture."""
        return self.end_s if self.end is End.STOPPED else self.points[-1][0]

    @property
    def amount(self) -> int:
        return self.points[-1][1]


@dataclass(frozen=True, slots=True)
class Series:
    """The curves of one kind, which have one label together. Never without a curve."""

    style: Style
    note: str  # the label's second row
    curves: Sequence[Curve]
    bad: bool = False

    @property
    def longest(self) -> Curve:
        return max(self.curves, key=lambda curve: curve.seconds)


def flow(
    name: str, series: Sequence[Series], tongue: Tongue, *, title: str, desc: str, ceiling_kbps: float | None = None
) -> str:
    """The picture as one `<svg>`; the table beside it has every number. The ceiling is a guide through the origin."""
    scale = _scale(series, tongue)
    # The site's own line is drawn last: what the picture is about lies on top.
    drawn = [_line(curve, one.style, scale) for one in reversed(series) for curve in one.curves]
    guide = _Guide(scale, ceiling_kbps, tongue) if ceiling_kbps else None
    return picture(
        name,
        WIDTH,
        HEIGHT,
        *_grid(scale, tongue),
        *drawn,
        *([guide.line()] if guide else []),
        *_words(series, scale, guide, tongue),
        *([guide.word()] if guide else []),
        title=title,
        desc=desc,
        css="flow",
    )


def key(style: Style) -> str:
    """The small piece of line with its mark that stands before its word in a table."""
    line = element("path", class_=f"curve {style.css}", d="M1 8H31")
    mark = element("path", class_=f"mark {style.css}", d=f"M16 8{style.mark}")
    return element("svg", line, mark, class_="chip", viewBox="0 0 32 16", aria_hidden="true")


@dataclass(frozen=True, slots=True)
class _Scale:
    seconds: float
    amount: float
    right: float  # where the seconds end

    def x(self, seconds: float) -> float:
        return LEFT + seconds / self.seconds * (self.right - LEFT)

    def y(self, amount: float) -> float:
        return HEIGHT - BOTTOM - amount / self.amount * (HEIGHT - BOTTOM - TOP)

    def pixels(self, points: Iterable[tuple[float, float]]) -> list[Point]:
        return [(self.x(seconds), self.y(amount)) for seconds, amount in points]


def _scale(series: Sequence[Series], tongue: Tongue) -> _Scale:
    curves = [curve for one in series for curve in one.curves]
    lengths = [curve.seconds for curve in curves]
    seconds = min(max(lengths), max(_LONG_S, _FOLD * min(lengths)))
    beside = [_label(one, (0, 0), seconds, tongue).width for one in series if one.longest.seconds >= _FAR * seconds]
    width = max(beside) + (MARK if len(beside) > 1 else 0)
    amount = max(curve.amount for curve in curves) or 1
    return _Scale(seconds or 1.0, _HEADROOM * amount, WIDTH - NEAR - width)


def _label(one: Series, at: Point, until_s: float, tongue: Tongue) -> Label:
    longest = one.longest.seconds
    note = (
        tongue.say("{note}, for {time}", note=one.note, time=seconds(longest, tongue))
        if longest > until_s
        else one.note
    )
    return Label(at, tongue.say(one.style.word), note, one.style.css, one.style.mark, one.bad)


def _course(curve: Curve, scale: _Scale) -> list[Point]:
    """Where a curve goes in the picture: the wait for its first byte, its bytes, the silence after them."""
    points: list[tuple[float, float]] = [(0.0, 0), (curve.points[0][0], 0), *curve.points]
    if curve.end is End.STOPPED:
        points.append((curve.end_s, curve.amount))
    return scale.pixels(_until(points, scale.seconds))


def _until(points: Sequence[tuple[float, float]], end_s: float) -> list[tuple[float, float]]:
    """What of a curve lies before a moment, the last point in proportion."""
    kept = [points[0]]
    for (t0, before), (t1, after) in pairwise(points):
        if t1 > end_s:
            kept.append((end_s, before + (after - before) * (end_s - t0) / (t1 - t0)))
            break
        kept.append((t1, after))
    return kept


def _line(curve: Curve, style: Style, scale: _Scale) -> str:
    course = _course(curve, scale)
    css = f"curve {style.css} visit" if curve.visit else f"curve {style.css}"
    drawn = [element("title", text(curve.says)), element("path", class_=css, d=path(course))]
    return element("g", *drawn, *_end(curve, style, scale, course[-1]))


def _end(curve: Curve, style: Style, scale: _Scale, at: Point) -> list[str]:
    x, y = at
    if curve.seconds > scale.seconds:
        return [element("path", class_=f"more {style.css}", d=f"M{number(x + 2)} {number(y - 5)}l5 5l-5 5")]
    match curve.end:
        case End.CAME:
            return [element("path", class_=f"mark {style.css}", d=f"M{number(x)} {number(y)}{style.mark}")]
        case End.STOPPED:
            return [element("path", class_="stop", d=f"M{number(x)} {number(y - 8)}v16")]
        case End.CUT:
            return []


def _words(series: Sequence[Series], scale: _Scale, guide: "_Guide | None", tongue: Tongue) -> list[str]:
    """What each kind is called, beside the end of its longest curve, clear of every line."""
    lines = [point for one in series for curve in one.curves for point in _dense(_course(curve, scale))]
    taken = []
    if guide:
        lines += _dense(guide.ends)
        taken.append(guide.room)
    labels = [_label(one, _course(one.longest, scale)[-1], scale.seconds, tongue) for one in series]
    return placed(labels, lines, taken, Room(LEFT, 0, WIDTH, HEIGHT - BOTTOM))


def _dense(points: Sequence[Point]) -> list[Point]:
    """A polyline as points so near to each other that no word fits between them."""
    found = list(points)
    for (x0, y0), (x1, y1) in pairwise(points):
        pieces = int(max(abs(x1 - x0), abs(y1 - y0)) // 8) + 1
        found += [(x0 + (x1 - x0) * n / pieces, y0 + (y1 - y0) * n / pieces) for n in range(1, pieces)]
    return found


class _Guide:
    """The estimated ceiling: the slope that the bytes keep to."""

    def __init__(self, scale: _Scale, kbps: float, tongue: Tongue) -> None:
        bytes_s = kbps * 1000 / 8
        end_s = min(scale.seconds, scale.amount / bytes_s)
        self.ends = scale.pixels([(0, 0), (end_s, end_s * bytes_s)])
        self._said = speed(kbps, tongue)

    def line(self) -> str:
        return element("path", class_="guide", d=path(self.ends))

    @property
    def room(self) -> Room:
        x, y = self._middle
        return Room(x - _GUIDE_ROOM, y - _GUIDE_ROOM, x + _GUIDE_ROOM, y + _GUIDE_ROOM)

    def word(self) -> str:
        """Along the line, above it."""
        (x0, y0), (x1, y1) = self.ends
        x, y = self._middle
        turn = f"rotate({number(degrees(atan2(y1 - y0, x1 - x0)))} {number(x)} {number(y)})"
        return element("text", text(self._said), class_="ceiling", x=x, y=y - 6, transform=turn)

    @property
    def _middle(self) -> Point:
        (x0, y0), (x1, y1) = self.ends
        return x0 + (x1 - x0) * 0.55, y0 + (y1 - y0) * 0.55


def _grid(scale: _Scale, tongue: Tongue) -> list[str]:
    """Lines at whole kB, ticks at whole seconds or parts of them."""
    bottom, right = HEIGHT - BOTTOM, scale.right
    drawn = []
    for amount in _ticks(scale.amount / 1000, 5):
        y = scale.y(amount * 1000)
        drawn.append(element("path", class_="grid", d=f"M{number(LEFT)} {number(y)}H{number(right)}"))
        if amount:  # the other axis has the zero
            words = text(kilobytes(amount * 1000, tongue))
            drawn.append(element("text", words, class_="tick", x=LEFT - 8, y=y + 4, text_anchor="end"))
    for at in _ticks(scale.seconds, 10):
        x = scale.x(at)
        drawn.append(element("path", class_="grid", d=f"M{number(x)} {number(bottom)}v5"))
        drawn.append(element("text", text(precise(at, tongue)), class_="tick", x=x, y=HEIGHT - 5, text_anchor="middle"))
    return drawn


def _ticks(end: float, most: int) -> list[float]:
    """Round numbers from zero on, at most so many steps."""
    step = next(ten * one for ten in (10.0**n for n in range(-4, 9)) for one in _STEPS if end / (ten * one) <= most)
    return [round(step * n, 6) for n in range(int(end / step) + 1)]
