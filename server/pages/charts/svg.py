"""How SVG is written: one element, all text escaped, numbers short. What is drawn is in the other files."""

import re
from collections.abc import Iterable
from functools import cache
from html import escape

_NOT_XML = re.compile(r"[\x00-\x08\x0b-\x1f]")


def element(name: str, *inner: str, **attributes: str | float | None) -> str:
    """`<name …>inner</name>`. A trailing or inner `_` of a keyword is a hyphen; None leaves the attribute out.

    `inner` is SVG already: text goes through `text()` first.
    """
    written = "".join(
        [f' {_attribute(key)}="{_value(value)}"' for key, value in attributes.items() if value is not None]
    )
    return f"<{name}{written}>{''.join(inner)}</{name}>" if inner else f"<{name}{written}/>"


def text(words: str) -> str:
    """Words as SVG text. Characters that XML does not know become U+FFFD, so that a picture stays well-formed."""
    return escape(_NOT_XML.sub("\N{REPLACEMENT CHARACTER}", words))


def picture(
    name: str, width: float, height: float, *inner: str, title: str, desc: str = "", css: str = "", role: str = "img"
) -> str:
    """A whole `<svg>` with a name for those who don't see it. `name` makes its ids unique in a page.

    `role`: a picture of which parts lead on is a `group`; what is within an `img` nobody is told of.
    """
    ids = f"{name}-t {name}-d" if desc else f"{name}-t"
    return element(
        "svg",
        element("title", text(title), id=f"{name}-t"),
        *([element("desc", text(desc), id=f"{name}-d")] if desc else []),
        *inner,
        xmlns="http://www.w3.org/2000/svg",
        class_=css or None,
        viewBox=f"0 0 {number(width)} {number(height)}",
        role=role,
        aria_labelledby=ids,
    )


def number(value: float) -> str:
    """At most one decimal: a tenth of a pixel is enough."""
    return f"{value:.1f}".removesuffix(".0")


def path(points: Iterable[tuple[float, float]]) -> str:
    """A polyline's `d`."""
    return "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points)


@cache
def _attribute(key: str) -> str:
    """They are few, and written thousands of times a page."""
    return key.rstrip("_").replace("_", "-")


def _value(value: str | float) -> str:
    return text(value) if isinstance(value, str) else number(value)
