"""What we export as OONI's `web_connectivity`: complete by OONI's own data formats, and read again as what it was.

OONI's fields alone tell less than a measurement of ours. How much less is a list of rules here, and in docs/ooni.md.
"""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from results.failure import Failure
from results.formats import jsonl, ooni
from results.formats.documents import parsed
from results.formats.files import Unreadable
from results.formats.ooni_written import written
from results.judgement import Verdict
from results.records import Aim, Measurement
from results.verdict import judge
from tests.results.build import DEAD, HOME, dns, page, redirect, seen, tcp, tls, trusted, twice
from tests.results.judged import judged, lines
from tests.results.scenarios import ROWS
from tests.results.scenarios.row import Row
from tests.server.simulated import rich, throttled

Json = dict[str, Any]

# What decided ours, where OONI's fields alone do not lead to the same verdict and mechanisms.
LOST = {
    "references, conditions and our own machine": {
        "line_down", "resolver_fails_for_all", "tls_read_along", "own_line_fails", "clock_wrong", "vantage_elsewhere",
        "vantage_moved", "nothing_genuine",
    },
    "A/B tests, and names asked where no resolver is": {
        "tls_name_triggers", "http_name_triggers", "http_path_answers", "dns_injected", "http_other_address_alive",
    },
    "samples of speed": {
        "speed_by_name", "speed_by_address", "speed_here_only", "http_body_stops_for_name", "http_body_stops_here_only",
        "http_body_cut_here_only", "http_still_coming",
    },
    "certificates, of which we keep no bytes": {
        "tls_certificate_date_here_only", "tls_certificate_expired", "tls_state_authority",
    },
    "bodies, of which we mostly keep no text": {
        "page_arrived", "http_other_page_here_only", "http_error_for_all", "http_block_page_known",
        "dns_foreign_address", "http_site_differs", "redirect_loop",
    },
    "the control's own way along redirects": {
        "http_redirected_elsewhere", "tls_fails_here_only", "tls_fails_for_control_too",
    },
    "our own query to the system's resolver": {"dns_fails_here_only"},
    "name servers that fail for all": {"dns_no_such_name"},
    "which attempt it was": {"tried_only_once", "http_fails_here_only"},
}  # fmt: skip
ALL_LOST = set().union(*LOST.values())


def exported(measurement: Measurement, **more: Any) -> Json:
    """As a reader of the file gets it."""
    return parsed(json.dumps({**written(measurement, judge(measurement)), **more}).encode())


def told_without(row: Row) -> tuple[Verdict, tuple[str, ...]]:
    """By who knows OONI's fields alone."""
    found = exported(row.seen)
    del found["test_keys"]["x_kedergi"]
    said = judge(ooni.read(found).measurement, row.known)
    return said.verdict, said.mechanisms


def told(row: Row) -> tuple[Verdict, tuple[str, ...]]:
    said = judge(row.seen, row.known)
    return said.verdict, said.mechanisms


DIFFERENT = {row.what: judge(row.seen, row.known).reasons[0].rule for row in ROWS if told_without(row) != told(row)}


# There and back


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.what.replace(" ", "_"))
def test_what_was_exported_is_read_as_what_it_was(row: Row) -> None:
    again = ooni.read(exported(row.seen)).measurement
    assert again == row.seen
    assert judge(again, row.known) == judge(row.seen, row.known)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.what.replace(" ", "_"))
def test_oonis_own_fields_lead_to_the_same_verdict_unless_they_have_no_place_for_why(row: Row) -> None:
    decided = judge(row.seen, row.known).reasons
    assert told_without(row) == told(row) or decided[0].rule in ALL_LOST


def test_nothing_is_said_to_be_lost_that_is_not() -> None:
    assert ALL_LOST - set(DIFFERENT.values()) == set()


def test_oonis_own_fields_tell_most() -> None:
    assert len(ROWS) - len(DIFFERENT) >= 0.7 * len(ROWS)


def test_judge_reads_an_exported_file_as_oonis(tmp_path: Path) -> None:
    file = lines(tmp_path, *(exported(row.seen) for row in ROWS[:20]))
    found = judged(file, "--from", "ooni").rows
    ours = [judge(row.seen) for row in ROWS[:20]]
    assert [(one["verdict"], one["mechanisms"]) for one in found] == [
        (one.verdict.value, list(one.mechanisms)) for one in ours
    ]
    assert [one["ooni"] is None for one in found] == [False] * 20
    assert judged(file).rows == found  # also where nobody says whose it is


def test_what_was_put_beside_belongs_to_its_url() -> None:
    with pytest.raises(Unreadable, match="another URL"):
        ooni.read(exported(rich(), input="https://another.kz/"))


def test_what_was_put_beside_and_can_t_be_read_is_refused() -> None:
    found = exported(rich())
    found["test_keys"]["x_kedergi"]["evidence"]["steps"] = 7
    with pytest.raises(Unreadable, match="'steps"):
        ooni.read(found)


