"""Outages, shutdowns and silences of a store: told once, also by a program that was killed, and the same found anew."""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

from results.event_rows import event_of
from results.events import Change, Event, EventKind, Severity
from results.failure import Failure
from results.history import History, Touched
from results.judgement import Judgement
from results.records import Measurement, Vantage
from results.store import Store
from results.verdict import judge
from tests.results.build import AT, DEAD, HOME, dns, page, seen, tcp, tls, twice
from tests.results.test_history import BEELINE, FINE, JUDGED, KCELL, ROUND, episodes, of

SITES = [f"https://site{number}.kz/" for number in range(3)]
NEIGHBOUR = replace(HOME, name="almaty-home-2")
SILENT = seen(dns(), *twice(tcp(Failure.TIMEOUT)), references=DEAD)
AT_A_PORTAL = seen(
    dns(), *twice(tcp(Failure.TIMEOUT)),
    references=tuple(replace(one, plain_status=302, plain_host="login.hotel.example") for one in DEAD),
)  # fmt: skip
NO_REFERENCE = seen(dns(), tcp(), tls(), page(), control=[dns(), tcp(), tls(), page()], references=DEAD)
SEEN: dict[str, Measurement] = {"x": SILENT, "p": AT_A_PORTAL, "r": NO_REFERENCE, ".": FINE}
JUDGEMENTS = {sign: judge(one) for sign, one in SEEN.items()} | {".": JUDGED}
_EVENT = SQLModel.metadata.tables["event"]
_FLIP = SQLModel.metadata.tables["flip"]


class Made(NamedTuple):
    """A measurement, judged, and not in the store yet."""

    at: datetime
    measurement: Measurement
    judgement: Judgement


def rounds(vantage: Vantage, text: str, start: float = 0.0) -> list[Made]:
    """A round over three sites each half an hour: `.` all well, `x` nothing at all is reached, `p` a portal, `r` sites
    come and references don't, `m` some sites come; a space is no round.
    """
    made = []
    for number, sign in enumerate(text):
        for place, url in enumerate(SITES if sign != " " else []):
            at = AT + (start + number) * ROUND + place * timedelta(seconds=50)
            one = "r" if sign == "m" and place == 1 else "x" if sign == "m" else sign
            uid = f"{url} {vantage.name} {at.isoformat()}"
            place_of = f"{vantage.name} {start + number}"
            kept = replace(SEEN[one], uid=uid, url=url, vantage=vantage, started_at=at, round_uid=place_of)
            made.append(Made(at, kept, JUDGEMENTS[one]))
    return made


def put(store: Store, made: Sequence[Made]) -> list[Touched]:
    touched = []
    for _, measurement, judgement in made:
        store.add(measurement, judgement)
        vantage = measurement.vantage
        touched.append(Touched(measurement.url, vantage.asn, vantage.network, measurement.started_at))
    return touched


def live(store: Store, history: History, *made: Sequence[Made]) -> None:
    """As they come from running probes: each is folded and what it changes is told."""
    for one in sorted((one for some in made for one in some), key=lambda one: one.at):
        history.update(put(store, [one]))
        history.settle(one.at + timedelta(seconds=20))


def at_once(store: Store, history: History, *made: Sequence[Made], now: datetime) -> None:
    history.update(put(store, [one for some in made for one in some]))
    history.settle(now)


def told(store: Store) -> list[tuple[Change, Event]]:
    with store.transaction() as connection:
        rows = connection.execute(sa.select(_FLIP).order_by(_FLIP.c.id)).mappings().all()
    return [(Change(row["change"]), event_of(row["event"])) for row in rows]


def changes(store: Store) -> list[tuple[Change, EventKind, int]]:
    """What was told: the change, of what, and of how many networks."""
    return [(what, event.kind, len(event.networks)) for what, event in told(store)]


def events(store: Store) -> list[Event]:
    with store.transaction() as connection:
        rows = connection.execute(sa.select(_EVENT)).mappings().all()
    return sorted((event_of(row["event"]) for row in rows), key=lambda event: (event.first_bad_at, event.uid))


