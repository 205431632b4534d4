"""Every way of blocking, told for what it is, where it happens: on either hop, alone, in pairs, in part."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.lab import Lab
from tests.lab.addresses import MIDDLE_MAN_2020
from tests.lab.rules import Hit, Nat, Rule, Sni
from tests.lab.scenarios import Scenario, lab_of
from tests.lab.scenarios.dns import DNS
from tests.lab.scenarios.mechanisms import MECHANISMS
from tests.lab.scenarios.pairs import LINGERING, MIDDLE, PAIRS, PARTS
from tests.lab.site import Certificate, Site
from tests.whole.conftest import checked, control, start_control
from tests.whole.side_by_side import Records, demand_the_truth, judged, measured, named

pytestmark = [pytest.mark.lab, pytest.mark.whole]

ROWS = (*MECHANISMS, *DNS, *PAIRS, *PARTS, *MIDDLE)
# What is measured while a censor punishes whole addresses for a name that was sent there, ours for a test included.
BESIDE = tuple(row for row in MECHANISMS if row.name.startswith(("tls.timeout", "http.timeout", "dns.bogus")))

# What A/B tests, the trusted resolver and certificates prove by themselves; an address or a cut page they can't.
PROVABLE = tuple(
    row
    for row in (*MECHANISMS, *DNS)
    if row.mechanisms[0].startswith(("dns.", "tls."))
    or (row.mechanisms[0].startswith("http.") and " http " in row.name and row.mechanisms != ("http.truncated",))
)


@pytest.fixture(scope="module")
def country(lab_rights: None) -> Iterator[Lab]:  # noqa: ARG001
    with lab_of(ROWS) as lab:
        start_control(lab)
        yield lab


@pytest.fixture(scope="module")
def records(country: Lab) -> Records:
    return measured(country, ROWS, control=control(country))


@pytest.fixture(scope="module")
def without_control(country: Lab) -> Records:
    return measured(country, ROWS, nothing_wrong)


@pytest.fixture(scope="module")
def lingering(lab_rights: None) -> Iterator[Records]:  # noqa: ARG001
    with lab_of((*LINGERING, *BESIDE)) as lab:
        start_control(lab)
        yield measured(lab, (*LINGERING, *BESIDE), control=control(lab))


@pytest.fixture(scope="module")
def hits(country: Lab, records: Records) -> list[Hit]:
    assert records
    return country.seen


@pytest.mark.parametrize("scenario", named(ROWS))
def test_the_verdict_is_the_truth(records: Records, scenario: Scenario) -> None:
    demand_the_truth(records[scenario.url], scenario)


@pytest.mark.parametrize("scenario", named(ROWS))
def test_without_a_control_no_verdict_is_wrong(without_control: Records, scenario: Scenario) -> None:
    """What can't be told is `inconclusive`, and what is named was really done."""
    assert nothing_wrong(without_control[scenario.url], scenario), judged(without_control[scenario.url])


def nothing_wrong(record: dict[str, Any], scenario: Scenario) -> bool:
    done = {name for names in (scenario.mechanisms, *scenario.or_mechanisms) for name in names}
    right = record["verdict"] in {scenario.verdict, *scenario.or_verdicts, "inconclusive"}
    return right and set(record["mechanisms"]) <= done


@pytest.mark.parametrize("scenario", named(PROVABLE))
def test_without_a_control_what_can_be_proven_is(without_control: Records, scenario: Scenario) -> None:
    record = without_control[scenario.url]
    assert record["verdict"] in {"blocked", *scenario.or_verdicts}, judged(record)


@pytest.mark.parametrize("scenario", named((*LINGERING, *BESIDE)))
def test_a_punished_address_hides_nothing(lingering: Records, scenario: Scenario) -> None:
    """A test that sends the name to a reference's address gets that address punished too: the line is not down."""
    demand_the_truth(lingering[scenario.url], scenario)


@pytest.mark.parametrize("scenario", named(row for row in ROWS if row.rules and row.verdict == "blocked"))
def test_the_isp_really_did_it(hits: list[Hit], scenario: Scenario) -> None:
    assert set(scenario.rules) & {hit.rule for hit in hits}


@pytest.mark.parametrize("scenario", named(ROWS))
def test_a_check_ends_in_time(records: Records, scenario: Scenario) -> None:
    """25 s at most, whatever the ISP does; the rest is the machine's."""
    assert records[scenario.url]["runtime_ms"] <= 27_000


@pytest.mark.usefixtures("lab_rights")
def test_a_root_that_the_client_trusts_makes_no_certificate_the_site_s() -> None:
    """What the operating system was told to trust is not what the site shows: curl is content, and we are not."""
    name = "www.read-with-consent.org"
    with Lab(
        [Site(name), Site("www.left-alone.org")],
        [Rule(Sni(name), Nat(MIDDLE_MAN_2020))],
        client_roots=[Certificate.ISCA],
    ) as lab:
        start_control(lab)
        fetch = ["env", "-u", "SSL_CERT_FILE", "-u", "CURL_CA_BUNDLE", "curl", "-sS", "-o", "/dev/null"]
        assert lab.run([*fetch, f"https://{name}/"]).returncode == 0
        urls = (f"https://{name}/", "https://www.left-alone.org/")
        for sections in ({}, {"control": control(lab)}):
            _, (read, alone) = checked(lab, lab.config(**sections), *urls)
            assert (read["verdict"], read["mechanisms"]) == ("blocked", ["tls.interception"]), judged(read)
            assert read["confidence"] == "confirmed", judged(read)
            assert alone["verdict"] == "accessible", judged(alone)
