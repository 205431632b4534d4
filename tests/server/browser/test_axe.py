"""axe-core finds nothing wrong with any page, in the light theme and the dark one, on a desk and on a phone."""

import pytest

from tests.server.browser import axe
from tests.server.conftest import Visit

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing_wrong_with_any_page(visit: Visit, home: str, plain_paths: list[str], width: int) -> None:
    page = visit("/", viewport={"width": width, "height": 844})
    wrong = {}
    for path in plain_paths:
        page.goto(home + path)
        if lines := axe.found(page):
            wrong[path] = lines
    assert wrong == {}
