"""The pages of one line, as `kedergi up` shows them, as a reader without JavaScript gets them.

What they have in common with those of a shared server stands in test_many.py.
"""

from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest

from probe.fitness import SAYS
from results.records import Measurement
from results.store import Store
from server.pages import words
from tests.server.html import Page, page
from tests.server.simulated import EVERY, HOME, NOW, Simulated, judgement, site, target

pytestmark = pytest.mark.anyio

Ask = Callable[..., httpx.AsyncClient]
WHY = ("paused", "vpn", "roaming", "portal", "metered", "battery", "moved", "budget", "busy")


def hrefs(found: Page, start: str) -> list[str]:
    return [link["href"] or "" for link in found.all("a") if (link["href"] or "").startswith(start)]


async def rows(client: httpx.AsyncClient, **query: str) -> list[str]:
    """The sites of the first page's matrix, in their order."""
    found = await page(client, "/", **query)
    links = [httpx.URL(link).params["url"] for link in hrefs(found, "/site?")]
    return links[::-1][: len(set(links))][::-1]


def line(found: Page) -> str:
    return found.text.partition("This line Line")[2].partition("Sites and networks")[0]


async def test_before_the_first_round_the_page_says_so_and_what_comes(ask: Ask) -> None:
    found = await page(ask("a.kz", "b.kz"), "/")
    assert "Nothing is known yet: the first round has not ended." in found.text
    here = line(found)
    assert "State No round has ended yet. Last round no round yet Next round in a moment, then every 30 min" in here
    assert "an episode opens when chance is ruled out" in line(found)


async def test_while_the_first_round_runs_what_came_so_far_is_shown(
    ask: Ask, simulated: Simulated, store: Store
) -> None:
    store.begin_round("first", vantage="home-1", started_at=NOW - timedelta(minutes=1), planned=2)
    simulated.check("a.kz", "b", NOW)
    found = await page(ask("a.kz", "b.kz"), "/")
    assert "In its newest check 1 site of 2 is blocked or throttled; whether that lasts" in found.text
    assert "Last round 14:44 · still running" in line(found)
    assert "In the newest check only" in found.text


async def test_the_first_page_says_what_is_blocked_since_when_and_how(ask: Ask, simulated: Simulated) -> None:
    simulated.past("ratel.kz", "o" * 38 + "b" * 10)
    simulated.past("vlast.kz", "o" * 48)
    simulated.rounds([True, True])
    found = await page(ask(target("ratel.kz", "Ratel"), "vlast.kz"), "/")
    said = found.text.replace(" ,", ",").replace(" .", ".")
    assert "1 site is likely blocked on at least one network. Newest: ratel.kz on Kazakhtelecom, since 10:11." in said
    assert "between 09:41 and 10:11" in found.text
    assert "silence once the site's name is sent tls.timeout" in found.text
    assert "Kazakhtelecom AS9198 · vantage home-1 State It measures." in line(found)
    assert "Last round 14:40 · took 50 seconds · 3 sites measured Next round expected 15:10 , every 30 minutes" in line(
        found
    )


async def test_what_today_cost_is_told_beside_the_days_budget(ask: Ask, store: Store) -> None:
    spent = Measurement(
        uid="dear", url=site("a.kz"), started_at=NOW, runtime_ms=1.0, vantage=HOME, received_bytes=2_000_000,
        sent_bytes=500_000,
    )  # fmt: skip
    store.add(spent, judgement("o"))
    found = await page(ask("a.kz"), "/")
    assert "Data today 2.5 MB of 100 MB" in line(found)
    assert [one["value"] for one in found.all("meter")] == ["0.025"]


async def test_a_site_that_is_bad_in_its_newest_check_alone_is_told_apart(ask: Ask, simulated: Simulated) -> None:
    """Three rounds make an episode, as a rule; until then nothing is hidden, and nothing is claimed."""
    simulated.past("fine.kz", "ooooo")
    simulated.past("new.kz", "oooob")
    found = await page(ask("fine.kz", "new.kz"), "/")
    assert "In its newest check 1 site of 2 is blocked or throttled; whether that lasts, the next rounds" in found.text
    table = found.text.partition("no episode: it takes more")[2].partition("Sites and networks")[0]
    assert "new.kz" in table
    assert "fine.kz" not in table
    assert not hrefs(found, "/episode?")


async def test_trouble_comes_first_then_fine(ask: Ask, simulated: Simulated) -> None:
    for name, letters in {"fine.kz": "ooo", "slow.kz": "oos", "old.kz": "bbb", "down.kz": "odd"}.items():
        simulated.past(name, letters)
    names = ["never.kz", "fine.kz", "slow.kz", "old.kz", "down.kz"]
    found = await rows(ask(*names))
    assert found[:2] == [site("old.kz"), site("slow.kz")]
    assert set(found) == {site(name) for name in names}


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ({"kind": "blocked"}, ["old.kz"]),
        ({"q": "FINE"}, ["fine.kz"]),
        ({"q": "paper"}, ["fine.kz"]),
        ({"q": "old", "kind": "accessible"}, []),
        ({"kind": "nonsense"}, []),
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
    assert found.text.startswith("This line is down: nothing can be told since 14:10. Before that: ")  # the title
    assert "This line is down : nothing can be told since 14:10 . Before that: " in found.text
    assert line(found).startswith(" Kazakhtelecom AS9198 · vantage home-1 State This line is down")


async def test_a_round_that_still_runs_does_not_hide_that_the_line_was_down(
    ask: Ask, simulated: Simulated, store: Store
) -> None:
    simulated.rounds([True, False])
    store.begin_round("running", vantage="home-1", started_at=NOW, planned=1)
    assert "nothing can be told since 14:40" in (await page(ask("a.kz"), "/")).text


