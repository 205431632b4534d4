"""One flat Parquet file of measurements: a point a row, with its evidence, for other programs and for another store.

Its columns are those of an archive (columns.py); an archive's folders, months and buckets are not here.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from results.archive.columns import WITH_EVIDENCE, of
from results.archive.reading import judged_row
from results.judgement import Judgement
from results.judging import Judged, NotRead
from results.knowledge import Knowledge
from results.records import Measurement, adapter

_GROUP_ROWS, _GROUP_BYTES = 5_000, 32 * 1024 * 1024  # of a row group: evidence may be long
_ROWS = 100  # that are read at once


def write(found: Iterable[tuple[Measurement, Judgement]], out: BinaryIO) -> None:
    """As they come, so many in memory as make a row group. `out` may be a pipe: it is written from beginning to end."""
    with pq.ParquetWriter(pa.PythonFile(out, mode="w"), WITH_EVIDENCE, compression="zstd") as writer:
        for rows in _groups(found):
            writer.write_table(pa.Table.from_pylist(rows, WITH_EVIDENCE))


def _groups(found: Iterable[tuple[Measurement, Judgement]]) -> Iterator[list[dict[str, Any]]]:
    held: list[dict[str, Any]] = []
    held_bytes = 0
    for measurement, judgement in found:
        evidence = adapter().dump_json(measurement).decode()
        held.append({**of(measurement, judgement), "evidence": evidence})
        held_bytes += len(evidence)
        if len(held) >= _GROUP_ROWS or held_bytes >= _GROUP_BYTES:
            yield held
            held, held_bytes = [], 0
    if held:
        yield held


def judged(file: str, known: Knowledge | None) -> Iterator[Judged | NotRead]:
    """Its measurements, judged anew from their evidence; `line` is the row, from 1."""
    try:
        with pq.ParquetFile(Path(file)) as opened:
            if "evidence" not in opened.schema_arrow.names:
                yield NotRead(file=file, line=None, why="it has no column `evidence`, and points alone can't be judged")
                return
            line = 0
            for batch in opened.iter_batches(_ROWS, columns=["evidence"]):
                for text in batch["evidence"].to_pylist():
                    line += 1
                    yield _judged(file, line, text, known)
    except (OSError, pa.ArrowException) as exc:
        yield NotRead(file=file, line=None, why=f"the file can't be read as Parquet: {exc}")


def _judged(file: str, line: int, text: str | None, known: Knowledge | None) -> Judged | NotRead:
    if text is None:
        return NotRead(file=file, line=line, why="it has no evidence to judge")
    return judged_row(file, line, text, known)
