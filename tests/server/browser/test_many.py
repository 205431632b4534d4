"""The pages of many networks in a browser: nothing that a member says runs, nothing is cut, the keyboard works."""

import pytest

from results.store import Store
from tests.server.browser.conftest import TARGETS
from tests.server.conftest import Visit

pytestmark = pytest.mark.browser


def test_nothing_that_a_member_says_runs_on_any_page(visit: Visit, home: str, paths: list[str]) -> None:
    page, seen = visit("/"), 0
    for path in paths:
        page.goto(home + path)
        found = page.evaluate(
            "[window.ran, document.querySelectorAll('script:not([src=\"/static/zoom.js\"])').length,"
            " document.images.length,"
            " document.querySelectorAll('[onerror],[onload],[href^=javascript]').length]"
        )
        assert found == [None, 0, 0, 0], path
        seen += "<script>window.ran" in page.locator("body").inner_text()
    assert seen >= 5  # it was there to be seen, as text


def test_what_a_member_says_changes_nothing_in_the_store(
    visit: Visit, home: str, paths: list[str], filled: Store
) -> None:
    before = filled.held()
    page = visit("/")
    for path in paths:
        page.goto(home + path)
    assert filled.held() == before


@pytest.mark.parametrize("scripts", [True, False], ids=["javascript", "none"])
def test_every_page_has_one_heading_and_no_complaint(visit: Visit, home: str, paths: list[str], scripts: bool) -> None:
    page = visit("/", java_script_enabled=scripts)
    wrong = []
    for path in paths:
        page.goto(home + path)
        if page.locator("h1").count() != 1:
            wrong.append(path)
    assert wrong == []


@pytest.mark.parametrize("width", [320, 390, 905, 1280])
def test_no_page_is_wider_than_its_window(visit: Visit, home: str, paths: list[str], width: int) -> None:
    page = visit("/", viewport={"width": width, "height": 844})
    wide = []
    for path in paths:
        page.goto(home + path)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wide.append(path)
    assert wide == []


def test_the_filter_works_without_javascript(visit: Visit) -> None:
    page = visit("/?tz=UTC", java_script_enabled=False)
    page.get_by_role("searchbox", name="Name").fill("ratel.kz/")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**q=ratel.kz**")
    assert "tz=UTC" in page.url
    assert page.locator("table.matrix tbody tr").count() == 2
    page.get_by_role("link", name="all", exact=True).click()
    assert page.locator("table.matrix tbody tr").count() == len(TARGETS)


def test_by_links_alone_from_the_overview_to_the_evidence(visit: Visit) -> None:
    page = visit("/", java_script_enabled=False)
    page.locator("table.matrix a", has_text="ratel.kz").first.click()
    page.locator("svg.strip a").last.click()
    page.wait_for_url("**span=24h**")
    page.locator("svg.strip a").last.click()
    page.wait_for_url("**at=**")
    page.locator("#checks ~ table a").first.click()
    page.wait_for_url("**/measurement/**")


def test_the_keyboard_finds_the_content_first(visit: Visit) -> None:
    page = visit("/")
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "To the content"


def test_every_picture_has_a_name_and_every_table_a_caption(visit: Visit, home: str, paths: list[str]) -> None:
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


def test_on_paper_it_is_light_and_without_controls(visit: Visit) -> None:
    page = visit("/", color_scheme="dark", viewport={"width": 702, "height": 900})
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not page.locator("form.filter").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 702
