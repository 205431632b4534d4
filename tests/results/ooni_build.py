"""OONI's `web_connectivity` measurements as its format describes them, in a line or two; nothing in them is OONI's.

`seen` makes one as version 0.5 writes it. What older programs wrote differently is taken away or renamed by `old`.
"""

import base64
import copy
from collections.abc import Mapping, Sequence
from typing import Any

Json = dict[str, Any]
Row = tuple[str, Json]

# The network of OONI's QA suite, as far as the cases below need it.
EX, BP, PX, BS, BL = "93.184.216.34", "83.224.65.41", "130.192.182.17", "104.154.89.105", "67.199.248.11"
NETWORKS = {EX: 15133, BP: 30722, PX: 137, BS: 396982, BL: 396982}
YX, LF, CF, HB, BOGON = "5.255.255.80", "52.35.36.75", "104.16.132.229", "172.67.144.64", "10.10.34.35"
RESET, TIMEOUT, EOF, REFUSED = "connection_reset", "generic_timeout_error", "eof_error", "connection_refused"
NXDOMAIN, NO_ANSWER = "dns_nxdomain_error", "dns_no_answer"
PAGE = "<html><head><title>Default Web Page</title></head><body>" + "text " * 290 + "</body></html>"
WARNING = "<html><head><title>Access Denied</title></head><body>" + "no " * 35 + "</body></html>"
HEADERS = {"Content-Type": "text/html", "Server": "nginx", "Alt-Svc": 'h3=":443"'}


def _said(given: Sequence[str | None]) -> tuple[list[str], str | None]:
    failed = next((word for word in given if word and not word[0].isdigit() and ":" not in word), None)
    return [ip for ip in given if ip and ip != failed], failed


def _query(host: str, given: Sequence[str | None], **more: Any) -> Json:
    addresses, failure = _said(given)
    answers = [{"answer_type": "A", "asn": NETWORKS.get(ip, 0), "as_org_name": "", "ipv4": ip} for ip in addresses]
    common = {"hostname": host, "query_type": "A", "failure": failure, "answers": answers or None, "rcode": 0}
    return {**common, "t0": 0.001, "t": 0.02, "tags": ["depth=0"], "resolver_address": "", **more}


def system(host: str, *given: str | None, depth: int = 0) -> Row:
    """What getaddrinfo said: addresses, or a failure."""
    more = {"engine": "getaddrinfo", "query_type": "ANY", "transaction_id": 10001 + depth}
    return "queries", _query(host, given, tags=["classic", f"depth={depth}"], **more)


def udp(host: str, *given: str | None, depth: int = 0) -> Row:
    more = {"engine": "udp", "resolver_address": "8.8.4.4:53", "transaction_id": 20001 + depth}
    return "queries", _query(host, given, tags=[f"depth={depth}"], **more)


def doh(host: str, *given: str | None) -> Row:
    more = {"engine": "doh", "resolver_address": "https://dns.google/dns-query", "transaction_id": 30001}
    return "x_doh", _query(host, given, **more)


def connect(ip: str, port: int, failure: str | None = None, *, depth: int = 0, t: float = 0.03) -> Row:
    row = {"ip": ip, "port": port, "status": {"failure": failure, "success": failure is None}}
    return "tcp_connect", {**row, "t0": 0.02, "t": t, "tags": [f"depth={depth}"], "transaction_id": _number(ip, port)}


def shake(ip: str, name: str, failure: str | None = None, *, depth: int = 0, der: Sequence[bytes] = ()) -> Row:
    chain = [{"format": "base64", "data": base64.b64encode(one).decode()} for one in der]
    row = {
        "network": "tcp",
        "address": f"{ip}:443",
        "server_name": name,
        "failure": failure,
        "peer_certificates": chain,
    }
    more = {"tls_version": "TLSv1.3", "negotiated_protocol": "h2", "no_tls_verify": False, "cipher_suite": ""}
    marks = {"tags": [f"depth={depth}"], "transaction_id": _number(ip, 443)}
    return "tls_handshakes", {**row, **more, "t0": 0.03, "t": 0.08, **marks}


