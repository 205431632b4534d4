"""The badge as a browser draws it: its words fit, and nothing lies on anything else."""

from typing import TYPE_CHECKING

import pytest

from server.api.badge_picture import Sign, Words, picture, width_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


WORDS = [
    "accessible in Kazakhstan", "3 of 4 networks · 22 Nov 2026", "Казахстан: доступен", "3 из 4 сетей · 22 нояб. 2026",
    "Қазақстанда қолжетімді", "4 желінің 3-інде · 2026 ж. 22 қар.", "no data", "WWWMMM iiill", "әғқңөұүһі ӘҒҚҢӨҰҮҺІ",
]  # fmt: skip


@pytest.mark.parametrize("words", WORDS)
def test_a_text_is_as_wide_as_is_counted_in_the_fonts_that_browsers_have(browser: "Browser", words: str) -> None:
    """Else the letters would be drawn into each other, or apart, to fit."""
    page = browser.new_page()
    page.set_content(
        '<svg xmlns="http://www.w3.org/2000/svg"><text font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
        f"{words}</text></svg>"
    )
    drawn = page.evaluate("document.querySelector('text').getComputedTextLength()")
    page.close()
    assert drawn == pytest.approx(width_of(words), rel=0.06)


@pytest.mark.parametrize("kind", Sign)
def test_the_words_lie_in_the_picture_and_not_on_its_sign(browser: "Browser", kind: Sign) -> None:
    words = Words(label=WORDS[4], value="4 желінің 3-інде", when="2026 ж. 22 қар.", title="t", desc="d", language="kk")
    page = browser.new_page()
    page.set_content(picture(words, kind))
    boxes = page.evaluate(
        "[...document.querySelectorAll('svg, text, g')].map(e => { const b = e.getBoundingClientRect();"
        " return [b.left, b.top, b.right, b.bottom]; })"
    )
    page.close()
    whole, label, drawn, value = boxes
    for box in (label, drawn, value):
        assert whole[0] <= box[0] < box[2] <= whole[2]
        assert whole[1] <= box[1] < box[3] <= whole[3]
    assert label[2] < drawn[0] < drawn[2] < value[0]
