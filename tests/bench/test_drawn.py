"""How long a reader waits until a page of the year's store is drawn, in Chromium on this machine, with an empty cache.

Promised: a second. What a line far away adds is not in it; what a page weighs is measured in test_pages.py.
"""

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from results.store import Store
from server.app import create_many
from tests.bench.big_store import NOW, targets
from tests.bench.test_pages import addresses, big
from tests.server.conftest import browser, served

if TYPE_CHECKING:
    from playwright.sync_api import Browser

__all__ = ["big", "browser"]
pytestmark = [pytest.mark.bench, pytest.mark.browser]

SLACK = 4  # times the promise: machines have other things to do
TIMES = """() => new Promise(told => new PerformanceObserver(list => {
  const page = performance.getEntriesByType('navigation')[0];
  const drawn = list.getEntriesByName('first-contentful-paint')[0];
  if (drawn) told([page.responseEnd, drawn.startTime, page.loadEventEnd]);
}).observe({type: 'paint', buffered: true}))"""


@pytest.mark.parametrize("big", ["sqlite"], indirect=True)
def test_pages_are_drawn_within_a_second(
    big: Store,
    browser: "Browser",
    capsys: pytest.CaptureFixture[str],
) -> None:
    app = create_many(big, targets=targets(), interval=timedelta(hours=1), clock=lambda: NOW, version="0.1.0")
    found = {}
    with served(app) as home:
        for name, path in addresses(big).items():
            context = browser.new_context()
            page = context.new_page()
            page.goto(home + path, wait_until="load")
            found[name] = page.evaluate(TIMES)
            context.close()
    with capsys.disabled():
        print(f"\n{'page':24} {'answered ms':>12} {'first drawn':>12} {'loaded':>8}")
        for name, (answered, drawn, loaded) in found.items():
            print(f"{name:24} {answered:12.0f} {drawn:12.0f} {loaded:8.0f}")
    assert {name: times for name, times in found.items() if times[1] > SLACK * 1000} == {}
