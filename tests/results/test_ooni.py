"""OONI's measurements judged by our rules: its QA cases, every age of its format, and holes anywhere."""

import base64
import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from results.failure import Failure
from results.formats import ooni
from results.formats.files import Unreadable
from results.formats.ooni_failures import failure_of, layer_of
from results.judgement import Confidence, Judgement, Verdict
from results.records import Aim, DnsStep, HttpStep, Layer, Measurement, Source, TcpStep, TlsStep, Via
from results.verdict import judge
from tests.results.judged import judged
from tests.results.ooni_build import (
    EX,
    PAGE,
    PX,
    RESET,
    TIMEOUT,
    Json,
    both,
    connect,
    control,
    doh,
    get,
    old,
    plain,
    secure,
    seen,
    shake,
    system,
    to,
    udp,
)
from tests.results.ooni_cases import ALL_AGREE, CASES, HTTP, HTTPS, MADE, TO_SITE, WWW, Case

SAMPLES = Path(__file__).parent / "samples"
BY_NAME = {case.name: case for case in CASES}
FINE = BY_NAME["successWithHTTPS"].seen
ACCUSING = {Verdict.BLOCKED, Verdict.THROTTLED}


def read(found: Json) -> Measurement:
    return ooni.read(found).measurement


def verdict(found: Json) -> Judgement:
    return judge(read(found))


# The QA cases


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_of_oonis_suite_gets_our_verdict(case: Case) -> None:
    found = verdict(case.seen)
    assert (found.verdict, sorted(found.mechanisms)) == (case.verdict, sorted(case.mechanisms)), found.reasons


def test_one_attempt_confirms_nothing_and_a_failure_seen_once_is_weak() -> None:
    for case in CASES:
        found = verdict(case.seen)
        if found.verdict is Verdict.BLOCKED:
            assert found.confidence in {"weak", "likely"}, case.name
            failed = "tried once" in found.reasons[0].says
            assert not failed or found.confidence == "weak", case.name
            assert "tried twice" not in found.reasons[0].says, case.name


def test_no_case_is_written_twice() -> None:
    assert len(BY_NAME) == len(CASES) == 50


@pytest.mark.parametrize("version", ["0.4.3", "0.1.0", "0.0.1"])
def test_older_programs_saw_less_and_accuse_nobody_else(version: str) -> None:
    """By the words of the Python program a reset and an end are one, and its control tells of no handshakes."""
    accused = {}
    for case in CASES:
        found = verdict(old(case.seen, version))
        assert (found.verdict in ACCUSING) == (case.verdict in {"blocked", "throttled"}), (case.name, found.reasons)
        accused[case.name] = found.verdict
    assert set(accused.values()) == {"accessible", "blocked", "throttled", "down", "inconclusive"}


@pytest.mark.parametrize("marks", [("tags",), ("transaction_id",), ("tags", "transaction_id", "t0", "t")])
def test_the_verdict_needs_no_marks_and_no_times(marks: tuple[str, ...]) -> None:
    for case in CASES:
        bare = copy.deepcopy(case.seen)
        for name in ("queries", "tcp_connect", "tls_handshakes", "requests"):
            for row in bare["test_keys"][name]:
                for mark in marks:
                    row.pop(mark, None)
        assert verdict(bare).verdict == case.verdict, case.name


# Holes


def holes(found: Json) -> Iterator[tuple[str, Json]]:
    """The measurement again and again, each time with one thing null or gone."""

    def without(*path: Any, null: bool) -> tuple[str, Json]:
        made = copy.deepcopy(found)
        spot: Any = made
        for part in path[:-1]:
            spot = spot[part]
        if null:
            spot[path[-1]] = None
        else:
            del spot[path[-1]]
        return ".".join(map(str, path)), made

    keys = found["test_keys"]
    paths: list[tuple[Any, ...]] = [(key,) for key in found]
    paths += [("test_keys", key) for key in keys]
    paths += [("test_keys", "control", key) for key in keys.get("control") or ()]
    for name in ("queries", "tcp_connect", "tls_handshakes", "requests"):
        for place, row in enumerate(keys.get(name) or ()):
            paths += [("test_keys", name, place)] + [("test_keys", name, place, key) for key in row]
            for inner in ("status", "request", "response"):
                paths += [("test_keys", name, place, inner, key) for key in row.get(inner) or ()]
    for path in paths:
        yield without(*path, null=True)
        yield without(*path, null=False)


