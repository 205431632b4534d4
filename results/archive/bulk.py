"""OONI's files into an archive of points: judged side by side in programs of their own, a file at a time in each.

A file that was taken in is named in the manifest and not read again, so that a run that was ended goes on where it was.
What a measurement of OONI's means is told as everywhere: results/judging.py.
"""

import gc
import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from results.archive import manifest as _manifest
from results.archive.appending import AT_ONCE, append
from results.archive.columns import COLUMNS, of
from results.archive.manifest import Manifest, Source, writing
from results.archive.place import Place
from results.formats.origin import Origin
from results.judging import Judged, NotRead, judged
from results.knowledge import Knowledge, users, with_users

_ROWS = 5_000  # points that a program holds before they go to its file
_TOLD = 1_000  # troubles of one file that are told one by one
_ENDS_BYTES = 64 * 1024  # of a file, by which it is known again
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)  # before which nothing can have been measured


class Trouble(NamedTuple):
    """A line, or a whole file, that was not taken."""

    file: str
    line: int
    says: str


@dataclass(frozen=True, slots=True)
class Read:
    """What one file held; its points lie in a file of the archive that is not part of it yet."""

    file: str
    points: Path
    rows: int
    troubles: list[Trouble]  # the first of them
    not_read: int
    seconds: float  # of computing


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run is."""

    files: int
    skipped: int  # taken in by an earlier run
    bytes: int
    read: int
    stored: int
    there: int
    not_read: int
    seconds: float  # of computing, of all programs


def bring_in(
    files: Sequence[str],
    place: Place,
    *,
    buckets: int | None,
    workers: int,
    tell: Callable[[Progress, list[Trouble]], None],
) -> Progress:
    """Takes in what was not taken in before. `tell` is called after each file with what could not be read of it."""
    with writing(place):
        now = _manifest.read_or_begin(place, buckets)
        _manifest.sweep(place, now)
        new = [file for file in dict.fromkeys(files) if not _taken(now, file)]
        done = Progress(
            files=0, skipped=len(files) - len(new), bytes=0, read=0, stored=0, there=0, not_read=0, seconds=0.0
        )
        with place.scratch() as incoming:
            return _brought_in(place, now, done, _read_side_by_side(new, incoming, workers), tell)


def _brought_in(
    place: Place, now: Manifest, done: Progress, found: Iterator[Read], tell: Callable[[Progress, list[Trouble]], None]
) -> Progress:
    held: list[Read] = []
    for one in found:
        held.append(one)
        done = replace(
            done,
            files=done.files + 1,
            bytes=done.bytes + _bytes(one.file),
            read=done.read + one.rows,
            not_read=done.not_read + one.not_read,
            seconds=done.seconds + one.seconds,
        )
        if sum(each.rows for each in held) >= AT_ONCE:
            now, done = _commit(place, now, held, done)
            held = []
        tell(done, one.troubles)
    return _commit(place, now, held, done)[1] if held else done


def _taken(manifest: Manifest, file: str) -> bool:
    """The same file was, under whichever path. One that grew is read again, and its uids tell what is new."""
    known = manifest.sources.get(Path(file).name)
    return known is not None and known.mark == _mark(file)


def _bytes(file: str) -> int:
    try:
        return Path(file).stat().st_size
    except OSError:
        return 0  # it will be said by who reads it


def _mark(file: str) -> str:
    """By its length, its beginning and its end; empty where it can't be read."""
    try:
        with Path(file).open("rb") as opened:
            size = opened.seek(0, 2)
            opened.seek(0)
            ends = opened.read(_ENDS_BYTES)
            opened.seek(max(size - _ENDS_BYTES, 0))
            return sha256(b"%d " % size + ends + opened.read(_ENDS_BYTES)).hexdigest()[:32]
    except OSError:
        return ""


def _commit(place: Place, now: Manifest, held: list[Read], done: Progress) -> tuple[Manifest, Progress]:
    """All points first, then that these files were taken in."""
    stored = there = 0
    for points in _gathered(held):
        added = append(place, now, points)
        now, stored, there = added.manifest, stored + added.stored, there + added.there
    sources = {
        Path(one.file).name: Source(mark=mark, read=one.rows, not_read=one.not_read)
        for one in held
        if (mark := _mark(one.file))
    }
    now = _manifest.commit(place, replace(now, sources={**now.sources, **sources}))
    for one in held:
        one.points.unlink()
    return now, replace(done, stored=done.stored + stored, there=done.there + there)


def _gathered(held: list[Read]) -> Iterator[pa.Table]:
    """The points of several files in tables of about AT_ONCE rows, also where one file has many more."""
    tables: list[pa.Table] = []
    for one in held:
        with pq.ParquetFile(one.points) as file:
            for batch in file.iter_batches(_ROWS):
                tables.append(pa.table(batch))
                if len(tables) * _ROWS >= AT_ONCE:
                    yield pa.concat_tables(tables)
                    tables = []
    if tables:
        yield pa.concat_tables(tables)


def _read_side_by_side(files: list[str], into: Path, workers: int) -> Iterator[Read]:
    """Few files ahead, so that what is read and not yet committed stays little."""
    count = max(1, min(workers, len(files)))
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(count, mp_context=context, initializer=_made_ready) as pool:
        rest = ((file, into / f"{number:08}.parquet") for number, file in enumerate(files))
        waiting: set[Future[Read]] = {pool.submit(_read, *one) for one in islice(rest, 2 * count)}
        try:
            while waiting:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                waiting |= {pool.submit(_read, *one) for one in islice(rest, len(done))}
                yield from (one.result() for one in done)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


@cache
def _known() -> Knowledge:
    return with_users(users.folder())[0]


def _made_ready() -> None:
    """What is loaded stays to the end: the collector of garbage need not go through it every few measurements."""
    _known()
    gc.freeze()


def _read(file: str, into: Path) -> Read:
    """Judges a file in a program of its own. Its points go to the disk, so that little memory is needed."""
    began = time.process_time()
    troubles: list[Trouble] = []
    held: list[dict[str, Any]] = []
    rows = not_read = 0
    with pq.ParquetWriter(into, COLUMNS, compression="zstd", compression_level=1) as writer:
        for one in judged([file], origin=Origin.OONI, known=_known()):
            trouble = _trouble(file, one)
            if trouble is not None:
                not_read += 1
                troubles += [trouble] if not_read <= _TOLD else []
                continue
            assert isinstance(one, Judged)
            held.append(of(one.measurement, one.judgement))
            if len(held) == _ROWS:
                writer.write_table(pa.Table.from_pylist(held, COLUMNS))
                rows, held = rows + len(held), []
        writer.write_table(pa.Table.from_pylist(held, COLUMNS))
    return Read(file, into, rows + len(held), troubles, not_read, time.process_time() - began)


def _trouble(file: str, one: Judged | NotRead) -> Trouble | None:
    if isinstance(one, NotRead):
        return Trouble(file, one.line or 0, one.says)
    if (one.said is not None and not one.said.dated) or one.measurement.started_at < _EARLIEST:
        return Trouble(file, one.line or 0, "It does not say when it was measured.")
    return None