async def test_a_line_from_which_nothing_can_be_told_says_so(ask: Ask, simulated: Simulated) -> None:
    simulated.past("a.kz", "oouuu")
    simulated.rounds([True, True])
    assert "Nothing can be told since 13:11 : no check reached a verdict." in (await page(ask("a.kz"), "/")).text


async def test_an_old_verdict_is_not_shown_as_todays(ask: Ask, simulated: Simulated) -> None:
    simulated.past("a.kz", "ooo", until=NOW - timedelta(hours=6))
    found = await page(ask("a.kz"), "/")
    assert "Nothing was measured since 08:45" in found.text
    matrix = found.text.partition("share of checks that said otherwise")[2]
    assert "a.kz no data" in matrix


@pytest.mark.parametrize("why", WHY)
async def test_why_nothing_is_measured_now_is_said_first(
    ask: Ask, simulated: Simulated, store: Store, why: str
) -> None:
    simulated.past("a.kz", "ooo")
    simulated.rounds([True])
    store.add_gap(vantage="home-1", began_at=NOW - timedelta(minutes=3), ended_at=NOW + timedelta(minutes=27), why=why)
    found = await page(ask("a.kz"), "/")
    assert f"Nothing is measured since 14:42 : {words.GAPS[why]}. Before that: " in found.text


def test_every_reason_for_a_gap_has_its_words() -> None:
    """Those that the schedule gives, and those that a fitness gives."""
    assert set(words.GAPS) == {"asleep", "stopped", "busy", "budget", *SAYS}


async def test_another_vantages_rounds_are_not_this_lines(ask: Ask, simulated: Simulated) -> None:
    simulated.vantage = type(simulated.vantage)(name="elsewhere", network="Kcell")
    simulated.past("a.kz", "bbb")
    simulated.rounds([True])
    found = await page(ask("a.kz"), "/")
    assert "Last round no round yet" in line(found)
    assert "Kcell" in found.text.partition("In the newest check only")[2]


@pytest.mark.parametrize(("asleep", "cells"), [(True, True), (False, False)])
async def test_a_hole_in_the_strip_is_explained_where_we_know_why(
    ask: Ask, simulated: Simulated, store: Store, asleep: bool, cells: bool
) -> None:
    simulated.past("a.kz", "o" * 40 + " " * 24 + "o" * 8)
    if asleep:
        store.add_gap(
            vantage="home-1", began_at=NOW - timedelta(hours=16), ended_at=NOW - timedelta(hours=4), why="asleep"
        )
    found = await page(ask("a.kz"), "/site", url=site("a.kz"), span="24h")
    strip = found.text.partition("One network a row")[2].partition("A cell is a stack")[0]
    assert ("not measuring: this machine was asleep" in strip) == cells
    assert ("no data" in strip.partition("Legend")[0]) != cells or "no data" in strip


async def test_rounds_and_gaps_are_listed(ask: Ask, simulated: Simulated, store: Store) -> None:
    simulated.rounds([True, False, None])
    store.add_gap(vantage="home-1", began_at=NOW - 3 * EVERY, ended_at=NOW - EVERY, why="asleep")
    found = line(await page(ask(), "/"))
    assert "13:15 14:15 this machine was asleep" in found
    assert "13:40 50 seconds 3 3 up" in found
    assert "14:10 50 seconds 3 3 down" in found


async def test_times_are_the_machines_own_unless_another_zone_is_chosen(ask: Ask) -> None:
    assert "local time (UTC+5)" in (await page(ask(), "/")).text
    assert "Berlin time (UTC+1)" in (await page(ask(), "/", tz="Europe/Berlin")).text


async def test_a_site_has_its_strip_and_its_checks(ask: Ask, simulated: Simulated) -> None:
    simulated.past("ratel.kz", "o" * 38 + "b" * 10)
    found = await page(ask("ratel.kz"), "/site", url=site("ratel.kz"))
    assert "ratel.kz is likely blocked on Kazakhtelecom" in found.text
    assert "accessible 38, blocked 10" in found.text
    assert len(hrefs(found, "/measurement/")) == 30


async def test_a_site_that_left_the_list_keeps_its_page(ask: Ask, simulated: Simulated) -> None:
    simulated.past("gone.kz", "o")
    client = ask("a.kz")
    assert "gone.kz is accessible" in (await page(client, "/site", url=site("gone.kz"))).text
    assert (await client.get("/site", params={"url": "https://never.kz/"})).status_code == 404


async def test_the_method_says_what_it_cannot_tell(ask: Ask) -> None:
    found = await page(ask(), "/method")
    assert "t tell who ordered a block" in found.text
    assert "tls.interception" in found.text
    assert "One line speaks here." in found.text


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
    client = ask("a.kz")
    with store._engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE vantage_rollup RENAME TO taken")
    answer = await client.get("/")
    assert answer.status_code == 503
    assert "the store sqlite:///" in answer.text  # it is the reader's own
    assert "Traceback" not in answer.text


async def test_it_says_that_it_lives(ask: Ask) -> None:
    answer = await ask().get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok")


async def test_a_site_s_episodes_are_told_with_their_brackets(ask: Ask, simulated: Simulated) -> None:
    simulated.past("ratel.kz", "o" * 60 + "b" * 12 + "o" * 24 + "c" * 20)
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
    assert "20 of 20" in table
    assert table.index("confirmed") < table.index("likely")


async def test_a_site_without_episodes_has_no_table_of_them(ask: Ask, simulated: Simulated) -> None:
    simulated.past("vlast.kz", "o" * 48)
    assert "Episodes" not in (await page(ask("vlast.kz"), "/site", url=site("vlast.kz"))).text
