"""The command over what is stored: judge. It reads its arguments, calls one function, prints.

The heavy imports come after the arguments are read, so that `--help` and a mistyped option answer at once.
"""

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from results.formats.origin import Origin

if TYPE_CHECKING:
    from results.judging import Judged, NotRead

# Every command of the program takes it; what is stored is judged without any.
ConfigOption = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="Taken as by all commands; judging needs none of it.")
]


class Format(StrEnum):
    """How results are printed."""

    TABLE = "table"
    JSON = "json"


def judge(
    files: Annotated[list[str], typer.Argument(metavar="FILE", help="JSON or JSON Lines; also .gz and .zst.")],
    *,
    from_: Annotated[Origin | None, typer.Option("--from", help="Whose; otherwise told by what they hold.")] = None,
    format_: Annotated[
        Format, typer.Option("--format", help="json is one object a line, nothing else on stdout.")
    ] = Format.TABLE,
    config: ConfigOption = None,  # noqa: ARG001 - see ConfigOption
) -> None:
    """Judge stored measurements: our own, or OONI's web_connectivity. Nothing is measured.

    What can't be read is said on stderr with file and line, and the rest is judged. Exit status: 0.

    Example: kedergi judge measurements.jsonl.gz --format json
    """
    from results import judging, show  # noqa: PLC0415 - see the module's docstring
    from results.formats.jsonl import written  # noqa: PLC0415
    from results.knowledge import users, with_users  # noqa: PLC0415

    known, problems = with_users(users.folder())
    for problem in problems:
        typer.echo(str(problem), err=True)
    found = _told(judging.judged(files, origin=from_, known=known))
    if format_ is Format.TABLE:
        show.table(found)
        return
    for one in found:
        typer.echo(written(judging.record(one)))


def _told(found: "Iterator[Judged | NotRead]") -> "Iterator[Judged | NotRead]":
    """Passes on what is judged, and says what could not be read."""
    from results.judging import NotRead  # noqa: PLC0415 - see the module's docstring

    for one in found:
        if isinstance(one, NotRead):
            typer.echo(f"{one.place}: {one.says}", err=True)
        yield one
