"""The commands of `kedergi fingerprints`: show what is known, bring in collections. What a row may hold is not here."""

import json
from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from results.knowledge import users, with_users
from results.knowledge.blockpages import Fingerprint, Scope, cells
from results.knowledge.rows import Problem

app = typer.Typer(help="Block page fingerprints: show those known, bring in a collection.", no_args_is_help=True)

# Every command of the program takes it; where fingerprints lie does not depend on it.
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Taken as by all commands; fingerprints need none of it."),
]


class Format(StrEnum):
    """How results are printed."""

    TABLE = "table"
    JSON = "json"


@app.command("list")
def show(
    *,
    format_: Annotated[Format, typer.Option("--format", help="json is one object a line.")] = Format.TABLE,
    config: ConfigOption = None,  # noqa: ARG001 - see ConfigOption
) -> None:
    """Show the fingerprints that come with the program, and those you brought in.

    Example: kedergi fingerprints list --format json
    """
    known, problems = with_users(users.folder())
    _report(problems)
    if format_ is Format.JSON:
        for fingerprint in known.fingerprints:
            typer.echo(json.dumps(cells(fingerprint), ensure_ascii=False))
    else:
        _show(known.fingerprints)


@app.command("import")
def bring_in(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="CSVs in the columns of blocking-fingerprints.")],
    *,
    config: ConfigOption = None,  # noqa: ARG001 - see ConfigOption
) -> None:
    """Check files of fingerprints and copy their good rows to your data folder. Bad rows are told as file:line: says.

    The columns are those of OONI's blocking-fingerprints. A file imported again under its name replaces the old one.

    Example: kedergi fingerprints import fingerprints_http.csv fingerprints_dns.csv
    """
    try:
        brought, problems = users.bring_in(files, users.folder())
    except users.NotImported as exc:
        typer.echo(str(exc), err=True)
        raise typer.Exit(2) from exc
    _report(problems)
    typer.echo(f"{_plural(len(brought), 'fingerprint')} imported ({_scopes(brought)}) to {users.folder()}.")
    typer.echo(f"{_plural(len(problems), 'remark')}.", err=True)


def _scopes(fingerprints: Iterable[Fingerprint]) -> str:
    counts = Counter(fingerprint.scope for fingerprint in fingerprints)
    return ", ".join(f"{scope} {counts[scope]}" for scope in Scope if counts[scope])


def _report(problems: Iterable[Problem]) -> None:
    for problem in problems:
        typer.echo(str(problem), err=True)


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _show(fingerprints: Iterable[Fingerprint]) -> None:
    from rich.console import Console  # noqa: PLC0415 - heavy, and only for who looks
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table("name", "scope", "location", "type", "pattern", "countries", box=None, pad_edge=False)
    table.columns[4].overflow = "fold"
    for one in fingerprints:
        row = (one.name, one.scope, one.location, one.pattern.type, one.pattern.text, ",".join(one.countries))
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)
