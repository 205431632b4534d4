"""The pages of many networks in a browser: nothing that a member says runs, nothing is cut, the keyboard works."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from results.store import Store
from targets.target import Target
from tests.server.many import BEELINE, KCELL, app_of, events_of, followed, hostile, past
from tests.server.simulated import HOME, NOW, judgement, rich, site

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

EVIL = (
    "\"'><script>window.ran=1</script><img src=x onerror=window.ran=1><svg/onload=window.ran=1>{{7*7}}'; drop table--"
)
EVIL_URL = f"https://ratel.kz/{EVIL}"
NAMES = [
    "ratel.kz",
    "vlast.kz",
    "a-name-that-is-much-longer-than-any-column.example.kz",
    *(f"{n}.kz" for n in range(20)),
]
TARGETS = [Target(url=site(name), outlet=f"Outlet of {name}", category="NEWS") for name in NAMES]
TARGETS.append(Target(url=EVIL_URL, outlet=f"Paper{EVIL}", category=f"C{EVIL}", language=EVIL))


@pytest.fixture
def filled(store: Store) -> Store:
    """A block on two networks, a throttled site, and a member that says scripts wherever it can."""
    past(store, HOME, "ratel.kz", "o" * 20 + "b" * 20)
    past(store, KCELL, "ratel.kz", "o" * 24 + "c" * 16)
    past(store, BEELINE, "vlast.kz", "o" * 20 + "s" * 20)
    past(store, BEELINE, NAMES[2], "ooosdu")
    liar = hostile(EVIL)
    for place in range(30):
        at = NOW - timedelta(minutes=30) * (30 - place)
        record = rich(f"uid{EVIL}{place}", url=EVIL_URL, started_at=at, words=EVIL)
        letter = "b" if place > 12 else "o"
        store.add(replace(record, vantage=liar), judgement(letter, says=f"said{EVIL}"))
    followed(store)
    return store


@pytest.fixture
def home(filled: Store, serve: Callable[[FastAPI], str]) -> str:
    return serve(app_of(filled, TARGETS))


@pytest.fixture
def paths(filled: Store) -> list[str]:
    """Every page, of what is plain and of what is not."""
    liar = hostile(EVIL)
    with filled.transaction() as connection:
        episodes = connection.execute(sa.text("select url, network_key, kind, first_bad_at from episode")).all()
    found = ["/", "/networks", "/method", "/nothing", f"/site?url={quote(site('ratel.kz'))}", "/network?key=9198",
             f"/site?url={quote(site('ratel.kz'))}&span=365d", "/vantage?name=home-1",
             f"/?{urlencode({'q': EVIL, 'tz': EVIL, 'country': EVIL, 'network': EVIL, 'kind': EVIL, 'class': EVIL})}",
             f"/site?{urlencode({'url': EVIL_URL})}", f"/site?{urlencode({'url': EVIL_URL, 'at': EVIL, 'to': EVIL})}",
             f"/network?{urlencode({'key': liar.network})}", f"/vantage?{urlencode({'name': liar.name})}",
             f"/measurement/{quote(f'uid{EVIL}7', safe='')}", f"/event/{quote(EVIL, safe='')}"]  # fmt: skip
    found += [f"/event/{uid}" for uid in events_of(filled)]
    for url, key, kind, began in episodes:
        when = str(began).replace(" ", "T").partition("+")[0] + "+00:00"
        found.append("/episode?" + urlencode({"url": url, "key": key, "of": kind, "began": when}))
    return found


@pytest.fixture
def visit(browser: "Browser", home: str) -> Iterator[Callable[..., "Page"]]:
    """Opens a page; whatever the browser complains about fails the test."""
    complaints: list[str] = []
    contexts = []

    def opened(path: str, **settings: Any) -> "Page":
        context = browser.new_context(**settings)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if "404" not in message.text else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(dialog.message))
        page.on("request", lambda asked: None if asked.url.startswith(home) else complaints.append(asked.url))
        page.goto(home + path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def test_nothing_that_a_member_says_runs_on_any_page(visit: Callable[..., "Page"], home: str, paths: list[str]) -> None:
    page, seen = visit("/"), 0
    for path in paths:
        page.goto(home + path)
        found = page.evaluate(
            "[window.ran, document.scripts.length, document.images.length,"
            " document.querySelectorAll('[onerror],[onload],[href^=javascript]').length]"
        )
        assert found == [None, 0, 0, 0], path
        seen += "<script>window.ran" in page.locator("body").inner_text()
    assert seen >= 5  # it was there to be seen, as text


def test_what_a_member_says_changes_nothing_in_the_store(
    visit: Callable[..., "Page"], home: str, paths: list[str], filled: Store
) -> None:
    before = filled.held()
    page = visit("/")
    for path in paths:
        page.goto(home + path)
    assert filled.held() == before


@pytest.mark.parametrize("scripts", [True, False], ids=["javascript", "none"])
def test_every_page_has_one_heading_and_no_complaint(
    visit: Callable[..., "Page"], home: str, paths: list[str], scripts: bool
) -> None:
    page = visit("/", java_script_enabled=scripts)
    wrong = []
    for path in paths:
        page.goto(home + path)
        if page.locator("h1").count() != 1:
            wrong.append(path)
    assert wrong == []


@pytest.mark.parametrize("width", [320, 390, 905, 1280])
def test_no_page_is_wider_than_its_window(
    visit: Callable[..., "Page"], home: str, paths: list[str], width: int
) -> None:
    page = visit("/", viewport={"width": width, "height": 844})
    wide = []
    for path in paths:
        page.goto(home + path)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wide.append(path)
    assert wide == []


def test_the_filter_works_without_javascript(visit: Callable[..., "Page"]) -> None:
    page = visit("/?tz=UTC", java_script_enabled=False)
    page.get_by_role("searchbox", name="Name").fill("ratel.kz/")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**q=ratel.kz**")
    assert "tz=UTC" in page.url
    assert page.locator("table.matrix tbody tr").count() == 2
    page.get_by_role("link", name="all", exact=True).click()
    assert page.locator("table.matrix tbody tr").count() == len(TARGETS)


def test_by_links_alone_from_the_overview_to_the_evidence(visit: Callable[..., "Page"]) -> None:
    page = visit("/", java_script_enabled=False)
    page.locator("table.matrix a", has_text="ratel.kz").first.click()
    page.locator("svg.strip a").last.click()
    page.wait_for_url("**span=24h**")
    page.locator("svg.strip a").last.click()
    page.wait_for_url("**at=**")
    page.locator("#checks ~ table a").first.click()
    page.wait_for_url("**/measurement/**")


def test_the_keyboard_finds_the_content_first(visit: Callable[..., "Page"]) -> None:
    page = visit("/")
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "To the content"


def test_every_picture_has_a_name_and_every_table_a_caption(
    visit: Callable[..., "Page"], home: str, paths: list[str]
) -> None:
    page, wrong = visit("/"), []
    nameless = (
        "[...document.querySelectorAll('main svg')].filter(e => !e.closest('[aria-hidden]')"
        " && !e.querySelector('title')).length + [...document.querySelectorAll('table')].filter(e => !e.caption).length"
    )
    for path in paths:
        page.goto(home + path)
        if page.evaluate(nameless):
            wrong.append(path)
    assert wrong == []


def test_on_paper_it_is_light_and_without_controls(visit: Callable[..., "Page"]) -> None:
    page = visit("/", color_scheme="dark", viewport={"width": 702, "height": 900})
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not page.locator("form.filter").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 702
