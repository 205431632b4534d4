"""The command: joins the packages' cli modules, nothing else."""

import os
import sys

import typer

from probe import cli as probe
from probe.vantage import cli as vantage
from results import cli as results
from results.archive import cli as archive
from results.knowledge import cli as fingerprints
from server import by_hand_cli as by_hand
from server import cli as server
from server import housekeeping_cli, recount_cli
from server import members_cli as members
from server.accounts import cli as accounts
from server.alerts import cli as alerts
from targets import cli as targets

app = typer.Typer(
    name="kedergi",
    help="Measures website blocking from inside a country: what is blocked, how, since when, and how sure.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # a bug shows Python's own traceback, whole
)
app.command("up")(server.up)
app.command("check")(probe.check)
app.command("probe")(probe.probe)
app.command("judge")(results.judge)
app.command("episodes")(probe.episodes)
app.command("rollup")(archive.rollup)
app.command("export")(probe.export)
app.command("import")(by_hand.import_)
app.command("verify")(probe.verify)
app.command("control")(server.control)
app.command("serve")(server.serve)
app.command("housekeeping")(housekeeping_cli.housekeeping)
app.command("recount")(recount_cli.recount)
app.add_typer(targets.app, name="targets")
app.add_typer(fingerprints.app, name="fingerprints")
app.add_typer(alerts.app, name="alerts")
app.add_typer(vantage.app, name="vantage")
app.add_typer(members.app, name="members")
app.add_typer(accounts.app, name="accounts")
app.command("doctor")(probe.doctor)


def main() -> None:
    """The console script. Output is UTF-8 on any code page, unless PYTHONIOENCODING names another encoding.

    A letter that this one lacks is shown as its number, which JSON reads as the letter.
    """
    wanted = None if os.environ.get("PYTHONIOENCODING") else "utf-8"
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding=wanted, errors="backslashreplace")  # type: ignore[union-attr]
    app()


if __name__ == "__main__":
    main()
