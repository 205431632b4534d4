"""Many scenarios in one lab and one run of `kedergi check`: what it says of each, and whether that is the truth."""

from collections.abc import Iterable
from typing import Any

import pytest

from tests.lab import Lab
from tests.lab.scenarios import Scenario
from tests.whole.conftest import checked

Records = dict[str, dict[str, Any]]


def named(rows: Iterable[Scenario]) -> list[Any]:
    return [pytest.param(row, id=row.name.replace(" ", "-")) for row in rows]


def measured(lab: Lab, rows: Iterable[Scenario], **sections: dict[str, object]) -> Records:
    """One record for each URL."""
    urls = [row.url for row in rows]
    _, records = checked(lab, lab.config(**sections), "--concurrency", "50", *urls, timeout_s=150)
    found = {record["url"]: record for record in records}
    assert set(found) == set(urls)
    return found


def judged(record: dict[str, Any]) -> str:
    """For whoever reads why a test failed."""
    said = "; ".join(f"{reason['rule']}: {reason['says']}" for reason in record["reasons"])
    return f"{record['verdict']} {record['mechanisms']} {record['confidence']} {said}"


def demand_the_truth(record: dict[str, Any], scenario: Scenario) -> None:
    """The verdict, exactly these mechanisms, and what else the scenario says."""
    assert record["verdict"] in {scenario.verdict, *scenario.or_verdicts}, judged(record)
    true = [set(names) for names in (scenario.mechanisms, *scenario.or_mechanisms)]
    if record["verdict"] in {"blocked", "throttled"}:
        assert set(record["mechanisms"]) in true, judged(record)
    if scenario.confidence is not None:
        assert record["confidence"] == scenario.confidence, judged(record)
    assert any(scenario.says in reason["says"] for reason in record["reasons"]), judged(record)