def at(number: float) -> datetime:
    return AT + number * ROUND


LAST = timedelta(seconds=100)  # of a round, its third site


# One vantage


def test_a_dead_line_is_a_possible_outage_and_no_block(store: Store) -> None:
    history = of(store)
    live(store, history, rounds(HOME, "..xxx.."))
    assert changes(store) == [(Change.OPENED, EventKind.OUTAGE, 1), (Change.ENDED, EventKind.OUTAGE, 1)]
    (_, opened), (_, over) = told(store)
    assert opened.opened_at == at(3)
    assert (opened.confidence, opened.severity, opened.closed_at) == ("weak", Severity.LOW, None)
    assert (over.last_good_at, over.first_bad_at) == (at(1) + LAST, at(2))
    assert (over.last_bad_at, over.first_good_at, over.closed_at) == (at(4) + LAST, at(5), at(5))
    assert (over.measurements, over.bad, over.uid) == (9, 9, opened.uid)
    assert [(one.asn, one.name, one.owner) for one in over.networks] == [(9198, "Kazakhtelecom", "Kazakhtelecom")]
    assert episodes(history) == []


@pytest.mark.parametrize("sign", ["p", "r", "m", "."])
def test_what_is_no_dead_line_is_no_outage(store: Store, sign: str) -> None:
    """A portal; references that are down while sites come, all of them or some."""
    live(store, of(store), rounds(HOME, ".." + 6 * sign + ".."))
    assert (changes(store), events(store)) == ([], [])


def test_a_single_dead_round_within_two_minutes_is_no_outage(store: Store) -> None:
    live(store, of(store), rounds(HOME, "..x..x.."))
    assert events(store) == []


def test_where_rounds_are_short_an_outage_is_known_sooner(store: Store) -> None:
    """Two of its intervals, where these are less than two minutes."""
    history = of(store, interval=timedelta(seconds=20))
    live(store, history, rounds(HOME, ".x"))
    assert [what for what, *_ in changes(store)] == [Change.OPENED]


def test_days_on_which_no_line_is_dead_read_nothing(store: Store) -> None:
    history = of(store)
    live(store, history, rounds(HOME, ".." + "x" * 3 + ".."))
    history.update(put(store, rounds(HOME, ".p.", start=8)))
    with reads() as seen_here:
        history.settle(at(11))
    assert seen_here == []
    history.update(put(store, rounds(HOME, "x", start=12)))
    with reads() as seen_here:
        history.settle(at(12))
    assert seen_here
    with reads() as seen_here:
        history.settle(at(12))
    assert seen_here == []


@contextmanager
def reads() -> Iterator[list[str]]:
    """Statements that read measurements."""
    found: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "measurement" in statement:
            found.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)


# Several vantages


def test_two_vantages_of_a_network_make_it_likely(store: Store) -> None:
    live(store, of(store), rounds(HOME, "..xxx."), rounds(NEIGHBOUR, "..xxx.", 0.3))
    [event] = events(store)
    assert (event.confidence, event.severity, event.measurements) == ("likely", Severity.MEDIUM, 18)
    assert [what for what, *_ in changes(store)] == [Change.OPENED, Change.ENDED]


def test_a_broken_line_beside_good_ones_is_not_told(store: Store) -> None:
    live(store, of(store), rounds(HOME, ".." + "x" * 20), rounds(NEIGHBOUR, "." * 10, 0.3))
    assert events(store) == []


def test_an_outage_that_becomes_a_shutdown_is_told_as_worse_and_as_over_once(store: Store) -> None:
    """The second outage was told too; that it is over is told with the shutdown alone."""
    live(
        store,
        of(store),
        rounds(HOME, "..xxxxxxxxxx.."),
        rounds(KCELL, "....xxxxxxx...", 0.3),
        rounds(BEELINE, ".......xxxx...", 0.6),
    )
    outage, shutdown = EventKind.OUTAGE, EventKind.SHUTDOWN
    assert changes(store) == [
        (Change.OPENED, outage, 1),
        (Change.OPENED, outage, 1),
        (Change.WORSENED, shutdown, 3),
        (Change.ENDED, shutdown, 3),
    ]
    flips = told(store)
    assert flips[0][1].uid == flips[2][1].uid == flips[3][1].uid
    assert flips[2][1].confirmed
    assert flips[2][1].severity is Severity.HIGH
    assert [event.closed_at is None for event in events(store)] == [False, False]


