"""What a control answers: the site hop by hop, the asker's addresses beside it, and what it remembers for a while."""

import asyncio
import zlib
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trustme

from probe.control import line
from probe.net import Garbage, Place, place
from probe.services import Services
from results.failure import Failure
from results.records import HttpStep, TcpStep, TlsStep, iso
from server.control.cache import Cache, Found
from server.control.limits import Busy, Limits
from server.control.look import Seen, _has
from tests.probe import servers
from tests.probe.servers import closed_port, page, response, says, site
from tests.server.far_away import (
    NOW,
    Clock,
    Visited,
    far_away,
    held,
    serving,
    site_at,
    steps,
    table,
    trusting,
)

pytestmark = pytest.mark.anyio


async def test_the_answer_has_each_layer_of_the_site_and_the_control_s_own_time() -> None:
    async with far_away() as control, site(page()) as port:
        answer = await control.answer(f"http://localhost:{port}/")
    assert answer["hops"] == [f"http://localhost:{port}/"]
    assert answer["at"] == iso(NOW).replace(".000", "")
    assert answer["failure"] is None
    assert "127.0.0.1" in steps(answer, "dns")[0]["answers"][0]["addresses"]
    assert steps(answer, "tcp")[-1]["endpoint"] == f"127.0.0.1:{port}"
    got = steps(answer, "http")[0]
    assert (got["status"], got["title"], got["body_bytes"]) == (200, "Ratel & others", len(servers.HTML))
    assert len(got["body_sha256"]) == 64
    assert ["content-type", "text/html; charset=utf-8"] in got["headers"]
    assert got["t0"] <= got["first_byte_t"] <= got["t"]


async def test_a_chain_is_gone_along_hop_by_hop() -> None:
    async with far_away() as control, site(page()) as last:
        leads = says(response(b"", "302 Found", location=f"http://127.0.0.1:{last}/there"))
        async with site(leads) as first:
            answer = await control.answer(f"http://127.0.0.1:{first}/")
    assert answer["hops"] == [f"http://127.0.0.1:{first}/", f"http://127.0.0.1:{last}/there"]
    found = [(step["hop"], step["endpoint"], step["failure"]) for step in steps(answer, "tcp")]
    assert found == [(0, f"127.0.0.1:{first}", None), (1, f"127.0.0.1:{last}", None)]
    assert [step["status"] for step in steps(answer, "http")] == [302, 200]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[trustme.CA, str]:
    made, file = trustme.CA(), tmp_path_factory.mktemp("roots") / "roots.pem"
    made.cert_pem.write_to_path(str(file))
    return made, str(Path(file))


async def test_a_certificate_is_shown_with_the_reason_why_it_is_refused(authority: tuple[trustme.CA, str]) -> None:
    made, roots = authority
    async with far_away(roots=roots) as control, site(page(), serving(made, "localhost")) as port:
        good = await control.answer(f"https://localhost:{port}/")
        bad = await control.answer(f"https://127.0.0.1:{port}/")
    assert steps(good, "tls")[-1]["failure"] is None
    assert len(steps(good, "tls")[-1]["chain"][0]["sha256"]) == 64
    refused = steps(bad, "tls")[0]
    assert refused["failure"] == "ssl_invalid_hostname"
    assert refused["chain"][0]["sha256"] == steps(good, "tls")[-1]["chain"][0]["sha256"]


# The asker's addresses


async def test_the_asker_s_addresses_are_tried_beside_the_site_s_own(authority: tuple[trustme.CA, str]) -> None:
    made, roots = authority
    async with (
        far_away(roots=roots) as control,
        site(page(), serving(made, "localhost")) as port,
        site_at("127.0.0.2", port, page(), serving(made, "another.example")),
    ):
        answer = await control.answer(f"https://localhost:{port}/", "127.0.0.1", "127.0.0.2", "127.0.0.3")
    found = {step["endpoint"]: step["failure"] for step in steps(answer, "tls", "probe")}
    assert found == {f"127.0.0.2:{port}": "ssl_invalid_hostname"}
    refused = [
        (step["attempt"], step["failure"]) for step in steps(answer, "tcp", "probe") if "0.3" in step["endpoint"]
    ]
    assert refused == [(1, "connection_refused"), (2, "connection_refused")]
    assert f"127.0.0.1:{port}" not in {step["endpoint"] for step in steps(answer, "tcp", "probe")}
    assert len([step for step in steps(answer, "tls", "system") if step["failure"] is None]) == 1


