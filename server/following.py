"""Follows what is stored: folds it into episodes and events, makes flips of what changed, and wakes the alerts.

What an episode is stands in results/episodes.py, who is told in server/alerts.
"""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime

from results.history import History
from results.judgement import Judgement
from results.records import Measurement

_SETTLES_S = 5.0  # until the store and the events that wait for more to join are looked at again
_IDLES_S = 30.0  # where nothing comes any more, each look is twice as far from the last, up to this
_RESTS = 3.0  # times as long as folding took: under load more is folded at once, and less often
_RESTS_MOST_S = 30.0


class Following:
    """The newest measurements on their way into the history, whichever program stores them."""

    def __init__(
        self, history: History, *, clock: Callable[[], datetime], news: asyncio.Event, idles_s: float = _IDLES_S
    ) -> None:
        """`news` is set whenever flips were made. `idles_s`: what others store is seen so late at most."""
        self._history = history
        self._clock = clock
        self._news = news
        self._idles_s = idles_s
        self._came = asyncio.Event()

    async def kept(self, _measurement: Measurement, _judgement: Judgement) -> None:
        """One more is stored. Folding it is not waited for: the next check is due."""
        self.stored()

    def stored(self) -> None:
        """Something new is in the store."""
        self._came.set()

    async def run(self) -> None:
        """Until it is cancelled. What was stored while nobody followed is folded first."""
        await asyncio.to_thread(self._history.follow)
        await asyncio.to_thread(self._history.catch_up)
        loop, nap_s = asyncio.get_running_loop(), _SETTLES_S
        while True:
            self._came.clear()
            began = loop.time()
            found = await asyncio.to_thread(self._history.follow)
            flips = await asyncio.to_thread(self._history.settle, self._clock())
            if flips:
                self._news.set()
            nap_s = _SETTLES_S if found or flips else min(2 * nap_s, self._idles_s)
            await asyncio.sleep(min(_RESTS * (loop.time() - began), _RESTS_MOST_S))
            # wait_for would lose a stop that comes together with the news (Python 3.11).
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(nap_s):
                    await self._came.wait()
