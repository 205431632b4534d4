"""The 50 cases of the QA suite of OONI's Web Connectivity, told as our own scenarios: what happens, and what is true.

`Case.ooni` is a case's name there, by which it can be looked up. Ours are the hosts, the words and the verdicts; where
a verdict differs from what that suite expects, docs/ooni-scenarios.md says why. Each case has hosts of its own, so that
all but those of `NO_CONTROL` hold side by side in one lab (`country`). A lie of DNS "on the path" comes before the
truth, which follows, as it does there.
"""

from tests.lab.addresses import CONTROL_NAME
from tests.lab.manners_more import ByAsker, Large
from tests.lab.ooni_case import LOCALHOST, PROXY, Case, on_path
from tests.lab.ooni_cases_more import DOWN, FINE, IDNA, REDIRECTED, SECOND_HOP
from tests.lab.pages import Page
from tests.lab.rules import Address, BlockPage, Degrade, Drop, Host, Reset, Rule, Sni
from tests.lab.site import Answer, Certificate, Site, nowhere

_WARNING = "46.226.19.4"
_THROTTLE = Degrade(delay_ms=300, loss=0.1)
_WARNING_SITE = Site(
    "restricted.silk-telecom.kz",
    http=Page("Access restricted", body=b"<html><head><title>Access restricted</title></head><body>By order</body>"),
    https=None,
    ip=_WARNING,
)

CERTIFICATES = (
    Case(
        ooni="badSSLWithUnknownAuthorityWithConsistentDNS",
        name="an authority that nobody knows",
        url="https://own-root.felt-workshop.org/",
        isp="lets it pass",
        verdict="accessible",
        site=Site("own-root.felt-workshop.org", certificate=Certificate.UNKNOWN_CA),
    ),
    Case(
        ooni="badSSLWithExpiredCertificate",
        name="a certificate that has expired",
        url="https://last-year.felt-workshop.org/",
        isp="lets it pass",
        verdict="accessible",
        site=Site("last-year.felt-workshop.org", certificate=Certificate.EXPIRED),
    ),
    Case(
        ooni="badSSLWithWrongServerName",
        name="a certificate for another name",
        url="https://moved.felt-workshop.org/",
        isp="lets it pass",
        verdict="accessible",
        site=Site("moved.felt-workshop.org", certificate=Certificate.WRONG_NAME),
    ),
    Case(
        ooni="badSSLWithUnknownAuthorityWithInconsistentDNS",
        name="a lie on the path leads to a server with a bad certificate",
        url="https://www.caravan-letters.org/",
        isp="forges an answer that leads to somebody else's server",
        verdict="blocked",
        mechanisms=("dns.injection", "dns.bogus"),
        more_sites=(Site("own-root.reed-flute.net", http=None, ip="46.226.19.5", certificate=Certificate.UNKNOWN_CA),),
        rules=(on_path("www.caravan-letters.org", "46.226.19.5"),),
    ),
)

_CAPTCHA = ByAsker(
    client=Page(
        "One moment, please",
        size=8_432,
        status=503,
        headers=(("Server", "edge"), ("Cf-Ray", "8a1f00aa-ALA"), ("Permissions-Policy", "camera=()")),
    ),
    others=Page("Wild apples", size=1_533, headers=(("Server", "edge"), ("Cf-Ray", "8a1f00ab-FRA"))),
)

CAPTCHAS = (
    Case(
        ooni="cloudflareCAPTCHAWithHTTP",
        name="a CAPTCHA for this network only, without TLS",
        url="http://www.wild-apples.org/",
        isp="lets it pass; the site's own shield asks visitors from here for a CAPTCHA",
        verdict="accessible",
        also_right=("inconclusive",),
        why="Without TLS nothing proves who wrote the page.",
        site=Site("www.wild-apples.org", http=_CAPTCHA, https=_CAPTCHA),
    ),
    Case(
        ooni="cloudflareCAPTCHAWithHTTPS",
        name="a CAPTCHA for this network only",
        url="https://www.wild-pears.org/",
        isp="lets it pass; the site's own shield asks visitors from here for a CAPTCHA",
        verdict="accessible",
        site=Site("www.wild-pears.org", http=_CAPTCHA, https=_CAPTCHA),
    ),
)

