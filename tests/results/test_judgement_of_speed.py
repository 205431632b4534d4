"""The numbers of a verdict about speed: what is slow, how many times, the speed that it is held to, and how sure."""

from dataclasses import replace

import pytest

from results.judgement import Judgement, Throttling
from results.records import AnyStep
from results.verdict import judge
from tests.results.build import HTTP, dns, page, seen, tcp
from tests.results.scenarios import ROWS
from tests.results.scenarios.row import ACCESSIBLE, THROTTLED, Row
from tests.results.scenarios.speed import FAST, FINE, HALF, LATE_HANDSHAKE, SLOW, WAY, WHOLE, body, handshakes, pairs_of


def found(what: str) -> tuple[Judgement, Throttling]:
    row = next(row for row in ROWS if row.what == what)
    judgement = judge(row.seen, row.known)
    assert judgement.throttling is not None
    return judgement, judgement.throttling


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.what.replace(" ", "_"))
def test_what_is_throttled_has_its_numbers_and_nothing_else_has(row: Row) -> None:
    assert (judge(row.seen, row.known).throttling is not None) == (row.verdict is THROTTLED)


@pytest.mark.parametrize(
    ("what", "by"),
    [
        ("the same bytes come slowly with the site's name, twice, and fast with another", "name"),
        ("handshakes alone are late by the same delay, twice", "name"),
        ("slow with every name at this address, and fast for the control and from a reference", "address"),
        ("slow each time with the site's name, and no other name gets the page", None),
        ("the page stops with the site's name, and comes whole with another at the same address; no control", "name"),
        ("the page stops with the site's name, and no other name gets it; the control gets it whole", None),
    ],
)
def test_it_is_said_whether_the_name_or_the_address_is_slow_where_that_can_be_told(what: str, by: str | None) -> None:
    assert found(what)[1].by == by


@pytest.mark.parametrize(
    "what",
    [
        "the same bytes come slowly with the site's name, twice, and fast with another",
        "slow with every name at this address, and fast for the control and from a reference",
        "slow each time with the site's name, and no other name gets the page",
    ],
)
def test_the_speed_of_what_is_throttled_is_the_one_that_it_is_held_to(what: str) -> None:
    judgement, numbers = found(what)
    assert numbers.ceiling_kbps == pytest.approx(128, rel=0.02)
    assert numbers.ceiling_spread == pytest.approx(0, abs=0.01)
    assert judgement.kbps == numbers.ceiling_kbps


def test_the_speed_of_a_visit_that_was_let_through_once_is_not_that_of_what_is_throttled() -> None:
    visited = replace(body(300), kbps=4_000.0)
    judgement = judge(seen(dns(), *WAY, visited, *pairs_of([SLOW] * 3, [FAST] * 3), control=FINE))
    assert judgement.verdict is THROTTLED
    assert judgement.kbps == pytest.approx(128, rel=0.02)


def test_what_is_late_and_not_slow_is_held_to_no_speed() -> None:
    judgement, numbers = found("handshakes alone are late by the same delay, twice")
    assert (numbers.ceiling_kbps, numbers.ceiling_spread) == (None, None)
    assert judgement.kbps == 8_000
    assert numbers.times == pytest.approx(1.15 / 0.1, rel=0.2)


def test_a_page_that_is_not_throttled_has_the_speed_at_which_it_came() -> None:
    judgement = judge(seen(*FINE, control=FINE))
    assert (judgement.verdict, judgement.kbps, judgement.throttling) == (ACCESSIBLE, 20_000.0, None)


def test_few_pairs_tell_how_many_times_and_no_probability() -> None:
    judgement, numbers = found("the same bytes come slowly with the site's name, twice, and fast with another")
    assert numbers.times == pytest.approx(8_000 / 128, rel=0.3)
    assert numbers.pairs == 2
    assert (numbers.interval, numbers.p_value) == (None, None)
    assert "at 95 %" not in judgement.reasons[0].says
    assert "twice in turn" in judgement.reasons[0].says


def test_many_pairs_tell_an_interval_and_a_probability() -> None:
    judgement, numbers = found("looked at thoroughly, ten pairs: half as fast with the site's name")
    assert numbers.times == pytest.approx(2, rel=0.05)
    assert numbers.pairs == 10
    low, high = numbers.interval or (0.0, 0.0)
    assert 1.5 < low < 2 < high < 2.5
    assert numbers.p_value == pytest.approx(1 / 184_756)
    assert judgement.kbps == pytest.approx(640, rel=0.15)
    assert f"Between {low:.1f} and {high:.1f} times at 95 %" in judgement.reasons[0].says
    assert "10 times in turn" in judgement.reasons[0].says


@pytest.mark.parametrize("pairs", [4, 5, 10])
def test_each_pair_is_counted(pairs: int) -> None:
    judgement = judge(seen(dns(), *WAY, SLOW, *pairs_of([SLOW] * pairs, [FAST] * pairs), control=FINE))
    assert judgement.throttling is not None
    assert judgement.throttling.pairs == pairs


def test_what_the_line_brought_just_before_proves_it_as_a_reference_does() -> None:
    """From anywhere: the page is slow with every name, and nothing had to be asked of the line."""
    steps = (dns(), *WAY, SLOW, *pairs_of([SLOW], [SLOW]))
    proven, unproven = (judge(replace(seen(*steps, control=FINE), line_kbps=kbps)) for kbps in (4_000.0, 300.0))
    assert (proven.verdict, unproven.verdict) == (THROTTLED, ACCESSIBLE)


def test_handshakes_and_bodies_are_both_said_where_both_are_slow() -> None:
    what = "the handshake is late by more than its certificates take, and the page slower than that delay makes it"
    says = found(what)[0].reasons[0].says
    assert "the handshake takes" in says
    assert "the same bytes take" in says
    assert "(128 kbit/s, the same each time)" in says


def test_a_late_control_is_no_proof_for_those_who_are_much_later() -> None:
    """The control's handshake takes a fifth of ours: far away, and not that slow."""
    far: list[AnyStep] = [dns(), tcp(), replace(LATE_HANDSHAKE, t=LATE_HANDSHAKE.t0 + 0.4), FAST]
    steps = (dns(), tcp(), LATE_HANDSHAKE, FAST, *handshakes((2.0, 0.1), (2.0, 0.1), (2.0, 0.1)))
    assert judge(seen(*steps, control=far)).verdict is THROTTLED


def test_without_tls_samples_are_compared_as_well() -> None:
    came, neutral = replace(SLOW, url=HTTP), replace(FAST, url=HTTP)
    tests = [step for step in pairs_of([came] * 2, [neutral] * 2) if step.layer != "tls"]
    judgement = judge(seen(dns(), tcp(), came, *tests, url=HTTP, control=[dns(), tcp(), page(length=60_000, kbps=9e3)]))
    assert (judgement.verdict, judgement.mechanisms) == (THROTTLED, ("throughput.low",))


@pytest.mark.parametrize("seed", range(5))
def test_ten_pairs_in_any_order_say_the_same(seed: int) -> None:
    turned = HALF[seed:] + HALF[:seed]
    judgement = judge(seen(dns(), *WAY, HALF[0], *pairs_of(turned, WHOLE), control=FINE))
    assert judgement.throttling is not None
    assert judgement.throttling.p_value == pytest.approx(1 / 184_756)
