"""What stands in any place of a line is kept as it is or refused, and no page runs it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from results.formats.jsonl import read
from results.store import Store
from server.app import create_many
from server.pages.many.line import Line
from tests.results.build import HTTPS
from tests.server.conftest import browser, serve
from tests.server.fort import Fort
from tests.server.intake.sending import Sender, body_of, fates
from tests.server.simulated import EVERY, HOME, target

if TYPE_CHECKING:
    from playwright.sync_api import Browser

__all__ = ["browser", "serve"]


@pytest.fixture(scope="module")
def sender(fort: Fort) -> Sender:
    return fort.member()


SCRIPT = (
    "</title></textarea></svg><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
)
POISON: dict[str, Any] = {
    "script": SCRIPT,
    "SQL": "'; drop table measurement; --",
    "a zero byte": "a\0b",
    "half a letter": "\ud800",
    "right to left": "\u202e\u2066\x1b[31m",
    "very long": "x" * 20_000,
    "a great number": 10**400,
    "a greater one": 1e308,
    "below zero": -(2**63) - 1,
    "no number": float("nan"),
    "no end": float("-inf"),
    "true": True,
    "null": None,
    "a list": [[[]]],
    "an object": {"__proto__": {"$ne": None}, SCRIPT: SCRIPT},
    "deep": [],
}
for _ in range(300):
    POISON["deep"] = [POISON["deep"]]

Path_ = tuple[str | int, ...]


def leaves(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    if isinstance(value, dict | list) and value:
        for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, (*path, name))
    else:
        yield path


def poisoned(line: str, path: Path_, poison: Any, uid: str) -> str:
    found = json.loads(line)
    found["uid"] = uid
    inner = found
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = poison
    return json.dumps(found)


@pytest.mark.parametrize("name", POISON)
def test_whatever_stands_in_any_place_of_a_line_is_kept_as_it_is_or_refused(
    fort: Fort, sender: Sender, name: str
) -> None:
    """No place makes the server fail, and none takes other lines along."""
    (whole,) = body_of([sender.measured("whole")]).decode().splitlines()
    places = list(leaves(json.loads(whole)))
    assert len(places) > 100
    sent = [poisoned(whole, path, POISON[name], f"{name}-{number}") for number, path in enumerate(places)]
    before = fort.rows()["measurement"]
    honest = sender.measured(f"honest-{name}")
    told = sender.send(*sent, honest, packing="zstd")
    fate = fates(told)
    assert fate[-1] == "stored"
    assert set(fate) <= {"stored", "refused", "there"}
    assert fort.rows()["measurement"] == before + fate.count("stored")
    assert fort.rows()["evidence"] == fort.rows()["link"] == fort.rows()["measurement"]
    store = Store(fort.database.address())
    try:
        for line, receipt in zip(sent, told.json()["receipts"], strict=False):
            if receipt["fate"] == "stored":
                kept = store.measurement(receipt["uid"])
                assert kept is not None
                if name in {"script", "SQL", "right to left"}:
                    assert kept[0] == read(json.loads(line))
    finally:
        store.close()


def test_what_was_poisoned_leaves_the_chain_whole_and_can_be_exported(fort: Fort, sender: Sender) -> None:
    fort.served.run("verify")
    assert sender.name in fort.served.run("export", "--format", "jsonl")


# In the pages


@pytest.mark.browser
def test_what_was_poisoned_is_seen_as_text_in_every_page(
    fort: Fort, sender: Sender, browser: "Browser", serve: Callable[[Any], str]
) -> None:
    whole = sender.measured("shown")
    (line,) = body_of([whole]).decode().splitlines()
    places = [path for path in leaves(json.loads(line)) if path[0] in {"vantage", "evidence"} and path[-1] != "name"]
    sent = [poisoned(line, path, SCRIPT, f"shown-{number}") for number, path in enumerate(places)]
    told = sender.send(*sent, packing="zstd").json()["receipts"]
    uids = [one["uid"] for one in told if one["fate"] == "stored"]
    assert len(uids) > 10
    everywhere = line
    for path, one in zip(places, told, strict=True):
        if one["fate"] == "stored":
            everywhere = poisoned(everywhere, path, SCRIPT, "shown-everywhere")
    assert fates(sender.send(everywhere)) == ["stored"]
    store = Store(fort.database.address())
    home = serve(_pages(store, sender.name))
    page = browser.new_page()
    fired: list[str] = []
    page.on("dialog", lambda dialog: fired.append(dialog.message))
    page.on("request", lambda asked: None if asked.url.startswith(home) else fired.append(asked.url))
    seen = ""
    for address in [
        "/",
        f"/site?url={HTTPS}",
        "/networks",
        "/measurement/shown-everywhere",
        *(f"/measurement/{uid}" for uid in uids[::4]),
    ]:
        answer = page.goto(home + address)
        assert answer is not None
        assert answer.status == 200, address
        assert page.title() != "owned"
        assert page.locator("img[onerror], textarea").count() == 0
        seen += page.inner_text("body")
    page.close()
    store.close()
    assert fired == []
    assert "<script>document.title='owned'</script>" in seen  # it is shown, as the text that it is


def _pages(store: Store, vantage: str) -> Any:
    home = replace(HOME, name=vantage)
    return create_many(
        store,
        targets=[target("ratel.kz")],
        interval=EVERY,
        clock=lambda: datetime.now(UTC),
        version="1",
        line=Line(vantage=home, interval=EVERY, budget_bytes=100_000_000),
    )
