"""What holds for every measurement, however odd: no crash, no doubt about what was said, no false accusation."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from results.failure import Failure
from results.formats import jsonl
from results.judgement import MECHANISMS, Judgement, Verdict
from results.records import Aim, AnyStep, Condition, Control, Layer, Measurement, Reference, adapter
from results.verdict import judge
from tests.results.anything import ASNS, CONDITIONS, CONTROLS, MEASUREMENTS, compared
from tests.results.build import (
    FAR,
    HTTP,
    HTTPS,
    SITE,
    Hop,
    again,
    answer,
    at,
    dns,
    forged,
    page,
    redirect,
    seen,
    tcp,
    tls,
)
from tests.results.scenarios import ROWS
from tests.results.scenarios.row import Row
from tests.results.visits import alone, measurements, offline, seen_alike

ACCUSING = {Verdict.BLOCKED, Verdict.THROTTLED}
# What was seen to block before needs nothing to be compared with.
BY_KNOWLEDGE = {"dns_address_known", "http_block_page_known", "tls_state_authority"}
# More of them, other ones each time: EXAMPLES=5000 .venv/bin/pytest tests/results/test_properties.py
EXAMPLES = int(os.environ.get("EXAMPLES", "60"))
odd = settings(
    derandomize="EXAMPLES" not in os.environ,
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],  # so is a loaded machine
)
often = settings(odd, max_examples=EXAMPLES * 2)


@odd
@given(MEASUREMENTS | compared())
def test_every_measurement_gets_a_verdict_with_a_reason(measurement: Measurement) -> None:
    found = judge(measurement)
    assert found.reasons
    assert all(reason.rule and reason.says for reason in found.reasons)
    assert found.confidence is not None
    assert not [reason for reason in found.reasons if "{c." in reason.says or "None" in reason.says]


@odd
@given(MEASUREMENTS | compared())
def test_the_same_measurement_gets_the_same_judgement(measurement: Measurement) -> None:
    stored = adapter().validate_json(adapter().dump_json(measurement))
    assert judge(measurement) == judge(measurement) == judge(stored)


@often
@given(measurements())
def test_what_is_said_is_a_sentence_without_holes(measurement: Measurement) -> None:
    says = [reason.says for reason in judge(measurement).reasons]
    assert [each for each in says if not each.endswith(".") or "{" in each or "}" in each or "None" in each] == []


@often
@given(measurements() | MEASUREMENTS | compared())
def test_mechanisms_are_of_the_public_list_and_only_of_what_is_kept_away(measurement: Measurement) -> None:
    found = judge(measurement)
    assert set(found.mechanisms) <= set(MECHANISMS)
    assert bool(found.mechanisms) == (found.verdict in ACCUSING)
    assert len(set(found.mechanisms)) == len(found.mechanisms)


# No false accusation


def accuses(measurement: Measurement) -> bool:
    return judge(measurement).verdict in ACCUSING


@often
@given(measurements().map(seen_alike))
def test_what_the_control_sees_as_well_is_nobodys_blocking(measurement: Measurement) -> None:
    assert not accuses(measurement), judge(measurement).reasons


SELF_SIGNED = forged(Failure.TLS_AUTHORITY, "CN=nas.local")
OTHER_PAGE = page(title="Access is restricted", length=700)


@pytest.mark.parametrize(
    ("url", "steps"),
    [
        (HTTPS, [dns(), tcp(), tls(Failure.RESET), *again(tcp(), SELF_SIGNED)]),
        (HTTPS, [dns(), tcp(), tls(Failure.TIMEOUT), *again(tcp(), SELF_SIGNED)]),
        (HTTP, [dns(SITE, FAR), *at(SITE, tcp(), page()), *at(FAR, tcp(), OTHER_PAGE)]),
    ],
    ids=["reset, then the certificate", "silence, then the certificate", "two addresses, two pages"],
)
def test_what_differs_from_try_to_try_for_the_control_as_well_is_nobodys_blocking(
    url: str, steps: list[AnyStep]
) -> None:
    measurement = seen(*steps, url=url, control=steps)
    assert not accuses(measurement), judge(measurement).reasons


def test_a_certificate_that_came_at_last_tells_more_than_the_try_before() -> None:
    """The site's own, bad for all; here the first handshake was lost on the way."""
    here = [dns(), tcp(), tls(Failure.TIMEOUT), *again(tcp(), SELF_SIGNED)]
    found = judge(seen(*here, control=[dns(), tcp(), SELF_SIGNED]))
    assert found.verdict is Verdict.ACCESSIBLE, found.reasons


@often
@given(measurements().map(offline))
def test_a_line_on_which_no_reference_answers_accuses_nobody(measurement: Measurement) -> None:
    assert not accuses(measurement), judge(measurement).reasons


@often
@given(measurements().map(alone))
def test_without_anything_to_compare_with_nobody_is_accused(measurement: Measurement) -> None:
    assert not accuses(measurement), judge(measurement).reasons


@pytest.mark.parametrize("less", [seen_alike, offline, alone])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.what.replace(" ", "_"))
def test_no_scenario_accuses_without_its_proof(row: Row, less: Callable[[Measurement], Measurement]) -> None:
    found = judge(less(row.seen))
    known = less is alone and found.reasons[0].rule in BY_KNOWLEDGE
    assert known or found.verdict not in ACCUSING, found.reasons


