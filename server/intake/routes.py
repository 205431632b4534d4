"""The addresses of the shared server: joining, sending measurements, its time, and whether it is well.

Who sends is told in door.py, what a line says in reading.py; no client's address is looked at anywhere.
"""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import Annotated, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from probe.vantage.identity import public_key
from results.intake import Batch, Entry, NoMember, Receipt, Replayed, take
from results.records import iso
from results.store import Store, StoreError
from results.tables import MemberRow
from server import joining
from server.body import Refused, body_of, pass_over, type_of
from server.control.limits import Budget, Busy, Turns
from server.intake.door import claimed_key_id, signed_by, unknown_key
from server.intake.limits import BUSY_S, Bodies, Limits
from server.intake.reading import Reader
from server.intake.refusal import refusal
from server.intake.unpacking import ENCODINGS, unpacked
from server.logs import LOG

_NOT_STORED = "The store can't be used now; nothing of this was taken, send it again later."
_NO_CODE = "The code lets nobody in: it is unknown, used or expired."
_SAID = {404: "Nothing is here.", 405: "This address is asked in another way."}
_INTERVAL = re.compile(r"\d{1,6}(\.\d{1,3})?")
_INTERVAL_LEAST_S, _INTERVAL_MOST_S = 5, 7 * 86400
_READY_S = 5.0
_NO_STORE = {"cache-control": "no-store"}


class Joining(BaseModel):
    """What a probe says that wants to join."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    code: Annotated[str, Field(min_length=1, max_length=100)]
    public_key: Annotated[str, Field(min_length=1, max_length=100)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What the addresses work with."""

    store: Store
    reader: Reader
    limits: Limits
    budget: Budget
    utcnow: Callable[[], datetime]
    stored: Callable[[], None]  # called when something new is in the store
    names: Collection[str] = ()  # of this server; empty: any
    given: Mapping[str, Any] = field(default_factory=dict)  # what whoever joins is told of the server


def routes(intake: Intake) -> list[Route]:
    """The intake's addresses. What it holds in memory is what is in work, and each member's budget."""
    limits, now = intake.limits, intake.utcnow
    bodies, newcomers = Bodies(limits), Turns(limits.bodies, waiting=0)
    work = Turns(limits.at_work, waiting=2 * limits.bodies)

    async def enrol(request: Request) -> Response:
        async with _turn(newcomers):
            if type_of(request) != "application/json":
                raise Refused(415, "Whoever joins says so in JSON, with the content type application/json.")
            body = await body_of(request, most_bytes=limits.enrol_bytes, timeout_s=limits.enrol_s)
            joining_, key = _asked(body)
            await asyncio.to_thread(signed_by, request, body, key, now=now(), names=intake.names)
            member = await asyncio.to_thread(_join, intake, joining_.code, key)
        told = {"vantage": member.vantage, "class": member.vantage_class, "country": member.country}
        return JSONResponse({**told, **intake.given, "at": iso(now())}, headers=_NO_STORE)

    async def measurements(request: Request) -> Response:
        encoding, interval_s = _encoding(request), _interval_s(request)
        member = await asyncio.to_thread(joining.member_of, intake.store, claimed_key_id(request))
        if member is None:
            raise unknown_key()
        with bodies.one(member.key_id):
            body = await body_of(request, most_bytes=limits.packed_bytes, timeout_s=limits.body_s)
            whole_at = monotonic()
            async with _turn(work):
                key = public_key(member.public_key)
                signed = await asyncio.to_thread(signed_by, request, body, key, now=now(), names=intake.names)
                wait_s = intake.budget.take(member.key_id)
                if wait_s:
                    says = f"This vantage sends more than {limits.per_minute} requests a minute."
                    raise Refused(429, says, retry_after_s=wait_s)
                read = await asyncio.to_thread(_read, intake, body, encoding, member)
                batch = Batch(
                    key_id=member.key_id,
                    nonce=signed.nonce,
                    at=now(),
                    vantage=member.vantage,
                    interval_s=interval_s,
                    entries=tuple(one for one in read if isinstance(one, Entry)),
                )
                taken = iter(await asyncio.to_thread(_take, intake.store, batch))
        intake.stored()
        receipts = [one if isinstance(one, Receipt) else next(taken) for one in read]
        # For whoever counts (server/outermost.py).
        request.state.fates = Counter(one.fate.value for one in receipts)
        request.state.batch_bytes, request.state.batch_s = len(body), monotonic() - whole_at
        return JSONResponse({"receipts": _told(receipts), "at": iso(now())}, headers=_NO_STORE)

    return [
        Route("/v1/enrol", enrol, methods=["POST"]),
        Route("/v1/measurements", measurements, methods=["POST"]),
        *_asked_by_anyone(intake.store, now),
    ]


