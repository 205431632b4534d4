"""What a control refuses, each time with one sentence: too much, too often, too long, or no question at all."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from results.records import Control, HttpStep
from server.body import Refused
from server.control.endpoint import ANSWER_MAX_BYTES, fitting
from server.control.limits import Budget, Busy, Limits, Turns
from server.control.patience import Patient
from server.control.question import BODY_MAX_BYTES
from tests.probe.servers import page, site
from tests.server.far_away import Clock, FarAway, Visited, far_away, held

pytestmark = pytest.mark.anyio

NO_LOOK = "http://[::1]:1024/"  # there is no IPv6 here, so that nothing is dialled


def sentence(said: httpx.Response) -> str:
    """What a refusal says."""
    assert said.headers["content-type"] == "application/json"
    says: str = said.json()["detail"]
    assert says.endswith(".")
    assert "\n" not in says
    return says


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One event loop for all, so that a control can serve several tests."""
    return "asyncio"


@pytest.fixture(scope="module")
async def shut() -> AsyncIterator[FarAway]:
    """A control as on the internet: nothing of this machine is dialled."""
    async with far_away(allow_private=False, limits=Limits(per_minute=10**9)) as control:
        yield control


# How often


async def test_an_asker_has_so_many_questions_a_minute() -> None:
    async with far_away(limits=Limits(per_minute=3)) as control:
        statuses = [(await control.client.get("/v1/network")).status_code for _ in range(4)]
        refused = await control.client.get("/v1/network")
        assert statuses == [200, 200, 200, 429]
        assert "a minute" in sentence(refused)
        assert refused.headers["retry-after"] == "20"
        control.clock.now += 20
        assert [(await control.client.get("/v1/network")).status_code for _ in range(2)] == [200, 429]


@pytest.mark.parametrize(
    ("behind_proxy", "statuses"),
    [(True, [200, 200, 429]), (False, [200, 429, 429])],  # without a proxy anyone may name any address
)
async def test_askers_are_told_apart_by_what_the_proxy_says(behind_proxy: bool, statuses: list[int]) -> None:
    async with far_away(limits=Limits(per_minute=1), behind_proxy=behind_proxy) as control:
        named = [{"X-Forwarded-For": ip} for ip in ("203.0.113.1", "203.0.113.2", "203.0.113.1")]
        assert [(await control.client.get("/v1/network", headers=one)).status_code for one in named] == statuses


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ("203.0.113.1", "203.0.113.1", True),
        ("203.0.113.1", "203.0.113.2", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::1", True),  # one household's
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("203.0.113.1", "::ffff:203.0.113.1", True),
        ("", "", True),
    ],
)
async def test_an_asker_is_an_address_or_a_household(one: str, other: str, shared: bool) -> None:
    budget = Budget(1, Clock())
    assert budget.take(one) == 0
    assert bool(budget.take(other)) is shared


async def test_no_asker_s_address_is_kept() -> None:
    budget = Budget(1, Clock())
    budget.take("203.0.113.1")
    assert "203.0.113" not in repr(vars(budget))


