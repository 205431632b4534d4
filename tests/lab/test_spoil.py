"""Flows that are spoiled but not ended: frozen, shaped, policed, delayed, lost in part, or turned elsewhere."""

import time
from collections.abc import Callable

import pytest
from cryptography import x509

from tests.lab import Lab, Rule, Site
from tests.lab.conftest import See, seer
from tests.lab.pages import Page
from tests.lab.rules import Address, Degrade, Everything, Freeze, Host, Nat, Police, Query, Shape, Sni, Trigger

pytestmark = pytest.mark.lab
BODY_BYTES = 150_000


def _triggers(lab: Lab) -> list[Trigger]:
    return [Host("plain.kz"), Address(lab.ip_of("plain.kz"), 80), Everything()]


@pytest.mark.parametrize("number", range(3))
def test_freeze(lab: Lab, see: See, number: int) -> None:
    lab.set_rules([Rule(_triggers(lab)[number], Freeze(20_000))])
    seen = see("http", ip=lab.ip_of("plain.kz"), host="plain.kz", timeout_s=0.2)
    assert seen["outcome"] == "timeout"
    assert 15_000 < seen["bytes"] <= 20_000


@pytest.mark.parametrize("number", range(3))
def test_shape(lab: Lab, see: See, number: int) -> None:
    lab.set_rules([Rule(_triggers(lab)[number], Shape(kbit_s=6_000))])
    seen = see("http", ip=lab.ip_of("plain.kz"), host="plain.kz", timeout_s=2)
    assert seen["bytes"] > BODY_BYTES
    assert 4_600 < seen["bytes"] * 8 / 1000 / seen["seconds"] < 6_300


def test_shaping_can_be_shared(make_lab: Callable[..., Lab]) -> None:
    site = Site("big.kz", http=Page(size=30_000))
    lab = make_lab(sites=[site], delay_ms=2, rules=[Rule(Everything(), Shape(kbit_s=4_000, shared=True))])
    urls = ["http://big.kz/?[1-4]"]
    started = time.monotonic()
    lab.run(["curl", "-sS", "--parallel", "-o", "/dev/null", *urls], check=True)
    assert 4 * 30_000 * 8 / 1000 / (time.monotonic() - started) < 4_200


def test_police(lab: Lab, see: See) -> None:
    """A policer costs losses, so TCP falls below the rate or just reaches it."""
    lab.set_rules([Rule(Host("plain.kz"), Police(kbit_s=2_000, burst_bytes=8_000))])
    seen = see("http", ip=lab.ip_of("plain.kz"), host="plain.kz", timeout_s=4)
    assert seen["bytes"] > BODY_BYTES
    assert 300 < seen["bytes"] * 8 / 1000 / seen["seconds"] < 2_300


def test_added_delay(lab: Lab, see: See) -> None:
    ip = lab.ip_of("plain.kz")
    before = min(see("connects", ip=ip, port=443, times=3)["each"])
    lab.set_rules([Rule(Address(ip), Degrade(delay_ms=40))])
    assert 75 < min(see("connects", ip=ip, port=443, times=3)["each"]) - before < 95


def test_added_loss(lab: Lab, see: See) -> None:
    lab.set_rules([Rule(Query("plain.kz"), Degrade(loss=1.0))])
    assert see("dns", name="plain.kz", resolver="2.133.4.53")["answers"] == []
    assert len(see("dns", name="other.kz", resolver="2.133.4.53")["answers"]) == 1


def test_loss_by_address_meets_the_first_packet_of_a_connection_too(lab: Lab, see: See) -> None:
    ip = lab.ip_of("plain.kz")
    lab.set_rules([Rule(Address(ip), Degrade(loss=0.3))])
    seen = see("connects", ip=ip, port=80, times=12)["each"]
    assert 0 < seen.count("timeout") < len(seen)
    assert see("connect", ip=lab.ip_of("other.kz"), port=80)["outcome"] == "ok"


def _certificate(seen: dict[str, str]) -> x509.Certificate:
    return x509.load_der_x509_certificate(bytes.fromhex(seen["der"]))


@pytest.mark.parametrize("trigger", ["address", "name"])
def test_a_man_in_the_middle(lab: Lab, see: See, trigger: str) -> None:
    ip = lab.ip_of("plain.kz")
    when = Address(ip) if trigger == "address" else Sni("plain.kz")
    lab.set_rules([Rule(when, Nat(lab.middle_man))])
    assert see("tls", ip=ip, name="plain.kz")["outcome"] == "certificate 19"
    seen = see("tls", ip=ip, name="plain.kz", verify=False)
    assert seen["said"].startswith("HTTP/1.1 200")
    forged = _certificate(seen)
    assert forged.issuer.rfc4514_string() == "CN=Qaznet Trust Network,C=KZ"
    assert forged.subject.rfc4514_string() == "CN=plain.kz,C=KZ"
    assert see("tls", ip=lab.ip_of("other.kz"), name="other.kz")["outcome"] == "ok"


def test_a_flow_is_turned_in_its_midst_by_host(lab: Lab, see: See) -> None:
    lab.set_rules([Rule(Host("plain.kz"), Nat(lab.ip_of("other.kz")))])
    seen = see("http", ip=lab.ip_of("plain.kz"), host="plain.kz", pieces=3)
    assert (seen["outcome"], seen["bytes"] < BODY_BYTES) == (None, True)
    assert "<h1>Welcome" in seen["body"]


def test_a_large_answer_survives_the_turn(make_lab: Callable[..., Lab]) -> None:
    sites = [Site("big.kz", http=Page(size=3_000_000)), Site("small.kz")]
    lab = make_lab(sites=sites, delay_ms=2, loss=0.01, rules=[])
    lab.set_rules([Rule(Host("small.kz"), Nat(lab.ip_of("big.kz")))])
    seen = seer(lab)("http", ip=lab.ip_of("small.kz"), host="small.kz", timeout_s=3)
    assert (seen["outcome"], seen["bytes"] > 3_000_000) == (None, True)
