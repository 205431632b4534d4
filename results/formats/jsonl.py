"""One measurement with its verdict as one JSON object a line: the public form that scripts read."""

import json
from typing import Any

from results.judgement import Judgement
from results.records import SCHEMA, Measurement, adapter, iso


def line(measurement: Measurement, judgement: Judgement) -> str:
    """One line of UTF-8 JSON without its end. A field without a value is null, never absent."""
    return json.dumps(record(measurement, judgement), ensure_ascii=False, separators=(",", ":"))


def record(measurement: Measurement, judgement: Judgement) -> dict[str, Any]:
    """The public object. `evidence` is the measurement as it is stored, without what stands beside it already."""
    vantage, timings = measurement.vantage, judgement.timings
    evidence = adapter().dump_python(measurement, mode="json")
    for shown in ("uid", "url", "started_at", "runtime_ms", "vantage", "schema"):
        del evidence[shown]
    return {
        "schema": SCHEMA,
        "uid": measurement.uid,
        "url": measurement.url,
        "started_at": iso(measurement.started_at),
        "runtime_ms": round(measurement.runtime_ms, 1),
        "vantage": {
            "name": vantage.name,
            "country": vantage.country,
            "asn": vantage.asn,
            "network": vantage.network,
            "class": vantage.vantage_class,
        },
        "verdict": judgement.verdict.value,
        "mechanisms": list(judgement.mechanisms),
        "confidence": judgement.confidence and judgement.confidence.value,
        "fault": judgement.fault and judgement.fault.value,
        "reasons": [{"rule": reason.rule, "says": reason.says} for reason in judgement.reasons],
        "rules_version": judgement.rules_version,
        "timings_ms": {
            "dns": timings.dns,
            "tcp": timings.tcp,
            "tls": timings.tls,
            "ttfb": timings.ttfb,
            "total": timings.total,
        },
        "kbps": judgement.kbps,
        "status": judgement.status,
        "evidence": evidence,
    }
