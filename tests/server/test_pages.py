"""The pages as a reader without JavaScript gets them."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from results.history import History
from results.store import Store
from tests.server.html import page
from tests.server.simulated import EVERY, NOW, Simulated, site, target

pytestmark = pytest.mark.anyio

Ask = Callable[..., httpx.AsyncClient]


async def rows(client: httpx.AsyncClient, **query: str) -> list[str | None]:
    """The sites of the overview, in their order."""
    found = await page(client, "/", **query)
    links = [link["href"] for link in found.all("a") if (link["href"] or "").startswith("/site?")]
    return [httpx.URL(link or "").params.get("url") for link in links if "span=" in (link or "")]


async def test_before_the_first_round_the_page_says_so(ask: Ask) -> None:
    found = await page(ask("a.kz", "b.kz"), "/")
    assert "2 sites are on the list; none was measured yet." in found.text
    assert found.text.count("not measured yet") >= 2
    assert "no round yet" in found.text


async def test_the_overview_says_what_is_blocked_since_when_and_how(ask: Ask, simulated: Simulated) -> None:
    simulated.past("ratel.kz", "o" * 38 + "b" * 10)
    simulated.past("vlast.kz", "o" * 48)
    simulated.rounds([True, True])
    found = await page(ask(target("ratel.kz", "Ratel"), "vlast.kz"), "/")
    assert "1 of 2 sites is likely blocked on this line. Newest: ratel.kz , since 10:11 ." in found.text
    assert "between 09:41 and 10:11" in found.text
    assert "silence once the site's name is sent tls.timeout" in found.text
    assert "Kazakhtelecom (AS9198) · vantage home-1 · 2 sites · every 30 minutes" in found.text
    assert "last round 14:40 · next expected 15:10" in found.text


async def test_trouble_comes_first_then_fine_then_unmeasured(ask: Ask, simulated: Simulated) -> None:
    for name, letters in {
        "fine.kz": "ooo",
        "slow.kz": "oos",
        "old.kz": "bbb",
        "new.kz": "oob",
        "down.kz": "odd",
    }.items():
        simulated.past(name, letters)
    names = ["never.kz", "fine.kz", "slow.kz", "old.kz", "new.kz", "down.kz"]
    order = [site(name) for name in ("new.kz", "old.kz", "slow.kz", "down.kz", "fine.kz", "never.kz")]
    assert await rows(ask(*names)) == order


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ({"verdict": "blocked"}, ["old.kz"]),
        ({"q": "FINE"}, ["fine.kz"]),
        ({"q": "paper"}, ["fine.kz"]),
        ({"q": "old", "verdict": "accessible"}, []),
        ({"verdict": "nonsense"}, ["old.kz", "fine.kz"]),
        ({"span": "30d"}, ["old.kz", "fine.kz"]),
        ({"span": "'; drop table"}, ["old.kz", "fine.kz"]),
    ],
)
async def test_filters_live_in_the_address(
    ask: Ask, simulated: Simulated, query: dict[str, str], left: list[str]
) -> None:
    simulated.past("fine.kz", "ooo")
    simulated.past("old.kz", "bbb")
    assert await rows(ask(target("fine.kz", "The Paper"), "old.kz"), **query) == [site(name) for name in left]


async def test_a_line_that_is_down_is_said_before_anything_else(ask: Ask, simulated: Simulated) -> None:
    simulated.past("a.kz", "oobbuu")
    simulated.rounds([True, True, False, False])
    found = await page(ask("a.kz"), "/")
    assert (
        "This line is down : nothing can be told since 14:10 . Before that: 1 of 1 site is likely blocked" in found.text
    )
    assert "as of 13:41 ; not told since" in found.text


async def test_a_round_that_still_runs_does_not_hide_that_the_line_was_down(
    ask: Ask, simulated: Simulated, store: Store
) -> None:
    simulated.rounds([True, False])
    store.begin_round("running", vantage="home-1", started_at=NOW, planned=1)
    assert "nothing can be told since 14:40" in (await page(ask("a.kz"), "/")).text


async def test_an_old_verdict_is_not_shown_as_todays(ask: Ask, simulated: Simulated) -> None:
    simulated.past("a.kz", "ooo", until=NOW - timedelta(hours=6))
    assert "Nothing was measured since 08:45" in (await page(ask("a.kz"), "/")).text
    simulated.past("b.kz", "o", until=NOW - timedelta(days=3))
    assert "not measured in these 24 hours" in (await page(ask("b.kz"), "/")).text


async def test_another_vantages_measurements_are_not_this_lines(ask: Ask, simulated: Simulated) -> None:
    simulated.vantage = type(simulated.vantage)(name="elsewhere", network="Kcell")
    simulated.past("a.kz", "bbb")
    client = ask("a.kz")
    assert "it was not measured yet" in (await page(client, "/")).text
    assert "was not measured yet" in (await page(client, "/site", url=site("a.kz"))).text


async def test_another_vantages_evidence_is_not_taken_for_ours(ask: Ask, simulated: Simulated) -> None:
    """Two vantages may look at one site in the same instant."""
    simulated.check("a.kz", "b", NOW)
    simulated.vantage = type(simulated.vantage)(name="elsewhere", network="Kcell")
    simulated.check("a.kz", "h", NOW)
    known = (await ask("a.kz").get("/api/sites.json")).json()
    assert known["sites"][0]["newest"]["mechanisms"] == ["tls.timeout"]


@pytest.mark.parametrize(("asleep", "cells"), [(True, 12), (False, 0)])
async def test_a_beginning_without_checks_is_nothing_unless_we_slept(
    ask: Ask, simulated: Simulated, store: Store, asleep: bool, cells: int
) -> None:
    simulated.past("a.kz", "o" * 23)
    if asleep:
        store.add_gap(
            vantage="home-1", began_at=NOW - timedelta(days=2), ended_at=NOW - timedelta(hours=12), why="asleep"
        )
    found = await page(ask("a.kz"), "/")
    assert found.text.count("not measuring") - 1 == cells  # one stands in the legend


async def test_a_site_has_its_strip_its_latencies_and_its_checks(ask: Ask, simulated: Simulated) -> None:
    simulated.past("ratel.kz", "o" * 38 + "b" * 10)
    found = await page(ask("ratel.kz"), "/site", url=site("ratel.kz"))
    assert "ratel.kz is likely blocked on this line" in found.text
    assert "accessible 38, blocked 10" in found.text
    assert "Latency by stage" in found.text
    links = [link["href"] or "" for link in found.all("a")]
    assert sum(link.startswith("/measurement/") for link in links) == 48
    cell = next(link for link in links if "at=" in link)
    chosen = await page(ask("ratel.kz"), cell)
    assert 1 <= sum((link["href"] or "").startswith("/measurement/") for link in chosen.all("a")) <= 2


async def test_a_site_that_left_the_list_keeps_its_page(ask: Ask, simulated: Simulated) -> None:
    simulated.past("gone.kz", "o")
    client = ask("a.kz")
    assert "gone.kz is accessible" in (await page(client, "/site", url=site("gone.kz"))).text
    assert (await client.get("/site", params={"url": "https://never.kz/"})).status_code == 404


async def test_rounds_and_gaps_are_listed(ask: Ask, simulated: Simulated, store: Store) -> None:
    simulated.rounds([True, False, None])
    store.add_gap(vantage="home-1", began_at=NOW - 3 * EVERY, ended_at=NOW - EVERY, why="asleep")
    found = await page(ask(), "/rounds")
    assert "13:15 14:15 this machine was asleep" in found.text
    assert "13:40 50 seconds 3 3 up" in found.text
    assert "14:10 50 seconds 3 3 down" in found.text


async def test_the_method_says_what_it_cannot_tell(ask: Ask) -> None:
    found = await page(ask(), "/method")
    assert "t tell who ordered a block" in found.text
    assert "tls.interception" in found.text


async def test_the_data_behind_the_overview(ask: Ask, simulated: Simulated) -> None:
    simulated.past("ratel.kz", "ob")
    known: dict[str, Any] = (await ask("ratel.kz", "b.kz").get("/api/sites.json")).json()
    first, second = known["sites"]
    assert (first["verdict"], first["last_otherwise_at"], first["first_at"]) == (
        "blocked",
        "2026-11-22T09:11:00.000Z",
        "2026-11-22T09:41:00.000Z",
    )
    assert first["newest"]["mechanisms"] == ["tls.timeout"]
    assert (second["verdict"], second["newest"]) == (None, None)
    one = (await ask("ratel.kz").get("/site.json", params={"url": site("ratel.kz")})).json()
    assert [point["verdict"] for point in one["points"]] == ["accessible", "blocked"]
    assert json.dumps(one["points"][1]) == json.dumps(first["newest"])


@pytest.mark.parametrize(
    ("path", "status"),
    [("/nothing", 404), ("/measurement/none", 404), ("/static/../app.py", 404), ("/static/x.css", 404), ("/site", 400)],
)
async def test_what_is_not_there_is_said_in_the_same_look(ask: Ask, path: str, status: int) -> None:
    answer = await ask().get(path)
    assert answer.status_code == status
    assert "/static/kedergi.css" in answer.text


async def test_json_that_is_not_there_is_said_in_json(ask: Ask) -> None:
    answer = await ask().get("/measurement/none.json")
    assert (answer.status_code, answer.json()) == (404, {"error": "Nothing is here."})


async def test_a_store_that_fails_is_said_in_one_sentence(ask: Ask, store: Store, simulated: Simulated) -> None:
    simulated.past("a.kz", "o")
    with store._engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE verdict RENAME TO taken")
    answer = await ask("a.kz").get("/")
    assert answer.status_code == 503
    assert "read the store" in answer.text
    assert "Traceback" not in answer.text


async def test_it_says_that_it_lives(ask: Ask) -> None:
    answer = await ask().get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok")


def followed(store: Store) -> None:
    history = History(store, owner=lambda asn, _name: str(asn), outlets={}, interval=EVERY)
    history.follow()


async def test_a_site_s_episodes_are_told_with_their_brackets(ask: Ask, simulated: Simulated, store: Store) -> None:
    simulated.past("ratel.kz", "o" * 60 + "b" * 12 + "o" * 24 + "c" * 20)
    followed(store)
    found = await page(ask("ratel.kz"), "/site", url=site("ratel.kz"), span="7d")
    table = found.text.partition("Episodes")[2]
    newest = "between 04:41 and 05:11"
    older = "between 21 Nov, 10:41 and 11:11 between 21 Nov, 16:41 and 17:11"
    assert newest in table
    assert "goes on" in table
    assert older in table
    assert table.index(newest) < table.index(older)
    assert "12 of 12" in table
    assert "Kazakhtelecom AS9198" in table
    told = (await ask("ratel.kz").get("/site.json", params={"url": site("ratel.kz"), "span": "7d"})).json()["episodes"]
    assert [(one["state"], one["bad"], one["confidence"]) for one in told] == [
        ("open", 20, "confirmed"),
        ("closed", 12, "likely"),
    ]


async def test_a_site_without_episodes_has_no_table_of_them(ask: Ask, simulated: Simulated, store: Store) -> None:
    simulated.past("vlast.kz", "o" * 48)
    followed(store)
    assert "Episodes" not in (await page(ask("vlast.kz"), "/site", url=site("vlast.kz"))).text