@pytest.mark.parametrize("version", ["0.5.28", "0.4.3", "0.0.1"])
@pytest.mark.parametrize(
    "name",
    [
        "successWithHTTP",
        "successWithHTTPS",
        "cloudflareCAPTCHAWithHTTP",
        "dnsHijackingToProxyWithHTTPSURL",
        "idnaWithoutCensorshipLowercase",
        "websiteDownNXDOMAIN",
    ],
)
def test_a_hole_in_the_record_accuses_nobody(name: str, version: str) -> None:
    whole = BY_NAME[name].seen if version.startswith("0.5") else old(BY_NAME[name].seen, version)
    for hole, made in holes(whole):
        try:
            found = verdict(made)
        except Unreadable:
            continue
        assert found.verdict not in ACCUSING, (hole, found.reasons)


@pytest.mark.parametrize("value", [None, "", 0, [], {}, "x", True, [None], {"a": None}])
def test_everything_may_be_nothing(value: Any) -> None:
    made = {**FINE, "test_keys": dict.fromkeys(FINE["test_keys"], value)}
    assert verdict(made).verdict in {"inconclusive", "accessible"}
    top = {**dict.fromkeys(FINE, value), "input": HTTPS, "test_keys": {}, "test_name": "web_connectivity"}
    assert verdict(top).verdict == "inconclusive"


# The frame


def test_the_frame_is_told_in_our_words() -> None:
    measurement = read(FINE)
    assert measurement.url == HTTPS
    assert measurement.started_at.isoformat() == "2026-11-22T09:00:00+00:00"
    assert measurement.runtime_ms == 1250
    vantage = measurement.vantage
    assert (vantage.name, vantage.country, vantage.asn) == ("ooni-kz-as9198", "KZ", 9198)
    assert (vantage.network, vantage.vantage_class) == ("Kazakhtelecom", "unknown")
    assert measurement.control is not None
    assert measurement.control.name == "https://0.th.example.org"
    assert measurement.asns == {EX: 15133}
    assert measurement.software == "a-probe/1.0 web_connectivity 0.5.28"


def test_a_measurement_has_its_own_id_or_always_the_same_one() -> None:
    assert read({**FINE, "measurement_uid": "2026_KZ_1"}).uid == "2026_KZ_1"
    assert read({**FINE, "id": "a9b1"}).uid == "a9b1"
    assert read(FINE).uid == read(FINE).uid != read({**FINE, "report_id": "another"}).uid


@pytest.mark.parametrize(
    ("changed", "time"),
    [
        ({"measurement_start_time": None}, "2026-11-22T08:59:59+00:00"),
        ({"measurement_start_time": "yesterday", "test_start_time": None}, "2026-11-22T08:59:59+00:00"),
    ],
)
def test_a_lost_time_is_taken_from_what_began_with_it(changed: Json, time: str) -> None:
    assert read({**FINE, **changed}).started_at.isoformat() == time


def test_a_measurement_without_any_time_is_judged_and_has_none() -> None:
    bare = {key: value for key, value in FINE.items() if "time" not in key and key != "report_id"}
    found = ooni.read(bare)
    assert not found.dated
    assert judge(found.measurement).verdict is Verdict.ACCESSIBLE


def test_unknown_networks_and_countries_are_none() -> None:
    vantage = read({**FINE, "probe_asn": "AS0", "probe_cc": "ZZ", "annotations": {"network_type": "mobile"}}).vantage
    assert (vantage.asn, vantage.country, vantage.vantage_class) == (None, None, "mobile")


def test_oonis_verdict_is_kept_and_decides_nothing() -> None:
    made = copy.deepcopy(FINE)
    made["test_keys"] |= {"blocking": "tcp_ip", "accessible": False}
    found = ooni.read(made)
    assert (found.blocking, found.accessible) == ("tcp_ip", False)
    assert judge(found.measurement) == verdict(FINE)


