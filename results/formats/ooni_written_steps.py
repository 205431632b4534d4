"""A visit's steps as OONI's rows: queries, connections, handshakes, requests and network events.

A/B tests and samples have no place there: another name's handshake at the site's address would be read as the site's.
Times are seconds since the measurement began, as with OONI; rows of one connection share a transaction_id.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from results.failure import Failure
from results.records import (
    Aim,
    AnyStep,
    Control,
    DnsAnswer,
    DnsStep,
    HttpStep,
    Measurement,
    Step,
    TcpStep,
    TlsStep,
    Via,
)

Row = dict[str, Any]
_OF_A_VISIT = frozenset({Aim.VISIT, Aim.OTHER_PORT})
_LOOKUPS, _TRUSTED, _CONNECTIONS = 10_000, 30_000, 50_000  # from where on OONI numbers them
_ENGINES = {Via.SYSTEM: "getaddrinfo", Via.UDP: "udp", Via.EXTRA: "udp", Via.TRUSTED: "doh"}


def visits(steps: Iterable[AnyStep]) -> list[AnyStep]:
    """Those that OONI's fields have a place for."""
    return [step for step in steps if step.aim in _OF_A_VISIT]


def said(one: Step | DnsAnswer | Control) -> str | None:
    """The failure, with its own words where ours has none."""
    if one.failure is None:
        return None
    detail = "" if isinstance(one, DnsAnswer) else one.detail
    return f"{one.failure}: {detail}" if one.failure is Failure.UNKNOWN and detail else str(one.failure)


@dataclass(slots=True)
class Steps:
    """The lists of `test_keys`."""

    queries: list[Row] = field(default_factory=list)
    trusted: list[Row] = field(default_factory=list)
    late: list[Row] = field(default_factory=list)
    connections: list[Row] = field(default_factory=list)
    handshakes: list[Row] = field(default_factory=list)
    requests: list[Row] = field(default_factory=list)  # the newest first
    events: list[Row] = field(default_factory=list)

    @classmethod
    def of(cls, measurement: Measurement) -> "Steps":
        made = cls()
        ways: dict[tuple[int, str, int], int] = {}
        for number, step in enumerate(visits(measurement.steps), 1):
            if isinstance(step, DnsStep):
                made._ask(step, number, measurement.asns)
                continue
            way = ways.setdefault((step.hop, step.endpoint, step.attempt), _CONNECTIONS + len(ways) + 1)
            common = {"t0": step.t0, "t": step.t, "tags": [f"depth={step.hop}"], "transaction_id": way}
            if isinstance(step, TcpStep):
                made.connections.append(_connection(step, common))
            elif isinstance(step, TlsStep):
                made._shake(step, common)
            else:
                made._fetch(step, common)
        made.requests.reverse()
        return made

    def _ask(self, step: DnsStep, number: int, asns: Mapping[str, int]) -> None:
        trusted = step.via is Via.TRUSTED
        common = {
            "engine": _ENGINES[step.via],
            "hostname": step.name,
            "resolver_hostname": None,
            "resolver_port": None,
            "resolver_address": _resolver(step),
            "t0": step.t0,
            "tags": [f"depth={step.hop}"],
            "transaction_id": (_TRUSTED if trusted else _LOOKUPS) + number,
        }
        first, *later = step.answers or (DnsAnswer(t=step.t, failure=step.failure),)
        into = self.trusted if trusted else self.queries
        whole = step.via is Via.SYSTEM
        into += [{**common, **row} for row in _answers(first, said(step), asns, step.t, whole=whole)]
        for one in later:
            self.late += [{**common, **row} for row in _answers(one, said(one), asns, one.t, whole=whole)]

    def _shake(self, step: TlsStep, common: Row) -> None:
        self.handshakes.append(
            {
                "network": "tcp",
                "address": step.endpoint,
                "cipher_suite": "",
                "failure": said(step),
                "negotiated_protocol": step.alpn,
                "no_tls_verify": False,
                "peer_certificates": [],  # what is kept of them is no certificate any more; see x_kedergi
                "server_name": step.name,
                "tls_version": step.version,
                **common,
            }
        )
        if step.received_bytes:
            self.events.append(_event("read", step, common, step.t, step.received_bytes))

    def _fetch(self, step: HttpStep, common: Row) -> None:
        self.requests.append(
            {
                "network": "tcp",
                "address": step.endpoint,
                "alpn": {"HTTP/2": "h2", "HTTP/1.1": "http/1.1"}.get(step.http_version, ""),
                "failure": said(step),
                "request": _request(step.url),
                "response": _response(step),
                **common,
            }
        )
        self.events += [_event("bytes_received_cumulative", step, common, at, amount) for at, amount in step.curve]


def _resolver(step: DnsStep) -> str:
    if step.via is Via.SYSTEM:
        return ""
    host = step.endpoint.removeprefix("udp://")
    return f"{host}:53" if host != step.endpoint and ":" not in host else host


def _answers(one: DnsAnswer, failure: str | None, asns: Mapping[str, int], t: float, *, whole: bool) -> Iterable[Row]:
    """The system answers for both families at once; of others each family is a query of its own."""
    kinds = {"AAAA" if ":" in ip else "A" for ip in one.addresses} or {"A"}
    for kind in ("ANY",) if whole else sorted(kinds):
        addresses = [ip for ip in one.addresses if whole or (":" in ip) == (kind == "AAAA")]
        answers = [_answer(ip, asns) for ip in addresses] or None
        yield {"query_type": kind, "failure": failure, "answers": answers, "t": t}


def _answer(ip: str, asns: Mapping[str, int]) -> Row:
    kind, name = ("AAAA", "ipv6") if ":" in ip else ("A", "ipv4")
    return {"answer_type": kind, "asn": asns.get(ip, 0), "as_org_name": "", name: ip, "ttl": None}


def _connection(step: TcpStep, common: Row) -> Row:
    ip, _, port = step.endpoint.rpartition(":")
    status = {"failure": said(step), "success": step.failure is None}
    return {"ip": ip.strip("[]"), "port": int(port) if port.isdigit() else 0, "status": status, **common}


def _request(url: str) -> Row:
    return {
        "body": "",
        "body_is_truncated": False,
        "headers_list": [],
        "headers": {},
        "method": "GET",
        "tor": {"exit_ip": None, "exit_name": None, "is_tor": False},
        "x_transport": "tcp",
        "url": url,
    }


def _response(step: HttpStep) -> Row:
    """Where the body was not kept, it is null: empty would say that none came."""
    kept: Sequence[tuple[str, str]] = step.headers
    if step.location and not any(name == "location" for name, _ in kept):
        kept = (*kept, ("location", step.location))
    return {
        "body": "" if step.status is None or step.body_bytes == 0 else step.body,
        "body_is_truncated": step.capped,
        "code": step.status or 0,
        "headers_list": [list(pair) for pair in kept],
        "headers": dict(reversed(kept)),
    }


def _event(operation: str, step: Step, common: Row, at: float, amount: int) -> Row:
    found = {"address": step.endpoint, "failure": None, "num_bytes": amount, "operation": operation, "proto": "tcp"}
    return {**found, **common, "t0": at, "t": at}
