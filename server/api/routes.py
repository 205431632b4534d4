"""The addresses of /api/v1 and how they are answered. What an answer holds is asked for in lists.py and timeline.py.

Plain functions, so that they run on threads: the store blocks. Nobody is asked who they are: what is closed is closed
before this (server/accounts/gate.py).
"""

from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Path, Query, Request
from fastapi.responses import Response

from results.formats import jsonl
from server.api import asked, lists, shapes
from server.api.document import document
from server.api.manners import JSON, Manners, answer
from server.api.timeline import timeline
from server.pages.many.choice import whole
from server.pages.many.shown import Many

Uid = Annotated[str, Path(max_length=200)]


class Api:
    """Every address of it, of one store."""

    def __init__(self, shown: Many, manners: Manners) -> None:
        self._shown = shown
        self._manners = manners
        self.router = APIRouter(prefix="/api/v1")
        for path, route, shape, says in (
            ("/targets", self.targets, shapes.Targets, "The sites of the lists, by address."),
            ("/networks", self.networks, shapes.Networks, "The networks that were looked from in thirty days."),
            ("/vantages", self.vantages, shapes.Vantages, "Who looks, by name."),
            ("/measurements", self.measurements, shapes.Measurements, "Checks, the newest first."),
            ("/measurements/{uid}", self.measurement, shapes.WholeMeasurement, "One check with all its evidence."),
            ("/episodes", self.episodes, shapes.Episodes, "Episodes, those that began last first."),
            ("/events", self.events, shapes.Events, "Events, those that were opened last first."),
            ("/events/{uid}", self.event, shapes.Event, "One event."),
            ("/cells", self.cells, shapes.Cells, "One site on one network over time: its strip, cell by cell."),
        ):
            self._add(path, route, response_model=shape, summary=says)
        self._add("/openapi.json", self.openapi, include_in_schema=False)
        self._add("/{_rest:path}", self.unknown, include_in_schema=False)

    def _add(self, path: str, route: Callable[..., Response], **more: Any) -> None:
        name = route.__name__
        self.router.add_api_route(path, route, methods=["GET"], operation_id=name, description="", **more)
        self.router.add_api_route(path, route, methods=["HEAD"], include_in_schema=False)

    def targets(self, request: Request, question: Annotated[asked.Targets, Query()]) -> Response:
        return self._listed(request, lists.targets(self._shown, question))

    def networks(self, request: Request, question: Annotated[asked.Networks, Query()]) -> Response:
        return self._listed(request, lists.networks(self._shown, question))

    def vantages(self, request: Request, question: Annotated[asked.Vantages, Query()]) -> Response:
        return self._listed(request, lists.vantages(self._shown, question))

    def measurements(self, request: Request, question: Annotated[asked.Measurements, Query()]) -> Response:
        return self._listed(request, lists.measurements(self._shown, question))

    def measurement(self, request: Request, uid: Uid, _question: Annotated[asked.Asked, Query()]) -> Response:
        found = self._shown.store.measurement(whole(uid))
        if found is None:
            raise HTTPException(404)
        return self._said(request, jsonl.line(*found).encode())

    def episodes(self, request: Request, question: Annotated[asked.Episodes, Query()]) -> Response:
        return self._listed(request, lists.episodes(self._shown, question))

    def events(self, request: Request, question: Annotated[asked.Events, Query()]) -> Response:
        return self._listed(request, lists.events(self._shown, question))

    def event(self, request: Request, uid: Uid, _question: Annotated[asked.Asked, Query()]) -> Response:
        return self._shape(request, lists.event(self._shown, whole(uid)))

    def cells(self, request: Request, question: Annotated[asked.Cells, Query()]) -> Response:
        return self._shape(request, timeline(self._shown, question))

    def openapi(self, request: Request) -> Response:
        return self._said(request, document())

    def unknown(self, _rest: str) -> Response:
        raise HTTPException(404)

    def _listed(self, request: Request, found: Any) -> Response:
        """With a link to where it goes on, for programs that follow links."""
        if found.next is None:
            return self._shape(request, found)
        query = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
        following = f"{request.url.path}?{urlencode([*query, ('cursor', found.next)])}"
        return self._shape(request, found, link=f'<{following}>; rel="next"')

    def _shape(self, request: Request, found: shapes.Shape | None, **headers: str) -> Response:
        if found is None:
            raise HTTPException(404)
        return self._said(request, found.model_dump_json().encode(), **headers)

    def _said(self, request: Request, body: bytes, **headers: str) -> Response:
        return answer(request, body, media_type=JSON, manners=self._manners, headers=headers)
