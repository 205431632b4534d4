"""The commands of `kedergi vantage`; those of every day are in probe/vantage/daily_cli.py.

Each reads its arguments and calls one function.

The heavy imports come after the arguments are read, so that `--help` and a mistyped option answer at once.
"""

from typing import Annotated

import typer

from probe.cli import ConfigOption, Format, FormatOption, LanguageOption, speak, told
from probe.vantage import daily_cli

app = typer.Typer(
    help="This vantage: join a server, show what is stored here, delete everything here.", no_args_is_help=True
)
app.command("install-service")(daily_cli.install_service)
app.command("uninstall-service")(daily_cli.uninstall_service)
app.command("pause")(daily_cli.pause)
app.command("resume")(daily_cli.resume)


@app.command("enrol")
def enrol(
    invitation: Annotated[str, typer.Argument(metavar="CODE@SERVER", help="As whoever runs the server gave it.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Join without asking, for scripts.")] = False,
    language: LanguageOption = None,
    config: ConfigOption = None,
) -> None:
    """Join a server with a code: what is measured here from then on is sent to it.

    What is sent, and what never, is said first, and it asks. A code is good for one vantage; when something fails,
    nothing has changed, and the same code may be tried again. Exit status: 0 when this vantage has joined, 1 when you
    said no, 2 when it could not.

    Example: kedergi vantage enrol k7qd-m2xp@kedergi.example.org
    """
    from probe.cli import ended  # noqa: PLC0415 - see the module's docstring
    from probe.vantage.enrol import run_enrol  # noqa: PLC0415

    speak(language)
    ended(lambda: run_enrol(invitation, yes=yes, config=config))


@app.command("show")
def show(*, format_: FormatOption = Format.TABLE, language: LanguageOption = None, config: ConfigOption = None) -> None:
    """Show what this vantage is called, what is stored here, and who hears of it. Nothing is sent or made.

    Example: kedergi vantage show
    """
    from probe.vantage.show import run_show  # noqa: PLC0415 - see the module's docstring

    speak(language)
    told(lambda: run_show(as_json=format_ is Format.JSON, config=config))


@app.command("purge")
def purge(
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Delete without asking, for scripts.")] = False,
    language: LanguageOption = None,
    config: ConfigOption = None,
) -> None:
    """Delete everything of Kedergi on this machine: store, consent, name, configuration, service. It can't be undone.

    A service is stopped; end any other running Kedergi first. Files are listed before, and it asks. A deleted file may
    still be found by whoever has the disk, unless the disk is encrypted. Exit status: 0 when nothing is left, 1 when
    something is.

    Example: kedergi vantage purge
    """
    from probe.vantage.purge import run_purge  # noqa: PLC0415 - see the module's docstring

    speak(language)
    told(lambda: run_purge(yes=yes, config=config))
