"""The command `rollup`, and the options that commands over an archive share. Imports nothing of the extra by itself."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

ArchiveOption = Annotated[
    str | None,
    typer.Option(
        "--archive",
        metavar="DIR",
        help="An archive of Parquet files instead: a folder, or s3://BUCKET/NAME (docs/archives.md).",
    ),
]
BucketsOption = Annotated[
    int | None, typer.Option("--buckets", min=1, max=4096, help="Of a new archive: 32, more for billions of points.")
]
MasterOption = Annotated[str, typer.Option("--master", metavar="URL", help="Spark's: spark://…, yarn, local[*].")]
ToOption = Annotated[
    Path | None, typer.Option("--to", metavar="FILE", help="A file instead of stdout: .parquet or .jsonl.")
]
ConfigOption = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="Taken as by all commands; this needs none of it.")
]


class Engine(StrEnum):
    """Who reads and sorts an archive: this machine, or a cluster."""

    DUCKDB = "duckdb"
    SPARK = "spark"


EngineOption = Annotated[Engine, typer.Option("--engine", help="duckdb: this machine; spark: a cluster.")]


def rollup(
    archive: Annotated[str, typer.Option("--archive", metavar="DIR", help="The archive to be counted.")],
    *,
    engine: EngineOption = Engine.DUCKDB,
    master: MasterOption = "local[*]",
    to: ToOption = None,
    config: ConfigOption = None,  # noqa: ARG001 - every command takes it
) -> None:
    """Count an archive by day, site and network: verdicts, mechanisms, quantiles of handshake and speed.

    One JSON object a line, or Parquet with --to.

    Example: kedergi rollup --archive archive --to days.parquet
    """
    from results.archive.needs import ArchiveError, demand  # noqa: PLC0415 - see the module's docstring

    try:
        demand("archive")
        if engine is Engine.SPARK:
            demand("spark")
        from results.archive import manifest, rollup  # noqa: PLC0415
        from results.archive.place import at  # noqa: PLC0415

        place = at(archive)
        known = manifest.read(place)
        if engine is Engine.DUCKDB:
            found = rollup.with_duckdb(place, known)
        else:
            found = rollup.with_spark(place, known, master=master)
        if to is None:
            sys.stdout.writelines(rollup.lines(found))
        else:
            rollup.write(found, to)
    except ArchiveError as exc:
        typer.echo(f"kedergi: {exc}", err=True)
        raise typer.Exit(2) from exc
