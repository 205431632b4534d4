"""What the commands of `kedergi members` do with the store, and what they print. Who may join is told in joining.py."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer

from probe import config as _config
from probe.vantage.enrolment import fingerprint
from results.records import iso
from results.schema import as_it_is
from results.store import Store
from server import joining
from server.key import server_key

_COLUMNS = {"vantage": 12, "class": 9, "country": 9, "joined": 22, "measurements": 14, "every": 10}


def run_invite(*, vantage_class: str, country: str, hours: int, config: Path | None) -> None:
    """Prints the code alone on stdout."""
    if not re.fullmatch(r"[A-Z]{2}", country):
        raise _config.ConfigError(f"--country {country!r:.20}: allowed are two capital letters, as in KZ.")
    with _store(config) as store:
        code = joining.invite(store, vantage_class=vantage_class, country=country, now=datetime.now(UTC), hours=hours)
    typer.echo(code)
    typer.echo(f"It is good once, for {hours} hours, for one vantage: class {vantage_class}, {country}.", err=True)


def run_list(*, as_json: bool, config: Path | None) -> None:
    """One line a member."""
    with _store(config) as store:
        found = joining.members(store)
    if as_json:
        for one in found:
            typer.echo(json.dumps(_record(one)))
        return
    if not found:
        typer.echo("Nobody has joined; `kedergi members invite` makes a code.", err=True)
        return
    typer.echo("".join(name.ljust(width) for name, width in _COLUMNS.items()) + "revoked")
    for one in found:
        told = _record(one)
        every = f"{told['interval_s']:.0f} s" if told["interval_s"] else "–"
        shown = (told["vantage"], told["class"], told["country"], told["joined_at"][:19], told["measurements"], every)
        line = "".join(str(value).ljust(width) for value, width in zip(shown, _COLUMNS.values(), strict=True))
        typer.echo(line + (told["revoked_at"] or "–")[:19])


def run_revoke(vantage: str, *, config: Path | None) -> None:
    """Raises ConfigError where nobody is called so."""
    with _store(config) as store:
        if not joining.revoke(store, vantage, now=datetime.now(UTC)):
            raise _config.ConfigError(f"{vantage!r:.80} is no member; `kedergi members list` shows those there are.")
    typer.echo(f"From now on nothing is taken from {vantage}.", err=True)


def run_key(*, config: Path | None) -> None:
    """Prints the key alone on stdout, and on stderr what a volunteer compares. It is made if there is none yet."""
    with _store(config) as store:
        key = server_key(store, _config.data_folder(), now=datetime.now(UTC))
    typer.echo(key.public)
    typer.echo(f"Its fingerprint: {fingerprint(key.public)}", err=True)


def _record(one: joining.Member) -> dict[str, Any]:
    row = one.row
    return {
        "vantage": row.vantage,
        "class": row.vantage_class,
        "country": row.country,
        "joined_at": iso(row.joined_at),
        "revoked_at": row.revoked_at and iso(row.revoked_at),
        "interval_s": row.interval_s,
        "measurements": one.measurements,
    }


@contextmanager
def _store(config: Path | None) -> Iterator[Store]:
    """As `serve` has it: a command beside a running server changes no schema."""
    store = Store(_config.store_url(_config.load(config)), as_it_is)
    try:
        yield store
    finally:
        store.close()
