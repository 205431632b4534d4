"""Pages without TLS: anyone on the path may have written them. Whose are they?"""

from results.failure import Failure
from results.knowledge import Knowledge
from results.knowledge.blockpages import Fingerprint, Scope
from results.knowledge.pattern import Pattern, PatternType
from results.records import Aim, AnyStep, HttpStep, Source
from tests.results.build import (
    HTTP,
    HTTPS,
    LIE,
    NEUTRAL,
    NEUTRAL2,
    TWIN,
    UNREACHABLE_CONTROL,
    Hop,
    aimed,
    at,
    baseline,
    by,
    chain,
    dns,
    elsewhere,
    page,
    redirect,
    seen,
    tcp,
    tls,
    trusted,
)
from tests.results.scenarios.row import ACCESSIBLE, BLOCKED, CONFIRMED, DOWN, LIKELY, UNKNOWN, WEAK, Row

WAY = (dns(), tcp())
FINE = (*WAY, page())
BLOCKPAGE = page(title="Access is restricted", length=700)
NOT_FOUND = page(404, title="Not found", length=150)
TO_BLOCKPAGE = redirect("http://warning.example.net/?site=ratel.kz")
TO_HTTPS = redirect(HTTPS)
MARKS = (("x-ratel-node", "7"), ("x-request-id", "1"))
NGINX = (("server", "nginx/1.24"),)


def swap(named: HttpStep, base: HttpStep, ip: str = NEUTRAL) -> list[AnyStep]:
    """The site's name and an unrelated one, both asked of somebody else's address."""
    return [*elsewhere(tcp(), named, ip=ip), *baseline(tcp(), base, ip=ip)]


def fingerprint(location: str, kind: str, pattern: str, *, expected_countries: str = "KZ") -> Knowledge:
    """One fingerprint of a national block page is all that is known."""
    row = Fingerprint(
        name="test_warning",
        scope=Scope.NAT,
        location=location,
        pattern=Pattern.of(PatternType(kind), pattern),
        countries=(expected_countries,),
        source="this test",
    )
    return Knowledge(fingerprints=(row,))


COMPARED = [
    Row(
        "the site shows another page to this country, and somebody else's address answers its name as any",
        seen(*WAY, page(451, title="Not here", length=300), *swap(NOT_FOUND, NOT_FOUND), url=HTTP, control=FINE),
        UNKNOWN, WEAK, "http_site_differs",
    ),
    Row(
        "the page is the control's",
        seen(*FINE, url=HTTP, control=FINE),
        ACCESSIBLE, LIKELY, "page_arrived",
    ),
    Row(
        "the page changes by the minute, but keeps its title",
        seen(*WAY, page(length=31_000), url=HTTP, control=FINE),
        ACCESSIBLE, LIKELY, "page_arrived",
    ),
    Row(
        "the page comes in another language, with the site's own headers",
        seen(*WAY, page(title="Жаңалықтар", length=9_000, headers=MARKS), url=HTTP,
             control=[*WAY, page(title="Новости", headers=MARKS)]),
        ACCESSIBLE, LIKELY, "page_arrived",
    ),
    Row(
        "the site's network asks for a CAPTCHA, with its own headers",
        seen(*WAY, page(403, title="Just a moment...", headers=(("cf-ray", "1"), ("cf-mitigated", "challenge"))),
             url=HTTP, control=[*WAY, page(headers=(("cf-ray", "2"), ("cf-mitigated", "no")))]),
        ACCESSIBLE, LIKELY, "page_arrived",
    ),
    Row(
        "a block page here, the site's for the control",
        seen(*WAY, BLOCKPAGE, url=HTTP, control=FINE),
        BLOCKED, LIKELY, "http_other_page_here_only", "http.blockpage",
    ),
    Row(
        "a block page here, a redirect to HTTPS for the control",
        seen(*WAY, BLOCKPAGE, url=HTTP, control=[*WAY, TO_HTTPS]),
        BLOCKED, LIKELY, "http_other_page_here_only", "http.blockpage",
    ),
    Row(
        "another page here, an error for the control",
        seen(*WAY, BLOCKPAGE, url=HTTP, control=[*WAY, page(503, title="Maintenance")]),
        UNKNOWN, WEAK, "http_error_differs",
    ),
    Row(
        "a redirect to a warning here, the page for the control",
        seen(*WAY, TO_BLOCKPAGE, url=HTTP, control=FINE),
        BLOCKED, LIKELY, "http_redirected_elsewhere", "http.redirect",
    ),
    Row(
        "a redirect to a warning here, one to HTTPS with the same status for the control",
        seen(*WAY, TO_BLOCKPAGE, url=HTTP, control=[*WAY, TO_HTTPS]),
        BLOCKED, LIKELY, "http_redirected_elsewhere", "http.redirect",
    ),
    Row(
        "both redirects from a server that gives the same title",
        seen(*WAY, redirect("http://warning.example.net/", title="302 Found", length=138), url=HTTP,
             control=[*WAY, redirect(HTTPS, title="302 Found", length=138)]),
        BLOCKED, LIKELY, "http_redirected_elsewhere", "http.redirect",
    ),
    Row(
        "the site sends each country to its own edition",
        seen(*WAY, redirect("http://www.ratel.kz/kk/"), url=HTTP, control=[*WAY, redirect("http://www.ratel.kz/en/")]),
        ACCESSIBLE, LIKELY, "page_arrived",
    ),
    Row(
        "the site sends each country to its edition under that country's ending",
        seen(*WAY, redirect("http://www.ratel.uz/"), url=HTTP, control=[*WAY, redirect("http://www.ratel.de/")]),
        ACCESSIBLE, LIKELY, "page_arrived",
    ),
    Row(
        "the site sends us to its other edition, and shows the control the page",
        seen(*WAY, redirect("http://ratel.kz/kk/"), url=HTTP, control=FINE),
        ACCESSIBLE, LIKELY, "page_arrived",
    ),
    Row(
        "the site sends all to another site of its owner",
        seen(*WAY, redirect("http://ratel.example.com/a", 301), url=HTTP,
             control=[*WAY, redirect("http://ratel.example.com/b")]),
        ACCESSIBLE, LIKELY, "page_arrived",
    ),
]  # fmt: skip

