"""One measurement with its verdict as one JSON object a line: the public form, which scripts and `judge` read."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from pydantic import ValidationError

from results.formats.files import Unreadable
from results.judgement import Judgement
from results.records import SCHEMA, Measurement, adapter, iso

_NUMBER_MAX = 1e15
_BESIDE = ("uid", "url", "started_at", "runtime_ms", "vantage", "schema")  # shown beside the evidence, not in it


def line(measurement: Measurement, judgement: Judgement) -> str:
    """One line of UTF-8 JSON without its end. A field without a value is null, never absent."""
    return written(record(measurement, judgement))


def written(found: Mapping[str, Any]) -> str:
    """An object as one line of UTF-8 JSON without its end."""
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))


def record(measurement: Measurement, judgement: Judgement) -> dict[str, Any]:
    """The public object. `evidence` is the measurement as it is stored, without what stands beside it already."""
    vantage, timings = measurement.vantage, judgement.timings
    evidence = adapter().dump_python(measurement, mode="json")
    for shown in _BESIDE:
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
        "throttling": judgement.throttling and asdict(judgement.throttling),
        "status": judgement.status,
        "evidence": evidence,
    }


def is_ours(found: Mapping[str, Any]) -> bool:
    """Whether an object is a line that was written here."""
    return "evidence" in found and "verdict" in found


def read(found: Mapping[str, Any]) -> Measurement:
    """The measurement of a line, from its evidence; the verdict that it bears is not looked at. Raises Unreadable."""
    schema, evidence, vantage = found.get("schema"), found.get("evidence"), found.get("vantage")
    if schema != SCHEMA:
        raise Unreadable(f"its schema is {schema!r:.20}; this program reads {SCHEMA}")
    if not isinstance(evidence, dict) or not isinstance(vantage, dict):
        raise Unreadable("it has no evidence to judge")
    beside = {name: found[name] for name in _BESIDE if name in found}
    stood = {name: value for name, value in vantage.items() if name != "class"}
    stood["vantage_class"] = vantage.get("class")
    try:
        measurement = adapter().validate_python({**evidence, **beside, "vantage": stood})
        iso(measurement.started_at)
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Unreadable(f"its field {where!r:.100} is not as written here: {first['msg']}") from exc
    except (OverflowError, ValueError) as exc:
        raise Unreadable(f"its started_at is no time that can be told: {exc}") from exc
    if not all(abs(number) < _NUMBER_MAX for number in _numbers(found)):
        raise Unreadable("it has a number that is none, or none that was ever measured")
    return measurement


def _numbers(value: Mapping[str, Any]) -> Iterator[float]:
    """Every number in an object as JSON has it, however deep."""
    waiting: list[Any] = [value]
    while waiting:
        one = waiting.pop()
        for inner in one.values() if isinstance(one, Mapping) else one:
            kind = type(inner)
            if kind is dict or kind is list:
                waiting.append(inner)
            elif kind is int or kind is float:
                yield inner
