"""An archive by day, site and network: counts and quantiles, against the same counted by hand."""

import json
import statistics
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from results.archive import manifest as _manifest
from results.archive import rollup
from results.archive.place import Folder
from tests.results.archive.generated import archive
from tests.results.archive.tables import points, table
from tests.results.archive.test_appending import add, read


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    archive(tmp_path, count=4, length=300, buckets=2)
    rows = [row for hour in (0, 30) for row in points(7, series="b AS1", first=hour, asn=None, network="Beeline")]
    add(tmp_path, table([*rows, *points(3, series="c", first=9, verdict="blocked", mechanism="a.b c.d", url="c")]), 2)
    return tmp_path


def days(folder: Path) -> pa.Table:
    return rollup.with_duckdb(Folder(folder), _manifest.read(Folder(folder)))


def test_each_day_counts_what_was_measured_on_it(folder: Path) -> None:
    counted: Counter[tuple[str, str, str]] = Counter()
    ways: Counter[tuple[str, str, str]] = Counter()
    times: dict[tuple[str, str], list[float]] = {}
    for row in read(folder).to_pylist():
        day = f"{row['at']:%Y-%m-%d}", row["url"]
        counted[(*day, row["verdict"])] += 1
        ways.update((*day, way) for way in row["mechanism"].split())
        times.setdefault(day, []).extend([row["handshake_ms"]] if row["handshake_ms"] is not None else [])
    rows = [json.loads(line) for line in rollup.lines(days(folder))]
    keys = ("accessible", "blocked", "throttled", "down", "inconclusive")
    said = {(row["day"], row["url"], key): row[key] for row in rows for key in keys if row[key]}
    assert said == dict(counted)
    assert {(row["day"], row["url"], way): n for row in rows for way, n in row["mechanisms"].items()} == dict(ways)
    for row in rows:
        known = times[row["day"], row["url"]]
        median = statistics.median(known) if known else None
        assert row["handshake_ms_p50"] == (None if median is None else pytest.approx(median, abs=1e-3))
        assert row["measurements"] == sum(row[key] for key in keys)


def test_a_network_without_a_number_is_counted_by_its_name(folder: Path) -> None:
    rows = [row for row in days(folder).to_pylist() if row["network"] == "Beeline"]
    assert [(str(row["day"]), row["asn"], row["measurements"]) for row in rows] == [
        ("2026-01-01", None, 7),
        ("2026-01-02", None, 7),
    ]


def test_it_is_written_as_parquet_too(folder: Path, tmp_path: Path) -> None:
    rollup.write(days(folder), tmp_path / "days.parquet")
    assert pq.ParquetFile(tmp_path / "days.parquet").read().equals(days(folder))
