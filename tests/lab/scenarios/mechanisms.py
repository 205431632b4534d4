"""Each mechanism of the vocabulary alone: over HTTP and HTTPS, on the first hop, and where an open site leads to it.

The hosts' names say what is done to them. A second hop's first site stands in another network and is left alone.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.lab import pages
from tests.lab.addresses import MIDDLE_MAN_2020
from tests.lab.pages import Page
from tests.lab.rules import (
    Action,
    Address,
    BlockPage,
    Close,
    CloseAfter,
    Drop,
    Forge,
    Freeze,
    Host,
    Nat,
    Query,
    Redirect,
    Reset,
    ResetAfter,
    Rule,
    Say,
    Sni,
    Unreachable,
)
from tests.lab.scenarios.scenario import Scenario
from tests.lab.site import Answer, Site

ALERT = b"\x15\x03\x03\x00\x02\x02\x28"  # fatal, handshake_failure
GARBAGE = b"\x00\xff\x13 no HTTP at all \x01\r\n\r\n"
HANDSHAKE_BYTES = 1_000
"""More than a server of the lab says before the client's first request, and less than with its session tickets."""
BOGUS = "10.10.34.37"
WARNING_SITE = Site("notice.silk-telecom.kz", http=Page("Access restricted", size=900), https=None)

Rules = Callable[[str, str], tuple[Rule, ...]]
"""From the host and its address."""


@dataclass(frozen=True)
class Act:
    mechanism: str
    isp: str
    schemes: tuple[str, ...] = ("http", "https")
    rules: Rules = lambda _host, _ip: ()
    lie: Answer | None = None
    size: int = 3_000
    """Bytes of the site's page."""
    or_mechanisms: tuple[tuple[str, ...], ...] = ()
    verdict: str = "blocked"
    or_verdicts: tuple[str, ...] = ()
    confidence: str | None = None
    more_sites: tuple[Site, ...] = field(default=())


def _address(then: Action) -> Rules:
    return lambda _host, ip: (Rule(Address(ip), then),)


def _sni(then: Action) -> Rules:
    return lambda host, _ip: (Rule(Sni(host), then),)


def _host(then: Action) -> Rules:
    return lambda host, _ip: (Rule(Host(host), then),)


def _either(then: Action) -> Rules:
    return lambda host, _ip: (Rule(Host(host), then), Rule(Sni(host), then))


def _race(host: str, _ip: str) -> tuple[Rule, ...]:
    return (Rule(Query(host), Forge(addresses=(BOGUS,), truth_follows=True, ttl=180)),)


