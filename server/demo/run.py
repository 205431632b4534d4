"""`kedergi up --demo`: fills a store of its own where it is not there yet, and shows it until stopped.

It asks nobody for consent because there is nothing to consent to: no probe is started and no packet leaves.
"""

import asyncio
from contextlib import suppress
from importlib import metadata
from importlib.resources import files
from pathlib import Path
from urllib.parse import parse_qsl

import typer
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Scope

from probe import config as _config
from results.schema import as_it_is
from results.store import Store
from server.app import create_many
from server.demo.filling import INTERVAL, facts, filled, sites
from server.demo.known import Known
from server.demo.marking import Marking
from server.demo.marks import Said
from server.demo.planning import CLOCK
from server.listen import bound, served
from server.pages.tongue import chosen

HOST = "127.0.0.1"
_CSS = "/static/demo.css"


async def run_demo(*, port: int) -> int:
    """Ends only by being stopped, or by an error. Of the configuration nothing is read: the store is the demo's own."""
    sock = bound(HOST, port)
    with sock:
        typer.echo("Kedergi makes the demo of known history; nothing is measured.", err=True)
        place = await asyncio.to_thread(filled, _config.data_folder())
        store = await asyncio.to_thread(Store, f"sqlite:///{place}", as_it_is)
        try:
            app = await asyncio.to_thread(create_demo, store)
            async with served(app, sock) as serving:
                typer.echo(f"Simulated, in {place}; see http://{HOST}:{port}/", err=True)
                with suppress(asyncio.CancelledError):  # a stop: nothing was measured that is worth a word
                    await asyncio.shield(serving)
        finally:
            store.close()
    return 0


def create_demo(store: Store) -> ASGIApp:
    """The pages of many networks over the demo's store, every answer of which says that it is simulated."""
    known = facts()
    app = create_many(
        store,
        targets=sites(known),
        interval=INTERVAL,
        clock=lambda: CLOCK,
        version=metadata.version("kedergi"),
        hosts=(),
    )
    listed = Known(store, known)

    def said(scope: Scope) -> Said:
        lang = dict(parse_qsl(scope["query_string"].decode("latin-1"))).get("lang", "")
        tongue = chosen(lang, Headers(scope=scope).get("accept-language", ""))
        return listed.said(tongue, scope["path"], tongue.code if lang == tongue.code else "")

    return Marking(app, said, {_CSS: ("text/css; charset=utf-8", _css())})


def _css() -> bytes:
    return files("server.demo").joinpath("static", Path(_CSS).name).read_bytes()