# By OONI's data formats. A type, or what a field must be.

TEXT, FLAG, NUMBER = "text", "flag", "number"
MAYBE = {TEXT: (str, type(None)), FLAG: (bool, type(None)), NUMBER: (int, float, type(None))}
BASE: Json = {  # df-000
    "annotations": dict, "data_format_version": str, "extensions": dict, "input": str, "measurement_start_time": str,
    "options": list, "probe_asn": str, "probe_cc": str, "probe_ip": str, "probe_network_name": str, "report_id": str,
    "resolver_asn": str, "resolver_ip": str, "resolver_network_name": str, "software_name": str,
    "software_version": str, "test_helpers": dict, "test_keys": dict, "test_name": str, "test_runtime": (int, float),
    "test_start_time": str, "test_version": str,
}  # fmt: skip
AT: Json = {"t": (int, float), "t0": (int, float), "tags": list, "transaction_id": int}
QUERY: Json = {  # df-002
    "answers": (list, type(None)), "engine": str, "failure": MAYBE[TEXT], "hostname": str, "query_type": str,
    "resolver_hostname": MAYBE[TEXT], "resolver_port": MAYBE[TEXT], "resolver_address": str, **AT,
}  # fmt: skip
ANSWER: Json = {"answer_type": str, "asn": int, "as_org_name": str, "ttl": (int, type(None))}
REQUEST: Json = {
    "failure": MAYBE[TEXT],
    "request": dict,
    "response": dict,
    "network": str,
    "address": str,
    **AT,
}  # df-001
ASKED: Json = {"body": str, "body_is_truncated": bool, "headers": dict, "headers_list": list, "method": str,
               "tor": dict, "url": str}  # fmt: skip
ANSWERED: Json = {"body": MAYBE[TEXT], "body_is_truncated": bool, "code": int, "headers": dict, "headers_list": list}
CONNECT: Json = {"ip": str, "port": int, "status": dict, **AT}  # df-005
SHAKEN: Json = {  # df-006
    "cipher_suite": str, "failure": MAYBE[TEXT], "negotiated_protocol": str, "no_tls_verify": bool,
    "peer_certificates": list, "server_name": str, "tls_version": str, "network": str, "address": str, **AT,
}  # fmt: skip
EVENT: Json = {"failure": MAYBE[TEXT], "operation": str, "address": str, "num_bytes": int, "proto": str, **AT}  # df-008
KEYS: Json = {  # ts-017
    "agent": str, "client_resolver": str, "retries": type(None), "socksproxy": type(None), "network_events": list,
    "queries": list, "requests": list, "tcp_connect": list, "tls_handshakes": list, "control": dict,
    "control_failure": MAYBE[TEXT], "dns_experiment_failure": MAYBE[TEXT], "dns_consistency": MAYBE[TEXT],
    "http_experiment_failure": MAYBE[TEXT], "body_proportion": MAYBE[NUMBER], "body_length_match": MAYBE[FLAG],
    "headers_match": MAYBE[FLAG], "status_code_match": MAYBE[FLAG], "title_match": MAYBE[FLAG],
    "blocking": (str, bool, type(None)), "accessible": MAYBE[FLAG],
}  # fmt: skip
CONTROL: Json = {"dns": dict, "tcp_connect": dict, "tls_handshake": dict, "http_request": dict, "ip_info": dict}
PAGE: Json = {"body_length": int, "failure": MAYBE[TEXT], "title": str, "headers": dict, "status_code": int}
RICH = [rich(), throttled(), replace(rich("mobile"), vantage=replace(HOME, vantage_class="mobile"))]
EVERY = [*(row.seen for row in ROWS), *RICH]


def wrong(row: Json, required: Json) -> list[str]:
    """The fields that are absent, or of another type."""
    return [
        name
        for name, kind in required.items()
        if name not in row or not isinstance(row[name], kind) or (kind is int and isinstance(row[name], bool))
    ]


def test_each_measurement_has_every_field_of_its_data_format() -> None:
    found = []
    for measurement in EVERY:
        whole = exported(measurement)
        keys = whole["test_keys"]
        rows = [(whole, BASE), (keys, KEYS)]
        rows += [(one, QUERY) for one in (*keys["queries"], *keys["x_doh"]["queries"])]
        rows += [(one, ANSWER) for asked in keys["queries"] for one in asked["answers"] or ()]
        rows += [(one, CONNECT) for one in keys["tcp_connect"]]
        rows += [(one, SHAKEN) for one in keys["tls_handshakes"]]
        rows += [(one, EVENT) for one in keys["network_events"]]
        for one in keys["requests"]:
            rows += [(one, REQUEST), (one["request"], ASKED), (one["response"], ANSWERED)]
        if keys["control"]:
            rows += [(keys["control"], CONTROL), (keys["control"]["http_request"], PAGE)]
        found += [(measurement.uid, name, required is BASE) for row, required in rows for name in wrong(row, required)]
    assert found == []


