"""Consent in a browser, on this machine alone: the same text and questions, before the pages and the first packet.

It works without JavaScript. What is said and what is kept is in probe/consent.py; nobody signs in, no cookie is set.
"""

import asyncio
import os
import secrets
import socket
import sys
import webbrowser
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import typer
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from probe import config, consent, tongue
from probe.consent import ConsentMissing, Item
from probe.tongue import say
from server.body import Refused, body_of
from server.listen import first_to_end, served
from server.pages.guard import HEADERS, LOOPBACK, host_of

_FOLDER = Path(__file__).parent / "consent"
_NAMES = (("kk", "Қазақша"), ("ru", "Русский"), ("en", "English"))
_FORM_BYTES, _FORM_S = 4096, 10.0
_GIVEN = {"refresh": "2; url=/"}  # by then the pages are there
_PAGES = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined)


class ConsentPage:
    """Asks until somebody agrees; then `agreed` is set."""

    def __init__(self, folder: Path, to: Iterable[Item], clock: Callable[[], datetime], language: str) -> None:
        self.agreed = asyncio.Event()
        self.failed: OSError | None = None  # the consent can't be kept
        self._folder = folder
        self._to = tuple(to)
        self._clock = clock
        self._language = language
        self._token = secrets.token_urlsafe(24)  # a page elsewhere can send a form here, but not read this one

    def app(self) -> Starlette:
        routes = [
            Route("/consent", self.shown, methods=["GET"]),
            Route("/consent", self.answered, methods=["POST"]),
            Route("/consent.css", _style, methods=["GET"]),
            Route("/{rest:path}", _astray, methods=["GET"]),
        ]
        return Starlette(routes=routes)

    async def shown(self, request: Request) -> Response:
        return _refusal(request) or self._page(request, {})

    async def answered(self, request: Request) -> Response:
        if refused := _refusal(request):
            return refused
        try:
            body = await body_of(request, most_bytes=_FORM_BYTES, timeout_s=_FORM_S)
        except Refused as exc:
            return PlainTextResponse(f"{exc.says}\n", status_code=exc.status, headers=HEADERS)
        form = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
        words = consent.sheet(self._spoken(request)).page
        if not secrets.compare_digest(form.get("token", "").encode(), self._token.encode()):
            return self._page(request, form, status=403, says=words["stale"])
        if any(form.get(name) != _right(question) for name, question in self._questions(request)):
            return self._page(request, form, status=422, says=words["wrong"])
        try:
            await asyncio.to_thread(consent.give, self._folder, self._clock(), self._to)
        except OSError as exc:
            self.failed = exc
        self.agreed.set()
        return self._page(request, form, given=True, more=_GIVEN)

    def _spoken(self, request: Request) -> str:
        named = request.query_params.get("language", "")
        return named if named in tongue.LANGUAGES else self._language

    def _questions(self, request: Request) -> list[tuple[str, consent.Question]]:
        asked = consent.sheet(self._spoken(request)).questions
        return [(f"question-{number}", question) for number, question in enumerate(asked, start=1)]

    def _page(
        self,
        request: Request,
        form: Mapping[str, str],
        *,
        status: int = 200,
        says: str = "",
        given: bool = False,
        more: Mapping[str, str] = {},
    ) -> Response:
        language = self._spoken(request)
        sheet = consent.sheet(language)
        questions = [_asked(sheet, name, question, form) for name, question in self._questions(request)]
        text = _PAGES.get_template("page.html").render(
            words=asdict(sheet),
            language=language,
            names=_NAMES,
            news=sheet.news(consent.changes(self._folder, self._to)) if not given else [],
            questions=questions,
            token=self._token,
            says=says,
            given=given,
        )
        headers = {**HEADERS, **more, "cache-control": "no-store"}
        return Response(text, status_code=status, media_type="text/html; charset=utf-8", headers=headers)


async def require(sock: socket.socket, to: tuple[Item, ...], *, accept_risks: bool, in_browser: bool) -> None:
    """Returns where consent was given, now or before. Raises ConsentMissing.

    Where there is no terminal, or by choice, it is asked for on a page on the socket, which stays open.
    """
    folder = config.data_folder()
    at_terminal = bool(sys.stdin) and sys.stdin.isatty()
    if not accept_risks and (in_browser or not at_terminal) and consent.missing(folder, to):
        await _shown(sock, to, folder)
    consent.require(folder, accept_risks=accept_risks, now=datetime.now(UTC), to=to)


async def _shown(sock: socket.socket, to: tuple[Item, ...], folder: Path) -> None:
    """Until somebody agrees. Raises ConsentMissing."""
    host, port = sock.getsockname()[:2]
    url = f"http://{host}:{port}/consent"
    says = say("Nothing is sent before you have agreed: open {url}, or run it with --accept-risks.", url=url)
    typer.echo(says, err=True)
    if _has_desktop():
        await asyncio.to_thread(webbrowser.open, url)
    await until_agreed(sock, ConsentPage(folder, to, lambda: datetime.now(UTC), tongue.spoken()))


async def until_agreed(sock: socket.socket, page: ConsentPage) -> None:
    """Raises ConsentMissing where the consent can't be kept."""

    async def agreed() -> None:
        await page.agreed.wait()

    async with served(page.app(), sock.dup()) as serving:
        await first_to_end(serving, asyncio.create_task(agreed()))
    if page.failed is not None:
        raise ConsentMissing(consent.cant_keep(config.data_folder(), page.failed))


def _has_desktop() -> bool:
    """Elsewhere a browser would be one that takes the terminal."""
    return sys.platform in {"darwin", "win32"} or bool({"DISPLAY", "WAYLAND_DISPLAY"} & set(os.environ))


def _asked(sheet: consent.Sheet, name: str, question: consent.Question, form: Mapping[str, str]) -> dict[str, Any]:
    answer = form.get(name)
    wrong = bool(form) and answer != _right(question)
    correction = question.correction if answer else sheet.page["missing"]
    return {"name": name, "says": question.statement, "answer": answer, "correction": correction if wrong else ""}


def _right(question: consent.Question) -> str:
    return "true" if question.true else "false"


def _refusal(request: Request) -> Response | None:
    """For names that someone pointed at this machine, and for forms that another page sends."""
    if host_of(request.headers.get("host", "")) not in LOOPBACK:
        return PlainTextResponse("This address is not served here.\n", status_code=421, headers=HEADERS)
    origin = request.headers.get("origin")
    if request.method == "POST" and origin not in {None, "null"}:
        with suppress(ValueError):
            if urlsplit(origin or "").netloc == request.headers.get("host"):
                return None
        return PlainTextResponse("This form was sent by another page.\n", status_code=403, headers=HEADERS)
    return None


async def _style(request: Request) -> Response:
    found = await asyncio.to_thread((_FOLDER / "page.css").read_text, "utf-8")
    return _refusal(request) or Response(found, media_type="text/css", headers=HEADERS)


async def _astray(request: Request) -> Response:
    """Whoever asks for another page is led here."""
    return _refusal(request) or RedirectResponse("/consent", status_code=303, headers=HEADERS)
