"""Members that fall silent, of a store: told once each way, whatever comes in late, also after a restart."""

from results.events import Change, EventKind
from results.history import History
from results.records import Vantage
from results.store import Store
from tests.results.build import HOME
from tests.results.test_history import BEELINE, ROUND, of
from tests.results.test_wide_events import LAST, at, at_once, changes, events, live, rounds, told


def watching(store: Store, *vantages: Vantage) -> History:
    return of(store, watched=lambda: {vantage.name: ROUND for vantage in vantages})


def test_a_vantage_that_promised_to_measure_is_told_when_it_falls_silent_and_when_it_is_heard(store: Store) -> None:
    history = watching(store, HOME)
    live(store, history, rounds(HOME, "...."), rounds(BEELINE, "." * 20, 0.5))
    [(what, event)] = told(store)
    assert (what, event.kind, event.vantage, [one.asn for one in event.networks]) == (
        Change.OPENED, EventKind.SILENT, HOME.name, [9198],
    )  # fmt: skip
    assert (event.last_good_at, event.first_bad_at) == (at(3) + LAST, at(4) + LAST)
    assert at(7) + LAST < event.opened_at < at(8.6)
    live(store, history, rounds(HOME, "..", 20))
    assert [what for what, *_ in changes(store)] == [Change.OPENED, Change.ENDED]
    assert told(store)[1][1].first_good_at == at(20)


def test_a_vantage_that_promised_nothing_is_not_missed(store: Store) -> None:
    live(store, of(store), rounds(HOME, "...."), rounds(BEELINE, "." * 20, 0.5))
    assert events(store) == []


def test_late_uploads_fill_the_data_in_and_it_still_was_silent(store: Store) -> None:
    history = watching(store, HOME)
    live(store, history, rounds(HOME, "...."))
    history.settle(at(12))
    at_once(store, history, rounds(HOME, "." * 10, 4), now=at(14))
    history.rebuild()
    history.settle(at(15))
    assert [what for what, *_ in changes(store)] == [Change.OPENED, Change.ENDED]
    assert [event.kind for event in events(store)] == [EventKind.SILENT]


def test_a_restart_does_not_tell_a_silence_again(store: Store) -> None:
    live(store, watching(store, HOME), rounds(HOME, "...."))
    for number in range(10, 14):
        watching(store, HOME).settle(at(number))
    assert [what for what, *_ in changes(store)] == [Change.OPENED]