async def test_a_flood_of_askers_takes_no_more_memory() -> None:
    budget = Budget(1, Clock())
    for number in range(21_000):
        budget.take(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(budget._left) == 20_000


async def test_only_who_shows_the_token_is_answered() -> None:
    async with far_away(token="s3cret") as control:
        shown = [None, "Bearer other", "Basic s3cret", "Bearer s3crét", "Bearer s3cret"]
        said = [
            await control.client.get("/v1/network", headers=[(b"Authorization", one.encode())] if one else [])
            for one in shown
        ]
        assert [one.status_code for one in said] == [401, 401, 401, 401, 200]
        assert "token" in sentence(said[0])
        assert said[0].headers["www-authenticate"] == "Bearer"
        assert (await control.ask(NO_LOOK)).status_code == 401


# How much at once


async def test_who_finds_no_turn_is_sent_away_at_once() -> None:
    until = asyncio.Event()
    visited = Visited(held(until))
    async with far_away(limits=Limits(at_once=1, waiting=0)) as control, site(visited) as port:
        first = asyncio.create_task(control.ask(f"http://127.0.0.1:{port}/"))
        await visited.first.wait()
        refused = await control.ask(f"http://127.0.0.1:{port}/other", "127.0.0.1")
        assert refused.status_code == 503
        assert "busy" in sentence(refused)
        assert int(refused.headers["retry-after"]) > 0
        until.set()
        assert (await first).status_code == 200
        assert (await control.ask(f"http://127.0.0.1:{port}/other")).status_code == 200


async def test_where_the_queue_is_full_nobody_is_kept_waiting() -> None:
    turns = Turns(at_once=1, waiting=1)

    async def take() -> None:
        async with turns.one():
            await asyncio.Event().wait()

    tasks = [asyncio.create_task(take()) for _ in range(3)]
    for _ in range(5):
        await asyncio.sleep(0)
    assert [task.done() for task in tasks] == [False, False, True]
    assert isinstance(tasks[2].exception(), Busy)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_those_who_wait_get_their_turn() -> None:
    visited = Visited()
    async with far_away(limits=Limits(at_once=1, waiting=9)) as control, site(visited) as port:
        said = await asyncio.gather(*(control.ask(f"http://127.0.0.1:{port}/{number}") for number in range(10)))
    assert {one.status_code for one in said} == {200}
    assert visited.times == 10


async def test_a_look_ends_in_time_and_is_told_when_it_is_done() -> None:
    until = asyncio.Event()
    visited = Visited(held(until))
    async with far_away(limits=Limits(look_s=0.2)) as control, site(visited) as port:
        refused = await control.ask(f"http://127.0.0.1:{port}/")
        assert refused.status_code == 504
        assert "longer than" in sentence(refused)
        until.set()
        while (said := await control.ask(f"http://127.0.0.1:{port}/")).status_code == 504:
            pass
        assert said.status_code == 200
    assert visited.times == 1


# What is no question


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (b"", 422, "json"),
        (b"{", 422, "json"),
        (b"[]", 422, "object"),
        (b'{"url": 1}', 422, "url"),
        (b'{"url": "http://a.example/", "more": 1}', 422, "more"),
        (b'{"address": "1.2.3.4"}', 422, "url"),
        (b'{"url": "\xff"}', 422, "json"),
        (b"[" * 60_000, 422, "json"),
        (json.dumps({"url": "http://a.example/" + "a" * 2048}).encode(), 422, "2048"),
        (json.dumps({"url": NO_LOOK, "addresses": ["1.2.3.4"] * 13}).encode(), 422, "12"),
        (json.dumps({"url": NO_LOOK, "addresses": ["no address"]}).encode(), 422, "addresses.0"),
        (json.dumps({"url": NO_LOOK, "addresses": ["fe80::1%eth0"]}).encode(), 422, "addresses.0"),
        (json.dumps({"url": "file:///etc/passwd"}).encode(), 422, "http and https"),
        (json.dumps({"url": "https://a:b@a.example/"}).encode(), 422, "password"),
        (json.dumps({"url": "http://a.example:22/"}).encode(), 422, "Port 22"),
        (b" " * (BODY_MAX_BYTES + 1), 413, "65536"),
    ],
)
async def test_what_is_no_question_gets_no_look(shut: FarAway, body: bytes, status: int, says: str) -> None:
    said = await shut.client.post("/v1/control", content=body, headers={"Content-Type": "application/json"})
    assert said.status_code == status
    assert says.lower() in sentence(said).lower()


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonx"])
async def test_a_question_is_json(shut: FarAway, kind: str) -> None:
    """So that no page in somebody's browser can ask."""
    said = await shut.client.post("/v1/control", content=b'{"url": "x"}', headers={"Content-Type": kind})
    assert said.status_code == 415
    assert "application/json" in sentence(said)


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (b'{"bytes": 0}', 422, "bytes: input should be greater than or equal to 1."),
        (b'{"bytes": -5}', 422, "bytes: input should be greater than or equal to 1."),
        (b'{"bytes": 262145}', 422, "bytes: input should be less than or equal to 262144."),
        (b'{"bytes": 1e30}', 422, "bytes: input should be a valid integer."),
        (b'{"bytes": 10.5}', 422, "bytes: input should be a valid integer."),
        (b'{"bytes": "1000"}', 422, "bytes: input should be a valid integer."),
        (b'{"bytes": true}', 422, "bytes: input should be a valid integer."),
        (b'{"bytes": null}', 422, "bytes: input should be a valid integer."),
        (b'{"bytes": 10, "url": "http://a.example/"}', 422, "url: extra inputs are not permitted."),
        (b"{}", 422, "bytes: field required."),
        (b"", 422, "json"),
        (b" " * (BODY_MAX_BYTES + 1), 413, "65536"),
    ],
)
async def test_what_is_no_amount_gets_no_bytes(shut: FarAway, body: bytes, status: int, says: str) -> None:
    said = await shut.client.post("/v1/line", content=body, headers={"Content-Type": "application/json"})
    assert said.status_code == status
    assert says.lower() in sentence(said).lower()