async def test_without_tls_the_page_at_the_asker_s_first_address_is_looked_at_too() -> None:
    """Nothing but the page tells whose address it is."""
    async with (
        far_away() as control,
        site(page()) as port,
        site_at("127.0.0.2", port, page(b"<title>Blocked</title>")),
        site_at("127.0.0.3", port, page()),
    ):
        answer = await control.answer(f"http://localhost:{port}/", "127.0.0.2", "127.0.0.3")
    assert [step["endpoint"] for step in steps(answer, "tcp", "probe")] == [f"127.0.0.2:{port}", f"127.0.0.3:{port}"]
    found = [(step["endpoint"], step["title"]) for step in steps(answer, "http", "probe")]
    assert found == [(f"127.0.0.2:{port}", "Blocked")]


async def test_the_page_at_the_asker_s_first_address_is_looked_at_over_tls_too(
    authority: tuple[trustme.CA, str],
) -> None:
    """How long its bytes take there is to be compared."""
    made, roots = authority
    theirs = serving(made, "localhost")
    async with (
        far_away(roots=roots) as control,
        site(page(), theirs) as port,
        site_at("127.0.0.2", port, page(b"<title>Twin</title>"), theirs),
        site_at("127.0.0.3", port, page(), theirs),
    ):
        answer = await control.answer(f"https://localhost:{port}/", "127.0.0.2", "127.0.0.3")
    shaken = [(step["endpoint"], step["failure"]) for step in steps(answer, "tls", "probe")]
    assert sorted(shaken) == [(f"127.0.0.2:{port}", None), (f"127.0.0.3:{port}", None)]
    found = [(step["endpoint"], step["title"], step["status"]) for step in steps(answer, "http", "probe")]
    assert found == [(f"127.0.0.2:{port}", "Twin", 200)]


async def test_no_page_is_asked_of_an_address_that_shows_another_certificate(authority: tuple[trustme.CA, str]) -> None:
    made, roots = authority
    there = Visited()
    async with (
        far_away(roots=roots) as control,
        site(page(), serving(made, "localhost")) as port,
        site_at("127.0.0.2", port, there, serving(made, "another.example")),
    ):
        answer = await control.answer(f"https://localhost:{port}/", "127.0.0.2")
    assert [step["failure"] for step in steps(answer, "tls", "probe")] == ["ssl_invalid_hostname"]
    assert steps(answer, "http", "probe") == []


HTTPS, HTTP = place("https://a.example/"), place("http://a.example/")
ASKED = "192.0.2.1"


@pytest.mark.parametrize(
    ("where", "has", "shaken", "with_page"),
    [
        (HTTPS, "tcp tls http", True, True),
        (HTTPS, "tcp tls", True, False),  # the check read the page at another address
        (HTTPS, "tcp !tls", True, True),  # there is no page behind a handshake that fails
        (HTTPS, "!tcp", True, True),
        (HTTPS, "tcp", False, False),  # given up for another address
        (HTTPS, "", False, False),
        (HTTP, "tcp http", True, True),
        (HTTP, "tcp", True, False),
        (HTTP, "!tcp", True, True),
    ],
)
def test_the_check_s_own_steps_stand_for_the_asker_s_address_where_they_are_all_that_is_asked(
    where: Place, has: str, *, shaken: bool, with_page: bool
) -> None:
    kinds: dict[str, Any] = {
        "tcp": TcpStep,
        "tls": partial(TlsStep, name=where.host),
        "http": partial(HttpStep, url=where.url),
    }
    found = tuple(
        kinds[name.lstrip("!")](
            endpoint=f"{ASKED}:{where.port}", t0=0, t=1, failure=Failure.RESET if name.startswith("!") else None
        )
        for name in has.split()
    )
    assert _has(Seen(steps=found), where, ASKED, page=False) is shaken
    assert _has(Seen(steps=found), where, ASKED, page=True) is with_page


