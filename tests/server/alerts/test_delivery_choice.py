"""When each is told, of what, and in which language."""

from datetime import UTC, datetime, timedelta

import pytest

from results.events import Change, EventKind, Severity
from results.queue import Queue, State
from tests.server.alerts.build import event, flip
from tests.server.alerts.conftest import Webhook
from tests.server.alerts.desk import Desk, desk

__all__ = ["desk"]
pytestmark = pytest.mark.anyio


# Hours

NIGHT = datetime(2026, 11, 25, 20, 0, tzinfo=UTC)  # one o'clock in Almaty
QUIET = 'quiet = "22:00-07:00"\nzone = "Asia/Almaty"\n'


async def test_at_night_only_what_matters_most_is_sent(desk: Desk) -> None:
    desk.clock.now = NIGHT
    deliverer = desk.to("a", more=QUIET)
    desk.add(flip(), flip(of=event("event-2", urls=("https://zona.kz/",), severity=Severity.HIGH)))
    await deliverer.once()
    assert desk.webhook.titles("a") == ["Confirmed: zona.kz is blocked"]
    assert (State.WAITING, 0, "waits for the quiet hours to end") in desk.listing()
    desk.add(flip(Change.ENDED))
    desk.clock.on(hours=5)
    assert await deliverer.once() == 0
    desk.clock.on(hours=1)
    await deliverer.once()
    assert desk.webhook.titles("a")[1:] == ["ratel.kz was blocked"]


async def test_what_was_due_before_the_night_does_not_come_in_it(desk: Desk) -> None:
    """The program was off when it was due."""
    desk.clock.now = NIGHT - timedelta(hours=8)
    desk.add(flip())
    desk.to("a", more=QUIET)._plan()
    desk.clock.now = NIGHT
    deliverer = desk.to("a", more=QUIET)
    assert await deliverer.once() == 0
    desk.clock.on(hours=7)
    assert await deliverer.once() == 1


async def test_a_failure_before_the_night_is_not_repeated_in_it(desk: Desk) -> None:
    desk.clock.now = NIGHT - timedelta(hours=3, seconds=5)  # five seconds to ten
    desk.webhook.answers["a"] = [500]
    deliverer = desk.to("a", more=QUIET)
    desk.add(flip())
    await deliverer.once()
    assert Queue(desk.store).next_due(deliverer._services) == NIGHT + timedelta(hours=6)


async def test_a_digest_is_one_message_a_day(desk: Desk) -> None:
    deliverer = desk.to("a", more='digest = "09:00"\nlanguage = "ru"\n')
    for number in range(3):
        desk.add(flip(of=event(f"event-{number}", urls=(f"https://site-{number}.kz/",))))
        await deliverer.once()
        desk.clock.on(minutes=50)
    assert desk.webhook.got == []
    desk.clock.now = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
    assert await deliverer.once() == 1
    assert desk.webhook.titles("a") == ["3 оповещения"]
    assert [f"site-{number}.kz заблокирован" in desk.webhook.bodies("a")[0] for number in range(3)] == [True] * 3
    desk.clock.on(days=1)
    assert await deliverer.once() == 0


# Who


def section(name: Webhook, address: str, *lines: str) -> str:
    return "\n".join(("[[alerts.subscriptions]]", f'to = ["{name.address(address)}"]', *lines, ""))


async def test_each_gets_what_it_asked_for_in_its_language(desk: Desk) -> None:
    text = section(desk.webhook, "ratel", 'sites = ["ratel.kz"]', 'language = "ru"')
    text += section(desk.webhook, "slow", 'kinds = ["throttling"]', 'language = "kk"')
    text += section(desk.webhook, "all")
    desk.add(
        flip(of=event("event-1", confirmed=False)),
        flip(of=event("event-2", kind=EventKind.THROTTLING, urls=("https://zona.kz/",), confirmed=False)),
    )
    await desk.by(text).once()
    assert desk.webhook.titles("ratel") == ["ratel.kz заблокирован"]
    assert desk.webhook.titles("slow") == ["zona.kz: жылдамдығы әдейі төмендетілген"]
    assert sorted(desk.webhook.titles("all")) == ["ratel.kz is blocked", "zona.kz is throttled"]


async def test_who_subscribed_twice_hears_it_once_as_the_narrower_one_says(desk: Desk) -> None:
    text = f'[alerts]\nto = ["{desk.webhook.address("a")}"]\n'
    text += section(desk.webhook, "a", 'sites = ["ratel.kz"]', 'language = "ru"')
    desk.add(flip(), flip(of=event("event-2", urls=("https://zona.kz/",))))
    await desk.by(text).once()
    assert sorted(desk.webhook.titles("a")) == ["Confirmed: zona.kz is blocked", "Подтверждено: ratel.kz заблокирован"]


async def test_who_comes_later_is_not_told_what_is_past(desk: Desk) -> None:
    desk.add(flip())
    await desk.by("").once()
    assert await desk.to("a").once() == 0


async def test_what_nobody_planned_for_days_is_not_told_any_more(desk: Desk) -> None:
    """Alerts were off when it was noticed."""
    desk.add(flip())
    desk.clock.on(days=4)
    assert await desk.to("a").once() == 0
