"""What the picture of an event shows: its sites on its networks, 48 hours around its turn, read from the store.

How it is drawn is in picture.py.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from results.points import Point
from results.store import Store
from results.tables import GapRow
from server.alerts.picture import MOST_ROWS, Row, draw
from server.alerts.texts import News
from server.pages.cells import Cell, cells, tally
from server.pages.charts.strip import Bracket
from server.pages.sentences import site_name
from server.pages.times import HOUR, Window
from server.pages.tongue import tongue

_HOURS = 48
_LONGEST = timedelta(days=14)  # all that was measured since is read; what lies further back has no picture


def picture_of(store: Store, told: News, now: datetime, language: str = "en") -> bytes | None:
    """The picture as PNG; None for what has no sites, or lies too far back. Blocks."""
    event = told.event
    turn = event.last_bad_at if event.first_good_at is not None and not told.past else event.first_bad_at
    if not event.urls or now - turn > _LONGEST:
        return None
    hour = turn.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    window = Window(hour - HOUR * (_HOURS // 2), HOUR, _HOURS)
    gaps = store.gaps(since=window.start)
    series: dict[tuple[str, int | None, str], list[Point]] = defaultdict(list)
    asns = {network.asn for network in event.networks}
    for url in event.urls[:MOST_ROWS]:
        for point in store.points(since=window.start, url=url):
            if point.at < window.end and (not asns or point.asn in asns):
                series[url, point.asn, point.network or ""].append(point)
    brackets = _brackets(told)
    rows = [
        Row(
            site=site_name(url),
            network=_network(asn, name),
            cells=_cells(points, gaps, window, now),
            brackets=brackets,
        )
        for (url, asn, name), points in series.items()
    ]
    return draw(rows, window, tongue(language)) if rows else None


def _cells(points: Sequence[Point], gaps: Sequence[GapRow], window: Window, now: datetime) -> list[Cell]:
    vantages = {point.vantage for point in points}
    own = [gap for gap in gaps if gap.vantage in vantages]
    return cells(tally(points, window), own, window, now=now)


def _brackets(told: News) -> list[Bracket]:
    event = told.event
    ends = [(event.last_good_at, event.first_bad_at), (event.last_bad_at, event.first_good_at)]
    return [Bracket(after, until) for after, until in ends if after is not None and until is not None]


def _network(asn: int | None, name: str) -> str:
    number = f"AS{asn}" if asn is not None else ""
    return " ".join(part for part in (name, number) if part)
