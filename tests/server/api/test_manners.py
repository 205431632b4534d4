"""How answers to programs go out: what has not changed is not sent again, and who may keep and read it."""

import httpx
import pytest

pytestmark = pytest.mark.anyio

ADDRESSES = ("/api/v1/targets", "/api/v1/measurements", "/api/v1/measurements/rich", "/api/v1/openapi.json",
             "/data/now-matrix.csv", "/data/now-matrix.json", "/feed.atom",
             "/badge.svg?url=https://ratel.kz/")  # fmt: skip


@pytest.mark.parametrize("path", ADDRESSES)
async def test_what_has_not_changed_is_not_sent_again(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    mark = answer.headers["etag"]
    assert (await client.get(path)).headers["etag"] == mark
    for known in (mark, f'"x", W/{mark}', "*"):
        again = await client.get(path, headers={"if-none-match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", mark)
    assert (await client.get(path, headers={"if-none-match": '"other"'})).status_code == 200


@pytest.mark.parametrize("path", ADDRESSES)
async def test_a_public_server_may_be_read_by_any_page_and_kept_by_any_cache(
    client: httpx.AsyncClient, path: str
) -> None:
    answer = await client.get(path)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cache-control"].startswith("public, max-age=")
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("path", [*ADDRESSES, "/api/v1/none", "/api/v1/targets?limit=0"])
async def test_a_closed_server_and_a_machine_at_home_tell_no_other_page(closed: httpx.ASGITransport, path: str) -> None:
    async with httpx.AsyncClient(transport=closed, base_url="http://kedergi.example.org") as client:
        answer = await client.get(path)
    assert "access-control-allow-origin" not in answer.headers
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["cache-control"] in {"private, no-cache", "no-store"}


async def test_the_badge_alone_may_be_shown_by_other_pages(client: httpx.AsyncClient) -> None:
    policies = {path: (await client.get(path)).headers["cross-origin-resource-policy"] for path in ADDRESSES}
    assert {path for path, policy in policies.items() if policy == "cross-origin"} == {ADDRESSES[-1]}


@pytest.mark.parametrize("path", ADDRESSES)
async def test_head_answers_as_get_does(client: httpx.AsyncClient, path: str) -> None:
    asked = await client.get(path)
    head = await client.head(path)
    assert head.status_code == 200
    kept = ("etag", "content-type", "cache-control", "content-length")
    assert {name: head.headers[name] for name in kept} == {name: asked.headers[name] for name in kept}


@pytest.mark.parametrize("path", ["/api/v1/targets", "/data/now-matrix.csv", "/feed.atom", "/badge.svg"])
async def test_nothing_can_be_sent(client: httpx.AsyncClient, path: str) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert (await client.request(method, path)).status_code == 405


async def test_refusals_are_not_kept(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/none")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["access-control-allow-origin"] == "*"
