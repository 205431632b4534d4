"""Dead lines and silent vantages: what is an outage, what a shutdown, and what one machine's own trouble."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from results.events import Change, Event, EventKind, Network, Severity, change
from results.outages import NAMELESS, Look, Outages
from results.silence import Heard, silences
from tests.results.build import AT

MINUTE = timedelta(minutes=1)
HOME = Network(asn=9198, name="Kazakhtelecom", owner="Kazakhtelecom")
KCELL = Network(asn=29355, name="Kcell", owner="Kazakhtelecom")
BEELINE = Network(asn=21299, name="Beeline", owner="VEON")
RECENT, LEAST = 30 * MINUTE, 2 * MINUTE


def looks(vantage: str, network: Network | None, text: str, start: float = 0.0, every: float = 1.0) -> list[Look]:
    """One look every minute: `.` good, `x` dead; a space is none."""
    return [
        Look(AT + (start + number * every) * MINUTE, vantage, network, one == "x")
        for number, one in enumerate(text)
        if one != " "
    ]


def found(*all_looks: Sequence[Look]) -> list[Event]:
    outages = Outages(recent=RECENT, least=LEAST)
    for look in sorted((look for some in all_looks for look in some), key=lambda look: (look.at, look.dead)):
        outages.add(look)
    return outages.events()


def minutes(event: Event) -> list[float | None]:
    """Last good, first bad, opened, last bad, first good."""
    ends = (event.last_good_at, event.first_bad_at, event.opened_at, event.last_bad_at, event.first_good_at)
    return [None if at is None else (at - AT) / MINUTE for at in ends]


def test_a_dead_line_is_a_weak_outage_with_brackets() -> None:
    """One vantage cannot tell its network from its own line."""
    [event] = found(looks("a", HOME, "...xxxxx.."))
    assert minutes(event) == [2, 3, 5, 7, 8]
    assert (event.kind, event.networks, event.urls, event.vantage) == (EventKind.OUTAGE, (HOME,), (), None)
    assert (event.confidence, event.confirmed, event.severity) == ("weak", False, Severity.LOW)
    assert (event.measurements, event.bad, event.mechanisms, event.closed_at) == (5, 5, (), event.first_good_at)


def test_two_vantages_that_are_dead_together_are_likely() -> None:
    [event] = found(looks("a", HOME, "..xxxx."), looks("b", HOME, "..xxxx.", 0.5))
    assert minutes(event) == [1.5, 2, 4, 5.5, 6]
    assert (event.confidence, event.confirmed, event.severity) == ("likely", False, Severity.MEDIUM)
    assert event.measurements == 8


def test_a_second_vantage_that_joins_makes_it_surer_and_that_is_told() -> None:
    first, second = looks("a", HOME, "..xxxxxxxxxx"), looks("b", HOME, "." + " " * 34 + "xx", start=-30)
    [weak] = found(first, second[:1])
    [likely] = found(first, second)
    assert (weak.uid, weak.confidence, weak.severity) == (likely.uid, "weak", Severity.LOW)
    assert (likely.confidence, likely.severity) == ("likely", Severity.MEDIUM)
    assert change(weak, likely) is Change.WORSENED
    assert change(likely, weak) is None


@pytest.mark.parametrize("text", ["..x..", "..xx..", ".x.x.x.x.x.x."])
def test_a_blink_is_no_outage(text: str) -> None:
    assert found(looks("a", HOME, text)) == []


def test_a_line_that_others_of_its_network_do_not_share_is_its_own_trouble() -> None:
    """Also when the others have gone home since."""
    assert found(looks("a", HOME, "." + "x" * 200), looks("b", HOME, "." * 8, every=5)) == []


def test_who_had_trouble_of_its_own_speaks_again_once_it_is_well() -> None:
    own = looks("a", HOME, "." + "x" * 20 + "." + "x" * 50)
    [event] = found(own, looks("b", HOME, "." * 4, every=5))
    assert minutes(event)[:3] == [21, 22, 46]


def test_a_vantage_s_word_counts_for_its_time_only() -> None:
    """The other's last good look is ten minutes old when this one's line dies: that is not waited out for ever."""
    [event] = found(looks("a", HOME, "." + "x" * 45), looks("b", HOME, "."))
    assert minutes(event)[:3] == [0, 1, 31]
    assert found(looks("a", HOME, "." + "x" * 30), looks("b", HOME, ".")) == []


def test_a_good_look_before_it_was_dead_for_long_is_not_held_against_it() -> None:
    """The other's check had begun just before the network went out."""
    [event] = found(looks("a", HOME, ".xxxxxx"), looks("b", HOME, "..xxxxx"))
    assert event.confidence == "likely"


