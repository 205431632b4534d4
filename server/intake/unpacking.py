"""Unpacks a body as far as it may be long: a bomb is left in the middle. What the text means is not known here."""

import zlib
from collections.abc import Callable, Iterator

import zstandard

from server.body import Refused

_PIECE_BYTES = 256 * 1024
_FED_BYTES = 512  # of Zstandard at once: such a piece unpacks to some 16 MB at most
_ZSTD_WINDOW_BYTES = 8 * 1024 * 1024  # RFC 9659: what may be sent with this Content-Encoding
_DAMAGED = "The body is not what its Content-Encoding says, or is cut off."


def unpacked(body: bytes, encoding: str, *, most_bytes: int) -> bytearray:
    """`encoding` is one of ENCODINGS. Raises Refused where it is longer than that, or damaged."""
    found = bytearray()
    for piece in ENCODINGS[encoding](body):
        found += piece
        if len(found) > most_bytes:
            raise Refused(413, f"Unpacked, the body is longer than {most_bytes} bytes.")
    return found


def _plain(body: bytes) -> Iterator[bytes]:
    yield body


def _gzip(body: bytes) -> Iterator[bytes]:
    stream = zlib.decompressobj(wbits=31)
    left = body
    try:
        while not stream.eof:
            piece = stream.decompress(left, _PIECE_BYTES)
            left = stream.unconsumed_tail
            if not piece and not left and not stream.eof:
                raise Refused(422, _DAMAGED)
            yield piece
    except zlib.error as exc:
        raise Refused(422, _DAMAGED) from exc
    if stream.unused_data:
        raise Refused(422, _DAMAGED)


def _zstd(body: bytes) -> Iterator[bytes]:
    stream = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW_BYTES).decompressobj()
    try:
        for at in range(0, len(body), _FED_BYTES):
            if stream.eof:
                raise Refused(422, _DAMAGED)
            yield stream.decompress(body[at : at + _FED_BYTES])
    except zstandard.ZstdError as exc:
        raise Refused(422, _DAMAGED) from exc
    if not stream.eof or stream.unused_data:
        raise Refused(422, _DAMAGED)


ENCODINGS: dict[str, Callable[[bytes], Iterator[bytes]]] = {"": _plain, "gzip": _gzip, "zstd": _zstd}
