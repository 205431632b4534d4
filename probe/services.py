"""Kept connections to what helps us measure: encrypted resolvers and controls. Never to a site.

A client's pool would do the same; it takes a fifth of a check's CPU time, and a second TLS context.
"""

import asyncio
import ssl
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

from probe.net import (
    HTTP_ERRORS,
    Garbage,
    OneConnection,
    PeerClosed,
    Place,
    Request,
    Tcp,
    Tls,
    asking,
    look_up,
    place,
    plain_error,
)

_KEPT_MAX = 64  # to one origin; what is more is closed after its answer
_ADDRESS_S = 3.0  # for one address of several, so that a dead one doesn't take the time of all


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back, whole."""

    status: int
    headers: Mapping[str, str]  # their names in small letters
    body: bytes


class Services:
    """Connections that are used again. Close it when done."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._kept: defaultdict[Place, list[OneConnection]] = defaultdict(list)

    async def post(
        self,
        url: str,
        headers: Mapping[str, str],
        content: bytes,
        *,
        limit_bytes: int,
        heard: Callable[[int], None] = lambda _amount: None,
    ) -> tuple[int, bytes]:
        """Status and body. Raises OSError, or Garbage where the answer is no HTTP or longer than the limit.

        `heard` is told how much of the body has come, each time that some has.
        """
        answer = await self.answer(url, lambda: headers, content, limit_bytes=limit_bytes, heard=heard)
        return answer.status, answer.body

    async def answer(
        self,
        url: str,
        headers: Callable[[], Mapping[str, str]],
        content: bytes,
        *,
        limit_bytes: int,
        heard: Callable[[int], None] = lambda _amount: None,
        method: str = "POST",
    ) -> Answer:
        """As `post`, with the answer's headers. Those of the request are made for each connection that is tried.

        What is signed is taken once: over a new connection it has to be signed anew.
        """
        where = _place(url)

        def question() -> Request:
            return asking(method, url, headers(), content)

        while self._kept[where]:
            way = self._kept[where].pop()
            if way.is_idle:
                with suppress(PeerClosed, ConnectionError):  # it was closed on us meanwhile: another, or a new one
                    return await self._over(way, where, question(), limit_bytes, heard)
            else:
                await way.aclose()
        return await self._over(await self._open(where), where, question(), limit_bytes, heard)

    async def aclose(self) -> None:
        for ways in self._kept.values():
            for way in ways:
                await way.aclose()
        self._kept.clear()

    async def _over(
        self, way: OneConnection, where: Place, request: Request, limit_bytes: int, heard: Callable[[int], None]
    ) -> Answer:
        body = bytearray()
        try:
            response = await way.handle_async_request(request)
            try:
                async for part in response.aiter_raw():
                    body += part
                    heard(len(body))
                    if len(body) > limit_bytes:
                        raise Garbage(f"the answer is longer than {limit_bytes} bytes")
            finally:
                await response.aclose()
        except HTTP_ERRORS as exc:
            raise plain_error(exc) from exc
        finally:
            if way.is_idle and len(self._kept[where]) < _KEPT_MAX:
                self._kept[where].append(way)
            else:
                await way.aclose()
        return Answer(status=response.status_code, headers=dict(response.headers), body=bytes(body))

    async def _open(self, where: Place) -> OneConnection:
        tcp = await _connected(where)
        stream: Tcp | Tls = tcp
        try:
            if where.scheme == "https":
                stream = await tcp.start_tls(self._context, where.host)
        except BaseException:
            tcp.close()
            raise
        return OneConnection(stream, where.scheme, where.host, where.port)


async def _connected(where: Place) -> Tcp:
    error: OSError = PeerClosed("the name has no address")
    for ip in await look_up(where.host):
        try:
            async with asyncio.timeout(_ADDRESS_S):
                return await Tcp.connect(ip, where.port)
        except OSError as exc:
            error = exc
    raise error


@lru_cache(maxsize=64)
def _place(url: str) -> Place:
    return place(url)