def refusals(now: Callable[[], datetime]) -> dict[Any, Callable[[Request, Exception], Awaitable[Response]]]:
    """How each reason not to take a request is said."""

    async def refused(request: Request, exc: Exception) -> Response:
        assert isinstance(exc, Refused)
        request.state.refused = exc.reason
        if exc.status != 408:
            await pass_over(request)
        return refusal(exc, now())

    async def nothing_here(_request: Request, exc: Exception) -> Response:
        assert isinstance(exc, HTTPException)
        return refusal(Refused(exc.status_code, _SAID.get(exc.status_code, exc.detail)), now())

    async def no_store(request: Request, exc: Exception) -> Response:
        LOG.error(str(exc))
        request.state.refused = "store away"
        return refusal(Refused(503, _NOT_STORED, retry_after_s=BUSY_S), now())

    return {Refused: refused, HTTPException: nothing_here, StoreError: no_store}


def _asked_by_anyone(store: Store, now: Callable[[], datetime]) -> list[Route]:
    async def time(_request: Request) -> Response:
        return JSONResponse({"at": iso(now())}, headers=_NO_STORE)

    async def alive(_request: Request) -> Response:
        return PlainTextResponse("ok", headers=_NO_STORE)

    async def ready(_request: Request) -> Response:
        try:
            async with asyncio.timeout(_READY_S):
                await asyncio.to_thread(store.rounds, limit=1)
        except (StoreError, TimeoutError):
            return PlainTextResponse("The store does not answer.", 503, headers=_NO_STORE)
        return PlainTextResponse("ok", headers=_NO_STORE)

    answers = {"/v1/time": time, "/healthz": alive, "/readyz": ready}
    return [Route(path, answer, methods=["GET"]) for path, answer in answers.items()]


@asynccontextmanager
async def _turn(turns: Turns) -> AsyncIterator[None]:
    try:
        async with turns.one():
            yield
    except Busy as exc:
        raise Refused(429, "The server is busy; send it again later.", retry_after_s=BUSY_S, reason="busy") from exc


def _asked(body: bytes) -> tuple[Joining, Ed25519PublicKey]:
    """Raises Refused."""
    try:
        asked = Joining.model_validate_json(body)
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the body"
        raise Refused(422, f"{where:.100}: {first['msg'][:1].lower()}{first['msg'][1:]}.") from exc
    try:
        return asked, public_key(asked.public_key)
    except ValueError as exc:
        raise Refused(422, "public_key: allowed is an Ed25519 key, 32 bytes in base64.") from exc


def _join(intake: Intake, code: str, key: Ed25519PublicKey) -> MemberRow:
    try:
        return joining.join(intake.store, code=code, key=key, now=intake.utcnow().astimezone(UTC))
    except joining.NotInvited as exc:
        raise Refused(403, _NO_CODE) from exc
    except joining.JoinedAlready as exc:
        raise Refused(403, "This key has joined already, or was revoked; another code needs a new key.") from exc


def _encoding(request: Request) -> str:
    """Raises Refused."""
    if type_of(request) != "application/x-ndjson":
        raise Refused(415, "Measurements come one a line, with the content type application/x-ndjson.")
    encoding = ", ".join(request.headers.getlist("content-encoding")).strip().lower()
    if encoding not in ENCODINGS:
        raise Refused(415, "Content-Encoding: allowed is gzip, zstd, or none.")
    return encoding


def _interval_s(request: Request) -> float | None:
    """Raises Refused."""
    said = request.headers.get("kedergi-interval")
    if said is None:
        return None
    if not _INTERVAL.fullmatch(said) or not _INTERVAL_LEAST_S <= float(said) <= _INTERVAL_MOST_S:
        allowed = f"seconds from {_INTERVAL_LEAST_S} to {_INTERVAL_MOST_S}"
        raise Refused(422, f"Kedergi-Interval: allowed are {allowed}.")
    return float(said)


def _read(intake: Intake, body: bytes, encoding: str, member: MemberRow) -> list[Entry | Receipt]:
    text = unpacked(body, encoding, most_bytes=intake.limits.unpacked_bytes)
    return intake.reader.read(text, member, now=intake.utcnow())


def _take(store: Store, batch: Batch) -> list[Receipt]:
    try:
        return take(store, batch)
    except NoMember as exc:
        raise unknown_key() from exc
    except Replayed as exc:
        raise Refused(401, "This request was taken before: sign each try anew.", reason="taken before") from exc


def _told(receipts: Iterable[Receipt]) -> list[dict[str, Any]]:
    return [{"uid": one.uid, "fate": one.fate.value, "says": one.says} for one in receipts]
