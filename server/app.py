"""The server's only wiring: pages, guard, and what is said when something can't be shown. Nothing is measured here."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from http import HTTPStatus
from importlib import metadata

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.routing import Route

from results.records import Vantage
from results.schema import as_it_is
from results.store import InArchive, Store, StoreError
from server.pages.guard import Guard
from server.pages.many.routes import PATHS, ManyPages
from server.pages.many.shown import Many
from server.pages.routes import Pages
from server.pages.views import Shown
from targets.target import Target


def create_app(
    store: Store,
    *,
    targets: Sequence[Target],
    vantage: Vantage,
    interval: timedelta,
    clock: Callable[[], datetime],
    version: str,
    zone: tzinfo | None = None,
    hosts: Collection[str] = (),
) -> FastAPI:
    """The pages of one line. `zone` None: the machine's own. `hosts`: names beside loopback's that may be asked for."""
    shown = Shown(
        store=store,
        targets={target.url: target for target in targets},
        vantage=vantage,
        interval=interval,
        clock=clock,
        zone=zone,
        version=version,
    )
    return _app(Pages(shown), version, hosts)


def create_many(
    store: Store, *, targets: Sequence[Target], interval: timedelta, clock: Callable[[], datetime], version: str
) -> FastAPI:
    """The pages of a shared server, to be mounted at "/" behind whatever decides who may read them.

    They read `store` alone and write nothing. `interval`: at which most probes measure.
    """
    shown = Many(
        store=store,
        targets={target.url: target for target in targets},
        interval=interval,
        clock=clock,
        version=version,
    )
    return _app(ManyPages(shown), version, None)


@dataclass(frozen=True, slots=True)
class PagesBeside:
    """The pages as a part of a larger application, with connections of their own: storing waits for no reader."""

    store: Store
    routes: Sequence[Route]

    def close(self) -> None:
        self.store.close()


def pages_beside(
    store_url: str, *, targets: Sequence[Target], interval: timedelta, clock: Callable[[], datetime]
) -> PagesBeside:
    """Opens the store, whose schema is this program's already. Blocks. Raises StoreError."""
    store = Store(store_url, as_it_is)
    app = create_many(store, targets=targets, interval=interval, clock=clock, version=metadata.version("kedergi"))
    # Each path by itself, so that what other parts refuse stays theirs.
    return PagesBeside(store, [Route(path, app, methods=["GET"]) for path in PATHS])


def _app(pages: Pages | ManyPages, version: str, hosts: Collection[str] | None) -> FastAPI:
    app = FastAPI(title="Kedergi", version=version, docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(pages.router)
    app.add_middleware(Guard, hosts=hosts)

    # Plain functions, as the routes are: Starlette runs them on threads.
    @app.exception_handler(HTTPException)
    def not_shown(request: Request, exc: HTTPException) -> Response:
        known = exc.status_code == HTTPStatus.NOT_FOUND
        return pages.sorry(request, exc.status_code, "Nothing is here." if known else exc.detail)

    @app.exception_handler(RequestValidationError)
    def not_understood(request: Request, exc: RequestValidationError) -> Response:
        missing = ", ".join(str(error["loc"][-1]) for error in exc.errors())
        return pages.sorry(request, HTTPStatus.BAD_REQUEST, f"The address lacks or misspells: {missing}.")

    @app.exception_handler(InArchive)
    def not_here(request: Request, exc: InArchive) -> Response:
        return pages.sorry(request, HTTPStatus.GONE, str(exc))

    @app.exception_handler(StoreError)
    def not_readable(request: Request, exc: StoreError) -> Response:
        return pages.sorry(request, HTTPStatus.SERVICE_UNAVAILABLE, pages.away(str(exc)))

    return app