@often
@given(compared().map(alone))
def test_without_another_name_and_a_control_nothing_is_slow_on_purpose(measurement: Measurement) -> None:
    found = judge(measurement)
    assert (found.verdict in ACCUSING, found.throttling) == (False, None), found.reasons


@often
@given(compared())
def test_what_is_slow_on_purpose_has_its_numbers_and_nothing_else_has(measurement: Measurement) -> None:
    found = judge(measurement)
    assert (found.throttling is not None) == (found.verdict is Verdict.THROTTLED), found.reasons


@often
@given(measurements(), st.lists(CONTROLS, max_size=2), CONDITIONS, ASNS)
def test_what_the_control_sees_as_well_is_nobodys_blocking_whatever_else_is_known(
    measurement: Measurement, more: list[Control], condition: Condition, asns: dict[str, int]
) -> None:
    vain = tuple(replace(control, failure=Failure.TIMEOUT, hops=(), steps=()) for control in more)
    known = replace(seen_alike(measurement), more_controls=vain, condition=condition, asns=asns)
    assert not accuses(known), judge(known).reasons


@often
@given(measurements(), CONDITIONS)
def test_how_the_vantage_does_may_silence_and_never_accuses(measurement: Measurement, condition: Condition) -> None:
    known = replace(measurement, condition=condition)
    assert accuses(measurement) or not accuses(known), judge(known).reasons


@often
@given(measurements(), st.sampled_from([1, -1]))
def test_one_more_reference_that_answers_blocks_nothing_that_came(measurement: Measurement, order: int) -> None:
    """It may bring doubt to an end, where all the others are dead; what came has come."""
    references = (Reference(url="https://www.example.org/"), *(measurement.references or ()))
    more = replace(measurement, references=references[::order])
    if judge(measurement).verdict is Verdict.ACCESSIBLE:
        assert judge(more).verdict is Verdict.ACCESSIBLE, judge(more).reasons


@often
@given(measurements())
def test_a_control_that_gets_the_page_keeps_nobody_from_being_accused(measurement: Measurement) -> None:
    """One that fails as we do speaks for the network; one that gets the page has nothing that would.

    Without A/B tests, that is: there it may know that a content network serves both names.
    """
    measurement = replace(measurement, steps=tuple(step for step in measurement.steps if step.aim is Aim.VISIT))
    visit: list[AnyStep] = [tcp(), *([tls()] if measurement.url == HTTPS else []), page()]
    steps = [dns(SITE, FAR), *at(SITE, *visit), *at(FAR, *visit)]
    fine = replace(measurement, control=answer(Hop(measurement.url, steps)))
    less = replace(measurement, control=None)
    assert accuses(fine) or not accuses(less), (judge(fine).reasons, judge(less).reasons)


def at_once(step: AnyStep) -> AnyStep:
    """The steps of one attempt and layer in one moment: what is tried side by side begins in any order."""
    t0 = step.attempt + list(Layer).index(step.layer) / 10
    return replace(step, t0=t0, t=t0 + 0.05)


@often
@given(measurements(), st.randoms(use_true_random=False))
def test_in_which_order_what_runs_side_by_side_is_written_down_changes_no_verdict(
    measurement: Measurement, dice: Random
) -> None:
    steps = sorted(map(at_once, measurement.steps), key=lambda step: step.t0)
    mixed = sorted(dice.sample(steps, len(steps)), key=lambda step: step.t0)
    kept, found = (judge(replace(measurement, steps=tuple(order))) for order in (steps, mixed))
    assert (found.verdict, found.fault) == (kept.verdict, kept.fault), (kept.reasons, found.reasons)


# Forms


@odd
@given(MEASUREMENTS)
def test_a_measurement_is_the_same_after_its_json(measurement: Measurement) -> None:
    assert adapter().validate_json(adapter().dump_json(measurement)) == measurement


@odd
@given(MEASUREMENTS | compared())
def test_a_public_line_is_one_line_of_strict_json(measurement: Measurement) -> None:
    text = jsonl.line(measurement, judge(measurement))
    assert "\n" not in text
    assert json.loads(text.encode(), parse_constant=pytest.fail)["url"] == measurement.url


@pytest.mark.parametrize("address", ["http://[", "https://[::1", "http://[v1.x]/", "https://ratel.kz:port/"])
def test_an_address_that_cannot_be_read_is_judged_as_any_other(address: str) -> None:
    hop = seen(dns(), tcp(), page())
    odd = [
        seen(dns(), tcp(), redirect(address), url=HTTP, control=[dns(), tcp(), redirect(address)]),
        Measurement(uid="1", url=address, started_at=hop.started_at, runtime_ms=1.0, vantage=hop.vantage,
                    hops=(address,), steps=hop.steps),
    ]  # fmt: skip
    assert [type(judge(measurement)) for measurement in odd] == [Judgement, Judgement]


def test_what_year_it_is_changes_no_verdict() -> None:
    early = seen(dns(), tcp(), page(), url=HTTP, control=[dns(), tcp(), page()])
    late = replace(early, started_at=early.started_at + timedelta(days=9000))
    assert judge(early) == judge(late)
