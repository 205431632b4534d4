"""How an answer to programs goes out: with a mark that tells whether it has changed, and who may keep and read it.

What is in it is not known here.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from fastapi import Request
from fastapi.responses import Response

MINUTE = timedelta(minutes=1)
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Manners:
    """Who reads a server: then what caches between and pages elsewhere may do with its answers."""

    kept_by: str  # a word of Cache-Control
    at_once: bool  # whether what is kept may be used without asking again
    to_scripts: Mapping[str, str] = field(default_factory=dict)  # headers of answers that pages elsewhere may read
    to_pages: Mapping[str, str] = field(default_factory=dict)  # of pictures that they may show

    def cache_control(self, fresh: timedelta) -> str:
        return (
            f"{self.kept_by}, max-age={fresh // timedelta(seconds=1)}" if self.at_once else f"{self.kept_by}, no-cache"
        )


# Everybody may read these pages, so a script of any page may as well. No cookie is looked at.
OPEN = Manners(
    "public",
    at_once=True,
    to_scripts={"access-control-allow-origin": "*", "access-control-expose-headers": "ETag, Link"},
    to_pages={"access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin"},
)
# Of a closed server, or of the machine at home: whether a picture comes would tell a page elsewhere what is measured.
CLOSED = Manners("private", at_once=False)


def answer(
    request: Request,
    body: bytes,
    *,
    media_type: str,
    manners: Manners,
    headers: Mapping[str, str] | None = None,
    fresh: timedelta = MINUTE,
    status: int = 200,
) -> Response:
    """`headers`: what it has besides; the ones for scripts of other pages where nothing is said."""
    mark = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    said = {**manners.to_scripts, **(headers or {}), "etag": mark, "cache-control": manners.cache_control(fresh)}
    if status == 200 and _has(request.headers.get("if-none-match", ""), mark):
        return Response(status_code=304, headers=said)
    return Response(body, status, media_type=media_type, headers=said)


def _has(marks: str, mark: str) -> bool:
    """RFC 9110, 13.1.2: a mark that a cache has weakened is the same."""
    known = {one.strip().removeprefix("W/") for one in marks.split(",")}
    return bool({mark, "*"} & known)
