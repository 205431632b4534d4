"""The addresses of the pages. A route asks for values and hands them to a template; nothing is decided here.

Plain functions, so that they run on threads: the store blocks.
"""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from results.judgement import Verdict
from results.records import adapter
from server.pages import data
from server.pages.charts.palette import stylesheet
from server.pages.charts.strip import PAINT
from server.pages.look import environment, static
from server.pages.measurement import measurement
from server.pages.overview import overview
from server.pages.site import site
from server.pages.views import Shown, span_of

ROUNDS = 50
GAPS = timedelta(days=30)
STATIC = {"kedergi.css": "text/css", "refresh.js": "text/javascript", "mark.svg": "image/svg+xml"}

FRAME = {
    "home": "/",
    "nav": (("/", "Now"), ("/rounds", "Rounds"), ("/method", "Method")),
    "zone": "local time",
    "one_line": True,
    "seen_from": "seen from one line, by this machine",
}

Wanted = Annotated[str | None, Query()]


class Pages:
    """The pages of one line."""

    def __init__(self, shown: Shown) -> None:
        self._shown = shown
        self._templates = environment()
        self.router = APIRouter(default_response_class=HTMLResponse)
        for path, route in (
            ("/", self.overview),
            ("/site", self.site),
            ("/measurement/{uid}.json", self.measurement_json),
            ("/measurement/{uid}", self.measurement),
            ("/rounds", self.rounds),
            ("/method", self.method),
            ("/api/sites.json", self.sites_json),
            ("/site.json", self.site_json),
            ("/static/{name}", self.static),
            ("/healthz", self.healthz),
        ):
            self.router.add_api_route(path, route, methods=["GET", "HEAD"], response_model=None)

    def render(self, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        now = values.pop("now", None) or self._shown.now()
        page = self._templates.get_template(template)
        return HTMLResponse(page.render(shown=self._shown, now=now, **FRAME, **values), status_code=status)

    def overview(self, span: Wanted = None, verdict: Wanted = None, q: Wanted = None) -> Response:
        now = self._shown.now()
        view = overview(self._shown, span_of(span), now)
        chosen = verdict if verdict in set(Verdict) else ""
        rows = data.filtered(view.rows, chosen or "", q or "")
        return self.render("overview.html", now=now, view=view, rows=rows, verdict=chosen, q=q or "")

    def site(self, url: str, span: Wanted = None, at: Wanted = None) -> Response:
        now = self._shown.now()
        view = site(self._shown, url, span_of(span), at, now)
        if view is None:
            raise HTTPException(404)
        return self.render("site.html", now=now, view=view)

    def measurement(self, uid: str) -> Response:
        now = self._shown.now()
        view = measurement(self._shown.store, uid, now)
        if view is None:
            raise HTTPException(404)
        return self.render("measurement.html", now=now, view=view)

    def measurement_json(self, uid: str) -> Response:
        found = self._shown.store.measurement(uid)
        if found is None:
            raise HTTPException(404)
        return Response(adapter().dump_json(found[0]), media_type="application/json")

    def rounds(self) -> Response:
        now = self._shown.now()
        name = self._shown.vantage.name
        rounds = [row for row in self._shown.store.rounds(limit=ROUNDS) if row.vantage == name]
        oldest = min([now.now - GAPS, *(row.started_at for row in rounds)])
        gaps = [gap for gap in self._shown.store.gaps(since=oldest) if gap.vantage == name]
        return self.render("rounds.html", now=now, rounds=rounds, gaps=gaps[::-1])

    def method(self) -> Response:
        return self.render("method.html")

    def sites_json(self, span: Wanted = None) -> Response:
        now = self._shown.now()
        return JSONResponse(data.sites(overview(self._shown, span_of(span), now), now))

    def site_json(self, url: str, span: Wanted = None) -> Response:
        now = self._shown.now()
        view = site(self._shown, url, span_of(span), None, now)
        if view is None:
            raise HTTPException(404)
        return JSONResponse(data.site(view))

    def static(self, name: str) -> Response:
        found = asset(name)
        if found is None:
            raise HTTPException(404)
        return found

    def healthz(self) -> Response:
        return PlainTextResponse("ok")

    def away(self, says: str) -> str:
        """What is told where the store fails, to the one whose store it is."""
        return says

    def sorry(self, request: Request, status: int, says: str) -> Response:
        """What can't be shown, in the same look, or as JSON where JSON was asked for."""
        if request.url.path.endswith(".json"):
            return JSONResponse({"error": says}, status_code=status)
        return self.render("sorry.html", status=status, says=says)


def asset(name: str) -> Response | None:
    """A file that pages refer to; None where it is none of ours."""
    if name == "palette.css":
        return Response(stylesheet() + PAINT, media_type="text/css")
    return Response(static(name), media_type=STATIC[name]) if name in STATIC else None
