"""Episodes of one series, row by row. A text stands for rows half an hour apart; see `rows` for its letters."""

import json
import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from results.episodes import Episode, Kind, Row, Series, episodes

START = datetime(2026, 3, 1, tzinfo=UTC)
ROUND = timedelta(minutes=30)
QUIET = "." * 60
LETTERS = {
    ".": ("accessible", ()),
    "x": ("blocked", ("tls.timeout",)),
    "y": ("blocked", ("tcp.reset",)),
    "r": ("blocked", ("dns.servfail",)),
    "t": ("throttled", ("throughput.low",)),
    "d": ("down", ()),
    "?": ("inconclusive", ()),
}


def rows(text: str, every: timedelta = ROUND) -> list[Row]:
    """One row a letter, so far apart; a space is a row that is missing."""
    return [Row((START + number * every).timestamp(), *LETTERS[one]) for number, one in enumerate(text) if one != " "]


def at(number: int) -> datetime:
    return START + number * ROUND


def only(found: list[Episode]) -> Episode:
    assert len(found) == 1, found
    return found[0]


def timed(times_ms: list[float], references: list[float | None] | None = None) -> list[Row]:
    """Accessible rows with these handshakes."""
    beside = references or [None] * len(times_ms)
    return [
        Row(at(number).timestamp(), "accessible", (), ms, None, beside[number]) for number, ms in enumerate(times_ms)
    ]


def usual(count: int, seed: int = 1, level: float = 300.0) -> list[float]:
    chance = random.Random(seed)
    return [level * chance.lognormvariate(0, 0.3) for _ in range(count)]


def test_a_block_has_brackets_and_counts() -> None:
    found = only(episodes(rows(QUIET + "x" * 20 + QUIET)))
    assert (found.kind, found.mechanisms, found.state) == (Kind.BLOCKING, ("tls.timeout",), "closed")
    assert (found.last_good_at, found.first_bad_at) == (at(59), at(60))
    assert (found.last_bad_at, found.first_good_at) == (at(79), at(80))
    assert (found.measurements, found.bad, found.intermittent) == (20, 20, False)


def test_it_opens_within_three_rounds_where_all_was_quiet() -> None:
    found = only(episodes(rows("." * 400 + "x" * 20)))
    assert found.opened_at == at(402)
    assert (found.state, found.closed_at, found.first_good_at) == ("open", None, None)


@pytest.mark.parametrize("text", [QUIET + "xx" + QUIET, QUIET + "x" + QUIET + "x" + QUIET, "x", "xx"])
def test_one_or_two_bad_rows_are_no_episode(text: str) -> None:
    assert episodes(rows(text)) == []


def test_a_series_that_begins_bad_has_no_last_good_row() -> None:
    found = only(episodes(rows("x" * 30 + QUIET)))
    assert (found.last_good_at, found.first_bad_at, found.state) == (None, at(0), "closed")


@pytest.mark.parametrize("silence", ["d" * 100, "?" * 100, " " * 100])
def test_silence_neither_opens_nor_closes(silence: str) -> None:
    assert episodes(rows(QUIET + silence + QUIET)) == []
    found = only(episodes(rows(QUIET + "x" * 10 + silence + "x" * 10)))
    assert (found.state, found.measurements, found.bad) == ("open", 20, 20)


HOUR, DAY = 3600.0, 86_400.0
UNEVEN = {
    "a pair, then daily": [0.0, 5.0, *(DAY * number for number in range(1, 31))],
    "every ten minutes, then daily": [*(600.0 * number for number in range(300)), *(DAY * n for n in range(4, 34))],
    "three a day, at once": [DAY * number + 20 * place for number in range(30) for place in range(3)],
    "in and out": [DAY * number + HOUR * place * place for number in range(20) for place in range(4)],
}


@pytest.mark.parametrize("name", UNEVEN)
def test_an_uneven_pace_keeps_nothing_from_opening(name: str) -> None:
    """What silence is, is told by the series: a day of it says nothing where a row a day is usual."""
    start, times = START.timestamp(), UNEVEN[name]
    good = [Row(start + at, "accessible") for at in times]
    bad = [Row(start + times[-1] + DAY * number, "blocked", ("tls.timeout",)) for number in range(1, 6)]
    found = only(episodes(good + bad))
    assert found.opened_at.timestamp() <= bad[2].at
    assert found.first_bad_at.timestamp() == bad[0].at


def test_a_few_good_rows_belong_to_it() -> None:
    found = only(episodes(rows(QUIET + "xxxxxxxx.xxxxx..xxxxxxxx" + QUIET)))
    assert (found.measurements, found.bad, found.intermittent) == (24, 21, False)


def test_one_that_gets_through_in_a_long_block_does_not_close_it() -> None:
    long = "x" * 500
    found = only(episodes(rows(QUIET + long + "." + long + ".." + long + QUIET)))
    assert (found.bad, found.measurements, found.intermittent) == (1500, 1503, False)
    assert found.closed_at is not None
    assert found.first_good_at == at(60 + 1503)


