"""Our own sockets: addresses that are none, look-ups that never hold the program, and connections that are closed."""

import asyncio
import socket
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path

import certifi
import pytest
import trustme
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived
from hyperframe.frame import GoAwayFrame

from probe.contexts import web_context
from probe.net import Garbage, Tcp, in_thread, look_up, place
from probe.services import Services
from tests.probe import servers
from tests.probe.conftest import NAME, serving
from tests.probe.servers import closed_port, site

anyio = pytest.mark.anyio

# Addresses


@pytest.mark.parametrize(
    ("url", "scheme", "host", "port"),
    [
        ("https://ratel.kz/", "https", "ratel.kz", 443),
        ("HTTP://Ratel.KZ:8080/a?b#c", "http", "ratel.kz", 8080),
        ("http://блок.қаз/", "http", "xn--90ascm.xn--80ao21a", 80),
        ("https://[2001:db8::1]:8443/", "https", "2001:db8::1", 8443),
        ("http://192.0.2.1", "http", "192.0.2.1", 80),
        ("http://under_score.kz/", "http", "under_score.kz", 80),
    ],
)
def test_where_an_address_leads(url: str, scheme: str, host: str, port: int) -> None:
    where = place(url)
    assert (where.scheme, where.host, where.port) == (scheme, host, port)


@pytest.mark.parametrize(
    ("url", "literal"), [("http://192.0.2.1/", True), ("http://[::1]/", True), ("http://a.kz/", False)]
)
def test_an_ip_address_needs_no_resolver(url: str, literal: bool) -> None:
    assert place(url).is_address is literal


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ratel.kz",
        "ftp://ratel.kz/",
        "https://",
        "http://[",
        "http://a:b/",
        "http://host:99999/",
        "http://host:-1/",
        "tel:+7700",
        "javascript:void(0)",
        "http://\0/",
        "http://xn--ls8h=.la/\ud800",
        "http://" + "a" * 70_000 + ".kz/",
    ],
    ids=lambda url: ascii(url[:40]),
)
def test_what_is_no_web_address(url: str) -> None:
    with pytest.raises(Garbage):
        place(url)


# Look-ups


@anyio
async def test_a_name_has_each_address_once() -> None:
    addresses = await look_up("localhost")
    assert "127.0.0.1" in addresses
    assert len(addresses) == len(set(addresses))


@anyio
@pytest.mark.parametrize("name", ["a..b", "x" * 64 + ".kz"])
async def test_a_name_that_cannot_be_is_the_resolvers_error(name: str) -> None:
    with pytest.raises(socket.gaierror):
        await look_up(name)


@anyio
async def test_a_thread_gives_its_result_or_its_error() -> None:
    assert await in_thread(max, 1, 2) == 2
    with pytest.raises(ZeroDivisionError):
        await in_thread(divmod, 1, 0)


@anyio
async def test_the_loop_goes_on_while_a_thread_is_held() -> None:
    release = threading.Event()
    held = asyncio.create_task(in_thread(release.wait, 5))
    await asyncio.sleep(0)
    release.set()
    assert await held is True


@anyio
async def test_a_look_up_that_was_given_up_may_end_later() -> None:
    release, ended = threading.Event(), threading.Event()

    def slow() -> None:
        release.wait(5)
        ended.set()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await in_thread(slow)
    release.set()
    assert await in_thread(ended.wait, 5)


def test_a_look_up_that_hangs_does_not_hold_the_program() -> None:
    """getaddrinfo against a dead resolver takes half a minute, and an executor's threads are waited for at exit."""
    program = """
import asyncio, time
from probe.net import in_thread
async def main():
    async with asyncio.timeout(0.05):
        await in_thread(time.sleep, 60)
try:
    asyncio.run(main())
except TimeoutError:
    print("gave up")
"""
    began = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=30,
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert (ended.stdout, ended.stderr, ended.returncode) == ("gave up\n", "", 0)
    assert time.monotonic() - began < 10


# Sockets


@anyio
async def test_each_raw_read_is_timed() -> None:
    async with site(servers.says(b"answer")) as port:
        tcp = await Tcp.connect("127.0.0.1", port)
        await tcp.write(b"question")
        assert await tcp.read(100) == b"answer"
        assert await tcp.read(100) == b""
        await tcp.aclose()
        tcp.close()
    assert [size for _, size in tcp.reads] == [6, 0]
    assert tcp.reads[0][0] <= tcp.reads[1][0]


@anyio
async def test_a_refused_connection_has_the_kernels_number() -> None:
    with pytest.raises(ConnectionRefusedError):
        await Tcp.connect("127.0.0.1", closed_port())


@anyio
async def test_tls_over_a_wire_that_breaks_leaves_no_socket(ours: ssl.SSLContext) -> None:
    """As httpcore does it for our helpers: a leak would fail this test as a ResourceWarning."""
    async with site(servers.resets) as port:
        tcp = await Tcp.connect("127.0.0.1", port)
        with pytest.raises(ConnectionResetError):
            await tcp.start_tls(ours, NAME, 5)
        assert tcp.get_extra_info("socket").fileno() == -1


# Contexts


def test_the_webs_roots_are_our_own_and_not_the_systems() -> None:
    """A state that has its root installed on this machine gains nothing."""
    expected = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    expected.load_verify_locations(certifi.where())
    assert web_context(None).cert_store_stats() == expected.cert_store_stats()


def test_a_file_of_roots_replaces_them(roots: str) -> None:
    assert web_context(roots).cert_store_stats()["x509_ca"] == 1


def test_certificates_are_checked_alike_by_every_python() -> None:
    """3.13 became stricter by default; one site must not have two verdicts."""
    context = web_context(None)
    assert not context.verify_flags & ssl.VERIFY_X509_STRICT
    assert (context.check_hostname, context.verify_mode) == (True, ssl.CERT_REQUIRED)


# Kept connections


@anyio
async def test_a_kept_connection_that_takes_no_more_requests_is_replaced(
    authority: trustme.CA, ours: ssl.SSLContext
) -> None:
    """Resolvers say GOAWAY to a connection that was idle; the request that crosses it is not looked at."""
    requests: list[int] = []

    async def answers_one(reader: servers.Reader, writer: servers.Writer) -> None:
        state = H2Connection(H2Configuration(client_side=False))
        while received := await reader.read(65536):
            for event in state.receive_data(received):
                if isinstance(event, RequestReceived):
                    requests.append(event.stream_id or 0)
                    first = servers.h2_head(("content-length", "0"), end=True)
                    writer.write(first if event.stream_id == 1 else GoAwayFrame(0, last_stream_id=1).serialize())

    context = serving(authority.issue_cert("localhost"), alpn=("h2",))
    services = Services(ours)
    async with site(answers_one, context) as port:
        url = f"https://localhost:{port}/"
        headers = {"Host": f"localhost:{port}", "Content-Length": "1"}
        answers = [await services.post(url, headers, b"x", limit_bytes=10) for _ in range(2)]
        await services.aclose()
    assert answers == [(200, b""), (200, b"")]
    assert requests == [1, 3, 1]
