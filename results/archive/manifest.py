"""What belongs to an archive: its manifest, written last and whole, and one writer at a time.

A part that no manifest names does not belong to the archive: it was left by a program that was killed, is read by
nobody here, and is swept by whoever writes next. What a part holds is in results/archive/columns.py.
"""

import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, Any

from results.archive.needs import ArchiveError

SCHEMA = 1  # of the manifest and of the parts' columns; another one is not read
BUCKETS = 32  # where nothing else is asked for
POINTS, EVIDENCE, INCOMING = "points", "evidence", "incoming"  # the folders
_NAME, _LOCK = "manifest.json", "writing.lock"
NEW = ".new"  # at the end of a name: not yet part of anything


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One file of points, of one month and one bucket, sorted by series, time and uid."""

    month: str  # "2026-11"
    bucket: int
    name: str
    rows: int
    evidence: int = 0  # of how many rows a file of the same name holds the evidence, row by row; 0: there is none

    def inside(self, kind: str) -> Path:
        return Path(kind, f"month={self.month}", f"bucket={self.bucket}", self.name)


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a vantage's chain was taken. The digest stands for all links up to it."""

    number: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file of measurements that was taken in."""

    mark: str  # by which it is known again
    read: int
    not_read: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """All that belongs to the archive, as of one commit."""

    buckets: int = BUCKETS
    commits: int = 0
    parts: tuple[Part, ...] = ()
    marks: dict[str, Mark] = field(default_factory=dict)  # by vantage
    sources: dict[str, Source] = field(default_factory=dict)  # by name

    @property
    def rows(self) -> int:
        return sum(part.rows for part in self.parts)

    def of_bucket(self, bucket: int) -> list[Part]:
        return [part for part in self.parts if part.bucket == bucket]


def read(folder: Path) -> Manifest:
    """The manifest of an archive. Raises ArchiveError."""
    found = _read(folder)
    if found is None:
        raise ArchiveError(f"{folder} is no archive: it has no {_NAME}.")
    return found


def read_or_begin(folder: Path, buckets: int | None) -> Manifest:
    """The manifest, or that of an empty archive. `buckets` None: as it is, or the usual number."""
    found = _read(folder)
    if found is None:
        if folder.exists() and any(path.name != _LOCK for path in folder.iterdir()):
            raise ArchiveError(f"{folder} is no archive and not empty; an archive begins in an empty or a new folder.")
        return Manifest(buckets=buckets or BUCKETS)
    if buckets not in (None, found.buckets):
        raise ArchiveError(f"{folder} has {found.buckets} buckets, and keeps them; {buckets} were asked for.")
    return found


def commit(folder: Path, manifest: Manifest) -> Manifest:
    """From here on, this is the archive. The parts that it names are there and on the disk already."""
    manifest = replace(manifest, commits=manifest.commits + 1)
    text = json.dumps({"schema": SCHEMA, **asdict(manifest)}, ensure_ascii=False, separators=(",", ":"))
    new = folder / (_NAME + NEW)
    with new.open("w", encoding="utf-8") as file:
        file.write(text)
        to_disk(file)
    new.replace(folder / _NAME)
    folder_to_disk(folder)
    return manifest


def sweep(folder: Path, manifest: Manifest) -> None:
    """Removes what a killed program has left. Only who holds the lock may."""
    kept = {folder / part.inside(kind) for part in manifest.parts for kind in (POINTS, EVIDENCE)}
    for kind in (POINTS, EVIDENCE, INCOMING):
        for path in (folder / kind).rglob("*.parquet*"):
            if path not in kept:
                path.unlink()


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """The only writer. The system lets go of the lock when the program ends, however that comes."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / _LOCK).open("a+b") as file:
            if not _locked(file):
                raise ArchiveError(f"Another program writes to the archive {folder}; try again when it has ended.")
            yield
    except OSError as exc:
        raise ArchiveError(f"Can't write to the archive {folder}: {exc.strerror or exc}.") from exc


def paths(folder: Path, parts: Iterable[Part]) -> list[str]:
    """The files of points, as engines want them."""
    return [str(folder / part.inside(POINTS)) for part in parts]


def to_disk(file: IO[Any]) -> None:
    file.flush()
    os.fsync(file.fileno())


def folder_to_disk(folder: Path) -> None:
    """So that a new name is there after a power cut too."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(folder: Path) -> Manifest | None:
    try:
        found = json.loads((folder / _NAME).read_text("utf-8"))
    except FileNotFoundError:
        return None
    except NotADirectoryError as exc:
        raise ArchiveError(f"{folder} is no folder, and so no archive.") from exc
    except (OSError, ValueError) as exc:
        raise ArchiveError(f"Can't read the archive {folder}: {exc}.") from exc
    schema = found.pop("schema", None) if isinstance(found, dict) else None
    if schema != SCHEMA:
        raise ArchiveError(f"The archive {folder} has the schema {schema!r}; this program reads {SCHEMA}.")
    return Manifest(
        buckets=found["buckets"],
        commits=found["commits"],
        parts=tuple(Part(**part) for part in found["parts"]),
        marks={name: Mark(**mark) for name, mark in found["marks"].items()},
        sources={name: Source(**source) for name, source in found["sources"].items()},
    )


def _locked(file: IO[bytes]) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415 - is on Windows alone

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl  # noqa: PLC0415 - is not on Windows

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
