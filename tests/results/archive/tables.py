"""Tables of points from rows in a line or two, sorted as an archive has them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from results.archive.columns import COLUMNS, ORDER

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
_ALWAYS: dict[str, Any] = {
    "mechanism": "",
    "url": "https://ratel.kz/",
    "asn": 9198,
    "network": "Kazakhtelecom",
    "country": "KZ",
    "vantage": "almaty-home-1",
    "vantage_class": "home",
    "rules_version": 1,
}


def table(rows: Sequence[dict[str, Any]]) -> pa.Table:
    """`at`: in hours since BEGAN, or a moment."""
    return pa.Table.from_pylist([_whole(number, row) for number, row in enumerate(rows)], COLUMNS).sort_by(ORDER)


def points(count: int, *, series: str = "ratel.kz AS9198", first: int = 0, **more: Any) -> list[dict[str, Any]]:
    """One an hour, each with a uid of its own."""
    return [
        {"uid": f"{series} {number}", "series": series, "at": number, "verdict": "accessible", **more}
        for number in range(first, first + count)
    ]


def _whole(number: int, row: dict[str, Any]) -> dict[str, Any]:
    at = row["at"] if isinstance(row["at"], datetime) else BEGAN + timedelta(hours=row["at"])
    return {
        **dict.fromkeys(COLUMNS.names),
        **_ALWAYS,
        "uid": f"{number:06}",
        "series": "ratel.kz AS9198",
        **row,
        "at": at,
    }
