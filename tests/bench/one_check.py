"""Checks one URL over and over, as a program of its own inside the lab; prints one JSON object a check.

Each check is judged and stored, with tools made anew: no connection, no handshake and no answer is kept from the last.
"""

import asyncio
import json
import sys
import time
from pathlib import Path

from probe import config
from probe.check import check
from probe.tools import opened
from results.store import Store
from results.verdict import judge


async def main(file: str, url: str, times: int) -> None:
    settings = config.load(Path(file))
    store = Store(config.store_url(settings))
    for _ in range(times):
        async with opened(settings) as tools:
            cpu, wall = time.process_time(), time.perf_counter()
            measurement = await check(url, tools)
            judgement = judge(measurement)
            measured = time.perf_counter() - wall
            store.add(measurement, judgement)
            figures = {"verdict": judgement.verdict, "wall_ms": measured * 1000}
            print(json.dumps(figures | {"cpu_ms": (time.process_time() - cpu) * 1000}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
