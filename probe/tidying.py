"""Keeps a vantage's own store small and to itself: who may read it, how old and how large it grows.

What is taken is said in results/trimming.py. What has not reached the server is never taken.
"""

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from probe import config
from probe.budget import MB_BYTES
from probe.memory import give_back
from probe.vantage import enrolment
from probe.vantage.signing import WINDOW
from results import trimming
from results.outbox import Sender
from results.store import Store

_SETTLED_S = 30.0
_EVERY_S = 6 * 3600.0
_JOINED_MAX_MB = 1000  # where the server has all of it, and nothing else was said
_BESIDE = ("", "-wal", "-shm", "-journal")  # of SQLite


class Tidying:
    """Trims the store by its settings, now and again."""

    def __init__(self, settings: config.Settings, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        joined = enrolment.load(config.data_folder())
        self._sender = Sender(joined.vantage, joined.joined_at - WINDOW) if joined else None
        self._keep_days = settings.store.keep_days
        self._max_mb = settings.store.max_mb or (_JOINED_MAX_MB if joined else None)
        self._file = config.store_file(config.store_url(settings))

    async def run(self) -> None:
        """Until it is cancelled."""
        await asyncio.sleep(_SETTLED_S)  # the first round and what it needed once is over by then
        while True:
            await self.once()
            await asyncio.to_thread(give_back)
            await asyncio.sleep(_EVERY_S)

    async def once(self) -> int:
        """How many measurements lost themselves or their evidence."""
        return await asyncio.to_thread(self._trim)

    def _trim(self) -> int:
        taken = 0
        if self._keep_days:
            before = self._clock() - timedelta(days=self._keep_days)
            taken += trimming.by_age(self._store, self._sender, before=before)
        if self._max_mb:
            taken += trimming.by_size(self._store, self._sender, most_bytes=self._max_mb * MB_BYTES)
        if taken and self._file:
            trimming.shrink(self._file)
        return taken


def make_private(url: str) -> None:
    """The folder of this machine's own things is its owner's alone, and so is the store. Blocks.

    Where that can't be done, whoever opens the store says what is wrong. (Windows keeps a person's folders apart.)
    """
    folder, file = config.data_folder(), config.store_file(url)
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
    if file is None or os.name != "posix":
        return
    with suppress(OSError):
        os.close(os.open(file, os.O_RDONLY | os.O_CREAT, 0o600))
    for ending in _BESIDE:
        with suppress(OSError):
            file.with_name(file.name + ending).chmod(0o600)
