"""The page that asks for consent, in a browser: before an answer, after a wrong one, and once it is given."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from probe.consent import items
from probe.tongue import LANGUAGES
from server.consent_page import ConsentPage
from tests.server.browser import axe
from tests.server.conftest import Visit, served

pytestmark = pytest.mark.browser


@pytest.fixture
def home(tmp_path: Path) -> Iterator[str]:
    asks = ConsentPage(tmp_path, items(["kz"], [1, 2], []), lambda: datetime(2026, 11, 22, 9, tzinfo=UTC), "en")
    with served(asks.app()) as at:
        yield at


@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_wrong_before_and_after_an_answer(visit: Visit, language: str) -> None:
    page = visit(f"/consent?language={language}", viewport={"width": 390, "height": 844})
    wrong = axe.found(page)
    page.locator("input[value=false]").nth(0).check()
    page.locator("input[value=false]").nth(1).check()
    page.get_by_role("button").click()
    page.locator("p.wrong").first.wait_for()
    wrong += axe.found(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert wrong == []


def test_by_keyboard_alone_and_without_javascript_it_is_given(visit: Visit) -> None:
    page = visit("/consent", java_script_enabled=False)
    page.locator("input[type=radio]").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("status").wait_for()
