"""The commands of `kedergi targets`: show, lint and bring in lists. What a list may hold is decided elsewhere."""

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from targets.bundled import resolve
from targets.citizen_lab import NotCitizenLab, imported
from targets.load import load
from targets.selection import select
from targets.target import Problem, Target, Use
from targets.write import to_csv, to_json, write_whole

app = typer.Typer(help="Target lists: show, lint, bring in a Citizen Lab CSV.", no_args_is_help=True)


# Every command of the program takes it; what lists hold does not depend on it.
ConfigOption = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="Taken as by all commands; lists need none of it.")
]


class Format(StrEnum):
    """How results are printed."""

    TABLE = "table"
    JSON = "json"


@app.command("list")
def show(
    name: Annotated[str, typer.Argument(metavar="LIST|FILE", help="A bundled list by its name, or a file.")] = "kz",
    *,
    all_: Annotated[bool, typer.Option("--all", help="Also targets that are not measured by default.")] = False,
    format_: Annotated[Format, typer.Option("--format", help="json is one object a line.")] = Format.TABLE,
    config: ConfigOption = None,  # noqa: ARG001 - see ConfigOption
) -> None:
    """Show the targets of a list that are measured by default.

    Example: kedergi targets list kz --all --format json
    """
    targets, problems = resolve([name])
    _report(problems)
    if not targets:
        raise typer.Exit(2)
    by_default = select(targets, vantage_class="unknown", uses=(Use.DEFAULT, Use.REFERENCE))
    chosen = targets if all_ else by_default
    if format_ is Format.JSON:
        for target in chosen:
            typer.echo(to_json(target))
    else:
        _show(chosen)
    if len(chosen) < len(targets):
        typer.echo(f"{len(chosen)} of {len(targets)} targets are measured by default; --all shows the rest.", err=True)


@app.command("check")
def lint(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Lists to look through.")],
    *,
    config: ConfigOption = None,  # noqa: ARG001 - see ConfigOption
) -> None:
    """Look through lists and say what is wrong, a line each on stderr as file:line: says. Exit status 2 if anything is.

    Example: kedergi targets check my-list.csv
    """
    count = 0
    sound = True
    for file in files:
        targets, problems = load(file)
        _report(problems)
        count += len(targets)
        sound = sound and not problems
    if not sound:
        raise typer.Exit(2)
    typer.echo(f"{_plural(count, 'target')} in {_plural(len(files), 'file')}, no problems.")


@app.command("import")
def bring_in(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV of the Citizen Lab lists.")],
    *,
    output: Annotated[Path | None, typer.Option(dir_okay=False, help="Write here rather than to stdout.")] = None,
    country_list: Annotated[
        bool, typer.Option("--country-list", help="The country's own list: measure its tier 1 by default.")
    ] = False,
    config: ConfigOption = None,  # noqa: ARG001 - see ConfigOption
) -> None:
    """Turn a Citizen Lab CSV into a list of ours. What the bundled lists have already is left out.

    Sensitive categories get tier 2 or 3; everything is optional until you change its use.

    Example: kedergi targets import kz.csv --output my-list.csv
    """
    try:
        targets, problems = imported(file, country_list=country_list)
    except NotCitizenLab as exc:
        typer.echo(str(exc), err=True)
        raise typer.Exit(2) from exc
    _report(problems)
    if output is None:
        typer.echo(to_csv(targets), nl=False)
    else:
        _write(output, to_csv(targets))
    typer.echo(f"{_plural(len(targets), 'target')} imported, {_plural(len(problems), 'remark')}.", err=True)


def _write(path: Path, text: str) -> None:
    try:
        write_whole(path, text)
    except OSError as exc:
        typer.echo(f"{path}:0: The file cannot be written: {exc.strerror}.", err=True)
        raise typer.Exit(2) from exc


def _report(problems: Iterable[Problem]) -> None:
    for problem in problems:
        typer.echo(str(problem), err=True)


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _show(targets: Iterable[Target]) -> None:
    from rich.console import Console  # noqa: PLC0415 - heavy, and only for who looks
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table("url", "outlet", "role", "category", "language", "tier", "use", box=None, pad_edge=False)
    table.columns[0].overflow = table.columns[1].overflow = "fold"
    for target in targets:
        cells = (target.url, target.outlet, target.role, target.category, target.language, target.tier, target.use)
        table.add_row(*(Text(str(cell)) for cell in cells))
    Console().print(table)
