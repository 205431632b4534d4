"""What must be said about what was seen: every scenario, every rule, and the numbers beside the verdict."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from fnmatch import fnmatch

import pytest

from results.failure import Failure
from results.hops import here
from results.judgement import MECHANISMS, Confidence, Timings
from results.knowledge import bundled
from results.records import AnyStep, Layer, Source
from results.rules import (
    DNS_RULES,
    HTTP_RULES,
    LINE_RULES,
    RULES,
    RULES_VERSION,
    SPEED_RULES,
    TCP_RULES,
    TLS_RULES,
    VANTAGE_NOTES,
    VANTAGE_RULES,
    Rule,
)
from results.verdict import _findings, judge
from tests.results.build import (
    HTTPS,
    Hop,
    again,
    by,
    chain,
    dns,
    page,
    redirect,
    request,
    seen,
    tcp,
    tls,
    trusted,
    twice,
)
from tests.results.scenarios import ROWS
from tests.results.scenarios.row import BLOCKED, THROTTLED, Row

EVERY_ROW = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.what.replace(" ", "_"))
EVERY_RULE = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
# What verdict.py says itself, where no hop stood in the way.
ENDS = {"page_arrived", "handshake_only", "not_measured", "out_of_time", "redirect_loop", "second_attempt"}


@EVERY_ROW
def test_the_verdict_is(row: Row) -> None:
    found = judge(row.seen, row.known)
    said = [reason.rule for reason in found.reasons]
    decisive, *notes = row.rules.split()
    assert (found.verdict, found.mechanisms) == (row.verdict, tuple(row.mechanisms.split())), found.reasons
    assert fnmatch(said[0], decisive), found.reasons
    assert found.confidence is row.confidence, found.reasons
    assert sorted(said[1:]) == sorted(notes), found.reasons


@EVERY_ROW
def test_every_reason_is_a_sentence_without_gaps(row: Row) -> None:
    says = [reason.says for reason in judge(row.seen, row.known).reasons]
    assert [text for text in says if not text.endswith(".") or "None" in text or "{" in text or "  " in text] == []


def test_no_scenario_is_written_twice() -> None:
    assert [what for what, count in Counter(row.what for row in ROWS).items() if count > 1] == []


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("generic_timeout_error here, a connection for the control", "from here (generic_timeout_error, tried twice)"),
        ("generic_timeout_error here, a connection for the control", "connects to the same address in 100 ms."),
        ("the handshake fails here with eof_error, the control completes it", "(eof_error after 100 ms, tried twice)"),
        (
            "the handshake fails here with eof_error, the control completes it",
            "the control gets the site's certificate there in 100 ms.",
        ),
        (
            "the page freezes after 16 kB here",
            "after 16384 bytes and nothing more comes; the control gets 48000 bytes.",
        ),
        ("a block page here, the site's for the control", "(status 200, \N{LEFT DOUBLE QUOTATION MARK}Access is restr"),
        ("a block page here, a redirect to HTTPS for the control", "comes elsewhere (status 302, 0 bytes)."),
        ("a private address here, a public one for the trusted resolver", "10.10.34.35, which can't be a public site;"),
        ("NXDOMAIN here, and only the control knows the address", "the control knows its address."),
    ],
)
def test_a_reason_names_the_numbers(what: str, says: str) -> None:
    row = next(row for row in ROWS if row.what == what)
    assert says in judge(row.seen, row.known).reasons[0].says


def test_a_long_wait_is_told_in_seconds() -> None:
    row = seen(dns(), *twice(tcp(), tls(Failure.TIMEOUT)), control=[dns(), tcp(), tls(), page()])
    slow = [replace(step, t=step.t0 + 8.04) if step.layer is Layer.TLS else step for step in row.steps]
    assert "(generic_timeout_error after 8.0 s, tried twice)" in judge(replace(row, steps=tuple(slow))).reasons[0].says


# The registry


def test_no_id_names_two_rules() -> None:
    ids = [rule.id for rule in RULES] + sorted(ENDS)
    assert [name for name, count in Counter(ids).items() if count > 1] == []


def test_the_registry_holds_every_layer() -> None:
    layers = (*DNS_RULES, *TCP_RULES, *TLS_RULES, *HTTP_RULES, *SPEED_RULES)
    assert (*VANTAGE_RULES, *VANTAGE_NOTES, *LINE_RULES, *layers) == RULES


@pytest.fixture(scope="module")
def reached() -> set[str]:
    """The rules that speak in some scenario, also those that have no words."""
    return {
        finding.reason.rule for row in ROWS for finding in _findings(row.seen, here(row.seen), row.known or bundled())
    }


@EVERY_RULE
def test_every_rule_has_a_scenario(rule: Rule, reached: set[str]) -> None:
    assert rule.id in reached


@pytest.mark.parametrize("rule_id", sorted(ENDS))
def test_every_end_has_a_scenario(rule_id: str, reached: set[str]) -> None:
    assert rule_id in reached


def test_scenarios_name_no_rule_that_is_not_there() -> None:
    named = {name for row in ROWS for name in row.rules.split() if "*" not in name}
    assert named - {rule.id for rule in RULES} - ENDS == set()


@EVERY_RULE
def test_a_rule_that_decides_says_why(rule: Rule) -> None:
    """What is filled in at the end is a sentence of its own, or nothing."""
    assert rule.verdict is None or re.search(r"\.(\{[a-z_.]+\})?$", rule.says)


@pytest.mark.parametrize("layer", [DNS_RULES, TCP_RULES, TLS_RULES, HTTP_RULES], ids=["dns", "tcp", "tls", "http"])
def test_a_layer_ends_with_a_rule_that_always_holds(layer: tuple[Rule, ...]) -> None:
    assert layer[-1].when(None) is True


@EVERY_ROW
def test_mechanisms_are_named_for_blocking_alone_and_come_from_the_public_list(row: Row) -> None:
    found = judge(row.seen, row.known)
    assert bool(found.mechanisms) == (found.verdict in {BLOCKED, THROTTLED})
    assert set(found.mechanisms) <= set(MECHANISMS)


@pytest.mark.parametrize("failure", Failure)
@pytest.mark.parametrize(
    ("whole", "fail"),
    [((), dns), ((dns(),), tcp), ((dns(), tcp()), tls), ((dns(), tcp(), tls()), request)],
    ids=["dns", "tcp", "tls", "http"],
)
def test_whatever_fails_at_whatever_layer_has_a_public_name(
    whole: tuple[AnyStep, ...], fail: Callable[[Failure], AnyStep], failure: Failure
) -> None:
    measurement = seen(*whole, *twice(fail(failure)), trusted(), control=[dns(), tcp(), tls(), page()])
    assert set(judge(measurement).mechanisms) <= set(MECHANISMS)


# The numbers beside the verdict


def test_a_page_has_all_times_and_its_status() -> None:
    found = judge(seen(dns(), tcp(), tls(), page(404, kbps=2400.0)))
    assert found.timings == Timings(dns=100.0, tcp=100.0, tls=100.0, ttfb=50.0, total=400.0)
    assert (found.status, found.kbps) == (404, 2400.0)
    assert found.rules_version == RULES_VERSION


@pytest.mark.parametrize(
    ("steps", "timings"),
    [
        ([], Timings()),
        ([dns(Failure.DNS_NXDOMAIN)], Timings()),
        ([dns(), tcp(Failure.RESET)], Timings(dns=100.0)),
        ([dns(), tcp(), tls(Failure.RESET)], Timings(dns=100.0, tcp=100.0)),
        ([dns(), tcp(), tls(), request(Failure.RESET)], Timings(dns=100.0, tcp=100.0, tls=100.0)),
        ([dns(), tcp(), tls(), request(Failure.RESET, status=200)],
         Timings(dns=100.0, tcp=100.0, tls=100.0, ttfb=50.0)),
        ([dns(), tcp(Failure.RESET), *again(tcp(), tls())], Timings(dns=100.0, tcp=100.0, tls=100.0)),
        ([dns(Failure.DNS_NXDOMAIN), trusted(), *by(Source.TRUSTED, tcp(), tls(), page())], Timings()),
    ],
)  # fmt: skip
def test_a_stage_that_did_not_end_the_ordinary_way_has_no_time(steps: list[AnyStep], timings: Timings) -> None:
    assert judge(seen(*steps)).timings == timings


def test_the_numbers_are_those_of_the_last_hop() -> None:
    found = judge(
        chain(Hop(HTTPS, (dns(), tcp(), tls(), redirect(f"{HTTPS}a"))), Hop(f"{HTTPS}a", (dns(), tcp(), tls(), page())))
    )
    assert found.status == 200
    assert found.timings == Timings(dns=100.0, tcp=100.0, tls=100.0, ttfb=50.0, total=800.0)  # since the check began


def test_without_any_hop_there_are_no_numbers() -> None:
    found = judge(chain())
    assert (found.timings, found.status, found.kbps) == (Timings(), None, None)
    assert found.confidence is Confidence.WEAK
