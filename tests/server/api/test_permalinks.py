"""Addresses that were sent to somebody stay good: when bounds move, when evidence leaves, when all is told anew."""

import re
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from results.history import History
from results.records import iso
from results.retention import move
from results.store import Store
from server.pages.many.choice import Choice
from targets.operators import owner_of
from tests.server.api.conftest import asking
from tests.server.many import BEELINE, KCELL, events_of, followed, past
from tests.server.simulated import EVERY, HOME, NOW, Simulated, site

pytestmark = pytest.mark.anyio

RATEL = site("ratel.kz")
AT = timedelta(minutes=4)  # the last round of a simulated past is so long ago


def episode_path(began: datetime, key: str = "9198", kind: str = "blocking", **more: str) -> str:
    return Choice().href("/episode", url=RATEL, key=key, of=kind, began=iso(began), keep=(), **more)


async def lands(client: httpx.AsyncClient, path: str) -> httpx.URL:
    """Where an address leads; each step of the way is one that is not for ever."""
    answer = await client.get(path, follow_redirects=True)
    assert answer.status_code == 200, answer.text
    assert {one.status_code for one in answer.history} <= {302}
    return answer.url


def round_before(number: int) -> datetime:
    return NOW - AT - EVERY * number


async def test_an_episode_that_turned_out_to_be_older_is_found_by_its_old_address(store: Store) -> None:
    past(store, HOME, "ratel.kz", "o" * 40 + " " * 10 + "b" * 10)
    followed(store)
    old = episode_path(round_before(9))
    client = asking(store)
    assert (await client.get(old)).status_code == 200
    late = Simulated(store, vantage=HOME)
    for number in range(10, 20):
        late.check("ratel.kz", "b", round_before(number))
    followed(store)
    assert (await lands(client, old)).params["began"] == iso(round_before(19))


async def test_an_episode_that_turned_out_to_be_younger_is_found_by_its_old_address(store: Store) -> None:
    """Its first bad check is outweighed by good ones that came late, of the same hour."""
    past(store, HOME, "ratel.kz", "o" * 40 + "b" * 20)
    followed(store)
    old = episode_path(round_before(19))
    client = asking(store)
    assert (await client.get(old)).status_code == 200
    with store.transaction(alone=True) as connection:
        connection.exec_driver_sql(
            "update verdict set verdict = 'accessible', mechanisms = '[]', confidence = null where uid in "
            "(select uid from measurement order by started_at desc limit 1 offset 19)"
        )
    History(store, owner=owner_of, outlets={}, interval=EVERY).rebuild()
    landed = await lands(client, old)
    assert landed.params["began"] == iso(round_before(18))


async def test_two_episodes_that_were_one_are_found_by_both_addresses(store: Store) -> None:
    past(store, HOME, "ratel.kz", "o" * 40 + "b" * 10 + "o" * 10 + "b" * 10)
    followed(store)
    client = asking(store)
    html = (await client.get("/site", params={"url": RATEL})).text
    old = {found.replace("&amp;", "&") for found in re.findall(r'href="(/episode[^"]+)"', html)}
    assert len(old) == 2
    with store.transaction(alone=True) as connection:
        connection.exec_driver_sql(
            "update verdict set verdict = 'blocked', mechanisms = '[\"tls.timeout\"]', confidence = 'likely' where uid "
            "in (select uid from measurement order by started_at desc limit 10 offset 10)"
        )
    History(store, owner=owner_of, outlets={}, interval=EVERY).rebuild()
    landed = {(await lands(client, path)).params["began"] for path in old}
    assert landed == {iso(round_before(29))}


async def test_the_way_to_the_episode_keeps_what_the_reader_chose(store: Store) -> None:
    past(store, HOME, "ratel.kz", "o" * 40 + "b" * 20)
    followed(store)
    landed = await lands(asking(store), episode_path(round_before(5), tz="Europe/Berlin", span="30d", lang="kk"))
    assert {name: landed.params[name] for name in ("tz", "span", "lang")} == {
        "tz": "Europe/Berlin", "span": "30d", "lang": "kk"
    }  # fmt: skip


@pytest.mark.parametrize(
    "path",
    [episode_path(NOW - timedelta(days=400)), episode_path(round_before(5), key="1"),
     episode_path(round_before(5), kind="throttling"), episode_path(round_before(5), kind="none")],
)  # fmt: skip
async def test_where_no_episode_is_told_that_is_said_and_not_another_one_shown(store: Store, path: str) -> None:
    past(store, HOME, "ratel.kz", "o" * 40 + "b" * 20)
    followed(store)
    answer = await asking(store).get(path)
    assert answer.status_code == 404
    assert "No episode of this site on this network is told at that time now" in answer.text


async def test_events_and_episodes_keep_their_addresses_when_all_is_folded_anew(store: Store) -> None:
    past(store, HOME, "ratel.kz", "o" * 40 + "b" * 20)
    past(store, KCELL, "ratel.kz", "o" * 40 + "b" * 10 + "o" * 20)
    followed(store)
    client = asking(store)
    html = (await client.get("/site", params={"url": RATEL})).text
    old = {found.replace("&amp;", "&") for found in re.findall(r'href="(/(?:episode|event)[^"]+)"', html)}
    old |= {f"/event/{uid}" for uid in events_of(store)}
    History(store, owner=owner_of, outlets={}, interval=EVERY).rebuild()
    assert {(await client.get(path)).status_code for path in old} == {200}


async def test_an_event_that_was_told_stays_when_nothing_of_it_is_left(store: Store) -> None:
    past(store, BEELINE, "ratel.kz", "o" * 40 + "b" * 20)
    history = History(store, owner=owner_of, outlets={}, interval=EVERY)
    history.follow()
    history.settle(NOW + timedelta(hours=2))
    [uid] = events_of(store)
    with store.transaction(alone=True) as connection:
        connection.exec_driver_sql("update verdict set verdict = 'accessible', mechanisms = '[]', confidence = null")
    history.rebuild()
    answer = await asking(store).get(f"/event/{uid}")
    assert answer.status_code == 200
    assert (await asking(store).get(f"/api/v1/events/{uid}")).json()["state"] == "closed"


async def test_a_check_whose_evidence_is_archived_says_in_which_file_it_lies(store: Store, tmp_path: Path) -> None:
    past(store, HOME, "ratel.kz", "o" * 5)
    [*_, uid] = [one["uid"] for one in (await asking(store).get("/api/v1/measurements")).json()["measurements"]]
    list(move(store, tmp_path, before=NOW + timedelta(days=31), now=NOW))
    client = asking(store)
    for path in (f"/measurement/{uid}", f"/measurement/{uid}.json", f"/api/v1/measurements/{uid}",
                 f"/data/measurement-steps.csv?uid={uid}"):  # fmt: skip
        answer = await client.get(path)
        assert answer.status_code == 410, path
        assert "is archived in " in answer.text
        assert "`kedergi import` of that file" in answer.text
        assert str(tmp_path) not in answer.text
    told = (await client.get("/api/v1/measurements")).json()["measurements"]
    assert len(told) == 5  # the list goes on to tell it
