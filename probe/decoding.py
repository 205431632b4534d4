"""Undoes the encodings of a body (RFC 9110, 8.4) in small pieces, so that whoever has enough can stop in time.

A kilobyte may unpack to gigabytes. How much of it is wanted is not said here but where pages are read
(probe/steps/http.py).
"""

import zlib
from collections.abc import Iterable, Iterator
from importlib import import_module
from itertools import chain
from typing import Any, Protocol

_PIECE_BYTES = 16 * 1024
_LAYERS_MAX = 3  # one, as a rule; two where a cache packed again what was packed
_LAYER_BYTES = 4 * 1024 * 1024  # of one layer: what unpacks to this much for the next layer is no page
_AS_IT_IS = frozenset({"", "identity", "none"})


class Undecodable(Exception):
    """A body that is not encoded as it says."""


def _bounded_brotli() -> Any:
    """The brotli module; None where there is none, or one that can't be told when to stop (before 1.2)."""
    try:
        module = import_module("brotli")
    except ImportError:
        return None
    return module if hasattr(module.Decompressor, "can_accept_more_data") else None


_brotli = _bounded_brotli()
OFFERED = "gzip, deflate, br" if _brotli else "gzip, deflate"


class _Layer(Protocol):
    def unpack(self, data: bytes) -> Iterator[bytes]:
        """What these bytes add, piece by piece. Raises Undecodable."""


class _Zlib:
    """gzip (RFC 1952); what follows its end is ignored, as browsers do."""

    def __init__(self, window_bits: int) -> None:
        self._inner = zlib.decompressobj(window_bits)

    def unpack(self, data: bytes) -> Iterator[bytes]:
        while data and not self._inner.eof:
            try:
                piece = self._inner.decompress(data, _PIECE_BYTES)
            except zlib.error as exc:
                raise Undecodable(str(exc)) from exc
            data = self._inner.unconsumed_tail
            yield piece


class _Deflate:
    """deflate: the zlib format (RFC 1950), or as some servers send it, without its two bytes of header."""

    def __init__(self) -> None:
        self._head = b""
        self._inner: _Zlib | None = None

    def unpack(self, data: bytes) -> Iterator[bytes]:
        if self._inner is None:
            self._head += data
            if len(self._head) < 2:
                return iter(())
            zlib_format = self._head[0] & 15 == 8 and int.from_bytes(self._head[:2], "big") % 31 == 0
            self._inner = _Zlib(zlib.MAX_WBITS if zlib_format else -zlib.MAX_WBITS)
            data = self._head
        return self._inner.unpack(data)


class _Brotli:
    """br (RFC 7932). What one call gives may be twice the limit: brotli keeps to it by blocks of 32 KiB."""

    def __init__(self) -> None:
        self._inner = _brotli.Decompressor()

    def unpack(self, data: bytes) -> Iterator[bytes]:
        while not self._inner.is_finished():
            try:
                piece = self._inner.process(data, output_buffer_limit=_PIECE_BYTES)
            except _brotli.error as exc:
                raise Undecodable(str(exc)) from exc
            # It doesn't tell whether there is more, but by giving none when it is asked.
            if not piece and not data and self._inner.can_accept_more_data():
                return
            yield piece
            data = b""


class _Bounded:
    """A layer that yields no more in all than any page has: the one above may swallow it without a trace."""

    def __init__(self, layer: _Layer) -> None:
        self._layer = layer
        self._left_bytes = _LAYER_BYTES

    def unpack(self, data: bytes) -> Iterator[bytes]:
        for piece in self._layer.unpack(data):
            self._left_bytes -= len(piece)
            if self._left_bytes < 0:
                raise Undecodable(f"the body unpacks to more than {_LAYER_BYTES} bytes")
            yield piece


class Decoder:
    """The way back through all encodings of one body."""

    def __init__(self, encodings: Iterable[str]) -> None:
        """`encodings`: as Content-Encoding lists them, the one applied last at the end.

        What lies under an encoding that is not known here stays as it is. Raises Undecodable where there are too many.
        """
        self._layers: list[_Layer] = []
        for name in reversed([encoding.strip().lower() for encoding in encodings]):
            if name in _AS_IT_IS:
                continue
            layer = _layer(name)
            if layer is None:
                break
            self._layers.append(_Bounded(layer))
        if len(self._layers) > _LAYERS_MAX:
            raise Undecodable(f"the body is encoded {len(self._layers)} times; {_LAYERS_MAX} are undone")

    def unpack(self, data: bytes) -> Iterable[bytes]:
        """What these bytes add to the body. Nothing is unpacked before it is asked for. Raises Undecodable."""
        pieces: Iterable[bytes] = (data,)
        for layer in self._layers:
            pieces = chain.from_iterable(map(layer.unpack, pieces))
        return pieces


def _layer(name: str) -> _Layer | None:
    if name in {"gzip", "x-gzip"}:
        return _Zlib(zlib.MAX_WBITS | 16)
    if name == "deflate":
        return _Deflate()
    return _Brotli() if name == "br" and _brotli else None
