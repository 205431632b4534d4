"""The commands of a vantage: check, probe, episodes, doctor. Each reads its arguments, calls one function, prints.

What is measured and what it means is decided elsewhere. The heavy imports come after the arguments are read, so that
`--help` and a mistyped option answer at once.
"""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from probe.ending import ENDS_S, until_stopped
from results.archive.cli import ArchiveOption, BucketsOption, Engine, EngineOption, MasterOption, ToOption

CONFIG = typer.Option("--config", metavar="FILE", help="Configuration, TOML; otherwise the one in your config folder.")
ConfigOption = Annotated[Path | None, CONFIG]
LANGUAGE = typer.Option("--language", help="What you are told; otherwise as this machine is set.")
AcceptOption = Annotated[bool, typer.Option("--accept-risks", help="Answers the question of consent, for scripts.")]


class Throughput(StrEnum):
    """How far a check goes to tell slow on purpose from slow; as results/records.py, which is imported late."""

    OFF = "off"
    AUTO = "auto"
    THOROUGH = "thorough"


class Language(StrEnum):
    """In which a person is spoken to."""

    ENGLISH = "en"
    RUSSIAN = "ru"
    KAZAKH = "kk"


LanguageOption = Annotated[Language | None, LANGUAGE]


class Format(StrEnum):
    """How results are printed."""

    TABLE = "table"
    JSON = "json"


FormatOption = Annotated[Format, typer.Option("--format", help="json is one object a line, nothing else on stdout.")]


def check(
    urls: Annotated[list[str] | None, typer.Argument(metavar="URL", help="http or https addresses.")] = None,
    *,
    list_: Annotated[str | None, typer.Option("--list", metavar="FILE", help="Check a list: a name or a file.")] = None,
    concurrency: Annotated[int | None, typer.Option(min=1, max=200, help="How many at once.")] = None,
    throughput: Annotated[
        Throughput, typer.Option("--throughput", help="auto compares what looks slow; thorough all, in ten pairs each.")
    ] = Throughput.AUTO,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show every step.")] = False,
    format_: FormatOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Measure now and print a verdict for each URL.

    Exit status: 0 all accessible, 1 something blocked or throttled, 3 down or inconclusive only, 2 a wrong call.

    Example: kedergi check https://ratel.kz/ https://www.azattyq.org/

    Example: kedergi check https://www.azattyq.org/ --throughput thorough
    """
    from probe.errand import run_check  # noqa: PLC0415 - see the module's docstring

    speak(None)

    def work() -> Coroutine[Any, Any, int]:
        return run_check(
            urls or [],
            list_,
            concurrency=concurrency,
            throughput=throughput.value,
            as_json=format_ is Format.JSON,
            verbose=verbose,
            config=config,
        )

    ended(work)


def probe(
    *,
    once: Annotated[bool, typer.Option("--once", help="One round over what is due, then end.")] = False,
    accept_risks: AcceptOption = False,
    language: LanguageOption = None,
    config: ConfigOption = None,
) -> None:
    """Measure the configured lists on their schedule and store the results; no pages.

    Example: kedergi probe --once
    """
    from probe.errand import run_probe  # noqa: PLC0415 - see the module's docstring

    speak(language)
    ended(lambda: run_probe(once=once, accept_risks=accept_risks, config=config), stopped=0)


def episodes(
    *,
    points: Annotated[
        str | None, typer.Option("--points", metavar="FILE.csv", help="Points from a file instead of the store.")
    ] = None,
    archive: ArchiveOption = None,
    engine: EngineOption = Engine.DUCKDB,
    master: MasterOption = "local[*]",
    to: ToOption = None,
    format_: FormatOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Tell when each site was blocked or throttled, from the store, from a file of points or from an archive.

    A file has the columns series, at, verdict and, where known, mechanism, handshake_ms, kbps, reference_handshake_ms,
    reference_kbps. What can't be used is said on stderr with file and line, and the rest is used. Exit status: 0.

    Example: kedergi episodes --points series.csv --format json

    Example: kedergi episodes --archive archive --to episodes.parquet
    """
    if archive is not None:
        if points is not None:
            raise typer.BadParameter("episodes are told of one thing: --points or --archive", param_hint="--archive")
        from probe import archiving  # noqa: PLC0415 - see the module's docstring

        as_json = format_ is Format.JSON
        told(lambda: archiving.run_episodes(archive, engine=engine, master=master, to=to, as_json=as_json))
    if to is not None or engine is not Engine.DUCKDB:
        raise typer.BadParameter("it goes with --archive alone", param_hint="--to" if to else "--engine")
    from probe.timeline import run_episodes  # noqa: PLC0415 - see the module's docstring

    told(lambda: run_episodes(points, as_json=format_ is Format.JSON, config=config))


class Export(StrEnum):
    """What is written: whole measurements, or points."""

    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"
    OONI = "ooni"


TIMES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"]


def export(
    *,
    format_: Annotated[
        Export, typer.Option("--format", help="All evidence: jsonl, parquet, OONI's own; csv: a point a line.")
    ] = Export.JSONL,
    since: Annotated[datetime | None, typer.Option(formats=TIMES, help="From then on, UTC.")] = None,
    until: Annotated[datetime | None, typer.Option(formats=TIMES, help="Before then, UTC.")] = None,
    url: Annotated[str | None, typer.Option(help="Of this address alone.")] = None,
    vantage: Annotated[str | None, typer.Option(help="Of this vantage alone.")] = None,
    outbox: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write what waits to be sent into a file, to be carried.")
    ] = None,
    archive: ArchiveOption = None,
    buckets: BucketsOption = None,
    points_only: Annotated[bool, typer.Option("--points-only", help="Of an archive: no evidence.")] = False,
    config: ConfigOption = None,
) -> None:
    """Write stored measurements to stdout, in the order of their times.

    What jsonl, parquet and ooni write, `import` and `judge` read; what csv writes, `episodes --points` reads. An
    outbox is signed, so that it does not matter who carries it to the server that this vantage joined; .gz and .zst
    are packed.

    Example: kedergi export --since 2026-11-01 --format csv > november.csv

    Example: kedergi export --format parquet > all.parquet

    Example: kedergi export --outbox outbox.jsonl.zst

    Example: kedergi export --archive archive
    """
    if outbox is not None:
        if since or until or url or vantage or format_ is not Export.JSONL:
            raise typer.BadParameter("it holds all that waits; it goes with no other option", param_hint="--outbox")
        from probe.vantage.by_hand import run_export as run_outbox  # noqa: PLC0415 - see the module's docstring

        told(lambda: run_outbox(outbox, config))
    from probe.carry import run_export  # noqa: PLC0415
    from results.carrying import Chosen  # noqa: PLC0415

    ends = (since and since.replace(tzinfo=UTC), until and until.replace(tzinfo=UTC))
    chosen = Chosen(*ends, url, vantage)
    if archive is not None:
        from probe import archiving  # noqa: PLC0415

        with_evidence = not points_only
        told(lambda: archiving.run_export(archive, chosen, buckets=buckets, evidence=with_evidence, config=config))
    told(lambda: run_export(chosen, form=format_.value, config=config))


