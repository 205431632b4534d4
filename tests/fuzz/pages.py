"""HTTP made wrong: heads, bodies and frames after an accident, and peers who mean harm."""

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from random import Random

import h2.config
import h2.connection
import h2.events

from results.failure import Failure
from tests.fuzz.family import Case, course, kept, ours, theirs
from tests.fuzz.mutate import mutated
from tests.probe.asking import asked
from tests.probe.servers import HTML, Peer, Reader, Writer, response, says

_HTML = (
    b'<!doctype html><html><head><meta charset="%b"><title>Ratel &amp; \xd0\x9a\xd0\x97 &#x1F600; &#999999999;</title>'
    b'</head><body><script src="/a/ratel.js"></script>10.0.0.1 fe80::1%%eth0 2001:db8::1</body></html>'
)
_CHARSETS = (b"utf-8", b"windows-1251", b"utf-16", b"utf-7", b"idna", b"rot13", b"hex", b"mbcs", b"undefined", b"zlib")
_LOCATIONS = (
    "/ru/",
    "//a.kz",
    "http://[::1]:x/",
    "tel:112",
    "https://\xd0\xbf.kz/",
    "http://a:b@c/",
    "?",
    "http:",
    "\\",
)


def _chunked(dice: Random, body: bytes) -> bytes:
    size = dice.choice((1, 7, 500))
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x;x=y\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\nx-late: 1\r\n\r\n"


def _packed(dice: Random, body: bytes) -> tuple[str, bytes]:
    kinds = [("", body), ("gzip", gzip.compress(body)), ("deflate", zlib.compress(body)), ("x-gzip, gzip", body)]
    kinds += [("deflate", zlib.compress(body)[2:-4]), ("br", import_module("brotli").compress(body)), ("zstd", body)]
    return dice.choice(kinds)


def _answer(dice: Random) -> bytes:
    """An answer as servers give them, before anything happens to it."""
    encoding, body = _packed(dice, _HTML % dice.choice(_CHARSETS) * dice.choice((1, 1, 200)))
    status = dice.choice(
        ("200 OK", "301 Moved", "302", "451 Unavailable", "204 None", "100 Continue", "304 x", "999 x")
    )
    named = {
        "content_encoding": encoding,
        "content_type": f"text/html; charset={dice.choice(_CHARSETS).decode()}",
        "location": dice.choice(("", *_LOCATIONS)),
        "set_cookie": dice.choice(("", "a=b; Domain=.kz; Expires=Wed, 99 Foo 9999 99:99:99 GMT; Max-Age=x", "=; ;=")),
        "date": dice.choice(("", "Sun, 06 Nov 1994 08:49:37 GMT", "yesterday")),
    }
    if dice.random() < 0.4:
        return response(_chunked(dice, body), status, content_length="", transfer_encoding="chunked", **named)
    return response(body, status, **named)


def _cut(dice: Random, wire: bytes) -> bytes:
    """Wrong in the head more often than in the body."""
    head = wire.index(b"\r\n\r\n") + 4
    if dice.random() < 0.6:
        return mutated(dice, wire[:head]) + wire[head:]
    return wire[:head] + mutated(dice, wire[head:])


@asynccontextmanager
async def one() -> AsyncIterator[Case]:
    """HTTP/1.1."""

    async def case(dice: Random) -> None:
        place = course()
        await asked(place, says(_cut(dice, _answer(dice))), timeout_s=1)
        kept(place)

    yield case


def _frames(dice: Random) -> Peer:
    async def peer(reader: Reader, writer: Writer) -> None:
        connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        connection.initiate_connection()
        settings = connection.data_to_send()
        writer.write(settings if dice.random() < 0.8 else mutated(dice, settings))
        while received := await reader.read(65536):
            for event in connection.receive_data(received):
                if isinstance(event, h2.events.RequestReceived) and event.stream_id:
                    writer.write(mutated(dice, _two(dice, connection, event.stream_id), most=4))
                    writer.write_eof() if writer.can_write_eof() else None
                    await writer.drain()
                    return
            writer.write(connection.data_to_send())
            await writer.drain()

    return peer


def _two(dice: Random, connection: h2.connection.H2Connection, stream: int) -> bytes:
    encoding, body = _packed(dice, _HTML % dice.choice(_CHARSETS))
    fields = [(":status", dice.choice(("200", "302", "103"))), ("location", "/ru/"), ("content-encoding", encoding)]
    if fields[0][1] == "103":
        connection.send_headers(stream, fields[:1])
        fields[0] = (":status", "200")
    connection.send_headers(stream, fields)
    connection.send_data(stream, body, pad_length=dice.choice((None, 0, 200)))
    if dice.random() < 0.5:
        connection.ping(b"12345678")
    connection.send_headers(stream, [("x-late", "1")], end_stream=True)
    if dice.random() < 0.3:
        connection.close_connection(additional_data=b"enhance your calm")
    return connection.data_to_send()


@asynccontextmanager
async def two() -> AsyncIterator[Case]:
    """HTTP/2."""

    async def case(dice: Random) -> None:
        place = course()
        await asked(place, _frames(dice), theirs("h2"), ours(), timeout_s=1)
        kept(place)

    yield case


# Peers who mean harm: what they send never ends, or unpacks to more than any machine has.

_ZEROS = bytes(1 << 20)


