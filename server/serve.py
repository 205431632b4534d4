"""The shared server: takes what members send, follows the store, and sends alerts, until it is stopped.

Nothing is measured here, and no page is shown yet. What it takes is in server/intake.
"""

import asyncio
import random
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import typer

from probe import config as _config
from probe.config import Settings
from probe.steps.tcp import endpoint
from results.history import History
from results.intake import forget
from results.knowledge import users, with_users
from results.schema import as_it_is, up_to_date
from results.store import Store, StoreError
from results.verdict import judge
from server.alerts import subscriptions as alerts
from server.alerts.delivery import Deliverer
from server.control.limits import Budget
from server.following import Following
from server.intake.connection import PatientWithBatches
from server.intake.limits import Limits
from server.intake.reading import Reader
from server.intake.routes import Intake, create_intake
from server.joining import watched
from server.listen import bound, first_to_end, served
from targets.bundled import resolve
from targets.operators import owner_of
from targets.target import Target
from targets.url import BadUrl, canonical_url

_CONNECTIONS_MAX = 1000
_STOPPING_S = 30  # for batches in work
_FORGETS_S = 60.0
_AGAIN_S = 5.0
# A signature is believed for five minutes before and after the time in it (probe/vantage/signing.py).
_BELIEVED = timedelta(minutes=15)


async def run_serve(*, host: str, port: int, migrate: bool, config: Path | None) -> int:
    """Ends only by being stopped, or by an error."""
    settings, limits = _config.load(config), Limits()
    targets = _targets(settings)
    subscriptions = await asyncio.to_thread(alerts.read, settings)
    sock = bound(host, port)
    with sock:
        prepare = up_to_date if migrate else as_it_is
        store = await asyncio.to_thread(Store, _config.store_url(settings), prepare)
        try:
            outlets = {target.url: target.outlet for target in targets if target.outlet}
            history = History(
                store,
                owner=owner_of,
                outlets=outlets,
                interval=settings.probe.interval,
                watched=partial(watched, store),
            )
            news = asyncio.Event()
            following = Following(history, clock=utcnow, news=news)
            deliverer = Deliverer(store, subscriptions, clock=utcnow, chance=random.Random(), outlets=outlets)
            intake = Intake(
                store=store,
                reader=_reader(targets, limits),
                limits=limits,
                budget=Budget(limits.per_minute, time.monotonic),
                utcnow=utcnow,
                stored=following.stored,
            )
            async with served(
                create_intake(intake),
                sock,
                http=PatientWithBatches,
                ws="none",
                log_level="error",  # below that it says whenever someone speaks no HTTP
                limit_concurrency=_CONNECTIONS_MAX,
                timeout_graceful_shutdown=_STOPPING_S,
            ) as serving:
                typer.echo(f"Kedergi takes measurements on http://{endpoint(host, port)}", err=True)
                work = (following.run, partial(deliverer.run, news), partial(_forgetting, store))
                await first_to_end(serving, *(asyncio.create_task(_lasting(one)) for one in work))
        finally:
            store.close()
    return 0


def utcnow() -> datetime:
    return datetime.now(UTC)


async def _lasting(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Work that begins anew where the store was away: members are told so meanwhile, and keep what they have."""
    while True:
        try:
            await work()
        except StoreError as exc:
            typer.echo(f"kedergi: {exc}", err=True)
        await asyncio.sleep(_AGAIN_S)


async def _forgetting(store: Store) -> None:
    """Drops nonces that can't come again, until it is cancelled."""
    while True:
        await asyncio.to_thread(forget, store, before=utcnow() - _BELIEVED)
        await asyncio.sleep(_FORGETS_S)


def _targets(settings: Settings) -> list[Target]:
    """All that is on the lists. What is wrong with one is said on stderr; the rest is used."""
    targets, problems = resolve(settings.probe.lists)
    for problem in problems:
        typer.echo(str(problem), err=True)
    return targets


def _reader(targets: list[Target], limits: Limits) -> Reader:
    listed = frozenset(canonical_url(target.url) for target in targets)
    known, problems = with_users(users.folder())
    for problem in problems:
        typer.echo(str(problem), err=True)

    def is_listed(url: str) -> bool:
        try:
            return canonical_url(url) in listed
        except BadUrl:
            return False

    return Reader(limits=limits, judge=partial(judge, known=known), is_listed=is_listed)
