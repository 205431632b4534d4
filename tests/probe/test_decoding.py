"""Encoded bodies: what is undone, what is left, and how little of a bomb is ever unpacked."""

import gzip
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from probe.decoding import OFFERED, Decoder, Undecodable

brotli: Any = import_module("brotli")  # it ships no types
HTML = b"<p>news</p>" * 10_000
RAW_DEFLATE = zlib.compress(HTML)[2:-4]


def unpacked(data: bytes, encodings: Iterable[str], *, by: int = 70_000) -> bytes:
    decoder = Decoder(encodings)
    return b"".join(piece for at in range(0, len(data), by) for piece in decoder.unpack(data[at : at + by]))


def test_brotli_is_offered_where_it_can_be_bounded() -> None:
    assert OFFERED == "gzip, deflate, br"


@pytest.mark.parametrize("by", [1, 7, 70_000])
@pytest.mark.parametrize(
    ("encodings", "data"),
    [
        ([], HTML),
        (["identity"], HTML),
        (["gzip"], gzip.compress(HTML)),
        (["X-GZIP "], gzip.compress(HTML)),
        (["deflate"], zlib.compress(HTML)),
        (["deflate"], RAW_DEFLATE),
        (["br"], brotli.compress(HTML)),
        (["gzip", "br"], brotli.compress(gzip.compress(HTML))),
        (["br", "identity", "gzip"], gzip.compress(brotli.compress(HTML))),
        (["gzip"], gzip.compress(HTML) + b"what follows the end"),
        (["gzip"], gzip.compress(HTML)[:-8]),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, list) else "",
)
def test_what_was_encoded_comes_back(encodings: list[str], data: bytes, by: int) -> None:
    assert unpacked(data, encodings, by=by) == HTML


@pytest.mark.parametrize(("encodings", "left"), [(["zstd"], HTML), (["zstd", "gzip"], HTML), (["utf-8"], HTML)])
def test_what_is_under_an_unknown_encoding_stays(encodings: list[str], left: bytes) -> None:
    data = gzip.compress(HTML) if "gzip" in encodings else HTML
    assert unpacked(data, encodings) == left


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br"])
def test_what_is_not_encoded_as_it_says_is_told(encoding: str) -> None:
    with pytest.raises(Undecodable):
        unpacked(b"\xff<html>" * 100, [encoding])


def test_more_encodings_than_any_server_uses_are_refused() -> None:
    with pytest.raises(Undecodable, match="4 times"):
        Decoder(["gzip"] * 4)


def brotli_bomb(size: int) -> bytes:
    packer = brotli.Compressor(quality=5)
    pieces = [packer.process(bytes(2**20)) for _ in range(size >> 20)]
    return b"".join((*pieces, packer.finish()))


def many_empty_blocks() -> bytes:
    """What unpacks to a great deal that itself unpacks to nothing: the output alone bounds no work."""
    return gzip.compress(b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + b"\0\0\0\xff\xff" * 2_000_000)


@pytest.mark.parametrize(
    ("encodings", "bomb"),
    [
        (["gzip"], lambda: gzip.compress(bytes(2**26))),
        (["br"], lambda: brotli_bomb(2**28)),
        (["gzip", "gzip"], lambda: gzip.compress(gzip.compress(bytes(2**26)))),
    ],
    ids=["gzip", "br", "gzip twice"],
)
def test_nothing_is_unpacked_before_it_is_asked_for(encodings: list[str], bomb: Callable[[], bytes]) -> None:
    pieces = iter(Decoder(encodings).unpack(bomb()))
    assert max(len(next(pieces)) for _ in range(20)) <= 32 * 1024


def test_work_without_output_is_bounded() -> None:
    with pytest.raises(Undecodable, match="more than"):
        unpacked(many_empty_blocks(), ["gzip", "gzip"])


def test_a_bomb_takes_no_memory() -> None:
    """Of the whole process, since what a decompressor keeps is in no Python object."""
    program = """
import resource
from probe.decoding import Decoder
from tests.probe.test_decoding import brotli_bomb
bomb = brotli_bomb(2**26)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
body = bytearray()
for piece in Decoder(["br"]).unpack(bomb):
    body += piece
    if len(body) >= 512 * 1024:
        break
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    pytest.importorskip("resource")
    root = Path(__file__).parents[2]
    grown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=root)
    assert int(grown.stdout) < 24 * 1024  # KiB; brotli's window is 16 MiB at most


def test_without_brotli_it_is_not_offered() -> None:
    """It has no wheel on every platform; a body in it then stays as it is."""
    program = """
import sys
sys.modules["brotli"] = None
from probe.decoding import OFFERED, Decoder
print(OFFERED, *Decoder(["br"]).unpack(b"packed"))
"""
    root = Path(__file__).parents[2]
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=root)
    assert said.stdout == "gzip, deflate b'packed'\n"
