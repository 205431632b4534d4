"""The steps of one measurement on a common time axis: one bar a step, with its failure in words beside it."""

from collections.abc import Sequence
from dataclasses import dataclass

from server.pages.charts.labels import extent
from server.pages.charts.svg import element, number, picture, text
from server.pages.tongue import Tongue
from server.pages.units import duration, milliseconds

WIDTH = 1000.0
LABEL = 330.0  # where bars begin
WORDS = 225.0  # right of the last bar
ROW, HEAD, AXIS = 22.0, 28.0, 22.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One step."""

    label: str  # "TLS 93.184.216.34:443"
    start_ms: float
    end_ms: float
    failure: str  # "" for none
    layer: str
    note: str = ""  # beside the time of one that did not fail


@dataclass(frozen=True, slots=True)
class Group:
    """Steps that belong together: one hop, one attempt, one aim."""

    title: str
    bars: Sequence[Bar]


def waterfall(name: str, groups: Sequence[Group], tongue: Tongue, *, title: str, desc: str) -> str:
    """The picture as one `<svg>`; the table beside it has every number."""
    longest = max((bar.end_ms for group in groups for bar in group.bars), default=1.0) or 1.0
    scale = (WIDTH - LABEL - WORDS) / longest
    height = AXIS + sum(HEAD + ROW * len(group.bars) for group in groups)
    drawn: list[str] = _axis(longest, scale, height, tongue)
    y = AXIS
    for group in groups:
        drawn.append(element("text", text(group.title), class_="group", x=0, y=y + 19))
        y += HEAD
        for bar in group.bars:
            drawn.append(_bar(bar, y, scale, tongue))
            y += ROW
    return picture(name, WIDTH, height, *drawn, title=title, desc=desc, css="waterfall")


def _bar(bar: Bar, y: float, scale: float, tongue: Tongue) -> str:
    left = LABEL + bar.start_ms * scale
    width = max(2.0, (bar.end_ms - bar.start_ms) * scale)
    css = "bar failed" if bar.failure else f"bar l-{bar.layer}"
    took = milliseconds(bar.end_ms - bar.start_ms, tongue)
    said = " · ".join(filter(None, (bar.failure or bar.note, took)))
    # Where the words don't fit behind the bar, they stand before it.
    fits = left + width + 6 + extent(said) <= WIDTH
    beside = {"x": left + width + 6} if fits else {"x": left - 6, "text-anchor": "end"}
    start = milliseconds(bar.start_ms, tongue)
    end = element("path", class_="stop", d=f"M{number(left + width)} {number(y + 2)}v{number(ROW - 6)}")
    return element(
        "g",
        element("title", text(tongue.say("{step}: {ended}, from {start}", step=bar.label, ended=said, start=start))),
        element("text", text(_short(bar.label)), class_="label", x=0, y=y + 14),
        element("rect", class_=css, x=left, y=y + 4, width=width, height=ROW - 10),
        *([end] if bar.failure else []),
        element("text", text(said), class_="took bad" if bar.failure else "took", y=y + 14, **beside),
    )


def _axis(longest: float, scale: float, height: float, tongue: Tongue) -> list[str]:
    step = next((s for s in (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000) if longest / s <= 6), 20_000)
    drawn = []
    for tick in range(int(longest // step) + 1):
        x = LABEL + tick * step * scale
        words = duration(tick * step, tongue)
        drawn.append(element("path", class_="grid", d=f"M{number(x)} {number(AXIS - 4)}V{number(height)}"))
        drawn.append(element("text", text(words), class_="tick", x=x, y=AXIS - 9))
    return drawn


def _short(label: str) -> str:
    return label if len(label) <= 46 else f"{label[:45]}…"
