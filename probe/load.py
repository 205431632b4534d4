"""How busy we ourselves are: checks in flight and the event loop's lag. Both colour times, so both are stored.

Nothing is limited here; probe/rounds.py does that.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

_EVERY_S = 0.1


class Share:
    """One check's view of the load while it ran."""

    def __init__(self) -> None:
        self.lag_ms = 0.0


class Load:
    """Counts checks and samples the loop's lag while any is running."""

    def __init__(self) -> None:
        self._shares: set[Share] = set()
        self._changed = asyncio.Event()
        self._sampler: asyncio.Task[None] | None = None

    @property
    def in_flight(self) -> int:
        return len(self._shares)

    @contextmanager
    def one(self) -> Iterator[Share]:
        """Counts one check while it runs."""
        share = Share()
        self._shares.add(share)
        if self._sampler is None:
            self._sampler = asyncio.create_task(self._sample())
        try:
            yield share
        finally:
            self._shares.discard(share)
            self.pulse()
            if not self._shares:
                self._sampler.cancel()
                self._sampler = None

    def pulse(self) -> None:
        """Something began or ended: whoever waits looks again."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def until(self, quiet: Callable[[], bool], *, within_s: float) -> bool:
        """Waits until that is so; False where it isn't in time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while not quiet():
                    await self._changed.wait()
        return quiet()

    async def _sample(self) -> None:
        while True:
            asked = time.monotonic()
            await asyncio.sleep(_EVERY_S)
            lag_ms = (time.monotonic() - asked - _EVERY_S) * 1000
            for share in self._shares:
                share.lag_ms = max(share.lag_ms, lag_ms)
