"""The strip: a site's past as a row of cells, each a stack of shares. The same drawing serves page, badge and alert.

Nothing is read or counted here: cells come ready from cells.py, words from sentences.py.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from server.pages.cells import Cell, Empty, Piece
from server.pages.charts import patterns
from server.pages.charts.marks import Mark, lines
from server.pages.charts.palette import LIGHT, stylesheet
from server.pages.charts.svg import element, number, picture, text
from server.pages.times import Window

LEAST = 2.0  # a single blocked check of hundreds is still seen
LETTER_FROM = 14.0  # a narrower cell has no room for its letter


@dataclass(frozen=True, slots=True)
class Bracket:
    """A change lies somewhere between two moments."""

    after: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Size:
    """Of the whole strip, in pixels of its own grid."""

    width: float
    height: float
    margin: float = 4.0  # above and below: room for brackets
    gap: float = 1.0  # between cells


def strip(
    name: str,
    row: Sequence[Cell],
    window: Window,
    *,
    title: str,
    words: Callable[[Cell], str],
    size: Size,
    brackets: Sequence[Bracket] = (),
    known: Sequence[Mark] = (),
    link: Callable[[Cell], str] | None = None,
) -> str:
    """The strip as one `<svg>`. `words` says what a cell holds, "" for none; `link` leads from it, "" for nowhere."""
    step = size.width / max(1, len(row))
    drawn = [_cell(cell, index * step, step, size, words(cell), link) for index, cell in enumerate(row)]
    marks = [_bracket(bracket, window, size) for bracket in brackets]
    return picture(
        name, size.width, size.height, *drawn, *lines(known, window, size.width, size.height), *marks, title=title,
        css="strip", role="group" if link else "img",
    )  # fmt: skip


def standalone(svg: str) -> str:
    """A strip that needs no page around it: with its textures and its colours."""
    head, _, rest = svg.partition(">")
    width, height = head.partition('viewBox="0 0 ')[2].partition('"')[0].split(" ")
    paper = element("rect", width=float(width), height=float(height), fill=LIGHT["paper"])
    css = element("style", stylesheet() + PAINT)
    return f'{head} width="{width}" height="{height}">{css}{patterns.definitions()}{paper}{rest}'


PAINT = (
    ".c-ok{fill:var(--ok)}.c-slow{fill:var(--slow)}.c-slow-line{fill:var(--slow-line)}.c-down{fill:var(--down)}"
    ".c-hue{fill:var(--hue)}.c-hatch{fill:var(--hatch);fill-opacity:.62}.c-paper{fill:var(--paper)}"
    ".c-dot{fill:var(--dot)}.c-unsure{fill:var(--paper);stroke:var(--down);stroke-width:1;stroke-dasharray:2 2}"
    ".bracket{fill:none;stroke:var(--ink);stroke-width:1}.base{stroke:var(--dot);stroke-width:1}"
    ".letter{font:600 11px Inter,'Noto Sans',system-ui,sans-serif;fill:var(--ink);paint-order:stroke;"
    "stroke:var(--paper);stroke-width:3px;text-anchor:middle}\n"
)


def heights(pieces: Sequence[Piece], height: float) -> list[float]:
    """Shares of a cell's height. None falls below LEAST; what that costs is taken from the largest."""
    if len(pieces) == 1:
        return [height]
    total = sum(piece.count for piece in pieces)
    shares = [max(LEAST, piece.count / total * height) for piece in pieces]
    largest = shares.index(max(shares))
    shares[largest] -= sum(shares) - height
    return shares


def _cell(cell: Cell, x: float, step: float, size: Size, says: str, link: Callable[[Cell], str] | None) -> str:
    width = max(0.5, step - size.gap)
    inner = _stack(cell, x, width, size) if cell.pieces else _nothing(cell.empty, x, width, size)
    if not inner:
        return ""
    group = element("g", element("title", text(says)), *inner) if says else "".join(inner)
    href = link(cell) if link else ""
    return element("a", group, href=href) if href else group


def _stack(cell: Cell, x: float, width: float, size: Size) -> list[str]:
    full = size.height - 2 * size.margin
    bottom = size.height - size.margin
    drawn = []
    for piece, height in zip(cell.pieces, heights(cell.pieces, full), strict=True):
        bottom -= height
        drawn.append(patterns.box(piece.kind, piece.confidence, x, bottom, width, height))
    if width >= LETTER_FROM and cell.worst and cell.worst.count * 2 >= cell.total:
        letter = text(cell.worst.kind.letter)
        drawn.append(element("text", letter, class_="letter", x=x + width / 2, y=size.height / 2 + 4))
    return drawn


def _nothing(empty: Empty, x: float, width: float, size: Size) -> list[str]:
    if empty in {Empty.BEFORE, Empty.AHEAD}:
        return []
    top, bottom = size.margin, size.height - size.margin
    if empty is Empty.NO_DATA:
        return [patterns.nothing(x, top, width, bottom - top)]
    line = element("path", class_="base", d=f"M{number(x)} {number(bottom - 0.5)}h{number(width)}")
    dot = element("circle", class_="c-dot", cx=x + width / 2, cy=size.height / 2, r=1.6)
    room = element("rect", x=x, y=top, width=width, height=bottom - top, fill="none", pointer_events="all")
    return [room, line, dot]


def _bracket(bracket: Bracket, window: Window, size: Size) -> str:
    """`[` where it was last otherwise, `]` where it was first so. Outside of the window nothing is drawn."""
    if not window.start <= bracket.until <= window.end:
        return ""
    left = window.share(bracket.after) * size.width
    right = max(window.share(bracket.until) * size.width, left + 6)
    arm, tall = number(min(3.0, (right - left) / 3)), number(size.height - 1)
    opening = f"M{number(left + float(arm))} .5h-{arm}v{tall}h{arm}" if bracket.after >= window.start else ""
    return element("path", class_="bracket", d=f"{opening}M{number(right - float(arm))} .5h{arm}v{tall}h-{arm}")
