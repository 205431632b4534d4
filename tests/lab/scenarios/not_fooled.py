"""What looks like blocking and is not. No row here may ever be called blocked.

Where nothing that a vantage can see proves the truth, `inconclusive` is not wrong either, and the row says so.
"""

from tests.lab import pages
from tests.lab.manners_more import ByAsker
from tests.lab.moody import Dynamic, Overloaded
from tests.lab.pages import Page
from tests.lab.rules import Address, Forge, Host, Lose, Nat, Query, Rule
from tests.lab.scenarios.scenario import Scenario
from tests.lab.site import Answer, Certificate, Site, nowhere, refused, silent

UNTELLABLE = ("inconclusive",)
_RUSSIAN = "<html lang=ru><head><title>Главная: новости степи и гор</title></head><body>{}</body></html>".format(
    "<p>Ветер несёт вести с базара в горы.</p>" * 90
).encode()
_ENGLISH = Page("Home of the paper", size=6_000)
_LOCAL = Page(body=_RUSSIAN)
_CAPTCHA = Page("Just a moment...", size=900, status=403)
_LEGAL = Page("Unavailable For Legal Reasons", size=700, status=451)
_CHECK = Page("Attention Required! Are you a human?", size=1_100)


def _plain(name: str, manner: pages.Manner, ip: str | None = None) -> Site:
    return Site(name, http=manner, https=None, ip=ip)


def _by_asker(scheme: str, name: str, manner: ByAsker) -> Site:
    return Site(name, https=manner) if scheme == "https" else Site(name, http=manner)


# The name leads elsewhere here than there, and both are the site's.
ELSEWHERE = (
    Scenario(
        name="geo-DNS, valid certificate",
        url="https://www.geo-paper.com/",
        isp="its resolver is given a nearer server of the site's",
        verdict="accessible",
        site=Site("www.geo-paper.com", ip="193.108.24.5"),
        more_sites=(Site("www.geo-paper.com", https=_LOCAL, ip="46.226.40.5"),),
        lies={"www.geo-paper.com": Answer(addresses=("46.226.40.5",))},
    ),
    Scenario(
        name="CDN in the same network, http, another language",
        url="http://www.cdn-paper.com/",
        isp="its resolver is given a neighbouring server of the site's",
        verdict="accessible",
        or_verdicts=UNTELLABLE,
        site=_plain("www.cdn-paper.com", _ENGLISH, "193.108.24.6"),
        more_sites=(_plain("www.cdn-paper.com", _LOCAL, "193.108.24.7"),),
        lies={"www.cdn-paper.com": Answer(addresses=("193.108.24.7",))},
    ),
    Scenario(
        name="CDN in another network, http, another language",
        url="http://www.far-cdn-paper.com/",
        isp="its resolver is given a nearer server of the site's in another network",
        verdict="accessible",
        or_verdicts=UNTELLABLE,
        site=_plain("www.far-cdn-paper.com", _ENGLISH, "193.108.24.8"),
        more_sites=(
            _plain("edge.far-cdn.com", Page("An edge of the far CDN", 800, 404), "46.226.40.8"),  # to other names
            _plain("www.far-cdn-paper.com", _LOCAL, "46.226.40.8"),
        ),
        lies={"www.far-cdn-paper.com": Answer(addresses=("46.226.40.8",))},
    ),
    Scenario(
        name="transparent proxy that serves the real site",
        url="https://www.proxied-paper.com/",
        isp="its resolver leads to a proxy that passes the site through",
        verdict="accessible",
        site=Site("www.proxied-paper.com", ip="193.108.24.9"),
        more_sites=(Site("www.proxied-paper.com", ip="92.47.202.9"),),
        lies={"www.proxied-paper.com": Answer(addresses=("92.47.202.9",))},
        says="92.47.202.9",
    ),
    Scenario(
        name="transparent proxy that serves the real site over http",
        url="http://www.proxied-plain.com/",
        isp="its resolver leads to a proxy that passes the site through",
        verdict="accessible",
        site=_plain("www.proxied-plain.com", Page("Plain paper", 5_000), "193.108.24.10"),
        more_sites=(_plain("www.proxied-plain.com", Page("Plain paper", 5_000), "92.47.202.10"),),
        lies={"www.proxied-plain.com": Answer(addresses=("92.47.202.10",))},
        says="92.47.202.10",
    ),
    Scenario(
        name="contradicting answers, all of the site's",
        url="https://www.two-homes.com/",
        isp="passes a second answer, of another server of the site's",
        verdict="accessible",
        site=Site("www.two-homes.com", ip="193.108.24.11"),
        more_sites=(Site("www.two-homes.com", ip="46.226.40.11"),),
        rules=(Rule(Query("www.two-homes.com"), Forge(addresses=("46.226.40.11",), truth_follows=True)),),
    ),
    Scenario(
        name="one dead address of several, https",
        url="https://www.half-dead.com/",
        isp="lets it pass",
        verdict="accessible",
        site=Site("www.half-dead.com", more_addresses=("193.108.29.1",)),
    ),
    Scenario(
        name="two dead addresses of several, http",
        url="http://www.mostly-dead.com/",
        isp="lets it pass",
        verdict="accessible",
        site=Site("www.mostly-dead.com", more_addresses=("193.108.29.2", "193.108.29.3")),
    ),
    Scenario(
        name="an IPv6 address without a way there",
        url="https://www.six-and-four.com/",
        isp="has no IPv6",
        verdict="accessible",
        site=Site("www.six-and-four.com", more_addresses=("2a00:1450:4010:c05::5e",)),
    ),
    Scenario(
        name="a web cache with the site's page",
        url="http://www.cached-paper.com/",
        isp="answers from its cache",
        verdict="accessible",
        site=_plain("www.cached-paper.com", Page("Paper of the week", 4_000)),
        more_sites=(
            _plain(
                "www.cached-paper.com",
                Page("Paper of the week", 4_000, headers=(("Via", "1.1 cache-3.silk-telecom.kz"), ("X-Cache", "HIT"))),
                "92.47.202.20",
            ),
        ),
        rules=(Rule(Host("www.cached-paper.com"), Nat("92.47.202.20")),),
    ),
    Scenario(
        name="a web cache with last week's page",
        url="http://www.stale-paper.com/",
        isp="answers from its cache, which is old",
        verdict="accessible",
        or_verdicts=UNTELLABLE,
        site=_plain("www.stale-paper.com", Page("Paper of the week", 9_000)),
        more_sites=(
            _plain(
                "www.stale-paper.com", Page("Paper of the week", 3_000, headers=(("Age", "604800"),)), "92.47.202.21"
            ),
        ),
        rules=(Rule(Host("www.stale-paper.com"), Nat("92.47.202.21")),),
    ),
)