def get(
    url: str,
    ip: str,
    status: int = 200,
    body: str | Json = PAGE,
    failure: str | None = None,
    *,
    depth: int = 0,
    headers: Json | None = None,
    truncated: bool = False,
) -> Row:
    """A request; status 0: no answer came."""
    port = 443 if url.startswith("https:") else 80
    shown = {**HEADERS, **(headers or {})} if status else {}
    answer = {"code": status, "body": body if status else "", "body_is_truncated": truncated, "headers": shown}
    listed = [[name, value] for name, value in shown.items()]
    request = {"method": "GET", "url": url, "headers": {}, "headers_list": [], "tor": {"is_tor": False}, "body": ""}
    marks = {"tags": [f"depth={depth}", "fetch_body=true"], "transaction_id": _number(ip, port)}
    row = {"network": "tcp", "address": f"{ip}:{port}", "failure": failure, "request": request}
    return "requests", {**row, "response": {**answer, "headers_list": listed}, "t0": 0.08, "t": 0.16, **marks}


def to(url: str, ip: str, location: str, status: int = 302, *, depth: int = 0) -> Row:
    return get(url, ip, status, "", depth=depth, headers={"Location": location})


def plain(url: str, ip: str, *given: Any, depth: int = 0, **more: Any) -> list[Row]:
    """A page over port 80."""
    return [connect(ip, 80, depth=depth), get(url, ip, *given, depth=depth, **more)]


def secure(url: str, ip: str, *given: Any, depth: int = 0, **more: Any) -> list[Row]:
    """A page over TLS."""
    host = url.split("/")[2]
    return [connect(ip, 443, depth=depth), shake(ip, host, depth=depth), get(url, ip, *given, depth=depth, **more)]


def _number(ip: str, port: int) -> int:
    return 40001 + (sum(map(ord, ip)) * 7 + port) % 9000


def control(
    *addresses: str,
    tcp: Mapping[str, str | None] | None = None,
    tls: Mapping[str, str | None] | None = None,
    http: str | None = None,
    status: int = 200,
    length: int = len(PAGE),
    title: str = "Default Web Page",
    dns: str | None = None,
    headers: Json | None = None,
) -> Json:
    """What the control tells; `http` is its request's failure."""
    failed: Json = {"body_length": -1, "failure": http, "title": "", "headers": {}, "status_code": -1}
    came = {"body_length": length, "failure": None, "title": title, "headers": {**HEADERS, **(headers or {})}}
    return {
        "dns": {"failure": dns, "addrs": list(addresses)},
        "tcp_connect": {at: {"failure": said, "status": said is None} for at, said in (tcp or {}).items()},
        "tls_handshake": {
            at: {"server_name": "", "failure": said, "status": said is None} for at, said in (tls or {}).items()
        },
        "http_request": failed if http else {**came, "status_code": status},
        "ip_info": {ip: {"asn": NETWORKS.get(ip, 0), "flags": 11} for ip in addresses},
    }


def both(ip: str) -> Json:
    """A control that reaches the site at one address, on both ports."""
    return control(ip, tcp={f"{ip}:443": None, f"{ip}:80": None}, tls={f"{ip}:443": None})


def seen(url: str, *rows: Row, control: Json | None = None, control_failure: str | None = None, **top: Any) -> Json:
    """One measurement of version 0.5. Requests are given in their order, and stand newest first, as OONI's do."""
    keys: Json = {name: [row for kind, row in rows if kind == name] for name in ("queries", "tcp_connect")}
    keys["tls_handshakes"] = [row for kind, row in rows if kind == "tls_handshakes"]
    keys["requests"] = [row for kind, row in rows if kind == "requests"][::-1]
    keys["x_doh"] = {"queries": [row for kind, row in rows if kind == "x_doh"]}
    keys |= {"control": control or {}, "control_failure": control_failure, "blocking": None, "accessible": None}
    return {
        "annotations": {"network_type": "wifi", "platform": "linux"},
        "data_format_version": "0.2.0",
        "input": url,
        "measurement_start_time": "2026-11-22 09:00:00",
        "probe_asn": "AS9198",
        "probe_cc": "KZ",
        "probe_ip": "127.0.0.1",
        "probe_network_name": "Kazakhtelecom",
        "report_id": "20261122T085959Z_webconnectivity_KZ_9198_n1_made",
        "resolver_asn": "AS9198",
        "software_name": "a-probe",
        "software_version": "1.0",
        "test_helpers": {"backend": {"address": "https://0.th.example.org", "type": "https"}},
        "test_keys": keys,
        "test_name": "web_connectivity",
        "test_runtime": 1.25,
        "test_start_time": "2026-11-22 08:59:59",
        "test_version": "0.5.28",
        **top,
    }


