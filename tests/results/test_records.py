"""The records: which addresses can be a site's, what a step tells of itself, and what their JSON refuses."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic import ValidationError

from results.failure import Failure
from results.records import AnyStep, Certificate, Control, adapter, control_adapter, is_address, is_bogon, iso
from tests.results.build import UNREACHABLE_CONTROL, dns, forged, page, seen, tcp, tls, trusted, udp


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.9.9.9",
        "169.254.1.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.2.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd12:3456::1",
        "fec0::1",
        "ff02::1",
        "2001:db8::1",
        "100::1",
        # A private address in an IPv6 coat: mapped, compatible, 6to4, Teredo, NAT64.
        "::ffff:10.0.0.1",
        "::ffff:127.0.0.1",
        "::10.0.0.1",
        "2002:a00:1::1",
        "2002:7f00:1::",
        "2001:0:a00:1::1",
        "64:ff9b::10.0.0.1",
        "64:ff9b::7f00:1",
        "",
        "ratel.kz",
        "1.2.3",
        "010.0.0.1",
        "1.2.3.4:80",
        "[2606:4700::1]",
    ],
)
def test_no_public_site_can_have(address: str) -> None:
    assert is_bogon(address)


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.1",
        "93.184.216.34",
        "100.63.255.255",
        "100.128.0.1",
        "172.32.0.1",
        "192.0.1.1",
        "198.17.255.255",
        "198.20.0.1",
        "223.255.255.255",
        "2606:2800:220:1::1",
        "2a02:6b8::1",
        "64:ff9b::93.184.216.34",
    ],
)
def test_a_public_site_can_have(address: str) -> None:
    assert not is_bogon(address)


@pytest.mark.parametrize(
    ("text", "is_one"), [("1.2.3.4", True), ("::1", True), ("1.2.3.4:80", False), ("[::1]", False), ("", False)]
)
def test_a_text_is_an_address(text: str, is_one: bool) -> None:
    assert is_address(text) is is_one


@pytest.mark.parametrize(
    ("step", "ip"),
    [
        (tcp(at="93.184.216.34:443"), "93.184.216.34"),
        (tcp(at="[2606:2800::1]:443"), "2606:2800::1"),
        (tcp(at=""), ""),
        (dns(), ""),
        (udp(), ""),
        (trusted(), ""),
        (dns(endpoint="https://dns.example:8443/dns-query"), ""),
    ],
)
def test_the_address_in_an_endpoint(step: AnyStep, ip: str) -> None:
    assert step.ip == ip


def test_the_answer_that_counts_is_the_first() -> None:
    assert udp("1.2.3.4").addresses == ("1.2.3.4",)
    assert udp(Failure.TIMEOUT).addresses == ()


@pytest.mark.parametrize(
    ("handshake", "answered"),
    [
        (tls(), True),
        (forged(Failure.TLS_AUTHORITY, "CN=a"), True),
        (tls(Failure.TLS_HANDSHAKE, alert="SSLV3_ALERT_HANDSHAKE_FAILURE"), True),
        (tls(Failure.TLS_HANDSHAKE), False),
        (tls(Failure.RESET, received_bytes=7), False),
    ],
)
def test_a_peer_spoke_tls(handshake: Any, answered: bool) -> None:
    assert handshake.answered is answered


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 11, 22, 9, 0, tzinfo=UTC), "2026-11-22T09:00:00.000Z"),
        (datetime(2026, 11, 22, 9, 0, 0, 999_999, tzinfo=UTC), "2026-11-22T09:00:00.999Z"),
        (datetime(2026, 11, 22, 14, 0, tzinfo=timezone(timedelta(hours=5))), "2026-11-22T09:00:00.000Z"),
    ],
)
def test_times_leave_in_utc_with_milliseconds(moment: datetime, text: str) -> None:
    assert iso(moment) == text


def stored(**changed: Any) -> str:
    measurement = json.loads(adapter().dump_json(seen(dns(), tcp(Failure.RESET))))
    measurement["steps"][1].update(changed)
    return json.dumps(measurement)


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"failure": "broken"}, "steps.1.tcp.failure"),
        ({"layer": "smtp"}, "steps.1"),
        ({"t0": "soon"}, "steps.1.tcp.t0"),
        ({"source": None}, "steps.1.tcp.source"),
    ],
)
def test_a_wrong_field_is_named_with_its_path(changed: dict[str, Any], path: str) -> None:
    with pytest.raises(ValidationError) as refused:
        adapter().validate_json(stored(**changed))
    assert [".".join(map(str, error["loc"])) for error in refused.value.errors()] == [path]


def test_a_controls_answer_is_the_same_after_its_json() -> None:
    chain = (Certificate(sha256="a", not_before=datetime(2026, 1, 1, tzinfo=UTC)),)
    answer = Control(name="", hops=("https://ratel.kz/",), steps=(dns(), tcp(), tls(chain=chain), page()))
    assert control_adapter().validate_json(control_adapter().dump_json(answer)) == answer
    assert answer.spoke
    assert not UNREACHABLE_CONTROL.spoke
