"""The commands of `kedergi accounts`: who may sign in, and the audit. Each reads its arguments and calls one function.

The heavy imports come after the arguments are read, so that `--help` and a mistyped option answer at once.
"""

from typing import Annotated

import typer

from probe.cli import ConfigOption, Format, FormatOption, told
from server.accounts.roles import Role

app = typer.Typer(
    help="Who may sign in to this server: add, list, disable, make links; and the audit.", no_args_is_help=True
)
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The account's, as `list` has it.")]
RoleOption = Annotated[Role, typer.Option(help="What it may do; each role also what those before it may.")]


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Small letters, digits, dot, dash, underscore.")],
    *,
    role: RoleOption,
    config: ConfigOption = None,
) -> None:
    """Make an account, and print a one-time link with which its owner chooses a password.

    Example: kedergi accounts add newsroom --role analyst
    """
    from server.accounts.commands import run_add  # noqa: PLC0415 - see the module's docstring

    told(lambda: run_add(name, role, config=config))


@app.command("list")
def show(*, format_: FormatOption = Format.TABLE, config: ConfigOption = None) -> None:
    """Show who has an account.

    Example: kedergi accounts list --format json
    """
    from server.accounts.commands import run_list  # noqa: PLC0415 - see the module's docstring

    told(lambda: run_list(as_json=format_ is Format.JSON, config=config))


@app.command("role")
def role_(name: NameArgument, role: Annotated[Role, typer.Argument()], *, config: ConfigOption = None) -> None:
    """Give an account another role, from its next request on.

    Example: kedergi accounts role newsroom admin
    """
    from server.accounts.commands import run_role  # noqa: PLC0415 - see the module's docstring

    told(lambda: run_role(name, role, config=config))


@app.command("disable")
def disable(name: NameArgument, *, config: ConfigOption = None) -> None:
    """Sign an account out everywhere, and let it sign in no more.

    Example: kedergi accounts disable newsroom
    """
    from server.accounts.commands import run_disable  # noqa: PLC0415 - see the module's docstring

    told(lambda: run_disable(name, config=config))


@app.command("enable")
def enable(name: NameArgument, *, config: ConfigOption = None) -> None:
    """Let a disabled account sign in again, with the password that it had.

    Example: kedergi accounts enable newsroom
    """
    from server.accounts.commands import run_enable  # noqa: PLC0415 - see the module's docstring

    told(lambda: run_enable(name, config=config))


@app.command("link")
def link(name: NameArgument, *, config: ConfigOption = None) -> None:
    """Print a one-time link with which an account's owner chooses another password. Older links lead nowhere.

    Example: kedergi accounts link newsroom
    """
    from server.accounts.commands import run_link  # noqa: PLC0415 - see the module's docstring

    told(lambda: run_link(name, config=config))


@app.command("forget-totp")
def forget_totp(name: NameArgument, *, config: ConfigOption = None) -> None:
    """Take off the second factor of somebody who has lost it: the password alone is asked for.

    Example: kedergi accounts forget-totp newsroom
    """
    from server.accounts.commands import run_forget_totp  # noqa: PLC0415 - see the module's docstring

    told(lambda: run_forget_totp(name, config=config))


@app.command("audit")
def audit(*, format_: FormatOption = Format.TABLE, config: ConfigOption = None) -> None:
    """Print who did what, the oldest first, and say whether a row was altered or taken out.

    Exit status: 0 when all rows fit, else 1.

    Example: kedergi accounts audit --format json
    """
    from server.accounts.commands import run_audit  # noqa: PLC0415 - see the module's docstring

    told(lambda: run_audit(as_json=format_ is Format.JSON, config=config))
