"""Asks the control: the same URL and our addresses, looked at from an uncensored place. Its answer is more steps.

How the control looks is not here (server/control.py), nor what a difference means (results/verdict.py).
"""

import asyncio
import json
from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import urlsplit

from pydantic import ValidationError

from probe.classify import NETWORK_ERRORS, failure_of
from probe.net import Garbage
from probe.services import Services
from results.failure import Failure
from results.records import Control, control_adapter

PATH = "/v1/control"
_ANSWER_BYTES = 4 * 1024 * 1024


async def ask(
    services: Services, controls: Iterable[str], token: str, url: str, addresses: Iterable[str], *, timeout_s: float
) -> Control | None:
    """The first control's answer that came, else the last one's failure; None where none is configured."""
    answer = None
    body = json.dumps({"url": url, "addresses": list(addresses)}).encode()
    for control in controls:
        try:
            async with asyncio.timeout(timeout_s):
                return await _ask_one(services, control, token, body)
        except (*NETWORK_ERRORS, ValidationError) as exc:
            failure = Failure.HTTP_GARBAGE if isinstance(exc, ValidationError) else failure_of(exc)
            if failure is None:
                raise
            answer = Control(name=control, failure=failure, detail=str(exc)[:200])
    return answer


async def _ask_one(services: Services, control: str, token: str, body: bytes) -> Control:
    headers = {"Host": urlsplit(control).netloc, "Content-Type": "application/json", "Content-Length": str(len(body))}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    status, content = await services.post(control.rstrip("/") + PATH, headers, body, limit_bytes=_ANSWER_BYTES)
    if status != 200:
        raise Garbage(f"the control answered with HTTP status {status}: {content[:100].decode(errors='replace')}")
    return replace(control_adapter().validate_json(content), name=control)
