"""Deletes what Kedergi made on this machine, and says what it was. What it did not make is left, and told."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import typer

from probe import config as _config
from probe import consent
from probe.vantage import enrolment, identity
from results.store import without_password

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
    found = [thing for thing in _things(url, config) if thing.path.is_file()]
    if _config.store_file(url) is None:
        typer.echo(f"The store {without_password(url)} is no file of this machine: what is in it stays.", err=True)
    if not found:
        typer.echo("Nothing of Kedergi is here.", err=True)
        return 0
    for thing in found:
        typer.echo(f"{thing.path}: {thing.what}, {thing.path.stat().st_size:,} bytes")
    if any(thing.path.name == enrolment.FILE for thing in found):
        typer.echo("What was sent to the server already is not here, and stays there.", err=True)
    if not yes and not agreed("Delete all of it for ever?"):
        typer.echo("Nothing was deleted.", err=True)
        return 1
    kept = [thing for thing in found if not _deleted(thing)]
    left = list(_left(found))
    for path in left:
        typer.echo(f"Left, since Kedergi did not make it: {path}", err=True)
    if not kept:
        typer.echo(f"Deleted: {len(found)} files.")
    return int(bool(kept))


def _things(url: str, config: Path | None) -> Iterator[Thing]:
    file, folder = _config.store_file(url), _config.data_folder()
    if file is not None:
        for ending in _BESIDE:
            yield Thing(file.with_name(file.name + ending), "the store" if not ending else "the store's own log")
    yield Thing(folder / consent.FILE, "the consent")
    yield Thing(folder / _config.NAME_FILE, "the vantage's name")
    yield Thing(folder / identity.FILE, "the vantage's key")
    yield Thing(folder / enrolment.FILE, "what joining a server gave")
    yield Thing(config or _config.default_file(), "the configuration")


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
        typer.echo(f"kedergi: {thing.path} can't be deleted: {exc.strerror}.", err=True)
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
