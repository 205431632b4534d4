"""The server's only wiring: pages, guard, and what is said when something can't be shown. Nothing is measured here."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta, tzinfo
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from results.records import Vantage
from results.store import Store, StoreError
from server.pages.guard import Guard
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
    pages = Pages(shown)
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

    @app.exception_handler(StoreError)
    def not_readable(request: Request, exc: StoreError) -> Response:
        return pages.sorry(request, HTTPStatus.SERVICE_UNAVAILABLE, str(exc))

    return app
