"""What the machine that feeds a store says of its own line: is it fit, its rounds, its data budget, its gaps.

A shared server has no line of its own. Nothing is measured here, and nothing is drawn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from results import looking
from results.judgement import Verdict
from results.records import Vantage
from results.store import Store
from results.tables import GapRow, RoundRow
from server.pages import words
from server.pages.phrases import Piece, Sentence
from server.pages.times import DAY, HOUR, Local

ROUNDS = 20
GAPS = timedelta(days=30)
_LATE = 3  # intervals without a round are a silence


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The machine that measures into this store."""

    vantage: Vantage
    interval: timedelta
    budget_bytes: int  # that a day (UTC) may cost


@dataclass(frozen=True, slots=True, kw_only=True)
class LineNow:
    """Its part of the first page."""

    line: Line
    trouble: Sentence  # why nothing can be told now; empty where all is well
    rounds: Sequence[RoundRow]  # the newest first
    next_at: datetime | None
    used_bytes: int  # today, UTC
    gaps: Sequence[GapRow]  # the newest first
    fresh: bool  # no round has ended yet

    @property
    def last(self) -> RoundRow | None:
        return self.rounds[0] if self.rounds else None

    @property
    def used_share(self) -> float:
        return self.used_bytes / self.line.budget_bytes


def line_now(store: Store, line: Line, now: Local) -> LineNow:
    """Reads the store."""
    mine = line.vantage.name
    rounds = [row for row in store.rounds(limit=ROUNDS * 2) if row.vantage == mine][:ROUNDS]
    gaps = gaps_of(store, line, since=now.now - GAPS)
    midnight = datetime.combine(now.now.astimezone(UTC).date(), time(), UTC)
    on = next((gap for gap in reversed(gaps) if gap.began_at <= now.now < gap.ended_at), None)
    ended = [row for row in rounds if row.ended_at is not None]
    return LineNow(
        line=line,
        trouble=_trouble(store, line, rounds, on, now),
        rounds=rounds,
        next_at=max(rounds[0].started_at + line.interval, now.now) if rounds else None,
        used_bytes=store.used_bytes(mine, since=midnight, before=midnight + DAY),
        gaps=gaps[::-1],
        fresh=not ended and not store.last_started(mine),
    )


def gaps_of(store: Store, line: Line, *, since: datetime) -> list[GapRow]:
    """Those of this machine that reach beyond a moment, the oldest first."""
    return [gap for gap in store.gaps(since=since) if gap.vantage == line.vantage.name]


def _trouble(store: Store, line: Line, rounds: Sequence[RoundRow], on: GapRow | None, now: Local) -> Sentence:
    """The gravest of what keeps anything from being told."""
    tell, say = now.tongue.tell, now.tongue.say
    if on is not None:
        none, why = Piece(say("Nothing is measured"), "bad"), say(words.GAPS.get(on.why, on.why))
        return tell("{none} since {since}: {why}.", none=none, since=_moment(on.began_at, now), why=why)
    if down := _down_since(rounds):
        dead = Piece(say("This line is down"), "bad")
        return tell("{down}: nothing can be told since {since}.", down=dead, since=_moment(down, now))
    newest = max((row.started_at for row in rounds), default=None)
    looked = max((at for at in (newest, *store.last_started(line.vantage.name).values()) if at), default=None)
    if looked is not None and now.now - looked > _LATE * line.interval:
        return tell("{none} since {since}.", none=Piece(say("Nothing was measured"), "bad"), since=_moment(looked, now))
    if untold := _untold_since(store, line, now):
        none = Piece(say("Nothing can be told"), "bad")
        return tell("{none} since {since}: no check reached a verdict.", none=none, since=_moment(untold, now))
    return ()


def _moment(at: datetime, now: Local) -> Piece:
    return Piece(now.when(at), at=at)


def _down_since(rounds: Sequence[RoundRow]) -> datetime | None:
    since = None
    for row in rounds:
        if row.line_up is None and row.ended_at is None:
            continue  # still running
        if row.line_up is not False:
            break
        since = row.started_at
    return since


def _untold_since(store: Store, line: Line, now: Local) -> datetime | None:
    """The last check that could tell, where for longer than an interval only such as could not came after it."""
    end = now.now.replace(minute=0, second=0, microsecond=0) + HOUR
    hours = max(6, -(-_LATE * line.interval // HOUR) + 1)
    found = looking.vantage_tallies(store, line.vantage.name, start=end - hours * HOUR, cell=HOUR, count=hours)
    untold = max((one.last_at for one in found if one.verdict is Verdict.INCONCLUSIVE), default=None)
    told = max((one.last_at for one in found if one.verdict is not Verdict.INCONCLUSIVE), default=None)
    if untold is None:
        return None
    first = min(one.first_at for one in found)
    return (told or first) if told is None or untold - told >= line.interval else None