# Older programs

PYTHONS_WORDS = {
    NXDOMAIN: "dns_lookup_error",
    RESET: "response_never_received",
    EOF: "response_never_received",
    REFUSED: "connection_refused_error",
}
MARKS = ("tags", "transaction_id")


def old(measurement: Json, version: str) -> Json:
    """The same as an earlier version would have measured and written it: 0.4, 0.1, or 0.0.x of the Python program.

    They asked the system's resolver only, and what failed beyond the first URL shows in the requests alone.
    """
    made = copy.deepcopy(measurement)
    made["test_version"] = version
    keys = made["test_keys"]
    _only_the_ordinary_way(keys, made["input"])
    if version < "0.4":
        keys.pop("tls_handshakes")
        keys["control"].pop("tls_handshake", None)
    if version < "0.1":
        _pythons(made)
    return made


def _only_the_ordinary_way(keys: Json, url: str) -> None:
    own = [query for query in keys["queries"] if query["engine"] == "getaddrinfo"]
    addresses = {answer["ipv4"] for query in own for answer in query["answers"] or ()}
    failed = _last_failure(keys, url, addresses)
    port = 443 if url.startswith("https:") else 80
    ports = {80, port} if port == 80 else {port}
    keys["queries"] = [query for query in own if "depth=0" in query["tags"]]
    keys["tcp_connect"] = [
        row
        for row in keys["tcp_connect"]
        if "depth=0" in row["tags"] and row["ip"] in addresses and (row["port"] in ports or ":" in url.split("/")[2])
    ]
    keys["tls_handshakes"] = [
        row
        for row in keys["tls_handshakes"]
        if "depth=0" in row["tags"] and row["address"].rpartition(":")[0] in addresses and port == 443
    ]
    keys["requests"] = [row for row in keys["requests"] if row["address"].rpartition(":")[0] in addresses]
    if failed is not None:
        keys["requests"].insert(0, failed)
    for query in keys["queries"]:
        query.update(engine="system", query_type="A")
    for name in ("queries", "tcp_connect", "tls_handshakes", "requests"):
        for row in keys[name]:
            for mark in MARKS:
                row.pop(mark, None)
    for row in keys["requests"]:
        row.pop("address", None)
        row.pop("network", None)
    keys.pop("x_doh")
    keys["control"].pop("ip_info", None)


def _last_failure(keys: Json, url: str, addresses: set[str]) -> Json | None:
    """The request that failed before it was made, as older programs wrote it down."""
    tried = [row for name in ("queries", "tcp_connect", "tls_handshakes") for row in keys[name]]
    last = max(int(row["tags"][-1].removeprefix("depth=")) for row in tried)
    sent = {
        int(row["tags"][0].removeprefix("depth=")): row
        for row in keys["requests"]
        if row["address"].rpartition(":")[0] in addresses
    }
    if last in sent:
        return None
    here = [row for row in tried if row["tags"][-1] == f"depth={last}" and row.get("engine") in {None, "getaddrinfo"}]
    of_ours = [
        row for row in here if "engine" in row or (row.get("ip") or row["address"].rpartition(":")[0]) in addresses
    ]
    failures = [row["failure"] if "failure" in row else row["status"]["failure"] for row in of_ours]
    failure = next((word for word in failures if word), None)
    if failure is None:
        return None
    location = sent[last - 1]["response"]["headers"]["Location"] if last - 1 in sent else url
    return get(location, "0.0.0.0", 0, "", failure)[1]


def _pythons(made: Json) -> None:
    keys = made["test_keys"]
    for row in [*keys["queries"], *keys["tcp_connect"], *keys["requests"]]:
        row.pop("t0", None)
        row.pop("t", None)
    for query in keys["queries"]:
        query.pop("engine")
        query.update(resolver_hostname=None, resolver_port=None)
    for request in keys["requests"]:
        request["failure"] = PYTHONS_WORDS.get(request["failure"], request["failure"])
        request["response"].pop("headers_list")
        request["response"].pop("body_is_truncated")
        if not request["response"]["code"]:
            request["response"] = None
    keys["control"].get("http_request", {}).pop("title", None)
    for name in ("data_format_version", "measurement_start_time", "software_name"):
        made.pop(name)
    made.update(id="a9b1c6c2-7f0d-4f5e-9d0b-0a4a0f4b2c11", record_type="entry", input_hashes=[], options=[])
