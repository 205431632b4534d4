"""The control's word as OONI's test helper puts it, and how alike the two pages are by OONI's measures.

The helper tells of lookups, connections and handshakes for the first URL alone, and of the last page.
"""

from collections.abc import Mapping
from typing import Any

from results.formats.ooni_written_steps import said, visits
from results.records import AnyStep, Control, DnsStep, HttpStep, Measurement, TcpStep, TlsStep, Via

_ALIKE = 0.7  # of two lengths, as OONI has it
_BY_PROBE, _BY_HELPER = 1, 2  # flags of an address


def control(measurement: Measurement) -> dict[str, Any]:
    """Empty where none spoke."""
    asked = measurement.control
    if asked is None or asked.failure is not None:
        return {}
    first = [step for step in visits(asked.steps) if step.hop == 0]
    addresses = _addresses(first)
    return {
        "dns": {"failure": _dns_failure(first), "addrs": addresses},
        "tcp_connect": {step.endpoint: _outcome(step) for step in first if isinstance(step, TcpStep)},
        "tls_handshake": {
            step.endpoint: {"server_name": step.name, **_outcome(step)} for step in first if isinstance(step, TlsStep)
        },
        "quic_handshake": {},
        "http_request": _page(asked),
        "ip_info": _networks(measurement, addresses),
    }


def _outcome(step: AnyStep) -> dict[str, Any]:
    return {"status": step.failure is None, "failure": said(step)}


def _lookup(steps: list[AnyStep]) -> DnsStep | None:
    asked = [step for step in steps if isinstance(step, DnsStep)]
    return next((step for step in asked if step.via is Via.SYSTEM), next(iter(asked), None))


def _addresses(steps: list[AnyStep]) -> list[str]:
    found = _lookup(steps)
    return list(found.addresses) if found else []


def _dns_failure(steps: list[AnyStep]) -> str | None:
    found = _lookup(steps)
    return said(found) if found else None


def _page(asked: Control) -> dict[str, Any]:
    """Its last one, or how it failed to get one."""
    page = _last_page(asked.steps)
    if page is None or page.failure is not None:
        failed = [step for step in visits(asked.steps) if step.failure is not None]
        failure = said(page or failed[-1]) if page or failed else "unknown_failure"
        return {"body_length": -1, "discovered_h3_endpoint": "", "failure": failure, "title": "", "headers": {},
                "status_code": -1}  # fmt: skip
    return {
        "body_length": page.body_bytes if page.body_bytes is not None else -1,
        "discovered_h3_endpoint": "",
        "failure": None,
        "title": page.title or "",
        "headers": dict(reversed(page.headers)),
        "status_code": page.status if page.status is not None else -1,
    }


def _last_page(steps: tuple[AnyStep, ...]) -> HttpStep | None:
    found = [step for step in visits(steps) if isinstance(step, HttpStep)]
    return max(found, key=lambda step: (step.hop, step.attempt), default=None)


def _networks(measurement: Measurement, addresses: list[str]) -> dict[str, Any]:
    here = {ip for step in visits(measurement.steps) if isinstance(step, DnsStep) for ip in step.addresses}
    told: Mapping[str, int] = measurement.asns
    return {
        ip: {"asn": told.get(ip, 0), "flags": (_BY_PROBE if ip in here else 0) + (_BY_HELPER if ip in addresses else 0)}
        for ip in sorted({*here, *addresses})
    }


def likeness(measurement: Measurement) -> dict[str, Any]:
    """The measures by which OONI compares two pages; null where there are not two."""
    asked = measurement.control
    ours, theirs = _last_page(measurement.steps), _last_page(asked.steps) if asked and asked.spoke else None
    both = ours is not None and theirs is not None and ours.failure is None and theirs.failure is None
    names = ("body_proportion", "body_length_match", "headers_match", "status_code_match", "title_match")
    if not both or ours is None or theirs is None:
        return dict.fromkeys(names)
    proportion = _proportion(ours, theirs)
    return {
        "body_proportion": proportion,
        "body_length_match": None if proportion is None else proportion > _ALIKE,
        "headers_match": {name for name, _ in ours.headers} == {name for name, _ in theirs.headers},
        "status_code_match": ours.status == theirs.status,
        "title_match": ours.title == theirs.title if ours.title and theirs.title else None,
    }


def _proportion(ours: HttpStep, theirs: HttpStep) -> float | None:
    sizes = (ours.body_bytes or 0, theirs.body_bytes or 0)
    return min(sizes) / max(sizes) if min(sizes) > 0 and not ours.capped else None
