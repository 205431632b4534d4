"""An archive by day, site and network: how often which verdict and mechanism, how fast. SQL, for charts.

No verdict is made here and no episode: for those the detector is needed (results/archive/detecting.py).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from results.archive.cores import cores
from results.archive.duckdb_engine import Work, asked, buckets, connected, pieces, side_by_side
from results.archive.findings import written_as
from results.archive.manifest import Manifest
from results.archive.needs import ArchiveError
from results.archive.place import Place
from results.formats.jsonl import written
from results.judgement import Verdict

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_KEYS = ("day", "url", "asn", "network", "country")
_SHARES = (0.1, 0.5, 0.9)
_FOLLOWED = ("handshake_ms", "kbps")
_MEASUREMENTS = [f"count(*) FILTER (WHERE verdict = '{verdict}') AS {verdict}" for verdict in Verdict]
COLUMNS = pa.schema(
    [
        ("day", pa.date32()),
        ("url", pa.string()),
        ("asn", pa.int64()),
        ("network", pa.string()),
        ("country", pa.string()),
        ("measurements", pa.int64()),
        *((verdict.value, pa.int64()) for verdict in Verdict),
        *((f"{name}_p{share * 100:.0f}", pa.float64()) for name in _FOLLOWED for share in _SHARES),
        ("mechanisms", pa.list_(pa.struct([("mechanism", pa.string()), ("count", pa.int64())]))),
    ]
)


def with_duckdb(place: Place, manifest: Manifest) -> pa.Table:
    """A site's points on one network are in one bucket, so buckets can be counted one by one."""
    return _whole(side_by_side(_of_bucket, buckets(place, manifest), workers=cores()))


def with_spark(place: Place, manifest: Manifest, *, master: str) -> pa.Table:
    """The same on a cluster."""
    from results.archive import spark_engine  # noqa: PLC0415 - is installed for few

    folder = spark_engine.reachable(place)
    if not manifest.parts:
        return _whole(iter(()))
    with spark_engine.session(master) as spark:
        spark_engine.points(spark, folder, manifest).createOrReplaceTempView("points")
        return _whole(iter([_of_spark(spark)]))


def lines(found: pa.Table) -> Iterator[str]:
    """A day of a site on a network as one JSON object a line."""
    for batch in found.to_batches(10_000):
        for row in batch.to_pylist():
            counts = {one["mechanism"]: one["count"] for one in row["mechanisms"] or ()}
            yield written({**row, "day": row["day"].isoformat(), "mechanisms": counts}) + "\n"


def write(found: pa.Table, to: Path) -> None:
    """Told by the file's name: .parquet or .jsonl."""
    written_as(found, lines(found), to)


def _whole(tables: Iterator[pa.Table]) -> pa.Table:
    joined = pa.concat_tables([COLUMNS.empty_table(), *(table.select(COLUMNS.names).cast(COLUMNS) for table in tables)])
    return joined.sort_by([(name, "ascending") for name in _KEYS]).combine_chunks()


def _of_bucket(work: Work) -> pa.Table:
    quantiles = ", ".join(
        f"round(quantile_cont({name}, {share}), 3) AS {name}_p{share * 100:.0f}"
        for name in _FOLLOWED
        for share in _SHARES
    )
    query = _query(
        day='CAST(make_timestamp(epoch_us("at")) AS DATE)',
        quantiles=quantiles,
        ways="unnest(string_split(mechanism, ' '))",
        listed="list({'mechanism': way, 'count': times} ORDER BY times DESC, way)",
    )
    with connected() as connection:
        try:
            return pa.concat_tables([asked(connection, piece, query) for piece in pieces(work)])
        except (duckdb.IOException, OSError) as exc:
            raise ArchiveError(f"Can't read the archive: {str(exc).splitlines()[0]}") from exc


def _of_spark(spark: "SparkSession") -> Any:
    quantiles = ", ".join(
        f"round(percentile({name}, {share}), 3) AS {name}_p{share * 100:.0f}" for name in _FOLLOWED for share in _SHARES
    )
    query = _query(
        day="CAST(`at` AS DATE)",
        quantiles=quantiles,
        ways="explode(split(mechanism, ' '))",
        listed="transform(array_sort(collect_list(struct(-times AS n, way AS w))),"
        " x -> struct(x.w AS mechanism, -x.n AS count))",
    )
    return spark.sql(query).toArrow()


def _query(*, day: str, quantiles: str, ways: str, listed: str) -> str:
    keys = ", ".join(_KEYS)
    same = " AND ".join(f"days.{name} IS NOT DISTINCT FROM seen.{name}" for name in _KEYS)
    named = f"{day} AS day, url, asn, network, country"
    return f"""
        WITH days AS (
            SELECT {named}, count(*) AS measurements, {", ".join(_MEASUREMENTS)}, {quantiles} FROM points
            GROUP BY {day}, url, asn, network, country
        ), ways AS (
            SELECT {named}, {ways} AS way FROM points WHERE mechanism <> ''
        ), counted AS (
            SELECT {keys}, way, count(*) AS times FROM ways GROUP BY {keys}, way
        ), seen AS (
            SELECT {keys}, {listed} AS mechanisms FROM counted GROUP BY {keys}
        )
        SELECT days.*, seen.mechanisms FROM days LEFT JOIN seen ON {same}
    """  # noqa: S608 - the names are ours
