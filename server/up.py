"""The main job on one machine: the schedule, the store and the pages in one program, until it is stopped."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import typer

from probe import config as _config
from probe import consent, show
from probe.errand import chosen, teller
from probe.schedule import Schedule
from probe.tools import opened
from results.store import Store
from server.app import create_app
from server.listen import bound, served

HOST = "127.0.0.1"


async def run_up(*, port: int, accept_risks: bool, config: Path | None) -> int:
    """Ends only by being stopped, or by an error."""
    settings = _config.load(config)
    targets = chosen(settings)
    sock = bound(HOST, port)
    with sock:
        consent.require(_config.data_folder(), accept_risks=accept_risks, now=datetime.now(UTC))
        store = await asyncio.to_thread(Store, _config.store_url(settings))
        try:
            async with opened(settings) as tools:
                app = create_app(
                    store,
                    targets=targets,
                    vantage=tools.vantage,
                    interval=settings.probe.interval,
                    clock=tools.utcnow,
                    version=tools.software.partition("/")[2],
                )
                with show.bar(len(targets)) as bar:
                    schedule = Schedule(
                        [target.url for target in targets],
                        tools,
                        store,
                        every=settings.probe.interval,
                        concurrency=settings.probe.concurrency,
                        told=teller(bar, settings.probe.daily_budget_mb),
                    )
                    async with served(app, sock) as serving:
                        typer.echo(f"Kedergi measures {len(targets)} sites; see http://{HOST}:{port}/", err=True)
                        await _first_to_end(serving, asyncio.create_task(schedule.run()))
        finally:
            store.close()
    return 0


async def _first_to_end(*tasks: "asyncio.Task[None]") -> None:
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        tasks[-1].cancel()
        await asyncio.wait(tasks[-1:])
