"""What the commands of a vantage do, from settings to exit status. How it is printed is in probe/show.py."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import typer

from probe import config as _config
from probe import consent, show
from probe.age import notice
from probe.budget import used_today_bytes
from probe.fitness import SAYS, Fitness, Wishes
from probe.lists import choose
from probe.net import Garbage, place
from probe.rounds import Turns, measure
from probe.schedule import Progress, Schedule, nothing_more
from probe.submit import Submitter
from probe.tidying import Tidying, make_private
from probe.tongue import N_, say
from probe.tools import Tools, opened, with_pasts
from probe.vantage import enrolment, identity, server_list
from probe.vantage.by_hand import CantCarry
from probe.vantage.fetching import Fetching
from probe.vantage.pause import paused
from probe.vantage.signing import WINDOW
from results.archive.needs import ArchiveError
from results.formats.jsonl import line
from results.judgement import Judgement, Verdict
from results.outbox import Sender
from results.records import Measurement, Throughput
from results.store import Store, StoreError
from targets.bundled import resolve
from targets.exclusion import is_excluded
from targets.selection import select
from targets.target import Target, Use

# What a person can mend: one sentence on stderr, exit status 2.
_OF_JOINING = (identity.NoKey, enrolment.BadEnrolment, enrolment.NotJoined, CantCarry)
EXPECTED = (_config.ConfigError, consent.ConsentMissing, StoreError, ArchiveError, *_OF_JOINING)

FIT_AGAIN = N_("Measuring goes on in full.")
MEASURED = N_("{measured} of {count} sites were due and have been measured.")
SENT = N_("Sent: {sent}; refused: {refused}; waiting: {waiting}.")
NOT_ALL_SENT = N_("Not all could be sent within {seconds} s; the rest waits here for the next run.")
NOT_JOINED = N_(
    "A server is configured, and this vantage has not joined it: nothing is sent (kedergi vantage enrol CODE@SERVER)."
)
KEY_GONE = N_(
    "This vantage has joined a server, but its key {path} is gone; put it back, or ask for a new code and join anew "
    "with `kedergi vantage enrol`."
)
AS_BEFORE = N_("What was looked at before is looked at.")
NEWER_LIST = N_("A newer list has come from the server: {count} sites are looked at from now on.")
LINE_DOWN = N_("The line is down: no reference site answers. Nothing can be told until it is back.")
LINE_BACK = N_("The line is back.")
USED_UP = N_("Today's data budget of {limit} MB is used up; measuring goes on at midnight UTC (probe.daily_budget_mb).")
NO_TARGET = N_("probe.lists = {names}: there is no target in it that may be measured here.")
LEFT_OUT = N_("{count} targets are sensitive and were left out.")
EMPTY_LIST = N_("--list {name}: there is no address in it to check; write one a line.")
CLOCK_OFF = N_(
    "This machine's clock is wrong by about {minutes} min; it is measured all the same, and the difference recorded."
)
_CLOCK_OFF_S = 60.0
_LISTS_S = 10.0  # for the server's list, before the first round
_SENDING_S = 30.0  # after the only round of a run

Result = tuple[Measurement, Judgement]


async def run_check(
    urls: list[str],
    list_: str | None,
    *,
    concurrency: int | None,
    throughput: str = "auto",
    as_json: bool,
    verbose: bool,
    config: Path | None,
) -> int:
    """Measures the URLs, stores and prints each; the exit status."""
    settings = _config.here(config)
    how = Throughput(throughput)
    # One after the other: the others' pages would slow the samples down.
    at_once = 1 if how is Throughput.THOROUGH else concurrency or settings.probe.concurrency
    wanted = _wanted(urls, list_, settings.probe.exclude)
    await asyncio.to_thread(make_private, _config.store_url(settings))
    store = await asyncio.to_thread(Store, _config.store_url(settings))
    results: dict[str, Result] = {}
    printed = 0

    async def keep(measurement: Measurement, judgement: Judgement) -> None:
        nonlocal printed
        await asyncio.to_thread(store.add, measurement, judgement)
        results[measurement.url] = measurement, judgement
        bar.advance()
        while as_json and printed < len(wanted) and wanted[printed] in results:
            typer.echo(line(*results[wanted[printed]]))
            printed += 1

    try:
        async with opened(settings, throughput=how) as tools:
            # What a person asks for is measured whatever is left; it counts for the schedule.
            now, name = tools.utcnow(), tools.vantage.name
            tools.budget.learn(await asyncio.to_thread(used_today_bytes, store, name, now), now)
            if how is Throughput.THOROUGH and not tools.budget.left_bytes(now):
                raise _config.ConfigError(
                    "--throughput thorough: " + say(USED_UP, limit=settings.probe.daily_budget_mb)
                )
            knowing = await asyncio.to_thread(with_pasts, tools, store)
            with show.bar(len(wanted)) as bar:
                await measure(wanted, knowing, keep, Turns(at_once))
    finally:
        store.close()
        if not as_json and results:
            _print(results, wanted, verbose=verbose)
    return _status({judgement.verdict for _, judgement in results.values()})


async def run_probe(*, once: bool, accept_risks: bool, config: Path | None) -> int:
    """Rounds until stopped, or one."""
    settings = _config.here(config)
    targets = chosen(settings)
    async with opened(settings) as tools:
        going = consent.going_to(settings, targets)
        consent.require(_config.data_folder(), accept_risks=accept_risks, now=tools.utcnow(), to=going)
        await asyncio.to_thread(make_private, _config.store_url(settings))
        store = await asyncio.to_thread(Store, _config.store_url(settings))
        try:
            sender = submitter(settings, store, tools)
            lists = fetching(settings, tools)
            targets = await newest(settings, lists, targets)
            with show.bar(len(targets)) as bar:
                schedule = Schedule(
                    [target.url for target in targets],
                    tools,
                    store,
                    every=settings.probe.interval,
                    concurrency=settings.probe.concurrency,
                    outlets={target.url: target.outlet for target in targets},
                    told=teller(bar, settings.probe.daily_budget_mb),
                    kept=sender.kept if sender else nothing_more,
                    fitness=fitness(settings, tools),
                )
                tidying = Tidying(settings, store, clock=tools.utcnow)
                if not once:
                    await _for_ever(schedule, sender, lists, partial(taken, settings, schedule), tidying)
                await tidying.once()
                measured = await schedule.round()
            if sender is not None:
                await _sent_now(sender)
        finally:
            store.close()
    typer.echo(say(MEASURED, measured=measured, count=len(targets)), err=True)
    return 0


def submitter(settings: _config.Settings, store: Store, tools: Tools) -> Submitter | None:
    """What sends the measurements of a vantage that has joined a server; None where it has not.

    Raises NoKey, BadEnrolment.
    """
    folder = _config.data_folder()
    joined = enrolment.load(folder)
    if joined is None:
        if settings.server.url:
            typer.echo(say(NOT_JOINED), err=True)
        return None
    key = identity.load(folder)
    if key is None:
        raise identity.NoKey(say(KEY_GONE, path=folder / identity.FILE))
    return Submitter(
        store,
        tools.services,
        key,
        settings.server.url,
        # Its clock may be behind the server's by so much and be believed.
        Sender(joined.vantage, joined.joined_at - WINDOW),
        settings.probe.interval,
        tools.utcnow,
        random.Random(),
        budget=tools.budget,
        say=lambda sentence: typer.echo(sentence, err=True),
        held=partial(is_paused, tools),
    )


def fetching(settings: _config.Settings, tools: Tools) -> Fetching | None:
    """What asks the server for its list; None where none of its lists is wanted, or none would be believed."""
    folder = _config.data_folder()
    joined, key = enrolment.load(folder), identity.load(folder)
    if joined is None or key is None or joined.believed is None or _config.SERVER_LIST not in settings.probe.lists:
        return None
    return Fetching(
        tools.services,
        key,
        joined,
        settings.server.url,
        folder,
        clock=tools.utcnow,
        chance=random.Random(),
        budget=tools.budget,
        say=lambda sentence: typer.echo(sentence, err=True),
        held=partial(is_paused, tools),
    )


def is_paused(tools: Tools) -> bool:
    """A pause holds back what would be sent and asked, as it does what would be measured. Reads a file."""
    return paused(_config.data_folder(), tools.utcnow()) is not None


async def newest(settings: _config.Settings, lists: Fetching | None, targets: list[Target]) -> list[Target]:
    """The targets, once the server has been asked for its list, or does not answer at once."""
    if lists is None:
        return targets
    with suppress(TimeoutError):
        async with asyncio.timeout(_LISTS_S):
            await lists.once()
    return await asyncio.to_thread(chosen, settings)


async def taken(settings: _config.Settings, schedule: Schedule) -> None:
    """Goes on with the list that has come."""
    try:
        targets = await asyncio.to_thread(chosen, settings)
    except _config.ConfigError as exc:
        typer.echo(f"{exc} {say(AS_BEFORE)}", err=True)
        return
    schedule.take([target.url for target in targets], {target.url: target.outlet for target in targets})
    typer.echo(say(NEWER_LIST, count=len(targets)), err=True)


async def _for_ever(
    schedule: Schedule,
    sender: Submitter | None,
    lists: Fetching | None,
    came: Callable[[], Awaitable[None]],
    tidying: Tidying,
) -> None:
    """Until it is stopped, or one of them fails."""
    async with asyncio.TaskGroup() as group:
        group.create_task(schedule.run())
        group.create_task(tidying.run())
        if sender is not None:
            group.create_task(sender.run())
        if lists is not None:
            group.create_task(lists.run(came))


async def _sent_now(sender: Submitter) -> None:
    """What can be sent within a short time; what can't waits for the next run."""
    try:
        async with asyncio.timeout(_SENDING_S):
            counts = await sender.once()
    except TimeoutError:
        typer.echo(say(NOT_ALL_SENT, seconds=round(_SENDING_S)), err=True)
        return
    sent = counts.stored + counts.there
    typer.echo(say(SENT, sent=sent, refused=counts.refused, waiting=counts.waiting), err=True)


