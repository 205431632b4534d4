"""The pages of a shared server as a reader without JavaScript gets them."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import httpx
import pytest

from results.records import Vantage
from results.store import Store
from server.pages.many.choice import Choice
from targets.target import Role, Target
from tests.server.html import Page, page
from tests.server.many import BEELINE, KCELL, TOWN, app_of, events_of, followed, past
from tests.server.simulated import HOME, NOW, site
from tests.stores import database

pytestmark = pytest.mark.anyio

TARGETS = [
    Target(url=site("ratel.kz"), outlet="Ratel", category="NEWS"),
    Target(url=site("vlast.kz"), outlet="Vlast", category="NEWS"),
    Target(url=site("rights.kz"), outlet="Rights", category="HUMR"),
    Target(url=site("reference.org"), role=Role.REFERENCE),
]
BLOCK = "o" * 40 + "b" * 20


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """ratel.kz is blocked on two networks of four, vlast.kz throttled on one, rights.kz fine; Town Net fell silent.

    Made once: the pages only read it.
    """
    url = f"sqlite:///{tmp_path_factory.mktemp('many')}/kedergi.db"
    if request.param == "postgresql":
        url = database(request.getfixturevalue("postgresql"))
    store = Store(url)
    past(store, HOME, "ratel.kz", BLOCK)
    past(store, KCELL, "ratel.kz", "o" * 44 + "c" * 16)
    past(store, BEELINE, "ratel.kz", "o" * 60)
    past(store, TOWN, "ratel.kz", "o" * 20, until=NOW - timedelta(days=2))
    past(store, KCELL, "vlast.kz", "o" * 40 + "s" * 20)
    past(store, HOME, "vlast.kz", "o" * 60)
    past(store, HOME, "rights.kz", "o" * 60)
    past(store, HOME, "reference.org", "o" * 3)
    followed(store)
    yield store
    store.close()


def asking(store: Store) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app_of(store, TARGETS)), base_url="http://kedergi.example.org"
    )


@pytest.fixture(scope="module")
def pages(told: Store) -> httpx.ASGITransport:
    return httpx.ASGITransport(app_of(told, TARGETS))


@pytest.fixture
async def client(pages: httpx.ASGITransport) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=pages, base_url="http://kedergi.example.org") as made:
        yield made


def hrefs(found: Page, start: str) -> list[str]:
    return [link["href"] or "" for link in found.all("a") if (link["href"] or "").startswith(start)]


def section(found: Page, start: str, end: str) -> str:
    return found.text.partition(start)[2].partition(end)[0]


async def test_the_first_page_says_what_is_blocked_where_since_when_and_how_surely(client: httpx.AsyncClient) -> None:
    found = await page(client, "/")
    lead = "1 site is blocked and 1 is likely throttled on at least one network. Newest: ratel.kz on Kcell, since"
    assert lead in " ".join(found.text.split()).replace(" .", ".")
    table = section(found, "Not plainly accessible now", "Sites and networks")
    assert "between 04:41 and 05:11" in table  # the first of the two
    assert "silence once the site's name is sent tls.timeout" in table
    assert "JSC Kazakhtelecom AS9198" in table
    assert "Kcell JSC AS29355" in table
    assert table.index("ratel.kz") < table.index("vlast.kz") or "vlast.kz" in table


async def test_the_matrix_tells_kind_and_certainty_and_where_nobody_looked(client: httpx.AsyncClient) -> None:
    found = await page(client, "/")
    rows = section(found, "Sites and networks", "A cell is a stack").split("ratel.kz")[-1]
    matrix = section(found, "share of checks that said otherwise", "accessible D blocked")
    assert "blocked, likely" in matrix
    assert "blocked, confirmed" in matrix
    assert "throttled, likely" in matrix
    assert matrix.count("no data") == 12 - 6, matrix  # of 3 sites on 4 networks, six were looked at of late
    assert "reference.org" not in matrix
    assert rows


async def test_who_looks_is_told_by_a_random_name_and_who_is_silent(client: httpx.AsyncClient) -> None:
    table = section(await page(client, "/"), "Who looks", "Kedergi 0.1.0")
    assert "home-1 JSC Kazakhtelecom AS9198 home, KZ 14:41 measures" in table
    assert "town-1 Town Net home, KZ 20 Nov, 14:45 silent" in table


async def test_what_changed_this_week_leads_to_its_event(client: httpx.AsyncClient, told: Store) -> None:
    found = await page(client, "/")
    links = hrefs(found, "/event/")
    assert set(events_of(told)) == {link.removeprefix("/event/") for link in links}


@pytest.mark.parametrize(
    ("query", "sites", "troubled"),
    [
        ({}, {"ratel.kz", "vlast.kz", "rights.kz"}, True),
        ({"q": "RAT"}, {"ratel.kz"}, True),
        ({"category": "HUMR"}, {"rights.kz"}, False),
        ({"outlet": "Vlast"}, {"vlast.kz"}, True),
        ({"kind": "blocked"}, {"ratel.kz"}, True),
        ({"kind": "throttled"}, {"vlast.kz"}, True),
        ({"network": "29355"}, {"ratel.kz", "vlast.kz", "rights.kz"}, True),
        ({"class": "mobile"}, {"ratel.kz", "vlast.kz", "rights.kz"}, True),
        ({"country": "RU"}, set(), False),
        ({"span": "' or 1=1 --", "to": "x", "tz": "../../etc/passwd"}, {"ratel.kz", "vlast.kz", "rights.kz"}, True),
    ],
    ids=lambda value: " ".join(sorted(value)) if isinstance(value, set) else str(value),
)
async def test_filters_live_in_the_address(
    client: httpx.AsyncClient, query: dict[str, str], sites: set[str], troubled: bool
) -> None:
    found = await page(client, "/", **query)
    names = {httpx.URL(link).params["url"] for link in hrefs(found, "/site?")}
    assert names == {site(name) for name in sites}
    assert bool(hrefs(found, "/episode?")) == (troubled and "country" not in query)


async def test_the_class_of_the_line_chooses_networks(client: httpx.AsyncClient) -> None:
    found = await page(client, "/", **{"class": "mobile"})
    columns = {httpx.URL(link).params["key"] for link in hrefs(found, "/network?") if "class=mobile" in link}
    assert columns == {"29355", "21299"}


async def test_the_time_zone_is_almaty_or_the_readers_and_is_shown(client: httpx.AsyncClient) -> None:
    assert "Almaty time (UTC+5)" in (await page(client, "/")).text
    berlin = await page(client, "/", tz="Europe/Berlin")
    assert "Berlin time (UTC+1)" in berlin.text
    assert all("tz=Europe%2FBerlin" in link for link in hrefs(berlin, "/site?"))
    assert "Almaty time (UTC+5)" in (await page(client, "/", tz="Nowhere/At_All")).text
    assert "Asia/Tokyo time (UTC+9)" in (await page(client, "/", tz="Asia/Tokyo")).text


async def test_a_site_has_a_strip_for_each_network(client: httpx.AsyncClient) -> None:
    found = await page(client, "/site", url=site("ratel.kz"))
    assert "ratel.kz is blocked on Kazakhtelecom, Kcell, since 05:11 ." in found.text
    rows = section(found, "One network a row", "A cell is a stack")
    for name in ("Kazakhtelecom AS9198 · 1 vantage", "Kcell AS29355", "Beeline AS21299", "Town Net 1 vantage"):
        assert name in rows
    assert "Kazakhtelecom: 60 checks: accessible 40, blocked 20" in rows
    assert "last check 20 Nov, 14:45 ; not told since" in rows
    assert "between 04:41 and 05:11" in rows


async def test_from_a_year_to_the_checks_of_an_hour_by_links_alone(client: httpx.AsyncClient) -> None:
    path, spans = f"/site?url={site('ratel.kz')}&span=365d", ["365d"]
    while "at=" not in path:
        found = await page(client, path)
        cells = [link for link in hrefs(found, "/site?") if "to=" in link or "at=" in link]
        cells = [link for link in cells if "#checks" in link or httpx.URL(link).params.get("span") != spans[-1]]
        path = cells[-1]
        spans.append(httpx.URL(path).params["span"])
    assert spans == ["365d", "7d", "24h", "24h"]
    found = await page(client, path.partition("#")[0])
    assert "Checks from" in found.text
    assert 1 <= len(hrefs(found, "/measurement/")) <= 6


async def test_the_page_of_a_year_tells_its_days_by_utc(client: httpx.AsyncClient) -> None:
    year = await page(client, "/site", url=site("ratel.kz"), span="365d")
    assert "in days of UTC; a cell is 7 days" in year.text
    week = await page(client, "/site", url=site("ratel.kz"), span="7d")
    assert "Almaty time (UTC+5); a cell is 4 hours" in week.text


async def test_how_fast_stands_beside_the_references_with_its_numbers(client: httpx.AsyncClient) -> None:
    found = await page(client, "/site", url=site("vlast.kz"), span="24h")
    assert "TLS handshake on Kcell" in found.text
    numbers = section(found, "The numbers of Kcell", "The numbers of")
    assert "Handshake, ms" in numbers
    assert any(word.isdigit() and int(word) > 2000 for word in numbers.split())


async def test_an_episode_has_its_bounds_its_numbers_and_its_mechanisms(client: httpx.AsyncClient) -> None:
    links = hrefs(await page(client, "/site", url=site("ratel.kz")), "/episode?")
    found = await page(client, next(link for link in links if "key=9198" in link))
    assert "On JSC Kazakhtelecom, ratel.kz is likely blocked : silence once the site's name is sent" in found.text
    assert "Began between 04:41 and 05:11" in found.text
    assert "Ended it goes on" in found.text
    assert "Checks 20 of 20 were bad" in found.text
    assert "Of 20 bad checks" in found.text
    assert "tls.timeout 20 100 %" in found.text
    assert len(hrefs(found, "/measurement/")) == 20


async def test_an_intermittent_episode_tells_its_hours(store: Store) -> None:
    past(store, TOWN, "vlast.kz", "o" * 40 + "bbbo" * 20)
    followed(store)
    client = asking(store)
    links = hrefs(await page(client, "/site", url=site("vlast.kz")), "/episode?")
    found = await page(client, next(link for link in links if "key=Town" in link))
    hours = section(found, "At which hours", "Its newest checks")
    assert "it comes and goes" in hours
    assert "no data" not in hours or "00:00" in hours


async def test_an_event_gathers_its_networks(client: httpx.AsyncClient, told: Store) -> None:
    pages = [await page(client, f"/event/{uid}") for uid in events_of(told)]
    [found] = [one for one in pages if "ratel.kz" in one.text.partition("Around it")[0]]
    assert "JSC Kazakhtelecom AS9198" in found.text
    assert "Kcell JSC AS29355" in found.text
    assert "http" not in section(found, "Of 36 bad checks", "All checks")
    assert "tls.timeout 20 56 %" in found.text
    assert "tls.interception 16 44 %" in found.text


async def test_a_network_shows_every_site_trouble_first(client: httpx.AsyncClient) -> None:
    found = await page(client, "/network", key="29355")
    assert "On Kcell JSC, 1 of 2 sites are blocked and 1 throttled . 1 vantage looks from there." in found.text
    order = [httpx.URL(link).params["url"] for link in hrefs(found, "/site?")]
    assert order[-1] == site("rights.kz")
    assert "no data" in section(found, "Trouble first", "A cell is a stack")


async def test_a_network_is_called_as_our_table_calls_it_whatever_a_member_says(
    store: Store,
) -> None:
    past(store, Vantage(name="liar-1", country="KZ", asn=29355, network="Free Internet"), "vlast.kz", "oo")
    followed(store)
    found = await page(asking(store), "/network", key="29355")
    assert "Free Internet" not in found.text.partition("called")[0]


async def test_a_vantage_tells_what_it_sent_and_nothing_of_whose_it_is(client: httpx.AsyncClient) -> None:
    found = await page(client, "/vantage", name="home-1", span="7d")
    assert "home-1 looks from JSC Kazakhtelecom; 183 checks in this time." in found.text
    assert "183 measurements in its chain" in found.text
    assert "accessible 163" in found.text


async def test_all_networks_are_listed_with_who_looks(client: httpx.AsyncClient) -> None:
    found = await page(client, "/networks")
    assert "Town Net 1 20 Nov, 14:45" in found.text
    assert len(hrefs(found, "/network?")) == 8


async def test_a_store_without_anything_says_so(store: Store) -> None:
    empty = asking(store)
    found = await page(empty, "/")
    assert "3 sites are on the list; nothing was measured in these hours." in found.text
    assert "ratel.kz was not measured yet." in (await page(empty, "/site", url=site("ratel.kz"))).text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/site?url=https://never.kz/", 404), ("/site", 400), ("/network?key=1", 404), ("/network", 400),
        ("/vantage?name=nobody", 404), ("/event/none", 404), ("/episode?url=a&key=b&of=c", 400),
        ("/episode?url=a&key=b&of=blocking&began=2026-01-01T00:00:00Z", 404), ("/measurement/none", 404),
        ("/static/../app.py", 404), ("/rounds", 404), ("/site?url=%00", 404), ("/event/%00", 404),
        ("/?q=%00&network=%00", 200), (f"/site?url={site('ratel.kz')}&network={'9' * 40}", 200),
    ],
)  # fmt: skip
async def test_what_is_not_there_is_said_in_the_same_look(client: httpx.AsyncClient, path: str, status: int) -> None:
    answer = await client.get(path)
    assert answer.status_code == status, answer.text
    assert "/static/kedergi.css" in answer.text


async def test_a_store_that_fails_is_said_without_its_address(store: Store) -> None:
    with store.transaction(alone=True) as connection:
        connection.exec_driver_sql("ALTER TABLE vantage_rollup RENAME TO taken")
    answer = await asking(store).get("/")
    assert answer.status_code == 503
    assert "be read now" in answer.text
    assert "sqlite" not in answer.text


async def test_nothing_can_be_sent_to_the_pages(client: httpx.AsyncClient) -> None:
    assert (await client.post("/", json={})).status_code == 405


@pytest.mark.parametrize("span", ["365d", "90d", "30d", "7d", "24h"])
async def test_every_span_counts_the_same_checks(client: httpx.AsyncClient, span: str) -> None:
    """Percentages and strips come from one count: what a narrower span has, a wider one has too."""
    found = await page(client, "/site", url=site("rights.kz"), span=span)
    expected = {"24h": 48}.get(span, 60)
    assert f"Kazakhtelecom: {expected} checks: accessible {expected}" in found.text


def test_an_address_that_was_cut_short_still_chooses_what_it_can() -> None:
    found = Choice.of({"span": "7", "to": "2026-11-", "tz": "Europe/Ber", "q": "x" * 1000})
    assert (found.span, found.to, found.tz, len(found.q)) == ("", "", "", 200)
