"""How much a control does, and for whom: questions a minute for each asker, looks at once, bytes that are kept.

Nothing is measured here, and no asker's address is kept: askers are told apart by a keyed hash that ends with the
program.
"""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

_TURN_S = 10.0  # for a turn to come; whoever waits longer asks another control
_ASKERS_MAX = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What an operator may set. The defaults suit a small server and some tens of probes."""

    per_minute: int = 1200  # questions, for each asker; a probe with 50 checks at once asks some 500
    at_once: int = 50  # looks at sites
    waiting: int = 200  # for their turn
    body_s: float = 10.0  # for the whole question to come
    look_s: float = 25.0  # for one question, whatever the site does
    keep_s: float = 240.0  # how long an answer is given again
    keep_failed_s: float = 30.0  # the same where the site could not be reached: it may be back
    kept_entries: int = 10_000
    kept_bytes: int = 32 * 1024 * 1024  # as JSON; in memory about three times as much


class Busy(Exception):
    """There is no turn for this look."""


class Turns:
    """So many at once and so many waiting; the rest are told so at once."""

    def __init__(self, at_once: int, waiting: int) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._waiting_max = waiting
        self._waiting = 0

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """A turn. Raises Busy where the queue is full or doesn't move."""
        if self._free.locked() and self._waiting >= self._waiting_max:
            raise Busy
        self._waiting += 1
        try:
            async with asyncio.timeout(_TURN_S):
                await self._free.acquire()
        except TimeoutError as exc:
            raise Busy from exc
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._free.release()


class Budget:
    """So many questions a minute for each asker, refilled evenly; a whole minute's may be asked in one go."""

    def __init__(self, per_minute: int, clock: Callable[[], float]) -> None:
        """`clock`: seconds, going forward."""
        self._most = float(per_minute)
        self._clock = clock
        self._secret = secrets.token_bytes(16)
        self._left: dict[bytes, tuple[float, float]] = {}  # asker -> questions left, and when that was so

    def take(self, address: str) -> float:
        """One question of the asker at this address: 0.0, or the seconds until there is one."""
        asker, now = self._asker(address), self._clock()
        left, at = self._left.pop(asker, (self._most, now))
        left = min(self._most, left + (now - at) * self._most / 60)
        allowed = left >= 1
        self._left[asker] = (left - 1 if allowed else left, now)
        while len(self._left) > _ASKERS_MAX:
            del self._left[next(iter(self._left))]  # whoever asked the longest ago
        return 0.0 if allowed else (1 - left) * 60 / self._most

    def _asker(self, address: str) -> bytes:
        return hashlib.blake2b(_network(address).encode(), key=self._secret, digest_size=16).digest()


def _network(address: str) -> str:
    """An IPv6 address's /64, which is one household's; others whole."""
    try:
        ip = ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is None:
        return str(int(ip) >> 64)
    return str(getattr(ip, "ipv4_mapped", None) or ip)
