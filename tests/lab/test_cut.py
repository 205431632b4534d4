"""Flows that the censor ends in their midst, bytes it says in the server's name, packets it loses once."""

from typing import Any

import pytest

from tests.lab.conftest import See
from tests.lab.lab import Lab
from tests.lab.rules import Action, Address, CloseAfter, Forge, Host, Lose, Port, Query, ResetAfter, Rule, Say, Sni

pytestmark = pytest.mark.lab


@pytest.mark.parametrize(("then", "outcome"), [(ResetAfter(20_000), "ECONNRESET"), (CloseAfter(20_000), None)])
def test_an_answer_is_cut(lab: Lab, see: See, then: Action, outcome: str | None) -> None:
    lab.set_rules([Rule(Host("plain.kz"), then)])
    seen = see("http", ip=lab.ip_of("plain.kz"), host="plain.kz", timeout_s=1)
    assert (seen["outcome"], 15_000 < seen["bytes"] <= 22_000) == (outcome, True)
    assert see("http", ip=lab.ip_of("other.kz"), host="other.kz")["outcome"] is None


def test_a_reset_right_behind_the_accepted_connection(lab: Lab, see: See) -> None:
    ip = lab.ip_of("plain.kz")
    lab.set_rules([Rule(Address(ip), ResetAfter(0))])
    assert see("http", ip=ip, host="plain.kz")["outcome"] in {"ECONNRESET", "EPIPE"}
    assert lab.counters.forged > 0


def test_bytes_in_the_server_s_name(lab: Lab, see: See) -> None:
    lab.set_rules(
        [Rule(Sni("plain.kz"), Say(b"\x15\x03\x03\x00\x02\x02\x28")), Rule(Host("plain.kz"), Say(b"\x00\xff?"))]
    )
    assert see("tls", ip=lab.ip_of("plain.kz"), name="plain.kz")["outcome"] == "SSLV3_ALERT_HANDSHAKE_FAILURE"
    seen = see("http", ip=lab.ip_of("plain.kz"), host="plain.kz")
    assert (seen["outcome"], seen["bytes"]) == (None, 3)


def test_the_first_packet_of_a_flow_is_lost(lab: Lab, see: See) -> None:
    """The kernel sends its SYN again after a second; the lab's client waits less, and then is let in at once."""
    ip = lab.ip_of("plain.kz")
    lab.set_rules([Rule(Address(ip), Lose(1), first=1)])
    first, second = (see("connect", ip=ip, port=443) for _ in range(2))
    assert (first["outcome"], second["outcome"]) == ("timeout", "ok")


def test_a_port_is_a_trigger(lab: Lab, see: See) -> None:
    ip = lab.ip_of("plain.kz")
    lab.set_rules([Rule(Port(443), ResetAfter(0))])
    assert see("http", ip=ip, host="plain.kz", timeout_s=1)["outcome"] is None
    tried: dict[str, Any] = see("tls", ip=ip, name="plain.kz")
    assert tried["outcome"] != "ok"


def test_a_star_is_every_name(lab: Lab, see: See) -> None:
    lab.set_rules([Rule(Query("*"), Forge("REFUSED"))])
    told = [see("dns", name=name, resolver="2.133.4.53")["answers"][0]["rcode"] for name in ("plain.kz", "other.kz")]
    assert told == [5, 5]
