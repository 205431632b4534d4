"""The main job on one machine: the schedule, the store and the pages in one program, until it is stopped."""

import asyncio
import random
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import typer
from fastapi import FastAPI

from probe import config as _config
from probe import consent, show
from probe.budget import MB_BYTES
from probe.errand import chosen, fetching, fitness, is_paused, newest, submitter, taken, teller
from probe.rounds import Keep
from probe.schedule import Schedule
from probe.tidying import Tidying, make_private
from probe.tools import Tools, opened
from results.history import History
from results.judgement import Judgement
from results.records import Measurement
from results.rollups import Rollups
from results.store import Store
from server import consent_page as asking
from server.alerts import subscriptions as alerts
from server.alerts.delivery import Deliverer
from server.app import create_many
from server.counting import Counting
from server.following import Following
from server.listen import bound, first_to_end, served
from server.pages.many.choice import LOCAL
from server.pages.many.line import Line
from targets.operators import owner_of
from targets.target import Target

HOST = "127.0.0.1"


async def run_up(*, port: int, accept_risks: bool, in_browser: bool = False, config: Path | None) -> int:
    """Ends only by being stopped, or by an error."""
    settings = _config.here(config)
    targets = chosen(settings)
    subscriptions = await asyncio.to_thread(alerts.read, settings)
    sock = bound(HOST, port)
    with sock:
        going = consent.going_to(settings, targets)
        await asking.require(sock, going, accept_risks=accept_risks, in_browser=in_browser)
        await asyncio.to_thread(make_private, _config.store_url(settings))
        store = await asyncio.to_thread(Store, _config.store_url(settings))
        try:
            async with opened(settings) as tools:
                lists = fetching(settings, tools)
                targets = await newest(settings, lists, targets)
                app = _pages(settings, store, targets, tools)
                outlets = {target.url: target.outlet for target in targets if target.outlet}
                history = History(store, owner=owner_of, outlets=outlets, interval=settings.probe.interval)
                news = asyncio.Event()
                following = Following(history, clock=tools.utcnow, news=news)
                deliverer = Deliverer(
                    store,
                    subscriptions,
                    clock=tools.utcnow,
                    chance=random.Random(),
                    outlets=outlets,
                    held=partial(is_paused, tools),
                )
                counting = Counting(Rollups(store))
                sender = submitter(settings, store, tools)
                with show.bar(len(targets)) as bar:
                    schedule = Schedule(
                        [target.url for target in targets],
                        tools,
                        store,
                        every=settings.probe.interval,
                        concurrency=settings.probe.concurrency,
                        outlets=outlets,
                        kept=_to_each(following.kept, counting.kept, *([sender.kept] if sender else [])),
                        told=teller(bar, settings.probe.daily_budget_mb),
                        fitness=fitness(settings, tools),
                    )
                    async with served(app, sock) as serving:
                        typer.echo(f"Kedergi measures {len(targets)} sites; see http://{HOST}:{port}/", err=True)
                        work = [
                            schedule.run(),
                            Tidying(settings, store, tools.utcnow).run(),
                            following.run(),
                            counting.run(),
                            deliverer.run(news),
                        ]
                        work += [sender.run()] if sender else []
                        work += [lists.run(partial(taken, settings, schedule))] if lists else []
                        await first_to_end(serving, *map(asyncio.create_task, work))
        finally:
            store.close()
    return 0


def _pages(settings: _config.Settings, store: Store, targets: Sequence[Target], tools: Tools) -> FastAPI:
    """Those of a server, with a part on this line; in this machine's own time, and for its own browser alone."""
    interval, budget_bytes = settings.probe.interval, settings.probe.daily_budget_mb * MB_BYTES
    return create_many(
        store,
        targets=targets,
        interval=interval,
        clock=tools.utcnow,
        version=tools.software.partition("/")[2],
        line=Line(vantage=tools.vantage, interval=interval, budget_bytes=budget_bytes),
        home=LOCAL,
        hosts=(),
    )


def _to_each(*kept: Keep) -> Keep:
    async def keep(measurement: Measurement, judgement: Judgement) -> None:
        for one in kept:
            await one(measurement, judgement)

    return keep