@pytest.mark.parametrize("raw", [FINE, json.dumps(FINE)], ids=["object", "text"])
def test_explorers_wrapper_is_opened(raw: Any) -> None:
    wrapped = {"raw_measurement": raw, "measurement_uid": "20261122_KZ_made", "anomaly": False, "test_keys": None}
    measurement = read(wrapped)
    assert (measurement.uid, measurement.steps) == ("20261122_KZ_made", read(FINE).steps)


@pytest.mark.parametrize(
    ("found", "says"),
    [
        ({"raw_measurement": ""}, "its raw_measurement is empty"),
        ({"raw_measurement": None}, "its raw_measurement is empty"),
        ({"raw_measurement": "{"}, "it is no JSON"),
        ({"raw_measurement": "[]"}, "it is no JSON object"),
        ({"raw_measurement": [1]}, "its raw_measurement is empty"),
        ({**FINE, "test_name": "telegram"}, "OONI's test 'telegram'; only web_connectivity is read"),
        ({"test_name": "web_connectivity"}, "it has no test_keys"),
        ({"test_keys": {}}, "it names no URL"),
    ],
)
def test_what_is_no_measurement_is_refused_with_a_sentence(found: Json, says: str) -> None:
    with pytest.raises(Unreadable, match=says):
        ooni.read(found)


# Steps


def steps_of(found: Json, kind: type[Any]) -> list[Any]:
    return [step for step in read(found).steps if isinstance(step, kind)]


def test_lookups_stand_by_who_was_asked() -> None:
    asked: list[DnsStep] = steps_of(FINE, DnsStep)
    assert [(step.via, step.endpoint) for step in asked] == [
        (Via.SYSTEM, "system"),
        (Via.EXTRA, "udp://8.8.4.4:53"),
        (Via.TRUSTED, "https://dns.google/dns-query"),
    ]


def test_the_two_families_of_one_lookup_are_one_step() -> None:
    four, six = system(WWW, EX), system(WWW, "2606:2800:220:1::1")
    six[1].update(query_type="AAAA", engine="system", answers=[{"answer_type": "AAAA", "ipv6": "2606:2800:220:1::1"}])
    four[1].update(query_type="A", engine="system")
    asked = steps_of(seen(HTTPS, six, four), DnsStep)
    assert [step.addresses for step in asked] == [(EX, "2606:2800:220:1::1")]


def test_no_address_of_one_family_is_no_failure() -> None:
    missing = udp(WWW, "dns_no_answer")
    missing[1]["query_type"] = "AAAA"
    asked = steps_of(seen(HTTPS, udp(WWW, EX), missing), DnsStep)
    assert [(step.failure, step.addresses) for step in asked] == [(None, (EX,))]


def test_a_late_answer_stands_behind_the_first() -> None:
    late = udp(WWW, EX)[1]
    made = seen(HTTPS, system(WWW, PX), udp(WWW, PX), doh(WWW, EX), connect(PX, 443, TIMEOUT), control=both(EX))
    made["test_keys"]["x_dns_duplicate_responses"] = [late]
    heard = next(step for step in steps_of(made, DnsStep) if step.via is Via.EXTRA)
    assert [answer.addresses for answer in heard.answers] == [(PX,), (EX,)]
    assert verdict(made).mechanisms[0] == "dns.injection"


def test_a_resolvers_own_name_is_no_lookup_of_the_site() -> None:
    assert len(steps_of(seen(HTTPS, *ALL_AGREE, system("dns.google", "8.8.8.8")), DnsStep)) == 3


def test_an_address_is_whose_resolver_gave_it() -> None:
    others = ("192.0.2.1", "192.0.2.2")
    rows = (system(WWW, EX), udp(WWW, others[0]), doh(WWW, PX))
    ways = [connect(ip, 443) for ip in (EX, PX, *others)]
    found = steps_of(seen(HTTPS, *rows, *ways, control=control(others[1])), TcpStep)
    assert {step.ip: step.source for step in found} == {
        EX: Source.SYSTEM,
        PX: Source.TRUSTED,
        others[1]: Source.CONTROL,
    }, "what only an unencrypted resolver gave is left out"


def test_the_other_port_of_an_http_address_is_a_test_beside() -> None:
    aims = {step.endpoint: step.aim for step in steps_of(BY_NAME["successWithHTTP"].seen, TcpStep)}
    assert aims == {f"{EX}:80": Aim.VISIT, f"{EX}:443": Aim.OTHER_PORT}


