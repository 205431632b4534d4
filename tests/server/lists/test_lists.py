"""A server's key, its list, and the probe that fetches it, over real sockets and on both databases."""

import asyncio
import random
import stat
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from probe.budget import Budget
from probe.config import ConfigError
from probe.contexts import web_context
from probe.services import Services
from probe.vantage import server_list
from probe.vantage.enrolment import Enrolment
from probe.vantage.fetching import Fetching, Pace
from probe.vantage.sealed import NotSealed
from results.store import Store
from server import joining
from server.key import FILE, server_key
from server.lists.listing import listing
from targets.target import Target
from tests.server.intake.conftest import code
from tests.server.intake.sending import Sender, sentence
from tests.server.lists.conftest import CONTROL, FIRST, Server, Starting
from tests.stores import Opening

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
QUICK = Pace(answer=10, again=0.02, after_failure=0.02)
EMPTY = {"content-type": "application/x-ndjson"}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def asked(sender: Sender, **headers: str) -> httpx.Response:
    signed = sender.signed("/v1/targets", b"", EMPTY, method="GET")
    return sender.client.get("/v1/targets", headers={**signed, **headers})


# The key


def test_a_server_has_one_key_in_a_private_file(opened: Opening, tmp_path: Path) -> None:
    keys = [server_key(opened(), tmp_path, now=NOW) for _ in range(2)]
    assert keys[0].public == keys[1].public
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.glob("*server-key*")] == [FILE]


def test_all_workers_that_start_at_once_get_the_same_key(opened: Opening, tmp_path: Path) -> None:
    opened()  # makes the tables
    stores, ready = [opened() for _ in range(8)], threading.Barrier(8)

    def start(store: Store) -> str:
        ready.wait()
        return server_key(store, tmp_path, now=NOW).public

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(start, stores))) == 1


def test_a_server_with_another_key_does_not_start_on_this_store(store: Store, tmp_path: Path) -> None:
    server_key(store, tmp_path / "one", now=NOW)
    (tmp_path / "one" / FILE).rename(tmp_path / FILE)
    with pytest.raises(ConfigError, match="is gone: put it back"):
        server_key(store, tmp_path / "one", now=NOW)
    other = Store(f"sqlite:///{tmp_path / 'other.db'}")
    server_key(other, tmp_path / "two", now=NOW)
    other.close()
    with pytest.raises(ConfigError, match="is another key than this store's"):
        server_key(store, tmp_path / "two", now=NOW)


