"""The pages of one line in a browser: with and without JavaScript, on a phone, by keyboard; and zooming into a chart.

What holds for the pages of a shared server as well is in browser/.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from fastapi import FastAPI

from results.store import Store
from server.pages.charts.labels import LETTER
from tests.server.many import followed
from tests.server.simulated import Simulated, judgement, rich, site, throttled

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

PATHS = ["/", "/?q=a.kz", f"/site?url={site('a.kz')}", "/network?key=9198", "/networks", "/measurement/rich",
         "/measurement/slow", "/method", "/nothing"]  # fmt: skip
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
    page = visit("/?tz=UTC", java_script_enabled=False)
    page.get_by_role("searchbox", name="Name").fill("a.kz")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**q=a.kz**")
    assert page.locator("table.matrix tbody tr").count() == 1
    page.get_by_role("link", name="all", exact=True).click()
    assert page.locator("table.matrix tbody tr").count() == 60


def test_a_troubled_cell_leads_to_its_checks_and_to_the_evidence(visit: Callable[..., "Page"]) -> None:
    page = visit("/", java_script_enabled=False)
    page.get_by_role("link", name="a.kz", exact=True).first.click()
    page.locator("svg.strip a").last.click()
    page.wait_for_url("**span=24h**")
    page.locator("svg.strip a").last.click()
    page.wait_for_url("**at=**")
    page.locator("#checks ~ table a").first.click()
    page.get_by_role("heading", name="Step by step").wait_for()


def test_the_first_page_renews_itself_and_keeps_the_readers_place(
    visit: Callable[..., "Page"], simulated: Simulated, store: Store
) -> None:
    page = visit("/")
    page.clock.install()
    page.reload()
    page.evaluate("scrollTo(0, 700)")
    simulated.past("7.kz", "c" * 6)
    followed(store)
    page.clock.run_for(31_000)
    page.get_by_text("certificate was replaced").first.wait_for()
    assert page.evaluate("scrollY") == 700
    assert "2 sites are blocked" in page.title()


def test_without_javascript_the_browser_renews_the_first_page_only(visit: Callable[..., "Page"]) -> None:
    page = visit("/", java_script_enabled=False)
    assert page.locator("meta[http-equiv=refresh]").get_attribute("content") == "30"
    assert visit("/networks", java_script_enabled=False).locator("meta[http-equiv=refresh]").count() == 0


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
    page = visit(f"/site?url={site('a.kz')}", color_scheme=scheme)
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(17, 22, 29)"}[scheme]
    paint = page.locator("svg.strip rect").first.evaluate("e => getComputedStyle(e).fill")
    assert "url(" in paint


def test_on_a_phone_the_strip_has_the_whole_width(visit: Callable[..., "Page"]) -> None:
    page = visit(f"/site?url={site('a.kz')}", **PHONE)
    box = page.locator("td.lane svg.strip").first.bounding_box()
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


SITE = f"/site?url={site('a.kz')}"


def test_a_chart_is_zoomed_by_mouse_and_by_keyboard(visit: Callable[..., "Page"]) -> None:
    page = visit(SITE)
    page.get_by_role("button", name="Zoom and hover").first.focus()
    page.keyboard.press("Enter")
    chart = page.locator("[data-of] .u-over, .u-over").first
    chart.wait_for()
    legend = page.locator(".u-legend").first
    page.keyboard.press("ArrowRight")
    assert any(letter.isdigit() for letter in legend.inner_text())
    page.keyboard.press("+")
    page.keyboard.press("Escape")
    box = chart.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] - 8, box["y"] + 20)
    assert page.locator(".u-cursor-x").first.is_visible()
    page.get_by_role("button", name="Close").first.click()
    assert not chart.is_visible()


def test_the_picture_and_its_numbers_need_no_script_and_load_none(visit: Callable[..., "Page"]) -> None:
    page = visit(SITE, java_script_enabled=False)
    assert page.locator("svg.compare").first.is_visible()
    assert page.get_by_role("button", name="Zoom and hover").count() == 0
    page.get_by_text("The numbers of").first.click()
    assert page.get_by_role("columnheader", name="Handshake, ms").first.is_visible()


def test_uplot_is_loaded_only_when_a_reader_asks_for_it(visit: Callable[..., "Page"]) -> None:
    page = visit(SITE)
    loaded = "performance.getEntriesByType('resource').filter(one => one.name.includes('uplot')).length"
    assert page.evaluate(loaded) == 0
    page.get_by_role("button", name="Zoom and hover").first.click()
    page.locator(".u-over").first.wait_for()
    assert page.evaluate(loaded) == 2
