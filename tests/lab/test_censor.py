"""Each trigger and each action is seen to act on real connections, and to leave the others alone."""

import time
from typing import Any

import pytest

from tests.lab import Lab, Rule
from tests.lab.conftest import See
from tests.lab.rules import (
    Action,
    Address,
    BlockPage,
    Close,
    Drop,
    Everything,
    Host,
    Redirect,
    Reset,
    Sni,
    Unreachable,
)

pytestmark = pytest.mark.lab


@pytest.mark.parametrize(
    ("action", "outcome"),
    [
        (Reset(), "ECONNREFUSED"),
        (Drop(), "timeout"),
        (Unreachable("host"), "EHOSTUNREACH"),
        (Unreachable("net"), "ENETUNREACH"),
        (Unreachable("admin"), "EHOSTUNREACH"),
        (Unreachable("port"), "ECONNREFUSED"),
    ],
)
def test_a_blocked_address(lab: Lab, see: See, action: Action, outcome: str) -> None:
    ip = lab.ip_of("plain.kz")
    lab.set_rules([Rule(Address(ip), action)])
    assert see("connect", ip=ip, port=443)["outcome"] == outcome
    assert see("connect", ip=lab.ip_of("other.kz"), port=443)["outcome"] == "ok"
    assert [(hit.on, hit.rule.then) for hit in lab.seen] == [(f"{ip}:443", action)]


def test_an_address_rule_may_name_a_port(lab: Lab, see: See) -> None:
    ip = lab.ip_of("plain.kz")
    lab.set_rules([Rule(Address(ip, 443), Reset())])
    assert see("connect", ip=ip, port=443)["outcome"] == "ECONNREFUSED"
    assert see("connect", ip=ip, port=80)["outcome"] == "ok"


def test_everything_can_be_dropped(lab: Lab, see: See) -> None:
    lab.set_rules([Rule(Everything(), Drop())])
    assert see("connect", ip=lab.ip_of("plain.kz"), port=443)["outcome"] == "timeout"
    assert see("dns", name="plain.kz", resolver="2.133.4.53")["answers"] == []


@pytest.mark.parametrize(
    ("action", "outcome"),
    [(Reset(), "ECONNRESET"), (Reset(both=True), "ECONNRESET"), (Drop(), "timeout"), (Close(), "eof")],
)
def test_a_blocked_server_name(lab: Lab, see: See, action: Action, outcome: str) -> None:
    ip = lab.ip_of("plain.kz")
    lab.set_rules([Rule(Sni("plain.kz"), action)])
    assert see("tls", ip=ip, name="plain.kz")["outcome"] == outcome
    assert see("tls", ip=ip, name="other.kz", verify=False)["outcome"] == "ok"
    assert [hit.on for hit in lab.seen] == ["plain.kz"]


@pytest.mark.parametrize("pieces", [1, 2, 7])
def test_a_client_hello_is_read_over_several_segments(lab: Lab, see: See, pieces: int) -> None:
    lab.set_rules([Rule(Sni("plain.kz"), Reset())])
    ip = lab.ip_of("plain.kz")
    assert see("hello", ip=ip, name="plain.kz", pieces=pieces)["outcome"] == "ECONNRESET"
    assert see("hello", ip=ip, name="other.kz", pieces=pieces)["said"] == "16"


@pytest.mark.parametrize(
    ("pattern", "name", "blocked"),
    [
        ("*.shared.kz", "first.shared.kz", True),
        ("*.shared.kz", "shared.kz", True),
        ("shared.kz", "first.shared.kz", False),
        ("*.hared.kz", "first.shared.kz", False),
        ("First.Shared.KZ", "first.shared.kz", True),
    ],
)
def test_patterns_of_names(lab: Lab, see: See, pattern: str, name: str, *, blocked: bool) -> None:
    lab.set_rules([Rule(Sni(pattern), Reset())])
    seen = see("hello", ip=lab.ip_of("first.shared.kz"), name=name)
    assert seen["outcome"] == ("ECONNRESET" if blocked else "ok")


