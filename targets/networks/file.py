"""The file of the table: a line that says what it is, a line of JSON, sections, a checksum. Their meaning is elsewhere.

A column of numbers is stored as all its first bytes, then all its second ones and so on, most significant first, and
deflated: neighbours differ in their last bytes only, so the first ones shrink to nothing. That needs no loop in Python
to undo, and no byte order of the machine.
"""

import json
import sys
import zlib
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

FIRST_LINE = b"Kedergi: networks of addresses, format 1\n"
CHECKSUM_BYTES = 4


class NoTable(Exception):
    """The table of networks is missing, damaged or of another version. `str()` is one sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFile:
    """What one file holds. The sections stay packed until somebody wants them."""

    date: str  # ISO day: the state of the sources
    sections: Mapping[str, memoryview]


def to_bytes(date: str, sections: Mapping[str, bytes]) -> bytes:
    """A file with these sections, in this order."""
    sizes = {name: len(section) for name, section in sections.items()}
    head = FIRST_LINE + json.dumps({"date": date, "sections": sizes}).encode() + b"\n"
    whole = head + b"".join(sections.values())
    return whole + zlib.crc32(whole).to_bytes(CHECKSUM_BYTES, "big")


def read(path: Path) -> TableFile:
    """A file, looked through for damage. 3 ms for the one that comes with the program.

    Raises:
        NoTable: it is missing, damaged or of another version.
    """
    try:
        whole = path.read_bytes()
    except OSError as exc:
        raise NoTable(
            f"The table of networks {path} cannot be read: {exc.strerror}; install Kedergi again, or build the table."
        ) from exc
    if not whole.startswith(FIRST_LINE):
        raise NoTable(f"The file {path} is no table of networks of this version; install Kedergi again.")
    body, checksum = memoryview(whole)[:-CHECKSUM_BYTES], whole[-CHECKSUM_BYTES:]
    if zlib.crc32(body) != int.from_bytes(checksum, "big"):
        raise NoTable(f"The table of networks {path} is damaged (its checksum is wrong); install Kedergi again.")
    first = whole.index(b"\n", len(FIRST_LINE)) + 1
    head = json.loads(whole[len(FIRST_LINE) : first])
    ends = list(accumulate(head["sections"].values(), initial=first))
    sections = {name: body[start:end] for name, start, end in zip(head["sections"], ends, ends[1:], strict=False)}
    return TableFile(date=head["date"], sections=sections)


def pack(numbers: "array[int]") -> bytes:
    """A column of unsigned numbers."""
    plain = _big_endian(numbers).tobytes()
    return zlib.compress(b"".join(plain[place :: numbers.itemsize] for place in range(numbers.itemsize)), 9)


def unpack(typecode: str, section: memoryview) -> "array[int]":
    """The numbers that `pack` was given, of the same type code."""
    numbers: array[int] = array(typecode)
    width = numbers.itemsize
    parts = zlib.decompress(section)
    count = len(parts) // width
    plain = bytearray(len(parts))
    for place in range(width):
        plain[place::width] = parts[place * count : (place + 1) * count]
    numbers.frombytes(plain)
    return _big_endian(numbers)


def pack_rising(numbers: "array[int]") -> bytes:
    """A column of numbers of which none is less than the one before it."""
    steps = (after - before for before, after in zip([0, *numbers], numbers, strict=False))
    return pack(array(numbers.typecode, steps))


def unpack_rising(typecode: str, section: memoryview) -> "array[int]":
    """The numbers that `pack_rising` was given, of the same type code."""
    return array(typecode, accumulate(unpack(typecode, section)))


def _big_endian(numbers: "array[int]") -> "array[int]":
    """Numbers with their bytes turned round where the machine is little-endian; turned twice, they are as before."""
    turned = numbers[:]
    if sys.byteorder == "little":
        turned.byteswap()
    return turned