async def test_of_the_asker_s_addresses_four_are_tried() -> None:
    many = [f"127.0.1.{number}" for number in range(1, 13)]
    async with far_away() as control, site(page()) as port:
        answer = await control.answer(f"http://127.0.0.1:{port}/", *many)
    tried = {step["endpoint"] for step in steps(answer, "tcp", "probe")}
    assert tried == {f"{ip}:{port}" for ip in many[:4]}


# What is told again


async def test_an_answer_is_told_again_for_some_minutes_and_says_how_old_it_is() -> None:
    visited = Visited()
    async with far_away(limits=Limits(keep_s=240)) as control, site(visited) as port:
        url = f"http://127.0.0.1:{port}/"
        first = await control.answer(url)
        control.clock.now += 239
        again = await control.ask(url)
        assert again.json()["steps"] == first["steps"]
        assert again.headers["age"] == "239"
        assert visited.times == 1
        control.clock.now += 2
        assert (await control.ask(url)).headers["age"] == "0"
    assert visited.times == 2


async def test_one_site_has_one_answer_however_its_address_is_written() -> None:
    visited = Visited()
    async with far_away() as control, site(visited) as port:
        await control.answer(f"http://LOCALHOST:{port}")
        await control.answer(f"http://localhost.:{port}/#part")
        await control.answer(f"http://localhost:{port}/other")
    assert visited.times == 2


async def test_what_could_not_be_reached_is_told_again_for_a_shorter_time() -> None:
    async with far_away(limits=Limits(keep_s=240, keep_failed_s=30)) as control:
        url = f"http://127.0.0.1:{closed_port()}/"
        first = await control.answer(url)
        assert {step["failure"] for step in steps(first, "tcp")} == {"connection_refused"}
        control.clock.now += 29
        assert (await control.ask(url)).headers["age"] == "29"
        control.clock.now += 2
        assert (await control.ask(url)).headers["age"] == "0"


async def test_another_probe_s_addresses_cost_only_themselves() -> None:
    visited, there = Visited(), Visited()
    async with far_away() as control, site(visited) as port, site_at("127.0.0.2", port, there):
        url = f"http://127.0.0.1:{port}/"
        await control.answer(url, "127.0.0.1")
        assert (visited.times, there.times) == (1, 0)
        with_other = await control.answer(url, "127.0.0.2")
        again = await control.answer(url, "127.0.0.2", "127.0.0.1")
    assert (visited.times, there.times) == (1, 1)
    assert steps(with_other, "tcp", "probe") == steps(again, "tcp", "probe") != []


async def test_questions_at_the_same_time_share_one_look_also_when_an_asker_hangs_up() -> None:
    until = asyncio.Event()
    visited = Visited(held(until))
    async with far_away() as control, site(visited) as port:
        url = f"http://127.0.0.1:{port}/"
        asked = [asyncio.create_task(control.ask(url)) for _ in range(10)]
        await visited.first.wait()
        while control.waiting() < 10:  # noqa: ASYNC110 - the server has no event for it
            await asyncio.sleep(0)
        asked[0].cancel()
        await asyncio.wait([asked[0]])
        until.set()
        answers = await asyncio.gather(*asked[1:])
        assert {said.status_code for said in answers} == {200}
        assert len({said.content for said in answers}) == 1
    assert visited.times == 1


async def test_a_look_goes_on_when_its_only_asker_hangs_up() -> None:
    until = asyncio.Event()
    visited = Visited(held(until))
    async with far_away() as control, site(visited) as port:
        url = f"http://127.0.0.1:{port}/"
        asked = asyncio.create_task(control.ask(url))
        await visited.first.wait()
        asked.cancel()
        await asyncio.wait([asked])
        until.set()
        await control.answer(url)
    assert visited.times == 1