def test_a_round_in_which_sites_were_reached_shows_no_dead_line() -> None:
    """The references are down, and some sites too; the last of one round and the first of the next are such."""
    mixed = [
        look._replace(round_uid=f"round {number // 3}")
        for number, look in enumerate(looks("a", HOME, "x.x" * 10, every=3))
    ]
    assert found(mixed) == []
    dies = [look._replace(round_uid="one") for look in looks("a", HOME, ".xxxxx")]
    assert found(dies) == []
    [event] = found(dies, [look._replace(round_uid="two") for look in looks("a", HOME, "xxx", 10)])
    assert minutes(event)[:3] == [0, 10, 12]


def test_looks_with_a_long_silence_between_them_are_no_outage_yet() -> None:
    """A laptop that is opened twice a day without a line."""
    assert found(looks("a", HOME, "." + "x" + " " * 200 + "x")) == []
    [event] = found(looks("a", HOME, "." + "x" + " " * 200 + "xxx"))
    assert minutes(event)[:3] == [0, 202, 204]


def test_a_second_outage_is_another_one() -> None:
    first, second = found(looks("a", HOME, "..xxxx..xxxx."))
    assert (minutes(first), minutes(second)) == ([1, 2, 4, 5, 6], [7, 8, 10, 11, 12])
    assert first.uid != second.uid


# A network that the measurements do not know


def test_a_network_that_nobody_knows_is_that_vantage_s() -> None:
    one, two = found(looks("a", None, "..xxxx."), looks("b", None, "...xxxx."))
    assert one.networks == two.networks == (NAMELESS,)
    assert one.uid != two.uid
    assert found(looks("a", None, "..xxxx."), looks("b", None, "......."))[0].confidence == "weak"


def test_a_look_without_a_network_is_of_the_last_known() -> None:
    [event] = found(looks("a", HOME, ".."), looks("a", None, "xxxx", 2), looks("a", HOME, ".", 6))
    assert (event.networks, minutes(event)) == ((HOME,), [1, 2, 4, 5, 6])


def test_who_moves_to_another_network_takes_nothing_along() -> None:
    """The outage that it saw is over when nobody is left to see it."""
    [event] = found(looks("a", HOME, "..xxxx"), looks("a", BEELINE, ".....", 6))
    assert minutes(event) == [1, 2, 4, 5, 6]
    still = found(looks("a", HOME, "..xxxx"), looks("b", HOME, "..xxxx"), looks("a", BEELINE, ".....", 6))
    assert [one.closed_at for one in still] == [None]
    assert found(looks("a", HOME, ".x"), looks("a", BEELINE, "xx", 2)) == []
    there = looks("a", BEELINE, "xxxx", 5), looks("b", BEELINE, ".xxxx", 4)
    assert [one.confidence for one in found(looks("a", HOME, ". x"), *there)] == ["likely"]


# Shutdowns