NO_CONTROL = (
    Case(
        ooni="controlFailureWithSuccessfulHTTPWebsite",
        name="the control is blocked; a site without TLS is not",
        url="http://www.sheepdog-club.kz/",
        isp="resets connections to the control when it reads its name",
        verdict="accessible",
        also_right=("inconclusive",),
        why="Without TLS and without a control nothing may be there to compare the page with.",
        rules=(Rule(Sni(CONTROL_NAME), Reset()),),
    ),
    Case(
        ooni="controlFailureWithSuccessfulHTTPSWebsite",
        name="the control is blocked; a site with TLS is not",
        url="https://www.eagle-hunters.kz/",
        isp="resets connections to the control when it reads its name",
        verdict="accessible",
        rules=(Rule(Sni(CONTROL_NAME), Reset()),),
    ),
)
"""They need a lab of their own, in which the control is out of reach."""

DNS_BLOCKED = (
    Case(
        ooni="dnsBlockingAndroidDNSCacheNoData",
        name="NXDOMAIN from the ISP's resolver, on a system that tells no kinds of failure apart",
        url="https://www.pocket-radio.org/",
        isp="its resolver denies that the name exists",
        verdict="blocked",
        mechanisms=("dns.nxdomain",),
        lies={"www.pocket-radio.org": Answer("NXDOMAIN")},
    ),
    Case(
        ooni="dnsBlockingBOGON",
        name="a private address from the ISP's resolver",
        url="https://www.open-ballots.org/",
        isp="its resolver answers 10.10.34.35",
        verdict="blocked",
        mechanisms=("dns.bogus",),
        lies={"www.open-ballots.org": Answer(addresses=("10.10.34.35",))},
    ),
    Case(
        ooni="dnsBlockingNXDOMAIN",
        name="NXDOMAIN from the ISP's resolver",
        url="https://www.court-records.org/",
        isp="its resolver denies that the name exists",
        verdict="blocked",
        mechanisms=("dns.nxdomain",),
        lies={"www.court-records.org": Answer("NXDOMAIN")},
    ),
)

DNS_HIJACKED = (
    Case(
        ooni="dnsHijackingToLocalhostWithHTTP",
        name="a lie on the path leads to this machine, without TLS",
        url="http://www.poplar-avenue.org/",
        isp="forges an answer with 127.0.0.1",
        verdict="blocked",
        mechanisms=("dns.injection", "dns.bogus"),
        rules=(on_path("www.poplar-avenue.org", *LOCALHOST),),
    ),
    Case(
        ooni="dnsHijackingToLocalhostWithHTTPS",
        name="a lie on the path leads to this machine",
        url="https://www.willow-avenue.org/",
        isp="forges an answer with 127.0.0.1",
        verdict="blocked",
        mechanisms=("dns.injection", "dns.bogus"),
        rules=(on_path("www.willow-avenue.org", *LOCALHOST),),
    ),
    Case(
        ooni="dnsHijackingToProxyWithHTTPURL",
        name="a lie on the path leads to a transparent proxy, without TLS",
        url="http://www.tea-house-news.org/",
        isp="forges an answer that leads to its proxy, which changes nothing",
        verdict="accessible",
        lie_is_told=True,
        rules=(on_path("www.tea-house-news.org", PROXY),),
    ),
    Case(
        ooni="dnsHijackingToProxyWithHTTPSURL",
        name="a lie on the path leads to a transparent proxy",
        url="https://www.tea-garden-news.org/",
        isp="forges an answer that leads to its proxy, which changes nothing",
        verdict="accessible",
        lie_is_told=True,
        rules=(on_path("www.tea-garden-news.org", PROXY),),
    ),
)

GHOSTS = (
    Case(
        ooni="ghostDNSBlockingWithHTTP",
        name="a name that exists for nobody leads to a warning, without TLS",
        url="http://www.sold-years-ago.info/",
        isp="still forges an answer that leads to its warning page",
        verdict="down",
        site=nowhere("www.sold-years-ago.info"),
        more_sites=(_WARNING_SITE,),
        rules=(on_path("www.sold-years-ago.info", _WARNING),),
    ),
    Case(
        ooni="ghostDNSBlockingWithHTTPS",
        name="a name that exists for nobody leads to a warning",
        url="https://www.left-years-ago.info/",
        isp="still forges an answer that leads to its warning page, which has no TLS",
        verdict="down",
        site=nowhere("www.left-years-ago.info"),
        rules=(on_path("www.left-years-ago.info", _WARNING),),
    ),
)