def test_certificates_are_read() -> None:
    made = seen(HTTPS, *ALL_AGREE, connect(EX, 443), shake(EX, WWW, "ssl_unknown_authority", der=[MADE, b"no DER"]))
    chain = steps_of(made, TlsStep)[0].chain
    assert [certificate.issuer for certificate in chain] == ["CN=made for a test", ""]
    assert all(len(certificate.sha256) == 64 for certificate in chain)


def test_a_handshake_without_an_address_belongs_to_the_next_connection() -> None:
    rows = [connect(PX, 443, TIMEOUT), connect(EX, 443), shake(EX, WWW), connect(PX, 443), shake(PX, WWW, RESET)]
    made = old(seen(HTTPS, system(WWW, EX, PX), *rows), "0.4.0")
    for row in made["test_keys"]["tls_handshakes"]:
        del row["address"]
    assert [(step.ip, step.failure) for step in steps_of(made, TlsStep)] == [(EX, None), (PX, Failure.RESET)]


def test_bytes_of_a_handshake_are_counted() -> None:
    way, handshake = connect(EX, 443), shake(EX, WWW)
    events = [
        {"operation": "read", "num_bytes": size, "t": t, "t0": t, "transaction_id": handshake[1]["transaction_id"]}
        for size, t in ((517, 0.05), (336, 0.07), (9000, 0.1))
    ]
    made = seen(HTTPS, *ALL_AGREE, way, handshake)
    made["test_keys"]["network_events"] = events
    assert steps_of(made, TlsStep)[0].received_bytes == 517 + 336


def test_a_page_in_another_charset_packed_as_base64_is_read() -> None:
    page = "<title>Доступ  ограничен &amp; закрыт</title>".encode("cp1251")
    packed = {"format": "base64", "data": base64.b64encode(page).decode()}
    headers = {"Content-Type": "text/html; charset=windows-1251", "Set-Cookie": "id=secret; path=/"}
    made = seen(HTTP, *ALL_AGREE, *plain(HTTP, EX, 200, packed, headers=headers))
    step: HttpStep = steps_of(made, HttpStep)[0]
    assert step.title == "Доступ ограничен & закрыт"
    assert step.body_bytes == len(page)
    assert dict(step.headers)["set-cookie"] == "id"
    assert "secret" not in str(step)


def test_a_page_over_tls_is_not_kept() -> None:
    assert [step.body for step in steps_of(FINE, HttpStep)] == [None]


def test_a_body_that_still_flows_when_time_is_over_is_cut_and_counts_as_read() -> None:
    rows = [*ALL_AGREE, connect(EX, 80), get(HTTP, EX, 200, "x" * 90_000, TIMEOUT, truncated=True)]
    rows[-1][1].update(t0=0.1, t=10.1)
    made = seen(HTTP, *rows, control=both(EX))
    number = rows[-1][1]["transaction_id"]
    made["test_keys"]["network_events"] = [
        {"operation": "bytes_received_cumulative", "num_bytes": 900 * tenth, "t": tenth / 10, "transaction_id": number}
        for tenth in range(1, 101)
    ]
    step: HttpStep = steps_of(made, HttpStep)[0]
    assert (step.failure, step.capped) == (None, True)
    assert step.kbps == pytest.approx(72, rel=0.01)
    del made["test_keys"]["network_events"][50:]
    stopped: HttpStep = steps_of(made, HttpStep)[0]
    assert stopped.failure is Failure.TIMEOUT
    assert verdict(made).mechanisms == ("throughput.freeze",)


def test_what_the_program_broke_off_is_no_failure_of_the_site() -> None:
    for word in ("interrupted", "connection_already_closed"):
        made = seen(HTTPS, *ALL_AGREE, connect(EX, 443, word), control=both(EX))
        assert verdict(made).verdict is Verdict.INCONCLUSIVE


def test_trouble_of_the_machine_itself_accuses_nobody() -> None:
    for word in ("address_not_available", "no_buffer_space", "unknown_failure: socket: too many open files"):
        assert verdict(seen(HTTPS, *ALL_AGREE, connect(EX, 443, word), control=both(EX))).verdict == "inconclusive"


