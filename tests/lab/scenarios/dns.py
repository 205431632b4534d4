"""Lies about a name: by the ISP's resolver, on the path instead of the truth, and on the path before it."""

from collections.abc import Iterator

from tests.lab.pages import Page
from tests.lab.rules import Drop, Forge, Query, Rule
from tests.lab.scenarios.scenario import Scenario
from tests.lab.site import Answer, Certificate, Site

_PAGE_IP, _DEAD_IP = "92.47.201.7", "92.47.201.8"
_WARNING = Page("Access restricted", body=b"<html><title>Access restricted</title><p>Closed by decision.</p></html>")
BLOCK_PAGE_SITE = Site(
    "stop.silk-telecom.kz", http=_WARNING, https=_WARNING, ip=_PAGE_IP, certificate=Certificate.SELF_SIGNED
)

_LIES: dict[str, tuple[str, Answer]] = {
    "nxdomain": ("dns.nxdomain", Answer("NXDOMAIN")),
    "servfail": ("dns.servfail", Answer("SERVFAIL")),
    "refused": ("dns.refused", Answer("REFUSED")),
    "empty": ("dns.nodata", Answer()),
    "private": ("dns.bogus", Answer(addresses=("192.168.77.1",))),
    "loopback": ("dns.bogus", Answer(addresses=("127.0.0.1",))),
    "zero": ("dns.bogus", Answer(addresses=("0.0.0.0",))),
    "block-page": ("dns.bogus", Answer(addresses=(_PAGE_IP,))),
    "dead": ("dns.bogus", Answer(addresses=(_DEAD_IP,))),
    "silence": ("dns.timeout", Answer(silent=True)),
}
_WAYS = {
    "resolver": "its resolver lies",
    "path": "forges the answer on the path, whoever is asked, and the question goes no further",
    "race": "forges an answer on the path, and the true one comes later",
}


def _scenarios() -> Iterator[Scenario]:
    schemes = ("https", "http")
    for number, kind in enumerate(_LIES):
        for turn, way in enumerate(_WAYS):
            if (kind, way) != ("silence", "race"):
                yield _scenario(kind, way, schemes[(number + turn) % 2])


def _scenario(kind: str, way: str, scheme: str) -> Scenario:
    mechanism, lie = _LIES[kind]
    host = f"www.{kind}-by-{way}.org"
    injected = ("dns.injection", mechanism)
    # What the address that a lie leads to does is not wrong to name beside the lie.
    also = {"dead": ("tcp.timeout",), "block-page": ("http.blockpage", "tls.interception")}.get(kind, ())
    named = injected if way != "resolver" and kind != "silence" else (mechanism,)
    return Scenario(
        name=f"{kind} by {way} {scheme}",
        url=f"{scheme}://{host}/",
        isp=_WAYS[way],
        verdict="blocked",
        mechanisms=named,
        or_mechanisms=tuple((*named, more) for more in also),
        more_sites=(BLOCK_PAGE_SITE,) if (kind, way) == ("block-page", "resolver") else (),
        rules=() if way == "resolver" else (_rule(host, lie, truth_follows=way == "race"),),
        lies={host: lie} if way == "resolver" else {},
        # Programs ask again after these, and may hear the late truth: then a person gets the site.
        or_verdicts=("accessible",) if way == "race" and kind in {"servfail", "refused"} else (),
    )


def _rule(host: str, lie: Answer, *, truth_follows: bool) -> Rule:
    if lie.silent:
        return Rule(Query(host), Drop())
    forged = Forge(rcode=lie.rcode, addresses=lie.addresses, truth_follows=truth_follows)  # type: ignore[arg-type]
    return Rule(Query(host), forged)


_NEIGHBOURS = ("92.47.60.5", "92.47.60.6", "92.47.60.7")  # of the network that the block page stands in
NEIGHBOURS = (
    Scenario(
        name="block page in the site's own network, http",
        url="http://www.hosted-at-home-plain.kz/",
        isp="hosts the site itself, and its resolver leads to its warning page",
        verdict="blocked",
        mechanisms=("dns.bogus",),
        or_mechanisms=(("dns.bogus", "http.blockpage"), ("http.blockpage",)),
        site=Site("www.hosted-at-home-plain.kz", http=Page("Village news", 7_000), https=None, ip=_NEIGHBOURS[0]),
        lies={"www.hosted-at-home-plain.kz": Answer(addresses=(_PAGE_IP,))},
    ),
    Scenario(
        name="block page in the site's own network, https",
        url="https://www.hosted-at-home.kz/",
        isp="hosts the site itself, and its resolver leads to its warning page",
        verdict="blocked",
        mechanisms=("dns.bogus",),
        or_mechanisms=(("dns.bogus", "tls.interception"), ("tls.interception",)),
        site=Site("www.hosted-at-home.kz", ip=_NEIGHBOURS[1]),
        lies={"www.hosted-at-home.kz": Answer(addresses=(_PAGE_IP,))},
    ),
    Scenario(
        name="dead address in the site's own network",
        url="https://www.led-to-a-dead-end.kz/",
        isp="hosts the site itself, and its resolver leads to nobody",
        verdict="blocked",
        mechanisms=("dns.bogus",),
        or_mechanisms=(("dns.bogus", "tcp.timeout"), ("tcp.timeout",)),
        site=Site("www.led-to-a-dead-end.kz", ip=_NEIGHBOURS[2]),
        lies={"www.led-to-a-dead-end.kz": Answer(addresses=(_DEAD_IP,))},
    ),
)
DNS = (*_scenarios(), *NEIGHBOURS)
