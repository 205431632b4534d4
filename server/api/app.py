"""All that programs read, as one application beside the pages: it says no in JSON, where pages say it in their look.

Where it stands is wired in server/app.py.
"""

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.routing import Route

from results.store import InArchive, StoreError
from server.api.asked import refusal
from server.api.badge import Badge
from server.api.cursors import BadCursor
from server.api.data import Data
from server.api.document import ABOUT
from server.api.feeds import Feeds
from server.api.manners import Manners
from server.api.routes import Api
from server.api.shapes import Refusal
from server.pages.many.shown import Many

PATHS = ("/api/v1/{rest:path}", "/data/{name}", "/feed.atom", "/badge.svg")
_BAD_CURSOR = "cursor leads nowhere; take `next` of the answer before, of the same list."


def create_api(shown: Many, manners: Manners) -> FastAPI:
    """Reads `shown` alone."""
    app = FastAPI(title="Kedergi", version="1", description=ABOUT, docs_url=None, redoc_url=None, openapi_url=None,
                  redirect_slashes=False, responses={400: {"model": Refusal}})  # fmt: skip
    for part in (Api, Data, Feeds, Badge):
        app.include_router(part(shown, manners).router)
    _refuse_in_json(app, manners)
    return app


def routes(api: FastAPI) -> list[Route]:
    """Each address by itself, for the application that has the pages too."""
    return [Route(path, api, methods=["GET"]) for path in PATHS]


def _refuse_in_json(app: FastAPI, manners: Manners) -> None:
    def no(status: int, says: str) -> Response:
        headers = {**manners.to_scripts, "cache-control": "no-store"}
        return JSONResponse({"error": says}, status, headers=headers)

    # Plain functions, as the routes are: Starlette runs them on threads.
    @app.exception_handler(HTTPException)
    def not_shown(_request: Request, exc: HTTPException) -> Response:
        known = exc.status_code == HTTPStatus.NOT_FOUND and exc.detail == HTTPStatus.NOT_FOUND.phrase
        return no(exc.status_code, "Nothing is here." if known else exc.detail)

    @app.exception_handler(RequestValidationError)
    def not_understood(_request: Request, exc: RequestValidationError) -> Response:
        return no(HTTPStatus.BAD_REQUEST, refusal(exc))

    @app.exception_handler(BadCursor)
    def nowhere(_request: Request, _exc: BadCursor) -> Response:
        return no(HTTPStatus.BAD_REQUEST, _BAD_CURSOR)

    @app.exception_handler(InArchive)
    def not_here(_request: Request, exc: InArchive) -> Response:
        return no(HTTPStatus.GONE, str(exc))

    @app.exception_handler(StoreError)
    def not_readable(_request: Request, _exc: StoreError) -> Response:
        return no(HTTPStatus.SERVICE_UNAVAILABLE, "What is stored can't be read now. Try again in a minute.")
