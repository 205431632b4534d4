"""The hours of a week, seven rows of 24: what of each hour's checks was bad, as a bar from below. Pure drawing."""

from collections.abc import Callable, Sequence

from server.pages.charts import patterns
from server.pages.charts.palette import OK, Kind
from server.pages.charts.svg import element, picture, text

LEFT, TOP = 64.0, 18.0
CELL_WIDTH, CELL_HEIGHT, GAP = 30.0, 20.0, 1.5
WIDTH, HEIGHT = LEFT + 24 * CELL_WIDTH, TOP + 7 * CELL_HEIGHT
_LEAST = 2.0  # a single bad check is still seen


def hours_of_week(
    name: str,
    counts: Sequence[Sequence[tuple[int, int]]],
    kind: Kind,
    *,
    title: str,
    desc: str,
    days: Sequence[str],
    words: Callable[[int, int, int, int], str],
) -> str:
    """`counts`: bad and all, by day and hour; `words` says what one has. An hour without a check is dotted paper."""
    drawn = [
        element("text", text(f"{hour:02d}"), class_="tick", x=LEFT + hour * CELL_WIDTH, y=11)
        for hour in range(0, 24, 3)
    ]
    for day, row in enumerate(counts):
        y = TOP + day * CELL_HEIGHT
        drawn.append(element("text", text(days[day]), class_="tick", x=0, y=y + 14))
        for hour, (bad, total) in enumerate(row):
            box = _cell(bad, total, kind, LEFT + hour * CELL_WIDTH, y)
            drawn.append(element("g", element("title", text(words(day, hour, bad, total))), *box))
    return picture(name, WIDTH, HEIGHT, *drawn, title=title, desc=desc, css="chart week")


def _cell(bad: int, total: int, kind: Kind, x: float, y: float) -> list[str]:
    width, height = CELL_WIDTH - GAP, CELL_HEIGHT - GAP
    if not total:
        return [element("rect", x=x, y=y, width=width, height=height, fill=patterns.NO_DATA)]
    tall = min(height, max(_LEAST, height * bad / total)) if bad else 0.0
    drawn = [patterns.box(OK, None, x, y, width, height - tall)] if tall < height else []
    return drawn + ([patterns.box(kind, "likely", x, y + height - tall, width, tall)] if tall else [])
