"""On a telephone nothing is cut off in Russian and in Kazakh either, whose words are longer."""

import pytest

from tests.server.browser.test_phone import CUT, PHONE
from tests.server.conftest import Visit

pytestmark = pytest.mark.browser

SIDEWAYS = """() => [...document.querySelectorAll('table')].filter(
  e => e.scrollWidth > e.clientWidth + 1 && !e.closest('.wide')).map(e => e.outerHTML.slice(0, 80))"""


def _in(path: str, code: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}lang={code}"


@pytest.mark.parametrize("code", ["ru", "kk"])
def test_nothing_is_cut_off_in_a_language_of_longer_words(
    visit: Visit, home: str, plain_paths: list[str], code: str
) -> None:
    page = visit("/", viewport=PHONE)
    wrong = {}
    for path in plain_paths:
        page.goto(home + _in(path, code))
        assert page.get_attribute("html", "lang") == code
        if found := page.evaluate(CUT):
            wrong[path] = found
    assert wrong == {}


@pytest.mark.parametrize("code", ["ru", "kk"])
@pytest.mark.parametrize("path", ["/", "/networks"])
def test_no_table_of_the_first_pages_has_to_be_moved_sideways(visit: Visit, home: str, path: str, code: str) -> None:
    page = visit("/", viewport=PHONE)
    page.goto(home + _in(path, code))
    assert page.evaluate(SIDEWAYS) == []


@pytest.mark.usefixtures("home")
def test_the_switch_is_followed_and_the_next_page_keeps_the_language(visit: Visit) -> None:
    page = visit("/", viewport=PHONE)
    page.click("nav.tongues a[lang=kk]")
    page.click("header nav:first-of-type a:nth-of-type(2)")
    assert page.get_attribute("html", "lang") == "kk"
    assert page.url.endswith("/networks?lang=kk")
