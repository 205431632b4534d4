"""The addresses of the data behind the charts: `/data/site-strips.csv?…` with what the page's address has."""

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from server.api.exports import EXPORTS, Lacks
from server.api.manners import JSON, Manners, answer
from server.api.tables import as_csv, as_json
from server.pages.many.choice import Choice, whole
from server.pages.many.shown import Many

CSV = "text/csv; charset=utf-8; header=present"


class Data:
    """Every table of `EXPORTS`, in both forms."""

    def __init__(self, shown: Many, manners: Manners) -> None:
        self._shown = shown
        self._manners = manners
        self.router = APIRouter()
        self.router.add_api_route("/data/{name}", self.data, methods=["GET", "HEAD"], include_in_schema=False)

    def data(self, request: Request, name: str) -> Response:
        of, _, form = name.rpartition(".")
        export = EXPORTS.get(of)
        if export is None or form not in {"csv", "json"}:
            raise HTTPException(404)
        query = {key: whole(value) for key, value in request.query_params.items()}
        choice = Choice.of(query)
        now = choice.local(self._shown.clock(), self._shown.home)
        try:
            view = export.view(self._shown, choice, query, now)
        except Lacks as exc:
            raise HTTPException(400, f"The address lacks or misspells: {exc}.") from exc
        if view is None:
            raise HTTPException(404)
        if form == "json":
            body = as_json(of, export.columns, export.rows(view))
            return answer(request, body, media_type=JSON, manners=self._manners)
        body = as_csv(list(export.columns), export.rows(view))
        headers = {"content-disposition": f'attachment; filename="kedergi-{of}.csv"'}
        return answer(request, body, media_type=CSV, manners=self._manners, headers=headers)
