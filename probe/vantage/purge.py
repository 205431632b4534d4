"""Deletes what Kedergi made on this machine, and says what it was. What it did not make is left, and told."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import typer

from probe import config as _config
from probe import consent
from probe.tongue import N_, say
from probe.vantage import enrolment, identity, installing, pause, server_list
from results.store import without_password

ELSEWHERE = N_("The store {store} is no file of this machine: what is in it stays.")
NOTHING_HERE = N_("Nothing of Kedergi is here.")
SERVICE = N_("the service, which is stopped first")
SENT = N_("What was sent to the server already is not here, and stays there.")
DELETE = N_("Delete all of it for ever?")
KEPT = N_("Nothing was deleted.")
LEFT = N_("Left, since Kedergi did not make it: {path}")
DELETED = N_("Deleted: {count} files.")
CANT_DELETE = N_("{path} can't be deleted: {why}.")
_BESIDE = ("", "-wal", "-shm", "-journal")  # of SQLite


@dataclass(frozen=True, slots=True)
class Thing:
    """A file of ours."""

    path: Path
    what: str


def run_purge(*, yes: bool, config: Path | None) -> int:
    """0 when nothing is left here, 1 when something is, also because nobody agreed."""
    settings = _config.load(config)
    url = _config.store_url(settings)
    service = installing.here().path
    found = [thing for thing in _things(url, config) if thing.path.is_file()]
    if _config.store_file(url) is None:
        typer.echo(say(ELSEWHERE, store=without_password(url)), err=True)
    if not found and not service.exists():
        typer.echo(say(NOTHING_HERE), err=True)
        return 0
    if service.exists():
        typer.echo(f"{service}: {say(SERVICE)}")
    for thing in found:
        typer.echo(f"{thing.path}: {say(thing.what)}, {thing.path.stat().st_size:,} B")
    if any(thing.path.name == enrolment.FILE for thing in found):
        typer.echo(say(SENT), err=True)
    if not yes and not agreed(say(DELETE)):
        typer.echo(say(KEPT), err=True)
        return 1
    if installing.removed():  # first: it would make all of it anew
        typer.echo(say(installing.REMOVED, path=service))
    kept = [thing for thing in found if not _deleted(thing)]
    left = list(_left(found))
    for path in left:
        typer.echo(say(LEFT, path=path), err=True)
    if not kept:
        typer.echo(say(DELETED, count=len(found)))
    return int(bool(kept))


def _things(url: str, config: Path | None) -> Iterator[Thing]:
    file, folder = _config.store_file(url), _config.data_folder()
    if file is not None:
        for ending in _BESIDE:
            yield Thing(file.with_name(file.name + ending), N_("the store's own log") if ending else N_("the store"))
    yield Thing(folder / consent.FILE, N_("the consent"))
    yield Thing(folder / _config.NAME_FILE, N_("the vantage's name"))
    yield Thing(folder / identity.FILE, N_("the vantage's key"))
    yield Thing(folder / enrolment.FILE, N_("what joining a server gave"))
    yield Thing(folder / server_list.FILE, N_("the server's list"))
    yield Thing(folder / pause.FILE, N_("the pause"))
    for path in sorted(folder.glob("demo-????????.db*")):
        yield Thing(path, N_("the demo, which was never measured"))
    yield Thing(config or _config.default_file(), N_("the configuration"))


def agreed(question: str) -> bool:
    """Whether somebody is there who says yes."""
    try:
        return typer.confirm(question, err=True)
    except typer.Abort:  # no terminal, or Ctrl+C
        typer.echo("", err=True)
        return False


def _deleted(thing: Thing) -> bool:
    try:
        thing.path.unlink(missing_ok=True)
    except OSError as exc:
        typer.echo(f"kedergi: {say(CANT_DELETE, path=thing.path, why=exc.strerror)}", err=True)
        return False
    return True


def _left(found: list[Thing]) -> Iterator[Path]:
    """What lies beside our files in our own folders, which are removed where they are empty."""
    for folder in sorted({_config.data_folder(), _config.default_file().parent}):
        with suppress(OSError):
            folder.rmdir()
        if folder.is_dir():
            ours = {thing.path for thing in found}
            yield from (path for path in sorted(folder.iterdir()) if path not in ours)
