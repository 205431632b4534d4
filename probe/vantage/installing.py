"""Puts the service in its place and takes it away again, and says what was done and what the person must do.

What the service is, is in probe/vantage/service.py.
"""

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import typer
from platformdirs import user_config_path

from probe import config as _config
from probe import consent
from probe.errand import chosen
from probe.interfaces import user_name
from probe.tongue import N_, say
from probe.vantage import service
from probe.vantage.service import Command, Service

_COMMAND_S = 60.0

INSTALLED = N_("Installed: {path}. Kedergi measures in the background from now on, and after each start.")
AT_LOGIN = N_("It starts when you log in. To start it before that, someone with the rights runs: {command}")
NOT_STARTED = N_("The file {path} is written, but it could not be started: {why}. Start it by hand: {command}")
REMOVED = N_("The service was stopped and removed: {path}")
NONE_HERE = N_("There is no service of Kedergi here.")
CANT_WRITE = N_("Can't write {path}: {why}.")


def here(command: tuple[str, ...] = ()) -> Service:
    """As this machine wants it."""
    uid = os.getuid() if sys.platform != "win32" else 0
    return service.of(sys.platform, Path.home(), user_config_path(), command, uid=uid)


def run_install(*, pages: bool, accept_risks: bool, config: Path | None) -> int:
    """0 when it runs, 1 when it has to be started by hand. Raises ConfigError, ConsentMissing."""
    settings = _config.here(config)
    going = consent.going_to(settings, chosen(settings))
    consent.require(_config.data_folder(), accept_risks=accept_risks, now=datetime.now(UTC), to=going)
    words = [sys.executable, "-m", "kedergi", "up" if pages else "probe"]
    words += ["--config", str(config.absolute())] if config else []
    wanted = here(tuple(words))
    try:
        wanted.path.parent.mkdir(parents=True, exist_ok=True)
        wanted.path.write_bytes(wanted.content)
    except OSError as exc:
        raise _config.ConfigError(say(CANT_WRITE, path=wanted.path, why=exc.strerror or exc)) from exc
    for command in wanted.start:
        why = _failed(command)
        if why:
            typer.echo(say(NOT_STARTED, path=wanted.path, why=why, command=" ".join(wanted.start[-1])), err=True)
            return 1
    typer.echo(say(INSTALLED, path=wanted.path))
    for command in wanted.more:
        if _failed(command):
            typer.echo(say(AT_LOGIN, command=f"{' '.join(command)} {user_name()}"), err=True)
    return 0


def run_uninstall() -> int:
    """0 when none is left."""
    typer.echo(say(REMOVED, path=here().path) if removed() else say(NONE_HERE))
    return 0


def removed() -> bool:
    """Stops and removes the service; whether there was one. Raises ConfigError."""
    ours = here()
    if not ours.path.exists():
        return False
    for command in ours.stop:
        _failed(command)  # one that does not run can't be stopped
    try:
        ours.path.unlink()
    except OSError as exc:
        raise _config.ConfigError(say(CANT_WRITE, path=ours.path, why=exc.strerror or exc)) from exc
    for command in ours.forget:
        _failed(command)
    return True


def _failed(command: Command) -> str:
    """Why a command of the system did not do it; nothing where it did."""
    if shutil.which(command[0]) is None:
        return f"there is no {command[0]} here"
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_COMMAND_S, check=False, errors="replace"
        )
    except (OSError, subprocess.TimeoutExpired) as exc:
        return str(exc)
    lines = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    return (lines[-1] if lines else f"status {done.returncode}") if done.returncode else ""
