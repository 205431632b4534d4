"""Episodes of an archive as a table, as JSON Lines and as Parquet: in one order, whichever engine found them.

One episode as JSON is results/formats/episodes.py's, here as everywhere.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from results.archive.detecting import Named
from results.archive.needs import ArchiveError
from results.archive.place import NEW, to_disk
from results.episodes import Episode, Kind
from results.formats.episodes import record
from results.formats.jsonl import written

_TIMES = ("last_good_at", "first_bad_at", "opened_at", "last_bad_at", "first_good_at", "closed_at")
_MOMENT = pa.timestamp("us", tz="UTC")
COLUMNS = pa.schema(
    [
        ("series", pa.string()),
        ("kind", pa.string()),
        ("mechanisms", pa.list_(pa.string())),
        ("state", pa.string()),
        *((name, _MOMENT) for name in _TIMES),
        ("measurements", pa.int64()),
        ("bad", pa.int64()),
        ("intermittent", pa.bool_()),
    ]
)
_ORDER = [("series", "ascending"), ("first_bad_at", "ascending"), ("kind", "ascending")]


def table(found: Iterable[Named]) -> pa.Table:
    rows = [_row(series, episode) for series, episode in found]
    return pa.Table.from_pylist(rows, schema=COLUMNS)


def whole(tables: Iterable[pa.Table]) -> pa.Table:
    """All of them by series, first bad row and kind."""
    joined = pa.concat_tables([COLUMNS.empty_table(), *(one.cast(COLUMNS) for one in tables)])
    return joined.sort_by(_ORDER).combine_chunks()


def episodes(found: pa.Table) -> Iterator[Named]:
    """As they were before they became a table."""
    for row in found.to_pylist():
        yield row["series"], _episode(row)


def lines(found: pa.Table) -> Iterator[str]:
    for series, episode in episodes(found):
        yield written(record(series, episode)) + "\n"


def write(found: pa.Table, to: Path) -> None:
    """A file of one or the other form, told by its name; whole, or not at all."""
    written_as(found, lines(found), to)


def written_as(found: pa.Table, texts: Iterable[str], to: Path) -> None:
    """A table as Parquet, or its lines: told by the file's name."""
    if to.suffix not in (".parquet", ".jsonl"):
        raise ArchiveError(f"--to is {str(to)!r}: allowed are names that end with .parquet or .jsonl.")
    new = to.with_name(to.name + NEW)
    try:
        with new.open("wb") as file:
            if to.suffix == ".parquet":
                pq.write_table(found, file, compression="zstd")
            else:
                file.writelines(text.encode() for text in texts)
            to_disk(file)
        new.replace(to)
    except OSError as exc:
        raise ArchiveError(f"Can't write {to}: {exc.strerror or exc}.") from exc


def _row(series: str, episode: Episode) -> dict[str, Any]:
    plain = {name: getattr(episode, name) for name in (*_TIMES, "state", "measurements", "bad", "intermittent")}
    return {"series": series, "kind": episode.kind.value, "mechanisms": list(episode.mechanisms), **plain}


def _episode(row: dict[str, Any]) -> Episode:
    times: dict[str, datetime] = {name: row[name] for name in _TIMES}
    return Episode(
        kind=Kind(row["kind"]),
        mechanisms=tuple(row["mechanisms"]),
        measurements=row["measurements"],
        bad=row["bad"],
        **times,
    )
