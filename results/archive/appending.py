"""Points into an archive, each measurement once, in one commit: the parts first, the manifest last.

Killed at any moment, an archive is as it was before or as it is after. Where points come from is not known here.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from results.archive import manifest as _manifest
from results.archive.columns import COLUMNS, EVIDENCE_COLUMNS, ORDER, WITH_EVIDENCE, buckets, months
from results.archive.manifest import EVIDENCE, POINTS, Manifest, Part
from results.archive.place import Place

AT_ONCE = 500_000  # rows that whoever fills an archive gathers before a commit
_ROWS_A_GROUP = 16_384  # small, so that who wants a few series of a large part reads little
_UIDS_AT_ONCE = 200_000
_MOST_PARTS = 8  # of a month and bucket; then they become one
_LARGEST_MERGED = 2_000_000  # rows; beyond that the parts stay as they are
_TEXTS_THAT_REPEAT = [field.name for field in COLUMNS if field.type == pa.string() and field.name != "uid"]


@dataclass(frozen=True, slots=True)
class Added:
    """What became of points that were to be appended."""

    manifest: Manifest
    stored: int
    there: int  # their uid is in the archive already


def append(place: Place, manifest: Manifest, points: pa.Table, **also: Any) -> Added:
    """Commits these points, and `also`: other fields of the manifest. Only within `writing`.

    `points`: COLUMNS, or WITH_EVIDENCE. A uid stands for one measurement, and so for one series and one time.
    """
    points = points.cast(WITH_EVIDENCE if "evidence" in points.column_names else COLUMNS)
    parts, written, stored = list(manifest.parts), [], 0
    for month, bucket, given in _partitions(points, manifest.buckets):
        known = [part for part in parts if (part.month, part.bucket) == (month, bucket)]
        rows = _new(place, known, given)
        if not rows.num_rows:
            continue
        stored += rows.num_rows
        merged = _to_merge(known, rows)
        parts = [one for one in parts if one not in merged]
        whole = pa.concat_tables([*(_read(place, part) for part in merged), rows])
        name = f"part-{manifest.commits + 1:08}.parquet"
        part = Part(month=month, bucket=bucket, name=name, rows=len(whole), evidence=_evidence(whole))
        _write(place, part, whole.sort_by(ORDER) if merged else whole)
        written.append(part)
    _settled(place, written)
    now = _manifest.commit(place, replace(manifest, parts=tuple(parts + written), **also))
    _remove(place, set(manifest.parts) - set(parts))
    return Added(now, stored, points.num_rows - stored)


def _partitions(points: pa.Table, count: int) -> Iterator[tuple[str, int, pa.Table]]:
    keyed = points.append_column("_month", months(points)).append_column("_bucket", buckets(points, count))
    keyed = keyed.sort_by([("_month", "ascending"), ("_bucket", "ascending"), *ORDER])
    keys = keyed.select(["_month", "_bucket"]).combine_chunks()
    held = keyed.drop_columns(["_month", "_bucket"]).combine_chunks()
    encoded = [keys[name].combine_chunks().dictionary_encode() for name in keys.column_names]
    codes = [np.asarray(one.indices) for one in encoded]
    if not len(codes[0]):
        return
    begins = np.flatnonzero((np.diff(codes[0], prepend=-1) != 0) | (np.diff(codes[1], prepend=-1) != 0))
    for first, end in zip(begins, [*begins[1:], len(codes[0])], strict=True):
        yield str(keys["_month"][first]), keys["_bucket"][first].as_py(), held.slice(first, end - first)


def _new(place: Place, known: Sequence[Part], rows: pa.Table) -> pa.Table:
    """Those whose uid comes here for the first time."""
    uids = rows["uid"].combine_chunks()
    codes = np.asarray(uids.dictionary_encode().indices)
    first = np.zeros(len(codes), bool)
    first[np.unique(codes, return_index=True)[1]] = True
    for part in known:
        with pq.ParquetFile(place.path(part.inside(POINTS)), filesystem=place.system) as file:
            for batch in file.iter_batches(_UIDS_AT_ONCE, columns=["uid"]):
                first &= ~np.asarray(pc.is_in(uids, value_set=batch["uid"]))
    return rows if first.all() else rows.filter(pa.array(first))


def _to_merge(known: Sequence[Part], rows: pa.Table) -> list[Part]:
    """Many small parts cost who reads them; evidence can't be made up for those that have none."""
    evidence = "evidence" in rows.column_names
    alike = [part for part in known if bool(part.evidence) == evidence and part.rows < _LARGEST_MERGED // 2]
    if len(alike) < _MOST_PARTS - 1 or sum(part.rows for part in alike) > _LARGEST_MERGED:
        return []
    return alike


def _evidence(rows: pa.Table) -> int:
    """How many rows have it."""
    return len(rows) - rows["evidence"].null_count if "evidence" in rows.column_names else 0


def _read(place: Place, part: Part) -> pa.Table:
    points = pq.ParquetFile(place.path(part.inside(POINTS)), filesystem=place.system).read()
    if not part.evidence:
        return points.cast(COLUMNS)
    evidence = pq.ParquetFile(place.path(part.inside(EVIDENCE)), filesystem=place.system).read(columns=["evidence"])
    return points.append_column(EVIDENCE_COLUMNS.field("evidence"), evidence["evidence"]).cast(WITH_EVIDENCE)


def _write(place: Place, part: Part, rows: pa.Table) -> None:
    kinds = [(POINTS, COLUMNS), (EVIDENCE, EVIDENCE_COLUMNS)] if part.evidence else [(POINTS, COLUMNS)]
    for kind, columns in kinds:
        repeat = _TEXTS_THAT_REPEAT if kind == POINTS else []
        with place.part(part.inside(kind)) as file:
            pq.write_table(
                rows.select(columns.names).cast(columns),
                file,
                compression="zstd",
                row_group_size=_ROWS_A_GROUP,
                use_dictionary=repeat,
                sorting_columns=pq.SortingColumn.from_ordering(columns, ORDER) if kind == POINTS else None,
            )


def _settled(place: Place, written: Iterable[Part]) -> None:
    place.settled(name for part in written for name in _files(part))


def _remove(place: Place, parts: set[Part]) -> None:
    """What was merged. Left behind by a kill, it is swept next time."""
    for part in parts:
        for name in _files(part):
            place.remove(name)


def _files(part: Part) -> list[str]:
    return [part.inside(kind) for kind in ((POINTS, EVIDENCE) if part.evidence else (POINTS,))]
