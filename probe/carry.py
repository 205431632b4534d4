"""The commands that take measurements out of the store and into it: export, import. Nothing is measured."""

import csv
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import typer

from probe import config as _config
from results.archive.needs import ArchiveError, demand
from results.carrying import POINT_COLUMNS, Chosen, archived, measurements, points, taken
from results.fate import Fate
from results.formats import ooni_written
from results.formats.jsonl import line, written
from results.formats.origin import Origin
from results.judging import judged
from results.knowledge import users, with_users
from results.store import Store


def run_export(chosen: Chosen, *, form: str, config: Path | None) -> None:
    """Writes to stdout, in the order of time, one measurement after the other. `form`: a key of `_WRITERS`."""
    write = _WRITERS[form]
    if write is _parquet:
        demand("archive")
        if sys.stdout.isatty():
            raise ArchiveError("Parquet is no text; send it into a file: kedergi export --format parquet > FILE.")
    store = Store(_config.store_url(_config.load(config)))
    try:
        write(store, chosen)
        if write is not _csv and (left := archived(store, chosen)):
            typer.echo(f"kedergi: {left} more have their evidence in the archive, and are not written.", err=True)
    finally:
        store.close()


def _csv(store: Store, chosen: Chosen) -> None:
    rows = csv.DictWriter(sys.stdout, POINT_COLUMNS, lineterminator="\n")
    rows.writeheader()
    rows.writerows(points(store, chosen))


def _jsonl(store: Store, chosen: Chosen) -> None:
    for measurement, judgement in measurements(store, chosen):
        sys.stdout.write(line(measurement, judgement) + "\n")


def _ooni(store: Store, chosen: Chosen) -> None:
    for measurement, judgement in measurements(store, chosen):
        sys.stdout.write(written(ooni_written.written(measurement, judgement)) + "\n")


def _parquet(store: Store, chosen: Chosen) -> None:
    from results.archive import flat  # noqa: PLC0415 - an extra, which most need not

    flat.write(measurements(store, chosen), sys.stdout.buffer)


_WRITERS: dict[str, Callable[[Store, Chosen], None]] = {
    "jsonl": _jsonl,
    "csv": _csv,
    "ooni": _ooni,
    "parquet": _parquet,
}


def run_import(files: list[str], *, origin: Origin | None, as_json: bool, config: Path | None) -> int:
    """Says what was refused, and how many were not; 1 where anything was refused."""
    known, problems = with_users(users.folder())
    for problem in problems:
        typer.echo(str(problem), err=True)
    fates: Counter[Fate] = Counter()
    store = Store(_config.store_url(_config.load(config)))
    try:
        for one in taken(store, judged(files, origin=origin, known=known)):
            fates[one.fate] += 1
            if as_json:
                typer.echo(written(asdict(one)))
            elif one.fate is Fate.REFUSED:
                typer.echo(f"{one.file}:{one.line or 0}: {one.says}", err=True)
    finally:
        store.close()
    if not as_json:
        there = f", {fates[Fate.THERE]} were there already" if fates[Fate.THERE] else ""
        typer.echo(f"{fates[Fate.STORED]} stored{there}, {fates[Fate.REFUSED]} refused.")
    return int(fates[Fate.REFUSED] > 0)