@pytest.mark.parametrize("content", [b"", b"no key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_a_damaged_key_is_said_in_one_sentence(store: Store, tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(ConfigError, match="holds no key that can be used"):
        server_key(store, tmp_path, now=NOW)


def test_the_private_half_is_not_in_the_store(store: Store, tmp_path: Path) -> None:
    key = server_key(store, tmp_path, now=NOW)
    with store.transaction() as connection:
        [row] = connection.execute(sa.text("select * from server_key")).mappings()
    assert row["public_key"] == key.public
    assert key.key.private_bytes_raw().hex() not in repr(dict(row))


# The list


def test_every_worker_gives_the_same_list_and_a_change_makes_a_newer_one(opened: Opening, tmp_path: Path) -> None:
    key = server_key(opened(), tmp_path, now=NOW)
    first = listing(opened(), key, FIRST, now=NOW)
    again = listing(opened(), key, FIRST, now=NOW + timedelta(days=1))
    assert (first.content, first.targets) == (again.content, 3)
    fewer = listing(opened(), key, FIRST[:1], now=NOW + timedelta(days=2))
    assert fewer.made_at == NOW + timedelta(days=2)
    back = listing(opened(), key, FIRST, now=NOW)  # the clock was set back
    assert back.made_at > fewer.made_at
    assert back.version != first.version


def test_a_member_gets_the_list_with_its_tiers_once_for_each_version(server: Server) -> None:
    sender = server.joined()
    said = asked(sender)
    assert said.status_code == 200
    assert said.headers["content-type"] == "application/x-ndjson"
    assert "no-cache" in said.headers["cache-control"]
    found = server_list.read(said.content, server.key.key.public_key())
    assert [(one.url, one.tier, one.use) for one in found.targets] == [
        (one.url, one.tier, one.use) for one in FIRST[:3]
    ]
    assert found.targets[0].outlet == "A"
    unchanged = asked(sender, **{"if-none-match": said.headers["etag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert asked(sender, **{"if-none-match": '"other"'}).status_code == 200


def test_who_has_not_joined_or_was_revoked_gets_no_list(server: Server) -> None:
    stranger, member = Sender(server.client), server.joined()
    assert server.client.get("/v1/targets").status_code == 401
    assert "has not joined, or was revoked" in sentence(asked(stranger), 401)
    joining.revoke(server.store, member.name, now=datetime.now(UTC))
    assert "was revoked" in sentence(asked(member), 401)


def test_nobody_asks_all_the_time(server: Server) -> None:
    sender = server.joined()
    statuses = {asked(sender).status_code for _ in range(35)}
    assert statuses == {200, 429}


def test_whoever_joins_is_told_the_key_and_the_controls(server: Server) -> None:
    told = Sender(server.client).enrol(code(server.store)).json()
    assert (told["server_key"], told["controls"]) == (server.key.public, [CONTROL])


# What was made for another server


@pytest.mark.parametrize("name", ["127.0.0.1", "other.example.org"])
def test_a_request_that_was_made_for_another_server_is_none_for_this_one(starting: Starting, name: str) -> None:
    server = starting(names=("127.0.0.1",))
    sender = server.joined()
    host = f"{name}:{server.client.base_url.port}"

    def signed(method: str, path: str, body: bytes, headers: dict[str, str]) -> httpx.Response:
        said = sender.signed(path, body, headers, method=method, url=f"http://{host}{path}")
        return server.client.request(method, path, content=body, headers={**said, "host": host})

    statuses = {
        signed("GET", "/v1/targets", b"", EMPTY).status_code,
        signed("POST", "/v1/pass", b"{}", {"content-type": "application/json"}).status_code,
    }
    assert statuses == ({200} if name == "127.0.0.1" else {421})
    said = signed("POST", "/v1/measurements", b"{}\n", EMPTY)
    assert said.status_code == (200 if name == "127.0.0.1" else 421)


def test_how_often_a_vantage_measures_is_signed_too(server: Server) -> None:
    sender = server.joined()
    body, path = b"{}\n", "/v1/measurements"
    said = sender.signed(path, body, {**EMPTY, "kedergi-interval": "1800"})
    assert server.client.post(path, content=body, headers={**said, "kedergi-interval": "5"}).status_code == 401
    without = {name: value for name, value in said.items() if name != "kedergi-interval"}
    assert server.client.post(path, content=body, headers=without).status_code == 401
    added = {**sender.signed(path, body, EMPTY), "kedergi-interval": "5"}
    assert server.client.post(path, content=body, headers=added).status_code == 401
    assert server.client.post(path, content=body, headers=said).status_code == 200


# The probe's side


@pytest.fixture
async def services() -> AsyncIterator[Services]:
    found = Services(web_context(None))
    yield found
    await found.aclose()


def enrolment_of(server: Server, sender: Sender) -> Enrolment:
    return Enrolment(
        servers=(server.url,),
        vantage=sender.name,
        vantage_class="home",
        country="KZ",
        joined_at=NOW,
        server_key=server.key.public,
    )


def fetching(services: Services, sender: Sender, joined: Enrolment, folder: Path, *urls: str, **more: Any) -> Fetching:
    given: dict[str, Any] = {"clock": lambda: datetime.now(UTC), "budget": Budget(), "pace": QUICK} | more
    return Fetching(services, sender.identity, joined, urls or joined.servers, folder, chance=random.Random(1), **given)


def kept_urls(server: Server, folder: Path) -> list[str]:
    found = server_list.kept(folder, server.key.key.public_key())
    return [target.url for target in found.targets] if found else []


async def test_a_probe_keeps_the_list_privately_and_asks_for_news_only(
    starting: Starting, services: Services, tmp_path: Path
) -> None:
    server = await asyncio.to_thread(starting)
    sender = await asyncio.to_thread(server.joined)
    budget = Budget(10**9)
    sought = fetching(services, sender, enrolment_of(server, sender), tmp_path, budget=budget)
    assert await sought.once()
    assert kept_urls(server, tmp_path) == [target.url for target in FIRST[:3]]
    assert stat.S_IMODE((tmp_path / server_list.FILE).stat().st_mode) == 0o600
    used = 10**9 - budget.left_bytes(datetime.now(UTC))
    assert used > 1000
    at = (tmp_path / server_list.FILE).stat().st_mtime_ns
    assert await sought.once()
    assert (tmp_path / server_list.FILE).stat().st_mtime_ns == at
    assert 10**9 - budget.left_bytes(datetime.now(UTC)) < 2 * used  # the second answer has no list in it


async def test_a_newer_list_is_taken_up_while_it_runs_and_an_older_one_never(
    starting: Starting, services: Services, tmp_path: Path
) -> None:
    old = await asyncio.to_thread(starting)
    new = await asyncio.to_thread(starting, [*FIRST, Target(url="https://d.kz/")])
    sender = await asyncio.to_thread(old.joined)
    joined, came = enrolment_of(old, sender), asyncio.Event()

    async def told() -> None:
        came.set()

    await fetching(services, sender, joined, tmp_path).once()
    assert len(kept_urls(old, tmp_path)) == 3
    running = asyncio.create_task(fetching(services, sender, joined, tmp_path, new.url).run(told))
    async with asyncio.timeout(20):
        await came.wait()
    running.cancel()
    await asyncio.wait([running])
    assert "https://d.kz/" in kept_urls(old, tmp_path)
    said: list[str] = []
    assert await fetching(services, sender, joined, tmp_path, old.url, say=said.append).once()  # played back, or slow
    assert "https://d.kz/" in kept_urls(old, tmp_path)
    assert said == []


async def test_a_list_of_another_key_or_of_no_server_changes_nothing(
    starting: Starting, services: Services, tmp_path: Path
) -> None:
    server = await asyncio.to_thread(starting)
    sender = await asyncio.to_thread(server.joined)
    joined = enrolment_of(server, sender)
    await fetching(services, sender, joined, tmp_path).once()
    said: list[str] = []
    other = replace_key(joined, Sender(server.client).identity.public)
    sought = fetching(services, sender, other, tmp_path / "new", say=said.append)
    (tmp_path / "new").mkdir()
    assert not await sought.once()
    assert not await sought.once()
    assert [one for one in said if "signed with another key" in one] == said[:1]
    assert len(said) == 1
    assert list((tmp_path / "new").iterdir()) == []
    assert len(kept_urls(server, tmp_path)) == 3


def replace_key(joined: Enrolment, key: str) -> Enrolment:
    return joined.model_copy(update={"server_key": key})


async def test_a_list_from_the_future_does_not_keep_out_those_that_come_after_it(
    starting: Starting, services: Services, tmp_path: Path
) -> None:
    server = await asyncio.to_thread(starting)
    sender = await asyncio.to_thread(server.joined)
    said: list[str] = []
    server.now[:] = [datetime.now(UTC) - timedelta(days=400)]

    def clock() -> datetime:
        return server.now[0]

    sought = fetching(services, sender, enrolment_of(server, sender), tmp_path, clock=clock, say=said.append)
    assert not await sought.once()
    assert "was made in the future" in said[0]
    assert kept_urls(server, tmp_path) == []


async def test_where_one_address_of_the_server_is_dead_the_next_is_asked(
    starting: Starting, services: Services, tmp_path: Path
) -> None:
    server = await asyncio.to_thread(starting)
    sender = await asyncio.to_thread(server.joined)
    joined = enrolment_of(server, sender)
    sought = fetching(services, sender, joined, tmp_path, "http://127.0.0.1:9", server.url)
    assert await sought.once()
    assert not await fetching(services, sender, joined, tmp_path, "http://127.0.0.1:9").once()


def test_what_a_server_can_t_mean_is_not_a_list(store: Store, tmp_path: Path) -> None:
    key = server_key(store, tmp_path, now=NOW)
    many = [Target(url=f"https://s{number}.kz/") for number in range(10_001)]
    with pytest.raises(NotSealed, match="more than 10000 targets"):
        server_list.read(listing(store, key, many, now=NOW).content, key.key.public_key())
    with pytest.raises(NotSealed, match="longer than"):
        server_list.read(b"x" * 5_000_000, key.key.public_key())


def test_a_line_that_this_program_does_not_know_costs_itself_alone(store: Store, tmp_path: Path) -> None:
    import io

    from probe.vantage.sealed import Kind, write

    key, out = server_key(store, tmp_path, now=NOW), io.BytesIO()
    good = server_list.line_of(Target(url="https://a.kz/"))
    odd = [b'{"url":"https://b.kz/","tier":9}', b'{"url":"gopher://b.kz/"}', b"[1]", b"7", b"[" * 100_000, b"{}"]
    write(out, key, Kind.TARGETS, [*odd, good], made_at=NOW, vantage="", nonce="")
    found = server_list.read(out.getvalue(), key.key.public_key())
    assert ([one.url for one in found.targets], found.unread) == (["https://a.kz/"], 6)
