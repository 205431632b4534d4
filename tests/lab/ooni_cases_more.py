"""Cases of OONI's QA suite that no ISP touches, or only at the second hop: fine, down, redirected, and IDN.

The others, and all of them together, are in `ooni_cases`.
"""

from collections.abc import Mapping
from typing import Any

from tests.lab.manners_more import ByAsker, Countdown, Large
from tests.lab.ooni_case import LOCALHOST, Case, on_path
from tests.lab.pages import Manner, Page, Paths, Redirect
from tests.lab.rules import Action, Address, Close, Drop, Host, Reset, Rule, Sni
from tests.lab.site import Answer, Site, nowhere


def _yurt(letters: str, ascii_name: str, beyond: str, ooni: str) -> Case:
    """A name in Cyrillic letters that redirects to another host, and that to a third."""
    return Case(
        ooni=ooni,
        name=f"a name in Cyrillic letters, written {letters}",
        url=f"http://{letters}/",
        isp="lets it pass",
        verdict="accessible",
        site=Site(ascii_name, http=Redirect(f"https://{beyond}/", 308), https=None),
        more_sites=(
            Site(beyond, http=None, https=Redirect(f"https://www.{beyond}/", 308)),
            Site(f"www.{beyond}", http=None),
        ),
    )


IDNA = (
    _yurt("киіз-үй.қаз", "xn----mtbcgb3ozy.xn--80ao21a", "felt-yurts.com", "idnaWithoutCensorshipLowercase"),
    _yurt(
        "Ақ-үй.қаз", "xn----7sb2a17aid.xn--80ao21a", "white-yurts.com", "idnaWithoutCensorshipWithFirstLetterUppercase"
    ),
)

FINE = (
    Case(
        ooni="largeFileWithHTTP",
        name="32 MiB, without TLS",
        url="http://maps.pasture-atlas.org/",
        isp="lets it pass",
        verdict="accessible",
        site=Site("maps.pasture-atlas.org", http=Large(), https=Large()),
    ),
    Case(
        ooni="largeFileWithHTTPS",
        name="32 MiB",
        url="https://films.pasture-atlas.org/",
        isp="lets it pass",
        verdict="accessible",
        site=Site("films.pasture-atlas.org", http=Large(), https=Large()),
    ),
    Case(
        ooni="successWithHTTP",
        name="a plain site without TLS",
        url="http://www.bread-oven.org/",
        isp="lets it pass",
        verdict="accessible",
    ),
    Case(
        ooni="successWithHTTPS",
        name="a plain site",
        url="https://www.clay-oven.org/",
        isp="lets it pass",
        verdict="accessible",
    ),
)


def _redirect_to_nothing(scheme: str, host: str, ooni: str, **known: Any) -> Case:
    """The server sends visitors from here to an address without a host, and all others to a page."""
    manner = ByAsker(
        client=Page("Moved", 200, 302, (("Location", f"{scheme}://"),)),
        others=Redirect(f"{scheme}://www.{host}/", 302),
    )
    return Case(
        ooni=ooni,
        name=f"the server itself redirects visitors from here to {scheme}://",
        url=f"{scheme}://{host}/visit",
        isp="lets it pass",
        verdict="accessible",
        site=Site(host, http=Paths({"/visit": manner}), https=Paths({"/visit": manner})),
        more_sites=(Site(f"www.{host}"),),
        **known,
    )


def _endless(scheme: str, host: str, ooni: str) -> Case:
    return Case(
        ooni=ooni,
        name=f"fifteen redirects, {scheme}",
        url=f"{scheme}://{host}/redirect/15",
        isp="lets it pass",
        verdict="down",
        site=Site(host, http=Countdown(), https=Countdown()),
    )


REDIRECTED = (
    _redirect_to_nothing(
        "http",
        "go.broken-signpost.org",
        "redirectWithBrokenLocationForHTTP",
        also_right=("inconclusive",),
        why="Without TLS nothing proves who wrote the redirect.",
    ),
    _redirect_to_nothing("https", "to.broken-signpost.org", "redirectWithBrokenLocationForHTTPS"),
    _endless("http", "go.long-caravan.org", "redirectWithMoreThanTenRedirectsAndHTTP"),
    _endless("https", "to.long-caravan.org", "redirectWithMoreThanTenRedirectsAndHTTPS"),
)


