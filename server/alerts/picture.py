"""The strip of an alert as a PNG: a row for each site on each network, an hour a cell. Pure: rows in, bytes out.

The same signs as on the pages (server/pages/charts): a letter and a texture for each kind, never colour alone. Which
rows there are is in pictured.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from functools import cache
from io import BytesIO

from fontpkg_pt_sans import ROOT
from PIL import Image, ImageDraw, ImageFont

from server.pages.cells import Cell, Empty, Piece
from server.pages.charts.palette import BLOCKINGS, DOWN, KINDS, LIGHT, SLOW, UNSURE, Kind
from server.pages.charts.patterns import SURENESS
from server.pages.charts.strip import Bracket, heights
from server.pages.times import HOUR, Window
from server.pages.tongue import ENGLISH, Tongue

MOST_ROWS = 8
ROW, STEP, LABEL, MARGIN = 44, 22, 300, 16  # pixels
HEAD, FOOT = 40, 40
_GAP = 2  # between cells
_TICK = 6 * HOUR
_PAD = 6  # above and below a cell: room for the bracket
_HATCH = {3: (10, 2), 2: (10, 4)}  # by sureness, as the pages': how far apart the pale lines are, and how wide

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One site on one network."""

    site: str
    network: str
    cells: Sequence[Cell]
    brackets: Sequence[Bracket] = ()


def size(rows: int, window: Window) -> tuple[int, int]:
    """Width and height of a picture."""
    return 2 * MARGIN + LABEL + STEP * window.count, HEAD + ROW * min(rows, MOST_ROWS) + FOOT


def draw(rows: Sequence[Row], window: Window, tongue: Tongue = ENGLISH) -> bytes:
    """The picture as PNG. Rows beyond the eighth are left out."""
    rows = rows[:MOST_ROWS]
    image = Image.new("RGB", size(len(rows), window), LIGHT["paper"])
    pen = ImageDraw.Draw(image)
    left = MARGIN + LABEL
    for place, row in enumerate(rows):
        top = HEAD + ROW * place
        _label(pen, row, top)
        for index, cell in enumerate(row.cells):
            x = left + STEP * index
            _cell(image, cell, (x, top + _PAD, x + STEP - _GAP - 1, top + ROW - _PAD - 1))
        for bracket in row.brackets:
            _bracket(pen, bracket, window, left, top)
    _axis(pen, window, left, tongue)
    _legend(image, rows, HEAD + ROW * len(rows) + 10, tongue)
    kept = BytesIO()
    image.save(kept, "PNG", optimize=True)
    return kept.getvalue()


def _label(pen: ImageDraw.ImageDraw, row: Row, top: int) -> None:
    font, small = _font(17), _font(13)
    pen.text((MARGIN, top + 5), _fitting(row.site, font), font=font, fill=LIGHT["ink"])
    pen.text((MARGIN, top + 25), _fitting(row.network, small), font=small, fill=LIGHT["soft"])


def _fitting(text: str, font: ImageFont.FreeTypeFont) -> str:
    shown = text
    while font.getlength(shown) > LABEL - 12:
        shown = shown.removesuffix("...")[:-1] + "..."
    return shown


def _cell(image: Image.Image, cell: Cell, box: Box) -> None:
    left, top, right, bottom = box
    if not cell.pieces:
        _nothing(ImageDraw.Draw(image), cell.empty, box)
        return
    low = bottom + 1
    for piece, height in zip(cell.pieces, heights(cell.pieces, bottom + 1 - top), strict=True):
        _piece(image, piece, (left, low - height, right, low - 1))
        low -= height
    if cell.worst and cell.worst.count * 2 >= cell.total:
        centre = ((left + right) / 2, (top + bottom) / 2)
        _letter(ImageDraw.Draw(image), cell.worst.kind, centre)


def _letter(pen: ImageDraw.ImageDraw, kind: Kind, centre: tuple[float, float]) -> None:
    paper, ink = LIGHT["paper"], LIGHT["ink"]
    pen.text(centre, kind.letter, font=_font(15, "Bold"), fill=ink, anchor="mm", stroke_width=2, stroke_fill=paper)


def _nothing(pen: ImageDraw.ImageDraw, empty: Empty, box: Box) -> None:
    left, top, right, bottom = (round(edge) for edge in box)
    if empty in {Empty.BEFORE, Empty.AHEAD}:
        return
    if empty is Empty.GAP:
        pen.line((left, bottom, right, bottom), fill=LIGHT["dot"])
        pen.ellipse(_round((left + right) / 2, (top + bottom) / 2, 2), fill=LIGHT["dot"])
        return
    for y in range(top + 2, bottom, 6):
        for x in range(left + 2, right, 6):
            pen.point((x, y), fill=LIGHT["down"])