def test_after_it_closed_the_next_is_another() -> None:
    found = episodes(rows(QUIET + "x" * 20 + QUIET + "x" * 20 + QUIET))
    assert [one.first_bad_at for one in found] == [at(60), at(140)]


def test_half_blocked_is_intermittent_and_one() -> None:
    chance = random.Random(2)
    text = "".join(chance.choice("x.") for _ in range(200))
    found = only(episodes(rows(QUIET * 4 + text + QUIET * 2)))
    assert found.intermittent
    assert abs(found.bad / found.measurements - 0.5) < 0.1


def test_twenty_open_minutes_in_each_hour_are_one_intermittent_block() -> None:
    """After a cycle or two the open quarters are known for its habit."""
    hours = "xxxxxxxx...." * 48
    found = episodes(rows(QUIET * 4 + hours, timedelta(minutes=5)))
    assert len(found) <= 2
    assert found[-1].intermittent
    assert found[-1].measurements > 0.9 * len(hours)


def test_mechanisms_come_by_how_often_they_were_seen() -> None:
    assert only(episodes(rows(QUIET + "xyxxyxxyxx"))).mechanisms == ("tls.timeout", "tcp.reset")
    assert only(episodes(rows(QUIET + "xyyxyxxyxyxy"))).mechanisms == ("tcp.reset", "tls.timeout")


def test_a_noisy_line_makes_it_wait() -> None:
    """Where bursts of three are usual, three bad rows are none."""
    noisy = ("." * 20 + "x" + "." * 15 + "yrx" + "." * 18 + "ry") * 12
    assert episodes(rows(noisy)) == []
    assert only(episodes(rows(noisy + "x" * 12 + QUIET))).first_bad_at >= at(len(noisy) - 2)


def test_failures_of_one_kind_say_more_than_of_several() -> None:
    assert episodes(rows(QUIET * 3 + "xyx" + QUIET)) == []
    assert len(episodes(rows(QUIET * 3 + "xxx" + QUIET))) == 1


def test_that_none_followed_another_yet_is_chance() -> None:
    """Where one row in twenty fails, three in a row come by themselves once in a while, though none have so far."""
    noisy = ("." * 19 + "x") * 40
    assert episodes(rows(noisy + QUIET + "xxx" + QUIET)) == []
    assert len(episodes(rows(noisy + QUIET + "xxxxx" + QUIET))) == 1


def test_what_was_over_at_once_is_remembered_as_a_burst() -> None:
    once = QUIET * 3 + "xxx" + QUIET
    assert len(episodes(rows(once))) == 1
    assert len(episodes(rows(once + "xxx" + QUIET))) == 1
    assert len(episodes(rows(once + "xxxxxx" + QUIET))) == 2


def test_a_few_failures_far_apart_are_no_episode() -> None:
    assert episodes(rows("." * 20 + "x......x....x......x.....x......x....x" + QUIET)) == []


def test_a_failure_just_before_a_full_block_is_not_its_beginning() -> None:
    noisy = ("." * 29 + "x") * 20 + QUIET
    found = only(episodes(rows(noisy + "x." + "x" * 12)))
    assert (found.last_good_at, found.first_bad_at) == (at(len(noisy) + 1), at(len(noisy) + 2))


def test_a_flapping_resolver_is_no_block() -> None:
    chance = random.Random(3)
    text = "".join(chance.choice("r..") for _ in range(48))
    assert episodes(rows(QUIET * 3 + text + QUIET)) == []
    assert only(episodes(rows(QUIET * 3 + "r" * 12))).mechanisms == ("dns.servfail",)


def test_throttled_rows_are_bad_for_throttling_and_good_for_blocking() -> None:
    found = only(episodes(rows(QUIET + "t" * 20 + QUIET)))
    assert (found.kind, found.mechanisms) == (Kind.THROTTLING, ("throughput.low",))
    both = episodes(rows(QUIET + "x" * 20 + "t" * 20 + QUIET))
    assert [(one.kind, one.first_bad_at) for one in both] == [(Kind.BLOCKING, at(60)), (Kind.THROTTLING, at(80))]


def test_blocked_says_nothing_of_throttling() -> None:
    found = only([one for one in episodes(rows(QUIET + "t" * 10 + "xxx" * 10 + "t" * 10)) if one.kind == "throttling"])
    assert (found.measurements, found.bad) == (20, 20)


def test_slow_handshakes_of_accessible_rows_are_throttling() -> None:
    times = usual(200) + [ms * 6 for ms in usual(40, 2)] + usual(60, 3)
    found = only(episodes(timed(times)))
    assert (found.kind, found.mechanisms, found.state) == (Kind.THROTTLING, ("latency.high",), "closed")
    assert at(199) <= found.first_bad_at <= at(201)


