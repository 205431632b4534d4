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
import pyarrow.parquet as pq

from results.archive import detecting, findings
from results.archive.cores import cores
from results.archive.manifest import Manifest, paths
from results.archive.needs import ArchiveError

_MEMORY_MB = 128  # of DuckDB in each thread; the rest is Python's, and that of the rows at hand
_THREADS = 4  # in a program
_ROWS_AT_ONCE = 40_000
AFTER_ALL = "\U0010ffff"  # no series begins so, nor is anything after it
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


def episodes(folder: Path, manifest: Manifest) -> Iterator[Found]:
    """Of each bucket, in the order in which they are done."""
    detecting.made_ready()
    pa.set_memory_pool(pa.system_memory_pool())  # Arrow's own keeps what it has had
    work = [paths(folder, manifest.of_bucket(bucket)) for bucket in range(manifest.buckets)]
    yield from side_by_side(_episodes, [files for files in work if files], workers=cores())


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


def _episodes(files: list[str]) -> Found:
    found: list[detecting.Named] = []
    points, began, detector_s = 0, time.thread_time(), 0.0
    loop = detecting.quick()
    with connected() as connection:
        try:
            for first, end in slices(files):
                table = _sorted(connection, files, first, end)
                points += table.num_rows
                before = time.thread_time()
                found += detecting.found(table, loop=loop)
                detector_s += time.thread_time() - before
        except (duckdb.IOException, FileNotFoundError) as exc:
            raise ArchiveError(f"Can't read the archive: {str(exc).splitlines()[0]}") from exc
    share = Share(points, time.thread_time() - began - detector_s, detector_s)
    return Found(findings.table(found), share)


def slices(files: list[str]) -> Iterator[tuple[str, str | None]]:
    """The series of these parts in pieces of some rows: from one, up to another without it. None: to the last.

    Parts are sorted, and tell of each group of rows where it begins; so a piece is read without the rest.
    """
    groups = sorted(_groups(files))
    first, rows = "", 0
    for begins, count in groups:
        if rows >= _ROWS_AT_ONCE and begins > first:
            yield first, begins
            first, rows = begins, 0
        rows += count
    yield first, None


def _groups(files: list[str]) -> Iterator[tuple[str, int]]:
    """Of each group of rows: its first series, and how many rows it has."""
    for file in files:
        footer = pq.read_metadata(file)
        column = footer.schema.to_arrow_schema().get_field_index("series")
        for number in range(footer.num_row_groups):
            group = footer.row_group(number)
            told = group.column(column).statistics
            yield (told.min if told is not None and told.has_min_max else ""), group.num_rows


def _sorted(connection: duckdb.DuckDBPyConnection, files: list[str], first: str, end: str | None) -> pa.Table:
    columns = ", ".join(name for name in (*detecting.NEEDED, *detecting.VANTAGES) if name != "at")
    query = f"""
        SELECT {columns}, epoch_us("at") AS "at" FROM read_parquet($1, hive_partitioning = false)
        WHERE series >= $2 AND series < $3 ORDER BY {_ORDER}
    """  # noqa: S608 - the names are ours
    return connection.sql(query, params=[files, first, end or AFTER_ALL]).to_arrow_table()
