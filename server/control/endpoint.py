"""The control's addresses: what does this URL look like from here, from where am I asking, how fast is my line.

How it looks is in look.py, what is allowed in limits.py, what a question is in question.py.
"""

import math
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from probe.net import Garbage
from results.records import Control, HttpStep, control_adapter, iso
from server.body import Refused, body_of
from server.control.admission import Access, Admission
from server.control.asker import address_of
from server.control.limits import Budget, Busy
from server.control.look import Looks
from server.control.question import BODY_MAX_BYTES, read, read_amount

ANSWER_MAX_BYTES = 4 * 1024 * 1024  # what a probe reads
_BODIES = (16 * 1024, 2 * 1024, 0)  # characters that are left of each page where the answer would be too long
_BUSY_S = 5.0
# Random, so that nobody on the way can pack it, and told to be nothing that is worth keeping.
_UNPACKED = {"content-type": "application/octet-stream", "cache-control": "no-store, no-transform"}
_SAID = {404: "Nothing is here; questions go to /v1/control.", 405: "Questions to /v1/control are asked by POST."}


class _Admitted(NamedTuple):
    """Who is answered: the network, and the question where it had to be read to know."""

    asn: int | None
    country: str | None
    body: bytes | None


def create_control(looks: Looks, access: Access, budget: Budget, utcnow: Callable[[], datetime]) -> Starlette:
    """The application. It is stateless beside `looks` and `budget`."""
    admission = Admission(access, budget, utcnow)

    async def admitted(request: Request) -> _Admitted:
        """Raises Refused where there is no answer for the asker."""
        address = address_of(request, behind_proxy=access.behind_proxy)
        key, body = admission.holder(request, address), None
        if key is not None:
            most, timeout_s = BODY_MAX_BYTES, looks.limits.body_s
            body = await body_of(request, most_bytes=most, timeout_s=timeout_s, called="question")
            admission.prove(request, body, key, address)
        network = access.network_of(address) if address else None
        return _Admitted(network.asn, network.country, body) if network else _Admitted(None, None, body)

    async def ask(request: Request) -> Response:
        asn, country, body = await admitted(request)
        question = await read(request, body, timeout_s=looks.limits.body_s)
        try:
            where = looks.door.place(question.url)
        except Garbage as exc:
            raise Refused(422, str(exc)) from exc
        try:
            seen = await looks.at(where, question.addresses)
        except Busy as exc:
            raise Refused(503, "The control is busy.", retry_after_s=_BUSY_S) from exc
        except TimeoutError as exc:
            raise Refused(504, f"The look took longer than {looks.limits.look_s:.0f} s.") from exc
        told = Control(
            name="",
            hops=seen.hops,
            steps=seen.steps,
            at=utcnow().astimezone(UTC),
            asker_asn=asn,
            asker_country=country,
            age_s=round(seen.age_s, 1),
        )
        # RFC 9111, 5.1: how long ago what is told was found out.
        headers = {"age": str(int(seen.age_s)), "cache-control": "no-store"}
        return Response(fitting(told), media_type="application/json", headers=headers)

    async def network(request: Request) -> Response:
        asn, country, _ = await admitted(request)
        told = {"asn": asn, "country": country, "at": iso(utcnow())}
        return JSONResponse(told, headers={"cache-control": "no-store"})

    async def line(request: Request) -> Response:
        _, _, body = await admitted(request)
        wanted = await read_amount(request, body, timeout_s=looks.limits.body_s)
        return Response(os.urandom(wanted.bytes), headers=_UNPACKED)

    return Starlette(
        routes=[
            Route("/v1/control", ask, methods=["POST"]),
            # Probes ask whatever they ask by POST; GET is for people.
            Route("/v1/network", network, methods=["GET", "POST"]),
            Route("/v1/line", line, methods=["POST"]),
        ],
        exception_handlers={Refused: _refused, HTTPException: _nothing_here},
    )


def fitting(told: Control) -> bytes:
    """The answer as JSON, with less of the pages where it would be longer than a probe reads. Raises Refused."""
    said = control_adapter().dump_json(told)
    for characters in _BODIES:
        if len(said) <= ANSWER_MAX_BYTES:
            break
        steps = (
            replace(step, body=step.body[:characters]) if isinstance(step, HttpStep) and step.body else step
            for step in told.steps
        )
        said = control_adapter().dump_json(replace(told, steps=tuple(steps)))
    if len(said) > ANSWER_MAX_BYTES:
        raise Refused(502, f"What the site shows is longer than {ANSWER_MAX_BYTES} bytes.")
    return said


def _refused(_request: Request, exc: Exception) -> Response:
    assert isinstance(exc, Refused)
    # What is left of the question is not read.
    headers = {"connection": "close"}
    if exc.retry_after_s is not None:
        headers["retry-after"] = str(math.ceil(exc.retry_after_s))
    if exc.status == 401:
        headers["www-authenticate"] = "Bearer"
    return JSONResponse({"detail": exc.says}, exc.status, headers)


def _nothing_here(_request: Request, exc: Exception) -> Response:
    assert isinstance(exc, HTTPException)
    headers = dict(exc.headers or {}) | {"connection": "close"}
    return JSONResponse({"detail": _SAID.get(exc.status_code, exc.detail)}, exc.status_code, headers)
