"""Files of the evidence archive: what a line is, in which file a measurement's evidence lies, and whether it fits.

How they are written is in results/retention.py.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa
from pydantic import ValidationError
from sqlmodel import SQLModel

from results.formats.files import Unreadable, lines
from results.packing import Spoilt
from results.records import Measurement, adapter
from results.tables import narrow

_ARCHIVED = SQLModel.metadata.tables["archived"]
_BEGINS, _ENDS = b'{"archived":1,"record":', b"}"
_FILES_IN_MEMORY = 2  # of some twenty MB


class Kept(NamedTuple):
    """What a file says of one measurement."""

    evidence_sha256: str
    says: Mapping[str, Any] | None  # the row for lists that follows from it; None: it can't be read


@dataclass(slots=True)
class EvidenceArchive:
    """A folder with the files, as `kedergi verify` goes through them. `folder` None: nobody said where they are."""

    folder: Path | None
    fits: int = 0  # measurements whose evidence was found there
    away: Counter[str] = field(default_factory=Counter)  # by file that is not there, or can't be read: the same
    _spans: list[tuple[str, datetime, datetime]] | None = None  # of all files

    def find(self, connection: sa.Connection, uid: str, at: datetime) -> Kept | str | None:
        """What is kept of a measurement; the name of the file that should have it and is away; None: none should."""
        if self._spans is None:
            query = sa.select(_ARCHIVED.c.file, _ARCHIVED.c.first_at, _ARCHIVED.c.last_at).order_by(
                _ARCHIVED.c.first_at
            )
            self._spans = [(row.file, row.first_at, row.last_at) for row in connection.execute(query)]
        names = [file for file, first_at, last_at in self._spans if first_at <= at <= last_at]
        for name in names:
            kept = self._read(name)
            if kept is not None and uid in kept:
                return kept[uid]
        return next((name for name in names if self._read(name) is None), None)

    def _read(self, name: str) -> Mapping[str, Kept] | None:
        if self.folder is None:
            return None
        path = self.folder / name
        try:
            return _contents(path, path.stat().st_mtime_ns)
        except OSError:
            return None


def files(connection: sa.Connection, at: datetime) -> list[str]:
    """In which files the evidence of a measurement of that time can be: mostly one."""
    query = sa.select(_ARCHIVED.c.file).where(_ARCHIVED.c.first_at <= at, _ARCHIVED.c.last_at >= at)
    return list(connection.execute(query.order_by(_ARCHIVED.c.first_at, _ARCHIVED.c.file)).scalars())


def line_of(evidence: bytes) -> bytes:
    """A line with its end: the evidence byte for byte, since its link in the chain was made of it. Raises Spoilt."""
    if b"\n" in evidence or not evidence.startswith(b"{"):
        raise Spoilt("it is no JSON object of one line")
    return _BEGINS + evidence + _ENDS + b"\n"


def is_archived(found: Mapping[str, Any]) -> bool:
    """Whether an object is a line of an evidence archive."""
    return found.get("archived") == 1 and "record" in found


def read(found: Mapping[str, Any]) -> Measurement:
    """The measurement of a line. Raises Unreadable."""
    try:
        return adapter().validate_python(found["record"])
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Unreadable(f"its field {where!r:.100} is not as written here: {first['msg']}") from exc


def evidence_of(line: bytes) -> bytes | None:
    """Back again; None where it is a line of something else."""
    if line.startswith(_BEGINS) and line.endswith(_ENDS):
        return line[len(_BEGINS) : -len(_ENDS)]
    return None


@lru_cache(maxsize=_FILES_IN_MEMORY)
def _contents(path: Path, _changed: int) -> Mapping[str, Kept] | None:
    found = {}
    try:
        for line in lines(path):
            evidence = evidence_of(line.content)
            if evidence is not None:
                said = _said(evidence)
                found[said[0]] = Kept(sha256(evidence).hexdigest(), said[1])
    except Unreadable:
        return None
    return found


def _said(evidence: bytes) -> tuple[str, Mapping[str, Any] | None]:
    try:
        row = narrow(adapter().validate_json(evidence))
    except ValidationError:
        return "", None
    return str(row["uid"]), row
