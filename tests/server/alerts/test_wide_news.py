"""From a dead line in the store to the message: what has no sites has no picture, and links to the first page."""

import pytest

from results.history import History
from tests.results.build import HOME
from tests.results.test_history import of
from tests.results.test_wide_events import at, live, rounds
from tests.server.alerts.desk import Desk, desk

__all__ = ["desk"]

pytestmark = pytest.mark.anyio

TITLES = ["Possible outage: Kazakhtelecom (AS9198)", "The possible outage is over: Kazakhtelecom (AS9198)"]


async def tell(desk: Desk, history: History, text: str, start: int) -> None:
    for number, sign in enumerate(text):
        live(desk.store, history, rounds(HOME, sign, start + number))
        desk.clock.now = at(start + number + 1)
        await desk.to("a").once()


async def test_a_dead_line_and_its_end_are_one_message_each(desk: Desk) -> None:
    history = of(desk.store)
    await tell(desk, history, "..xxx..", 0)
    assert desk.webhook.titles("a") == TITLES
    bodies = [body for _, body in desk.webhook.got]
    assert [body["attachments"] for body in bodies] == [[], []]
    assert [body["message"].splitlines()[-1] for body in bodies] == ["http://127.0.0.1:8733/"] * 2


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ('kinds = ["outage"]', TITLES),
        ('kinds = ["blocking", "shutdown", "silent"]', []),
        ("networks = [9198]", TITLES),
        ("networks = [21299]", []),
        ('sites = ["site0.kz"]', []),
        ('severity = "low"', TITLES),
        ('severity = "medium"', []),
    ],
)
async def test_a_subscription_hears_of_it_as_it_wants(desk: Desk, section: str, told: list[str]) -> None:
    live(desk.store, of(desk.store), rounds(HOME, "..xxx"))
    deliverer = desk.by(f'[[alerts.subscriptions]]\nto = ["{desk.webhook.address("a")}"]\n{section}\n')
    desk.clock.now = at(5)
    await deliverer.once()
    live(desk.store, of(desk.store), rounds(HOME, ".", 5))
    await deliverer.once()
    assert desk.webhook.titles("a") == told
