"""How SVG is written: one element, all text escaped, numbers short. What is drawn is in the other files."""

from collections.abc import Iterable
from html import escape


def element(name: str, *inner: str, **attributes: str | float | None) -> str:
    """`<name …>inner</name>`. A trailing or inner `_` of a keyword is a hyphen; None leaves the attribute out.

    `inner` is SVG already: text goes through `text()` first.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{written}>{''.join(inner)}</{name}>" if inner else f"<{name}{written}/>"


def text(words: str) -> str:
    """Words as SVG text. Characters that XML does not know become U+FFFD, so that a picture stays well-formed."""
    return escape("".join(char if char in "\t\n" or char >= " " else "\N{REPLACEMENT CHARACTER}" for char in words))


def picture(name: str, width: float, height: float, *inner: str, title: str, desc: str = "", css: str = "") -> str:
    """A whole `<svg>` with a name for those who don't see it. `name` makes its ids unique in a page."""
    ids = f"{name}-t {name}-d" if desc else f"{name}-t"
    return element(
        "svg",
        element("title", text(title), id=f"{name}-t"),
        *([element("desc", text(desc), id=f"{name}-d")] if desc else []),
        *inner,
        xmlns="http://www.w3.org/2000/svg",
        class_=css or None,
        viewBox=f"0 0 {number(width)} {number(height)}",
        role="img",
        aria_labelledby=ids,
    )


def number(value: float) -> str:
    """At most one decimal: a tenth of a pixel is enough."""
    return f"{value:.1f}".removesuffix(".0")


def path(points: Iterable[tuple[float, float]]) -> str:
    """A polyline's `d`."""
    return "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points)


def _value(value: str | float) -> str:
    return text(value) if isinstance(value, str) else number(value)
