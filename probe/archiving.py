"""The commands over an archive of points: a store into it and out of it, OONI's files into it, episodes of it.

What an archive is stands in results/archive. Its packages are imported when a command needs them, for most do not.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from probe import config as _config
from results.archive.needs import ArchiveError, demand
from results.carrying import Chosen, Taken, taken
from results.fate import Fate
from results.formats.jsonl import written
from results.knowledge import users, with_users
from results.store import Store

if TYPE_CHECKING:
    import pyarrow as pa

    from results.archive import bulk


def run_export(archive: str, chosen: Chosen, *, buckets: int | None, evidence: bool, config: Path | None) -> None:
    """What is not in the archive yet goes there; says how much that was."""
    demand("archive")
    from results.archive import taking  # noqa: PLC0415 - see the module's docstring
    from results.archive.place import at  # noqa: PLC0415

    with _opened(config) as store:
        added = taking.export(store, at(archive), chosen, buckets=buckets, evidence=evidence)
    there = f", {added.there} were there already" if added.there else ""
    typer.echo(f"{added.stored} added{there}; the archive has {added.manifest.rows} points.")


def run_import(archive: str, *, as_json: bool, config: Path | None) -> int:
    """What the archive has of measurements goes into the store; 1 where anything was refused."""
    demand("archive")
    from results.archive import manifest, reading  # noqa: PLC0415 - see the module's docstring
    from results.archive.place import at  # noqa: PLC0415

    place = at(archive)
    found = manifest.read(place)
    known, problems = with_users(users.folder())
    for problem in problems:
        typer.echo(str(problem), err=True)
    with _opened(config) as store:
        fates = _told(taken(store, reading.judged(place, found, known)), as_json=as_json)
    if without := reading.without_evidence(found):
        typer.echo(f"{without} points have no evidence in the archive, and are no measurements to store.", err=True)
    if not as_json:
        there = f", {fates[Fate.THERE]} were there already" if fates[Fate.THERE] else ""
        typer.echo(f"{fates[Fate.STORED]} stored{there}, {fates[Fate.REFUSED]} refused.")
    return int(fates[Fate.REFUSED] > 0)


def run_bulk(files: list[str], archive: str, *, buckets: int | None, workers: int | None, as_json: bool) -> int:
    """OONI's files go into the archive as points; 1 where anything could not be read."""
    demand("archive")
    from results.archive import bulk  # noqa: PLC0415 - see the module's docstring
    from results.archive.cores import cores  # noqa: PLC0415
    from results.archive.place import at  # noqa: PLC0415

    if not files:
        raise ArchiveError("--from ooni needs files: kedergi import --from ooni --archive DIR FILE…")
    with _bar(files) as told:
        done = bulk.bring_in(files, at(archive), buckets=buckets, workers=workers or cores(), tell=told)
    if as_json:
        typer.echo(written(asdict(done)))
    else:
        skipped = f", {done.skipped} files were taken in before" if done.skipped else ""
        there = f", {done.there} were there already" if done.there else ""
        typer.echo(f"{done.stored} added{there}, {done.not_read} not read, of {done.files} files{skipped}.")
        if done.seconds:
            rate = (done.read + done.not_read) / done.seconds
            typer.echo(f"{rate:.0f} measurements a second on each core.", err=True)
    return int(done.not_read > 0)


def run_episodes(archive: str, *, engine: str, master: str, to: Path | None, as_json: bool) -> None:
    """Of all series of an archive, by series and first bad row."""
    demand("archive" if engine == "duckdb" else "spark")
    from results import show  # noqa: PLC0415 - see the module's docstring
    from results.archive import findings  # noqa: PLC0415

    found = _found(archive, engine, master)
    if to is not None:
        findings.write(found, to)
        typer.echo(f"{found.num_rows} episodes in {to}.", err=True)
    elif as_json:
        for line in findings.lines(found):
            typer.echo(line, nl=False)
    else:
        show.episode_table(findings.episodes(found))


def _found(archive: str, engine: str, master: str) -> "pa.Table":
    from results.archive import findings, manifest  # noqa: PLC0415 - see the module's docstring
    from results.archive.place import at  # noqa: PLC0415

    place = at(archive)
    known = manifest.read(place)
    if engine == "duckdb":
        from results.archive import duckdb_engine  # noqa: PLC0415

        return findings.whole(one.episodes for one in duckdb_engine.episodes(place, known))
    from results.archive import spark_engine  # noqa: PLC0415

    return spark_engine.episodes(place, known, master=master)


@contextmanager
def _opened(config: Path | None) -> Iterator[Store]:
    store = Store(_config.store_url(_config.load(config)))
    try:
        yield store
    finally:
        store.close()


def _told(found: Iterable[Taken], *, as_json: bool) -> Counter[Fate]:
    fates: Counter[Fate] = Counter()
    for one in found:
        fates[one.fate] += 1
        if as_json:
            typer.echo(written(asdict(one)))
        elif one.fate is Fate.REFUSED:
            typer.echo(f"{one.file}:{one.line or 0}: {one.says}", err=True)
    return fates


@contextmanager
def _bar(files: list[str]) -> "Iterator[Callable[[bulk.Progress, list[bulk.Trouble]], None]]":
    """By bytes, for files differ in length; on a terminal alone. Troubles are told either way."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    total = sum(Path(file).stat().st_size for file in files if Path(file).is_file())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("reading", total=total)

        def told(done: "bulk.Progress", troubles: "list[bulk.Trouble]") -> None:
            progress.update(task, completed=done.bytes)
            for trouble in troubles:
                typer.echo(f"{trouble.file}:{trouble.line}: {trouble.says}", err=True)

        yield told
