"""Keeps the rollups of a store up to date while a server runs. What is counted stands in results/rollups.py."""

import asyncio

from results.judgement import Judgement
from results.records import Measurement
from results.rollups import Rollups

EVERY_S = 5.0  # often enough for who reads, and seldom enough that a day of a site is written once for many checks


async def counting(rollups: Rollups, every_s: float = EVERY_S) -> None:
    """Until it is cancelled. Several servers on one store take turns, and count nothing twice."""
    while True:
        await asyncio.to_thread(rollups.follow)
        await asyncio.sleep(every_s)


class Counting:
    """The same where the program that counts is the one that stores: while nothing comes, nothing is looked for."""

    def __init__(self, rollups: Rollups) -> None:
        self._rollups = rollups
        self._came = asyncio.Event()

    async def kept(self, _measurement: Measurement, _judgement: Judgement) -> None:
        """One more is stored. Counting it is not waited for."""
        self._came.set()

    async def run(self, every_s: float = EVERY_S) -> None:
        """Until it is cancelled. What was stored before is counted first."""
        while True:
            self._came.clear()
            await asyncio.to_thread(self._rollups.follow)
            await asyncio.sleep(every_s)
            await self._came.wait()
