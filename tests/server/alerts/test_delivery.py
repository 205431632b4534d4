"""From a flip to a message that has arrived: once to each address, whatever fails or dies in between."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from random import Random

import pytest

from results.events import Change, EventKind, Network
from results.queue import Queue, State
from server.alerts import services
from server.alerts.delivery import LEASE, PATIENCE, Deliverer
from tests.server.alerts.build import KAZAKHTELECOM, KCELL, NOW, RATEL, ended, event, flip
from tests.server.alerts.conftest import Webhook
from tests.server.alerts.desk import Desk, desk
from tests.server.simulated import Simulated

__all__ = ["desk"]
pytestmark = pytest.mark.anyio


# Once


async def test_a_flip_is_told_to_each_address_once(desk: Desk) -> None:
    deliverer = desk.to("a", "b")
    desk.add(flip())
    assert await deliverer.once() == 2
    assert await deliverer.once() == 0
    assert desk.webhook.titles("a") == desk.webhook.titles("b") == ["Confirmed: ratel.kz is blocked"]
    assert "Outlet: Ratel.kz" in desk.webhook.bodies("a")[0]
    assert desk.listing() == [(State.SENT, 1, "sent")] * 2


async def test_two_programs_on_one_store_send_once(desk: Desk) -> None:
    desk.add(*(flip(of=event(f"event-{number}")) for number in range(6)))
    mine, theirs = desk.to("a", "b"), desk.to("a", "b")
    assert sum(await asyncio.gather(mine.once(), theirs.once())) == 12
    assert len(desk.webhook.got) == 12


async def test_killed_between_flip_and_plan_it_is_told_once(desk: Desk) -> None:
    desk.add(flip())
    for _ in range(2):
        await desk.to("a", "b").once()
    assert desk.webhook.titles("a") == desk.webhook.titles("b") == ["Confirmed: ratel.kz is blocked"]


async def test_killed_between_plan_and_sending_it_is_told_once(desk: Desk) -> None:
    killed = desk.to("a", "b")
    desk.add(flip())
    killed._plan()
    await desk.to("a", "b").once()
    await desk.to("a", "b").once()
    assert len(desk.webhook.got) == 2


async def test_killed_while_it_sends_it_is_told_when_the_lease_runs_out(desk: Desk) -> None:
    killed = desk.to("a")
    desk.add(flip())
    killed._plan()
    assert killed._take()
    assert await desk.to("a").once() == 0
    desk.clock.on(seconds=LEASE.total_seconds())
    assert await desk.to("a").once() == 1


# Failures


async def test_what_one_address_refuses_is_tried_again_there_alone(desk: Desk) -> None:
    desk.webhook.answers["a"] = [500] * 4
    deliverer = desk.to("a", "b")
    desk.add(flip())
    for _ in range(6):
        await deliverer.once()
        desk.clock.on(minutes=5)
    assert len(desk.webhook.titles("a")) == len(desk.webhook.titles("b")) == 1
    assert desk.webhook.seen.count("/b") == 1
    assert (State.SENT, 5, "sent") in desk.listing()


async def test_pauses_grow_to_an_hour_and_never_come_together(desk: Desk) -> None:
    desk.webhook.answers["a"] = [500] * 40
    deliverer, pauses = desk.to("a"), []
    desk.add(flip())
    for _ in range(10):
        await deliverer.once()
        due = Queue(desk.store).next_due(deliverer._services)
        assert due is not None
        pauses.append((due - desk.clock()).total_seconds())
        desk.clock.now = due
    expected = [30, 60, 120, 300, 600, 1200, 1800, 3600, 3600, 3600]
    assert [0.8 <= pause / nominal <= 1.2 for pause, nominal in zip(pauses, expected, strict=True)] == [True] * 10
    assert len(set(pauses[-3:])) == 3


async def test_after_two_days_it_is_given_up_and_seen_to_be(desk: Desk) -> None:
    desk.webhook.answers["a"] = [500] * 200
    deliverer = desk.to("a")
    desk.add(flip())
    began = desk.clock()
    while desk.clock() - began < timedelta(days=3):
        await deliverer.once()
        desk.clock.on(minutes=30)
    ((state, _, says),) = desk.listing()
    assert (state, says) == (State.GIVEN_UP, "the service answered 500")
    given_up_at = Queue(desk.store).listing()[0].given_up_at
    assert given_up_at is not None
    assert PATIENCE - timedelta(hours=2) <= given_up_at - began <= PATIENCE


async def test_a_machine_that_slept_for_days_does_not_give_up_at_its_first_try(desk: Desk) -> None:
    desk.webhook.answers["a"] = [500]
    deliverer = desk.to("a")
    desk.add(flip())
    deliverer._plan()
    desk.clock.on(days=3)
    await deliverer.once()
    desk.clock.on(minutes=1)
    assert await deliverer.once() == 1


async def test_who_does_not_answer_is_not_asked_again_for_each_message(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else one dead address would keep all others waiting, a minute a message."""
    monkeypatch.setattr(services, "TIMEOUT_S", 0.3)
    desk.add(*(flip(of=event(f"event-{number}")) for number in range(4)))
    with desk.webhook.lock:  # it answers nobody
        assert await desk.by(f'[alerts]\nto = ["{desk.webhook.address("a", rto="3")}"]').once() == 0
    await until(lambda: desk.webhook.seen)
    assert desk.webhook.seen == ["/a"]
    assert desk.listing() == [(State.WAITING, 1, "no answer within 0 s")] * 4


