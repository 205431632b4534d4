"""The command that tells episodes, from the store or from a file of points. Nothing is measured, nothing is written."""

from collections.abc import Iterator
from pathlib import Path

import typer

from probe import config as _config
from results import show
from results.episodes import Episode, episodes
from results.formats import points
from results.formats.episodes import record
from results.formats.jsonl import written
from results.history import folded
from results.store import Store


def run_episodes(file: str | None, *, as_json: bool, config: Path | None) -> None:
    """Prints them in order of series and first bad row. Rows that can't be used are said on stderr."""
    found = _of_store(config) if file is None else _of_file(file)
    if not as_json:
        show.episode_table(found)
        return
    for series, episode in found:
        typer.echo(written(record(series, episode)))


def _of_file(file: str) -> Iterator[tuple[str, Episode]]:
    series, troubles = points.read(file)
    for trouble in troubles:
        typer.echo(str(trouble), err=True)
    for name in sorted(series):
        for episode in episodes(series.pop(name)):
            yield name, episode


def _of_store(config: Path | None) -> Iterator[tuple[str, Episode]]:
    store = Store(_config.store_url(_config.load(config)))
    try:
        yield from folded(store)
    finally:
        store.close()
