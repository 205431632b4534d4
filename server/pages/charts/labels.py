"""Words beside points of a picture: as near as they can be, and neither on each other nor on a line."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import inf

from server.pages.charts.svg import element, number, text

Point = tuple[float, float]

LETTER = 7.8  # width of one at the size of the words, in DejaVu Sans: the widest that a system is likely to have
_WIDE = 9.2  # of one that is not Latin
_ROW = 15.0
NEAR = 11.0  # between a point and its word
_MOVES = sorted(
    product((0.0, 10.0, 18.0, 28.0, 44.0, 70.0, 110.0), (float(down) for down in range(-180, 181, 5))),
    key=lambda move: move[0] + abs(move[1]),
)
_ON_A_LINE = 25.0  # each point of a line beneath a word is as bad as to be so much farther away
_FAR = 10.0  # a word farther above or below its place has a thin line to it, and its mark before it
MARK = 15.0
GUIDE_ROOM = 26.0


@dataclass(frozen=True, slots=True)
class Room:
    """A rectangle."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "Room") -> bool:
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def holds(self, other: "Room") -> bool:
        across = self.left <= other.left and other.right <= self.right
        return across and self.top <= other.top and other.bottom <= self.bottom

    def near(self, point: Point) -> bool:
        x, y = point
        return self.left - 3 < x < self.right + 3 and self.top - 2 < y < self.bottom + 2


def extent(words: str) -> float:
    """How wide they are at most."""
    return sum(LETTER if letter.isascii() else _WIDE for letter in words)


@dataclass(frozen=True, slots=True)
class Label:
    """Two rows of words for one point."""

    at: Point
    word: str
    note: str
    css: str
    mark: str  # a path from its middle
    bad: bool = False

    @property
    def width(self) -> float:
        return max(extent(self.word), extent(self.note))

    def room(self, aside: float, down: float) -> Room:
        """What it takes, so far from where it would stand best: right of its point."""
        x, y = self.at[0] + NEAR + aside, self.at[1] + down
        return Room(x, y - _ROW, x + self.width + (MARK if _led(aside, down) else 0), y + _ROW)


def _led(aside: float, down: float) -> bool:
    """Whether a word is so far from its point that it might be taken for another's."""
    return aside > 0 or abs(down) > _FAR


def placed(labels: Sequence[Label], lines: Sequence[Point], taken: Sequence[Room], frame: Room) -> list[str]:
    """The labels as SVG. `lines`: points that they keep clear of; `taken`: rooms that they keep out of."""
    rooms, drawn = list(taken), []
    # From the right: the place beside a point is for that point's own word, not for one that has to give way.
    for label in sorted(labels, key=lambda label: -label.at[0]):
        room = _place(label, lines, rooms, frame)
        rooms.append(room)
        drawn.append(_drawn(label, room))
    return drawn


def _place(label: Label, lines: Sequence[Point], rooms: Sequence[Room], frame: Room) -> Room:
    """The nearest room that is free of other words, a little farther where that keeps it off the lines."""
    best, least = label.room(0, 0), inf
    for aside, down in _MOVES:
        away = aside + abs(down)
        if away >= least:
            break
        room = label.room(aside, down)
        if frame.holds(room) and not any(map(room.meets, rooms)):
            score = away + _ON_A_LINE * sum(map(room.near, lines))
            if score < least:
                best, least = room, score
    return best


def _drawn(label: Label, room: Room) -> str:
    middle = room.top + _ROW
    led = _led(room.left - label.at[0] - NEAR, middle - label.at[1])
    x = room.left + (MARK if led else 0)
    css = "end note bad" if label.bad else "end note"
    word = element("text", text(label.word), class_=f"end {label.css}", x=x, y=middle - 3)
    note = element("text", text(label.note), class_=css, x=x, y=middle + 12)
    return element("g", *(_lead(label, room.left + 5, middle - 7) if led else []), word, note)


def _lead(label: Label, x: float, y: float) -> list[str]:
    """The line from a point to its word, and its mark there: the word may stand nearer to another's point."""
    (x0, y0), at = label.at, f"M{number(x)} {number(y)}"
    line = element("path", class_="lead", d=f"M{number(x0)} {number(y0)}L{number(x)} {number(y)}")
    return [line, element("path", class_=f"mark {label.css}", d=f"{at}{label.mark}")]