async def test_one_message_that_is_refused_does_not_hold_up_the_next(desk: Desk) -> None:
    desk.webhook.answers["a"] = [400]
    desk.add(flip(), flip(of=event("event-2")))
    assert await desk.to("a").once() == 1


async def test_a_mistake_of_ours_is_no_failure_of_a_service(desk: Desk) -> None:
    def broken(*_: object) -> bytes:
        raise ZeroDivisionError

    deliverer = desk.to("a")
    deliverer._picture = broken
    desk.add(flip())
    with pytest.raises(ZeroDivisionError):
        await deliverer.once()


# One event, one message


async def test_what_came_while_an_address_failed_is_one_message_with_the_newest_state(desk: Desk) -> None:
    desk.webhook.answers["a"] = [500]
    deliverer = desk.to("a")
    desk.add(flip())
    await deliverer.once()
    desk.add(flip(Change.GREW, event(urls=(RATEL, "https://zona.kz/"))))
    await deliverer.once()
    desk.clock.on(days=1)
    await deliverer.once()
    assert desk.webhook.titles("a") == ["Confirmed: ratel.kz and zona.kz are blocked"]


async def test_what_began_and_ended_before_a_word_was_said_was_so(desk: Desk) -> None:
    deliverer = desk.to("a")
    desk.add(flip(), flip(Change.ENDED))
    await deliverer.once()
    assert desk.webhook.titles("a") == ["ratel.kz was blocked"]


async def test_an_event_is_told_from_its_beginning_to_its_end(desk: Desk) -> None:
    deliverer = desk.to("a")
    grown = event(networks=(KAZAKHTELECOM, KCELL, Network(asn=21299, name="Beeline", owner="VEON")))
    for one in (flip(), flip(Change.GREW, grown), flip(Change.WORSENED, grown), flip(Change.ENDED)):
        desk.add(one)
        await deliverer.once()
    assert desk.webhook.titles("a") == [
        "Confirmed: ratel.kz is blocked",
        "Spreading: ratel.kz is blocked",
        "Worse: ratel.kz is blocked",
        "ratel.kz is accessible again",
    ]


async def test_growth_is_told_where_it_was_asked_for(desk: Desk) -> None:
    """Who wants to hear of one site hears nothing when another joins its event, and all when it is that one."""
    addresses = {name: desk.webhook.address(name) for name in ("all", "ratel", "zona")}
    sections = "".join(
        f'[[alerts.subscriptions]]\nto = ["{addresses[name]}"]\nsites = ["{name}.kz"]\n' for name in ("ratel", "zona")
    )
    deliverer = desk.by(f'[alerts]\nto = ["{addresses["all"]}"]\n{sections}')
    desk.add(flip())
    await deliverer.once()
    desk.add(flip(Change.GREW, event(urls=(RATEL, "https://zona.kz/"))))
    await deliverer.once()
    assert desk.webhook.titles("ratel") == ["Confirmed: ratel.kz is blocked"]
    assert desk.webhook.titles("zona") == ["Confirmed: zona.kz and ratel.kz are blocked"]
    assert desk.webhook.titles("all")[1:] == ["Spreading: ratel.kz and zona.kz are blocked"]


