"""A measurement of ours as one of OONI's `web_connectivity`, in its data format (df-000 to df-008, ts-017).

What OONI's fields have no place for stands whole in `test_keys.x_kedergi`, from which it is read again; its own fields
are written so that who knows nothing of that reads the same visit. The steps are in ooni_written_steps.py. Nothing
tells whose line it was: the probe's address is 127.0.0.1, as OONI writes it.
"""

from typing import Any

from results.failure import Failure
from results.formats.jsonl import record
from results.formats.ooni_values import EXTENSION
from results.formats.ooni_written_control import control, likeness
from results.formats.ooni_written_steps import Steps, said, visits
from results.judgement import Judgement, Verdict
from results.records import DnsStep, HttpStep, Measurement, Via

DATA_FORMAT = "0.2.0"
TEST_VERSION = "0.5.0"  # whose fields these are
_EXTENSIONS = {"dnst": 0, "httpt": 0, "netevents": 0, "tcpconnect": 0, "tlshandshake": 0, "tunnel": 0}
_TIME = "%Y-%m-%d %H:%M:%S"
_BLOCKING = {"dns": "dns", "tcp": "tcp_ip", "tls": "http-failure", "quic": "http-failure"}
_ANOTHER_PAGE = frozenset({"http.blockpage", "http.redirect", "http.tampered"})


def written(measurement: Measurement, judgement: Judgement) -> dict[str, Any]:
    """The object, in the order of OONI's own."""
    vantage, began = measurement.vantage, measurement.started_at.strftime(_TIME)
    software, _, version = measurement.software.partition(" ")[0].partition("/")
    asked = measurement.control
    return {
        "annotations": _annotations(measurement, judgement),
        "data_format_version": DATA_FORMAT,
        "extensions": _EXTENSIONS,
        "id": measurement.uid,
        "input": measurement.url,
        "measurement_start_time": began,
        "options": [],
        "probe_asn": f"AS{vantage.asn or 0}",
        "probe_cc": vantage.country or "ZZ",
        "probe_ip": "127.0.0.1",
        "probe_network_name": vantage.network or "",
        "report_id": "",
        "resolver_asn": "AS0",
        "resolver_ip": "127.0.0.2",
        "resolver_network_name": "",
        "software_name": software or "kedergi",
        "software_version": version or measurement.software.partition(" ")[2] or "unknown",
        "test_helpers": {"backend": {"address": asked.name, "type": "https"}} if asked else {},
        "test_keys": _test_keys(measurement, judgement),
        "test_name": "web_connectivity",
        "test_runtime": measurement.runtime_ms / 1000,
        "test_start_time": began,
        "test_version": TEST_VERSION,
    }


def _annotations(measurement: Measurement, judgement: Judgement) -> dict[str, str]:
    kind = measurement.vantage.vantage_class
    return {
        "engine_name": "kedergi",
        "kedergi_rules_version": str(judgement.rules_version),
        "kedergi_uid": measurement.uid,
        "kedergi_vantage_class": kind,
        **({"network_type": "mobile"} if kind == "mobile" else {}),
        **({"simulated": measurement.simulated} if measurement.simulated else {}),
    }


def _test_keys(measurement: Measurement, judgement: Judgement) -> dict[str, Any]:
    rows = Steps.of(measurement)
    blocking, accessible = _verdict(judgement)
    trusted = {"network_events": [], "queries": rows.trusted, "requests": [], "tcp_connect": [], "tls_handshakes": []}
    return {
        "agent": "redirect",
        "client_resolver": "",
        "retries": None,
        "socksproxy": None,
        "network_events": rows.events,
        "queries": rows.queries,
        "requests": rows.requests,
        "tcp_connect": rows.connections,
        "tls_handshakes": rows.handshakes,
        "x_doh": trusted,
        "x_dns_duplicate_responses": rows.late,
        "control": control(measurement),
        "control_failure": said(measurement.control) if measurement.control else None,
        "dns_experiment_failure": _dns_failure(measurement),
        "dns_consistency": _dns_consistency(measurement, judgement),
        "http_experiment_failure": None if accessible else _http_failure(measurement),
        **likeness(measurement),
        "blocking": blocking,
        "accessible": accessible,
        EXTENSION: record(measurement, judgement),
    }


def _verdict(judgement: Judgement) -> tuple[str | bool | None, bool | None]:
    """`blocking` and `accessible`: ours as OONI would put it, which has no word for throttling, nor for a layer."""
    verdict, mechanism = judgement.verdict, next(iter(judgement.mechanisms), "")
    if verdict is Verdict.BLOCKED:
        layer = mechanism.partition(".")[0]
        return _BLOCKING.get(layer) or ("http-diff" if mechanism in _ANOTHER_PAGE else "http-failure"), False
    return {
        Verdict.ACCESSIBLE: (False, True),
        Verdict.THROTTLED: (False, True),
        Verdict.DOWN: (False, False),
        Verdict.INCONCLUSIVE: (None, None),
    }[verdict]


def _first_lookup(measurement: Measurement) -> DnsStep | None:
    asked = (step for step in visits(measurement.steps) if isinstance(step, DnsStep) and step.via is Via.SYSTEM)
    return next((step for step in asked if step.hop == 0), None)


def _dns_failure(measurement: Measurement) -> str | None:
    first = _first_lookup(measurement)
    return said(first) if first else None


def _dns_consistency(measurement: Measurement, judgement: Judgement) -> str | None:
    if any(name.startswith("dns.") for name in judgement.mechanisms):
        return "inconsistent"
    asked = measurement.control is not None and measurement.control.failure is None
    return "consistent" if asked and _first_lookup(measurement) else None


def _http_failure(measurement: Measurement) -> str | None:
    """How the visit ended, at whatever layer; None where a page came."""
    own = [step for step in visits(measurement.steps) if step.failure is not Failure.INTERRUPTED]
    last = max((step.hop for step in own), default=0)
    on_last = [step for step in own if step.hop == last and not (isinstance(step, DnsStep) and step.failure is None)]
    if not on_last or any(isinstance(step, HttpStep) and step.failure is None for step in on_last):
        return None
    return next((said(step) for step in reversed(on_last) if step.failure is not None), None)
