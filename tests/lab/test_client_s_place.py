"""The client's own place: more men in the middle, its roots, its address, its IPv6, and a world with another clock."""

import datetime as dt
from collections.abc import Callable

import pytest
from cryptography import x509

from tests.lab import addresses
from tests.lab.conftest import seer
from tests.lab.lab import Lab
from tests.lab.moody import Dynamic, Overloaded
from tests.lab.rules import Nat, Port, Rule
from tests.lab.site import Certificate, Site

pytestmark = pytest.mark.lab
MakeLab = Callable[..., Lab]
FETCH = ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code} %{redirect_url}"]


@pytest.mark.parametrize(
    ("ip", "issuer"),
    [
        (addresses.MIDDLE_MAN_2020, "CN=Information Security Certification Authority,O=ISCA,C=KZ"),
        (addresses.ANTIVIRUS, "CN=Kaspersky Anti-Virus Personal Root Certificate,O=AO Kaspersky Lab"),
        (addresses.EMPLOYER, "CN=Altyn Dala Holding Web Gateway CA,O=Altyn Dala Holding,C=KZ"),
        (addresses.PORTAL, "CN=Silk Airport Wi-Fi"),
    ],
)
def test_each_man_in_the_middle_signs_as_himself(country: Lab, ip: str, issuer: str) -> None:
    country.set_rules([Rule(Port(443), Nat(ip))])
    seen = seer(country)("tls", ip=country.ip_of("plain.kz"), name="plain.kz", verify=False)
    country.set_rules([])
    forged = x509.load_der_x509_certificate(bytes.fromhex(seen["der"]))
    assert forged.issuer.rfc4514_string() == issuer


def test_a_portal_sends_everyone_to_its_page(make_lab: MakeLab) -> None:
    lab = make_lab(sites=[Site("plain.kz")], rules=[Rule(Port(80), Nat(addresses.PORTAL))], delay_ms=1)
    assert lab.run([*FETCH, "http://plain.kz/"]).stdout == "302 http://login.silk-airport-wifi.kz/welcome"


def test_the_client_s_system_trusts_what_it_was_given(make_lab: MakeLab) -> None:
    fetch = ["env", "-u", "CURL_CA_BUNDLE", "-u", "SSL_CERT_FILE", *FETCH, "https://plain.kz/"]
    rules = [Rule(Port(443), Nat(addresses.EMPLOYER))]
    trusting = make_lab(sites=[Site("plain.kz")], rules=rules, client_roots=[Certificate.EMPLOYER], delay_ms=1)
    doubting = make_lab(sites=[Site("plain.kz")], rules=rules, delay_ms=1)
    assert [lab.run(fetch).returncode for lab in (trusting, doubting)] == [0, 60]
    doubting.set_rules([])
    assert doubting.run(fetch).returncode == 0  # the lab's own CA is always among them


def test_the_client_moves(make_lab: MakeLab) -> None:
    lab = make_lab(sites=[Site("plain.kz")], delay_ms=1)
    lab.move_client("2.72.14.9")
    assert lab.run([*FETCH, "https://plain.kz/"]).returncode == 0
    assert "2.72.14.9" in lab.run(["ip", "-4", "address"]).stdout
    assert (lab.client_ip, addresses.CLIENT in lab.run(["ip", "-4", "address"]).stdout) == ("2.72.14.9", False)


def test_a_name_has_more_addresses_and_ipv6_leads_nowhere(make_lab: MakeLab) -> None:
    more = ("193.108.29.1", "2a00:1450::5")
    with_six = make_lab(sites=[Site("plain.kz", more_addresses=more)], client_ipv6="2a02:26f0::7", delay_ms=1)
    found = seer(with_six)("look_up", name="plain.kz")["addresses"]
    assert found == sorted((*more, with_six.ip_of("plain.kz")))
    assert "default dev tun0" in with_six.run(["ip", "-6", "route"]).stdout
    assert with_six.run(["curl", "-6", "-sS", "-m", "1", "http://plain.kz/"]).returncode == 28


@pytest.mark.parametrize(("days", "verdict"), [(-400, "certificate 10"), (2, "certificate 9"), (0, "ok")])
def test_a_world_with_another_clock(make_lab: MakeLab, days: int, verdict: str) -> None:
    lab = make_lab(sites=[Site("plain.kz")], world_clock_ahead_s=days * 86_400.0, delay_ms=1)
    assert seer(lab)("tls", ip=lab.ip_of("plain.kz"), name="plain.kz")["outcome"] == verdict
    head = lab.run(["curl", "-sSI", "http://www.field-atlas.org/"]).stdout
    told = next(line[6:] for line in head.splitlines() if line.startswith("Date: "))
    ahead = dt.datetime.strptime(told, "%a, %d %b %Y %H:%M:%S %Z").replace(tzinfo=dt.UTC) - dt.datetime.now(dt.UTC)
    assert abs(ahead - dt.timedelta(days=days)) < dt.timedelta(minutes=5)


def test_servers_that_are_not_the_same_twice(make_lab: MakeLab) -> None:
    lab = make_lab(sites=[Site("news.kz", http=Dynamic()), Site("busy.kz", http=Overloaded())], delay_ms=1)
    pages = {lab.run(["curl", "-sS", "http://news.kz/"]).stdout for _ in range(3)}
    assert len(pages) == 3
    assert [lab.run([*FETCH, "http://busy.kz/"]).returncode for _ in range(3)] == [56, 0, 0]


def test_of_two_sites_of_one_name_the_first_is_the_truth(make_lab: MakeLab) -> None:
    lab = make_lab(sites=[Site("twin.kz", ip="46.226.18.90"), Site("twin.kz", ip="46.226.18.91")], delay_ms=1)
    assert seer(lab)("look_up", name="twin.kz")["addresses"] == ["46.226.18.90"]
