"""What holds for every measurement, however odd: no crash, no doubt about what was said, no false accusation."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings

from results.formats import jsonl
from results.judgement import MECHANISMS, Judgement, Verdict
from results.records import Measurement, adapter
from results.verdict import judge
from tests.results.anything import MEASUREMENTS
from tests.results.build import HTTP, dns, page, redirect, seen, tcp
from tests.results.scenarios import ROWS
from tests.results.scenarios.row import Row
from tests.results.visits import alone, measurements, offline, seen_alike

ACCUSING = {Verdict.BLOCKED, Verdict.THROTTLED}
odd = settings(derandomize=True, max_examples=80, deadline=None)
often = settings(odd, max_examples=200)


@odd
@given(MEASUREMENTS)
def test_every_measurement_gets_a_verdict_with_a_reason(measurement: Measurement) -> None:
    found = judge(measurement)
    assert found.reasons
    assert all(reason.rule and reason.says for reason in found.reasons)
    assert found.confidence is not None


@odd
@given(MEASUREMENTS)
def test_the_same_measurement_gets_the_same_judgement(measurement: Measurement) -> None:
    stored = adapter().validate_json(adapter().dump_json(measurement))
    assert judge(measurement) == judge(measurement) == judge(stored)


@often
@given(measurements())
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
    assert not accuses(less(row.seen)), judge(less(row.seen)).reasons


# Forms


@odd
@given(MEASUREMENTS)
def test_a_measurement_is_the_same_after_its_json(measurement: Measurement) -> None:
    assert adapter().validate_json(adapter().dump_json(measurement)) == measurement


@odd
@given(MEASUREMENTS)
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