# The loop


def has_come(webhook: Webhook, count: int) -> bool:
    return len(webhook.got) == count


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 - what it waits for happens on other threads
            await asyncio.sleep(0.01)


async def test_it_runs_until_it_is_stopped_and_wakes_when_it_is_told(desk: Desk) -> None:
    wake = asyncio.Event()
    task = asyncio.create_task(desk.to("a").run(wake))
    for number in range(2):
        desk.add(flip(of=event(f"event-{number}")))
        wake.set()
        await until(partial(has_come, desk.webhook, number + 1))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_while_it_is_held_back_nobody_is_told_and_then_everybody_is(desk: Desk) -> None:
    held, asked, wake = True, asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def is_held() -> bool:
        loop.call_soon_threadsafe(asked.set)
        return held

    subscriptions = desk.subscribed(f'[alerts]\nto = ["{desk.webhook.address("a")}"]\n')
    deliverer = Deliverer(desk.store, subscriptions, clock=desk.clock, chance=Random(7), outlets={}, held=is_held)
    desk.add(flip())
    task = asyncio.create_task(deliverer.run(wake))
    async with asyncio.timeout(10):
        await asked.wait()
    await asyncio.sleep(0.3)  # it waits by then: nothing says so
    assert desk.webhook.got == []
    held = False
    wake.set()
    await until(partial(has_come, desk.webhook, 1))
    task.cancel()
    await asyncio.wait([task])


@pytest.mark.parametrize("turns", range(6))
async def test_it_ends_when_it_is_stopped_at_the_moment_it_is_woken(desk: Desk, turns: int) -> None:
    """A stop that is lost between two turns of the loop would keep the whole program from ending."""
    wake = asyncio.Event()
    task = asyncio.create_task(desk.to("a").run(wake))
    await asyncio.sleep(0.3)  # it waits by then: nothing says so
    wake.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=3)
    assert done
    assert task.cancelled()


async def test_stopped_while_it_sends_it_finishes_what_it_has_begun(desk: Desk) -> None:
    desk.add(flip())
    deliverer = desk.to("a")
    deliverer._plan()
    with desk.webhook.lock:  # it has the message, and has not answered yet
        task = asyncio.create_task(deliverer.run(asyncio.Event()))
        await until(lambda: desk.webhook.asked)
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert desk.listing() == [(State.SENT, 1, "sent")]


async def test_it_wakes_by_itself_when_something_is_due(desk: Desk) -> None:
    desk.webhook.answers["a"] = [500]
    desk.add(flip())
    deliverer = desk.to("a")
    await deliverer.once()
    due = Queue(desk.store).next_due(deliverer._services)
    assert due is not None
    desk.clock.now = due - timedelta(seconds=1)
    task = asyncio.create_task(deliverer.run(asyncio.Event()))
    await asyncio.sleep(0.2)  # it looks, and finds that nothing is due
    assert desk.webhook.got == []
    desk.clock.now = due
    await until(lambda: desk.webhook.got)
    task.cancel()


# The picture


async def test_the_picture_shows_what_the_store_knows(desk: Desk) -> None:
    Simulated(desk.store, now=NOW).past("ratel.kz", "o" * 20 + "b" * 4)
    desk.add(flip())
    await desk.to("a").once()
    ((_, body),) = desk.webhook.got
    assert [one["mimetype"] for one in body["attachments"]] == ["image/png"]


async def test_nothing_to_show_is_a_message_without_a_picture(desk: Desk) -> None:
    desk.add(flip(of=ended(kind=EventKind.OUTAGE, urls=())))
    await desk.to("a").once()
    attached: Sequence[object] = desk.webhook.got[0][1]["attachments"]
    assert attached == []
