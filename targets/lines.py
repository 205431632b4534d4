"""Bytes to records, each with the lines it stands on. What a record means is not decided here.

Every line belongs to exactly one record, whatever the bytes. A record that is no good CSV gives up only its first line:
a stray quotation mark costs one row, not the rest of the file.
"""

import codecs
import csv
import io
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

MAX_RECORD_LINES = 50  # a quoted cell over more lines is taken for a stray quotation mark


@dataclass(frozen=True, slots=True)
class Record:
    """Cells, or what is wrong. A blank record has neither."""

    line: int  # the first, from 1
    last_line: int
    cells: tuple[str, ...] = ()
    wrong: str = ""  # a sentence without its full stop; cells are empty then


def decoded(raw: bytes) -> list[str]:
    """The lines of a file, each ending in a newline but perhaps the last; LF, CRLF and CR all end a line.

    A byte order mark is dropped. Bytes that are not UTF-8 become lone surrogates, which `records` reports.
    """
    text = raw.removeprefix(codecs.BOM_UTF8).decode("utf-8", "surrogateescape")
    return list(io.StringIO(text, newline=None))


def first_line(lines: list[str]) -> int | None:
    """The number, from 1, of the first line that is neither blank nor a comment; None where there is none."""
    return next((number for number, line in enumerate(lines, 1) if not _silent(line)), None)


def plain_records(lines: list[str]) -> Iterator[Record]:
    """One cell a line. A line that begins with "#" is blank."""
    for number, line in enumerate(lines, 1):
        if _silent(line):
            yield Record(number, number)
        elif "," in line:  # a CSV without its header would give addresses that nobody meant
            wrong = (
                'a comma; a CSV needs a header with the column "url", a plain list has one URL a line and "%2C" in it'
            )
            yield Record(number, number, wrong=wrong)
        else:
            yield _checked(Record(number, number, (line.strip(),)))


def csv_records(lines: list[str], start: int, delimiter: str, width: int) -> Iterator[Record]:
    """Records of `width` cells, from the index `start`. Cells have no space around them."""
    while start < len(lines):
        record = _checked(_csv_record(lines, start, delimiter, width))
        yield record
        start = record.last_line


def _csv_record(lines: list[str], start: int, delimiter: str, width: int) -> Record:
    line = start + 1
    few = lines[start : start + MAX_RECORD_LINES]
    reader = csv.reader(few, delimiter=delimiter, strict=True, skipinitialspace=True)
    try:
        cells = tuple(cell.strip() for cell in next(reader))
    except csv.Error as exc:
        return Record(line, line, wrong=f"not readable as CSV ({exc}); look at the quotation marks")
    if not any(cells):
        return Record(line, start + reader.line_num)
    if len(cells) != width:
        return Record(line, line, wrong=f"{len(cells)} cells where the header names {width} columns")
    return Record(line, start + reader.line_num, cells)


def _silent(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _checked(record: Record) -> Record:
    for cell in record.cells:
        for character in cell:
            if "\udc80" <= character <= "\udcff":
                wrong = f"the byte 0x{ord(character) - 0xDC00:02X} is not UTF-8; save the file as UTF-8"
                return Record(record.line, record.last_line, wrong=wrong)
            if unicodedata.category(character) == "Cc" and character not in "\n\t":  # a terminal would obey it
                wrong = f"the control character U+{ord(character):04X} is not allowed"
                return Record(record.line, record.last_line, wrong=wrong)
    return record