@pytest.mark.parametrize("kind", ["", "text/plain"])
async def test_bytes_are_asked_for_in_json_as_well(shut: FarAway, kind: str) -> None:
    said = await shut.client.post("/v1/line", content=b'{"bytes": 1}', headers={"Content-Type": kind})
    assert said.status_code == 415
    assert "application/json" in sentence(said)


async def test_bytes_are_for_those_who_show_the_token_and_count_as_questions() -> None:
    async with far_away(token="s3cret", limits=Limits(per_minute=3)) as control:
        shown = [{}, {"Authorization": "Bearer other"}, {"Authorization": "Bearer s3cret"}]
        said = [await control.client.post("/v1/line", json={"bytes": 10}, headers=one) for one in shown]
        assert [one.status_code for one in said] == [401, 401, 200]
        refused = await control.client.post("/v1/line", json={"bytes": 10}, headers=shown[-1])
        assert refused.status_code == 429
        assert "a minute" in sentence(refused)
        assert int(refused.headers["retry-after"]) > 0


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/v1/control", 405),
        ("GET", "/v1/line", 405),
        ("DELETE", "/v1/network", 405),
        ("OPTIONS", "/v1/control", 405),
    ],
)
async def test_other_addresses_and_methods_get_a_sentence_too(
    shut: FarAway, method: str, path: str, status: int
) -> None:
    said = await shut.client.request(method, path)
    assert said.status_code == status
    assert sentence(said)


# Who never gets on with it


@asynccontextmanager
async def spoken_to(control: FarAway) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", control.port)
    try:
        yield reader, writer
    finally:
        writer.close()


CHUNKED = (
    b"POST /v1/control HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
)
HEAD = b"POST /v1/control HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 40\r\n\r\n"


async def test_a_chunked_question_is_read_no_further_than_its_bound() -> None:
    async with far_away() as control, spoken_to(control) as (reader, writer):
        writer.write(CHUNKED)
        for _ in range(65):
            writer.write(b"400\r\n" + b" " * 1024 + b"\r\n")
        async with asyncio.timeout(10):
            assert (await reader.readline()).startswith(b"HTTP/1.1 413 ")
            assert b"longer than 65536 bytes" in await reader.read()


class Hasty(Patient):
    head_s = 0.2
    whole_s = 0.5


@pytest.mark.parametrize("begun", [b"", b"POST /v1/control HT", HEAD, HEAD + b'{"url": '])
async def test_a_connection_that_says_nothing_more_is_ended(begun: bytes) -> None:
    async with far_away(connection=Hasty) as control, spoken_to(control) as (reader, writer):
        writer.write(begun)
        async with asyncio.timeout(10):
            assert await reader.read() == b""


async def test_a_question_that_trickles_is_refused() -> None:
    async with far_away(limits=Limits(body_s=0.2)) as control, spoken_to(control) as (reader, writer):
        writer.write(HEAD + b'{"url": ')
        async with asyncio.timeout(10):
            assert (await reader.readline()).startswith(b"HTTP/1.1 408 ")
            assert b"did not come within" in await reader.read()


async def test_a_connection_that_is_kept_has_the_same_patience_each_time() -> None:
    async with far_away(connection=Hasty) as control, spoken_to(control) as (reader, writer):
        for _ in range(2):
            writer.write(b"GET /v1/network HTTP/1.1\r\nHost: a\r\n\r\n")
            async with asyncio.timeout(10):
                assert (await reader.readuntil(b"}")).startswith(b"HTTP/1.1 200 ")
            await asyncio.sleep(2 * Hasty.whole_s)


async def test_a_look_may_take_longer_than_a_question_may_take_to_come() -> None:
    class HastyAtFirst(Patient):
        head_s = 0.1

    until = asyncio.Event()
    async with far_away(connection=HastyAtFirst) as control, site(held(until)) as port:
        asyncio.get_running_loop().call_later(3 * HastyAtFirst.head_s, until.set)
        assert (await control.ask(f"http://127.0.0.1:{port}/")).status_code == 200