async def test_the_memory_is_bounded_and_what_is_outdated_goes() -> None:
    clock = Clock()
    cache = Cache[int](entries_max=5, bytes_max=100, clock=clock)

    async def get(key: str, size_bytes: int, keep_s: float = 60) -> int:
        async def find_out() -> Found[int]:
            return Found(value=size_bytes, size_bytes=size_bytes, keep_s=keep_s)

        return (await cache.get(key, find_out))[0]

    for number in range(20):
        await get(f"small {number}", 10)
    assert (len(cache), cache.size_bytes) == (5, 50)
    assert cache.has("small 19")
    await get("large", 80)
    assert (cache.has("large"), cache.has("small 19"), cache.size_bytes) == (True, True, 100)
    assert await get("too large", 101) == 101
    assert not cache.has("too large")
    clock.now += 61
    await get("new", 1)
    assert (len(cache), cache.size_bytes) == (1, 1)
    await cache.aclose()


async def test_what_fails_is_not_remembered() -> None:
    cache = Cache[int](entries_max=5, bytes_max=100, clock=Clock())
    times = 0

    async def find_out() -> Found[int]:
        nonlocal times
        times += 1
        raise Busy

    for _ in range(2):
        with pytest.raises(Busy):
            await cache.get("site", find_out)
    assert times == 2


# Who asks


@pytest.mark.parametrize(("method", "body"), [("GET", None), ("POST", {})])
async def test_a_probe_learns_its_network_and_the_time(method: str, body: dict[str, Any] | None) -> None:
    async with far_away(network_of=table) as control:
        said = await control.client.request(method, "/v1/network", json=body)
        answer = await control.answer("http://127.0.0.1:1024/")
    assert said.json() == {"asn": 9198, "country": "KZ", "at": iso(NOW)}
    assert (answer["asker_asn"], answer["asker_country"]) == (9198, "KZ")


@pytest.mark.parametrize(
    ("behind_proxy", "named", "asn"),
    [
        (True, "127.0.0.1", 9198),
        (True, "8.8.8.8, 127.0.0.1", 9198),  # the last one is the proxy's word, the others are anyone's
        (True, "127.0.0.1, 8.8.8.8", None),
        (True, "nonsense", None),
        (True, "", None),
        (False, "8.8.8.8", 9198),
    ],
)
async def test_the_proxy_s_word_is_believed_only_where_there_is_one(
    behind_proxy: bool, named: str, asn: int | None
) -> None:
    async with far_away(network_of=table, behind_proxy=behind_proxy) as control:
        said = await control.client.get("/v1/network", headers={"X-Forwarded-For": named})
    assert said.json()["asn"] == asn


# Bytes for a probe that wants to know its line


@pytest.mark.parametrize("amount", [1, 1_000, 262_144])
async def test_a_probe_gets_as_many_bytes_as_it_asks_for(amount: int) -> None:
    async with far_away() as control:
        said = await control.client.post("/v1/line", json={"bytes": amount})
    assert said.status_code == 200
    assert len(said.content) == amount
    assert said.headers["content-length"] == str(amount)


async def test_nobody_on_the_way_can_pack_the_bytes_or_keep_them() -> None:
    async with far_away() as control:
        first, again = [
            await control.client.post("/v1/line", json={"bytes": 60_000}, headers={"Accept-Encoding": "gzip, br"})
            for _ in range(2)
        ]
    assert first.content != again.content
    assert len(zlib.compress(first.content)) >= 60_000
    assert "content-encoding" not in first.headers
    assert set(first.headers["cache-control"].split(", ")) == {"no-store", "no-transform"}
    assert first.headers["content-type"] == "application/octet-stream"


async def test_the_probe_s_own_question_for_bytes_is_understood() -> None:
    heard: list[int] = []
    services = Services(trusting(None))
    async with far_away(token="s3cret") as control:
        came = await line(services, control.url, "s3cret", 200_000, heard.append)
        with pytest.raises(Garbage, match="status 401: The token is missing or wrong"):
            await line(services, control.url, "other", 60_000, heard.append)
        with pytest.raises(Garbage, match="status 422: bytes: "):
            await line(services, control.url, "s3cret", 300_000, heard.append)
    await services.aclose()
    assert came == 200_000
    assert came in heard
