"""A transparent proxy for the world: takes HTTP by its Host and TLS by its SNI to the true server, and changes nothing.

python -m tests.lab.pass_through ADDRESS    says "passing" on standard output when it listens

The certificate that passes is the site's own. Names are resolved as the machine does; in the world that is the truth.
"""

import asyncio
import subprocess
import sys
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from tests.lab import sniff
from tests.lab.lab import Lab

_ROOT = Path(__file__).resolve().parents[2]
_PIECE_BYTES = 1 << 16
_HEAD_BYTES = 1 << 15  # no head of a request and no ClientHello is longer
_TAKEN = {80: sniff.host, 443: sniff.sni}


def start(lab: Lab, ip: str) -> None:
    """One in the lab's world at this address of it (one of `addresses.SPARE`), listening when this returns."""
    command = [sys.executable, "-m", "tests.lab.pass_through", ip]
    process = lab.popen_in_world(command, cwd=_ROOT, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == "passing\n"


async def _serve(ip: str) -> None:
    for port, read in _TAKEN.items():
        await asyncio.start_server(partial(_connected, port=port, read=read), ip, port)
    print("passing", flush=True)
    await asyncio.Event().wait()


async def _connected(
    reader: StreamReader, writer: StreamWriter, port: int, read: Callable[[bytes], sniff.Reading]
) -> None:
    with suppress(OSError):
        opening = b""
        while (name := read(opening)) is sniff.MORE and len(opening) < _HEAD_BYTES:
            piece = await reader.read(_PIECE_BYTES)
            if not piece:
                break
            opening += piece
        if isinstance(name, str):
            await _join(reader, writer, name, port, opening)
    writer.close()


async def _join(reader: StreamReader, writer: StreamWriter, name: str, port: int, opening: bytes) -> None:
    there_reader, there_writer = await asyncio.open_connection(name, port)
    there_writer.write(opening)
    await asyncio.gather(_carry(reader, there_writer), _carry(there_reader, writer))


async def _carry(source: StreamReader, target: StreamWriter) -> None:
    """Until one side has no more to say; its end is passed on."""
    try:
        while piece := await source.read(_PIECE_BYTES):
            target.write(piece)
            await target.drain()
    except OSError:
        target.transport.abort()
        return
    target.close()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1]))
