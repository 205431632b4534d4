"""The commands that take measurements out of the store and into it: export, import. Nothing is measured."""

import csv
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import typer

from probe import config as _config
from results.carrying import POINT_COLUMNS, Chosen, Fate, archived, measurements, points, taken
from results.formats.jsonl import line, written
from results.formats.origin import Origin
from results.judging import judged
from results.knowledge import users, with_users
from results.store import Store


def run_export(chosen: Chosen, *, as_csv: bool, config: Path | None) -> None:
    """Writes to stdout, in the order of time."""
    store = Store(_config.store_url(_config.load(config)))
    try:
        if as_csv:
            rows = csv.DictWriter(sys.stdout, POINT_COLUMNS, lineterminator="\n")
            rows.writeheader()
            rows.writerows(points(store, chosen))
        else:
            for measurement, judgement in measurements(store, chosen):
                sys.stdout.write(line(measurement, judgement) + "\n")
            if left := archived(store, chosen):
                typer.echo(f"kedergi: {left} more have their evidence in the archive, and are not written.", err=True)
    finally:
        store.close()


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
