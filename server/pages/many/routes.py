"""The addresses of the pages of many networks. A route asks for values and hands them to a template.

Plain functions, so that they run on threads: the store blocks. Nothing is written, and nobody is asked who they are.
"""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from results.records import adapter, iso
from server.pages.assets import asset
from server.pages.look import environment
from server.pages.many.choice import Choice, moment_of, whole
from server.pages.many.drawing import for_templates
from server.pages.many.moved import began_at, told_at
from server.pages.many.network import network_page, vantage_page
from server.pages.many.now import now_page
from server.pages.many.shown import Many
from server.pages.many.site import site_page
from server.pages.many.story import episode_page, event_page
from server.pages.measurement import measurement
from server.pages.method import method
from server.pages.times import Local
from server.pages.tongue import N_, Later, chosen, headers, later, switch

PAGES = (("/", N_("Now")), ("/networks", N_("Networks")), ("/method", N_("Method")))
PATHS = ("/", "/site", "/networks", "/network", "/vantage", "/event/{uid}", "/episode", "/measurement/{uid}.json",
         "/measurement/{uid}", "/method", "/static/{name}")  # fmt: skip
_NOT_TOLD = N_(
    "No episode of this site on this network is told at that time now: later measurements moved or undid it."
)


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
            raise HTTPException(400, later("The address lacks or misspells: {name}.", name="began"))
        told = told_at(self._shown.store, url, key, kind, began)
        if told is None:
            raise HTTPException(404, _NOT_TOLD)
        if not began_at(told, began):
            now = iso(told.kept.episode.first_bad_at)
            href = Choice.of(request.query_params).here("/episode", url=url, key=key, of=kind, began=now)
            return RedirectResponse(href, 302)  # not for ever: it may move again
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
        return self._shown_as("method.html", request, lambda _choice, now: method(now.tongue))

    def static(self, name: str) -> Response:
        found = asset(name)
        if found is None:
            raise HTTPException(404)
        return found

    def away(self, says: str) -> str:
        """What is told where the store fails. Its address is nobody's business but of the one whose store it is."""
        return says if self._shown.line else N_("What is stored can't be read now. Try again in a minute.")

    def sorry(self, request: Request, status: int, says: str | Later) -> Response:
        """What can't be shown, in the same look, or as JSON where JSON was asked for."""
        if request.url.path.endswith(".json") or request.url.path.startswith("/api/"):
            return JSONResponse({"error": str(says)}, status_code=status)
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
        tongue = chosen(choice.lang, request.headers.get("accept-language", ""), self._shown.tongues)
        now = choice.local(self._shown.clock(), self._shown.home, tongue)
        view = view_of(choice, now)
        if view is None:
            raise HTTPException(404)
        frame = {
            "home": choice.href("/"),
            "nav": [(choice.href(path), tongue.say(word)) for path, word in PAGES],
            "zone": choice.zone_words(self._shown.home, tongue),
            "tongue": tongue,
            "tongues": switch(request.url.path, request.query_params.multi_items(), self._shown.tongues),
        }
        page = self._templates.get_template(template)
        text = page.render(shown=self._shown, now=now, choice=choice, view=view, **frame, **values)
        return HTMLResponse(text, status_code=status, headers=headers(tongue))


def _said(request: Request, name: str, *, or_empty: bool = False) -> str:
    value = whole(request.query_params.get(name))
    if value is None or (not value and not or_empty):
        raise HTTPException(400, later("The address lacks or misspells: {name}.", name=name))
    return value
