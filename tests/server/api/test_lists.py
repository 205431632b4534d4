"""The lists of /api/v1: what is in them, how they go on, and how they say no."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from results.store import Store
from tests.server.api.conftest import asking
from tests.server.many import KCELL, past
from tests.server.simulated import HOME, NOW, Simulated, site

pytestmark = pytest.mark.anyio

LISTS = ("targets", "networks", "vantages", "measurements", "episodes", "events")


async def got(client: httpx.AsyncClient, path: str, **query: Any) -> dict[str, Any]:
    answer = await client.get(f"/api/v1/{path}", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def whole(client: httpx.AsyncClient, name: str, cursor: str = "", **query: Any) -> list[dict[str, Any]]:
    """All pages of a list."""
    entries: list[dict[str, Any]] = []
    for _ in range(500):
        page = await got(client, name, **query, **({"cursor": cursor} if cursor else {}))
        entries += page[name]
        cursor = page["next"] or ""
        if not cursor:
            return entries
    raise AssertionError("it never ends")


async def test_sites_have_what_the_lists_say_of_them_and_references_are_none(client: httpx.AsyncClient) -> None:
    found = (await got(client, "targets"))["targets"]
    assert [one["url"] for one in found] == [site(name) for name in ("never.kz", "ratel.kz", "rights.kz", "vlast.kz")]
    assert found[1] == {
        "url": site("ratel.kz"), "outlet": "Ratel", "role": "main", "category": "NEWS", "language": None,
        "page": "/site?url=https%3A%2F%2Fratel.kz%2F",
    }  # fmt: skip


async def test_networks_and_vantages_are_told_as_on_the_pages(client: httpx.AsyncClient) -> None:
    networks = (await got(client, "networks"))["networks"]
    assert [(one["key"], one["name"], one["vantages"]) for one in networks] == [
        ("21299", "Kar-Tel LLC (Beeline)", 1), ("29355", "Kcell JSC", 1), ("9198", "JSC Kazakhtelecom", 1),
        ("Town Net", "Town Net", 1),
    ]  # fmt: skip
    vantages = (await got(client, "vantages", network="9198"))["vantages"]
    assert [(one["name"], one["class"], one["silent"]) for one in vantages] == [("home-1", "home", False)]
    silent = [one["name"] for one in (await got(client, "vantages"))["vantages"] if one["silent"]]
    assert silent == ["town-1"]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"url": site("ratel.kz")}, 291),
        ({"url": "ratel.kz"}, 291),
        ({"url": site("ratel.kz"), "network": "9198"}, 61),
        ({"url": site("ratel.kz"), "network": "Town Net"}, 20),
        ({"url": site("ratel.kz"), "class": "mobile"}, 210),
        ({"verdict": "throttled"}, 20),
        ({"verdict": "blocked", "network": "29355"}, 16),
        ({"outlet": "Vlast"}, 120),
        ({"category": "HUMR"}, 60),
        ({"category": "HUMR", "url": site("ratel.kz")}, 0),
        ({"country": "RU"}, 0),
        ({"network": "99999999999999999999999"}, 0),
        ({"network": "\x00", "url": "\x00"}, 0),
        ({"url": site("rights.kz"), "since": "2026-11-22T00:00:00Z", "until": "2026-11-22T06:00:00+01:00"}, 10),
    ],
    ids=str,
)
async def test_checks_are_chosen_by_filters(client: httpx.AsyncClient, query: dict[str, str], count: int) -> None:
    found = await whole(client, "measurements", **query, limit=1000)
    assert len(found) == count
    assert len({one["uid"] for one in found}) == count


async def test_a_check_is_told_as_the_command_tells_it(client: httpx.AsyncClient) -> None:
    [newest] = (await got(client, "measurements", url=site("ratel.kz"), limit=1))["measurements"]
    whole_one = await got(client, "measurements/rich")
    assert whole_one["evidence"]["steps"]
    assert newest.pop("page") == "/measurement/rich"
    for name, value in newest.items():
        assert whole_one[name] == value, name


@pytest.mark.parametrize("limit", [1, 7, 1000])
@pytest.mark.parametrize("name", LISTS)
async def test_pages_of_any_size_make_the_same_list(client: httpx.AsyncClient, name: str, limit: int) -> None:
    query = {"url": site("rights.kz")} if name == "measurements" else {}
    found = await whole(client, name, limit=limit, **query)
    assert found == await whole(client, name, **query)
    assert len(found) > 1


async def test_a_list_goes_on_undisturbed_while_new_and_late_checks_come_in(store: Store) -> None:
    past(store, HOME, "ratel.kz", "o" * 20)
    client = asking(store)
    before = [one["uid"] for one in await whole(client, "measurements")]
    first = await got(client, "measurements", limit=8)
    late = Simulated(store, vantage=KCELL)
    late.check("ratel.kz", "b", NOW - timedelta(minutes=1))
    late.check("vlast.kz", "b", NOW - timedelta(hours=9))
    rest = await whole(client, "measurements", limit=3, cursor=first["next"])
    told = [one["uid"] for one in first["measurements"] + rest]
    assert [uid for uid in told if uid in before] == before
    assert len(told) == len(set(told)) == len(before) + 1  # the late one lies in the part that was still to come


async def test_checks_of_one_instant_are_neither_told_twice_nor_left_out(store: Store) -> None:
    simulated = Simulated(store)
    uids = {simulated.check(f"s{number}.kz", "o", NOW) for number in range(10)}
    found = await whole(asking(store), "measurements", limit=3)
    assert [one["uid"] for one in found] == sorted(uids)


async def test_a_rare_verdict_is_found_beyond_what_one_page_looks_at(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    past(store, HOME, "ratel.kz", "b" + "o" * 30 + "b")
    monkeypatch.setattr("results.paging.READ_MOST", 5)
    client = asking(store)
    first = await got(client, "measurements", verdict="blocked")
    assert len(first["measurements"]) == 1
    assert first["next"]
    assert len(await whole(client, "measurements", verdict="blocked")) == 2


async def test_episodes_and_events_have_their_bounds_and_lead_to_their_pages(client: httpx.AsyncClient) -> None:
    episodes = (await got(client, "episodes", url=site("ratel.kz"), state="closed"))["episodes"]
    assert [(one["network"]["key"], one["kind"], one["bad"]) for one in episodes] == [("21299", "blocking", 30)]
    [one] = episodes
    assert one["last_good_at"] < one["first_bad_at"] < one["last_bad_at"] < one["first_good_at"] <= one["closed_at"]
    assert (await client.get(one["page"])).status_code == 200
    event = await got(client, f"events/{one['event']}")
    assert event["urls"] == [site("ratel.kz")]
    assert (await client.get(event["page"])).status_code == 200
    on_kcell = (await got(client, "events", network="29355", kind="throttling"))["events"]
    assert [one["urls"] for one in on_kcell] == [[site("vlast.kz")]]


async def test_cells_have_every_check_once_and_say_where_there_is_none(client: httpx.AsyncClient) -> None:
    found = await got(client, "cells", url=site("ratel.kz"), network="9198", span="7d")
    assert found["network"]["name"] == "JSC Kazakhtelecom"
    assert (found["cell_s"], len(found["cells"])) == (4 * 3600, 42)
    assert sum(cell["checks"] for cell in found["cells"]) == 61
    assert sum(cell["blocked"] for cell in found["cells"]) == 21
    assert {cell["empty"] for cell in found["cells"] if not cell["checks"]} <= {"before measuring began", "no data"}
    assert [cell["checks"] > 0 for cell in found["cells"]] == [cell["empty"] is None for cell in found["cells"]]
    assert all(one["end"] == other["start"] for one, other in zip(found["cells"], found["cells"][1:], strict=False))
    assert found["cells"][-1]["mechanisms"] == {"tls.timeout": found["cells"][-1]["blocked"]}


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("targets?cursor=x", "cursor leads nowhere; take `next` of the answer before, of the same list."),
        ("measurements?limit=0", "limit is '0': input should be greater than or equal to 1."),
        ("measurements?limit=1001", "limit is '1001': input should be less than or equal to 1000."),
        ("measurements?vedict=blocked", "'vedict' is not known here; /api/v1/openapi.json has what is."),
        ("measurements?verdict=bad",
         "verdict is 'bad': input should be 'accessible', 'blocked', 'throttled', 'down' or 'inconclusive'."),
        ("measurements?since=2026-11-22T00:00:00", "since is '2026-11-22T00:00:00': input should have timezone info."),
        ("measurements?since=0001-01-01T00:00:00Z",
         "since is '0001-01-01T00:00:00Z': years from 1990 to 2200 are known."),
        ("cells", "url is missing."),
        ("cells?url=a&network=b&tz=Nowhere/At_All", "tz is 'Nowhere/At_All': such a time zone is not known."),
        ("events/x?y=1", "'y' is not known here; /api/v1/openapi.json has what is."),
    ],
)  # fmt: skip
async def test_what_is_not_understood_is_refused_in_one_sentence(
    client: httpx.AsyncClient, path: str, says: str
) -> None:
    answer = await client.get(f"/api/v1/{path}")
    assert (answer.status_code, answer.json()) == (400, {"error": says})


@pytest.mark.parametrize(
    "path",
    ["measurements/none", "events/none", "events/%00", "cells?url=a&network=b", "", "v2", "targets/", "x/y/z"],
)  # fmt: skip
async def test_what_is_not_there_is_said_in_json(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(f"/api/v1/{path}")
    assert (answer.status_code, answer.json()) == (404, {"error": "Nothing is here."})


async def test_a_cursor_of_another_list_or_of_nobody_is_refused(client: httpx.AsyncClient) -> None:
    import base64
    import json

    other = (await got(client, "episodes", limit=1))["next"]
    made = [
        ["measurements", "2026-11-22T00:00:00+00:00"], ["measurements", "2026-11-22T00:00:00", "x"],
        ["measurements", "0001-01-01T00:00:00+14:00", "x"], ["measurements", "2026-11-22T00:00:00+00:00", "\ud800"],
        ["measurements", 1, "x"], {"a": 1}, 7, None,
    ]  # fmt: skip
    words = [base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in made]
    deep = base64.urlsafe_b64encode(b"[" * 2900).decode()
    for word in [other, *words, "=", "%", "é", "A" * 4000, deep]:
        answer = await client.get("/api/v1/measurements", params={"cursor": word})
        assert answer.status_code == 400, word
        assert answer.json()["error"].startswith("cursor leads nowhere"), word


async def test_a_page_links_to_the_next_with_all_that_was_asked(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/measurements", params={"url": site("rights.kz"), "limit": 40})
    following = answer.links["next"]["url"]
    rest = await client.get(following)
    assert len(rest.json()["measurements"]) == 20
    assert "link" not in rest.headers


async def test_a_store_that_fails_is_said_without_its_address(store: Store) -> None:
    with store.transaction(alone=True) as connection:
        connection.exec_driver_sql("ALTER TABLE episode RENAME TO taken")
    answer = await asking(store).get("/api/v1/episodes")
    assert answer.status_code == 503
    assert "be read now" in answer.json()["error"]
    assert "sqlite" not in answer.text
    assert "postgresql" not in answer.text
