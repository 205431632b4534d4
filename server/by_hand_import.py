"""What `kedergi import` does with each file: an outbox, receipts, or measurements from elsewhere.

How each is taken in stands in by_hand.py, probe/vantage/by_hand.py and probe/carry.py.
"""

import json
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import typer

from probe import carry
from probe import config as _config
from probe.vantage import by_hand as on_the_probe
from probe.vantage import sealed
from probe.vantage.by_hand import CantCarry
from probe.vantage.sealed import Kind, NotSealed
from results.fate import Fate
from results.formats.origin import Origin
from results.schema import as_it_is
from results.store import Store
from server.by_hand import NotTaken, receipts_file, take_outbox
from server.intake.limits import Limits
from server.key import server_key
from server.worker import reader_of, targets_of


def run_import(files: list[str], *, origin: Origin | None, as_json: bool, config: Path | None) -> int:
    """1 where anything was refused; the other files are taken all the same."""
    by_kind: dict[Kind | None, list[str]] = {None: [], **{kind: [] for kind in Kind}}
    status = 0
    for file in files:
        try:
            kind = sealed.kind_of(Path(file))
        except NotSealed as exc:
            typer.echo(f"{file}: {exc}; nothing of it was stored.", err=True)
            status = 1
            continue
        by_kind[kind].append(file)
    if by_kind[Kind.OUTBOX]:
        status |= _outboxes(by_kind[Kind.OUTBOX], as_json=as_json, config=config)
    for file in by_kind[Kind.RECEIPTS]:
        status |= _receipts(file, config)
    if others := by_kind[None] + by_kind[Kind.TARGETS]:
        status |= carry.run_import(others, origin=origin, as_json=as_json, config=config)
    return status


def _outboxes(files: Iterable[str], *, as_json: bool, config: Path | None) -> int:
    settings, status = _config.load(config), 0
    with closing(Store(_config.store_url(settings), as_it_is)) as store:
        key = server_key(store, _config.data_folder(), now=_now())
        reader = reader_of(targets_of(settings), Limits())
        for file in files:
            try:
                fates = take_outbox(store, reader, key, Path(file), utcnow=_now)
            except NotTaken as exc:
                typer.echo(str(exc), err=True)
                status = 1
                continue
            status |= int(fates[Fate.REFUSED] > 0)
            if as_json:
                counts = {fate.value: fates[fate] for fate in Fate}
                typer.echo(json.dumps({"file": file, **counts, "receipts": str(receipts_file(Path(file)))}))
                continue
            there = f", {fates[Fate.THERE]} were there already" if fates[Fate.THERE] else ""
            typer.echo(f"{fates[Fate.STORED]} stored{there}, {fates[Fate.REFUSED]} refused.")
            typer.echo(f"The receipts, for whoever carried it: {receipts_file(Path(file))}", err=True)
    return status


def _receipts(file: str, config: Path | None) -> int:
    try:
        return on_the_probe.run_receipts(Path(file), config)
    except CantCarry as exc:
        typer.echo(str(exc), err=True)
        return 1


def _now() -> datetime:
    return datetime.now(UTC)
