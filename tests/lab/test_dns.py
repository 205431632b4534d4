"""Resolvers tell the truth or lie as ordered, and answers are forged on the path."""

import sys
from collections.abc import Callable

import pytest

from tests.lab import Answer, Lab, Rule
from tests.lab.addresses import CLEAN_RESOLVER, DOH_NAME, DOH_RESOLVER, ISP_RESOLVER
from tests.lab.conftest import DELAY_MS, See, seer
from tests.lab.rules import Drop, Forge, Query, Reset, Unreachable

pytestmark = pytest.mark.lab


@pytest.mark.parametrize("resolver", [ISP_RESOLVER, CLEAN_RESOLVER])
def test_both_resolvers_know_the_sites(lab: Lab, see: See, resolver: str) -> None:
    (answer,) = see("dns", name="Plain.KZ", resolver=resolver)["answers"]
    assert (answer["rcode"], answer["addresses"]) == (0, [lab.ip_of("plain.kz")])
    assert see("dns_tcp", name="plain.kz", resolver=resolver)["addresses"] == [lab.ip_of("plain.kz")]
    (answer,) = see("dns", name="nowhere.kz", resolver=resolver)["answers"]
    assert (answer["rcode"], answer["addresses"]) == (3, [])


def test_there_is_no_ipv6(see: See) -> None:
    (answer,) = see("dns", name="plain.kz", resolver=CLEAN_RESOLVER, kind=28)["answers"]
    assert (answer["rcode"], answer["addresses"]) == (0, [])


def test_the_client_resolves_with_the_isp(lab: Lab, see: See) -> None:
    assert see("look_up", name="plain.kz")["addresses"] == [lab.ip_of("plain.kz")]


DOH_SCRIPT = """
import base64, dns.message, httpx, ssl, sys
query = dns.message.make_query("plain.kz", "A").to_wire()
packed = base64.urlsafe_b64encode(query).rstrip(b"=").decode()
with httpx.Client(verify=ssl.create_default_context()) as client:
    for url in sys.argv[1:]:
        for answer in (
            client.get(url, params={"dns": packed}),
            client.post(url, content=query, headers={"content-type": "application/dns-message"}),
        ):
            assert answer.headers["content-type"] == "application/dns-message"
            print(dns.message.from_wire(answer.content).answer[0][0])
"""


def test_dns_over_https(lab: Lab) -> None:
    """By address and by name, with GET and with POST, on connections that stay open."""
    done = lab.run([sys.executable, "-c", DOH_SCRIPT, lab.doh_url, lab.doh_name_url])
    assert (done.stdout.split(), done.stderr) == ([lab.ip_of("plain.kz")] * 4, "")


def test_the_doh_server_has_a_name_and_an_address(see: See) -> None:
    assert see("look_up", name=DOH_NAME)["addresses"] == [DOH_RESOLVER]
    assert see("tls", ip=DOH_RESOLVER, name=DOH_RESOLVER)["outcome"] == "ok"


def test_the_isp_resolver_lies_as_told(make_lab: Callable[..., Lab]) -> None:
    lies = {
        "plain.kz": Answer("NXDOMAIN"),
        "fail.kz": Answer("SERVFAIL"),
        "refuse.kz": Answer("REFUSED"),
        "empty.kz": Answer(),
        "private.kz": Answer(addresses=("10.10.34.35", "10.10.34.36")),
        "late.kz": Answer(addresses=("193.108.20.99",), delay_s=0.05),
        "alias.kz": Answer(cname="private.kz"),
        "mute.kz": Answer(silent=True),
    }
    lab = make_lab(delay_ms=1, isp_zone=lies)
    see = seer(lab)
    seen = {name: see("dns", name=name, resolver=ISP_RESOLVER)["answers"] for name in lies}
    told = {name: (answer["rcode"], answer["addresses"]) for name, answers in seen.items() for answer in answers}
    private = ["10.10.34.35", "10.10.34.36"]
    assert told == {
        "plain.kz": (3, []),
        "fail.kz": (2, []),
        "refuse.kz": (5, []),
        "empty.kz": (0, []),
        "private.kz": (0, private),
        "late.kz": (0, ["193.108.20.99"]),
        "alias.kz": (0, private),
    }
    assert seen["late.kz"][0]["after_ms"] > 50
    lab.set_isp_zone({"mute.kz": Answer(addresses=("193.108.20.98",))})
    (answer,) = see("dns", name="mute.kz", resolver=ISP_RESOLVER)["answers"]
    assert answer["addresses"] == ["193.108.20.98"]


