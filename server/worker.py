"""One worker of the shared server: its application out of its parts, and how it answers until it is stopped.

What the parts answer stands in their own packages, what is done besides in background.py; the socket is opened, and
workers are started, by serve.py.
"""

import asyncio
import gc
import socket
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.routing import BaseRoute, Route

from probe import config as _config
from probe.config import Settings
from results.knowledge import users, with_users
from results.lease import Lease
from results.store import Store
from results.verdict import judge
from server.accounts.routes import accounts_routes, create_accounts, stand_before
from server.alerts import subscriptions as alerts
from server.app import pages_beside
from server.background import Background, Duties, utcnow
from server.control.limits import Budget
from server.housekeeping import retention_of
from server.intake import routes as intake_routes
from server.intake.connection import PatientWithBatches
from server.intake.limits import Limits
from server.intake.reading import Reader
from server.intake.routes import Intake
from server.key import server_key
from server.listen import first_to_end, served
from server.lists.listing import listing
from server.lists.routes import Lists, lists_routes
from server.logs import LOG
from server.metrics import Counts
from server.openapi import openapi_routes
from server.outermost import Gate, Outermost
from server.pages.guard import host_of
from server.tls import Certificate
from targets.bundled import resolve
from targets.target import Target
from targets.url import BadUrl, canonical_url

STOPPING_S = 30  # for batches in work
_CONNECTIONS_MAX = 1000
_ANSWERS_S = 5  # for the last answers to be taken

Handlers = Mapping[Any, Callable[..., Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What one worker is given."""

    settings: Settings
    store: Store
    sock: socket.socket
    certificate: Certificate | None
    counts: CollectorRegistry


def application(intake: Intake, *more: BaseRoute) -> Starlette:
    """All that one worker answers. `more`: what else stands beside the intake (see `run_worker`)."""
    app = Starlette(
        routes=[*intake_routes.routes(intake), *more],
        # Also for what no part knows: the intake's refusals are JSON.
        exception_handlers=intake_routes.refusals(intake.utcnow),
    )
    app.router.redirect_slashes = False  # behind a proxy it would lead from TLS to plain HTTP
    return app


def refusing(routes: Sequence[Route], handlers: Handlers) -> list[Route]:
    """The same routes, which say no in a manner of their own and not in the intake's."""
    middleware = [Middleware(ExceptionMiddleware, handlers=handlers)]
    return [Route(one.path, one.endpoint, methods=one.methods, name=one.name, middleware=middleware) for one in routes]


async def run_worker(means: Means, answers: Callable[[], None]) -> None:
    """Answers, and works on what is stored, until it is cancelled. `answers` is called once it does."""
    settings, store = means.settings, means.store
    targets = targets_of(settings)
    counts, gate = Counts(means.counts), Gate()
    duties = Duties(
        store=store,
        subscriptions=await asyncio.to_thread(alerts.read, settings),
        outlets={target.url: target.outlet for target in targets if target.outlet},
        interval=settings.probe.interval,
        retention=retention_of(settings),
    )
    background = Background(duties, Lease(_config.store_url(settings)), mine=counts.background)
    async with (
        _joined(means, targets, stored=background.stored) as app,
        served(
            Outermost(app, gate=gate, counts=counts, utcnow=utcnow), means.sock, **_options(means.certificate)
        ) as serving,
    ):
        gc.collect()
        gc.freeze()  # what is there now stays: to look it through now and then would make some reader wait 0.1 s
        answers()
        working = asyncio.create_task(first_to_end(serving, asyncio.create_task(background.run())))
        try:
            await asyncio.wait([working])
            working.result()
        except asyncio.CancelledError:
            await gate.close(limit_s=STOPPING_S)
            raise
        finally:
            working.cancel()
            await asyncio.wait([working])


@asynccontextmanager
async def _joined(means: Means, targets: list[Target], *, stored: Callable[[], None]) -> AsyncIterator[Starlette]:
    """The application out of its parts; they are closed when the block is left."""
    settings, store, limits = means.settings, means.store, Limits()
    key = await asyncio.to_thread(server_key, store, _config.data_folder(), now=utcnow())
    newest = await asyncio.to_thread(listing, store, key, targets, now=utcnow())
    names = frozenset(map(host_of, settings.server.name))
    accounts = await asyncio.to_thread(
        create_accounts, store, folder=_config.data_folder(), names=settings.server.name, utcnow=utcnow
    )
    intake = Intake(
        store=store,
        reader=reader_of(targets, limits),
        limits=limits,
        budget=Budget(limits.per_minute, time.monotonic),
        utcnow=utcnow,
        stored=stored,
        names=names,
        given={"server_key": key.public, "controls": list(settings.server.control)},
    )
    url, interval = _config.store_url(settings), settings.probe.interval
    public = settings.server.public
    pages = await asyncio.to_thread(pages_beside, url, targets=targets, interval=interval, clock=utcnow, public=public)
    app = application(
        intake,
        # ROUTES OF FURTHER PARTS ARE JOINED HERE, one or two lines each. A part whose refusals are no JSON:
        # *refusing(its_routes, its_handlers). What a part does besides answering is joined in background.py.
        *lists_routes(Lists(store=store, key=key, listing=newest, names=names, utcnow=utcnow)),
        *openapi_routes(),
        *accounts_routes(accounts),
        *pages.routes,
    )
    stand_before(app, accounts, public=public)
    try:
        yield app
    finally:
        pages.close()


def _options(certificate: Certificate | None) -> dict[str, Any]:
    """Uvicorn's."""
    context = certificate.context() if certificate else None
    return {
        "http": PatientWithBatches,
        "ws": "none",
        "log_config": None,  # it speaks as we do (logs.py)
        "log_level": "error",  # below that it says whenever someone speaks no HTTP
        "limit_concurrency": _CONNECTIONS_MAX,
        "timeout_graceful_shutdown": _ANSWERS_S,
        "ssl_context_factory": (lambda _config, _usual: context) if context else None,
    }


def targets_of(settings: Settings) -> list[Target]:
    """All that is on the lists. What is wrong with one is logged; the rest is used."""
    targets, problems = resolve(settings.probe.lists)
    for problem in problems:
        LOG.warning(str(problem))
    return targets


def reader_of(targets: list[Target], limits: Limits) -> Reader:
    spelled = frozenset(target.url for target in targets)  # as probes mostly send them: nothing is to be worked out
    listed = frozenset(map(canonical_url, spelled))
    known, problems = with_users(users.folder())
    for problem in problems:
        LOG.warning(str(problem))

    def is_listed(url: str) -> bool:
        try:
            return url in spelled or canonical_url(url) in listed
        except BadUrl:
            return False

    return Reader(limits=limits, judge=partial(judge, known=known), is_listed=is_listed)
