"""The command that says whether what is stored was removed, altered or put in another order. It changes nothing."""

from dataclasses import asdict
from pathlib import Path

import typer

from probe import config as _config
from results.archived import EvidenceArchive
from results.chain import Trouble
from results.formats.jsonl import written
from results.links import Chain, broken, chains, has, vantages
from results.records import iso
from results.store import Store
from results.trimming import taken_from


def run_verify(noted: list[str], *, as_json: bool, config: Path | None) -> int:
    """Prints what was found, by vantage; 0 where everything fits, else 1."""
    settings = _config.load(config)
    folder = _config.archive_folder(settings)
    store = Store(_config.store_url(settings))
    try:
        with store.transaction() as connection:
            known = {chain.vantage: chain for chain in chains(connection)}
            found = 0
            names = vantages(connection)
            for name in names:
                chain = known.get(name) or Chain(vantage=name, links=0, head="")
                archive = EvidenceArchive(folder)
                troubles = list(broken(connection, name, archive))
                if settings.store.keep_days or settings.store.max_mb:
                    taken = taken_from(connection, name)
                    troubles = [one for one in troubles if one.number is None or one.number > taken]
                    _say_taken(name, taken)
                found += _printed(chain, troubles, archive.fits, as_json=as_json)
            lost = [digest for digest in noted if not has(connection, digest.strip().lower())]
    finally:
        store.close()
    if not names:
        typer.echo("kedergi: nothing is stored yet.", err=True)
    for digest in lost:
        typer.echo(
            f"kedergi: no measurement here has the digest {digest}: it, or what came before it, is gone.", err=True
        )
    return int(bool(found or lost))


def _say_taken(name: str, taken: int) -> None:
    if taken:
        says = "are not wholly here any more, as store.keep_days and store.max_mb have it"
        typer.echo(f"kedergi: the oldest {taken} measurements of {name} {says}.", err=True)


def _printed(chain: Chain, troubles: list[Trouble], archived: int, *, as_json: bool) -> int:
    if as_json:
        record = asdict(chain) | {"archived": archived, "troubles": [_record(one) for one in troubles]}
        typer.echo(written(record))
        return len(troubles)
    said = f"{len(troubles)} of them wrong or missing" if troubles else "none is missing or altered"
    typer.echo(f"{chain.vantage}: {chain.links} measurements in its chain, {said}.")
    if archived:
        typer.echo(f"  {archived} of them have their evidence in the archive; it was looked at there.")
    for one in troubles:
        typer.echo(f"  {_where(one)}{one.says}")
    if chain.head:
        typer.echo(f"  Its newest digest: {chain.head}")
    return len(troubles)


def _where(one: Trouble) -> str:
    known = [
        f"number {one.number}" if one.number else "",
        iso(one.started_at) if one.started_at else "",
        one.url or "",
        one.uid or "",
    ]
    return ", ".join(filter(None, known)) + ": " if any(known) else ""


def _record(one: Trouble) -> dict[str, object]:
    return asdict(one) | {"started_at": iso(one.started_at) if one.started_at else None}
