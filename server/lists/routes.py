"""The addresses at which members get the server's list, and passes for its controls.

Who asks is told in server/intake/door.py; no client's address is looked at. Nothing is stored, so that a request that
somebody recorded may be asked again for as long as its signature is believed: it gives what it gave before.
"""

import asyncio
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from probe.vantage import passes
from probe.vantage.identity import Identity, public_key
from results.records import iso
from results.store import Store
from results.tables import MemberRow
from server import joining
from server.body import Refused, body_of
from server.control.limits import Budget
from server.intake.door import claimed_key_id, signed_by, unknown_key
from server.lists.listing import Listing

_PER_MINUTE = 30  # of one member
_BODY_BYTES, _BODY_S = 1024, 10.0
_KEPT = "private, no-cache"  # to be asked for anew each time, with the version that is there


@dataclass(frozen=True, slots=True, kw_only=True)
class Lists:
    """What the addresses work with."""

    store: Store
    key: Identity
    listing: Listing
    names: Collection[str]  # of this server; empty: any
    utcnow: Callable[[], datetime]


def lists_routes(lists: Lists) -> list[Route]:
    """To be joined to the intake's, which also say how a request is refused."""
    budget = Budget(_PER_MINUTE, time.monotonic)

    async def member_of(request: Request) -> MemberRow:
        """Who asks. Raises Refused."""
        member = await asyncio.to_thread(joining.member_of, lists.store, claimed_key_id(request))
        if member is None:
            raise unknown_key()
        body = await body_of(request, most_bytes=_BODY_BYTES, timeout_s=_BODY_S)
        key: Ed25519PublicKey = public_key(member.public_key)
        await asyncio.to_thread(signed_by, request, body, key, now=lists.utcnow(), names=lists.names)
        wait_s = budget.take(member.key_id)
        if wait_s:
            says = f"This vantage asks more than {_PER_MINUTE} times a minute."
            raise Refused(429, says, retry_after_s=wait_s)
        return member

    async def targets(request: Request) -> Response:
        await member_of(request)
        headers = {"etag": f'"{lists.listing.version}"', "cache-control": _KEPT}
        if headers["etag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(lists.listing.content, media_type="application/x-ndjson", headers=headers)

    async def new_pass(request: Request) -> Response:
        member = await member_of(request)
        shown, until = passes.issued(lists.key, member.public_key, now=lists.utcnow())
        told = {"pass": shown, "until": iso(until), "at": iso(lists.utcnow())}
        return JSONResponse(told, headers={"cache-control": "no-store"})

    return [Route("/v1/targets", targets, methods=["GET"]), Route("/v1/pass", new_pass, methods=["POST"])]
