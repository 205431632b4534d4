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
            measured = {"wall_ms": time.perf_counter() - wall, "cpu_ms": time.process_time() - cpu}
            store.add(measurement, judgement)
            measured["stored_cpu_ms"] = time.process_time() - cpu
            figures = {name: seconds * 1000 for name, seconds in measured.items()}
            print(json.dumps({"verdict": judgement.verdict} | figures))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
