"""The textures: once a page, and every strip, chip and legend refers to them by id.

Blocking is diagonal, the surer the more ink; throttling is horizontal; no data is dotted paper. Colours come from
classes, so that one drawing serves light, dark and paper.
"""

from functools import lru_cache

from results.judgement import Verdict
from server.pages.charts.palette import BLOCKINGS, DOWN, OK, SLOW, UNSURE, Kind
from server.pages.charts.svg import element

NO_DATA = "url(#p-none)"
SURENESS = {"confirmed": 3, "likely": 2, "weak": 1}
_HATCH = {3: 0.7, 2: 1.7}  # width of the pale line in a tile of 5


def box(kind: Kind, confidence: str | None, x: float, y: float, width: float, height: float) -> str:
    """A piece of a cell, or a chip: a rectangle with its texture. What can't be told is an outline only."""
    return _box(_key(kind, confidence), x, y, width, height)


@lru_cache(maxsize=8192)
def _box(key: str, x: float, y: float, width: float, height: float) -> str:
    """The cells of all strips of a page stand in the same places, and most of them are quiet: few are drawn anew."""
    if key == UNSURE.key:
        inner = max(0.5, height - 1)
        return element("rect", class_="c-unsure", x=x + 0.5, y=y + 0.5, width=max(0.5, width - 1), height=inner)
    return element("rect", x=x, y=y, width=width, height=height, fill=f"url(#p-{key})")


@lru_cache(maxsize=1024)
def nothing(x: float, y: float, width: float, height: float) -> str:
    """Where there is no data."""
    return element("rect", x=x, y=y, width=width, height=height, fill=NO_DATA)


def _key(kind: Kind, confidence: str | None) -> str:
    return f"{kind.key}-{SURENESS.get(confidence or '', 2)}" if kind.verdict is Verdict.BLOCKED else kind.key


def definitions() -> str:
    """The `<defs>` that all pictures of a page refer to."""
    return element(
        "defs",
        *(_diagonal(kind, sure) for kind in BLOCKINGS for sure in _HATCH),
        *(_thin_diagonal(kind) for kind in BLOCKINGS),
        _tile(OK.key, 5, _ground("ok"), flat=True),
        _tile(
            SLOW.key, 4, _ground("slow"), element("rect", class_="c-slow-line", y=1.4, width=4, height=1.2), flat=True
        ),
        _tile(DOWN.key, 5, _ground("down"), flat=True),
        _tile("none", 5, element("circle", class_="c-dot", cx=2.5, cy=2.5, r=0.75), flat=True),
    )


def _diagonal(kind: Kind, sure: int) -> str:
    line = element("rect", class_="c-hatch", width=_HATCH[sure], height=5)
    return _tile(f"{kind.key}-{sure}", 5, _ground("hue"), line, css=f"k-{kind.key}")


def _thin_diagonal(kind: Kind) -> str:
    line = element("rect", class_="c-hue", width=1.5, height=5)
    return _tile(f"{kind.key}-1", 5, _ground("paper"), line, css=f"k-{kind.key}")


def _ground(colour: str) -> str:
    return element("rect", class_=f"c-{colour}", width=5, height=5)


def _tile(key: str, size: int, *inner: str, css: str | None = None, flat: bool = False) -> str:
    return element(
        "pattern",
        *inner,
        id=f"p-{key}",
        class_=css,
        width=size,
        height=size,
        patternUnits="userSpaceOnUse",
        patternTransform=None if flat else "rotate(45)",
    )
