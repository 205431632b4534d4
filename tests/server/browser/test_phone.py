"""On a telephone of 390 pixels, and on paper, nothing is cut off: neither a word nor a picture."""

import pytest

from tests.server.conftest import Visit

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
A4 = {"width": 702, "height": 900}  # what the margins leave, in CSS pixels
# What is cut: text or a picture beyond the edge of a box that can't be scrolled, or of its own picture. What is there
# for screen readers alone is one pixel wide.
CUT = """() => {
  const cut = [], scrolls = e => ['auto', 'scroll'].includes(getComputedStyle(e).overflowX);
  for (const e of document.querySelectorAll('body *')) {
    const box = e.getBoundingClientRect(), style = getComputedStyle(e);
    if (!box.width || !box.height || e.closest('svg') || e.closest('.sr, .skip, caption, thead')) continue;
    const hides = ['hidden', 'clip'].includes(style.overflowX);
    if (hides && e.scrollWidth > e.clientWidth + 1) cut.push(e.outerHTML.slice(0, 120));
    let over = e;
    while (over && !scrolls(over)) over = over.parentElement;
    if (!over && (box.right > innerWidth + 1 || box.left < -1)) cut.push(e.outerHTML.slice(0, 120));
  }
  for (const words of document.querySelectorAll('svg text')) {
    const box = words.getBoundingClientRect(), edge = words.closest('svg').getBoundingClientRect();
    if (box.width && (box.right > edge.right + 1.5 || box.left < edge.left - 1.5)) cut.push(words.outerHTML);
  }
  return cut;
}"""


@pytest.mark.parametrize("medium", ["screen", "print"])
def test_nothing_is_cut_off(visit: Visit, home: str, plain_paths: list[str], medium: str) -> None:
    page = visit("/", viewport=PHONE if medium == "screen" else A4)
    page.emulate_media(media=medium)  # type: ignore[arg-type]
    wrong = {}
    for path in plain_paths:
        page.goto(home + path)
        page.evaluate("document.querySelectorAll('details').forEach(e => e.open = true)")
        if found := page.evaluate(CUT):
            wrong[path] = found
    assert wrong == {}