# The site itself says something else to a reader from here.
ITS_OWN = tuple(
    Scenario(
        name=name,
        url=f"{scheme}://{host}/",
        isp="lets it pass; the site treats readers from this country so",
        verdict="accessible",
        or_verdicts=() if scheme == "https" else UNTELLABLE,
        site=_by_asker(scheme, host, ByAsker(client=here, others=elsewhere)),
        says=says,
    )
    for name, scheme, host, here, elsewhere, says in (
        ("CAPTCHA over https", "https", "www.captcha-shop.com", _CAPTCHA, _ENGLISH, "403"),
        ("CAPTCHA with 200 over https", "https", "www.human-shop.com", _CHECK, _ENGLISH, ""),
        ("403 over https", "https", "www.forbidding-shop.com", Page("Forbidden", 300, 403), _ENGLISH, "403"),
        ("451 over https", "https", "www.legal-shop.com", _LEGAL, _ENGLISH, "451"),
        ("503 to this country over https", "https", "www.busy-shop.com", Page("Busy", 300, 503), _ENGLISH, "503"),
        ("another language over https", "https", "www.polyglot.com", _LOCAL, _ENGLISH, ""),
        ("CAPTCHA over http", "http", "www.captcha-plain.com", _CAPTCHA, _ENGLISH, ""),
        ("403 over http", "http", "www.forbidding-plain.com", Page("Forbidden", 300, 403), _ENGLISH, ""),
        ("451 over http", "http", "www.legal-plain.com", _LEGAL, _ENGLISH, ""),
        ("another language over http", "http", "www.polyglot-plain.com", _LOCAL, _ENGLISH, ""),
        (
            "an edition of its own over http",
            "http",
            "www.edition-plain.com",
            pages.Paths({"/": pages.Redirect("http://www.edition-plain.com/kz/", 302)}, _LOCAL),
            _ENGLISH,
            "",
        ),
    )
)

