"""What a vantage's commands print for people: the table of verdicts, the steps of one check, the progress.

JSON is not written here (results/formats/jsonl.py), and stdout stays free for results: progress goes to stderr. What
draws is loaded once something is drawn, which a service never does.
"""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from results.judgement import Judgement, Verdict
from results.records import AnyStep, DnsStep, HttpStep, Measurement, TcpStep, TlsStep

if TYPE_CHECKING:
    from rich.progress import Progress

NOTHING = "\N{EN DASH}"
_BAR_CELLS = 20
STYLES = {
    Verdict.ACCESSIBLE: "green",
    Verdict.BLOCKED: "bold red",
    Verdict.THROTTLED: "bold yellow",
    Verdict.DOWN: "bright_black",
    Verdict.INCONCLUSIVE: "italic",
}


class Bar:
    """Where stderr is piped: nothing."""

    def advance(self) -> None:
        """One more is done."""

    def show(self, measured: int, planned: int) -> None:
        """For rounds, whose size changes from one to the next."""


class _Drawn(Bar):
    """A progress bar with counts and the time left."""

    def __init__(self, progress: "Progress", total: int) -> None:
        self._progress = progress
        self._task = progress.add_task("measuring", total=total)

    def advance(self) -> None:
        self._progress.advance(self._task)

    def show(self, measured: int, planned: int) -> None:
        self._progress.update(self._task, completed=measured, total=planned)


@contextmanager
def bar(total: int) -> Iterator[Bar]:
    """A bar that is gone when the work is done."""
    if not sys.stderr.isatty():
        yield Bar()
        return
    from rich.console import Console  # noqa: PLC0415 - see the module's docstring
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield _Drawn(progress, total)


def table(results: Iterable[tuple[Measurement, Judgement]]) -> None:
    """One line a URL: verdict, mechanism, confidence, first reason."""
    from rich.console import Console  # noqa: PLC0415 - see the module's docstring
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    shown = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("site", "verdict", "how", "sure", "ms"):
        shown.add_column(name, justify="right" if name == "ms" else "left", no_wrap=name != "site", overflow="fold")
    shown.add_column("why", overflow="fold")
    for measurement, judgement in results:
        total = judgement.timings.total
        shown.add_row(
            Text(measurement.url),
            Text(judgement.verdict, style=STYLES[judgement.verdict]),
            Text(", ".join(judgement.mechanisms) or NOTHING),
            Text(judgement.confidence or NOTHING),
            Text(f"{total:.0f}" if total is not None else NOTHING),
            Text(judgement.reasons[0].says if judgement.reasons else ""),
        )
    Console(width=None if Console().is_terminal else 200).print(shown)


def steps(measurement: Measurement) -> None:
    """Every step of one check with its times, in the order in which they began."""
    from rich.console import Console  # noqa: PLC0415 - see the module's docstring
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    shown = Table(title=measurement.url, box=None, pad_edge=False, header_style="dim", title_justify="left")
    whole_s = max((step.t for step in measurement.steps), default=0.0)
    for name in ("at ms", "took ms", "when", "hop", "try", "layer", "asked", "outcome"):
        shown.add_column(name, justify="right" if name.endswith("ms") else "left", overflow="fold")
    for step in measurement.steps:
        outcome = f"{step.failure} {step.detail}".strip() if step.failure else _seen(step)
        style = "red" if step.failure else ""
        place = (str(step.hop), str(step.attempt), _layer(step))
        times = (f"{step.t0 * 1000:.0f}", f"{step.ms:.1f}", Text(_bar(step, whole_s), style=style or "cyan"))
        shown.add_row(*times, *place, Text(f"{_name(step)}{step.endpoint}"), Text(outcome, style=style))
    Console(width=None if Console().is_terminal else 200).print(shown)


def _bar(step: AnyStep, whole_s: float) -> str:
    """When it ran, of the whole check: its place in the waterfall."""
    if whole_s <= 0:
        return ""
    begins, ends = (round(at / whole_s * _BAR_CELLS) for at in (step.t0, step.t))
    cells = max(1, ends - begins)
    begins = min(begins, _BAR_CELLS - cells)
    return " " * begins + "\N{FULL BLOCK}" * cells + " " * (_BAR_CELLS - begins - cells)


def _layer(step: AnyStep) -> str:
    return step.layer if step.aim == "visit" else f"{step.layer} ({step.aim.replace('_', ' ')})"


def _name(step: AnyStep) -> str:
    match step:
        case DnsStep() | TlsStep():
            return f"{step.name} @ "
        case HttpStep():
            return f"{step.url} @ "
        case TcpStep():
            return ""


def _seen(step: AnyStep) -> str:
    match step:
        case DnsStep():
            return "; ".join(", ".join(answer.addresses) or answer.rcode for answer in step.answers)
        case TcpStep():
            return "connected"
        case TlsStep():
            return f"{step.version} {step.alpn}".strip()
        case HttpStep():
            return f"{step.status}, {step.body_bytes} bytes" + (f" → {step.location}" if step.location else "")