def test_an_outage_nobody_was_told_of_vanishes_in_its_shutdown(store: Store) -> None:
    live(store, of(store), rounds(HOME, "..xxxx."), rounds(BEELINE, "..xxxx.", 0.01))
    assert [event.kind for event in events(store)] == [EventKind.SHUTDOWN]


# The same, however it comes


def script(seed: int) -> list[list[Made]]:
    """Four vantages on three networks, with stretches of trouble."""
    chance = random.Random(seed)
    made = []
    for place, vantage in enumerate((HOME, NEIGHBOUR, KCELL, BEELINE)):
        text = ""
        while len(text) < 60:
            text += chance.choice(".xx m") * chance.randint(1, 8) + "." * chance.randint(1, 6)
        made.append(rounds(vantage, text[:60], place * 0.2))
    return made


@pytest.mark.parametrize("seed", range(3))
def test_what_was_found_live_is_what_a_rebuilt_history_and_another_store_say(
    store: Store, tmp_path: Path, seed: int
) -> None:
    made, now = script(seed), at(61)
    history = of(store)
    live(store, history, *made)
    running, flips = events(store), changes(store)
    assert {event.kind for event in running} >= {EventKind.OUTAGE}
    history.rebuild()
    history.settle(now)
    assert (events(store), changes(store)) == (running, flips)
    other = Store(f"sqlite:///{tmp_path / 'other.db'}")
    at_once(other, of(other), *made, now=now)
    assert [event for event in running if not swallowed(event, running)] == events(other)
    other.close()


def swallowed(event: Event, all_events: Sequence[Event]) -> bool:
    """It was told, and is a shutdown's since."""
    return any(
        one.kind is EventKind.SHUTDOWN
        and event.kind is EventKind.OUTAGE
        and set(event.networks) <= set(one.networks)
        and one.first_bad_at <= event.first_bad_at <= (one.closed_at or event.first_bad_at)
        for one in all_events
    )


def test_a_program_that_is_killed_again_and_again_tells_the_same_once(store: Store) -> None:
    for one in sorted(rounds(HOME, "..xxx....xxxx.."), key=lambda one: one.at):
        history = of(store)
        history.catch_up()
        history.update(put(store, [one]))
        history.settle(one.at + timedelta(seconds=20))
    twice_over = [(Change.OPENED, EventKind.OUTAGE, 1), (Change.ENDED, EventKind.OUTAGE, 1)] * 2
    assert changes(store) == twice_over


def test_what_was_stored_and_never_folded_is_found_by_the_next_program(store: Store) -> None:
    """It was killed before it could; the line is well by now."""
    live(store, of(store), rounds(HOME, ".."))
    put(store, rounds(HOME, "xxx..", 2))
    history = of(store)
    history.catch_up()
    history.settle(at(7))
    [(what, event)] = told(store)
    assert (what, event.kind, event.first_bad_at, event.first_good_at) == (
        Change.OPENED, EventKind.OUTAGE, at(2), at(5),
    )  # fmt: skip


def test_an_outage_goes_on_over_a_restart_of_days(store: Store) -> None:
    live(store, of(store), rounds(HOME, "..xx"))
    history = of(store)
    history.catch_up()
    live(store, history, rounds(HOME, "x.", 200))
    (_, opened), (what, over) = told(store)
    assert (what, over.uid, over.last_good_at, over.first_bad_at) == (
        Change.ENDED, opened.uid, at(1) + LAST, at(2),
    )  # fmt: skip
    assert over.first_good_at == at(201)


def test_the_last_good_look_may_be_long_ago(store: Store) -> None:
    """Days in which nothing was measured lie before the first dead look."""
    made = rounds(HOME, ".."), rounds(HOME, "xxx", 300)
    history = of(store)
    live(store, history, *made)
    [event] = events(store)
    assert (event.last_good_at, event.first_bad_at) == (at(1) + LAST, at(300))
    history.rebuild()
    history.settle(at(303))
    assert events(store) == [event]


