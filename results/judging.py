"""Judges what is stored in files, ours or OONI's, one measurement after the other. No network, no store.

How a format is read is in results/formats, what a measurement means in results/verdict.py.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from results import archived
from results.formats import jsonl, ooni
from results.formats.documents import Document, documents
from results.formats.files import Unreadable
from results.formats.origin import Origin
from results.judgement import Judgement, Verdict
from results.knowledge import Knowledge
from results.records import SCHEMA, Measurement
from results.verdict import judge

_PARQUET = b"PAR1"
_POINTS = b"series,at,verdict,"  # how `kedergi export --format csv` begins
_ONLY_POINTS = (
    "it is a table of points, in which what was seen is left out, so nothing can be judged of it; "
    "`kedergi episodes --points` reads it, and what jsonl, parquet and ooni wrote can be imported"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One measurement of a file, judged."""

    file: str  # as it was given
    line: int | None  # where it begins
    measurement: Measurement
    judgement: Judgement
    said: ooni.Seen | None = None  # what OONI said of it; None where it is ours
    evidence: bytes | None = None  # byte for byte as it was stored, where the file is one of an evidence archive


@dataclass(frozen=True, slots=True, kw_only=True)
class NotRead:
    """A file, or one object in it, that is no measurement that is read here."""

    file: str
    line: int | None  # None: the whole file
    why: str

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line or 0}"

    @property
    def says(self) -> str:
        return f"{self.why[:1].upper()}{self.why[1:]}."


def judged(
    files: Iterable[str], *, origin: Origin | None = None, known: Knowledge | None = None
) -> Iterator[Judged | NotRead]:
    """Every measurement of the files in their order. `origin` None: told by what an object holds."""
    for file in files:
        begins = _beginning(file)
        if begins.startswith(_PARQUET):
            yield from _of_parquet(file, known)
        elif begins.removeprefix(b"\xef\xbb\xbf").startswith(_POINTS):
            yield NotRead(file=file, line=None, why=_ONLY_POINTS)
        else:
            for document in documents(Path(file)):
                yield _judged(file, document, origin, known)
                del document  # a large one would stay until the next is read


def _beginning(file: str) -> bytes:
    try:
        with Path(file).open("rb") as opened:
            return opened.read(64)
    except OSError:
        return b""  # whoever reads it says why


def _of_parquet(file: str, known: Knowledge | None) -> "Iterator[Judged | NotRead]":
    from results.archive.needs import demand  # noqa: PLC0415 - an extra, which most need not

    demand("archive")
    from results.archive import flat  # noqa: PLC0415

    yield from flat.judged(file, known)


def _judged(file: str, document: Document, origin: Origin | None, known: Knowledge | None) -> Judged | NotRead:
    if document.found is None:
        return NotRead(file=file, line=document.line, why=document.trouble)
    try:
        measurement, said = _read(document.found, origin)
    except Unreadable as exc:
        return NotRead(file=file, line=document.line, why=str(exc))
    return Judged(
        file=file,
        line=document.line,
        measurement=measurement,
        judgement=judge(measurement, known),
        said=said,
        evidence=archived.evidence_of(document.content),
    )


def _read(found: dict[str, Any], origin: Origin | None) -> tuple[Measurement, ooni.Seen | None]:
    if origin is not Origin.OONI and archived.is_archived(found):
        return archived.read(found), None
    if origin is Origin.KEDERGI or (origin is None and jsonl.is_ours(found)):
        return jsonl.read(found), None
    if origin is Origin.OONI or ooni.is_ooni(found):
        seen = ooni.read(found)
        return seen.measurement, seen
    raise Unreadable("it is neither a line of Kedergi's (it has no evidence) nor of OONI's (it has no test_keys)")


def record(one: Judged | NotRead) -> dict[str, Any]:
    """The public object of `judge`: that of `check`, with the file, its line, and OONI's own verdict."""
    if isinstance(one, NotRead):
        return {"file": one.file, "line": one.line, **_nothing(one.says), "ooni": None}
    found, said = jsonl.record(one.measurement, one.judgement), one.said
    if said is not None and not said.dated:
        found["started_at"] = None
    own = None if said is None else {"blocking": said.blocking, "accessible": said.accessible}
    return {"file": one.file, "line": one.line, **found, "ooni": own}


def _nothing(says: str) -> dict[str, Any]:
    """All keys of a line, without the values of a measurement."""
    return {
        "schema": SCHEMA,
        **dict.fromkeys(("uid", "url", "started_at", "runtime_ms")),
        "vantage": dict.fromkeys(("name", "country", "asn", "network", "class")),
        "verdict": Verdict.INCONCLUSIVE.value,
        "mechanisms": [],
        **dict.fromkeys(("confidence", "fault")),
        "reasons": [{"rule": "unreadable", "says": says}],
        "rules_version": None,
        "timings_ms": dict.fromkeys(("dns", "tcp", "tls", "ttfb", "total")),
        **dict.fromkeys(("kbps", "throttling", "status", "evidence")),
    }