@pytest.mark.parametrize(
    ("forged", "rcode", "addresses"),
    [
        (Forge("NXDOMAIN"), 3, []),
        (Forge("SERVFAIL"), 2, []),
        (Forge("REFUSED"), 5, []),
        (Forge(), 0, []),
        (Forge(addresses=("10.10.34.35", "127.0.0.9")), 0, ["10.10.34.35", "127.0.0.9"]),
    ],
)
@pytest.mark.parametrize("resolver", [ISP_RESOLVER, CLEAN_RESOLVER])
def test_forged_answers(lab: Lab, see: See, resolver: str, forged: Forge, rcode: int, addresses: list[str]) -> None:
    lab.set_rules([Rule(Query("plain.kz"), forged)])
    (answer,) = see("dns", name="plain.kz", resolver=resolver)["answers"]
    assert (answer["rcode"], answer["addresses"]) == (rcode, addresses)
    assert len(see("dns", name="plain.kz", resolver=resolver, most=2, wait_s=0.05)["answers"]) == 1
    assert {(hit.on, hit.server) for hit in lab.seen} == {("plain.kz", resolver)}
    (answer,) = see("dns", name="other.kz", resolver=resolver)["answers"]
    assert answer["addresses"] == [lab.ip_of("other.kz")]


def test_a_forged_answer_races_with_the_true_one(lab: Lab, see: See) -> None:
    lab.set_rules([Rule(Query("*.kz"), Forge(addresses=("10.10.34.35",), truth_follows=True, ttl=200), hop=2)])
    forged, true = see("dns", name="plain.kz", resolver=CLEAN_RESOLVER, most=2)["answers"]
    assert (forged["addresses"], forged["ip_ttl"]) == (["10.10.34.35"], 199)
    assert (true["addresses"], true["ip_ttl"]) == ([lab.ip_of("plain.kz")], 60)
    assert forged["after_ms"] < true["after_ms"]
    assert true["after_ms"] >= 2 * DELAY_MS


def test_a_rule_for_one_resolver(lab: Lab, see: See) -> None:
    lab.set_rules([Rule(Query("plain.kz", resolver=CLEAN_RESOLVER), Drop())])
    assert see("dns", name="plain.kz", resolver=CLEAN_RESOLVER)["answers"] == []
    assert len(see("dns", name="plain.kz", resolver=ISP_RESOLVER)["answers"]) == 1


def test_a_query_can_be_refused_by_icmp(lab: Lab, see: See) -> None:
    lab.set_rules([Rule(Query("plain.kz"), Unreachable("port"))])
    assert see("dns", name="plain.kz", resolver=CLEAN_RESOLVER)["outcome"] == "ECONNREFUSED"


def test_queries_over_tcp(lab: Lab, see: See) -> None:
    lab.set_rules([Rule(Query("plain.kz"), Reset())])
    assert see("dns_tcp", name="plain.kz", resolver=CLEAN_RESOLVER)["outcome"] == "ok"
    lab.set_rules([Rule(Query("plain.kz", tcp=True), Reset()), Rule(Query("other.kz", tcp=True), Forge("NXDOMAIN"))])
    assert see("dns_tcp", name="plain.kz", resolver=CLEAN_RESOLVER)["outcome"] == "ECONNRESET"
    assert see("dns_tcp", name="other.kz", resolver=CLEAN_RESOLVER)["rcode"] == 3