def fitness(settings: _config.Settings, tools: Tools) -> Fitness:
    """What says before each round whether this machine may measure, by the settings."""
    section, manner = settings.vantage, settings.probe
    wishes = Wishes(section.asn, section.country, manner.on_metered, manner.on_battery)
    return Fitness(_config.data_folder(), wishes, tools.utcnow, tools.services, tools.controls, tools.control_token)


def teller(bar: show.Bar, daily_budget_mb: int) -> Callable[[Progress], None]:
    """Shows progress, and says once when the line goes down or comes back, or the day's budget is used up.

    That the program is old is said at once.
    """
    if old := notice(datetime.now(UTC)):
        typer.echo(old, err=True)
    was_up: bool | None = None
    was_used_up = clock_said = False
    was_unfit = ""

    def told(progress: Progress) -> None:
        nonlocal was_up, was_used_up, was_unfit, clock_said
        bar.show(progress.measured, progress.planned)
        if progress.unfit and progress.unfit != was_unfit:
            typer.echo(say(SAYS[progress.unfit]), err=True)
        elif was_unfit and not progress.unfit:
            typer.echo(say(FIT_AGAIN), err=True)
        was_unfit = progress.unfit
        if abs(progress.clock_ahead_s or 0) > _CLOCK_OFF_S and not clock_said:
            clock_said = True
            typer.echo(say(CLOCK_OFF, minutes=round(abs(progress.clock_ahead_s or 0) / 60)), err=True)
        if progress.line_up is False and was_up is not False:
            typer.echo(say(LINE_DOWN), err=True)
        elif progress.line_up and was_up is False:
            typer.echo(say(LINE_BACK), err=True)
        if progress.line_up is not None:
            was_up = progress.line_up
        if progress.used_up and not was_used_up:
            typer.echo(say(USED_UP, limit=daily_budget_mb), err=True)
        was_used_up = progress.used_up

    return told