def test_low_speed_of_accessible_rows_is_throttling() -> None:
    speeds = usual(200, level=4000) + [kbps / 8 for kbps in usual(40, 2, level=4000)]
    given_ = [Row(at(number).timestamp(), "accessible", (), None, kbps) for number, kbps in enumerate(speeds)]
    assert only(episodes(given_)).mechanisms == ("throughput.low",)


def test_what_the_references_share_is_the_lines() -> None:
    slow = [ms * 6 for ms in usual(40, 2)]
    times, references = usual(200) + slow, [*usual(200, 4), *(ms * 6 for ms in usual(40, 5))]
    assert episodes(timed(times, list(references))) == []
    assert only(episodes(timed(times, [*usual(240, 4)]))).kind == Kind.THROTTLING


def test_without_references_a_slow_line_is_given_more_time() -> None:
    slow = [ms * 6 for ms in usual(5, 2)]
    assert episodes(timed(usual(200) + slow + usual(100, 3))) == []
    assert only(episodes(timed(usual(200) + slow + usual(100, 3), [*usual(305, 4)]))).kind == Kind.THROTTLING


def test_it_is_told_by_the_series_own_spread() -> None:
    """Twice as slow is much for a steady site, and nothing for one that is never the same."""
    steady, wild = random.Random(6), random.Random(7)
    calm = [100 * steady.lognormvariate(0, 0.05) * (2 if number >= 200 else 1) for number in range(240)]
    rough = [100 * wild.lognormvariate(0, 0.8) * (2 if number >= 200 else 1) for number in range(240)]
    assert only(episodes(timed(calm))).kind == Kind.THROTTLING
    assert episodes(timed(rough)) == []


@pytest.mark.parametrize("factor", [1.3, 1 / 1.3])
def test_a_nearer_or_farther_server_is_no_throttling(factor: float) -> None:
    assert episodes(timed(usual(200) + [ms * factor for ms in usual(300, 2)])) == []


def test_rows_may_come_unsorted_and_equal_times_keep_their_order() -> None:
    given_ = rows(QUIET + "x" * 20 + QUIET)
    mixed = list(given_)
    random.Random(1).shuffle(mixed)
    assert episodes(mixed) == episodes(given_)
    moment = at(70).timestamp()
    last = [Row(moment, "accessible"), Row(moment, "blocked", ("tls.timeout",))]
    assert only(episodes(rows(QUIET + "x" * 10) + last)).bad == 11


TEXTS = st.text(alphabet="....xxxytd? ", min_size=0, max_size=160)


def told_by(series: Series, given_: list[Row]) -> list[Episode]:
    return [episode for row in given_ for episode in series.add(row)]


@given(TEXTS, st.integers(0, 160))
def test_what_was_opened_does_not_depend_on_what_comes_later(text: str, cut: int) -> None:
    """Nor on a stop in between: a state that was stored goes on as if nothing had been."""
    given_ = rows("." * 20 + text)
    whole = told_by(Series(), given_)
    series = Series()
    first = told_by(series, given_[:cut])
    assert whole[: len(first)] == first
    stored = json.loads(json.dumps(series.state()))
    assert first + told_by(Series.from_state(stored), given_[cut:]) == whole


@given(TEXTS)
def test_times_and_counts_are_in_order(text: str) -> None:
    for one in episodes(rows(text)):
        assert one.last_good_at is None or one.last_good_at < one.first_bad_at
        assert one.first_bad_at <= one.opened_at
        assert 3 <= one.bad <= one.measurements
        if one.closed_at:
            assert one.first_good_at is not None
            assert one.last_bad_at < one.first_good_at <= one.closed_at
            assert one.opened_at < one.closed_at


def test_a_series_takes_no_more_memory_however_long_it_is() -> None:
    chance = random.Random(4)
    series = Series()
    sizes: list[int] = []
    for number in range(20_000):
        series.add(Row(at(number).timestamp(), *LETTERS[chance.choice("." * 30 + "xy")], chance.lognormvariate(5, 1)))
        if number in {2_000, 19_999}:
            sizes.append(len(json.dumps(series.state())))
    assert sizes[1] < 1.3 * sizes[0]


def doubtful(text: str) -> bool:
    series = Series()
    told_by(series, rows(text))
    return series.in_doubt


@pytest.mark.parametrize(
    ("text", "doubt"),
    [
        (QUIET, False),
        (QUIET + "x", True),
        (QUIET + "x...", False),
        (QUIET + "x" * 10, False),
        (QUIET + "x" * 10 + ".", True),
        (QUIET + "x" * 10 + "." * 20, False),
    ],
)
def test_doubt_begins_with_the_first_other_row_and_ends(text: str, *, doubt: bool) -> None:
    assert doubtful(text) is doubt