def test_a_redirect_that_nobody_followed_is_no_page() -> None:
    rows = [*ALL_AGREE, connect(EX, 443), shake(EX, WWW)]
    assert verdict(seen(HTTPS, *rows, to(HTTPS, EX, "https://www.example.net/"))).verdict == "inconclusive"


def test_requests_may_stand_oldest_first() -> None:
    usual = old(BY_NAME["idnaWithoutCensorshipLowercase"].seen, "0.4.3")
    made = copy.deepcopy(usual)
    made["test_keys"]["requests"].reverse()
    assert read(made).hops == read(usual).hops == (usual["input"], "https://yandex.com/", "https://ya.ru/")


def test_a_lost_first_request_leaves_its_hop() -> None:
    """The second name is the one that is judged; that it exists is known from the page that the control came to."""
    made = old(BY_NAME["redirectWithConsistentDNSAndThenNXDOMAIN"].seen, "0.4.3")
    assert read(made).hops == (made["input"], HTTPS)
    del made["test_keys"]["requests"][-1]
    assert read(made).hops == (made["input"], HTTPS)
    found = verdict(made)
    assert (found.verdict, found.confidence) == (Verdict.BLOCKED, Confidence.WEAK)


def test_an_older_program_gave_up_one_redirect_earlier() -> None:
    made = old(BY_NAME["redirectWithMoreThanTenRedirectsAndHTTP"].seen, "0.4.3")
    newest = made["test_keys"]["requests"].pop(0)
    made["test_keys"]["requests"][0]["failure"] = newest["failure"].replace("too many", "10")
    assert verdict(made).verdict is Verdict.DOWN


def test_a_redirect_that_ooni_does_not_follow_is_an_end() -> None:
    rows = [*ALL_AGREE, connect(EX, 443), shake(EX, WWW), to(HTTPS, EX, "https://www.example.net/", 303)]
    assert verdict(seen(HTTPS, *rows, control=both(EX))).verdict is Verdict.ACCESSIBLE


def test_a_reset_without_a_handshakes_record_is_put_at_the_handshake() -> None:
    for name in (
        "tlsBlockingConnectionResetWithConsistentDNS",
        "redirectWithConsistentDNSAndThenConnectionResetForHTTPS",
    ):
        assert verdict(old(BY_NAME[name].seen, "0.1.0")).mechanisms == ("tls.reset",)


def test_a_scrubbed_address_was_dialled_by_nobody() -> None:
    made = seen(HTTPS, *ALL_AGREE, connect("[scrubbed]", 443, RESET), *TO_SITE, control=both(EX))
    assert [step.ip for step in steps_of(made, TcpStep)] == [EX]


def test_of_a_list_without_end_the_first_rows_count() -> None:
    made = copy.deepcopy(FINE)
    made["test_keys"]["tcp_connect"] *= 20_000
    assert len(steps_of(made, TcpStep)) == 500


# The control's page


def test_the_controls_endpoints_serve_the_same_names_other_scheme() -> None:
    """A redirect to HTTPS at the same host, and a reset there: the control's handshake with it is known."""
    rows = [system(WWW, EX), connect(EX, 80), to(HTTP, EX, HTTPS, 301)]
    rows += [connect(EX, 443, depth=1), shake(EX, WWW, RESET, depth=1)]
    found = verdict(seen(HTTP, *rows, control=both(EX)))
    assert (found.verdict, found.mechanisms) == (Verdict.BLOCKED, ("tls.reset",))


def test_an_unproven_redirect_to_another_site_is_no_way_that_the_control_went() -> None:
    warning = "http://warning.example.net/"
    rows = [*ALL_AGREE, connect(EX, 80), to(HTTP, EX, warning), system("warning.example.net", PX, depth=1)]
    made = seen(HTTP, *rows, *plain(warning, PX, 200, "no", depth=1), control=both(EX))
    measurement = read(made)
    assert measurement.control is not None
    assert measurement.control.hops == (HTTP,)
    assert judge(measurement).verdict is Verdict.INCONCLUSIVE


def test_what_is_put_in_says_so() -> None:
    made = BY_NAME["redirectWithConsistentDNSAndThenConnectionResetForHTTPS"].seen
    there = read(made).control
    assert there is not None
    second = [step for step in there.steps if step.hop == 1 and not isinstance(step, HttpStep)]
    assert {step.detail for step in second} == {"not recorded: what came after it tells"}