KNOWN_PAGE = fingerprint("body", "prefix", "Access is restricted by order")
KNOWN_TARGET = fingerprint("header.location", "prefix", "http://warning.example.net/")
WARNED = page(title="Access is restricted", length=700, body="Access is restricted by order 17")

KNOWN = [
    Row(
        "a known block page, and nothing to compare with",
        seen(*WAY, WARNED, url=HTTP),
        BLOCKED, CONFIRMED, "http_block_page_known", "http.blockpage", known=KNOWN_PAGE,
    ),
    Row(
        "a redirect to a known block page, and nothing to compare with",
        seen(*WAY, TO_BLOCKPAGE, url=HTTP),
        BLOCKED, CONFIRMED, "http_block_page_known", "http.redirect", known=KNOWN_TARGET,
    ),
    Row(
        "a redirect to a host whose page is a known block page",
        chain(Hop(HTTP, (*WAY, redirect("http://warning.example.net/"))),
              Hop("http://warning.example.net/", (*WAY, WARNED))),
        BLOCKED, CONFIRMED, "http_block_page_known", "http.redirect", known=KNOWN_PAGE,
    ),
    Row(
        "a block page that is known from another country",
        seen(*WAY, WARNED, url=HTTP),
        BLOCKED, LIKELY, "http_block_page_known", "http.blockpage",
        known=fingerprint("body", "prefix", "Access is restricted by order", expected_countries="UZ"),
    ),
    Row(
        "words of a block page on the site's own page, which the control gets as well",
        seen(*WAY, WARNED, url=HTTP, control=[*WAY, WARNED]),
        ACCESSIBLE, LIKELY, "page_arrived", known=KNOWN_PAGE,
    ),
    Row(
        "words of a block page over the site's own certificate",
        seen(*WAY, tls(), WARNED),
        ACCESSIBLE, CONFIRMED, "page_arrived", known=KNOWN_PAGE,
    ),
    Row(
        "the resolver leads to a block page, which the control gets there as well",
        seen(dns(LIE), trusted(), *at(LIE, tcp(), BLOCKPAGE), *by(Source.TRUSTED, tcp(), page()),
             *aimed(Aim.NEUTRAL_NAME, BLOCKPAGE, ip=LIE), url=HTTP,
             control=[*FINE, *by(Source.PROBE, tcp(), BLOCKPAGE, at=LIE)]),
        BLOCKED, LIKELY, "dns_foreign_address", "dns.bogus",
    ),
    Row(
        "the name exists for nobody else, and a known block page answers here",
        seen(dns(LIE), *at(LIE, tcp(), WARNED), url=HTTP, control=[dns(Failure.DNS_NXDOMAIN)]),
        BLOCKED, CONFIRMED, "http_block_page_known", "http.blockpage", known=KNOWN_PAGE,
    ),
]  # fmt: skip

