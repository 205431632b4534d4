"""One measurement's page: all the evidence, and nothing of it taken for markup."""

from collections.abc import Callable

import httpx
import pytest

from results.records import adapter
from results.store import Store
from targets.target import Target
from tests.server.html import Page, page
from tests.server.simulated import NOW, Simulated, judgement, rich, slowed, throttled

pytestmark = pytest.mark.anyio

Ask = Callable[..., httpx.AsyncClient]


@pytest.mark.parametrize(
    "words",
    [
        "On 22 November 2026, 14:45:00 , ratel.kz was likely blocked on Kazakhtelecom.",
        "The control completes it in 96 ms. simulated",
        "cause: something on the way",
        "generic_timeout_error",
        "The visit, tried again (2)",
        "comparison: another name at this address",
        "CN=R12,O=Let's Encrypt,C=US",
        "2 November 2026 to 31 January 2027",
        "93.184.216.35 NOERROR 52",
        "server nginx",
        "Every step from the control, by its own clock",
        "https://zero.kz/ generic_timeout_error",
        "Kazakhtelecom, AS9198, KZ",
        "of AS9198 from beginning to end (table of 2026-06-17)",
        "75 s behind the others'",
        "93.184.216.34 of AS15133 (table of 2026-06-17)",
        "status 302, sends to login.example",
        "https://other.example.org, asked too: no answer, connection_reset",
    ],
)
async def test_a_measurement_shows_all_that_it_saw(ask: Ask, store: Store, words: str) -> None:
    store.add(rich(), judgement("b", says="The control completes it in 96 ms."))
    assert words in (await page(ask(), "/measurement/rich")).text


async def test_the_steps_are_drawn_here_and_at_the_control(ask: Ask, store: Store) -> None:
    store.add(rich(), judgement("b"))
    drawn = [svg for svg in (await page(ask(), "/measurement/rich")).all("svg") if svg.get("class") == "waterfall"]
    assert len(drawn) == 2


@pytest.fixture
def slow(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A throttled page, with all the numbers of its comparison."""
    monkeypatch.setattr(store, "measurement", lambda _uid: (throttled(), slowed()))


@pytest.mark.usefixtures("slow")
@pytest.mark.parametrize(
    "words",
    [
        "with another name, same address: 8.3 Mbit/s; from elsewhere, over this line:",
        "Slowed by the site’s name: another name at the same address is fast",
        "Times as slow 14.2 (11.0 to 18.1 at 95 %, p = 0.00049)",
        "Ceiling 128 kbit/s, all transfers within 3 %",
        "the visit – 60,000 3.85 128 61 42 960 7 –",
        "with the site’s name 2 14,000 0.99 125 61 42 960 7 2",
        "with another name, same address 3 60,000 0.16 8480 44 42 43 0 0",
        "from elsewhere, over this line – 41,000 0.13 10,400 – – – – –",
        "the control – 60,000 0.28 4000 44 42 43 0 –",
    ],
)
async def test_how_the_bytes_came_is_drawn_and_told(ask: Ask, words: str) -> None:
    assert words in (await page(ask(), "/measurement/slow")).text


@pytest.mark.usefixtures("slow")
async def test_the_ceiling_is_a_line_in_the_picture(ask: Ask) -> None:
    found = await page(ask(), "/measurement/slow")
    assert len([svg for svg in found.all("svg") if svg.get("class") == "flow"]) == 1
    assert [path.get("class") for path in found.all("path")].count("guide") == 1


async def test_curves_without_throttling_have_no_ceiling(ask: Ask, store: Store) -> None:
    store.add(throttled(), judgement("o"))
    found = await page(ask(), "/measurement/slow")
    assert len([path for path in found.all("path") if "curve" in (path.get("class") or "")]) == 9 + 9
    assert "guide" not in [path.get("class") for path in found.all("path")]
    assert "Slowed by" not in found.text


async def test_where_no_curve_is_the_page_says_so(ask: Ask, store: Store) -> None:
    store.add(rich(), judgement("b"))
    found = await page(ask(), "/measurement/rich")
    assert "Bytes over time Too few bytes came to draw a curve." in found.text
    assert "flow" not in [svg.get("class") for svg in found.all("svg")]


async def test_a_measurement_that_saw_nothing_has_its_page(ask: Ask, simulated: Simulated) -> None:
    uid = simulated.check("a.kz", "u", NOW)
    found = await page(ask(), f"/measurement/{uid}")
    assert "No step was taken." in found.text
    assert "No control is configured." in found.text


async def test_the_raw_record_is_the_one_that_was_stored(ask: Ask, store: Store) -> None:
    store.add(rich(), judgement("b"))
    answer = await ask().get("/measurement/rich.json")
    assert answer.headers["content-type"] == "application/json"
    assert adapter().validate_json(answer.content) == rich()


HOSTILE = "</title></svg><script>alert(1)</script><img src=x onerror=alert(1)>\"'&\x00{{7*7}}"


SCRIPTS = {"/": ["/static/refresh.js"], "/site": ["/static/zoom.js"]}


@pytest.mark.parametrize("path", ["/measurement/rich", "/site", "/"])
async def test_what_a_hostile_network_says_stays_text(ask: Ask, store: Store, path: str) -> None:
    url = f"https://ratel.kz/{HOSTILE}".replace("\x00", "")  # no address in a store holds that
    store.add(rich(url=url, words=HOSTILE), judgement("u", says=HOSTILE))
    client = ask(Target(url=url, outlet=HOSTILE))
    answer = await client.get(path, params={"url": url, "q": HOSTILE if path == "/" else ""})
    found = Page(answer.text)
    assert "alert(1)" in answer.text
    assert path == "/measurement/rich" or "{{7*7}}" in found.text
    assert not list(found.all("img"))
    assert [script.get("src") for script in found.all("script")] == SCRIPTS.get(path, [])
    assert not [name for _, attributes in found.elements for name in attributes if name.startswith("on")]