def test_where_resolvers_disagree_the_control_was_elsewhere() -> None:
    rows = [system("bit.ly", PX), connect(PX, 443), shake(PX, "bit.ly"), to("https://bit.ly/1", PX, HTTPS)]
    rows += [system(WWW, EX, depth=1), connect(EX, 443, depth=1), shake(EX, WWW, RESET, depth=1)]
    assert verdict(seen("https://bit.ly/1", *rows, control=both(PX))).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("body", [None, "missing"])
def test_a_page_without_its_body_is_not_compared(body: Any) -> None:
    made = copy.deepcopy(BY_NAME["httpDiffWithConsistentDNS"].seen)
    response = made["test_keys"]["requests"][0]["response"]
    response["body"] = None
    if body == "missing":
        del response["body"]
    assert verdict(made).verdict is Verdict.INCONCLUSIVE


# Words


@pytest.mark.parametrize(
    ("words", "failure", "layer"),
    [
        (None, None, None),
        ("", None, None),
        (False, None, None),
        *((str(failure), failure, None) for failure in (Failure.TIMEOUT, Failure.RESET, Failure.CLOSED)),
        ("dns_nxdomain_error", Failure.DNS_NXDOMAIN, Layer.DNS),
        ("android_dns_cache_no_data", Failure.DNS_NO_ANSWER, Layer.DNS),
        ("dns_lookup_error", Failure.DNS_OTHER, Layer.DNS),
        ("connection_refused_error", Failure.REFUSED, Layer.TCP),
        ("tcp_timed_out_error", Failure.TIMED_OUT, Layer.TCP),
        ("connect_error", Failure.UNKNOWN, Layer.TCP),
        ("response_never_received", Failure.CLOSED, None),
        ("ssl_invalid_hostname", Failure.TLS_HOSTNAME, Layer.TLS),
        ("http_request_failed", Failure.HTTP_GARBAGE, Layer.HTTP),
        ("socks_host_unreachable", Failure.UNKNOWN, None),
        ("unknown_error", Failure.UNKNOWN, None),
        ("unknown_failure: read: connection reset by peer", Failure.RESET, None),
        ("unknown_failure: lookup x: no such host", Failure.DNS_NXDOMAIN, Layer.DNS),
        ("unknown_failure: something new", Failure.UNKNOWN, None),
        ({"format": "base64", "data": "AA=="}, Failure.UNKNOWN, None),
        (17, Failure.UNKNOWN, None),
    ],
)
def test_oonis_words_become_ours(words: Any, failure: Failure | None, layer: Layer | None) -> None:
    assert (failure_of(words), layer_of(words)) == (failure, layer)


@pytest.mark.parametrize("failure", Failure)
def test_our_words_are_oonis(failure: Failure) -> None:
    assert failure_of(str(failure)) is failure


# The samples


SAMPLE_VERDICTS = {
    "0.5.json": ["blocked"],
    "0.4.jsonl": ["blocked", "accessible"],
    "0.1.jsonl": ["down", "blocked"],
    "0.0.jsonl": ["accessible", "blocked", "blocked"],
    "explorer-object.json": ["accessible"],
    "explorer-text.json": ["accessible"],
    "another-test.json": ["inconclusive"],
}


@pytest.mark.parametrize("name", SAMPLE_VERDICTS)
def test_a_sample_of_every_age_and_form_is_judged(name: str) -> None:
    assert judged(SAMPLES / name).verdicts == SAMPLE_VERDICTS[name]


def test_every_sample_is_judged() -> None:
    assert sorted(path.name for path in SAMPLES.iterdir()) == sorted(SAMPLE_VERDICTS)


def test_a_site_over_tls_is_read(tmp_path: Path) -> None:
    made = seen(HTTPS, *ALL_AGREE, *secure(HTTPS, EX), control=both(EX))
    assert made["test_keys"]["requests"][0]["response"]["body"] == PAGE
    assert len(TO_SITE) == 3
    (tmp_path / "one.json").write_text(json.dumps(made, indent=1), encoding="utf-8")
    assert judged(tmp_path / "one.json").verdicts == ["accessible"]
