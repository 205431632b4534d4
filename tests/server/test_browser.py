"""The pages in a browser: with and without JavaScript, on a phone, by keyboard."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from fastapi import FastAPI

from results.store import Store
from server.pages.charts.labels import LETTER
from tests.server.simulated import Simulated, judgement, rich, site, throttled

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

PATHS = ["/", "/?span=7d", f"/site?url={site('a.kz')}", "/measurement/rich", "/measurement/slow", "/rounds", "/method",
         "/nothing"]  # fmt: skip
PHONE = {"viewport": {"width": 390, "height": 844}}


@pytest.fixture
def home(simulated: Simulated, store: Store, make_app: Callable[..., FastAPI], serve: Callable[[FastAPI], str]) -> str:
    """A served dashboard of sixty sites."""
    simulated.past("a.kz", "o" * 9 + "b" * 9)
    simulated.past("a-name-that-is-much-longer-than-any-column.example.kz", "oosdu")
    names = ["a.kz", "a-name-that-is-much-longer-than-any-column.example.kz", *(f"{n}.kz" for n in range(58))]
    simulated.rounds([True, False])
    store.add(rich(), judgement("b"))
    store.add(throttled(), judgement("s"))
    return serve(make_app(*names))


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
        page.on("request", lambda asked: None if asked.url.startswith(home) else complaints.append(asked.url))
        page.goto(home + path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def opened(page: "Page", url: str) -> "Page":
    page.goto(url)
    return page


@pytest.mark.parametrize("scripts", [True, False], ids=["javascript", "none"])
def test_every_page_loads_without_a_complaint(visit: Callable[..., "Page"], home: str, scripts: bool) -> None:
    """The policy forbids inline styles and scripts: a forgotten one is a complaint."""
    page = visit("/", java_script_enabled=scripts)
    assert [path for path in PATHS if opened(page, home + path).locator("h1").count() != 1] == []
    assert page.locator("h1").evaluate("e => getComputedStyle(e).fontFamily").startswith("Inter")


@pytest.mark.parametrize("width", [320, 390, 905, 1100, 1280])
def test_no_page_is_wider_than_its_window(visit: Callable[..., "Page"], home: str, width: int) -> None:
    page = visit("/", viewport={"width": width, "height": 844})
    wide = "document.documentElement.scrollWidth > innerWidth"
    assert [path for path in PATHS if opened(page, home + path).evaluate(wide)] == []


def test_the_filter_works_without_javascript(visit: Callable[..., "Page"]) -> None:
    page = visit("/?span=7d", java_script_enabled=False)
    page.get_by_role("searchbox", name="Name").fill("a.kz")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**span=7d**q=a.kz**")
    page.get_by_role("link", name="all 60").wait_for()
    assert page.locator("table.sites tbody tr").count() == 1


def test_a_troubled_cell_leads_to_its_checks_and_to_the_evidence(visit: Callable[..., "Page"]) -> None:
    page = visit("/", java_script_enabled=False)
    page.get_by_role("link", name="a.kz", exact=True).first.click()
    page.locator("svg.strip a").first.click()
    page.wait_for_url("**at=**")
    page.locator("table.checks tbody a").first.click()
    page.get_by_role("heading", name="Step by step").wait_for()


def test_the_overview_renews_itself_and_keeps_the_readers_place(
    visit: Callable[..., "Page"], simulated: Simulated
) -> None:
    page = visit("/")
    page.clock.install()
    page.reload()
    page.evaluate("scrollTo(0, 700)")
    simulated.past("7.kz", "c")
    page.clock.run_for(31_000)
    page.get_by_text("certificate was replaced").wait_for()
    assert page.evaluate("scrollY") == 700
    assert "2 of 60" in page.title()


def test_without_javascript_the_browser_renews_the_overview_only(visit: Callable[..., "Page"]) -> None:
    page = visit("/", java_script_enabled=False)
    assert page.locator("meta[http-equiv=refresh]").get_attribute("content") == "30"
    assert visit("/rounds", java_script_enabled=False).locator("meta[http-equiv=refresh]").count() == 0


def test_the_keyboard_finds_the_content_first_and_shows_where_it_is(visit: Callable[..., "Page"]) -> None:
    page = visit("/")
    page.keyboard.press("Tab")
    focused = page.locator(":focus")
    assert focused.inner_text() == "To the content"
    assert focused.bounding_box() is not None
    assert focused.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
    assert focused.evaluate("e => e.getBoundingClientRect().left") >= 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_theme_is_the_readers(visit: Callable[..., "Page"], scheme: str) -> None:
    page = visit("/", color_scheme=scheme)
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(17, 22, 29)"}[scheme]
    paint = page.locator("svg.strip rect").first.evaluate("e => getComputedStyle(e).fill")
    assert "url(" in paint


def test_on_a_phone_the_strip_has_the_whole_width(visit: Callable[..., "Page"]) -> None:
    page = visit("/", **PHONE)
    box = page.locator("td.past svg.strip").first.bounding_box()
    assert box
    assert box["width"] > 340


def test_the_numbers_behind_the_curves_open_without_javascript(visit: Callable[..., "Page"]) -> None:
    page = visit("/measurement/slow", java_script_enabled=False, **PHONE)
    table = page.locator("table.flows")
    assert not table.is_visible()
    page.get_by_text("The numbers").click()
    assert table.is_visible()


def test_no_word_in_the_picture_of_bytes_is_wider_than_was_reckoned(visit: Callable[..., "Page"]) -> None:
    """Else it would stand on another, or be cut off at the edge."""
    page = visit("/measurement/slow")
    wide = "words => words.map(word => word.getBBox()).filter(box => box.x + box.width > 1000).length"
    assert page.locator("svg.flow text.end").evaluate_all(wide) == 0
    letters = "words => Math.max(...words.map(word => word.getComputedTextLength() / word.textContent.length))"
    assert page.locator("svg.flow text.end").evaluate_all(letters) <= LETTER


def test_on_paper_it_is_light_and_without_controls(visit: Callable[..., "Page"]) -> None:
    page = visit("/", color_scheme="dark", viewport={"width": 702, "height": 900})
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not page.locator("form.filter").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 702
