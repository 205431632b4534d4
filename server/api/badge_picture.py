"""The badge as SVG, drawn by hand: what is said, and when was looked last. Pure: words in, markup out.

Its widths are those of the fonts that badges are mostly shown in; where a reader has another, the text is fitted to
them. What holds is told by words and by a sign, the colour only repeats it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from server.pages.charts.svg import element, text

HEIGHT = 20
SIZE = 11  # of the letters, in pixels
_PAD, _SIGN = 7.0, 12.0
_BASE = 14.0  # of the text
_FONTS = "Verdana,DejaVu Sans,Bitstream Vera Sans,sans-serif"
_WIDTHS: Mapping[float, str] = {  # of a letter, in ems: DejaVu Sans and Verdana, which are as wide
    0.25: "'",
    0.3: " ,.IJijlІі·’",
    0.35: "-/:;\\f|",
    0.4: "!()[]rt",
    0.45: '"',
    0.5: "*_`sz–",
    0.55: "?Lcгзсэ",
    0.6: "FPTYaekovxyГРТУабвекотухчьяёәғқөҰұҮү«»",
    0.7: "ABCRVXZАБВКСХЧЬЭЯдцъҚҺ",
    0.75: "DGHNUИЙЛНПмҢ",
    0.8: "&OQwДОЦыӘӨ",
    0.85: "#+<=>M^~МФЪфю",
    0.9: "Ыжш",
    0.95: "%mщ",
    1.0: "@W—",
    1.1: "ЖЩЮШ",
}
_MOST = 0.65  # of digits, and of most letters
_WIDTH_OF = {letter: width for width, letters in _WIDTHS.items() for letter in letters}


class Sign(StrEnum):
    """What holds, at a glance."""

    ALL = "all"
    SOME = "some"
    NONE = "none"
    UNKNOWN = "unknown"


_PAPER = {Sign.ALL: "#2d6a3e", Sign.SOME: "#875605", Sign.NONE: "#b3261e", Sign.UNKNOWN: "#566170"}
_LEFT = "#2b3442"
_SHAPES = {
    Sign.ALL: '<path d="M1 6l3 3 5-7" fill="none" stroke="#fff" stroke-width="2"/>',
    Sign.SOME: '<circle cx="5" cy="5" r="4" fill="none" stroke="#fff" stroke-width="1.5"/>'
    '<path d="M5 1a4 4 0 0 1 0 8z" fill="#fff"/>',
    Sign.NONE: '<path d="M1.5 1.5l7 7m0-7l-7 7" fill="none" stroke="#fff" stroke-width="2"/>',
    Sign.UNKNOWN: '<circle cx="5" cy="5" r="4" fill="none" stroke="#fff" stroke-width="1.5" stroke-dasharray="2 1.5"/>',
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What stands on a badge, and what is said to who does not see it."""

    label: str
    value: str
    when: str  # of the newest look; may be empty
    title: str
    desc: str
    language: str


def width_of(text: str) -> float:
    """In pixels."""
    return round(SIZE * sum(_WIDTH_OF.get(letter, _MOST) for letter in text), 1)


def picture(words: Words, sign: Sign) -> str:
    """A badge."""
    value = f"{words.value} · {words.when}" if words.when else words.value
    left = width_of(words.label) + 2 * _PAD
    whole = round(left + _PAD + _SIGN + width_of(value) + _PAD, 1)
    drawn = (
        element("rect", width=whole, height=HEIGHT, rx=3, fill=_PAPER[sign])
        + element("path", d=_rounded(left), fill=_LEFT)
        + _written(words.label, _PAD)
        + element("g", _SHAPES[sign], transform=f"translate({left + _PAD - 2:g} 5)")
        + _written(value, left + _PAD + _SIGN)
    )
    named = element("title", text(words.title), id="t") + element("desc", text(words.desc), id="d")
    return element(
        "svg", named, drawn, xmlns="http://www.w3.org/2000/svg", width=whole, height=HEIGHT,
        viewBox=f"0 0 {whole:g} {HEIGHT}", role="img", aria_labelledby="t d", lang=words.language,
    )  # fmt: skip


def _rounded(width: float) -> str:
    """The left half: its corners are round on one side."""
    return f"M3 0H{width:g}V{HEIGHT}H3a3 3 0 0 1-3-3V3a3 3 0 0 1 3-3z"


def _written(said: str, x: float) -> str:
    fitted = {"textLength": f"{width_of(said):g}", "lengthAdjust": "spacingAndGlyphs"}
    return element("text", text(said), x=x, y=_BASE, fill="#fff", font_family=_FONTS, font_size=SIZE, **fitted)
