"""The control: the same check, from a place where nothing is blocked. Its answer is the probe's steps, made here.

It keeps nothing, and dials public addresses only, after resolution and at every redirect (probe/check.py). What a
difference means is decided by whoever asked.
"""

import asyncio
import hmac
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import typer
from fastapi import FastAPI, Header, HTTPException, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from probe.check import check
from probe.config import ConfigError, DnsSection, ReferenceSection, Settings, VantageSection, load
from probe.net import Garbage, place
from probe.tools import Tools, opened
from results.records import Control, control_adapter
from server.listen import bound, served

_AT_ONCE = 50
_ADDRESSES_MAX = 12


class Question(BaseModel):
    """What a probe asks about."""

    model_config = ConfigDict(extra="forbid")

    url: Annotated[str, Field(max_length=2048)]
    addresses: Annotated[list[Annotated[str, Field(max_length=45)]], Field(max_length=_ADDRESSES_MAX)] = []


def create_control(tools: Tools, *, token: str) -> FastAPI:
    """The application with its one endpoint. An empty token answers anyone."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    turns = asyncio.Semaphore(_AT_ONCE)

    @app.post("/v1/control")
    async def ask(question: Question, authorization: Annotated[str, Header()] = "") -> Response:
        if token and not hmac.compare_digest(authorization.encode(), f"Bearer {token}".encode()):
            raise HTTPException(401, "The token is missing or wrong.")
        try:
            place(question.url)
        except Garbage as exc:
            raise HTTPException(422, str(exc)) from exc
        async with turns:
            answer = await look(question, tools)
        return Response(control_adapter().dump_json(answer), media_type="application/json")

    @app.middleware("http")
    async def small_only(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
        if int(request.headers.get("content-length") or 0) > 65536:
            return Response("The question is too long.", status_code=413)
        return await answer(request)

    return app


async def look(question: Question, tools: Tools) -> Control:
    """One check from here, with the asked addresses tried beside the site's own."""
    measurement = await check(question.url, tools, also=tuple(question.addresses))
    return Control(name="", hops=measurement.hops, steps=measurement.steps)


async def run_control(*, host: str, port: int, token: str, open_: bool, config: Path | None) -> int:
    """Answers until stopped."""
    if bool(token) == open_:
        raise ConfigError("Give either --token with a secret, or --open to answer anyone.")
    resolvers = load(config).dns.resolvers if config else ()
    settings = Settings(
        vantage=VantageSection(name="control"),
        dns=DnsSection(resolvers=resolvers, trusted=()),
        reference=ReferenceSection(urls=()),
    )
    sock: socket.socket = bound(host, port)
    async with opened(settings) as tools, served(create_control(tools, token=token), sock) as serving:
        typer.echo(f"The control answers on http://{host}:{port}.", err=True)
        await serving
    return 0
