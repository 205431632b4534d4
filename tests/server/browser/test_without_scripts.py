"""Without JavaScript all is there: words, pictures, tables and links are the same as with it."""

from typing import TYPE_CHECKING

import pytest

from tests.server.conftest import Visit

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def content(page: "Page") -> dict[str, list[str]]:
    main = page.locator("main")
    controls = [line.strip() for words in main.locator("button.zoom").all_inner_texts() for line in words.splitlines()]
    lines = [line.strip() for line in main.inner_text().splitlines()]
    return {
        "words": [line for line in lines if line and line not in controls],  # what needs a script is no content
        "links": main.locator("a").evaluate_all("found => found.map(e => e.getAttribute('href'))"),
        "pictures": main.locator("svg title").evaluate_all("found => found.map(e => e.textContent)"),
    }


def test_without_javascript_all_content_is_there(visit: Visit, home: str, plain_paths: list[str]) -> None:
    bare, scripted = visit("/", java_script_enabled=False), visit("/")
    for path in plain_paths:
        bare.goto(home + path)
        scripted.goto(home + path)
        there, expected = content(bare), content(scripted)
        assert {name: set(expected[name]) - set(there[name]) for name in expected} == {
            name: set() for name in expected
        }, path
        assert there["words"]
