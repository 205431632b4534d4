"""The queue of alerts in both databases: what is planned and taken once, by whoever comes first, and by nobody else."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TypeVar

import pytest

from results.events import Change
from results.queue import Planned, Queue, State, Waiting, add_flips
from results.store import Store
from tests.server.alerts.build import NOW, ended, event, flip
from tests.stores import Opening

LEASE = timedelta(minutes=10)
SOON = timedelta(seconds=30)
TO = ("a", "b")
Value = TypeVar("Value")


def planned(*addresses: str, after: timedelta = timedelta(0)) -> list[Planned]:
    return [Planned(address=address, due_at=NOW + after) for address in addresses]


def filled(store: Store, *addresses: str, flips: int = 1) -> Queue:
    """A queue with flips of one event, all of them planned."""
    queue = Queue(store)
    queue.add(flip(Change.OPENED if not place else Change.GREW) for place in range(flips))
    for one in queue.unplanned():
        assert queue.plan(one, planned(*addresses), at=NOW)
    return queue


def take(queue: Queue, *, after: timedelta = timedelta(0), addresses: tuple[str, ...] = TO) -> list[Waiting]:
    return queue.take(NOW + after, LEASE, addresses=addresses)


def at_once(*turns: Callable[[], Value]) -> list[Value]:
    """Starts all at the same moment."""
    gate = threading.Barrier(len(turns))

    def begin(turn: Callable[[], Value]) -> Value:
        gate.wait(10)
        return turn()

    with ThreadPoolExecutor(len(turns)) as threads:
        return list(threads.map(begin, turns))


def test_a_flip_comes_back_as_it_was(store: Store) -> None:
    first, second = flip(), flip(Change.ENDED, ended("event-2"), late=True)
    queue = Queue(store)
    queue.add([first, second])
    found = queue.unplanned()
    assert [(one.change, one.event, one.at, one.noticed_at, one.late) for one in found] == [
        (one.change, one.event, one.at, one.noticed_at, one.late) for one in (first, second)
    ]
    assert found[0].id < found[1].id


def test_flips_are_added_with_whatever_else_their_transaction_holds(store: Store) -> None:
    """Else an event could be stored and nobody told of it."""

    def fail_after_adding() -> None:
        with store.transaction() as connection:
            add_flips(connection, [flip()])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_after_adding()
    assert Queue(store).unplanned() == []


def test_what_is_planned_is_planned_once(store: Store) -> None:
    queue = filled(store, "a")
    assert queue.unplanned() == []
    (one,) = take(queue)
    assert not queue.plan(one.flips[0], planned("a", "b"), at=NOW)
    assert len(queue.listing()) == 1


def test_two_workers_plan_a_flip_once(opened: Opening) -> None:
    queues = [Queue(opened()), Queue(opened())]
    queues[0].add(flip(of=event(f"event-{number}")) for number in range(10))
    flips = queues[0].unplanned()

    def plan(queue: Queue) -> list[bool]:
        return [queue.plan(one, planned("a", "b"), at=NOW) for one in flips]

    mine, theirs = at_once(lambda: plan(queues[0]), lambda: plan(queues[1]))
    assert [left + right for left, right in zip(mine, theirs, strict=True)] == [1] * 10
    assert len(queues[0].listing()) == 20


def test_two_workers_never_take_the_same(opened: Opening) -> None:
    queues = [Queue(opened()), Queue(opened())]
    queues[0].add(flip(of=event(f"event-{number}")) for number in range(30))
    for one in queues[0].unplanned():
        queues[0].plan(one, planned("a"), at=NOW)

    def all_of_it(queue: Queue) -> list[int]:
        taken = [queue.take(NOW, LEASE, addresses=TO, limit=2) for _ in range(20)]
        return [number for found in taken for one in found for number in one.deliveries]

    mine, theirs = at_once(lambda: all_of_it(queues[0]), lambda: all_of_it(queues[1]))
    assert len(mine) + len(theirs) == 30
    assert set(mine).isdisjoint(theirs)


def test_what_a_dead_worker_has_taken_is_free_when_its_lease_runs_out(store: Store) -> None:
    queue = filled(store, "a")
    assert len(take(queue)) == 1
    assert take(queue, after=LEASE - SOON) == []
    assert len(take(queue, after=LEASE)) == 1


def test_what_was_sent_is_never_taken_again(store: Store) -> None:
    queue = filled(store, "a", "b")
    mine, other = take(queue)
    queue.sent(mine, at=NOW)
    queue.failed(other, again_at=NOW + SOON, says="the service answered 500")
    (again,) = take(queue, after=timedelta(days=1))
    assert again.address == other.address != mine.address
    assert again.tries == 1


def test_what_failed_waits_until_it_is_due(store: Store) -> None:
    queue = filled(store, "a")
    queue.failed(take(queue)[0], again_at=NOW + SOON, says="the service answered 500")
    assert take(queue, after=SOON - timedelta(seconds=1)) == []
    assert queue.next_due(TO) == NOW + SOON
    assert len(take(queue, after=SOON)) == 1


def test_what_was_given_up_is_not_taken_and_stays_to_be_seen(store: Store) -> None:
    queue = filled(store, "a")
    queue.given_up(take(queue)[0], at=NOW, says="the service can't be reached")
    assert take(queue, after=timedelta(days=9)) == []
    (one,) = queue.listing()
    assert (one.state, one.says, one.given_up_at) == (State.GIVEN_UP, "the service can't be reached", NOW)
    assert queue.next_due(TO) is None


def test_a_postponed_one_was_not_tried(store: Store) -> None:
    queue = filled(store, "a")
    queue.postponed(take(queue)[0], until=NOW + SOON, says="waits for the quiet hours to end")
    assert take(queue) == []
    assert [one.tries for one in take(queue, after=SOON)] == [0]


def test_all_that_waits_of_an_event_comes_along(store: Store) -> None:
    """What is not due by itself too: one message, with the newest state."""
    queue = filled(store, "a")
    queue.failed(take(queue)[0], again_at=NOW + timedelta(hours=1), says="the service answered 500")
    queue.add([flip(Change.ENDED)])
    queue.plan(queue.unplanned()[0], planned("a"), at=NOW)
    (one,) = take(queue)
    assert [each.change for each in one.flips] == [Change.OPENED, Change.ENDED]
    assert not one.told_before
    queue.sent(one, at=NOW)
    assert take(queue, after=timedelta(days=1)) == []


def test_while_one_worker_tells_of_an_event_no_other_does(store: Store) -> None:
    queue = filled(store, "a")
    assert take(queue)
    queue.add([flip(Change.ENDED)])
    queue.plan(queue.unplanned()[0], planned("a"), at=NOW)
    assert take(queue) == []
    assert queue.next_due(TO) == NOW  # the flip itself is due


def test_it_is_known_who_was_told_before(store: Store) -> None:
    queue = filled(store, "a", "b")
    for one in take(queue):
        if one.address == "a":
            queue.sent(one, at=NOW)
        else:
            queue.given_up(one, at=NOW, says="")
    queue.add([flip(Change.GREW)])
    queue.plan(queue.unplanned()[0], planned("a", "b"), at=NOW)
    assert {one.address: one.told_before for one in take(queue)} == {"a": True, "b": False}


def test_addresses_that_are_no_longer_configured_stay(store: Store) -> None:
    queue = filled(store, "gone")
    assert take(queue) == []
    assert queue.next_due(TO) is None
    assert [one.state for one in queue.listing()] == [State.WAITING]


def test_the_list_has_what_waits_first_and_the_newest_of_it_first(store: Store) -> None:
    queue = filled(store, "a", flips=1)
    queue.sent(take(queue)[0], at=NOW)
    queue.add([flip(of=event("event-2")), flip(of=event("event-3"))])
    for one in queue.unplanned():
        queue.plan(one, planned("a"), at=NOW)
    assert [(one.state, one.flip.event.uid) for one in queue.listing()] == [
        (State.WAITING, "event-3"),
        (State.WAITING, "event-2"),
        (State.SENT, "event-1"),
    ]
    assert len(queue.listing(1)) == 1
