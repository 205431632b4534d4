"""CSV files of knowledge to rows of cells, each with its line. What the cells mean is not known here.

A line that is no good costs itself and no other: a stray quotation mark does not swallow the rest of the file.
"""

import codecs
import csv
import io
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

MAX_ROW_LINES = 50  # a quoted cell over more lines is taken for a stray quotation mark

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_SHOWN_CHARACTERS = 120


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one line of a file. `str()` is `file:line: says`."""

    file: str  # as it was given
    line: int  # from 1, where the row begins; 0 is the file as a whole
    says: str  # one sentence

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.says}"


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one row by column, as they stand in the file, and the line it begins on."""

    line: int
    cells: Mapping[str, str]


class BadRow(ValueError):
    """A row that gives nothing. `str()` is one sentence."""


def read(path: str | Path, columns: Sequence[str], needed: Sequence[str]) -> tuple[list[Row], list[Problem]]:
    """The rows of a file under those `columns`, in its order, and what is wrong with it. Raises nothing.

    A file without the `needed` columns has no rows. Cells of columns that the file lacks are absent.
    """
    file = str(path)
    try:
        raw = Path(path).read_bytes()
    except (OSError, ValueError) as exc:  # ValueError: a NUL in the name
        reason = exc.strerror if isinstance(exc, OSError) else str(exc)
        return [], [Problem(file, 0, f"The file cannot be read: {reason}.")]
    if raw.startswith(_UTF_16):
        return [], [Problem(file, 0, "The file is UTF-16; save it as UTF-8.")]
    text = raw.removeprefix(codecs.BOM_UTF8).decode("utf-8", "surrogateescape")
    records = _records(list(io.StringIO(text, newline=None)))
    line, header = next(records, (0, []))
    if isinstance(header, str) or not header:
        return [], [Problem(file, line, f"The file has no header; allowed are {', '.join(columns)}.")]
    names = [name.strip().lower() for name in header]
    absent = [name for name in needed if name not in names]
    if absent:
        return [], [Problem(file, line, f"The header lacks {', '.join(absent)}; needed are {', '.join(needed)}.")]
    return _rows(file, records, names, columns, _unread(file, line, names, columns))


def shown(text: str) -> str:
    """A text fit for one line of a terminal or of a reason: no control characters, at most 120 characters."""
    if len(text) > _SHOWN_CHARACTERS:
        text = text[: _SHOWN_CHARACTERS - 1] + "…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def _rows(
    file: str,
    records: Iterator[tuple[int, list[str] | str]],
    names: list[str],
    columns: Sequence[str],
    problems: list[Problem],
) -> tuple[list[Row], list[Problem]]:
    rows = []
    for line, record in records:
        if isinstance(record, str):
            problems.append(Problem(file, line, f"The line is left out: {record}."))
        elif not any(cell.strip() for cell in record):
            continue
        elif len(record) != len(names):
            says = f"The line is left out: {len(record)} cells where the header names {len(names)} columns."
            problems.append(Problem(file, line, says))
        else:
            cells = dict(zip(reversed(names), reversed(record), strict=True))  # of two alike the first stands
            rows.append(Row(line, {name: cell for name, cell in cells.items() if name in columns}))
    return rows, problems


def _unread(file: str, line: int, names: list[str], columns: Sequence[str]) -> list[Problem]:
    unknown = [name for name in names if name not in columns]
    twice = sorted({name for name in names if name in columns and names.count(name) > 1})
    allowed = ", ".join(columns)
    return [
        *(Problem(file, line, f'The column "{shown(name)}" is not read; known are {allowed}.') for name in unknown),
        *(Problem(file, line, f'The column "{name}" stands twice; the first is read.') for name in twice),
    ]


def _records(lines: list[str]) -> Iterator[tuple[int, list[str] | str]]:
    """Each record's first line, with its cells or what is wrong with it: a sentence without its full stop."""
    start = 0
    while start < len(lines):
        reader = csv.reader(lines[start : start + MAX_ROW_LINES], strict=True)
        line = start + 1
        try:
            cells = next(reader)
        except csv.Error as exc:
            yield line, f"not readable as CSV ({exc}); look at the quotation marks"
            start += 1
            continue
        start += reader.line_num
        yield line, _wrong_character(cells) or cells


def _wrong_character(cells: list[str]) -> str:
    for character in "".join(cells):
        if "\udc80" <= character <= "\udcff":
            return f"the byte 0x{ord(character) - 0xDC00:02X} is not UTF-8; save the file as UTF-8"
        if unicodedata.category(character) == "Cc" and character not in "\n\t":  # a terminal would obey it
            return f"the control character U+{ord(character):04X} is not allowed"
    return ""
