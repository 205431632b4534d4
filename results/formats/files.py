"""Opens a file of lines, plain, gzip or Zstandard, told by its first bytes, and reads it line by line.

Memory is bounded whatever the file holds: a line that is too long is passed over and said. What a line means is not
known here.
"""

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

LINE_MAX_BYTES = 16 * 1024 * 1024  # the largest measurements have some eight; read, it may take eight times as much
_PASSED_OVER_MAX_BYTES = 1024 * 1024 * 1024  # of one endless line, before the file is given up
_ZSTD_WINDOW_BYTES = 128 * 1024 * 1024  # what the zstd program takes without being asked
_FED_BYTES = 512  # of Zstandard at once: such a piece unpacks to some 16 MB at most
_LOOKED_AT_BYTES = 1024
_MEBIBYTE = 1024 * 1024
_GZIP, _ZSTD, _ZSTD_NOTE = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\x2a\x4d\x18"
_NOT_READ = {
    b"PK\x03\x04": "a ZIP archive",
    b"\x04\x22\x4d\x18": "packed with LZ4",
    b"\xfd7zXZ": "packed with XZ",
    b"BZh": "packed with bzip2",
}
_ALLOWED = "allowed are text, gzip and Zstandard"


class Unreadable(Exception):
    """Why a file can't be read any further, or a line not be taken: one sentence without its end."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its end. `too_long`: it was passed over, and `content` is empty."""

    number: int  # from 1
    content: bytes
    too_long: bool = False


def lines(path: Path) -> Iterator[Line]:
    """The lines that are not blank. Raises Unreadable where the file can't be opened or ends before its time."""
    try:
        with path.open("rb") as raw, closing(_unpacked(raw)) as stream:
            yield from _lines(stream)
    except OSError as exc:  # gzip's complaints are OSErrors too, without the system's words
        raise Unreadable(f"the file can't be read: {exc.strerror or exc}") from exc
    except (EOFError, zlib.error) as exc:
        raise Unreadable(f"the file is damaged or cut off: {exc}") from exc


def _unpacked(raw: io.BufferedReader) -> BinaryIO:
    start = raw.peek(8)[:8]
    for magic, what in _NOT_READ.items():
        if start.startswith(magic):
            raise Unreadable(f"the file is {what}; {_ALLOWED}")
    if start.startswith(_GZIP):
        stream = cast("BinaryIO", io.BufferedReader(gzip.GzipFile(fileobj=raw)))
    elif start.startswith(_ZSTD) or (start[1:4] == _ZSTD_NOTE and start[:1] >= b"\x50"):
        stream = cast("BinaryIO", io.BufferedReader(_Zstandard(raw)))
    else:
        stream = raw
    if b"\0" in stream.peek(_LOOKED_AT_BYTES)[:_LOOKED_AT_BYTES]:  # type: ignore[attr-defined]
        raise Unreadable(f"the file is no text in UTF-8; {_ALLOWED}")
    return stream


def _lines(stream: BinaryIO) -> Iterator[Line]:
    number = 0
    while content := stream.readline(LINE_MAX_BYTES + 1):
        number += 1
        if number == 1:
            content = content.removeprefix(b"\xef\xbb\xbf")  # programs of Windows put it there
        if len(content) > LINE_MAX_BYTES:
            _pass_over(stream)
            yield Line(number, b"", too_long=True)
        elif stripped := content.strip():
            yield Line(number, stripped)


def _pass_over(stream: BinaryIO) -> None:
    """Reads to the end of the line, keeping nothing."""
    passed = 0
    while piece := stream.readline(_MEBIBYTE):
        passed += len(piece)
        if piece.endswith(b"\n"):
            return
        if passed > _PASSED_OVER_MAX_BYTES:
            raise Unreadable(f"a line is longer than {_PASSED_OVER_MAX_BYTES // _MEBIBYTE} MiB; the rest is left")


class _Zstandard(io.RawIOBase):
    """Frames one after the other, unpacked as they are read. A frame that ends before its time is an EOFError."""

    def __init__(self, raw: BinaryIO) -> None:
        try:
            import zstandard  # noqa: PLC0415 - only who reads such a file needs it
        except ImportError as exc:
            raise Unreadable("the file is packed with Zstandard, for which Python's zstandard is missing") from exc
        self._raw, self._error = raw, zstandard.ZstdError
        self._frames = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW_BYTES)
        self._frame = self._frames.decompressobj()
        self._begun = False
        self._ready = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]
        while not self._ready:
            fed = self._raw.read(_FED_BYTES)
            if not fed:
                if self._begun:
                    raise EOFError("it ends within a Zstandard frame")
                return 0
            self._ready = memoryview(self._unpack(fed))
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def _unpack(self, fed: bytes) -> bytes:
        unpacked = b""
        try:
            while fed:
                unpacked += self._frame.decompress(fed)
                self._begun = not self._frame.eof
                fed = self._frame.unused_data if self._frame.eof else b""
                if self._frame.eof:
                    self._frame = self._frames.decompressobj()
        except self._error as exc:
            raise Unreadable(f"the file is damaged: {exc}") from exc
        return unpacked
