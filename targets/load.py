"""Files to targets. One bad line neither stops the rest nor vanishes: it becomes a problem. Nothing is written here.

Three kinds of file are known by their first line: our own columns, those of the Citizen Lab lists (both in any order,
divided by commas, semicolons or tabs), and plain text with one URL a line.
"""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from targets.lines import Record, csv_records, decoded, first_line, plain_records
from targets.row import CITIZEN_LAB_COLUMNS, COLUMNS, BadRow, doubt, target_of
from targets.target import Problem, Target, Use
from targets.url import canonical_url, shown

KNOWN_COLUMNS = {name: name for name in COLUMNS} | CITIZEN_LAB_COLUMNS
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class Entry:
    """A target and the line it begins on, from 1."""

    line: int
    target: Target


@dataclass(frozen=True, slots=True)
class Listing:
    """All that a file holds. Each record is an entry, a problem, blank or the header; an entry may be a problem too."""

    entries: list[Entry]
    problems: list[Problem]
    citizen_lab: bool = False  # the header is that of the Citizen Lab lists


def load(path: str | Path) -> tuple[list[Target], list[Problem]]:
    """The targets of a file in its order, and what is wrong with it in the order of lines. Raises nothing.

    A URL that stands twice, in whatever spelling, counts once: the first.
    """
    listing = read(path)
    return [entry.target for entry in listing.entries], listing.problems


def read(path: str | Path) -> Listing:
    """As `load`, with the line of each target."""
    try:
        raw = Path(path).read_bytes()
    except (OSError, ValueError) as exc:  # ValueError: a NUL in the name
        reason = exc.strerror if isinstance(exc, OSError) else str(exc)
        return Listing([], [Problem(str(path), 0, f"The file cannot be read: {reason}.")])
    if raw.startswith(UTF_16):
        return Listing([], [Problem(str(path), 0, "The file is UTF-16; save it as UTF-8.")])
    return _Reader(str(path), decoded(raw)).listing()


@dataclass(frozen=True, slots=True)
class _Header:
    line: int
    delimiter: str
    names: list[str]  # lower case, as given

    @property
    def citizen_lab(self) -> bool:
        return "category_code" in self.names


class _Reader:
    """Reads one file once; holds what is said of it meanwhile."""

    def __init__(self, file: str, lines: list[str]) -> None:
        self.file = file
        self.lines = lines
        self.entries: list[Entry] = []
        self.problems: list[Problem] = []
        self.seen: dict[str, int] = {}  # canonical URL to line

    def listing(self) -> Listing:
        header = _header(self.lines)
        if header is None:
            self._read(plain_records(self.lines), [("url", 0)], Use.DEFAULT)
        else:
            columns = self._columns(header)
            use = Use.OPTIONAL if header.citizen_lab else Use.DEFAULT
            self._read(csv_records(self.lines, header.line, header.delimiter, len(header.names)), columns, use)
        if not self.entries and not self.problems:
            self._says(0, "The list holds no target.")
        return Listing(self.entries, self.problems, header is not None and header.citizen_lab)

    def _columns(self, header: _Header) -> list[tuple[str, int]]:
        columns: dict[str, int] = {}
        for index, name in enumerate(header.names):
            column = KNOWN_COLUMNS.get(name)
            if column is None and name:
                self._says(header.line, f'The column "{shown(name)}" is not read; known are {", ".join(COLUMNS)}.')
            elif column in columns:
                self._says(header.line, f'The column "{name}" stands twice; the first is read.')
            elif column:
                columns[column] = index
        return list(columns.items())

    def _read(self, records: Iterator[Record], columns: list[tuple[str, int]], use: Use) -> None:
        name = shown(Path(self.file).stem)
        for record in records:
            if record.wrong:
                self._says(record.line, f"The line is left out: {record.wrong}.")
            elif record.cells:
                cells = {column: record.cells[index] for column, index in columns}
                try:
                    self._add(record.line, target_of(cells, list_name=name, use=use))
                except BadRow as exc:
                    self._says(record.line, str(exc))

    def _add(self, line: int, target: Target) -> None:
        first = self.seen.setdefault(canonical_url(target.url), line)
        if first != line:
            self._says(line, f'"{shown(target.url)}" stands on line {first} already; the first is used.')
            return
        self.entries.append(Entry(line, target))
        if says := doubt(target):
            self._says(line, says)

    def _says(self, line: int, says: str) -> None:
        self.problems.append(Problem(self.file, line, says))


def _header(lines: list[str]) -> _Header | None:
    """The first line that says anything, if it names a column "url"."""
    number = first_line(lines)
    if number is None:
        return None
    line = lines[number - 1].rstrip("\n")
    for delimiter in ",;\t":
        names = [name.strip().strip('"').strip().lower() for name in line.split(delimiter)]
        if "url" in names:
            return _Header(number, delimiter, names)
    return None
