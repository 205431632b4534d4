"""One site's page: its past as a strip, its latencies, its newest checks. No drawing here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from results.history import Kept, kept_of
from results.judgement import Verdict
from results.points import Point
from results.records import iso
from server.pages import sentences
from server.pages.cells import Cell, cells, tally
from server.pages.charts.latency import STAGES, Moment
from server.pages.charts.palette import Kind, kind_of
from server.pages.charts.strip import Bracket
from server.pages.phrases import Sentence
from server.pages.times import SPAN_WORDS, SPANS, Local, Window, window
from server.pages.turns import Turn, turns
from server.pages.views import Shown, began
from targets.target import Target

LISTED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The whole page."""

    url: str
    target: Target | None
    sentence: Sentence
    turn: Turn | None
    kind: Kind
    confidence: str | None
    span: str
    window: Window
    cells: Sequence[Cell]
    brackets: Sequence[Bracket]
    points: Sequence[Point]  # of the span, oldest first
    listed: Sequence[Point]  # newest first: of the chosen cell, or of the span
    chosen: Cell | None
    moments: Sequence[Moment]
    episodes: Sequence[Kept]  # of all time, the newest first


def site(shown: Shown, url: str, span: str, at: str | None, now: Local) -> Site | None:
    """None where nothing is known of that URL: neither on the list nor in the store."""
    view = window(now.now, SPANS[span], shown.interval)
    points = [point for point in shown.store.points(since=view.start, url=url) if point.vantage == shown.vantage.name]
    target = shown.targets.get(url)
    ever = bool(points) or url in shown.store.last_started(shown.vantage.name)
    if target is None and not ever:
        return None
    tallies = tally(points, view)
    gaps = [gap for gap in shown.store.gaps(since=view.start) if gap.vantage == shown.vantage.name]
    held = turns(shown.store, shown.vantage.name, {url: tallies} if tallies else {}, now.now).get(url)
    starts = began(shown, {url: tallies}, view, gaps)
    row = cells(tallies, gaps, view, now=now.now, began=starts.get(url))
    newest = next((point for point in reversed(points) if held and point.at == held.newest), None)
    chosen = next((cell for cell in row if at and iso(cell.start) == at), None)
    listed = [point for point in points if chosen is None or chosen.start <= point.at < chosen.end]
    kept = kept_of(shown.store, url)
    confidence, mechanisms = (newest.confidence, newest.mechanisms) if newest else (None, ())
    return Site(
        url=url,
        target=target,
        sentence=_sentence(url, held, confidence, mechanisms, ever=ever, span=span, now=now),
        turn=held,
        kind=kind_of(held.verdict if held else Verdict.INCONCLUSIVE, mechanisms),
        confidence=confidence,
        span=span,
        window=view,
        cells=row,
        brackets=_brackets(held, kept),
        points=points,
        listed=listed[: -LISTED - 1 : -1],
        chosen=chosen,
        moments=moments(points, view, shown),
        episodes=kept,
    )


def _brackets(held: Turn | None, kept: Sequence[Kept]) -> list[Bracket]:
    """Of the newest turn, and of each episode's start and end."""
    changes = [(held.before, held.first)] if held and held.before else []
    for one in (each.episode for each in kept):
        changes += [(one.last_good_at, one.first_bad_at)] if one.last_good_at else []
        changes += [(one.last_bad_at, one.first_good_at)] if one.first_good_at else []
    return [Bracket(*change) for change in dict.fromkeys(changes)]


def moments(points: Sequence[Point], view: Window, shown: Shown) -> list[Moment]:
    """Medians per slot of time, each slot long enough for a round; as many as a chart can show."""
    slot = max(shown.interval * 1.5, (view.end - view.start) / 160)
    slots: dict[int, list[Point]] = {}
    for point in points:
        slots.setdefault((point.at - view.start) // slot, []).append(point)
    return [
        Moment(_middle(found), {stage.key: _median(found, stage.key) for stage in STAGES}, len(found))
        for _, found in sorted(slots.items())
    ]


def _middle(points: Sequence[Point]) -> datetime:
    return points[len(points) // 2].at


def _median(points: Sequence[Point], key: str) -> float | None:
    values = [value for point in points if (value := getattr(point, key)) is not None]
    return median(values) if values else None


def _sentence(
    url: str,
    held: Turn | None,
    confidence: str | None,
    mechanisms: Sequence[str],
    *,
    ever: bool,
    span: str,
    now: Local,
) -> Sentence:
    if held is None and ever:
        return sentences.site_silent(url, SPAN_WORDS[span])
    return sentences.site(url, held, confidence, mechanisms, now)