def test_all_networks_out_in_two_hands_is_a_shutdown() -> None:
    """It keeps the name of the outage that was known first, and is over with its last network."""
    [event] = found(looks("a", HOME, "..xxxxxxx."), looks("b", BEELINE, "....xxxxxxxx."))
    assert minutes(event) == [1, 2, 4, 11, 12]
    assert (event.kind, event.networks) == (EventKind.SHUTDOWN, (HOME, BEELINE))
    assert (event.confidence, event.confirmed, event.severity) == ("likely", True, Severity.HIGH)
    [alone] = found(looks("a", HOME, "..xxxxxxx."))
    assert alone.uid == event.uid


def test_two_networks_of_one_owner_are_no_shutdown() -> None:
    events = found(looks("a", HOME, "..xxxx."), looks("b", KCELL, "..xxxx."))
    assert [event.kind for event in events] == [EventKind.OUTAGE, EventKind.OUTAGE]


def test_two_networks_that_nobody_knows_are_no_shutdown() -> None:
    events = found(looks("a", None, "..xxxx."), looks("b", HOME, "..xxxx."))
    assert [event.kind for event in events] == [EventKind.OUTAGE, EventKind.OUTAGE]


def test_while_one_network_works_it_is_no_shutdown() -> None:
    events = found(looks("a", HOME, "..xxxx."), looks("b", BEELINE, "..xxxx."), looks("c", KCELL, "......."))
    assert [event.kind for event in events] == [EventKind.OUTAGE, EventKind.OUTAGE]


def test_a_network_that_said_nothing_lately_does_not_count() -> None:
    events = found(looks("a", HOME, "..xxxx."), looks("b", BEELINE, "..xxxx."), looks("c", KCELL, ".", -40))
    assert [event.kind for event in events] == [EventKind.SHUTDOWN]


def test_a_network_that_goes_out_later_joins_a_shutdown_that_is_on() -> None:
    events = found(
        looks("a", HOME, "..xxxx....x.xxxx."), looks("b", BEELINE, "..xxxxxxxxxxxxxxxx."), looks("c", KCELL, "xxx.", 9)
    )
    assert [(event.kind, event.networks) for event in events] == [(EventKind.SHUTDOWN, (HOME, BEELINE, KCELL))]
    assert minutes(events[0])[4] == 18


def test_after_a_shutdown_an_outage_is_an_outage() -> None:
    events = found(looks("a", HOME, "..xxxx...xxxx."), looks("b", BEELINE, "..xxxx........"))
    assert [event.kind for event in events] == [EventKind.SHUTDOWN, EventKind.OUTAGE]


def test_an_outage_that_becomes_a_shutdown_gets_worse() -> None:
    out, other = looks("a", HOME, "..xxxxxx"), looks("b", BEELINE, "....xxxx")
    [before] = found(out, other[:4])
    [after] = found(out, other)
    assert (before.uid, before.kind, after.kind) == (after.uid, EventKind.OUTAGE, EventKind.SHUTDOWN)
    assert change(before, after) is Change.WORSENED


def test_what_is_on_again_is_no_wider_than_before() -> None:
    [over] = found(looks("a", HOME, "..xxxx."))
    on = replace(over, closed_at=None, first_good_at=None)
    assert (change(on, over), change(over, on)) == (Change.ENDED, Change.REOPENED)
    assert change(over, replace(on, networks=(HOME, KCELL))) is Change.REOPENED


# What holds for all looks

NETWORKS = [HOME, KCELL, BEELINE, None]
ANY_LOOK = st.tuples(st.integers(0, 3), st.sampled_from(["a", "b", "c"]), st.sampled_from(NETWORKS), st.booleans())
ANY_LOOKS = st.lists(ANY_LOOK, max_size=60)


def spaced(given_looks: Sequence[tuple[int, str, Network | None, bool]]) -> list[Look]:
    at, made = AT, []
    for pause, vantage, network, dead in given_looks:
        at += pause * MINUTE
        made.append(Look(at, vantage, network, dead))
    return made