async def run_doctor(*, as_json: bool, config: Path | None) -> int:
    """Examines this machine; 1 where something is bad."""
    from probe.doctor import examine, rendered  # noqa: PLC0415 - what runs in the background does without

    settings = _config.here(config)
    async with opened(settings) as tools:
        findings = await examine(settings, tools, config_file=config)
    typer.echo(rendered(findings, as_json=as_json))
    return int(any(finding.state == "bad" for finding in findings))


def chosen(settings: _config.Settings) -> list[Target]:
    """The targets that this vantage measures. What is wrong with a list is said on stderr; the rest is used."""
    folder = _config.data_folder()
    joined = enrolment.load(folder)
    choice = choose(settings, server_list.kept(folder, joined.believed if joined else None))
    for problem in choice.problems:
        typer.echo(str(problem), err=True)
    if not choice.targets:
        names = ", ".join(settings.probe.lists)
        raise _config.ConfigError(say(NO_TARGET, names=names))
    return choice.targets


def _wanted(urls: list[str], list_: str | None, exclude: Sequence[str]) -> list[str]:
    """The URLs to check, each once, in their order. What is named itself is never left out. Raises ConfigError."""
    wanted = dict.fromkeys(urls)
    for url in wanted:
        try:
            place(url)
        except Garbage as exc:
            raise _config.ConfigError(str(exc)) from exc
    if list_ is not None:
        targets, problems = resolve([list_])
        for problem in problems:
            typer.echo(str(problem), err=True)
        # What is too dangerous for a volunteer's line stays out; whoever must, names the URL.
        usable = select(targets, vantage_class="unknown", uses=tuple(Use))
        if len(usable) < len(targets):
            typer.echo(say(LEFT_OUT, count=len(targets) - len(usable)), err=True)
        usable = [target for target in usable if not is_excluded(target, exclude)]
        wanted |= dict.fromkeys(target.url for target in usable)
        if not usable:
            raise _config.ConfigError(say(EMPTY_LIST, name=list_))
    if not wanted:
        raise _config.ConfigError(say("There is nothing to check; give a URL or --list FILE."))
    return list(wanted)


def _print(results: dict[str, Result], wanted: list[str], *, verbose: bool) -> None:
    done = [results[url] for url in wanted if url in results]
    show.table(done)
    if verbose:
        for measurement, _ in done:
            show.steps(measurement)


def _status(verdicts: set[Verdict]) -> int:
    if verdicts & {Verdict.BLOCKED, Verdict.THROTTLED}:
        return 1
    return 0 if verdicts == {Verdict.ACCESSIBLE} else 3
