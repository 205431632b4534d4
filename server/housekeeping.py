"""What a store needs once a day: months made ahead, old evidence moved to the archive, and sessions that are over gone.

How each is done is in results/months.py and results/retention.py; when, here.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
import typer
from sqlmodel import SQLModel

from probe import config as _config
from probe.config import Settings
from results.months import ensure
from results.retention import Moved, move
from results.schema import as_it_is
from results.store import Store, StoreError
from server.logs import LOG, told

_SESSION = SQLModel.metadata.tables["session"]
_EVERY_S = 86400.0
_AGAIN_S = 3600.0  # where something was in the way


@dataclass(frozen=True, slots=True)
class Retention:
    """Which evidence goes to the archive, and where that is."""

    older_than: timedelta
    folder: Path


def retention_of(settings: Settings) -> Retention | None:
    """None: all evidence stays in the store."""
    older_than, folder = settings.store.keep_evidence, _config.archive_folder(settings)
    return Retention(older_than, folder) if older_than is not None and folder is not None else None


async def housekeeping(store: Store, retention: Retention | None, *, utcnow: Callable[[], datetime]) -> None:
    """At once and then once a day, until it is cancelled. What fails is said, and tried again within the hour."""
    while True:
        done = await asyncio.to_thread(_kept, store, retention, utcnow(), _Says())
        await asyncio.sleep(_EVERY_S if done else _AGAIN_S)


def run_housekeeping(config: Path | None) -> int:
    """The same once, by hand; 1 where something failed."""
    settings = _config.load(config)
    store = Store(_config.store_url(settings), as_it_is)  # migrating it is for `serve --migrate`
    try:
        return int(not _kept(store, retention_of(settings), _now(), _Prints()))
    finally:
        store.close()


def _now() -> datetime:
    return datetime.now(UTC)


def _kept(store: Store, retention: Retention | None, now: datetime, says: "_Says") -> bool:
    """Each for itself: a full archive must not keep months from being made."""
    works: list[Callable[[], None]] = [lambda: _make_months(store, now, says), lambda: _drop_sessions(store, now)]
    if retention is not None:
        works.append(lambda: _move_evidence(store, retention, now, says))
    done = [_tried(work, says) for work in works]
    return all(done)


def _tried(work: Callable[[], None], says: "_Says") -> bool:
    try:
        work()
    except (StoreError, OSError) as exc:
        says.error(str(exc) if isinstance(exc, StoreError) else f"The archive can't be written: {exc}.")
        return False
    return True


def _make_months(store: Store, now: datetime, says: "_Says") -> None:
    made = ensure(store, now)
    if made:
        says.info(f"Tables made ahead: {', '.join(made)}.", tables=len(made))


def _drop_sessions(store: Store, now: datetime) -> None:
    with store.transaction(alone=True) as connection:
        connection.execute(sa.delete(_SESSION).where(_SESSION.c.expires_at <= now))


def _move_evidence(store: Store, retention: Retention, now: datetime, says: "_Says") -> None:
    for moved in move(store, retention.folder, before=now - retention.older_than, now=now):
        says.info(_sentence(moved, retention.folder), measurements=moved.measurements, bytes=moved.size_bytes)


def _sentence(moved: Moved, folder: Path) -> str:
    first, last = f"{moved.first_at:%Y-%m-%d}", f"{moved.last_at:%Y-%m-%d}"
    return f"The evidence of {moved.measurements} measurements from {first} to {last} is now in {folder / moved.file}."


class _Says:
    """In the server's log."""

    def info(self, sentence: str, **numbers: int) -> None:
        LOG.info(sentence, extra=told(**numbers))

    def error(self, sentence: str) -> None:
        LOG.error(sentence)


class _Prints(_Says):
    """For whoever does it by hand."""

    def info(self, sentence: str, **_numbers: int) -> None:
        typer.echo(sentence)

    def error(self, sentence: str) -> None:
        typer.echo(f"kedergi: {sentence}", err=True)
