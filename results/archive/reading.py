"""Measurements back out of an archive that holds their evidence, so that a store can take them in.

Points alone, such as those of OONI's files, are no measurements: what was seen is not in them.
"""

from collections.abc import Iterator

import pyarrow.parquet as pq
from pydantic import ValidationError

from results.archive.manifest import EVIDENCE, Manifest
from results.archive.needs import ArchiveError
from results.archive.place import Place
from results.judging import Judged, NotRead
from results.knowledge import Knowledge
from results.records import adapter
from results.verdict import judge

_ROWS = 500


def judged(place: Place, manifest: Manifest, known: Knowledge) -> Iterator[Judged | NotRead]:
    """All measurements, month after month, judged anew."""
    for part in sorted(manifest.parts, key=lambda part: (part.month, part.bucket, part.name)):
        if not part.evidence:
            continue
        path = place.path(part.inside(EVIDENCE))
        try:
            with pq.ParquetFile(path, filesystem=place.system) as file:
                line = 0
                for batch in file.iter_batches(_ROWS, columns=["evidence"]):
                    for text in batch["evidence"].to_pylist():
                        line += 1
                        if text is None:
                            continue
                        yield judged_row(path, line, text, known)
        except OSError as exc:
            raise ArchiveError(f"Can't read {path}: {exc}.") from exc


def without_evidence(manifest: Manifest) -> int:
    """How many points no measurement can be read of."""
    return sum(part.rows - part.evidence for part in manifest.parts)


def judged_row(file: str, line: int, text: str, known: Knowledge | None) -> Judged | NotRead:
    """A row's measurement, judged anew."""
    try:
        measurement = adapter().validate_json(text)
    except ValidationError as exc:
        return NotRead(file=file, line=line, why=f"its evidence is not as written here: {exc.errors()[0]['msg']}")
    said = judge(measurement, known)
    return Judged(file=file, line=line, measurement=measurement, judgement=said, evidence=text.encode())
