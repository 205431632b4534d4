"""What belongs to an archive: its manifest, written last and whole, and one writer at a time.

A part that no manifest names does not belong to the archive: it was left by a program that was killed, is read by
nobody here, and is swept by whoever writes next. What a part holds is in results/archive/columns.py.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace

from results.archive.needs import ArchiveError
from results.archive.place import Place

SCHEMA = 1  # of the manifest and of the parts' columns; another one is not read
BUCKETS = 32  # where nothing else is asked for
POINTS, EVIDENCE = "points", "evidence"  # the folders
_NAME = "manifest.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One file of points, of one month and one bucket, sorted by series, time and uid."""

    month: str  # "2026-11"
    bucket: int
    name: str
    rows: int
    evidence: int = 0  # of how many rows a file of the same name holds the evidence, row by row; 0: there is none

    def inside(self, kind: str) -> str:
        return f"{kind}/month={self.month}/bucket={self.bucket}/{self.name}"


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


def read(place: Place) -> Manifest:
    """The manifest of an archive. Raises ArchiveError."""
    found = _read(place)
    if found is None:
        raise ArchiveError(f"{place} is no archive: it has no {_NAME}.")
    return found


def read_or_begin(place: Place, buckets: int | None) -> Manifest:
    """The manifest, or that of an empty archive. `buckets` None: as it is, or the usual number."""
    found = _read(place)
    if found is None:
        if not place.bare():
            raise ArchiveError(f"{place} is no archive and not empty; an archive begins in an empty or a new folder.")
        return Manifest(buckets=buckets or BUCKETS)
    if buckets not in (None, found.buckets):
        raise ArchiveError(f"{place} has {found.buckets} buckets, and keeps them; {buckets} were asked for.")
    return found


def commit(place: Place, manifest: Manifest) -> Manifest:
    """From here on, this is the archive. The parts that it names are there and on the disk already."""
    manifest = replace(manifest, commits=manifest.commits + 1)
    text = json.dumps({"schema": SCHEMA, **asdict(manifest)}, ensure_ascii=False, separators=(",", ":"))
    place.commit(_NAME, text)
    return manifest


def sweep(place: Place, manifest: Manifest) -> None:
    """Removes the parts that a killed program has left. Only who is the only writer may."""
    kept = {part.inside(kind) for part in manifest.parts for kind in (POINTS, EVIDENCE)}
    for kind in (POINTS, EVIDENCE):
        for name in place.files(kind):
            if ".parquet" in name and name not in kept:
                place.remove(name)


@contextmanager
def writing(place: Place) -> Iterator[None]:
    """The only writer."""
    try:
        with place.alone():
            yield
    except OSError as exc:
        raise ArchiveError(f"Can't write to the archive {place}: {exc.strerror or _first_line(exc)}.") from exc


def paths(place: Place, parts: Iterable[Part]) -> list[str]:
    """The files of points, as engines want them."""
    return [place.path(part.inside(POINTS)) for part in parts]


def _read(place: Place) -> Manifest | None:
    try:
        text = place.text(_NAME)
        if text is None:
            return None
        found = json.loads(text)
    except (OSError, ValueError) as exc:
        raise ArchiveError(f"Can't read the archive {place}: {_first_line(exc)}.") from exc
    schema = found.pop("schema", None) if isinstance(found, dict) else None
    if schema != SCHEMA:
        raise ArchiveError(f"The archive {place} has the schema {schema!r}; this program reads {SCHEMA}.")
    return Manifest(
        buckets=found["buckets"],
        commits=found["commits"],
        parts=tuple(Part(**part) for part in found["parts"]),
        marks={name: Mark(**mark) for name, mark in found["marks"].items()},
        sources={name: Source(**source) for name, source in found["sources"].items()},
    )


def _first_line(exc: Exception) -> str:
    return str(exc).partition("\n")[0].rstrip(".")
