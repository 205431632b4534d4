"""The commands of `kedergi alerts`: test, list. Each reads its arguments and calls one function.

The heavy imports come after the arguments are read, so that `--help` and a mistyped option answer at once.
"""

from typing import Annotated

import typer

from probe.cli import ConfigOption, Format, FormatOption, ended

app = typer.Typer(help="Who is told of blocking: try the addresses, see what was sent.", no_args_is_help=True)


@app.command("test")
def try_out(*, config: ConfigOption = None) -> None:
    """Send a test message to every configured address, and say a line on how each took it.

    Exit status: 0 all took it, 1 some did not, 2 there is no address or a wrong one.

    Example: kedergi alerts test
    """
    from server.alerts.errand import run_test  # noqa: PLC0415 - see the module's docstring

    ended(lambda: run_test(config))


@app.command("list")
def show(
    *,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")] = 50,
    format_: FormatOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Show what waits, what was given up and what was sent, newest first, each with its address, masked.

    Example: kedergi alerts list --format json
    """
    from server.alerts.errand import run_list  # noqa: PLC0415 - see the module's docstring

    ended(lambda: run_list(config, as_json=format_ is Format.JSON, limit=limit))
