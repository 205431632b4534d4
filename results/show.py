"""What `judge` and `episodes` print for people. A table of verdicts is printed as it grows, however long it becomes."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice

from rich.console import Console
from rich.table import Table
from rich.text import Text

from results.episodes import Episode
from results.judgement import Verdict
from results.judging import Judged, NotRead

NOTHING = "\N{EN DASH}"
_AT_ONCE = 100  # rows; the columns keep their width from one piece to the next
STYLES = {
    Verdict.ACCESSIBLE: "green",
    Verdict.BLOCKED: "bold red",
    Verdict.THROTTLED: "bold yellow",
    Verdict.DOWN: "bright_black",
    Verdict.INCONCLUSIVE: "italic",
}


def table(found: Iterable[Judged | NotRead]) -> None:
    """One line a measurement: verdict, mechanism, confidence, first reason."""
    console = Console(width=None if Console().is_terminal else 200)
    rest = iter(found)
    first = True
    while piece := list(islice(rest, _AT_ONCE)):
        shown = _columns(header=first)
        for one in piece:
            shown.add_row(*_cells(one))
        console.print(shown)
        first = False


def episode_table(found: Iterable[tuple[str, Episode]]) -> None:
    """One line an episode, with its start and its end as far as they are known."""
    shown = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("series", "kind", "how", "began", "ended", "bad"):
        shown.add_column(name, justify="right" if name == "bad" else "left", overflow="fold")
    for series, episode in found:
        ended = "still on" if episode.first_good_at is None else _between(episode.last_bad_at, episode.first_good_at)
        kind = f"{episode.kind}, intermittent" if episode.intermittent else episode.kind.value
        how, bad = ", ".join(episode.mechanisms) or NOTHING, f"{episode.bad} of {episode.measurements}"
        began = _between(episode.last_good_at, episode.first_bad_at)
        shown.add_row(*(Text(text) for text in (series, kind, how, began, ended, bad)))
    Console(width=None if Console().is_terminal else 200).print(shown)


def _between(after: datetime | None, by: datetime) -> str:
    first = "before" if after is None else f"{after:%Y-%m-%d %H:%M} to"
    return f"{first} {by:%Y-%m-%d %H:%M} UTC"


def _columns(*, header: bool) -> Table:
    shown = Table(box=None, pad_edge=False, header_style="dim", expand=True, show_header=header)
    shown.add_column("site", ratio=2, overflow="fold")
    for name, width in (("verdict", 12), ("how", 18), ("sure", 9)):
        shown.add_column(name, width=width, overflow="fold")
    shown.add_column("ms", width=6, justify="right")
    shown.add_column("why", ratio=5, overflow="fold")
    return shown


def _cells(one: Judged | NotRead) -> Iterator[Text]:
    if isinstance(one, NotRead):
        verdict = Verdict.INCONCLUSIVE
        texts = [one.place, verdict, NOTHING, NOTHING, NOTHING, one.says]
    else:
        judgement, total = one.judgement, one.judgement.timings.total
        verdict = judgement.verdict
        how, sure = ", ".join(judgement.mechanisms) or NOTHING, judgement.confidence or NOTHING
        ms = NOTHING if total is None else f"{total:.0f}"
        texts = [one.measurement.url, verdict, how, sure, ms, judgement.reasons[0].says]
    yield from (Text(text, style=STYLES[verdict] if text is verdict else "") for text in texts)
