"""Who has the line to itself, and what the line has lately brought. One for all checks of a program.

Nothing is fetched here (probe/speed.py), and how busy we are is counted in probe/load.py.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from probe.load import Load
from results.curves import from_zero, steady_kbps
from results.records import HttpStep
from results.throttling import LINE_BYTES

_LATELY_S, _JUST_NOW_S = 600.0, 60.0  # what a line brought longer ago says little of now, or proves nothing


class Quiet:
    """Samples are taken one after the other: two side by side would slow each other down."""

    def __init__(self) -> None:
        self.load = Load()
        self._lock = asyncio.Lock()
        self._comparing = self._asking = 0
        self._others_may = asyncio.Event()
        self._others_may.set()
        self._came, self._references = _Speeds(), _Speeds()

    @asynccontextmanager
    async def turn(self, *, within_s: float) -> AsyncIterator[bool]:
        """Waits for the line; False where others hold it for too long."""
        self._comparing += 1
        self.load.pulse()
        got = False
        try:
            try:
                async with asyncio.timeout(within_s):
                    got = await self._lock.acquire()
            except TimeoutError:
                pass
            yield got
        finally:
            self._comparing -= 1
            if got:
                self._lock.release()

    async def others_may(self) -> None:
        """Waits before a check is begun, while a sample needs the line for itself."""
        await self._others_may.wait()

    @asynccontextmanager
    async def silence(self, *, within_s: float) -> AsyncIterator[bool]:
        """No check is begun meanwhile, and those under way have ended, but for those that ask; False where they don't
        in time. Whoever asks holds no turn: others that wait for theirs end sooner so.
        """
        self._asking += 1
        self._others_may.clear()
        self.load.pulse()
        try:
            yield await self.load.until(lambda: self.beside <= self._asking, within_s=within_s)
        finally:
            self._asking -= 1
            if not self._asking:
                self._others_may.set()

    @property
    def beside(self) -> int:
        """How many other checks fetch now; those that wait for their turn don't."""
        return max(0, self.load.in_flight - self._comparing)

    def brought(self, page: HttpStep, *, reference: bool = False) -> None:
        """A page came, from anywhere. A reference's, fetched alone, tells about how much the line can bring."""
        kbps = steady_kbps(from_zero(page.curve)) if (page.body_bytes or 0) >= LINE_BYTES else None
        if kbps is None:
            return
        self._came.add(kbps)
        if reference:
            self._references.add(kbps)

    @property
    def line_kbps(self) -> float | None:
        """About how much this line brings, by references lately; None where that isn't known."""
        return self._references.most_kbps(_LATELY_S)

    @property
    def just_now_kbps(self) -> float | None:
        """The most that came just now, from anywhere: so much at least this line brings."""
        return self._came.most_kbps(_JUST_NOW_S)


class _Speeds:
    """Speeds with their moments, the old and those that a newer one exceeds forgotten."""

    def __init__(self) -> None:
        self._seen: list[tuple[float, float]] = []

    def add(self, kbps: float) -> None:
        self._seen = [(at, seen) for at, seen in self._seen if seen > kbps]
        self._seen.append((time.monotonic(), kbps))

    def most_kbps(self, within_s: float) -> float | None:
        now = time.monotonic()
        return max((kbps for at, kbps in self._seen if now - at < within_s), default=None)
