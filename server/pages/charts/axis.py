"""The words of a time axis, each where its moment lies; one that the edge would cut off is left out. No line here."""

from collections.abc import Callable
from datetime import datetime

from server.pages.charts.svg import element, text
from server.pages.times import Window, ticks

ROOM = 46.0  # for "20 Nov" in any tongue of ours, in an axis' small letters


def moments(window: Window, width: float, y: float, clock: Callable[[datetime], str], *, most: int) -> list[str]:
    places = ((at, window.share(at) * width) for at in ticks(window, most))
    return [element("text", text(clock(at)), class_="tick", x=x, y=y) for at, x in places if x <= width - ROOM]
