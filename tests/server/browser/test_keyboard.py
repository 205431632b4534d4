"""Every page by keyboard: in the order of reading, never out of sight, never without a mark where one is."""

import pytest

from tests.server.conftest import Visit

pytestmark = pytest.mark.browser

STOPS = "document.querySelectorAll('a[href], button, input:not([type=hidden]), select, summary, [tabindex]').length"
FOCUSED = """() => {
  const e = document.activeElement, box = e.getBoundingClientRect(), style = getComputedStyle(e);
  const order = [...document.querySelectorAll('*')].indexOf(e);
  const seen = box.width > 0 && box.right > 0 && box.left < innerWidth && box.bottom > 0 && box.top < innerHeight;
  const marked = style.outlineStyle !== 'none', html = e.outerHTML.slice(0, 100);
  return {html, order, seen, marked, left: e === document.body};
}"""


def test_the_keyboard_goes_in_the_order_of_reading_and_shows_where_it_is(
    visit: Visit, home: str, plain_paths: list[str]
) -> None:
    page = visit("/")
    for path in plain_paths:
        page.goto(home + path)
        before = -1
        for _ in range(min(page.evaluate(STOPS), 60)):
            page.keyboard.press("Tab")
            at = page.evaluate(FOCUSED)
            if at["left"]:
                break
            assert (path, at["html"], at["seen"], at["marked"]) == (path, at["html"], True, True)
            assert at["order"] > before, (path, at["html"])
            before = at["order"]


def test_the_skip_link_leads_past_the_navigation(visit: Visit) -> None:
    page = visit("/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")
