"""The first country of scenarios: one act of the ISP each, the plainest kinds.

All rows live in one lab side by side. All names are invented, and all of it is simulated.
"""

from tests.lab import pages
from tests.lab.addresses import MIDDLE_MAN
from tests.lab.pages import Page
from tests.lab.rules import (
    Action,
    Address,
    BlockPage,
    Close,
    Drop,
    Forge,
    Freeze,
    Host,
    Nat,
    Query,
    Redirect,
    Reset,
    Rule,
    Shape,
    Sni,
    Unreachable,
)
from tests.lab.scenarios.scenario import Scenario
from tests.lab.site import Answer, Certificate, Site, nowhere, refused, silent


def _on_sni(name: str, then: Action) -> tuple[Rule, ...]:
    return (Rule(Sni(name), then),)


def _on_host(name: str, then: Action) -> tuple[Rule, ...]:
    return (Rule(Host(name), then),)


BLOCK_PAGE_SITE = Site("warning.silk-telecom.kz", http=Page("Access restricted", body=b"<title>Blocked</title>"))

FINE = (
    Scenario(
        name="fine https",
        url="https://www.steppe-herald.kz/",
        isp="lets it pass",
        verdict="accessible",
    ),
    Scenario(
        name="fine http",
        url="http://old.apple-garden.kz/",
        isp="lets it pass",
        verdict="accessible",
        site=Site("old.apple-garden.kz", https=None),
    ),
    Scenario(
        name="403 from the site",
        url="https://members.chess-almaty.org/",
        isp="lets it pass",
        verdict="accessible",
        site=Site("members.chess-almaty.org", https=Page("Members only", status=403)),
    ),
    Scenario(
        name="expired certificate",
        url="https://forum.old-maps.net/",
        isp="lets it pass",
        verdict="accessible",
        site=Site("forum.old-maps.net", certificate=Certificate.EXPIRED),
    ),
    Scenario(
        name="self-signed certificate",
        url="https://nas.yurt-makers.org/",
        isp="lets it pass",
        verdict="accessible",
        site=Site("nas.yurt-makers.org", certificate=Certificate.SELF_SIGNED),
    ),
)

DOWN = (
    Scenario(
        name="refused for everyone",
        url="https://closed.bookshop-shymkent.com/",
        isp="lets it pass",
        verdict="down",
        site=refused("closed.bookshop-shymkent.com"),
    ),
    Scenario(
        name="silent for everyone",
        url="https://gone.mountain-radio.com/",
        isp="lets it pass",
        verdict="down",
        site=silent("gone.mountain-radio.com"),
    ),
    Scenario(
        name="no such name for anyone",
        url="https://expired.falcon-club.net/",
        isp="lets it pass",
        verdict="down",
        site=nowhere("expired.falcon-club.net"),
    ),
)

DNS = (
    Scenario(
        name="NXDOMAIN from the ISP's resolver",
        url="https://www.free-ledger.org/",
        isp="its resolver denies that the name exists",
        verdict="blocked",
        mechanisms=("dns.nxdomain",),
        lies={"www.free-ledger.org": Answer("NXDOMAIN")},
    ),
    Scenario(
        name="private address from the ISP's resolver",
        url="https://www.open-petition.kz/",
        isp="its resolver answers 10.10.34.35",
        verdict="blocked",
        mechanisms=("dns.bogus",),
        lies={"www.open-petition.kz": Answer(addresses=("10.10.34.35",))},
    ),
    Scenario(
        name="DNS injected on the path",
        url="https://www.river-voice.org/",
        isp="forges an answer to any resolver; the true one comes later",
        verdict="blocked",
        mechanisms=("dns.injection",),
        rules=(Rule(Query("www.river-voice.org"), Forge(addresses=("10.10.34.36",), truth_follows=True, ttl=200)),),
    ),
)

