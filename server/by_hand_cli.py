"""The command `import`: measurements from other stores, outboxes of members, and receipts of the server.

It reads its arguments and calls one function. The heavy imports come after the arguments are read, so that `--help`
and a mistyped option answer at once.
"""

from typing import Annotated

import typer

from probe.cli import ConfigOption, Format, FormatOption, told
from results.archive.cli import ArchiveOption, BucketsOption
from results.formats.origin import Origin


def import_(
    files: Annotated[
        list[str] | None, typer.Argument(metavar="FILE", help="JSON or JSON Lines; also .gz and .zst.")
    ] = None,
    *,
    from_: Annotated[Origin | None, typer.Option("--from", help="Whose; otherwise told by what they hold.")] = None,
    archive: ArchiveOption = None,
    buckets: BucketsOption = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Into an archive: how many at once.")] = None,
    format_: FormatOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Take measurements into the store: our own, or OONI's web_connectivity. Each once, however often it comes.

    They are judged anew. What is refused is said with file and line, and the rest is stored. A member's outbox is taken
    in as if it had been sent, if nobody altered it, and its receipts are written beside it, to FILE.receipts; these are
    imported where it was made. Exit status: 0 when nothing was refused, else 1.

    With --archive alone, what an archive holds is taken into the store; with --from ooni, files go into the archive.

    Example: kedergi import november.jsonl.gz

    Example: kedergi import outbox.jsonl.zst

    Example: kedergi import --from ooni --archive archive 2026110100_KZ_webconnectivity.jsonl.gz
    """
    as_json = format_ is Format.JSON
    if archive is not None:
        from probe import archiving  # noqa: PLC0415 - see the module's docstring

        if from_ is Origin.OONI:
            given, many = files or [], {"buckets": buckets, "workers": workers}
            told(lambda: archiving.run_bulk(given, archive, **many, as_json=as_json))
        if files:
            raise typer.BadParameter("with --archive, only files of --from ooni are taken", param_hint="FILE")
        told(lambda: archiving.run_import(archive, as_json=as_json, config=config))
    if not files:
        raise typer.BadParameter("needed is a FILE, or --archive", param_hint="FILE")
    from server.by_hand_import import run_import  # noqa: PLC0415 - see the module's docstring

    told(lambda: run_import(files, origin=from_, as_json=as_json, config=config))
