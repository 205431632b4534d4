"""Checks one URL over and over, as a program of its own inside the lab; prints one JSON object a check.

Each check is judged and stored, with tools made anew: no connection, no handshake and no answer is kept from the last.
"""

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from probe import config
from probe.check import check
from probe.tools import opened
from results.records import Throughput
from results.store import Store
from results.verdict import judge


async def main(file: str, url: str, times: int, throughput: Sequence[Throughput]) -> None:
    """With each of `throughput` in turn, so many times."""
    settings = config.load(Path(file))
    store = Store(config.store_url(settings))
    for how in [*throughput] * times:
        async with opened(settings, throughput=how) as tools:
            cpu, wall = time.process_time(), time.perf_counter()
            measurement = await check(url, tools)
            judgement = judge(measurement)
            measured = {"wall_ms": time.perf_counter() - wall, "cpu_ms": time.process_time() - cpu}
            store.add(measurement, judgement)
            measured["stored_cpu_ms"] = time.process_time() - cpu
            figures = {name: seconds * 1000 for name, seconds in measured.items()}
            crossed = (measurement.received_bytes or 0) + (measurement.sent_bytes or 0)
            print(json.dumps({"verdict": judgement.verdict, "throughput": how, "bytes": crossed} | figures))


if __name__ == "__main__":
    ways = [Throughput(way) for way in sys.argv[4:]] or [Throughput.AUTO]
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), ways))
