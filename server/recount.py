"""Counts a store's rollups anew, and says how far it is."""

from pathlib import Path

import typer

from probe import config as _config
from results.rollups import Rollups
from results.schema import as_it_is
from results.store import Store


def run_recount(config: Path | None) -> int:
    """Raises StoreError."""
    store = Store(_config.store_url(_config.load(config)), as_it_is)
    try:
        total = Rollups(store).rebuild(lambda done: typer.echo(f"{done} counted …", err=True))
    finally:
        store.close()
    typer.echo(f"{total} measurements are counted.")
    return 0
