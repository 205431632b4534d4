"""The detector over an archive on one machine: DuckDB reads and sorts a bucket at a time, in as many programs as cores.

Memory is bounded, however large a bucket is: its series are read in pieces of some rows, whole series in each. What is
found is in results/archive/findings.py.
"""

import multiprocessing
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from results.archive import detecting, findings
from results.archive.cores import cores
from results.archive.manifest import Manifest, paths
from results.archive.needs import ArchiveError
from results.archive.place import Folder, Place

_MEMORY_MB = 128  # of DuckDB in each thread; the rest is Python's, and that of the rows at hand
_THREADS = 4  # in a program
_ROWS_AT_ONCE = 40_000
_AFTER_ALL = "\U0010ffff"  # no series begins so, nor is anything after it
_ORDER = 'series, "at", uid'  # as in results/archive/columns.py; DuckDB has a word of its own that is `at`


class Share(NamedTuple):
    """What a bucket took, in seconds of computing."""

    points: int
    reading_s: float  # and sorting
    detector_s: float


class Found(NamedTuple):
    """A bucket's episodes."""

    episodes: pa.Table
    share: Share


class Work(NamedTuple):
    """A bucket's files."""

    place: Place
    files: list[str]


def buckets(place: Place, manifest: Manifest) -> list[Work]:
    """Those that have any points."""
    found = (Work(place, paths(place, manifest.of_bucket(bucket))) for bucket in range(manifest.buckets))
    return [work for work in found if work.files]


def episodes(place: Place, manifest: Manifest) -> Iterator[Found]:
    """Of each bucket, in the order in which they are done."""
    detecting.made_ready()
    pa.set_memory_pool(pa.system_memory_pool())  # Arrow's own keeps what it has had
    yield from side_by_side(_episodes, buckets(place, manifest), workers=cores())


def side_by_side(call: Callable[[Any], Any], work: Sequence[Any], *, workers: int) -> Iterator[Any]:
    """What the call returns for each piece of work, in the order in which they are done.

    Four threads share a program, since most of what they do is DuckDB's and the compiled loop's, which keep no lock of
    Python's; and what each program needs for itself is more memory than what a bucket does.
    """
    programs = -(-workers // _THREADS)
    pool: Executor
    if programs == 1:
        pool, pieces = ThreadPoolExecutor(workers), [[one] for one in work]
        call = partial(_each, call, 1)
    else:
        # Programs that begin anew: Arrow's and DuckDB's threads do not survive a fork.
        pool = ProcessPoolExecutor(programs, mp_context=multiprocessing.get_context("spawn"))
        pieces = [list(work[first : first + _THREADS]) for first in range(0, len(work), _THREADS)]
        call = partial(_each, call, _THREADS)
    with pool:
        try:
            for future in as_completed([pool.submit(call, piece) for piece in pieces]):
                yield from future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _each(call: Callable[[Any], Any], threads: int, work: list[Any]) -> list[Any]:
    if threads == 1:
        return [call(one) for one in work]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(call, work))


def connected() -> duckdb.DuckDBPyConnection:
    """A DuckDB of one thread that keeps to its memory and fetches nothing."""
    connection = duckdb.connect(
        config={
            "threads": 1,
            "memory_limit": f"{_MEMORY_MB}MB",
            "temp_directory": str(Path(tempfile.gettempdir(), f"kedergi-{uuid4()}")),  # for a series of millions
            "preserve_insertion_order": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
    )
    # It would keep what was read, against a second time, and memory that is free again.
    connection.execute(
        "SET enable_progress_bar = false; SET enable_external_file_cache = false; SET allocator_flush_threshold = '1MB'"
    )
    return connection


def _episodes(work: Work) -> Found:
    found: list[detecting.Named] = []
    points, began, detector_s = 0, time.thread_time(), 0.0
    loop = detecting.quick()
    with connected() as connection:
        try:
            for piece in pieces(work):
                table = _sorted(connection, piece)
                points += table.num_rows
                before = time.thread_time()
                found += detecting.found(table, loop=loop)
                detector_s += time.thread_time() - before
        except (duckdb.IOException, OSError) as exc:
            raise ArchiveError(f"Can't read the archive: {str(exc).splitlines()[0]}") from exc
    share = Share(points, time.thread_time() - began - detector_s, detector_s)
    return Found(findings.table(found), share)


class Piece(NamedTuple):
    """The series from one up to another, without it; None: to the last."""

    work: Work
    first: str
    end: str | None


def pieces(work: Work) -> Iterator[Piece]:
    """All series of a bucket, in pieces of some rows.

    Parts are sorted, and tell of each group of rows where it begins; so a piece is read without the rest.
    """
    first, rows = "", 0
    for begins, count in sorted(_groups(work)):
        if rows >= _ROWS_AT_ONCE and begins > first:
            yield Piece(work, first, begins)
            first, rows = begins, 0
        rows += count
    yield Piece(work, first, None)


def asked(connection: duckdb.DuckDBPyConnection, piece: Piece, query: str) -> pa.Table:
    """What a query says of the piece's `points`.

    DuckDB reads a folder by itself. Of other places Arrow brings it the piece: its own reader for them would have to be
    fetched first.
    """
    work, first, end = piece.work, piece.first, piece.end or _AFTER_ALL
    if isinstance(work.place, Folder):
        files = ", ".join(map(_quoted, work.files))
        connection.execute(
            f"""CREATE OR REPLACE TEMP VIEW points AS SELECT * FROM read_parquet([{files}], hive_partitioning = false)
                WHERE series >= {_quoted(first)} AND series < {_quoted(end)}"""  # noqa: S608 - they are quoted
        )
    else:
        dataset = ds.dataset(work.files, filesystem=work.place.system, format="parquet", partitioning=None)
        series = pc.field("series")
        connection.register("points", dataset.to_table(filter=(series >= first) & (series < end), use_threads=False))
    return connection.sql(query).to_arrow_table()


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _groups(work: Work) -> Iterator[tuple[str, int]]:
    """Of each group of rows: its first series, and how many rows it has."""
    for file in work.files:
        footer = pq.read_metadata(file, filesystem=work.place.system)
        column = footer.schema.to_arrow_schema().get_field_index("series")
        for number in range(footer.num_row_groups):
            group = footer.row_group(number)
            told = group.column(column).statistics
            yield (told.min if told is not None and told.has_min_max else ""), group.num_rows


def _sorted(connection: duckdb.DuckDBPyConnection, piece: Piece) -> pa.Table:
    columns = ", ".join(name for name in (*detecting.NEEDED, *detecting.VANTAGES) if name != "at")
    query = f"""SELECT {columns}, epoch_us("at") AS "at" FROM points ORDER BY {_ORDER}"""  # noqa: S608 - the names are ours
    return asked(connection, piece, query)
