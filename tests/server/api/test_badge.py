"""The badge: what it says, in three languages, and when it can't say anything."""

import xml.etree.ElementTree as ET
from datetime import timedelta

import httpx
import pytest
from babel import Locale

from results.store import Store
from server.pages.tongue import LANGUAGES, tongue
from tests.server.api.conftest import asking
from tests.server.many import BEELINE, KCELL, followed, past
from tests.server.simulated import HOME, NOW, site

pytestmark = pytest.mark.anyio

SVG = "{http://www.w3.org/2000/svg}"
RATEL = site("ratel.kz")


async def badge(client: httpx.AsyncClient, **query: str) -> ET.Element:
    answer = await client.get("/badge.svg", params=query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/svg+xml"
    return ET.fromstring(answer.content)


def said(found: ET.Element) -> str:
    return " | ".join("".join(one.itertext()) for one in found.iter(f"{SVG}text"))


def named(found: ET.Element) -> tuple[str, str]:
    return found.findtext(f"{SVG}title") or "", found.findtext(f"{SVG}desc") or ""


def sign(found: ET.Element) -> str:
    """What is drawn besides the words, without its colour."""
    [drawn] = found.iter(f"{SVG}g")
    return "".join(ET.tostring(one).decode() for one in drawn)


async def test_it_says_on_how_many_networks_of_a_country_the_site_is_accessible(client: httpx.AsyncClient) -> None:
    found = await badge(client, url=RATEL, country="KZ")
    assert said(found) == "accessible in Kazakhstan | 1 of 3 networks · 22 Nov 2026"
    assert named(found) == (
        "ratel.kz: accessible in Kazakhstan: 1 of 3 networks", "Blocked on 2 networks. Newest look: 22 Nov 2026."
    )  # fmt: skip
    assert said(await badge(client, url="ratel.kz")) == "accessible | 1 of 3 networks · 22 Nov 2026"
    fine = await badge(client, url=site("rights.kz"), country="kz")
    assert said(fine) == "accessible in Kazakhstan | 1 of 1 network · 22 Nov 2026"


async def test_it_says_no_data_where_nobody_has_looked_of_late_and_when_somebody_did(store: Store) -> None:
    past(store, HOME, "ratel.kz", "o" * 5, until=NOW - timedelta(days=3))
    past(store, HOME, "vlast.kz", "uuuu")
    past(store, HOME, "rights.kz", "o" * 5, until=NOW - timedelta(hours=6))
    followed(store)
    client = asking(store)
    assert said(await badge(client, url=RATEL)) == "accessible | no data · 19 Nov 2026"
    assert said(await badge(client, url=site("vlast.kz"))) == "accessible | no data · 22 Nov 2026"
    assert said(await badge(client, url=site("rights.kz"))) == "accessible | no data · 22 Nov 2026"
    assert said(await badge(client, url=site("never.kz"))) == "accessible | no data"
    assert said(await badge(client, url=RATEL, country="RU")) == "accessible in Russia | no data"
    assert named(await badge(client, url=RATEL))[1].startswith("No check is new enough to tell.")


async def test_an_open_episode_counts_although_the_newest_check_got_through(store: Store) -> None:
    past(store, HOME, "ratel.kz", "o" * 40 + "b" * 20 + "o")
    followed(store)
    assert said(await badge(asking(store), url=RATEL)) == "accessible | 0 of 1 network · 22 Nov 2026"


async def test_a_site_that_is_down_for_everyone_is_no_blocked_one(store: Store) -> None:
    past(store, HOME, "ratel.kz", "o" * 5 + "dd")
    past(store, KCELL, "ratel.kz", "o" * 5 + "dd")
    followed(store)
    found = await badge(asking(store), url=RATEL)
    assert said(found) == "accessible | down for everyone · 22 Nov 2026"
    assert "locked" not in named(found)[1]


async def test_what_holds_is_told_by_a_sign_beside_the_colour(store: Store) -> None:
    past(store, HOME, "ratel.kz", "o" * 3)
    past(store, BEELINE, "vlast.kz", "o" * 40 + "b" * 20)
    past(store, HOME, "rights.kz", "o" * 40 + "b" * 20)
    past(store, BEELINE, "rights.kz", "o" * 3)
    followed(store)
    client = asking(store)
    signs = [sign(await badge(client, url=site(name))) for name in ("ratel.kz", "vlast.kz", "rights.kz", "never.kz")]
    assert len(set(signs)) == 4


@pytest.mark.parametrize(
    ("path", "status"),
    [("/badge.svg", 400), ("/badge.svg?url=", 400), ("/badge.svg?url=ratel.kz&country=Kazakhstan", 400),
     ("/badge.svg?url=none.kz", 404), ("/badge.svg?url=%00", 404), ("/badge.svg?url=https://[", 404),
     ("/badge.svg?url=ratel.kz&country=XX&lang=xx", 200)],
)  # fmt: skip
async def test_what_can_not_be_told_is_refused(client: httpx.AsyncClient, path: str, status: int) -> None:
    assert (await client.get(path)).status_code == status


@pytest.mark.parametrize("language", LANGUAGES)
async def test_it_speaks_three_languages(client: httpx.AsyncClient, language: str) -> None:
    found = await badge(client, url=RATEL, country="KZ", lang=language)
    assert found.get("lang") == language
    assert str(Locale.parse(language).territories["KZ"]) in said(found)
    assert tongue(language).day(NOW.date(), 0) in said(found)


async def test_words_from_outside_stay_words(client: httpx.AsyncClient) -> None:
    answer = await client.get("/badge.svg", params={"url": 'https://x/<script>"&\x0b'})
    found = ET.fromstring(answer.content)
    assert "<script>" in named(found)[0]
    assert not list(found.iter(f"{SVG}script"))