@pytest.mark.parametrize("pieces", [1, 5])
@pytest.mark.parametrize(
    ("action", "expected"),
    [
        (Reset(), {"outcome": "ECONNRESET", "bytes": 0}),
        (Drop(), {"outcome": "timeout", "bytes": 0}),
        (Close(), {"outcome": None, "bytes": 0}),
        (BlockPage(body="Restricted by order"), {"outcome": None, "body": "Restricted by order"}),
        (Redirect("http://warning.kz/?a=1"), {"outcome": None, "body": ""}),
    ],
)
def test_a_blocked_host(lab: Lab, see: See, action: Action, expected: dict[str, Any], pieces: int) -> None:
    ip = lab.ip_of("plain.kz")
    lab.set_rules([Rule(Host("plain.kz"), action)])
    seen = see("http", ip=ip, host="plain.kz", pieces=pieces, timeout_s=0.2)
    assert expected.items() <= seen.items()
    assert see("http", ip=lab.ip_of("other.kz"), host="other.kz")["head"].startswith("HTTP/1.1 200")


def test_what_a_block_page_and_a_redirect_say(lab: Lab, see: See) -> None:
    ip = lab.ip_of("plain.kz")
    long = BlockPage(status=403, body="x" * 5000, headers=(("Server", "Protected"),))
    lab.set_rules([Rule(Host("plain.kz"), long), Rule(Host("other.kz"), Redirect("http://warning.kz/"))])
    seen = see("http", ip=ip, host="plain.kz")
    assert seen["head"].startswith("HTTP/1.1 403 Forbidden\r\nServer: Protected")
    assert seen["bytes"] == len(seen["head"]) + 4 + 5000
    seen = see("http", ip=ip, host="other.kz")
    assert seen["head"].startswith("HTTP/1.1 302 Found\r\nLocation: http://warning.kz/")


def test_a_second_request_on_one_connection_is_read_too(lab: Lab) -> None:
    lab.set_rules([Rule(Host("other.kz"), Reset())])
    ip = lab.ip_of("plain.kz")
    there = ["--resolve", f"plain.kz:80:{ip}", "--resolve", f"other.kz:80:{ip}"]
    one_line = ["--next", "-sS", "-o", "/dev/null", "-x", f"http://{ip}:80", "http://other.kz/"]
    done = lab.run(["curl", "-sS", *there, "-o", "/dev/null", "-x", f"http://{ip}:80", "http://plain.kz/", *one_line])
    assert "reset by peer" in done.stderr
    assert {hit.on for hit in lab.seen} == {"other.kz"}


def test_a_rule_on_the_first_occurrences_only(lab: Lab, see: See) -> None:
    ip = lab.ip_of("plain.kz")
    lab.set_rules([Rule(Sni("plain.kz"), Reset(), first=2)])
    assert [see("hello", ip=ip, name="plain.kz")["outcome"] for _ in range(3)] == ["ECONNRESET", "ECONNRESET", "ok"]


def test_a_rule_with_a_probability(lab: Lab, see: See) -> None:
    ip = lab.ip_of("dice.kz")
    lab.set_rules([Rule(Address(ip), Reset(), probability=0.5)])
    refused = see("connects", ip=ip, port=80, times=40)["each"].count("ECONNREFUSED")
    assert 8 < refused < 32
    assert len(lab.seen) == refused


def test_residual_blocking(lab: Lab, see: See) -> None:
    ip = lab.ip_of("plain.kz")
    lab.set_rules([Rule(Sni("dice.kz"), Reset(), residual_s=60)])
    assert see("hello", ip=ip, name="other.kz")["outcome"] == "ok"
    assert see("hello", ip=ip, name="dice.kz")["outcome"] == "ECONNRESET"
    assert see("hello", ip=ip, name="other.kz")["outcome"] == "ECONNREFUSED"
    assert see("connect", ip=ip, port=80)["outcome"] == "ok"
    first, *rest = (hit.residual for hit in lab.seen)
    assert not first
    assert rest
    assert all(rest)


def test_residual_blocking_ends(lab: Lab, see: See) -> None:
    ip = lab.ip_of("plain.kz")
    lab.set_rules([Rule(Sni("plain.kz"), Reset(), residual_s=0.1)])
    assert see("hello", ip=ip, name="plain.kz")["outcome"] == "ECONNRESET"
    until = time.monotonic() + 1
    while see("connect", ip=ip, port=443)["outcome"] != "ok":
        assert time.monotonic() < until


def test_rules_can_be_lifted(lab: Lab, see: See) -> None:
    ip = lab.ip_of("plain.kz")
    lab.set_rules([Rule(Sni("plain.kz"), Reset())])
    assert see("hello", ip=ip, name="plain.kz")["outcome"] == "ECONNRESET"
    lab.set_rules([])
    assert see("hello", ip=ip, name="plain.kz")["outcome"] == "ok"