def test_its_values_are_written_as_oonis_are() -> None:
    found = []
    for measurement in EVERY:
        whole = exported(measurement)
        keys = whole["test_keys"]
        fits = {
            "time": re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", whole["measurement_start_time"]),
            "asn": re.fullmatch(r"AS\d+", whole["probe_asn"]),
            "cc": re.fullmatch(r"[A-Z]{2}", whole["probe_cc"]),
            "test": whole["test_name"] == "web_connectivity",
            "annotations": all(isinstance(value, str) for value in whole["annotations"].values()),
            "blocking": keys["blocking"] in {"dns", "tcp_ip", "http-failure", "http-diff", False, None},
            "consistency": keys["dns_consistency"] in {"consistent", "inconsistent", None},
            "failures": all(
                row["failure"] is None or row["failure"].partition(": ")[0] in set(Failure)
                for name in ("queries", "tls_handshakes", "requests")
                for row in keys[name]
            ),
        }
        found += [(measurement.uid, name) for name, fit in fits.items() if not fit]
    assert found == []


# What it says and what it doesn't


def test_nothing_tells_whose_line_it_was() -> None:
    whole = exported(rich())
    assert (whole["probe_ip"], whole["resolver_ip"], whole["report_id"]) == ("127.0.0.1", "127.0.0.2", "")
    assert "probe_id" not in whole
    assert "probe_city" not in whole


def test_annotations_say_uid_class_and_rules() -> None:
    notes = exported(replace(rich("u-1"), simulated="made up"))["annotations"]
    assert notes["kedergi_uid"] == "u-1"
    assert notes["kedergi_vantage_class"] == HOME.vantage_class
    assert int(notes["kedergi_rules_version"]) == judge(rich()).rules_version
    assert notes["simulated"] == "made up"
    assert "simulated" not in exported(rich())["annotations"]


def test_other_names_at_the_site_s_address_are_not_told_as_the_site_s() -> None:
    keys = exported(rich())["test_keys"]
    assert any(step.aim is Aim.NEUTRAL_NAME for step in rich().steps)
    assert {row["server_name"] for row in keys["tls_handshakes"]} == {"ratel.kz"}


def test_rows_of_one_connection_share_a_number_and_others_do_not() -> None:
    keys = exported(seen(dns(), *twice(tcp(), tls(Failure.RESET))))["test_keys"]
    first, second = ([row["transaction_id"] for row in keys[name]] for name in ("tcp_connect", "tls_handshakes"))
    assert first == second
    assert len(set(first)) == 2


def test_requests_are_the_newest_first() -> None:
    one = seen(dns(), tcp(), tls(), redirect("https://www.ratel.kz/"), page(url="https://www.ratel.kz/"))
    assert [row["request"]["url"] for row in exported(one)["test_keys"]["requests"]] == [
        "https://www.ratel.kz/",
        "https://ratel.kz/",
    ]


@pytest.mark.parametrize(
    ("measurement", "blocking", "accessible", "failure"),
    [
        (seen(dns(), tcp(), tls(), page()), False, True, None),
        (seen(dns(), *twice(tcp(), tls(Failure.RESET)), control=[dns(), tcp(), tls(), page()]), "http-failure", False,
         "connection_reset"),
        (seen(dns(), *twice(tcp(Failure.TIMEOUT)), control=[dns(), tcp(), tls(), page()]), "tcp_ip", False,
         "generic_timeout_error"),
        (seen(dns(Failure.DNS_NXDOMAIN), trusted(), control=[dns(), tcp(), tls(), page()]), "dns", False,
         "dns_nxdomain_error"),
        (seen(dns(), *twice(tcp(Failure.TIMEOUT)), references=DEAD), None, None, "generic_timeout_error"),
    ],
    ids=["accessible", "tls", "tcp", "dns", "line"],
)  # fmt: skip
def test_our_verdict_is_put_into_oonis_words(
    measurement: Measurement, blocking: object, accessible: object, failure: str | None
) -> None:
    keys = exported(measurement)["test_keys"]
    assert (keys["blocking"], keys["accessible"]) == (blocking, accessible)
    assert keys["http_experiment_failure"] == failure
    said = ooni.read(exported(measurement))
    assert (said.blocking, said.accessible) == (blocking, accessible)


def test_the_lines_of_speed_are_oonis_cumulative_bytes() -> None:
    events = exported(throttled())["test_keys"]["network_events"]
    cumulative = [one for one in events if one["operation"] == "bytes_received_cumulative"]
    assert len(cumulative) == 20
    assert [one["num_bytes"] for one in cumulative] == sorted(one["num_bytes"] for one in cumulative)


def test_an_exported_line_holds_our_own_line() -> None:
    own = jsonl.record(rich(), judge(rich()))
    assert exported(rich())["test_keys"]["x_kedergi"] == json.loads(json.dumps(own))
