"""Many scenarios in one lab and one run of `kedergi check`: what it says of each, and whether that is the truth.

Fifty checks at once crowd a small machine until answers come too late for a verdict. So a row of which less was told
than the truth is measured once more among few, and how many were is among the warnings. More than a few are a failure,
and a false accusation is never given a second chance.
"""

import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.lab import Lab
from tests.lab.scenarios import Scenario
from tests.whole.conftest import checked

Records = dict[str, dict[str, Any]]
BAD = {"blocked", "throttled"}
LATE_MOST = 3  # rows that may be measured twice, or a twentieth of many


def named(rows: Iterable[Scenario]) -> list[Any]:
    return [pytest.param(row, id=row.name.replace(" ", "-")) for row in rows]


def measured(
    lab: Lab,
    rows: Iterable[Scenario],
    right: "Callable[[dict[str, Any], Scenario], bool] | None" = None,
    **sections: dict[str, object],
) -> Records:
    """One record for each URL; `right` says whether a row needs no second look (`tells_the_truth`)."""
    scenarios = {row.url: row for row in rows}
    config, test = lab.config(**sections), right or tells_the_truth
    _, records = checked(lab, config, "--concurrency", "50", *scenarios, timeout_s=150)
    found = {record["url"]: record for record in records}
    assert set(found) == set(scenarios)
    return asked_again(lab, config, found, lambda record: may_count(record, scenarios[record["url"]], test))


def may_count(record: dict[str, Any], scenario: Scenario, right: Callable[[dict[str, Any], Scenario], bool]) -> bool:
    accused = record["verdict"] in BAD and scenario.verdict not in BAD
    return accused or right(record, scenario)


def asked_again(lab: Lab, config: Path, found: Records, counts: Callable[[dict[str, Any]], bool]) -> Records:
    """The records, with those that don't count replaced by a second look."""
    late = [url for url, record in found.items() if not counts(record)]
    if not late:
        return found
    said = "; ".join(f"{url}: {judged(found[url])}" for url in late)
    assert len(late) <= max(LATE_MOST, len(found) // 20), f"so many are no crowd's doing: {said}"
    warnings.warn(f"measured twice: {len(late)} of {len(found)} rows. {said}", stacklevel=2)
    _, records = checked(lab, config, "--concurrency", "4", *late, timeout_s=150)
    return {**found, **{record["url"]: record for record in records}}


def judged(record: dict[str, Any]) -> str:
    """For whoever reads why a test failed."""
    said = "; ".join(f"{reason['rule']}: {reason['says']}" for reason in record["reasons"])
    evidence = record["evidence"]
    control = evidence["control"] or {"hops": [], "failure": "not asked", "detail": ""}
    spoke = (
        f"{len(control['hops'])} hops" if control["failure"] is None else f"{control['failure']} {control['detail']}"
    )
    took = f"{record['runtime_ms']:.0f} ms, hops {len(evidence['hops'])}, control: {spoke}"
    return f"{record['verdict']} {record['mechanisms']} {record['confidence']} {said} ({took})"


def demand_the_truth(record: dict[str, Any], scenario: Scenario) -> None:
    """The verdict, exactly these mechanisms, and what else the scenario says."""
    assert record["verdict"] in {scenario.verdict, *scenario.or_verdicts}, judged(record)
    true = [set(names) for names in (scenario.mechanisms, *scenario.or_mechanisms)]
    if record["verdict"] in {"blocked", "throttled"}:
        assert set(record["mechanisms"]) in true, judged(record)
    if scenario.confidence is not None:
        assert record["confidence"] == scenario.confidence, judged(record)
    assert any(scenario.says in reason["says"] for reason in record["reasons"]), judged(record)


def tells_the_truth(record: dict[str, Any], scenario: Scenario) -> bool:
    try:
        demand_the_truth(record, scenario)
    except AssertionError:
        return False
    return True