_DNS = (
    Act("dns.nxdomain", "its resolver denies that the name exists", lie=Answer("NXDOMAIN")),
    Act("dns.servfail", "its resolver says that it fails", lie=Answer("SERVFAIL")),
    Act("dns.refused", "its resolver refuses the question", lie=Answer("REFUSED")),
    Act("dns.nodata", "its resolver answers without an address", lie=Answer()),
    Act("dns.timeout", "its resolver says nothing", lie=Answer(silent=True)),
    Act("dns.bogus", f"its resolver answers {BOGUS}", lie=Answer(addresses=(BOGUS,))),
    Act(
        "dns.injection",
        "forges an answer; the true one comes later",
        rules=_race,
        or_mechanisms=(("dns.injection", "dns.bogus"),),
        confidence="confirmed",
    ),
)
_TCP = (
    Act("tcp.refused", "answers the SYN with a forged reset", rules=_address(Reset())),
    Act(
        "tcp.reset",
        "resets right behind the server's SYN-ACK",
        rules=_address(ResetAfter(0)),
        or_mechanisms=(("tls.reset",), ("http.reset",)),
    ),
    Act("tcp.timeout", "drops all packets to the address", rules=_address(Drop())),
    Act("tcp.unreachable", "answers that the host cannot be reached", rules=_address(Unreachable("host"))),
)
_TLS = (
    Act("tls.reset", "resets when it reads the name", ("https",), _sni(Reset()), confidence="confirmed"),
    Act("tls.timeout", "drops the flow when it reads the name", ("https",), _sni(Drop()), confidence="confirmed"),
    Act("tls.closed", "closes when it reads the name", ("https",), _sni(Close()), confidence="confirmed"),
    Act("tls.alert", "forges a TLS alert", ("https",), _sni(Say(ALERT)), confidence="confirmed"),
    Act(
        "tls.interception",
        "reads along with a certificate of the state's authority",
        ("https",),
        _sni(Nat(MIDDLE_MAN_2020)),
        confidence="confirmed",
    ),
)
_HTTP = (
    Act("http.reset", "resets when it reads the Host", ("http",), _host(Reset()), confidence="confirmed"),
    Act("http.timeout", "drops the flow when it reads the Host", ("http",), _host(Drop()), confidence="confirmed"),
    Act("http.closed", "closes when it reads the Host", ("http",), _host(Close()), confidence="confirmed"),
    Act("http.truncated", "closes in the midst of the page", ("http",), _host(CloseAfter(4_000)), size=60_000),
    Act("http.blockpage", "answers with its own page", ("http",), _host(BlockPage())),
    Act(
        "http.redirect",
        "sends to its warning page",
        ("http",),
        _host(Redirect(f"http://{WARNING_SITE.name}/")),
        more_sites=(WARNING_SITE,),
    ),
    Act("http.tampered", "answers with bytes that are no HTTP", ("http",), _host(Say(GARBAGE))),
)
_HTTP_IN_TLS = (
    Act("http.reset", "lets the handshake pass and resets", ("https",), _sni(ResetAfter(HANDSHAKE_BYTES))),
    Act("http.timeout", "lets the handshake pass and no more", ("https",), _sni(Freeze(HANDSHAKE_BYTES))),
    Act("http.closed", "lets the handshake pass and closes", ("https",), _sni(CloseAfter(HANDSHAKE_BYTES))),
    Act("http.truncated", "closes in the midst of the page", ("https",), _sni(CloseAfter(40_000)), size=200_000),
)
_THROUGHPUT = (
    Act(
        "throughput.freeze",
        "goes silent after 16 KiB",
        rules=_either(Freeze(16_384)),
        size=120_000,
        verdict="throttled",
        or_verdicts=("blocked",),
    ),
)
_ACTS = (*_DNS, *_TCP, *_TLS, *_HTTP, *_HTTP_IN_TLS, *_THROUGHPUT)


def _scenarios() -> Iterator[Scenario]:
    number = 0
    for act in _ACTS:
        for scheme in act.schemes:
            for hop in ("first", "second"):
                number += 1
                yield _scenario(act, scheme, hop, f"46.226.{20 + number // 200}.{10 + number % 200}")


def _scenario(act: Act, scheme: str, hop: str, ip: str) -> Scenario:
    slug = f"{act.mechanism.replace('.', '-')}-{scheme}-{hop}"
    host = f"www.{slug}.org"
    begins = f"{scheme}://{host}/" if hop == "first" else f"{scheme}://go.to-{slug}.net/"
    first = Site(f"go.to-{slug}.net", pages.Redirect(f"{scheme}://{host}/"), pages.Redirect(f"{scheme}://{host}/"))
    return Scenario(
        name=f"{act.mechanism} {scheme} {hop} hop",
        url=begins,
        isp=act.isp + ("" if hop == "first" else ", at the site where an open one leads"),
        verdict=act.verdict,
        mechanisms=(act.mechanism,),
        site=Site(host, http=Page("Steppe voices", act.size), https=Page("Steppe voices", act.size), ip=ip),
        more_sites=(*act.more_sites, *(() if hop == "first" else (first,))),
        rules=act.rules(host, ip),
        lies={host: act.lie} if act.lie else {},
        or_mechanisms=act.or_mechanisms,
        or_verdicts=act.or_verdicts,
        confidence=act.confidence,
    )


MECHANISMS = tuple(_scenarios())
