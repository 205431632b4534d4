"""The first page's values: every site with its verdict now, since when, how, how fast, and its past.

Nothing is drawn here, and no words are chosen.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from results.judgement import Confidence, Verdict
from results.points import Point
from results.store import Store, Tally
from results.tables import RoundRow
from server.pages import sentences
from server.pages.cells import Cell, cells
from server.pages.charts.palette import Kind, kind_of
from server.pages.phrases import Sentence
from server.pages.sentences import Count, Line, News
from server.pages.times import SPANS, Local, Window, window
from server.pages.turns import Turn, by_url, turns
from server.pages.views import Shown, began, site_href
from targets.target import Target

_ORDER = {verdict: place for place, verdict in enumerate((Verdict.BLOCKED, Verdict.THROTTLED, Verdict.DOWN))}
BAD = (Verdict.BLOCKED, Verdict.THROTTLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One site."""

    target: Target
    turn: Turn | None  # None: no check in the span
    point: Point | None  # the newest check that says the verdict that holds
    newest: datetime | None  # the newest check of all
    cells: Sequence[Cell]
    ever: bool  # measured at all, if only before the span

    @property
    def kind(self) -> Kind | None:
        return kind_of(self.turn.verdict, self.point.mechanisms if self.point else ()) if self.turn else None

    @property
    def stale(self) -> bool:
        """Whether newer checks could not tell."""
        return bool(self.turn and self.newest and self.newest > self.turn.newest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The whole page."""

    sentence: Sentence
    rows: Sequence[Row]
    window: Window
    span: str
    last_round: RoundRow | None
    next_round: datetime | None


def overview(shown: Shown, span: str, now: Local) -> Overview:
    """Reads the store and joins."""
    store, vantage = shown.store, shown.vantage.name
    view = window(now.now, SPANS[span], shown.interval)
    tallies = _only(shown.targets, by_url(store.tallies(vantage=vantage, since=view.start, cell=view.cell)))
    gaps = [gap for gap in store.gaps(since=view.start) if gap.vantage == vantage]
    held = turns(store, vantage, tallies, now.now)
    points = _newest(store, vantage, held, now.now - 3 * shown.interval)
    starts = began(shown, {url: tallies.get(url, []) for url in shown.targets}, view, gaps)
    ever = store.last_started(vantage) if len(tallies) < len(shown.targets) else tallies
    rows = [
        Row(
            target=target,
            turn=held.get(url),
            point=points.get(url),
            newest=max((entry.last_at for entry in tallies.get(url, ())), default=None),
            cells=cells(tallies.get(url, ()), gaps, view, now=now.now, began=starts.get(url)),
            ever=url in ever,
        )
        for url, target in shown.targets.items()
    ]
    rounds = [row for row in store.rounds(limit=200) if row.vantage == vantage]
    last = rounds[0] if rounds else None
    return Overview(
        sentence=_sentence(rows, line_of(rounds, rows, now.now, shown.interval), now),
        rows=sorted(rows, key=_trouble_first),
        window=view,
        span=span,
        last_round=last,
        next_round=max(last.started_at + shown.interval, now.now) if last else None,
    )


def line_of(rounds: Sequence[RoundRow], rows: Sequence[Row], now: datetime, interval: timedelta) -> Line:
    """The line's own state, from the newest rounds and checks."""
    down_since = None
    for row in rounds:
        if row.line_up is None and row.ended_at is None:
            continue  # still running
        if row.line_up is not False:
            break
        down_since = row.started_at
    stale = [row.turn.newest for row in rows if row.stale and row.turn]
    alive = [row for row in rows if row.turn]
    told = [row for row in alive if not row.stale and row.turn and row.turn.verdict is not Verdict.INCONCLUSIVE]
    newest = max((row.newest for row in rows if row.newest), default=None)
    silent = newest is not None and now - newest > 3 * interval
    untold = max(stale, default=None) if alive and not told else None
    return Line(down_since=down_since, silent_since=newest if silent else None, untold_since=untold)


def _only(targets: Mapping[str, Target], tallies: dict[str, list[Tally]]) -> dict[str, list[Tally]]:
    return {url: found for url, found in tallies.items() if url in targets}


def _newest(store: Store, vantage: str, held: Mapping[str, Turn], since: datetime) -> dict[str, Point]:
    """The check behind each verdict that holds. One query finds most; the rest is asked for one by one."""
    wanted = {url: turn.newest for url, turn in held.items()}
    found: dict[str, Point] = {}
    recent = store.points(since=since)
    for url, at in wanted.items():
        if at < since:
            recent += store.points(since=at, url=url)
    for point in recent:
        if point.vantage == vantage and wanted.get(point.url) == point.at:
            found[point.url] = point
    return found


def _trouble_first(row: Row) -> tuple[int, float, str, str]:
    name = sentences.site_name(row.target.url)
    if row.turn is None:
        return 9, 0, row.target.outlet, name
    age = -row.turn.first.timestamp() if row.turn.verdict in BAD else 0
    place = 8 if row.turn.verdict is Verdict.ACCESSIBLE else _ORDER.get(row.turn.verdict, 3)
    return place, age, row.target.outlet.casefold(), name


def _count(rows: Iterable[Row], verdict: Verdict) -> Count:
    sure = [row.point.confidence if row.point else None for row in rows if row.turn and row.turn.verdict is verdict]
    return Count(len(sure), sure.count(Confidence.CONFIRMED), sure.count(Confidence.WEAK))


def _sentence(rows: Sequence[Row], line: Line, now: Local) -> Sentence:
    fresh = [row for row in rows if row.turn and row.turn.verdict in BAD and row.turn.before]
    newest = max(fresh, key=lambda row: row.turn.first if row.turn else now.now, default=None)
    news = None
    if newest and newest.turn:
        news = News(newest.target.url, site_href(newest.target.url), newest.turn)
    return sentences.overview(
        total=len(rows),
        measured=sum(row.ever for row in rows),
        told=sum(1 for row in rows if row.turn and row.turn.verdict is not Verdict.INCONCLUSIVE),
        blocked=_count(rows, Verdict.BLOCKED),
        throttled=_count(rows, Verdict.THROTTLED),
        down=_count(rows, Verdict.DOWN).sites,
        newest=news,
        line=line,
        now=now,
    )