HTTP_BLOCKED = (
    Case(
        ooni="httpBlockingConnectionReset",
        name="reset by Host",
        url="http://www.night-train.kz/",
        isp="resets when it reads the Host header",
        verdict="blocked",
        mechanisms=("http.reset",),
        rules=(Rule(Host("www.night-train.kz"), Reset()),),
    ),
    Case(
        ooni="httpDiffWithConsistentDNS",
        name="a warning page by Host",
        url="http://www.day-train.kz/",
        isp="answers the request with its own page",
        verdict="blocked",
        mechanisms=("http.blockpage",),
        rules=(Rule(Host("www.day-train.kz"), BlockPage()),),
    ),
    Case(
        ooni="httpDiffWithInconsistentDNS",
        name="a lie on the path leads to a proxy, and a warning page comes by Host",
        url="http://www.slow-train.kz/",
        isp="forges an answer that leads to its proxy, and answers the request with its own page",
        verdict="blocked",
        mechanisms=("dns.injection", "http.blockpage"),
        rules=(on_path("www.slow-train.kz", PROXY), Rule(Host("www.slow-train.kz"), BlockPage())),
    ),
)

TCP_BLOCKED = (
    Case(
        ooni="tcpBlockingConnectTimeout",
        name="port 443 of the address is silent",
        url="https://www.salt-lake-post.com/",
        isp="drops all packets to port 443 of the address",
        verdict="blocked",
        mechanisms=("tcp.timeout",),
        site=Site("www.salt-lake-post.com", ip="46.226.19.20"),
        rules=(Rule(Address("46.226.19.20", 443), Drop()),),
    ),
    Case(
        ooni="tcpBlockingConnectionRefusedWithInconsistentDNS",
        name="a lie on the path leads to an address that refuses",
        url="http://www.sweet-lake-post.com/",
        isp="forges an answer that leads to a server of its own, and refuses connections to that",
        verdict="blocked",
        mechanisms=("dns.injection", "dns.bogus"),
        more_sites=(Site("old-warning.silk-telecom.kz", http=_WARNING_SITE.http, https=None, ip="46.226.19.21"),),
        rules=(on_path("www.sweet-lake-post.com", "46.226.19.21"), Rule(Address("46.226.19.21", 80), Reset())),
    ),
)

_SPEED = "Three samples in ten lose too many packets to be compared. It is not blocked, and it is not down."

THROTTLED = (
    Case(
        ooni="throttlingWithHTTP",
        name="300 ms later and one packet in ten lost, by address, without TLS",
        url="http://films.slow-river.org/",
        isp="delays each packet of port 80 of the address by 300 ms and loses one in ten",
        verdict="throttled",
        also_right=("inconclusive", "accessible"),
        why=_SPEED,
        site=Site("films.slow-river.org", http=Large(), https=Large(), ip="46.226.19.30"),
        rules=(Rule(Address("46.226.19.30", 80), _THROTTLE),),
    ),
    Case(
        ooni="throttlingWithHTTPS",
        name="300 ms later and one packet in ten lost, by SNI",
        url="https://films.slow-stream.org/",
        isp="delays each packet by 300 ms and loses one in ten once it has read the name",
        verdict="throttled",
        mechanisms=("latency.high",),
        also_right=("inconclusive",),
        why=_SPEED,
        site=Site("films.slow-stream.org", http=Large(), https=Large()),
        rules=(Rule(Sni("films.slow-stream.org"), _THROTTLE),),
    ),
)

TLS_BLOCKED = (
    Case(
        ooni="tlsBlockingConnectionResetWithConsistentDNS",
        name="TLS reset on SNI",
        url="https://www.reed-pen.org/",
        isp="resets when it reads the name in the ClientHello",
        verdict="blocked",
        mechanisms=("tls.reset",),
        rules=(Rule(Sni("www.reed-pen.org"), Reset()),),
    ),
    Case(
        ooni="tlsBlockingConnectionResetWithInconsistentDNS",
        name="a lie on the path leads to a transparent proxy, and TLS is reset on SNI",
        url="https://www.steel-pen.org/",
        isp="forges an answer that leads to its proxy, and resets when it reads the name",
        verdict="blocked",
        mechanisms=("tls.reset", "dns.injection"),
        rules=(on_path("www.steel-pen.org", PROXY), Rule(Sni("www.steel-pen.org"), Reset())),
    ),
)

SIDE_BY_SIDE = (
    *CERTIFICATES,
    *CAPTCHAS,
    *DNS_BLOCKED,
    *DNS_HIJACKED,
    *GHOSTS,
    *HTTP_BLOCKED,
    *IDNA,
    *FINE,
    *REDIRECTED,
    *SECOND_HOP,
    *TCP_BLOCKED,
    *THROTTLED,
    *TLS_BLOCKED,
    *DOWN,
)
CASES = (*SIDE_BY_SIDE, *NO_CONTROL)
