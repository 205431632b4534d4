"""The commands of `kedergi members`: invite, list, revoke. Each reads its arguments and calls one function.

The heavy imports come after the arguments are read, so that `--help` and a mistyped option answer at once.
"""

from enum import StrEnum
from typing import Annotated

import typer

from probe.cli import ConfigOption, Format, FormatOption, told

app = typer.Typer(help="The vantages that may send to this server: invite, list, revoke.", no_args_is_help=True)


class VantageClass(StrEnum):
    """What kind of network a vantage is on; as docs/words.md has them."""

    HOME = "home"
    MOBILE = "mobile"
    OFFICE = "office"
    HOSTING = "hosting"
    UNKNOWN = "unknown"


@app.command("invite")
def invite(
    *,
    class_: Annotated[VantageClass, typer.Option("--class", help="The kind of network that it is on.")],
    country: Annotated[str, typer.Option(help="Where it is: two capital letters, as in KZ.")],
    hours: Annotated[int, typer.Option(min=1, max=720, help="For how long the code is good.")] = 48,
    config: ConfigOption = None,
) -> None:
    """Print a one-time code with which one vantage joins. It is shown now, and kept nowhere.

    Example: kedergi members invite --class home --country KZ
    """
    from server.members import run_invite  # noqa: PLC0415 - see the module's docstring

    told(lambda: run_invite(vantage_class=class_.value, country=country, hours=hours, config=config))


@app.command("list")
def show(*, format_: FormatOption = Format.TABLE, config: ConfigOption = None) -> None:
    """Show who has joined, when, and how many measurements came from there.

    Example: kedergi members list --format json
    """
    from server.members import run_list  # noqa: PLC0415 - see the module's docstring

    told(lambda: run_list(as_json=format_ is Format.JSON, config=config))


@app.command("revoke")
def revoke(
    vantage: Annotated[str, typer.Argument(metavar="VANTAGE", help="Its name, as `list` has it.")],
    *,
    config: ConfigOption = None,
) -> None:
    """Take nothing more from a vantage, from now on. What it has sent stays.

    Example: kedergi members revoke v-3f9c21ab
    """
    from server.members import run_revoke  # noqa: PLC0415 - see the module's docstring

    told(lambda: run_revoke(vantage, config=config))


@app.command("key")
def key(*, config: ConfigOption = None) -> None:
    """Print the server's public key, by which its members and its controls know it.

    Example: kedergi control --server-key "$(kedergi members key)"
    """
    from server.members import run_key  # noqa: PLC0415 - see the module's docstring

    told(lambda: run_key(config=config))
