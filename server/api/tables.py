"""A table as CSV and as JSON. Pure: columns and rows in, bytes out.

CSV is that of RFC 4180 in UTF-8 with a header. A spreadsheet takes a text that begins like a formula for one; since
whoever measures names its network as it likes, such a text is given an apostrophe before it.
"""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from results.records import iso

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return written.getvalue().encode()


def as_json(name: str, columns: Mapping[str, str], rows: Iterable[Sequence[Any]]) -> bytes:
    """The meaning of each column comes along; an entry has a value for each, null where there is none."""
    found = [dict(zip(columns, map(_value, row), strict=True)) for row in rows]
    whole = {"table": name, "columns": dict(columns), "rows": found}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()


def _cell(value: Any) -> str:
    """Several words stand with spaces between them, counts as in "tls.timeout=3"."""
    if isinstance(value, Mapping):
        return " ".join(f"{name}={count}" for name, count in value.items())
    if isinstance(value, list | tuple):
        value = " ".join(map(str, value))
    found = _value(value)
    if found is None:
        return ""
    if isinstance(found, bool):
        return "true" if found else "false"
    return f"'{found}" if isinstance(found, str) and found.startswith(_FORMULA) else str(found)


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, float):
        return round(value, 4)
    return list(value) if isinstance(value, tuple) else value
