"""The addresses of the pages of many networks. A route asks for values and hands them to a template.

Plain functions, so that they run on threads: the store blocks. Nothing is written, and nobody is asked who they are.
"""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from results.records import adapter
from server.pages.look import environment
from server.pages.many.choice import Choice, moment_of, whole
from server.pages.many.drawing import for_templates
from server.pages.many.network import network_page, vantage_page
from server.pages.many.now import now_page
from server.pages.many.shown import Many
from server.pages.many.site import site_page
from server.pages.many.story import episode_page, event_page
from server.pages.measurement import measurement
from server.pages.routes import asset
from server.pages.times import Local

PAGES = (("/", "Now"), ("/networks", "Networks"), ("/method", "Method"))
PATHS = ("/", "/site", "/networks", "/network", "/vantage", "/event/{uid}", "/episode", "/measurement/{uid}.json",
         "/measurement/{uid}", "/method", "/static/{name}")  # fmt: skip


class ManyPages:
    """The pages of a shared store."""

    def __init__(self, shown: Many) -> None:
        self._shown = shown
        self._templates = environment(**for_templates())
        self.router = APIRouter(default_response_class=HTMLResponse)
        pages: tuple[Callable[..., Response], ...] = (
            self.now, self.site, self.networks, self.network, self.vantage, self.event, self.episode,
            self.measurement_json, self.measurement, self.method, self.static,
        )  # fmt: skip
        for path, route in zip(PATHS, pages, strict=True):
            self.router.add_api_route(path, route, methods=["GET", "HEAD"], response_model=None)

    def now(self, request: Request) -> Response:
        return self._shown_as("many_now.html", request, lambda choice, now: now_page(self._shown, choice, now))

    def networks(self, request: Request) -> Response:
        return self._shown_as("many_networks.html", request, lambda choice, now: now_page(self._shown, choice, now))

    def site(self, request: Request) -> Response:
        url, at = _said(request, "url"), request.query_params.get("at", "")
        return self._shown_as(
            "many_site.html", request, lambda choice, now: site_page(self._shown, url, choice, at, now)
        )

    def network(self, request: Request) -> Response:
        key = _said(request, "key", or_empty=True)
        return self._shown_as(
            "many_network.html", request, lambda choice, now: network_page(self._shown, key, choice, now)
        )

    def vantage(self, request: Request) -> Response:
        name = _said(request, "name")
        return self._shown_as(
            "many_vantage.html", request, lambda choice, now: vantage_page(self._shown, name, choice, now)
        )

    def event(self, request: Request, uid: str) -> Response:
        return self._shown_as(
            "many_event.html", request, lambda choice, now: event_page(self._shown, whole(uid), choice, now)
        )

    def episode(self, request: Request) -> Response:
        url, key, kind = _said(request, "url"), _said(request, "key", or_empty=True), _said(request, "of")
        began = moment_of(_said(request, "began"))
        if began is None:
            raise HTTPException(400, "The address misspells: began.")
        return self._shown_as(
            "many_episode.html",
            request,
            lambda choice, now: episode_page(self._shown, url, key, kind, began, choice, now),
        )

    def measurement(self, request: Request, uid: str) -> Response:
        return self._shown_as(
            "measurement.html", request, lambda _, now: measurement(self._shown.store, whole(uid), now)
        )

    def measurement_json(self, uid: str) -> Response:
        found = self._shown.store.measurement(whole(uid))
        if found is None:
            raise HTTPException(404)
        return Response(adapter().dump_json(found[0]), media_type="application/json")

    def method(self, request: Request) -> Response:
        return self._shown_as("method.html", request, lambda _choice, _now: ())

    def static(self, name: str) -> Response:
        found = asset(name)
        if found is None:
            raise HTTPException(404)
        return found

    def away(self, _says: str) -> str:
        """What is told where the store fails. Its address is not the readers' business."""
        return "What is stored can't be read now. Try again in a minute."

    def sorry(self, request: Request, status: int, says: str) -> Response:
        """What can't be shown, in the same look, or as JSON where JSON was asked for."""
        if request.url.path.endswith(".json"):
            return JSONResponse({"error": says}, status_code=status)
        return self._shown_as("sorry.html", request, lambda _choice, _now: (), status=status, says=says)

    def _shown_as(
        self,
        template: str,
        request: Request,
        view_of: Callable[[Choice, Local], object],
        *,
        status: int = 200,
        **values: Any,
    ) -> HTMLResponse:
        choice = Choice.of(request.query_params)
        now = choice.local(self._shown.clock())
        view = view_of(choice, now)
        if view is None:
            raise HTTPException(404)
        frame = {
            "home": choice.href("/"),
            "nav": [(choice.href(path), word) for path, word in PAGES],
            "zone": f"{choice.zone_name} time" if choice.zone_name != "UTC" else "Time",
            "one_line": False,
            "seen_from": "seen by probes of volunteers",
        }
        page = self._templates.get_template(template)
        return HTMLResponse(
            page.render(shown=self._shown, now=now, choice=choice, view=view, **frame, **values), status_code=status
        )


def _said(request: Request, name: str, *, or_empty: bool = False) -> str:
    value = whole(request.query_params.get(name))
    if value is None or (not value and not or_empty):
        raise HTTPException(400, f"The address lacks or misspells: {name}.")
    return value
