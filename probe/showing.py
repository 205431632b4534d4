"""What a probe shows a control: a token, or a pass from the server that it joined, and its signature on the question.

What a pass is stands in vantage/passes.py, how a control is asked in control.py.
"""

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from probe.net import Garbage
from probe.services import Services
from probe.vantage import passes
from probe.vantage.identity import Identity
from probe.vantage.signing import sign

PATH = "/v1/pass"
_ANSWER_BYTES = 4096
_ANSWER_S = 10.0
_WAITED_S = 3.0  # by a question that has no pass yet; it has less than half a minute in all
_EARLY = timedelta(minutes=20)  # before it runs out, the next is asked for, and nobody waits for it
_AGAIN_S = 60.0  # after a failure


class _Given(BaseModel):
    """The server's answer; there may be more in it."""

    shown: str = Field(alias="pass", max_length=1000, pattern=r"^[A-Za-z0-9_.-]+$")
    until: AwareDatetime
    at: AwareDatetime


@dataclass(frozen=True, slots=True)
class _Kept:
    shown: str
    until: datetime  # by our clock


class Passes:
    """The pass of one vantage, renewed as it is used."""

    def __init__(
        self, services: Services, identity: Identity, servers: Sequence[str], clock: Callable[[], datetime]
    ) -> None:
        """`servers` are addresses of one and the same."""
        self._services = services
        self._identity = identity
        self._servers = tuple(servers)
        self._clock = clock
        self._kept: _Kept | None = None
        self._asking: asyncio.Task[None] | None = None
        self._not_before: datetime | None = None

    async def ready(self) -> None:
        """Waits for a pass, a little, where there is none that is good."""
        now = self._clock()
        left = self._kept.until - now if self._kept else timedelta()
        if left > _EARLY:
            return
        if self._asking is None and (self._not_before is None or now >= self._not_before):
            self._asking = asyncio.create_task(self._ask())
            self._asking.add_done_callback(self._asked)
        if left <= timedelta() and self._asking is not None:
            await asyncio.wait([self._asking], timeout=_WAITED_S)

    def shown(self, url: str, headers: Mapping[str, str], body: bytes) -> dict[str, str]:
        """The headers of a question, signed, with the pass beside them. Each time for one request."""
        nonce = secrets.token_urlsafe(16)
        signed = sign(self._identity, "POST", url, headers, body, now=self._clock(), nonce=nonce)
        return signed | ({passes.HEADER: self._kept.shown} if self._kept else {})

    async def aclose(self) -> None:
        """Asks no more."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait([self._asking])

    async def _ask(self) -> None:
        """The servers in their order, until one gives a pass."""
        for server in self._servers:
            with suppress(OSError, Garbage, ValidationError):  # TimeoutError is an OSError
                async with asyncio.timeout(_ANSWER_S):
                    given = await self._given(server)
                # Our clock may differ from the server's, by which a control goes, too.
                self._kept = _Kept(given.shown, self._clock() + (given.until - given.at))
                return
        self._not_before = self._clock() + timedelta(seconds=_AGAIN_S)

    async def _given(self, server: str) -> _Given:
        url, body = server.rstrip("/") + PATH, b"{}"

        def headers() -> Mapping[str, str]:
            said = {"Content-Type": "application/json", "Content-Length": str(len(body))}
            nonce = secrets.token_urlsafe(16)
            return sign(self._identity, "POST", url, said, body, now=self._clock(), nonce=nonce)

        answer = await self._services.answer(url, headers, body, limit_bytes=_ANSWER_BYTES)
        return _Given.model_validate_json(answer.body)

    def _asked(self, task: "asyncio.Task[None]") -> None:
        self._asking = None
        if not task.cancelled():
            task.result()


Credential = str | Passes  # a token, which may be empty