def _bomb(encoding: str, packed: bytes) -> bytes:
    return response(packed, content_encoding=encoding)


def _zeros(mega: int, window_bits: int) -> bytes:
    """So many MiB of nothing, packed without ever being whole: what is measured is who unpacks it."""
    packer = zlib.compressobj(9, zlib.DEFLATED, window_bits)
    return b"".join(packer.compress(_ZEROS) for _ in range(mega)) + packer.flush()


def _brotli(mega: int) -> bytes:
    packer = import_module("brotli").Compressor(quality=5)
    whole: bytes = b"".join(packer.process(_ZEROS) for _ in range(mega)) + packer.finish()
    return whole


def _for_ever(head: bytes, again: bytes) -> Peer:
    async def peer(reader: Reader, writer: Writer) -> None:
        await reader.read(65536)
        writer.write(head)
        while not writer.transport.is_closing():
            writer.write(again * (1 + 65536 // len(again)))
            await writer.drain()
            await asyncio.sleep(0)

    return peer


def _two_for_ever(again: bytes, *, begin_headers: bool = False) -> Peer:
    """Frames of HTTP/2 without an end, behind a good beginning."""
    settings = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
    headers = b"\x00\x00\x01\x01\x00\x00\x00\x00\x01\x88" if begin_headers else b""
    return _for_ever(settings + headers, again)


_OK = b"HTTP/1.1 200 OK\r\n"
_HARM_OF_ONE: dict[str, Peer] = {
    "a head without end": _for_ever(_OK, b"x-more: and more\r\n"),
    "a header without end": _for_ever(_OK + b"x: ", b"x"),
    "a status line without end": _for_ever(b"HTTP/1.1 200 ", b"OK "),
    "interim answers without end": _for_ever(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    "empty lines without end": _for_ever(b"", b"\r\n"),
    "a body without end": _for_ever(_OK + b"\r\n", HTML),
    "chunks of one byte": _for_ever(_OK + b"transfer-encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "an extension of a chunk without end": _for_ever(_OK + b"transfer-encoding: chunked\r\n\r\n1;", b"x"),
    "trailers without end": _for_ever(_OK + b"transfer-encoding: chunked\r\n\r\n0\r\n", b"x: y\r\n"),
    "a length beyond all": _for_ever(_OK + b"content-length: " + b"9" * 4000 + b"\r\n\r\n", b"x"),
    "titles without end": _for_ever(_OK + b"\r\n", b"<title"),
    "addresses without end": _for_ever(_OK + b"\r\n", b"1:2.3:4."),
    "many cookies": says(response(HTML).replace(b"\r\n", b"\r\n" + b"set-cookie: a=b; Path=/\r\n" * 3000, 1)),
    "a bomb of gzip": says(_bomb("gzip", _zeros(64, 31))),
    "a bomb of deflate": says(_bomb("deflate", _zeros(64, 15))),
}
_HARM_OF_TWO: dict[str, Peer] = {
    "settings without end": _two_for_ever(b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"),
    "pings without end": _two_for_ever(b"\x00\x00\x08\x06\x00\x00\x00\x00\x0012345678"),
    "continuations without end": _two_for_ever(
        b"\x00\x00\x04\x09\x00\x00\x00\x00\x01\x00\x01a\x00", begin_headers=True
    ),
    "empty data without end": _for_ever(
        b"\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x01\x01\x04\x00\x00\x00\x01\x88",
        b"\x00\x00\x00\x00\x00\x00\x00\x00\x01",
    ),
    "unknown frames without end": _two_for_ever(b"\x00\x00\x01\xfa\x00\x00\x00\x00\x00x"),
    "windows without end": _two_for_ever(b"\x00\x00\x04\x08\x00\x00\x00\x00\x01\x00\x00\x00\x01"),
    "a table of headers made of one": _two_for_ever(
        b"\x00\x40\x00\x09\x00\x00\x00\x00\x01" + b"\xbe" * 0x4000, begin_headers=True
    ),
}
HARM = tuple(_HARM_OF_ONE) + tuple(_HARM_OF_TWO) + ("gzip in gzip", "a bomb of brotli")


@asynccontextmanager
async def harm() -> AsyncIterator[Case]:
    """One peer after the other: who asks gives up in time, with a record."""
    heavy = {"gzip in gzip": ("gzip, gzip", gzip.compress(_zeros(512, 31))), "a bomb of brotli": ("br", _brotli(512))}
    turns = iter(HARM * 100)

    async def case(dice: Random) -> None:  # noqa: ARG001 - all of them are met, and none is left to chance
        name, place = next(turns), course()
        if name in _HARM_OF_TWO:
            found = await asked(place, _HARM_OF_TWO[name], theirs("h2"), ours(), timeout_s=1)
            assert found.step.failure is not None or found.step.capped, name
        else:
            peer = _HARM_OF_ONE.get(name) or says(_bomb(*heavy[name]))
            found = await asked(place, peer, timeout_s=1)
            assert found.step.failure in {None, Failure.TIMEOUT, Failure.HTTP_GARBAGE, Failure.CLOSED}, name
        assert (found.step.body_bytes or 0) <= 32 << 20, name
        assert found.step.ms < 15_000, f"{name} took {found.step.ms:.0f} ms, and 2 s were given"
        kept(place)

    yield case
