"""The public line: exactly the keys that scripts were promised, null where there is no value."""

import json
from dataclasses import replace
from typing import Any

import pytest

from results.failure import Failure
from results.formats import jsonl
from results.records import Measurement, Vantage
from results.verdict import judge
from tests.results.build import HTTPS, UNREACHABLE_CONTROL, chain, dns, forged, page, seen, tcp, tls, twice

KEYS = [
    "schema",
    "uid",
    "url",
    "started_at",
    "runtime_ms",
    "vantage",
    "verdict",
    "mechanisms",
    "confidence",
    "fault",
    "reasons",
    "rules_version",
    "timings_ms",
    "kbps",
    "throttling",
    "status",
    "evidence",
]
WHOLE = seen(dns(), tcp(), tls(), page(kbps=2400.0), control=[dns(), tcp(), tls(), page()])
EMPTY = chain(vantage=Vantage(name="v"), references=None)
BLOCKED = seen(dns(), *twice(tcp(), forged(Failure.TLS_AUTHORITY, "CN=a")), control=[dns(), tcp(), tls(), page()])


def line(measurement: Measurement) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(jsonl.line(measurement, judge(measurement)))
    return found


@pytest.mark.parametrize("measurement", [WHOLE, EMPTY, BLOCKED], ids=["whole", "empty", "blocked"])
def test_every_line_has_the_same_keys(measurement: Measurement) -> None:
    found = line(measurement)
    assert list(found) == KEYS
    assert list(found["vantage"]) == ["name", "country", "asn", "network", "class"]
    assert list(found["timings_ms"]) == ["dns", "tcp", "tls", "ttfb", "total"]
    assert all(list(reason) == ["rule", "says"] for reason in found["reasons"])
    assert {"steps", "control", "references", "hops"} <= set(found["evidence"])


def test_a_line_tells_what_the_check_took_and_one_from_before_that_was_counted_is_read() -> None:
    found = line(replace(WHOLE, received_bytes=48_211, sent_bytes=3_107))
    assert (found["evidence"]["received_bytes"], found["evidence"]["sent_bytes"]) == (48_211, 3_107)
    assert jsonl.read(found) == replace(WHOLE, received_bytes=48_211, sent_bytes=3_107)
    for name in ("received_bytes", "sent_bytes"):
        del found["evidence"][name]
    assert jsonl.read(found) == WHOLE


def test_what_was_not_seen_is_null() -> None:
    found = line(EMPTY)
    assert found["vantage"] == {"name": "v", "country": None, "asn": None, "network": None, "class": "unknown"}
    assert found["timings_ms"] == dict.fromkeys(["dns", "tcp", "tls", "ttfb", "total"])
    assert (found["kbps"], found["status"]) == (None, None)
    assert (found["evidence"]["control"], found["evidence"]["references"]) == (None, None)


def test_a_block_is_told_in_the_public_words() -> None:
    found = line(BLOCKED)
    assert (found["schema"], found["uid"], found["url"]) == (1, "1", HTTPS)
    assert (found["started_at"], found["runtime_ms"]) == ("2026-11-22T09:00:00.000Z", 812.4)
    assert (found["verdict"], found["mechanisms"]) == ("blocked", ["tls.interception"])
    assert (found["confidence"], found["fault"]) == ("likely", "path")
    assert found["reasons"][0]["rule"] == "tls_certificate_here_only"


def test_the_evidence_holds_every_step_of_both_sides() -> None:
    found = line(BLOCKED)["evidence"]
    assert [step["layer"] for step in found["steps"]] == ["dns", "tcp", "tls", "tcp", "tls"]
    assert found["steps"][2]["failure"] == "ssl_unknown_authority"
    assert found["steps"][2]["chain"][0]["issuer"] == "CN=a"
    assert [step["layer"] for step in found["control"]["steps"]] == ["dns", "tcp", "tls", "http"]


def test_evidence_says_nothing_twice() -> None:
    assert set(KEYS) & set(line(WHOLE)["evidence"]) == set()


def test_a_silent_control_is_told_with_its_failure() -> None:
    control = line(seen(dns(), tcp(), tls(), page(), control=UNREACHABLE_CONTROL))["evidence"]["control"]
    assert (control["failure"], control["steps"]) == ("generic_timeout_error", [])


def test_letters_stand_as_they_are_and_a_line_is_one_line() -> None:
    text = jsonl.line(*judged(seen(dns(), tcp(), tls(), page(title="Қазақ\nтаң"))))
    assert r"Қазақ\nтаң" in text
    assert "\n" not in text


def judged(measurement: Measurement) -> tuple[Measurement, Any]:
    return measurement, judge(measurement)
