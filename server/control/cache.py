"""What was found out a short while ago is told again, and what is being found out is shared. In memory only.

What is found out is not known here, nor how long it stays true: whoever finds it out says so.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

_SWEEP_S = 10.0  # how long something outdated may stay in memory

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found(Generic[Value]):
    """Something found out, its size, and for how long it may be told again."""

    value: Value
    size_bytes: int
    keep_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept(Generic[Value]):
    found: Found[Value]
    since: float
    until: float


class Cache(Generic[Value]):
    """By key; the oldest goes first where there is no room. Ended by `aclose`."""

    def __init__(self, *, entries_max: int, bytes_max: int, clock: Callable[[], float]) -> None:
        """`clock`: seconds, going forward."""
        self._entries_max = entries_max
        self._bytes_max = bytes_max
        self._clock = clock
        self._kept: dict[str, _Kept[Value]] = {}
        self._bytes = 0
        self._sweep_at = clock() + _SWEEP_S
        self._under_way: dict[str, asyncio.Task[Found[Value]]] = {}

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def size_bytes(self) -> int:
        return self._bytes

    async def get(self, key: str, find_out: Callable[[], Awaitable[Found[Value]]]) -> tuple[Value, float]:
        """The value and its age in seconds. `find_out` runs once for all who ask meanwhile, also when they give up.

        Raises what `find_out` raises, which is not kept.
        """
        kept = self._kept.get(key)
        if kept is not None and kept.until > self._clock():
            return kept.found.value, self._clock() - kept.since
        task = self._under_way.get(key)
        if task is None:
            task = asyncio.create_task(self._find_out(key, find_out))
            self._under_way[key] = task
            task.add_done_callback(lambda _: self._under_way.pop(key, None))
        found = await asyncio.shield(task)
        return found.value, 0.0

    def has(self, key: str) -> bool:
        """Whether `get` would answer at once."""
        kept = self._kept.get(key)
        return kept is not None and kept.until > self._clock()

    async def aclose(self) -> None:
        """Gives up what is under way."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _find_out(self, key: str, find_out: Callable[[], Awaitable[Found[Value]]]) -> Found[Value]:
        since = self._clock()
        found = await find_out()
        self._sweep()
        self._drop(key)
        if found.size_bytes <= self._bytes_max:
            self._kept[key] = _Kept(found=found, since=since, until=since + found.keep_s)
            self._bytes += found.size_bytes
        while len(self._kept) > self._entries_max or self._bytes > self._bytes_max:
            self._drop(next(iter(self._kept)))
        return found

    def _sweep(self) -> None:
        now = self._clock()
        if now < self._sweep_at:
            return
        self._sweep_at = now + _SWEEP_S
        for key in [key for key, kept in self._kept.items() if kept.until <= now]:
            self._drop(key)

    def _drop(self, key: str) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._bytes -= kept.found.size_bytes