def verify(
    *,
    noted: Annotated[
        list[str] | None,
        typer.Option("--noted", metavar="DIGEST", help="A digest that was printed before; may repeat."),
    ] = None,
    format_: FormatOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Say whether a stored measurement was removed, altered or moved. Nothing is changed.

    Each vantage's measurements form a chain; its newest digest stands for all of them. Note it elsewhere, and name it
    later: without that, nobody can tell that the newest were cut off. Exit status: 0 when everything fits, else 1.

    Example: kedergi verify --noted 5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9
    """
    from probe.proof import run_verify  # noqa: PLC0415 - see the module's docstring

    told(lambda: run_verify(noted or [], as_json=format_ is Format.JSON, config=config))


def doctor(
    *, format_: FormatOption = Format.TABLE, language: LanguageOption = None, config: ConfigOption = None
) -> None:
    """Say whether this machine is fit to measure: line, resolver, clock, control, disk.

    Exit status: 0 when nothing is bad, else 1.

    Example: kedergi doctor
    """
    from probe.errand import run_doctor  # noqa: PLC0415 - see the module's docstring

    speak(language)
    ended(lambda: run_doctor(as_json=format_ is Format.JSON, config=config))


def speak(language: Language | None) -> None:
    """In this language from now on; by default in that of this machine."""
    from probe import tongue  # noqa: PLC0415 - see the module's docstring

    tongue.speak(language or tongue.of_system())


def told(work: Callable[[], int | None]) -> NoReturn:
    """As `ended`, of work that waits for nothing; None is 0."""
    from probe.errand import EXPECTED  # noqa: PLC0415 - see the module's docstring

    try:
        status = work()
    except EXPECTED as exc:
        typer.echo(f"kedergi: {exc}", err=True)
        raise typer.Exit(2) from exc
    raise typer.Exit(status or 0)


def ended(work: Callable[[], Coroutine[Any, Any, int]], *, stopped: int = 130, within_s: float = ENDS_S) -> NoReturn:
    """Runs a command's work and ends with its status. What a person can mend is one sentence and status 2.

    `stopped` is the status after Ctrl-C or SIGTERM: 0 for what runs until then; it ends `within_s` of that.
    """
    from probe.errand import EXPECTED  # noqa: PLC0415 - see the module's docstring

    try:
        status = asyncio.run(until_stopped(work(), status=stopped, within_s=within_s))
    except EXPECTED as exc:
        typer.echo(f"kedergi: {exc}", err=True)
        raise typer.Exit(2) from exc
    except BaseExceptionGroup as group:
        # A store that fails while several checks run side by side: one sentence is enough.
        expected, other = group.split(EXPECTED)
        if other is not None or expected is None:
            raise
        typer.echo(f"kedergi: {_leaf(expected)}", err=True)
        raise typer.Exit(2) from group
    except (KeyboardInterrupt, asyncio.CancelledError) as exc:
        typer.echo("Stopped. What was measured is stored.", err=True)
        raise typer.Exit(stopped) from exc
    raise typer.Exit(status)


def _leaf(group: BaseExceptionGroup[Any]) -> BaseException:
    first = group.exceptions[0]
    return _leaf(first) if isinstance(first, BaseExceptionGroup) else first
