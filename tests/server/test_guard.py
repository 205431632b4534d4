"""Who is answered, and what a browser may do with the answer."""

from collections.abc import Callable

import httpx
import pytest

from server.pages.guard import host_of
from targets.networks import CREDITS
from tests.server.simulated import Simulated

pytestmark = pytest.mark.anyio

Ask = Callable[..., httpx.AsyncClient]


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8733", 200),
        ("127.0.0.1", 200),
        ("localhost:8733", 200),
        ("LOCALHOST", 200),
        ("[::1]:8733", 200),
        ("[::1]", 200),
        ("probe.lan:8733", 200),  # configured
        ("evil.example:8733", 421),
        ("127.0.0.1.evil.example", 421),
        ("evil.example@127.0.0.1", 421),
        ("localhost.", 421),
        ("[::2]", 421),
        ("", 421),
    ],
)
async def test_only_known_hosts_are_answered(ask: Ask, host: str, status: int) -> None:
    """A page elsewhere can point its own name at 127.0.0.1; its requests still carry that name."""
    answer = await ask(hosts=("Probe.lan",)).get("/healthz", headers={"host": host})
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("header", "host"),
    [("a:1", "a"), ("a", "a"), ("[::1]:80", "[::1]"), ("[::1]", "[::1]"), ("::1", "::1"), ("a:b", "a:b"), (":80", "")],
)
def test_the_host_of_a_header(header: str, host: str) -> None:
    assert host_of(header) == host


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("path", ["/", "/nothing"])
async def test_nothing_can_be_changed_from_outside(ask: Ask, method: str, path: str) -> None:
    answer = await ask().request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("path", ["/", "/networks", "/static/kedergi.css", "/healthz"])
async def test_head_is_get_without_its_body(ask: Ask, path: str) -> None:
    client = ask("a.kz")
    head, get = await client.head(path), await client.get(path)
    assert (head.status_code, head.headers["content-type"]) == (get.status_code, get.headers["content-type"])


@pytest.mark.parametrize("path", ["/", "/nothing", "/static/kedergi.css", "/healthz", "/site"])
@pytest.mark.parametrize("host", ["localhost", "evil.example"])
async def test_every_answer_carries_the_headers_and_no_cookie(ask: Ask, path: str, host: str) -> None:
    answer = await ask().get(path, headers={"host": host})
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "set-cookie" not in answer.headers
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("path", ["/openapi.json", "/docs", "/redoc"])
async def test_no_page_for_programmers_is_left_open(ask: Ask, path: str) -> None:
    assert (await ask().get(path)).status_code == 404


PATHS = ["/", "/site?url=https://a.kz/", "/networks", "/method", "/static/kedergi.css", "/static/palette.css"]
THANKS = [*(link for _, link in CREDITS), "https://creativecommons.org/licenses/by/4.0/"]
ELSEWHERE = ['href="http', 'src="http', "url(http", "@import", "<style", "<script>", ' style="', "javascript:"]


@pytest.mark.parametrize("path", PATHS)
async def test_no_page_points_elsewhere_or_needs_an_inline_style(ask: Ask, simulated: Simulated, path: str) -> None:
    simulated.past("a.kz", "ob")
    text = (await ask("a.kz").get(path)).text
    for link in THANKS:  # followed by a person, never by a page
        text = text.replace(f'<a href="{link}" rel="noreferrer">', "")
    assert [word for word in ELSEWHERE if word in text] == []
