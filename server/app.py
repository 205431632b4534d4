"""The server's only wiring: pages, guard, and what is said when something can't be shown. Nothing is measured here."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from importlib import metadata

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse, Response
from starlette.exceptions import HTTPException
from starlette.routing import Route

from results.schema import as_it_is
from results.store import InArchive, Store, StoreError
from server.api import app as api
from server.api.manners import CLOSED, OPEN, Manners
from server.pages.guard import Guard
from server.pages.many.choice import ALMATY, Home
from server.pages.many.line import Line
from server.pages.many.routes import PATHS, ManyPages
from server.pages.many.shown import Many
from server.pages.tongue import N_, later
from targets.target import Target


def create_many(
    store: Store,
    *,
    targets: Sequence[Target],
    interval: timedelta,
    clock: Callable[[], datetime],
    version: str,
    line: Line | None = None,
    home: Home = ALMATY,
    hosts: Collection[str] | None = None,
    manners: Manners = CLOSED,
) -> FastAPI:
    """The pages and what programs read, to be mounted at "/" behind whatever decides who may read. Nothing is written.

    `interval`: at which most probes measure. `line`: of the machine that feeds the store, where that is this one.
    `home`: the zone of who chose none. `hosts`: names that may be asked for beside loopback's; None: any.
    `manners`: what others may do with answers to programs.
    """
    shown = Many(
        store=store,
        targets={target.url: target for target in targets},
        interval=interval,
        clock=clock,
        version=version,
        line=line,
        home=home,
    )
    app = _app(ManyPages(shown), version, hosts)
    app.router.routes.extend(api.routes(api.create_api(shown, manners)))
    return app


@dataclass(frozen=True, slots=True)
class PagesBeside:
    """The pages as a part of a larger application, with connections of their own: storing waits for no reader."""

    store: Store
    routes: Sequence[Route]

    def close(self) -> None:
        self.store.close()


def pages_beside(
    store_url: str, *, targets: Sequence[Target], interval: timedelta, clock: Callable[[], datetime], public: bool
) -> PagesBeside:
    """Opens the store, whose schema is this program's already. Blocks. Raises StoreError."""
    store, version = Store(store_url, as_it_is), metadata.version("kedergi")
    manners = OPEN if public else CLOSED
    app = create_many(store, targets=targets, interval=interval, clock=clock, version=version, manners=manners)
    # Each path by itself, so that what other parts refuse stays theirs.
    return PagesBeside(store, [Route(path, app, methods=["GET"]) for path in (*PATHS, *api.PATHS)])


def _app(pages: ManyPages, version: str, hosts: Collection[str] | None) -> FastAPI:
    app = FastAPI(title="Kedergi", version=version, docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(pages.router)
    app.add_api_route("/healthz", _alive, methods=["GET", "HEAD"], response_model=None)
    app.add_middleware(Guard, hosts=hosts)

    # Plain functions, as the routes are: Starlette runs them on threads.
    @app.exception_handler(HTTPException)
    def not_shown(request: Request, exc: HTTPException) -> Response:
        known = exc.detail == HTTPStatus.NOT_FOUND.phrase
        return pages.sorry(request, exc.status_code, N_("Nothing is here.") if known else exc.detail)

    @app.exception_handler(RequestValidationError)
    def not_understood(request: Request, exc: RequestValidationError) -> Response:
        missing = ", ".join(str(error["loc"][-1]) for error in exc.errors())
        return pages.sorry(
            request, HTTPStatus.BAD_REQUEST, later("The address lacks or misspells: {name}.", name=missing)
        )

    @app.exception_handler(InArchive)
    def not_here(request: Request, exc: InArchive) -> Response:
        return pages.sorry(request, HTTPStatus.GONE, str(exc))

    @app.exception_handler(StoreError)
    def not_readable(request: Request, exc: StoreError) -> Response:
        return pages.sorry(request, HTTPStatus.SERVICE_UNAVAILABLE, pages.away(str(exc)))

    return app


def _alive() -> Response:
    return PlainTextResponse("ok")
