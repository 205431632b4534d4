"""Keeps the rollups of a store up to date while a server runs. What is counted stands in results/rollups.py."""

import asyncio

from results.rollups import Rollups

EVERY_S = 5.0  # often enough for who reads, and seldom enough that a day of a site is written once for many checks


async def counting(rollups: Rollups, every_s: float = EVERY_S) -> None:
    """Until it is cancelled. Several servers on one store take turns, and count nothing twice."""
    while True:
        await asyncio.to_thread(rollups.follow)
        await asyncio.sleep(every_s)
