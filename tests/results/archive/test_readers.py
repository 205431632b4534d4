"""Other programs read an archive's folder as it is: the same points, with month and bucket as columns."""

from pathlib import Path

import polars as pl

from results.archive.columns import COLUMNS, bucket
from results.archive.manifest import POINTS
from tests.results.archive.test_appending import SERIES, add, of


def test_polars_reads_the_folder(tmp_path: Path) -> None:
    made = of(*SERIES, count=1500)
    add(tmp_path, made)
    points = pl.scan_parquet(tmp_path / POINTS / "**" / "*.parquet", hive_partitioning=True)
    read = points.sort("series", "at", "uid").collect()
    assert read.select(COLUMNS.names).to_dicts() == made.to_pylist()
    assert read["bucket"].to_list() == [bucket(series, 4) for series in read["series"]]
    months = points.group_by("month").len().sort("month").collect()
    assert months["month"].to_list() == ["2026-01", "2026-02", "2026-03"]
    assert months["len"].to_list() == [6 * 744, 6 * 672, 6 * 84]
