"""TLS made wrong: a real server's records after an accident, and certificates that no authority would sign."""

import asyncio
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import cache
from random import Random

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from probe.steps import tcp, tls
from probe.trace import StepFailed
from results.certificates import certificates as read
from results.records import Source, TlsStep
from tests.fuzz.family import NAME, Case, authority, course, kept, leaf, ours
from tests.fuzz.mutate import mutated
from tests.probe.servers import Peer, Reader, Writer, site


@cache
def _serving(version: ssl.TLSVersion) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = version
    context.set_alpn_protocols(["h2", "http/1.1"])
    leaf().configure_cert(context)
    return context


def _accident(dice: Random) -> Peer:
    """A real handshake, of which one flight or another is not as the server made it."""
    version = dice.choice((ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3))
    spared = dice.choice((0, 0, 0, 1))  # flights

    async def peer(reader: Reader, writer: Writer) -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        server = _serving(version).wrap_bio(incoming, outgoing, server_side=True)
        left = spared
        with suppress(TimeoutError, ssl.SSLError):
            while True:
                async with asyncio.timeout(0.5):
                    incoming.write(await reader.read(65536))
                if not reader.at_eof():
                    with suppress(ssl.SSLWantReadError):
                        server.do_handshake()
                flight = outgoing.read()
                writer.write(flight if left > 0 else mutated(dice, flight))
                await writer.drain()
                left -= 1
                if reader.at_eof() or left < -1:
                    return

    return peer


async def _shaken(peer: Peer) -> TlsStep:
    place = course()
    async with site(peer) as port:
        stream = await tcp.connect(place, "127.0.0.1", port, source=Source.SYSTEM, timeout_s=5)
        try:
            at = tcp.endpoint("127.0.0.1", port)
            with suppress(StepFailed):
                await tls.handshake(place, stream, at, NAME, ours(), source=Source.SYSTEM, timeout_s=2)
        finally:
            stream.close()
    kept(place)
    step = place.trace.steps[-1]
    assert isinstance(step, TlsStep)
    return step


@asynccontextmanager
async def records() -> AsyncIterator[Case]:
    async def case(dice: Random) -> None:
        await _shaken(_accident(dice))

    yield case


# Certificates


@cache
def _good() -> tuple[bytes, bytes]:
    """A leaf and its authority, DER."""
    one = x509.load_pem_x509_certificate(leaf().cert_chain_pems[0].bytes())
    other = x509.load_pem_x509_certificate(authority().cert_pem.bytes())
    return one.public_bytes(Encoding.DER), other.public_bytes(Encoding.DER)


_THIRD_VERSION = b"\xa0\x03\x02\x01\x02"  # RFC 5280, 4.1.2.1


def _bent(dice: Random, der: bytes) -> bytes:
    """Wrong, but of the right length more often than not: what OpenSSL reads and keeps, we must be able to read."""
    if dice.random() < 0.3:
        return mutated(dice, der, most=3)
    wrong = bytearray(der)
    if dice.random() < 0.1:
        wrong[wrong.index(_THIRD_VERSION) + 4] = dice.randrange(256)
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(wrong))
        wrong[at] = dice.choice((wrong[at] ^ (1 << dice.randrange(8)), 0, 0x7F, 0xFF, 0x0C, 0x16, 0x1E, 0x13, 0x18))
    return bytes(wrong)


def _message(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def _with_length(raw: bytes) -> bytes:
    return len(raw).to_bytes(3, "big") + raw


def _flight(dice: Random, chain: list[bytes]) -> bytes:
    """A server's first flight in TLS 1.2 (RFC 5246, 7.4), where certificates go in the clear."""
    hello = (
        b"\x03\x03" + dice.randbytes(24) + bytes(8) + b"\x00" + b"\xc0\x2b" + b"\x00" + b"\x00\x05\xff\x01\x00\x01\x00"
    )
    shown = _with_length(b"".join(_with_length(der) for der in chain))
    whole = _message(2, hello) + _message(11, shown) + _message(14, b"")
    parts = [whole[at : at + 16_000] for at in range(0, len(whole), 16_000)]
    return b"".join(struct.pack("!BHH", 22, 0x0303, len(part)) + part for part in parts)


@asynccontextmanager
async def certificates() -> AsyncIterator[Case]:
    """Through a handshake, and once more straight to the reader."""

    async def case(dice: Random) -> None:
        one, other = _good()
        chain = [_bent(dice, one), *([_bent(dice, other)] * dice.choice((0, 1, 1, 30)))]
        said = _flight(dice, chain)

        async def peer(reader: Reader, writer: Writer) -> None:
            await reader.read(65536)
            writer.write(said)
            await writer.drain()
            with suppress(TimeoutError):
                async with asyncio.timeout(0.5):
                    await reader.read(65536)

        step = await _shaken(peer)
        assert step.failure is not None
        assert all(len(found.sha256) == 64 for found in (*step.chain, *read(chain)))

    yield case