UNCOMPARED = [
    Row(
        "geo-DNS gives another address than the trusted resolver, and both give one page",
        seen(dns(TWIN), trusted(), *at(TWIN, tcp(), page(length=40_000)), *by(Source.TRUSTED, tcp(), page()), url=HTTP),
        ACCESSIBLE, LIKELY, "page_arrived dns_other_address",
    ),
    Row(
        "nothing to compare with",
        seen(*FINE, url=HTTP, control=UNREACHABLE_CONTROL),
        UNKNOWN, WEAK, "http_uncompared",
    ),
    Row(
        "sent to another site, and nothing to compare with",
        seen(*WAY, TO_BLOCKPAGE, url=HTTP),
        UNKNOWN, WEAK, "http_redirected_uncompared",
    ),
    Row(
        "sent to HTTPS, and nothing to compare with",
        seen(*WAY, TO_HTTPS, url=HTTP),
        ACCESSIBLE, LIKELY, "page_arrived",
    ),
    Row(
        "somebody else's address gives this very page for the site's name alone",
        seen(*WAY, BLOCKPAGE, *swap(BLOCKPAGE, NOT_FOUND), url=HTTP),
        BLOCKED, LIKELY, "http_path_answers", "http.blockpage",
    ),
    Row(
        "the addresses of two others do",
        seen(*WAY, BLOCKPAGE, *swap(BLOCKPAGE, NOT_FOUND), *swap(BLOCKPAGE, page(404), NEUTRAL2), url=HTTP),
        BLOCKED, CONFIRMED, "http_path_answers", "http.blockpage",
    ),
    Row(
        "the addresses of two others give the same redirect for the site's name alone",
        seen(*WAY, TO_BLOCKPAGE, *swap(TO_BLOCKPAGE, NOT_FOUND), *swap(TO_BLOCKPAGE, NOT_FOUND, NEUTRAL2), url=HTTP),
        BLOCKED, CONFIRMED, "http_path_answers", "http.redirect",
    ),
    Row(
        "the name does not exist for the control, and here a block page answers",
        seen(dns(LIE), *at(LIE, tcp(), BLOCKPAGE), *swap(BLOCKPAGE, NOT_FOUND), *swap(BLOCKPAGE, NOT_FOUND, NEUTRAL2),
             url=HTTP, control=[dns(Failure.DNS_NXDOMAIN)]),
        BLOCKED, CONFIRMED, "http_path_answers", "http.blockpage",
    ),
    Row(
        "somebody else's address gives this page, signed by the server that signs its own",
        seen(*WAY, page(headers=NGINX), *swap(page(headers=NGINX), page(404, headers=NGINX)), url=HTTP),
        UNKNOWN, WEAK, "http_same_page_elsewhere",
    ),
    Row(
        "somebody else's address answers the site's name as it answers any",
        seen(*FINE, trusted(), *swap(NOT_FOUND, NOT_FOUND), url=HTTP),
        ACCESSIBLE, LIKELY, "page_arrived http_not_the_path",
    ),
    Row(
        "somebody else's address gives every name the page that came here",
        seen(*FINE, trusted(), *swap(page(), page()), url=HTTP),
        UNKNOWN, WEAK, "http_one_page_for_all",
    ),
    Row(
        "a redirect to another site, which somebody else's address does not give",
        seen(*WAY, TO_BLOCKPAGE, trusted(), *swap(NOT_FOUND, NOT_FOUND), url=HTTP),
        ACCESSIBLE, LIKELY, "page_arrived",
    ),
    Row(
        "the path does not react to the name, but the page comes from an address that is not among the true ones",
        seen(dns(LIE), trusted(), *at(LIE, tcp(), BLOCKPAGE), *by(Source.TRUSTED, tcp(Failure.TIMEOUT)),
             *swap(NOT_FOUND, NOT_FOUND), url=HTTP),
        UNKNOWN, WEAK, "http_uncompared",
    ),
    Row(
        "somebody else's address can't be reached for the site's name",
        seen(*FINE, *elsewhere(tcp(Failure.TIMEOUT)), *baseline(tcp(), NOT_FOUND), url=HTTP),
        UNKNOWN, WEAK, "http_uncompared",
    ),
    Row(
        "a server error without TLS for all, in other words each time",
        seen(*WAY, page(503, title="Maintenance", length=90), url=HTTP,
             control=[*WAY, page(502, title="Bad gateway", length=500)]),
        UNKNOWN, WEAK, "http_error_differs",
    ),
    Row(
        "a server error without TLS for all, the same each time",
        seen(*WAY, page(502), url=HTTP, control=[*WAY, page(502)]),
        DOWN, LIKELY, "http_error_for_all",
    ),
]  # fmt: skip

ROWS = [*COMPARED, *KNOWN, *UNCOMPARED]
