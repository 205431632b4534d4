"""Checks a list of URLs as a program of its own, and says what it cost and what it left behind."""

import asyncio
import json
import sys
import threading
import time
from pathlib import Path

from probe import config
from probe.rounds import Turns, measure
from probe.tools import opened
from results.judgement import Judgement
from results.records import Measurement
from results.store import Store


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def main(file: str, list_: str, concurrency: int) -> None:
    settings = config.load(Path(file))
    urls = Path(list_).read_text().split()  # noqa: ASYNC240 - before anything is measured
    files, tasks = open_files(), len(asyncio.all_tasks())
    store = await asyncio.to_thread(Store, config.store_url(settings))
    verdicts: dict[str, int] = {}
    found: dict[str, list[str]] = {}

    async def keep(measurement: Measurement, judgement: Judgement) -> None:
        await asyncio.to_thread(store.add, measurement, judgement)
        verdicts[judgement.verdict] = verdicts.get(judgement.verdict, 0) + 1
        found[measurement.url] = [judgement.verdict, *judgement.mechanisms]

    async with opened(settings) as tools:
        began, cpu = time.monotonic(), time.process_time()
        await measure(urls, tools, keep, Turns(concurrency))
        seconds, cpu_s = time.monotonic() - began, time.process_time() - cpu
    store.close()
    for thread in threading.enumerate():  # getaddrinfo can't be cancelled; it ends by itself
        if thread.name == "kedergi-lookup":
            thread.join()
    left = {"files": open_files() - files, "tasks": len(asyncio.all_tasks()) - tasks}
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())  # noqa: ASYNC240
    peak_mb = int(status["VmHWM"].split()[0]) / 1024  # ru_maxrss may hold the parent's, from before it became us
    cost = {"seconds": seconds, "cpu_s": cpu_s, "peak_mb": peak_mb}
    print(json.dumps({"verdicts": verdicts, "found": found, **cost, "left": left}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
