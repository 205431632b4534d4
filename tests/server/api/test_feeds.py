"""The feeds: Atom 1.0 as RFC 4287 has it, in the words of the alerts, and entries that keep their names."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID
from xml.etree import ElementTree as ET

import httpx
import pytest

from results.history import History
from results.records import Vantage
from results.rollups import Rollups
from results.store import Store
from server.api.manners import CLOSED
from targets.operators import owner_of
from tests.server.api.conftest import TARGETS, asking
from tests.server.many import BEELINE, KCELL, past
from tests.server.simulated import EVERY, HOME, NOW, Simulated, site

pytestmark = pytest.mark.anyio

ATOM = "{http://www.w3.org/2005/Atom}"
Ask = Callable[..., httpx.AsyncClient]


def settled(store: Store, now: datetime = NOW) -> None:
    """Folded, and what changed is a flip."""
    history = History(
        store, owner=owner_of, outlets={one.url: one.outlet for one in TARGETS if one.outlet}, interval=EVERY
    )
    history.follow()
    history.settle(now + timedelta(hours=1))
    Rollups(store).follow()


@pytest.fixture(scope="module")
def news(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """ratel.kz was blocked on one network, and now is on another; vlast.kz is slow on a third."""
    store = Store(f"sqlite:///{tmp_path_factory.mktemp('news')}/kedergi.db")
    past(store, BEELINE, "ratel.kz", "o" * 57 + "bbb", until=NOW - timedelta(days=3))
    settled(store, NOW - timedelta(days=3))
    simulated = Simulated(store, vantage=BEELINE)
    for number in range(30):
        simulated.check("ratel.kz", "o", NOW - timedelta(days=2, minutes=30 * number))
    settled(store, NOW - timedelta(days=2))
    past(store, HOME, "ratel.kz", "o" * 57 + "bbb")
    past(store, KCELL, "vlast.kz", "o" * 40 + "s" * 20)
    settled(store)
    yield store
    store.close()


@pytest.fixture(scope="module")
def reading(news: Store) -> Ask:
    transport = asking(news)._transport
    return lambda: httpx.AsyncClient(transport=transport, base_url="http://kedergi.example.org")


async def feed(client: httpx.AsyncClient, **query: str) -> ET.Element:
    answer = await client.get("/feed.atom", params=query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    return ET.fromstring(answer.content)


def text(element: ET.Element, name: str) -> str:
    [found] = element.findall(ATOM + name)
    return found.text or ""


def titles(found: ET.Element) -> list[str]:
    return [text(entry, "title") for entry in found.findall(f"{ATOM}entry")]


def held_against_the_rfc(found: ET.Element) -> None:
    """What RFC 4287 requires (4.1.1, 4.1.2, 4.2.7), for a feed and each of its entries."""
    assert found.tag == f"{ATOM}feed"
    entries = found.findall(f"{ATOM}entry")
    assert len(found.findall(f"{ATOM}author/{ATOM}name")) == 1
    names = [text(one, "id") for one in (found, *entries)]
    assert len(set(names)) == len(names)
    for one in (found, *entries):
        assert text(one, "title")
        assert UUID(text(one, "id").removeprefix("urn:uuid:"))
        assert datetime.fromisoformat(text(one, "updated")).tzinfo is not None
        links = {link.get("rel"): link for link in one.findall(f"{ATOM}link")}
        assert links["alternate"].get("type") == "text/html"
        for link in links.values():
            assert urlsplit(link.get("href")).scheme in {"http", "https"}
    assert "self" in {link.get("rel") for link in found.findall(f"{ATOM}link")}
    for entry in entries:
        [content] = entry.findall(f"{ATOM}content")
        assert content.get("type") == "text"
        assert len(content) == 0
    moments = [text(entry, "updated") for entry in entries]
    assert text(found, "updated") == max(moments, default="2000-01-01T00:00:00.000Z")


@pytest.mark.parametrize(
    "query", [{}, {"url": site("ratel.kz")}, {"outlet": "Vlast"}, {"network": "9198"}, {"country": "KZ"},
              {"country": "RU"}, {"url": "never.kz", "lang": "ru", "tz": "Europe/Berlin"}],
    ids=str,
)  # fmt: skip
async def test_a_feed_has_what_the_rfc_wants(reading: Ask, query: dict[str, str]) -> None:
    async with reading() as client:
        held_against_the_rfc(await feed(client, **query))


async def test_a_sites_feed_tells_what_began_and_what_ended_the_newest_first(reading: Ask) -> None:
    async with reading() as client:
        found = await feed(client, url=site("ratel.kz"))
        assert titles(found) == [
            "ratel.kz is likely blocked", "ratel.kz is accessible again", "ratel.kz is likely blocked"
        ]  # fmt: skip
        assert text(found, "title") == "Kedergi: ratel.kz"
        entry = found.find(f"{ATOM}entry")
        assert entry is not None
        assert "Began: between 13:11 and 13:41 UTC+5" in text(entry, "content")
        assert [one.get("term") for one in found.iter(f"{ATOM}category")] == ["opened", "ended", "opened"]


@pytest.mark.parametrize(
    ("query", "sites"),
    [
        ({"outlet": "Vlast"}, {"vlast.kz"}),
        ({"network": "9198"}, {"ratel.kz"}),
        ({"network": "29355"}, {"vlast.kz"}),
        ({"country": "KZ"}, {"ratel.kz", "vlast.kz"}),
        ({"country": "RU"}, set()),
        ({"url": site("vlast.kz"), "network": "9198"}, set()),
        ({"url": "ratel.kz"}, {"ratel.kz"}),
    ],
    ids=lambda value: " ".join(sorted(value)) if isinstance(value, set) else str(value),
)
async def test_a_feed_is_of_what_was_chosen(reading: Ask, query: dict[str, str], sites: set[str]) -> None:
    async with reading() as client:
        assert {title.partition(" ")[0] for title in titles(await feed(client, **query))} == sites


async def test_entries_lead_to_pages_and_keep_their_names_in_every_tongue(reading: Ask) -> None:
    async with reading() as client:
        english, russian = [await feed(client, url=site("ratel.kz"), lang=lang) for lang in ("en", "ru")]
        assert russian.get("{http://www.w3.org/XML/1998/namespace}lang") == "ru"
        for path in (f"{ATOM}id", f"{ATOM}entry/{ATOM}id"):
            assert [one.text for one in english.findall(path)] == [one.text for one in russian.findall(path)]
        assert titles(russian)[0] != titles(english)[0]
        links = {link.get("href") or "" for link in english.findall(f"{ATOM}entry/{ATOM}link")}
        links |= {link.get("href") or "" for link in english.findall(f"{ATOM}link")}
        assert {(await client.get(link)).status_code for link in links} == {200}


async def test_an_entry_stays_as_it_was_when_more_comes(store: Store) -> None:
    past(store, HOME, "ratel.kz", "o" * 40 + "b" * 20, until=NOW - timedelta(days=1))
    settled(store, NOW - timedelta(days=1))
    client = asking(store)
    before = (await feed(client)).findall(f"{ATOM}entry")
    past(store, HOME, "vlast.kz", "o" * 40 + "b" * 20)
    settled(store)
    next_year = asking(store, now=NOW + timedelta(days=60))
    after = (await feed(next_year)).findall(f"{ATOM}entry")
    assert len(after) > len(before) == 1
    assert ET.tostring(after[-1]) == ET.tostring(before[0])


async def test_links_are_those_of_the_server_that_was_asked(reading: Ask) -> None:
    async with reading() as client:
        for host, scheme in (("kedergi.example.org", "https"), ("127.0.0.1:8733", "http")):
            answer = await client.get("/feed.atom", headers={"host": host})
            links = [link.get("href") or "" for link in ET.fromstring(answer.content).iter(f"{ATOM}link")]
            assert all(link.startswith(f"{scheme}://{host}/") for link in links)


async def test_names_that_are_no_xml_are_told_as_letters(store: Store) -> None:
    words = 'x\x00\x0b\ufffe<b>&"]]>'.replace("\x00", "")
    past(store, Vantage(name="v", country="KZ", network=words), "ratel.kz", "o" * 40 + "b" * 20)
    settled(store)
    found = await feed(asking(store), network=words)
    held_against_the_rfc(found)
    assert '<b>&"]]>' in text(found, "title")


@pytest.mark.parametrize("query", [{"url": "none.kz"}, {"outlet": "None"}, {"network": "1"}], ids=str)
async def test_a_feed_of_nothing_known_is_not_there(reading: Ask, query: dict[str, str]) -> None:
    async with reading() as client:
        assert (await client.get("/feed.atom", params=query)).status_code == 404


@pytest.mark.parametrize(
    ("path", "query"),
    [(f"/site?url={site('ratel.kz')}", [{"url": site("ratel.kz")}, {"outlet": "Ratel"}]),
     ("/network?key=9198", [{"network": "9198"}]), ("/", [{}]), ("/?country=KZ", [{"country": "KZ"}])],
)  # fmt: skip
async def test_pages_name_their_feeds(reading: Ask, path: str, query: list[dict[str, str]]) -> None:
    import re

    async with reading() as client:
        html = (await client.get(path)).text
        found = re.findall(r'<link rel="alternate" type="application/atom\+xml" title="[^"]+" href="([^"]+)"', html)
        links = [httpx.URL(one.replace("&amp;", "&")) for one in found]
        assert [dict(link.params) for link in links] == query
        assert [(await client.get(link)).status_code for link in links] == [200] * len(query)


async def test_a_closed_server_lets_nobody_keep_its_feed(news: Store) -> None:
    answer = await asking(news, CLOSED).get("/feed.atom")
    assert answer.headers["cache-control"] == "private, no-cache"