def _shortened(
    scheme: str, host: str, ooni: str, isp: str, mechanism: str, *rules: Rule, ip: str | None = None
) -> Case:
    """A short address that works leads to a site that is blocked: the second hop."""
    short: Mapping[str, Manner] = {"/21645": Redirect(f"{scheme}://www.{host}/", 308)}
    return Case(
        ooni=ooni,
        name=f"second hop, {scheme}: {isp}",
        url=f"https://go.{host}/21645",
        isp=f"lets the short address pass; of the site it leads to it {isp}",
        verdict="blocked",
        mechanisms=(mechanism,),
        site=Site(f"go.{host}", http=None, https=Paths(short)),
        more_sites=(Site(f"www.{host}", ip=ip),),
        rules=rules,
    )


def _by_name(name: str, then: Action) -> tuple[Rule, Rule]:
    return Rule(Host(name), then), Rule(Sni(name), then)


def _refused(ip: str) -> tuple[Rule, Rule]:
    return Rule(Address(ip, 80), Reset()), Rule(Address(ip, 443), Reset())


_SECOND = "redirectWithConsistentDNSAndThen"
SECOND_HOP = (
    _shortened(
        "http",
        "plain-ink.org",
        f"{_SECOND}ConnectionRefusedForHTTP",
        "refuses connections",
        "tcp.refused",
        *_refused("46.226.19.10"),
        ip="46.226.19.10",
    ),
    _shortened(
        "https",
        "blue-ink.org",
        f"{_SECOND}ConnectionRefusedForHTTPS",
        "refuses connections",
        "tcp.refused",
        *_refused("46.226.19.11"),
        ip="46.226.19.11",
    ),
    _shortened(
        "http",
        "plain-paper.org",
        f"{_SECOND}ConnectionResetForHTTP",
        "resets on the name",
        "http.reset",
        *_by_name("www.plain-paper.org", Reset()),
    ),
    _shortened(
        "https",
        "blue-paper.org",
        f"{_SECOND}ConnectionResetForHTTPS",
        "resets on the name",
        "tls.reset",
        *_by_name("www.blue-paper.org", Reset()),
    ),
    _shortened(
        "https",
        "blue-stamp.org",
        f"{_SECOND}NXDOMAIN",
        "forges that the name does not exist",
        "dns.injection",
        on_path("www.blue-stamp.org"),
    ),
    _shortened(
        "http",
        "plain-seal.org",
        f"{_SECOND}EOFForHTTP",
        "closes connections on the name",
        "http.closed",
        *_by_name("www.plain-seal.org", Close()),
    ),
    _shortened(
        "https",
        "blue-seal.org",
        f"{_SECOND}EOFForHTTPS",
        "closes connections on the name",
        "tls.closed",
        *_by_name("www.blue-seal.org", Close()),
    ),
    _shortened(
        "http",
        "plain-quill.org",
        f"{_SECOND}TimeoutForHTTP",
        "drops what names it",
        "http.timeout",
        *_by_name("www.plain-quill.org", Drop()),
    ),
    _shortened(
        "https",
        "blue-quill.org",
        f"{_SECOND}TimeoutForHTTPS",
        "drops what names it",
        "tls.timeout",
        *_by_name("www.blue-quill.org", Drop()),
    ),
)

DOWN = (
    Case(
        ooni="localhostWithHTTP",
        name="the name leads to the visitor's own machine, for everyone, without TLS",
        url="http://www.parked-cart.org/",
        isp="lets it pass",
        verdict="down",
        site=nowhere("www.parked-cart.org"),
        zone={"www.parked-cart.org": Answer(addresses=LOCALHOST)},
    ),
    Case(
        ooni="localhostWithHTTPS",
        name="the name leads to the visitor's own machine, for everyone",
        url="https://www.parked-wagon.org/",
        isp="lets it pass",
        verdict="down",
        site=nowhere("www.parked-wagon.org"),
        zone={"www.parked-wagon.org": Answer(addresses=LOCALHOST)},
    ),
    Case(
        ooni="websiteDownNXDOMAIN",
        name="no such name for anyone",
        url="http://www.never-registered.xyz/",
        isp="lets it pass",
        verdict="down",
        site=nowhere("www.never-registered.xyz"),
    ),
    Case(
        ooni="websiteDownNoAddrs",
        name="the name is an alias of one without an address",
        url="http://www.empty-stable.org/",
        isp="lets it pass",
        verdict="down",
        site=nowhere("www.empty-stable.org"),
        zone={"www.empty-stable.org": Answer(cname="web01.empty-stable.org")},
    ),
    Case(
        ooni="websiteDownTCPConnect",
        name="a port on which nobody listens",
        url="http://www.closed-gate.org:444/",
        isp="lets it pass",
        verdict="down",
        site=Site("www.closed-gate.org"),
    ),
)
