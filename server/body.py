"""Reads the body of a request within bounds, or passes it over, and says why one is not taken.

What it means is read elsewhere.
"""

import asyncio
from contextlib import suppress

from starlette.requests import ClientDisconnect, Request

_REASONS = {
    400: "broke off",
    401: "not signed",
    403: "not allowed",
    408: "too slow",
    413: "too much",
    415: "another type",
    422: "unreadable",
    429: "too often",
    503: "store away",
}
_PASSED_OVER_BYTES, _PASSED_OVER_S = 16 * 1024 * 1024, 10.0


class Refused(Exception):
    """A request that is not taken. `says` is one sentence for whoever asks; it holds nothing of the request.

    `reason` is a word or two for those who count refusals, one of a few.
    """

    def __init__(self, status: int, says: str, *, retry_after_s: float | None = None, reason: str = "") -> None:
        super().__init__(says)
        self.status = status
        self.says = says
        self.retry_after_s = retry_after_s
        self.reason = reason or _REASONS.get(status, "other")


async def body_of(request: Request, *, most_bytes: int, timeout_s: float, called: str = "request") -> bytes:
    """As it came; a chunked one says no length, and a stated length may be a lie. Raises Refused.

    `request.state.whole` is True once all of it is read.
    """
    long = Refused(413, f"The {called} is longer than {most_bytes} bytes.")
    length = request.headers.get("content-length", "")
    if length.isdecimal() and (len(length) > 18 or int(length) > most_bytes):
        raise long
    body = bytearray()
    try:
        async with asyncio.timeout(timeout_s):
            async for part in request.stream():
                body += part
                if len(body) > most_bytes:
                    raise long
    except TimeoutError as exc:
        raise Refused(408, f"The {called} did not come within {timeout_s:.0f} s.") from exc
    except ClientDisconnect as exc:
        raise Refused(400, f"The {called} broke off.") from exc
    request.state.whole = True
    return bytes(body)


async def pass_over(request: Request) -> None:
    """What is left of a request that is refused, within bounds: who is still sending would not hear why."""
    if request.method != "POST" or getattr(request.state, "whole", False):
        return
    passed = 0
    with suppress(TimeoutError, ClientDisconnect):
        async with asyncio.timeout(_PASSED_OVER_S):
            async for part in request.stream():
                passed += len(part)
                if passed > _PASSED_OVER_BYTES:
                    return


def type_of(request: Request) -> str:
    """The content type without its parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()
