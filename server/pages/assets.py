"""The files that pages refer to. Nothing of a store is here."""

from importlib.resources import files
from typing import NamedTuple

from fastapi.responses import Response

from server.pages.charts.palette import stylesheet
from server.pages.charts.strip import PAINT


class File(NamedTuple):
    """Of static/. What has its version in its name never changes."""

    path: str
    media_type: str
    cached: str = "no-store"


_UPLOT = "vendor/uplot-1.6.32"
_FOR_EVER = "public, max-age=31536000, immutable"
STATIC = {
    "kedergi.css": File("kedergi.css", "text/css"),
    "refresh.js": File("refresh.js", "text/javascript"),
    "zoom.js": File("zoom.js", "text/javascript"),
    "mark.svg": File("mark.svg", "image/svg+xml"),
    "uplot-1.6.32.js": File(f"{_UPLOT}/uPlot.iife.min.js", "text/javascript", _FOR_EVER),
    "uplot-1.6.32.css": File(f"{_UPLOT}/uPlot.min.css", "text/css", _FOR_EVER),
}


def asset(name: str) -> Response | None:
    """A file that pages refer to; None where it is none of ours."""
    if name == "palette.css":
        return Response(stylesheet() + PAINT, media_type="text/css")
    found = STATIC.get(name)
    if found is None:
        return None
    content = files("server.pages").joinpath("static", found.path).read_bytes()
    return Response(content, media_type=found.media_type, headers={"cache-control": found.cached})
