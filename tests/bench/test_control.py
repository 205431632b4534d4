"""What a control can do on one processor: answers that it remembers, and looks that it makes anew."""

import asyncio
import json
import time
from itertools import count

import pytest

from server.control.limits import Limits
from tests.probe.servers import page, site
from tests.server.far_away import FarAway, Visited, far_away

pytestmark = [pytest.mark.bench, pytest.mark.anyio]

ASKERS = 20
SECONDS = 3.0


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def question(url: str) -> bytes:
    """By hand: a client's own work would be most of what is measured."""
    body = json.dumps({"url": url, "addresses": ["127.0.0.1"]}).encode()
    head = (
        f"POST /v1/control HTTP/1.1\r\nHost: c\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def answers_a_second(control: FarAway, urls: "count[int]", url: str, *, fresh: bool) -> tuple[float, float]:
    """Answers in a second, and CPU milliseconds for each; the askers' share is in them."""
    ends = time.perf_counter() + SECONDS
    answered = 0

    async def asker() -> None:
        nonlocal answered
        reader, writer = await asyncio.open_connection("127.0.0.1", control.port)
        while time.perf_counter() < ends:
            writer.write(question(f"{url}{next(urls) if fresh else ''}"))
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 ")
            await reader.readexactly(int(head.partition(b"content-length: ")[2].split()[0]))
            answered += 1
        writer.close()

    began, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(asker() for _ in range(ASKERS)))
    return answered / (time.perf_counter() - began), (time.process_time() - cpu) * 1000 / answered


async def test_what_is_remembered_is_told_many_times_a_second(capsys: pytest.CaptureFixture[str]) -> None:
    visited = Visited(page(b"<title>Ratel</title>" + b"x" * 20_000))
    async with far_away(limits=Limits(per_minute=10**9)) as control, site(visited) as port:
        url, urls = f"http://127.0.0.1:{port}/", count()
        await control.answer(url, "127.0.0.1")
        kept, kept_ms = await answers_a_second(control, urls, url, fresh=False)
        fresh, fresh_ms = await answers_a_second(control, urls, url, fresh=True)
    with capsys.disabled():
        print(f"\n{ASKERS} askers, site and askers in the same process:")
        print(f"  remembered: {kept:.0f} answers/s, {kept_ms:.1f} ms CPU each")
        print(f"  looks made anew: {fresh:.0f}/s, {fresh_ms:.1f} ms CPU each")
    assert kept > 2 * fresh