# What comes late


def test_dead_looks_that_come_late_make_an_outage_surer(store: Store) -> None:
    history = of(store)
    live(store, history, rounds(HOME, "..xxxx"))
    at_once(store, history, rounds(NEIGHBOUR, "..xxxx", 0.3), now=at(6))
    (_, opened), (what, surer) = told(store)
    assert (what, surer.uid, surer.confidence) == (Change.WORSENED, opened.uid, "likely")


def test_an_outage_of_the_past_is_told_as_past(store: Store) -> None:
    history = of(store)
    live(store, history, rounds(HOME, "." * 20))
    at_once(store, history, rounds(BEELINE, "..xxx.."), now=at(20))
    [(what, event)] = told(store)
    assert (what, event.networks[0].asn, event.closed_at) == (Change.OPENED, 21299, at(5))


@pytest.mark.parametrize(("text", "flips"), [("..xxxx", 2), ("..xxxx..", 2)])
def test_good_looks_that_come_late_show_that_it_was_none(store: Store, text: str, flips: int) -> None:
    """A neighbour whose line worked all the time sends afterwards: what was told is said to be over, and no more."""
    history = of(store)
    live(store, history, rounds(HOME, text))
    at_once(store, history, rounds(NEIGHBOUR, "." * 7, 0.01), now=at(8))
    live(store, history, rounds(HOME, "..", 9), rounds(NEIGHBOUR, "..", 9.1))
    assert [what for what, *_ in changes(store)] == [Change.OPENED, Change.ENDED][:flips]
    assert all(event.closed_at for event in events(store))


def test_a_late_good_look_shortens_an_outage_that_is_over(store: Store) -> None:
    """Also one at a site that nobody else looked at."""
    history = of(store)
    live(store, history, rounds(HOME, "..xxxxxx.."))
    late = rounds(NEIGHBOUR, ".", 4.5)[0]
    other = replace(late.measurement, url="https://other.kz/")
    at_once(store, history, [late._replace(measurement=other)], now=at(11))
    [event] = events(store)
    assert (event.first_bad_at, event.last_bad_at, event.first_good_at) == (at(2), at(4) + LAST, at(4.5))
    assert [what for what, *_ in changes(store)] == [Change.OPENED, Change.ENDED]


def test_an_outage_that_proves_to_have_begun_sooner_keeps_its_name(store: Store) -> None:
    history = of(store)
    live(store, history, rounds(HOME, "..xxxx"))
    at_once(store, history, rounds(HOME, "x", 1.5), now=at(6))
    live(store, history, rounds(HOME, ".", 6))
    (_, opened), (what, over) = told(store)
    assert (what, over.uid, opened.first_bad_at, over.first_bad_at) == (Change.ENDED, opened.uid, at(2), at(1.5))
    assert len(events(store)) == 1


def test_what_nobody_was_told_of_vanishes_when_it_was_none(store: Store) -> None:
    history = of(store)
    history.update(put(store, rounds(HOME, "..xxxx")))
    history.update(put(store, rounds(NEIGHBOUR, "." * 7, 0.01)))
    history.settle(at(8))
    assert (changes(store), events(store)) == ([], [])


def test_an_outage_of_which_nobody_speaks_for_a_week_is_not_waited_for(store: Store) -> None:
    """Nobody knows that it is over, so nobody is told."""
    history = of(store)
    live(store, history, rounds(HOME, "..xxx"), rounds(BEELINE, "..." + " " * 380 + "..", 0.5))
    [event] = events(store)
    assert (event.closed_at, event.first_good_at) == (event.last_bad_at, None)
    assert [what for what, *_ in changes(store)] == [Change.OPENED]
    live(store, history, rounds(HOME, "xxx", 401))
    assert [what for what, *_ in changes(store)] == [Change.OPENED, Change.OPENED]
    running = events(store)
    history.rebuild()
    history.settle(at(404))
    assert events(store) == running