async def test_who_does_not_take_the_answer_is_left() -> None:
    """The answers are far larger than what the kernels hold for them."""
    lost = asyncio.Event()

    class Watched(Hasty):
        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            lost.set()

    large = page(b"<p>" + b"x" * 60_000)
    async with far_away(connection=Watched) as control, site(large) as port:
        question = json.dumps({"url": f"http://127.0.0.1:{port}/"}).encode()
        with socket.create_connection(("127.0.0.1", control.port)) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.sendall((HEAD.replace(b"40", str(len(question)).encode()) + question) * 200)
            async with asyncio.timeout(20):
                await lost.wait()


# How long an answer is


def test_an_answer_is_never_longer_than_a_probe_reads() -> None:
    step = HttpStep(endpoint="192.0.2.1:80", t0=0, t=1, url="http://a.example/", status=200, body="ы" * 65536)
    told = Control(name="", hops=("http://a.example/",), steps=(step,) * 40)
    said = fitting(told)
    assert len(said) <= ANSWER_MAX_BYTES
    assert {len(one["body"]) for one in json.loads(said)["steps"]} == {16384}
    many = Control(name="", steps=(HttpStep(endpoint="", t0=0, t=1, url="x" * 100_000),) * 50)
    with pytest.raises(Refused):
        fitting(many)


# Whatever comes


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)
HOSTS = st.sampled_from(["127.0.0.1", "[::1]", "[::ffff:7f00:1]", "2130706433", "0x7f.1", "a b", "*", "localhost:0"])
URLS = st.one_of(
    st.text(max_size=80),
    st.builds(
        lambda scheme, host, rest: f"{scheme}://{host}{rest}",
        st.sampled_from(["http", "https", "ftp", "HTTP", "gopher"]),
        st.one_of(HOSTS, st.text(max_size=20)).filter(lambda host: "." not in host.strip(".") or host[:1].isdigit()),
        st.one_of(st.just("/"), st.just(":9/"), st.text(max_size=20).map(lambda text: "/" + text)),
    ),
)
ADDRESSES = st.one_of(st.ip_addresses().map(str), st.text(max_size=50), st.integers())
BODIES = st.one_of(
    st.binary(max_size=300),
    JSONS.map(lambda body: json.dumps(body).encode()),
    st.fixed_dictionaries({"url": URLS | JSONS}, optional={"addresses": st.lists(ADDRESSES, max_size=15) | JSONS}).map(
        lambda body: json.dumps(body).encode()
    ),
)
WIDELY = settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@given(body=BODIES)
@WIDELY
async def test_any_body_gets_an_answer_or_a_sentence(shut: FarAway, body: bytes) -> None:
    said = await shut.client.post("/v1/control", content=body, headers={"Content-Type": "application/json"})
    if said.status_code != 200:
        assert 400 <= said.status_code < 500
        assert sentence(said)


@given(
    wire=st.binary(max_size=200)
    | st.builds(
        lambda method, path, headers, body: method + b" " + path + b" HTTP/1.1\r\n" + headers + b"\r\n\r\n" + body,
        st.sampled_from([b"POST", b"GET", b"PRI", b""]),
        st.sampled_from([b"/v1/control", b"/v1/network", b"/v1/line", b"*", b"http://a/v1/control", b"/\xff"]),
        st.sampled_from([
            b"Host: a", b"Content-Length: 99999999999999999999", b"Content-Length: -1", b"Transfer-Encoding: chunked",
            b"Authorization: \xff", b"X-Forwarded-For: \xff", b"A: " + b"a" * 100_000, b"Content-Type: \xff",
            b"Host: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked", b"Upgrade: websocket",
        ]),
        st.binary(max_size=50),
    )
)  # fmt: skip
@WIDELY
async def test_whatever_comes_over_the_wire_is_no_server_s_error(shut: FarAway, wire: bytes) -> None:
    async with spoken_to(shut) as (reader, writer):
        writer.write(wire)
        writer.write_eof()
        try:
            async with asyncio.timeout(5):
                said = await reader.read()
        except ConnectionError:
            said = b""
    assert not said.startswith(b"HTTP/1.1 5"), said


async def test_it_answers_still(shut: FarAway) -> None:
    assert (await shut.client.get("/v1/network")).status_code == 200


async def test_a_bug_is_an_error_and_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise TypeError

    async with far_away() as control:
        monkeypatch.setattr("server.control.look.check", broken)
        assert (await control.ask(NO_LOOK)).status_code == 500
