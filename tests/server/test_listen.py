"""How a server ends: at once where nobody waits, and soon where somebody never takes their answer."""

import asyncio
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from server.listen import bound, first_to_end, served

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def _more_than_fits(_request: Request) -> Response:
    async def parts() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 1_000_000

    return StreamingResponse(parts())


async def _at_once(_request: Request) -> Response:
    return PlainTextResponse("here")


APP = Starlette(routes=[Route("/much", _more_than_fits), Route("/", _at_once)])


async def test_who_never_takes_an_answer_does_not_keep_the_program_from_ending() -> None:
    with bound("127.0.0.1", 0) as sock:
        async with asyncio.timeout(30):
            async with served(APP, sock, log_level="critical"):
                reader, writer = await asyncio.open_connection(*sock.getsockname(), limit=1024)
                writer.write(b"GET /much HTTP/1.1\r\nhost: here\r\n\r\n")
                await reader.readexactly(100)
            writer.close()


async def test_a_kept_connection_does_not_keep_it_either() -> None:
    with bound("127.0.0.1", 0) as sock:
        async with asyncio.timeout(30), httpx.AsyncClient(trust_env=False) as client:
            async with served(APP, sock):
                answer = await client.get(_url(sock))
            assert answer.text == "here"


async def test_it_ends_when_other_work_does() -> None:
    with bound("127.0.0.1", 0) as sock:
        async with asyncio.timeout(30), served(APP, sock) as serving:
            await first_to_end(serving, asyncio.create_task(asyncio.sleep(0)))


async def test_an_answer_has_the_date_of_its_time() -> None:
    with bound("127.0.0.1", 0) as sock:
        async with served(APP, sock), httpx.AsyncClient(trust_env=False) as client:
            await client.get(_url(sock))
            await asyncio.sleep(2.5)  # by then the first date is an old one: nothing says so
            answer = await client.get(_url(sock))
    assert datetime.now(UTC) - parsedate_to_datetime(answer.headers["date"]) < timedelta(seconds=2.4)


def _url(sock: socket.socket) -> str:
    host, port = sock.getsockname()
    return f"http://{host}:{port}/"
