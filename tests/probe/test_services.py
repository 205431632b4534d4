"""Our helpers, encrypted resolvers and controls: kept connections, refused certificates, and no socket left behind."""

import ssl

import pytest

from probe.contexts import web_context
from probe.net import Garbage, PeerClosed
from probe.services import Services
from tests.probe import servers
from tests.probe.servers import closed_port, page, remembers, response, site

pytestmark = pytest.mark.anyio


async def post(services: Services, url: str, *, limit_bytes: int = 1000) -> tuple[int, bytes]:
    headers = {"Host": "127.0.0.1", "Content-Length": "2"}
    return await services.post(url, headers, b"{}", limit_bytes=limit_bytes)


async def test_an_answer_has_status_and_body(roots: str, theirs: ssl.SSLContext) -> None:
    services = Services(web_context(roots))
    async with site(page(b"yes", "201 Created"), theirs) as port:
        assert await post(services, f"https://127.0.0.1:{port}/") == (201, b"yes")
    await services.aclose()


async def test_a_connection_that_the_helper_closed_is_made_anew(roots: str) -> None:
    heads: list[bytes] = []
    services = Services(web_context(roots))
    async with site(remembers(heads, response(b"yes"))) as port:
        await post(services, f"http://127.0.0.1:{port}/")
        await post(services, f"http://127.0.0.1:{port}/")
    await services.aclose()
    assert len(heads) == 2


async def test_a_helper_is_tried_at_each_of_its_addresses(roots: str) -> None:
    """localhost is often ::1 first, where nobody listens here."""
    services = Services(web_context(roots))
    async with site(page(b"yes")) as port:
        assert await post(services, f"http://localhost:{port}/") == (200, b"yes")
    await services.aclose()


@pytest.mark.parametrize(
    ("peer", "error"),
    [
        (servers.resets, ConnectionResetError),
        (servers.closes, PeerClosed),
        (servers.says(b"220 mail.example\r\n\r\n"), Garbage),
        (page(b"x" * 2000), Garbage),
        (servers.says(response(b"x" * 100)[:-1]), PeerClosed),
    ],
    ids=["reset", "closed", "no HTTP", "too long", "cut"],
)
async def test_a_helper_that_fails_is_our_own_word_for_it(
    roots: str, peer: servers.Peer, error: type[Exception]
) -> None:
    services = Services(web_context(roots))
    async with site(peer) as port:
        with pytest.raises(error):
            await post(services, f"http://127.0.0.1:{port}/")
    await services.aclose()


async def test_a_helper_with_a_strange_certificate_is_refused_and_leaves_no_socket(
    roots: str, other_authority: ssl.SSLContext
) -> None:
    services = Services(web_context(roots))
    async with site(servers.is_silent, other_authority) as port:
        with pytest.raises(ssl.SSLCertVerificationError):
            await post(services, f"https://localhost:{port}/")
    await services.aclose()


async def test_no_environment_changes_where_we_connect(roots: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port()}")
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{closed_port()}")
    services = Services(web_context(roots))
    async with site(page(b"yes")) as port:
        assert await post(services, f"http://127.0.0.1:{port}/") == (200, b"yes")
    await services.aclose()


@pytest.mark.parametrize("parts", [1, 5])
async def test_whoever_listens_hears_how_much_of_the_body_has_come_each_time_that_some_has(
    roots: str, parts: int
) -> None:
    heard: list[int] = []
    services = Services(web_context(roots))
    async with site(servers.trickles(parts, 0.02)) as port:
        url, headers = f"http://127.0.0.1:{port}/", {"Host": "127.0.0.1", "Content-Length": "2"}
        _, body = await services.post(url, headers, b"{}", limit_bytes=9000, heard=heard.append)
    await services.aclose()
    assert heard == sorted(set(heard))
    assert heard[-1] == len(body) == parts * 1000
    assert len(heard) <= parts


async def test_of_a_body_that_is_too_long_is_heard_how_long_it_got(roots: str) -> None:
    heard: list[int] = []
    services = Services(web_context(roots))
    async with site(page(b"x" * 2000)) as port:
        url, headers = f"http://127.0.0.1:{port}/", {"Host": "127.0.0.1", "Content-Length": "2"}
        with pytest.raises(Garbage, match="longer than 1000 bytes"):
            await services.post(url, headers, b"{}", limit_bytes=1000, heard=heard.append)
    await services.aclose()
    assert heard[-1] > 1000
