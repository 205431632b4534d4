"""Points of series as CSV, from anywhere: columns series, at, verdict and, where known, the numbers that are followed.

A row that can't be used is said with its line, and the rest is used. What the points mean: results/episodes.py.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path

from results.episodes import Row
from results.formats.files import Line, Unreadable, lines
from results.judgement import Verdict

NEEDED = ("series", "at", "verdict")
NUMBERS = ("handshake_ms", "kbps", "reference_handshake_ms", "reference_kbps")
_VERDICTS = frozenset(verdict.value for verdict in Verdict)
_ALLOWED = ", ".join(verdict.value for verdict in Verdict)


@dataclass(frozen=True, slots=True)
class Trouble:
    """A row, or a whole file, that is not used."""

    file: str  # as it was given
    line: int
    says: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.says}"


class _BadRow(Exception):
    """Why, in one sentence."""


def read(file: str) -> tuple[dict[str, list[Row]], list[Trouble]]:
    """Each series' rows in the order of the file, and what is not used."""
    series: dict[str, list[Row]] = {}
    troubles: list[Trouble] = []
    columns: dict[str, int] | None = None
    number = 0
    try:
        for line in lines(Path(file)):
            number = line.number
            try:
                fields = _fields(line)
                if columns is None:
                    columns = _columns(fields)
                    continue
                name, row = _row(fields, columns)
            except _BadRow as exc:
                troubles.append(Trouble(file, number, str(exc)))
                if columns is None:
                    return series, troubles
                continue
            series.setdefault(name, []).append(row)
    except Unreadable as exc:
        troubles.append(Trouble(file, number, f"{str(exc)[:1].upper()}{str(exc)[1:]}."))
    if columns is None and not troubles:
        troubles.append(Trouble(file, 1, f"The file is empty; needed is a first line with {', '.join(NEEDED)}."))
    return series, troubles


def _fields(line: Line) -> list[str]:
    if line.too_long:
        raise _BadRow("The line is too long.")
    try:
        return next(csv.reader([line.content.decode("utf-8-sig" if line.number == 1 else "utf-8")], strict=True))
    except UnicodeDecodeError as exc:
        raise _BadRow("The line is not UTF-8 text.") from exc
    except csv.Error as exc:
        raise _BadRow(f"The line is not CSV: {exc}.") from exc


def _columns(fields: list[str]) -> dict[str, int]:
    columns = {name.strip().lower(): place for place, name in enumerate(fields)}
    missing = [name for name in NEEDED if name not in columns]
    if missing:
        raise _BadRow(f"The first line must name the columns; missing: {', '.join(missing)}.")
    return columns


def _row(fields: list[str], columns: dict[str, int]) -> tuple[str, Row]:
    found = dict(_cells(fields, columns))
    name, verdict = found.get("series", ""), found.get("verdict", "").lower()
    if not name:
        raise _BadRow("series is empty.")
    if verdict not in _VERDICTS:
        raise _BadRow(f"verdict is {found.get('verdict', '')!r}; allowed are {_ALLOWED}.")
    handshake_ms, kbps, reference_ms, reference_kbps = (_number(key, found.get(key, "")) for key in NUMBERS)
    how = tuple(found.get("mechanism", "").replace(";", " ").replace("|", " ").replace(",", " ").split())
    at = _seconds(found.get("at", ""))
    return name, Row(at, verdict, how, handshake_ms, kbps, reference_ms, reference_kbps)


def _cells(fields: list[str], columns: dict[str, int]) -> Iterator[tuple[str, str]]:
    for name, place in columns.items():
        if place < len(fields):
            yield name, fields[place].strip()


def _seconds(text: str) -> float:
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError) as exc:
        raise _BadRow(f"at is {text!r}; allowed is ISO 8601 in UTC, as in 2026-11-22T09:00:00Z.") from exc


def _number(name: str, text: str) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not isfinite(value) or value < 0:
        raise _BadRow(f"{name} is {text!r}; allowed is a number that is not negative, or nothing.")
    return value or None  # nothing takes no time: it was not measured