SAME_FOR_ALL = (
    Scenario(
        name="dynamic page, http",
        url="http://www.ticker-plain.com/",
        isp="lets it pass",
        verdict="accessible",
        site=_plain("www.ticker-plain.com", Dynamic()),
    ),
    Scenario(
        name="dynamic page, https",
        url="https://www.ticker.com/",
        isp="lets it pass",
        verdict="accessible",
        site=Site("www.ticker.com", https=Dynamic()),
    ),
    Scenario(
        name="403 for everyone, http",
        url="http://www.closed-club.com/",
        isp="lets it pass",
        verdict="accessible",
        site=_plain("www.closed-club.com", Page("Members only", 400, 403)),
    ),
    *(
        Scenario(
            name=f"{kind.value} certificate for everyone",
            url=f"https://www.{kind.name.lower().replace('_', '-')}-certificate.com/",
            isp="lets it pass",
            verdict="accessible",
            site=Site(f"www.{kind.name.lower().replace('_', '-')}-certificate.com", certificate=kind),
            says="ertificate",
        )
        for kind in (
            Certificate.EXPIRED,
            Certificate.SELF_SIGNED,
            Certificate.WRONG_NAME,
            Certificate.UNKNOWN_CA,
            Certificate.ISCA,
        )
    ),
    Scenario(
        name="a bad certificate at the second hop, for everyone",
        url="http://www.leads-to-expired.com/",
        isp="lets it pass",
        verdict="accessible",
        site=Site("www.leads-to-expired.com", http=pages.Redirect("https://www.expired-second.com/")),
        more_sites=(Site("www.expired-second.com", certificate=Certificate.EXPIRED),),
    ),
    Scenario(
        name="slow for everyone",
        url="https://www.thoughtful-server.com/",
        isp="lets it pass",
        verdict="accessible",
        site=Site("www.thoughtful-server.com", https=Page(first_byte_s=3.0)),
    ),
    Scenario(
        name="the first SYN is lost, https",
        url="https://www.lost-syn.com/",
        isp="loses one packet",
        verdict="accessible",
        site=Site("www.lost-syn.com", ip="46.226.41.5"),
        rules=(Rule(Address("46.226.41.5"), Lose(1)),),
    ),
    Scenario(
        name="the first SYN is lost, http",
        url="http://www.lost-syn-plain.com/",
        isp="loses one packet",
        verdict="accessible",
        site=Site("www.lost-syn-plain.com", ip="46.226.41.6"),
        rules=(Rule(Address("46.226.41.6"), Lose(1)),),
    ),
    Scenario(
        name="the first packets of a connection are lost",
        url="https://www.lost-three.com/",
        isp="loses all packets of the first connection",
        verdict="accessible",
        site=Site("www.lost-three.com", ip="46.226.41.7"),
        rules=(Rule(Address("46.226.41.7"), Lose(1_000), first=1),),
    ),
    Scenario(
        name="an overloaded server, https",
        url="https://www.overloaded.com/",
        isp="lets it pass",
        verdict="accessible",
        or_verdicts=UNTELLABLE,
        site=Site("www.overloaded.com", https=Overloaded()),
    ),
    Scenario(
        name="an overloaded server, http",
        url="http://www.overloaded-plain.com/",
        isp="lets it pass",
        verdict="accessible",
        or_verdicts=UNTELLABLE,
        site=_plain("www.overloaded-plain.com", Overloaded()),
    ),
)

_LOOP = pages.Paths({"/": pages.Redirect("/a"), "/a": pages.Redirect("/")})
_NO_TLS = Site("www.no-tls-at-all.com", instead_of_tls="garbage")
BROKEN = tuple(
    Scenario(
        name=f"{name}, for everyone", url=f"{scheme}://{site.name}/", isp="lets it pass", verdict="down", site=site
    )
    for name, scheme, site in (
        ("503", "https", Site("www.out-of-order.com", https=Page("Out of order", 300, 503))),
        ("500 over http", "http", _plain("www.broken-plain.com", Page("Error", 300, 500))),
        ("redirect loop", "https", Site("www.turning-in-circles.com", https=_LOOP)),
        ("redirect loop over http", "http", _plain("www.turning-plain.com", _LOOP)),
        ("empty answer", "http", _plain("www.says-nothing.com", pages.Hangup())),
        ("reset after the request", "https", Site("www.hangs-up.com", https=pages.Abort())),
        ("garbage instead of HTTP", "http", _plain("www.garbage-plain.com", pages.Raw())),
        ("no TLS on port 443", "https", _NO_TLS),
        ("port 443 hangs up", "https", Site("www.hangup-443.com", instead_of_tls="hangup")),
        ("port 443 resets", "https", Site("www.reset-443.com", instead_of_tls="reset")),
        ("port 443 is silent", "https", Site("www.silent-443.com", instead_of_tls="silence")),
        ("never answers the request", "http", _plain("www.never-answers.com", pages.Silence())),
        ("closed ports", "https", refused("www.closed-ports.com")),
        ("dead address", "http", silent("www.dead-address.com")),
        ("no such name", "https", nowhere("www.no-such-name.com")),
    )
)

NOT_FOOLED = (*ELSEWHERE, *ITS_OWN, *SAME_FOR_ALL, *BROKEN)