@given(ANY_LOOKS, st.integers(0, 60))
def test_what_was_opened_never_depends_on_what_came_later(
    given_looks: list[tuple[int, str, Network | None, bool]], count: int
) -> None:
    all_looks = spaced(given_looks)
    then, now = Outages(recent=RECENT, least=LEAST), Outages(recent=RECENT, least=LEAST)
    for look in all_looks[:count]:
        then.add(look)
    for look in all_looks:
        now.add(look)
    later = now.events()
    for event in then.events():
        [same] = [one for one in later if one.uid == event.uid] or [_swallowing(event, later)]
        assert same.opened_at <= event.opened_at
        if same.uid == event.uid:
            fixed = ("last_good_at", "first_bad_at", "opened_at")
            begun = [getattr(event, name) for name in fixed]
            assert same.kind is EventKind.SHUTDOWN or begun == [getattr(same, name) for name in fixed]
        if event.closed_at:
            assert (same.closed_at, same.first_good_at) == (event.closed_at, event.first_good_at)


def _swallowing(event: Event, later: Sequence[Event]) -> Event:
    """The shutdown that an outage became a part of."""
    [one] = [
        one
        for one in later
        if one.kind is EventKind.SHUTDOWN
        and set(event.networks) <= set(one.networks)
        and one.first_bad_at <= event.first_bad_at
        and (one.closed_at is None or event.first_bad_at <= one.closed_at)
    ]
    return one


@given(ANY_LOOKS)
def test_an_event_s_times_are_in_order(given_looks: list[tuple[int, str, Network | None, bool]]) -> None:
    for event in found(spaced(given_looks)):
        times = [event.first_bad_at, event.opened_at, event.last_bad_at, event.closed_at]
        known = [at for at in (event.last_good_at, *times) if at]
        assert known == sorted(known)
        assert (len({one.owner for one in event.networks} - {"unknown"}) > 1) is (event.kind is EventKind.SHUTDOWN)


# Silence


def heard(last: float | None = 0, **more: Any) -> Heard:
    """Of a vantage that was heard last so many minutes after the beginning."""
    given_values: dict[str, Any] = {"vantage": "a", "interval": 30 * MINUTE, "network": HOME} | more
    return Heard(newest_at=None if last is None else AT + last * MINUTE, **given_values)


def test_who_missed_four_rounds_is_silent() -> None:
    assert silences([heard()], [], AT + 120 * MINUTE) == []
    [event] = silences([heard()], [], AT + 121 * MINUTE)
    assert (event.kind, event.vantage, event.networks, event.urls) == (EventKind.SILENT, "a", (HOME,), ())
    assert minutes(event) == [0, 30, 121, 30, None]
    assert (event.severity, event.confidence, event.confirmed) == (Severity.MEDIUM, None, False)


def test_who_measures_often_is_waited_for_an_hour() -> None:
    often = heard(interval=MINUTE)
    assert silences([often], [], AT + 60 * MINUTE) == []
    assert len(silences([often], [], AT + 61 * MINUTE)) == 1


def test_who_has_never_spoken_has_not_fallen_silent() -> None:
    assert silences([heard(None)], [], AT + 1000 * MINUTE) == []


def test_a_silence_is_said_once_and_ends_with_a_word() -> None:
    [event] = silences([heard()], [], AT + 200 * MINUTE)
    assert silences([heard()], [event], AT + 300 * MINUTE) == []
    [over] = silences([heard(400)], [event], AT + 401 * MINUTE)
    assert (over.uid, over.closed_at, minutes(over)) == (event.uid, AT + 401 * MINUTE, [0, 30, 200, 370, 400])
    assert change(event, over) is Change.ENDED
    assert silences([heard(400)], [], AT + 401 * MINUTE) == []


def test_what_was_measured_meanwhile_and_comes_in_late_does_not_undo_a_silence() -> None:
    """It ends, and its bracket stays in order."""
    [event] = silences([heard()], [], AT + 125 * MINUTE)
    [over] = silences([heard(20)], [event], AT + 130 * MINUTE)
    assert minutes(over) == [0, 30, 125, 20, 20]
    assert silences([heard(20)], [event], AT + 300 * MINUTE) == []
