"""`kedergi check` in a censored country: for each thing that an ISP does, the verdict that must be given."""

from typing import Any

import pytest

from tests.lab import Lab
from tests.lab.scenarios import SCENARIOS, Scenario
from tests.whole.conftest import checked, control

pytestmark = [pytest.mark.lab, pytest.mark.whole]

Records = dict[str, dict[str, Any]]
KEYS = (
    *("schema", "uid", "url", "started_at", "runtime_ms", "vantage", "verdict", "mechanisms", "confidence", "reasons"),
    *("timings_ms", "kbps", "status", "evidence"),
)
# What nobody but a control can tell from a site that is down or misconfigured for everyone.
NEEDS_CONTROL = {"tcp.timeout", "tcp.refused", "tcp.unreachable", "tls.interception"}


@pytest.fixture(scope="session")
def with_control(censored: Lab) -> Records:
    config = censored.config(control=control(censored))
    status, records = checked(censored, config, "--concurrency", "50", *(row.url for row in SCENARIOS))
    assert status == 1
    return {record["url"]: record for record in records}


@pytest.fixture(scope="session")
def without_control(censored: Lab) -> Records:
    _, records = checked(censored, censored.config(), "--concurrency", "50", *(row.url for row in SCENARIOS))
    return {record["url"]: record for record in records}


def named(rows: tuple[Scenario, ...]) -> list[Any]:
    return [pytest.param(row, id=row.name.replace(" ", "-")) for row in rows]


@pytest.mark.parametrize("scenario", named(SCENARIOS))
def test_the_verdict_is_the_truth(with_control: Records, scenario: Scenario) -> None:
    record = with_control[scenario.url]
    assert record["verdict"] == scenario.verdict, record["reasons"]
    assert tuple(record["mechanisms"][: len(scenario.mechanisms)]) == scenario.mechanisms


@pytest.mark.parametrize("scenario", named(SCENARIOS))
def test_without_a_control_no_verdict_is_wrong(without_control: Records, scenario: Scenario) -> None:
    """What can't be told is `inconclusive`; the rest is right."""
    record = without_control[scenario.url]
    assert record["verdict"] in {scenario.verdict, "inconclusive"}, record["reasons"]
    if scenario.verdict == "blocked" and not NEEDS_CONTROL & set(scenario.mechanisms):
        assert record["verdict"] == "blocked", record["reasons"]
        assert tuple(record["mechanisms"][: len(scenario.mechanisms)]) == scenario.mechanisms


@pytest.mark.parametrize("scenario", named(SCENARIOS))
def test_a_record_has_every_field_of_the_contract(with_control: Records, scenario: Scenario) -> None:
    record = with_control[scenario.url]
    assert [key for key in KEYS if key not in record] == []
    assert record["schema"] == 1
    assert record["started_at"].endswith("Z")
    assert set(record["vantage"]) == {"name", "country", "asn", "network", "class"}
    assert set(record["timings_ms"]) == {"dns", "tcp", "tls", "ttfb", "total"}
    assert record["confidence"] in {"confirmed", "likely", "weak"}
    assert all(set(reason) == {"rule", "says"} for reason in record["reasons"])
    assert record["reasons"][0]["says"].endswith(".")


def test_what_the_isp_did_is_in_the_router_s_own_log(censored: Lab, with_control: Records) -> None:
    """The scenarios are real: the censor acted on each name that is said to be blocked by name."""
    hit = {hit.on for hit in censored.seen}
    acted_on = {"ratel.example-news.kz", "video.saiga-tube.com", "blog.dombra-strings.kz", "www.river-voice.org"}
    assert acted_on <= hit
    assert len(with_control) == len(SCENARIOS)


def test_the_table_names_verdict_mechanism_confidence_and_reason(censored: Lab) -> None:
    config = censored.config(control=control(censored))
    done = censored.run(["kedergi", "check", "--config", config, "--verbose", "https://ratel.example-news.kz/"])
    assert done.returncode == 1
    for words in ("ratel.example-news.kz", "blocked", "tls.reset", "confirmed", "TLS handshake", "connection_reset"):
        assert words in done.stdout
    assert done.stderr == ""  # no progress bar where nobody looks


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("https://www.steppe-herald.kz/", 0),
        ("https://ratel.example-news.kz/", 1),
        ("https://expired.falcon-club.net/", 3),
    ],
)
def test_the_exit_status_says_what_was_found(censored: Lab, url: str, status: int) -> None:
    assert checked(censored, censored.config(control=control(censored)), url)[0] == status


def test_no_own_address_leaves_the_machine(with_control: Records, censored: Lab) -> None:
    assert censored.client_ip not in str(with_control)


def test_a_reference_that_has_no_name_any_more_hides_no_block(censored: Lab) -> None:
    config = censored.config(control=control(censored), reference={"urls": ["https://gone.no-such-reference.org/"]})
    status, records = checked(censored, config, "https://www.free-ledger.org/", "https://ratel.example-news.kz/")
    assert [record["mechanisms"] for record in records] == [["dns.nxdomain"], ["tls.reset"]]
    assert [reference["gone"] for reference in records[0]["evidence"]["references"]] == [True]
    assert status == 1
