"""The detector over an archive on a cluster: Spark brings each series together, and the same function folds it there.

The workers need this package and the extra `archive` installed; nothing is sent to them but points. What is lost with
a worker, Spark asks another one for: the function depends on nothing but a series' points.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from results.archive import detecting, findings
from results.archive.columns import ORDER
from results.archive.manifest import POINTS, Manifest, paths
from results.archive.needs import ArchiveError
from results.archive.place import Folder, Place

_NEEDED = ("uid", *detecting.NEEDED, *detecting.VANTAGES)
_COLUMNS = """
    series string, kind string, mechanisms array<string>, state string, last_good_at timestamp, first_bad_at timestamp,
    opened_at timestamp, last_bad_at timestamp, first_good_at timestamp, closed_at timestamp, measurements bigint,
    bad bigint, intermittent boolean
"""


@contextmanager
def session(master: str) -> Iterator[SparkSession]:
    """A session on the user's cluster. Whatever else it shall be like stands in Spark's own configuration."""
    builder = SparkSession.builder.master(master).appName("kedergi")
    settings = {
        "spark.sql.session.timeZone": "UTC",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.execution.arrow.maxRecordsPerBatch": "100000",
    }
    if master.startswith("local"):  # nobody else is to be reached, and nobody else shall reach it
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # this package is installed there
        settings |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    for name, value in settings.items():
        builder = builder.config(name, value)
    try:
        made = builder.getOrCreate()
    except Exception as exc:  # whatever Java says: no Java, no master
        raise ArchiveError(f"Can't begin with Spark at {master!r}: {str(exc).strip().splitlines()[0]}") from exc
    try:
        yield made
    finally:
        made.stop()


def points(spark: SparkSession, folder: Folder, manifest: Manifest) -> DataFrame:
    """All points that the manifest names."""
    here = Folder(folder.root.absolute())
    return spark.read.option("basePath", here.path(POINTS)).parquet(*paths(here, manifest.parts))


def reachable(place: Place) -> Folder:
    """What Spark reads with nothing else installed. Raises ArchiveError for what it needs Hadoop's own reader for."""
    if not isinstance(place, Folder):
        raise ArchiveError(f"--engine spark reads a folder that all workers have, and not {place}; duckdb reads it.")
    return place


def episodes(place: Place, manifest: Manifest, *, master: str) -> pa.Table:
    """Of all series."""
    folder = reachable(place)
    if not manifest.parts:
        return findings.whole([])
    with session(master) as spark:
        series = points(spark, folder, manifest).select(*_NEEDED).groupBy("series")
        return findings.whole([series.applyInArrow(_episodes, _COLUMNS).toArrow()])


def _episodes(series: pa.Table) -> pa.Table:
    return findings.table(detecting.found(series.sort_by(ORDER), loop=detecting.quick()))