def _piece(image: Image.Image, piece: Piece, box: Box) -> None:
    """Its texture: blocking is diagonal, the surer the more ink, throttling is horizontal."""
    left, top, right, bottom = (round(edge) for edge in box)
    tile = Image.new("RGB", (right - left + 1, max(1, bottom - top + 1)), LIGHT["paper"])
    pen, kind = ImageDraw.Draw(tile), piece.kind
    width, height = tile.size
    if kind == UNSURE:
        pen.rectangle((0, 0, width - 1, height - 1), outline=LIGHT[DOWN.key])
    elif kind in BLOCKINGS and SURENESS.get(piece.confidence or "", 2) == 1:
        _diagonals(pen, tile.size, 10, 3, kind.hue)
    elif kind in BLOCKINGS:
        pen.rectangle((0, 0, width, height), fill=kind.hue)
        _diagonals(pen, tile.size, *_HATCH[SURENESS.get(piece.confidence or "", 2)], LIGHT["hatch"])
    else:
        pen.rectangle((0, 0, width, height), fill=LIGHT[kind.key])
        for y in range(3, height, 8) if kind == SLOW else ():
            pen.line((0, y, width, y), fill=LIGHT["slow-line"], width=2)
    image.paste(tile, (left, top))


def _diagonals(pen: ImageDraw.ImageDraw, extent: tuple[int, int], apart: int, width: int, colour: str) -> None:
    across, down = extent
    for x in range(-down, across + down, apart):
        pen.line((x, down, x + down, 0), fill=colour, width=width)


def _bracket(pen: ImageDraw.ImageDraw, bracket: Bracket, window: Window, left: int, top: int) -> None:
    """`[` where it was last otherwise, `]` where it was first so."""
    if not window.start <= bracket.until <= window.end:
        return
    whole, arm = STEP * window.count, 5
    first = left + window.share(bracket.after) * whole
    last = max(left + window.share(bracket.until) * whole, first + 2 * arm)
    ends = [(last, -arm)] + ([(first, arm)] if bracket.after >= window.start else [])
    for x, towards in ends:
        pen.line((x + towards, top + 1, x, top + 1, x, top + ROW - 2, x + towards, top + ROW - 2), LIGHT["ink"], 2)


def _axis(pen: ImageDraw.ImageDraw, window: Window, left: int, tongue: Tongue) -> None:
    pen.text((MARGIN, 14), "UTC", font=_font(13), fill=LIGHT["soft"])
    start = window.start.astimezone(UTC)
    first = start.replace(hour=0) + _TICK * -(-start.hour // 6)
    for place in range((window.end - first) // _TICK + 1):
        moment = first + _TICK * place
        x = left + window.share(moment) * STEP * window.count
        pen.line((x, HEAD - 8, x, HEAD - 2), fill=LIGHT["down"])
        at = f"{moment:%H:%M}" if moment.hour else tongue.day(moment.date(), moment.year)
        pen.text((x, 20), at, font=_font(13), fill=LIGHT["soft"], anchor="mm")


def _legend(image: Image.Image, rows: Sequence[Row], top: int, tongue: Tongue) -> None:
    """The kinds that occur, with their words."""
    seen = {piece.kind: piece for row in rows for cell in row.cells for piece in cell.pieces}
    pen, x = ImageDraw.Draw(image), float(MARGIN)
    entries: list[Piece | None] = [seen[kind] for kind in KINDS if kind in seen]
    if any(not cell.pieces and cell.empty is Empty.NO_DATA for row in rows for cell in row.cells):
        entries.append(None)
    for piece in entries:
        box = (x, top, x + 19, top + 19)
        word = Empty.NO_DATA.value
        if piece is None:
            _nothing(pen, Empty.NO_DATA, box)
        else:
            _piece(image, piece, box)
            if piece.kind in {*BLOCKINGS, SLOW, DOWN}:
                _letter(pen, piece.kind, (x + 10, top + 10))
            word = piece.kind.word
        word = tongue.say(word)
        pen.text((x + 26, top + 10), word, font=_font(13), fill=LIGHT["soft"], anchor="lm")
        x += 26 + _font(13).getlength(word) + 22


def _round(x: float, y: float, radius: float) -> Box:
    return x - radius, y - radius, x + radius, y + radius


@cache
def _font(pixels: int, weight: str = "Regular") -> ImageFont.FreeTypeFont:
    """PT Sans: it has the letters of every language here, and comes with us, since servers often have no fonts."""
    return ImageFont.truetype(ROOT / "files" / f"PT_Sans-Web-{weight}.ttf", pixels)
