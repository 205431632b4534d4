"""What the addresses of /v1 take and answer, as an OpenAPI document, and the address at which it can be had.

The document is written by hand in openapi.json; tests hold it against the routes and their answers.
"""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

DOCUMENT = Path(__file__).with_name("openapi.json").read_bytes()


def openapi_routes() -> list[Route]:
    """For anyone; nothing in it is of this server alone."""

    async def openapi(_request: Request) -> Response:
        return Response(DOCUMENT, media_type="application/json")

    return [Route("/v1/openapi.json", openapi, methods=["GET"])]
