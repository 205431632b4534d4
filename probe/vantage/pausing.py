"""`kedergi vantage pause` and `resume`: writes down that there is a pause, and says so.

What a pause is, is in probe/vantage/pause.py.
"""

from datetime import UTC, datetime, timedelta

import typer

from probe import config as _config
from probe.tongue import N_, say
from probe.vantage import pause

UNTIL = N_("Paused until {until} UTC. A running Kedergi begins nothing from now on; what is under way ends by itself.")
OPEN = N_("Paused until `kedergi vantage resume`. A running Kedergi begins nothing from now on.")
RESUMED = N_("The pause is over. A running Kedergi goes on with its next round.")
NONE_HERE = N_("There was no pause.")
CANT_WRITE = N_("Can't write {path}: {why}.")


def run_pause(length: str | None) -> None:
    """Raises ConfigError."""
    span = pause.span(length) if length is not None else None
    begun = _written(span)
    typer.echo(say(UNTIL, until=f"{begun.until:%Y-%m-%d %H:%M}") if begun.until else say(OPEN))


def run_resume() -> None:
    """Raises ConfigError."""
    folder = _config.data_folder()
    try:
        typer.echo(say(RESUMED) if pause.end(folder) else say(NONE_HERE))
    except OSError as exc:
        raise _config.ConfigError(say(CANT_WRITE, path=folder / pause.FILE, why=exc.strerror or exc)) from exc


def _written(span: timedelta | None) -> pause.Pause:
    folder = _config.data_folder()
    try:
        return pause.begin(folder, datetime.now(UTC), span)
    except OSError as exc:
        raise _config.ConfigError(say(CANT_WRITE, path=folder / pause.FILE, why=exc.strerror or exc)) from exc
