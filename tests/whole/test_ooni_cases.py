"""The cases of OONI's QA suite in our lab, each right by truth. What differs from its expectations is in docs/."""

import json
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab import Lab, pass_through
from tests.lab.ooni_case import PROXY, Case, country
from tests.lab.ooni_cases import CASES, NO_CONTROL, SIDE_BY_SIDE
from tests.lab.rules import Hit
from tests.whole.conftest import PORT, checked, control, start_control
from tests.whole.side_by_side import BAD, asked_again, judged

pytestmark = [pytest.mark.lab, pytest.mark.whole]

Records = dict[str, dict[str, Any]]
DOCUMENT = Path(__file__).parents[2] / "docs" / "ooni-scenarios.md"
# What Android's getaddrinfo says of every failure; this machine's tells them apart.
ANDROID = """
import socket
_true = socket.getaddrinfo
def getaddrinfo(*arguments, **options):
    try:
        return _true(*arguments, **options)
    except socket.gaierror:
        raise socket.gaierror(socket.EAI_NODATA, "No address associated with hostname") from None
socket.getaddrinfo = getaddrinfo
"""
ON_ANDROID = "dnsBlockingAndroidDNSCacheNoData"


def named(cases: Iterable[Case]) -> list[Any]:
    return [pytest.param(case, id=case.ooni) for case in cases]


@pytest.fixture(scope="module")
def side_by_side(lab_rights: None) -> Iterator[Lab]:  # noqa: ARG001
    with country(SIDE_BY_SIDE) as lab:
        start_control(lab)
        pass_through.start(lab, PROXY)
        yield lab


@pytest.fixture(scope="module")
def found(side_by_side: Lab) -> Records:
    lab = side_by_side
    config = lab.config(control=control(lab), dns={"resolvers": [lab.clean_resolver]})
    android = next(case.url for case in CASES if case.ooni == ON_ANDROID)
    urls = [case.url for case in SIDE_BY_SIDE if case.url != android]
    _, records = checked(lab, config, "--concurrency", "50", *urls, timeout_s=120)
    by_url = {case.url: case for case in SIDE_BY_SIDE}
    once = {record["url"]: record for record in records}
    found = asked_again(lab, config, once, lambda record: may_count(by_url[record["url"]], record))
    (lab.folder / "sitecustomize.py").write_text(ANDROID)
    with_python_path = ["env", f"PYTHONPATH={os.pathsep.join([str(lab.folder), os.environ.get('PYTHONPATH', '')])}"]
    command = [*with_python_path, "kedergi", "check", "--config", str(config), "--format", "json", android]
    return {**found, android: json.loads(lab.run(command).stdout)}


@pytest.fixture(scope="module")
def found_without_control(lab_rights: None) -> Iterator[tuple[Records, list[Hit]]]:  # noqa: ARG001
    """The ISP reads the control's name and resets: nobody ever answers there."""
    with country(NO_CONTROL) as lab:
        start_control(lab)
        config = lab.config(control={"url": f"https://{lab.control_name}:{PORT}"})
        _, records = checked(lab, config, *(case.url for case in NO_CONTROL))
        yield {record["url"]: record for record in records}, lab.seen


@pytest.fixture(scope="module")
def everything(found: Records, found_without_control: tuple[Records, list[Hit]]) -> Iterator[Records]:
    """All records; with `-s` a table of them at the end."""
    records = {**found, **found_without_control[0]}
    yield records
    right = 0
    for case in CASES:
        record = records[case.url]
        good = is_right(case, record)
        right += good
        words = " ".join([record["verdict"], *record["mechanisms"]])
        print(f"\n{'  ' if good else '! '}{case.ooni:54} {words:48} {record['runtime_ms']:7.0f} ms", end="")
    print(f"\n{right} of {len(CASES)} right")


def may_count(case: Case, record: dict[str, Any]) -> bool:
    """Whether it needs no second look: right, or a false accusation."""
    return is_right(case, record) or (record["verdict"] in BAD and case.verdict not in BAD)


def is_right(case: Case, record: dict[str, Any]) -> bool:
    if record["verdict"] in case.also_right:
        return True
    said, true = record["mechanisms"], {*case.mechanisms}
    return record["verdict"] == case.verdict and true <= {*said} and {*said[:1]} <= true


@pytest.mark.parametrize("case", named(CASES))
def test_the_verdict_is_the_truth(everything: Records, case: Case) -> None:
    record = everything[case.url]
    assert is_right(case, record), judged(record)


@pytest.mark.parametrize("case", named(case for case in CASES if case.lie_is_told))
def test_a_lie_that_does_no_harm_is_told(everything: Records, case: Case) -> None:
    assert any(reason["rule"].startswith("dns_") for reason in everything[case.url]["reasons"])


@pytest.mark.parametrize("case", named(case for case in SIDE_BY_SIDE if case.rules))
def test_the_censor_really_acted(side_by_side: Lab, found: Records, case: Case) -> None:
    assert case.url in found
    assert {hit.rule for hit in side_by_side.seen} & {*case.rules}


@pytest.mark.parametrize("case", named(NO_CONTROL))
def test_the_control_was_really_out_of_reach(
    found_without_control: tuple[Records, list[Hit]], side_by_side: Lab, case: Case
) -> None:
    records, seen = found_without_control
    assert {hit.on for hit in seen} == {side_by_side.control_name}
    assert records[case.url]["evidence"]["control"]["failure"] == "connection_reset"


def test_the_system_without_kinds_of_failure_was_really_asked(found: Records) -> None:
    record = found[next(case.url for case in CASES if case.ooni == ON_ANDROID)]
    steps = [step for step in record["evidence"]["steps"] if step["layer"] == "dns"]
    assert {step["failure"] for step in steps if step["via"] == "system"} == {"dns_no_answer"}
    assert {step["failure"] for step in steps if step["via"] == "extra"} == {None}


def test_each_of_the_cases_is_there_once() -> None:
    assert len({case.ooni for case in CASES}) == len({case.url for case in CASES}) == len(CASES) == 50


@pytest.mark.parametrize("case", named(CASES))
def test_the_document_names_the_case_and_our_verdict(case: Case) -> None:
    (row,) = re.findall(rf"^\| `{case.ooni}` \|.*$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    ours = row.split(" | ")[2].rstrip(" |")
    assert re.findall(r"`([a-z._]+)`", ours) == [case.verdict, *case.mechanisms]