TCP = (
    Scenario(
        name="SYN dropped",
        url="https://www.ratel-letters.com/",
        isp="drops all packets to the address",
        verdict="blocked",
        mechanisms=("tcp.timeout",),
        site=Site("www.ratel-letters.com", ip="46.226.18.20"),
        rules=(Rule(Address("46.226.18.20"), Drop()),),
    ),
    Scenario(
        name="reset in answer to SYN",
        url="https://www.tulip-watch.org/",
        isp="answers the SYN with a forged reset",
        verdict="blocked",
        mechanisms=("tcp.refused",),
        site=Site("www.tulip-watch.org", ip="46.226.18.21"),
        rules=(Rule(Address("46.226.18.21"), Reset()),),
    ),
    Scenario(
        name="ICMP host unreachable",
        url="https://www.caspian-wire.com/",
        isp="answers that the host cannot be reached",
        verdict="blocked",
        mechanisms=("tcp.unreachable",),
        site=Site("www.caspian-wire.com", ip="46.226.18.22"),
        rules=(Rule(Address("46.226.18.22"), Unreachable("host")),),
    ),
)

TLS = (
    Scenario(
        name="TLS reset on SNI",
        url="https://ratel.example-news.kz/",
        isp="resets when it reads the name in the ClientHello",
        verdict="blocked",
        mechanisms=("tls.reset",),
        rules=_on_sni("ratel.example-news.kz", Reset()),
    ),
    Scenario(
        name="TLS silence on SNI",
        url="https://video.saiga-tube.com/",
        isp="drops the flow when it reads the name",
        verdict="blocked",
        mechanisms=("tls.timeout",),
        rules=_on_sni("video.saiga-tube.com", Drop()),
    ),
    Scenario(
        name="FIN on SNI",
        url="https://www.argali-post.net/",
        isp="closes the connection in the server's name",
        verdict="blocked",
        mechanisms=("tls.closed",),
        rules=_on_sni("www.argali-post.net", Close()),
    ),
    Scenario(
        name="man in the middle",
        url="https://mail.khan-tengri.com/",
        isp="sends the flow to a server with a certificate forged by the state CA",
        verdict="blocked",
        mechanisms=("tls.interception",),
        rules=_on_sni("mail.khan-tengri.com", Nat(MIDDLE_MAN)),
    ),
)

HTTP = (
    Scenario(
        name="block page by Host",
        url="http://blog.dombra-strings.kz/",
        isp="answers the request with its own page",
        verdict="blocked",
        mechanisms=("http.blockpage",),
        rules=_on_host("blog.dombra-strings.kz", BlockPage()),
    ),
    Scenario(
        name="reset by Host",
        url="http://www.snow-leopard-diary.org/",
        isp="resets when it reads the Host header",
        verdict="blocked",
        mechanisms=("http.reset",),
        rules=_on_host("www.snow-leopard-diary.org", Reset()),
    ),
    Scenario(
        name="redirect to a block page",
        url="http://www.night-bazaar.kz/",
        isp="redirects to its warning page",
        verdict="blocked",
        mechanisms=("http.redirect",),
        more_sites=(BLOCK_PAGE_SITE,),
        rules=_on_host("www.night-bazaar.kz", Redirect("http://warning.silk-telecom.kz/")),
    ),
    Scenario(
        name="http redirects to https, which is blocked",
        url="http://www.kumis-review.com/",
        isp="lets http pass; resets https when it reads the name",
        verdict="blocked",
        mechanisms=("tls.reset",),
        site=Site("www.kumis-review.com", http=pages.Redirect("https://www.kumis-review.com/")),
        rules=_on_sni("www.kumis-review.com", Reset()),
    ),
)

SCENARIOS = (*FINE, *DOWN, *DNS, *TCP, *TLS, *HTTP)
"""Verdicts that need a single check."""

SLOW = (
    Scenario(
        name="shaped to 128 kbit/s by SNI",
        url="https://cdn.swan-lake-video.com/",
        isp="lets 128 kbit/s pass once it has read the name",
        verdict="throttled",
        site=Site("cdn.swan-lake-video.com", https=Page("Video", size=400_000)),
        rules=_on_sni("cdn.swan-lake-video.com", Shape(kbit_s=128)),
    ),
    Scenario(
        name="frozen after 20 kB by SNI",
        url="https://files.golden-eagle.net/",
        isp="goes silent after 20 kB",
        verdict="blocked",
        site=Site("files.golden-eagle.net", https=Page("Files", size=200_000)),
        rules=_on_sni("files.golden-eagle.net", Freeze(after_bytes=20_000)),
    ),
)
"""Verdicts about speed, which need comparison."""
