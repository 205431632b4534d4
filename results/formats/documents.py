"""From the lines of a file to JSON objects: one object a line, or one object that is written over several lines.

What an object means is not known here. One that can't be read harms no other.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from results.formats.files import LINE_MAX_BYTES, Line, Unreadable, lines

# More than any measurement has, counted with those inside of texts; as Python objects they take some 100 bytes each.
_PIECES_MAX = 1_000_000
_MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Document:
    """One object of a file and the line where it begins; or why there is none, as a sentence without its end."""

    line: int | None  # from 1; None: the whole file
    found: dict[str, Any] | None = None
    trouble: str = ""
    content: bytes = field(default=b"", repr=False)  # as it stands there


def documents(path: Path) -> Iterator[Document]:
    """Every object of the file in its order, one in memory at a time. Nothing is raised: trouble is told in place."""
    number = None
    try:
        rest = lines(path)
        for line in rest:
            yield from _begun(line, rest) if number is None else (_read(line),)
            number = line.number
        if number is None:
            yield Document(None, trouble="the file is empty")
    except Unreadable as exc:
        yield Document(None if number is None else number + 1, trouble=str(exc))


def _begun(first: Line, rest: Iterator[Line]) -> Iterator[Document]:
    """The first line's object, which may go on over others."""
    opening = _read(first)
    if opening.found is None and first.content[:1] in {b"{", b"["} and not first.content.endswith(b"}"):
        yield from _over_several_lines(first, opening, rest)
    else:
        yield opening


def _over_several_lines(first: Line, opening: Document, rest: Iterator[Line]) -> Iterator[Document]:
    """The first line is no whole object: either the file is one object in several lines, or the line is cut off."""
    if first.content.startswith(b"["):
        yield Document(first.number, trouble="it is a list; one object a line is read, or one object in a file")
        if first.content == b"[":
            _pass_over(rest)
        return
    held, too_long, ended = _held(first, rest)
    whole = _read(Line(first.number, b"\n".join(line.content for line in held), too_long=too_long))
    if whole.found is not None:
        yield whole
    elif any(_read(line).found is not None for line in held[1:]):
        yield opening
        yield from map(_read, held[1:])
    else:
        yield whole
        _pass_over(rest)  # not one object in so many lines: there is none
    if ended:
        yield Document(held[-1].number + 1, trouble=ended)


def _held(first: Line, rest: Iterator[Line]) -> tuple[list[Line], bool, str]:
    """The lines of one object as far as it may be long; whether it is longer; and why the file ended, if too soon."""
    held, size = [first], len(first.content)
    try:
        for line in rest:
            held.append(line)
            size += len(line.content) + 1
            if line.too_long or size > LINE_MAX_BYTES:
                return held, True, ""
    except Unreadable as exc:
        return held, False, str(exc)
    return held, False, ""


def _pass_over(rest: Iterator[Line]) -> None:
    for _ in rest:
        pass


def _read(line: Line) -> Document:
    if line.too_long:
        return Document(line.number, trouble=f"it is longer than {LINE_MAX_BYTES // _MEBIBYTE} MiB")
    try:
        return Document(line.number, found=parsed(line.content), content=line.content)
    except Unreadable as exc:
        return Document(line.number, trouble=str(exc))


def parsed(content: bytes) -> dict[str, Any]:
    """The object that is written there. Raises Unreadable."""
    if len(content) > _PIECES_MAX and sum(map(content.count, (b",", b"[", b"{"))) > _PIECES_MAX:
        raise Unreadable("it has more pieces than any measurement")
    try:
        found = from_json(content)
    except ValueError:
        found = _slowly(content)
    if not isinstance(found, dict):
        raise Unreadable("it is no JSON object")
    return found


def _slowly(content: bytes) -> Any:
    """By Python's own reader, which says where it stops, and takes half of a surrogate pair. That is no letter."""
    try:
        return from_json(json.dumps(json.loads(content), ensure_ascii=False).encode(errors="replace"))
    except json.JSONDecodeError as exc:
        raise Unreadable(f"it is no JSON: {exc.msg} at character {exc.pos + 1}") from exc
    except UnicodeDecodeError as exc:
        raise Unreadable(f"it is no text in UTF-8: byte {exc.start + 1} fits in none") from exc
    except RecursionError as exc:
        raise Unreadable("it is nested too deeply") from exc
    except ValueError as exc:  # numbers of thousands of digits
        raise Unreadable(f"it is no JSON: {exc}") from exc
