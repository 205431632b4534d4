"""The columns of an archive's parts: the points of `episodes --points`, with keys, verdict, times and versions.

They are public (docs/archives.md). What a part belongs to is in results/archive/manifest.py.
"""

import zlib
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from results.archive.manifest import SCHEMA
from results.history import series_name
from results.judgement import Judgement
from results.records import Measurement
from results.tables import narrow

_MOMENT = pa.timestamp("us", tz="UTC")
_NEVER_EMPTY = ("uid", "series", "at", "verdict", "mechanism", "url", "vantage", "vantage_class", "rules_version")
_TEXTS = ("confidence", "fault", "url", "network", "country", "vantage", "vantage_class")
_TIMES = ("dns_ms", "tcp_ms", "ttfb_ms", "total_ms", "runtime_ms")
METADATA = {"kedergi.schema": str(SCHEMA)}


def _field(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=name not in _NEVER_EMPTY)


COLUMNS = pa.schema(
    [
        _field("uid", pa.string()),
        _field("series", pa.string()),
        _field("at", _MOMENT),
        _field("verdict", pa.string()),
        _field("mechanism", pa.string()),  # the most telling first, apart by spaces
        *(
            _field(name, pa.float64())
            for name in ("handshake_ms", "kbps", "reference_handshake_ms", "reference_kbps", *_TIMES)
        ),
        *(_field(name, pa.string()) for name in _TEXTS),
        _field("asn", pa.int64()),
        _field("status", pa.int32()),
        _field("rules_version", pa.int32()),
    ],
    metadata=METADATA,
)
EVIDENCE_COLUMNS = pa.schema(
    [pa.field("uid", pa.string(), nullable=False), pa.field("evidence", pa.string())],
    metadata=METADATA,
)
WITH_EVIDENCE = COLUMNS.append(EVIDENCE_COLUMNS.field("evidence"))
ORDER = [("series", "ascending"), ("at", "ascending"), ("uid", "ascending")]


def of(measurement: Measurement, judgement: Judgement) -> dict[str, Any]:
    """The point of a measurement that lies in no store."""
    timings = judgement.timings
    said = {
        "verdict": judgement.verdict.value,
        "mechanisms": judgement.mechanisms,
        "confidence": judgement.confidence and judgement.confidence.value,
        "fault": judgement.fault and judgement.fault.value,
        "kbps": judgement.kbps,
        "status": judgement.status,
        "rules_version": judgement.rules_version,
        "dns_ms": timings.dns,
        "tcp_ms": timings.tcp,
        "tls_ms": timings.tls,
        "ttfb_ms": timings.ttfb,
        "total_ms": timings.total,
    }
    return of_rows({**narrow(measurement), **said})


def of_rows(row: Any) -> dict[str, Any]:
    """The point that the rows of `measurement` and `verdict` of one uid say."""
    return {
        **{name: row[name] for name in COLUMNS.names if name in row},
        "series": series_name(row["url"], row["asn"], row["network"]),
        "at": row["started_at"],
        "mechanism": " ".join(row["mechanisms"]),
        "handshake_ms": row["tls_ms"],
        "reference_handshake_ms": row["reference_tls_ms"],
        "reference_kbps": None,
    }


def months(points: pa.Table) -> pa.ChunkedArray:
    return pc.strftime(points["at"], "%Y-%m")


def buckets(points: pa.Table, count: int) -> pa.ChunkedArray:
    """Which bucket each row's series falls into: its CRC-32 in UTF-8, modulo their number."""
    encoded = points["series"].combine_chunks().dictionary_encode()
    numbers = pa.array([bucket(series, count) for series in encoded.dictionary.to_pylist()], pa.int32())
    return numbers.take(encoded.indices)


def bucket(series: str, count: int) -> int:
    return zlib.crc32(series.encode()) % count
