"""Cases of OONI's QA suite by their names there: what the probe and the control see, and what we say of it.

Made by hand from what a case is, in the shape of version 0.5. Where our verdict is not OONI's, docs/ooni.md says why.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.results.ooni_build import (
    BL,
    BOGON,
    BP,
    BS,
    CF,
    EOF,
    EX,
    HB,
    LF,
    NO_ANSWER,
    NXDOMAIN,
    PX,
    REFUSED,
    RESET,
    TIMEOUT,
    WARNING,
    YX,
    Json,
    Row,
    both,
    connect,
    control,
    doh,
    get,
    plain,
    secure,
    seen,
    shake,
    system,
    to,
    udp,
)

WWW, BITLY, ITSAT = "www.example.com", "bit.ly", "itsat.info"
HTTP, HTTPS = f"http://{WWW}/", f"https://{WWW}/"
SHORT_HTTP, SHORT_HTTPS = f"https://{BITLY}/32447", f"https://{BITLY}/21645"
ALL_AGREE = (system(WWW, EX), udp(WWW, EX), doh(WWW, EX))
SPOOFED = {ip: (system(WWW, ip), udp(WWW, ip), doh(WWW, EX)) for ip in (BS, PX, "127.0.0.1")}
NO_SUCH_PAGE = "unknown_error"
BLOCKED, ACCESSIBLE, DOWN = "blocked", "accessible", "down"
INCONCLUSIVE, THROTTLED = "inconclusive", "throttled"


@dataclass(frozen=True)
class Case:
    name: str
    seen: Json
    verdict: str
    mechanisms: tuple[str, ...] = ()


def proxied(*, https: bool) -> Json:
    url = HTTPS if https else HTTP
    way = secure(url, PX) if https else plain(url, PX)
    tcp = {f"{ip}:{port}": None for ip in (EX, PX) for port in (443, 80)}
    there = control(EX, tcp=tcp, tls={f"{EX}:443": None, f"{PX}:443": None})
    return seen(url, *SPOOFED[PX], *way, connect(EX, 443), shake(EX, WWW), control=there)


def certificate(host: str, failure: str, der: bytes) -> Json:
    there = control(BS, tcp={f"{BS}:443": None}, tls={f"{BS}:443": failure}, http=NO_SUCH_PAGE)
    url = f"https://{host}/"
    lines = (system(host, BS), udp(host, BS), doh(host, BS), connect(BS, 443), shake(BS, host, failure, der=[der]))
    return seen(url, *lines, control=there)


def second_hop(url: str, location: str, *rows: Row) -> Json:
    """bit.ly is fine and sends on; the control gets the page at the end and tells nothing of the way to it."""
    there = control(BL, tcp={f"{BL}:443": None, f"{BL}:80": None}, tls={f"{BL}:443": None})
    lines = (system(BITLY, BL), udp(BITLY, BL), doh(BITLY, BL), connect(BL, 443), shake(BL, BITLY))
    return seen(url, *lines, to(url, BL, location, 308), *rows, control=there)


def named_at_second(*given: str | None) -> tuple[Row, Row]:
    return system(WWW, *given, depth=1), udp(WWW, *given, depth=1)


def second_http(failure: str) -> Json:
    rows = (connect(EX, 80, depth=1), get(HTTP, EX, 0, "", failure, depth=1), connect(EX, 443, depth=1))
    return second_hop(SHORT_HTTP, HTTP, *named_at_second(EX), *rows, shake(EX, WWW, failure, depth=1))


def second_https(failure: str) -> Json:
    rows = (connect(EX, 443, depth=1), shake(EX, WWW, failure, depth=1))
    return second_hop(SHORT_HTTPS, HTTPS, *named_at_second(EX), *rows)


def second_refused(url: str, location: str, *ports: int) -> Json:
    rows = [connect(EX, port, REFUSED, depth=1) for port in ports]
    return second_hop(url, location, *named_at_second(EX), *rows)


def many_redirects(scheme: str) -> Json:
    host = "httpbin.com"
    urls = [f"{scheme}://{host}/redirect/{number}" for number in range(15, 4, -1)]
    port, mark = (443, "https") if scheme == "https" else (80, "http")
    rows: list[Row] = [system(host, HB), udp(host, HB)]
    for depth, url in enumerate(urls):
        rows += [connect(HB, port, depth=depth)] + ([shake(HB, host, depth=depth)] if mark == "https" else [])
        rows.append(to(url, HB, f"{scheme}://{host}/redirect/{14 - depth}", depth=depth))
    rows[-1][1]["failure"] = "unknown_failure: stopped after too many redirects"
    there = control(HB, tcp={f"{HB}:443": None, f"{HB}:80": None}, tls={f"{HB}:443": None}, http=NO_SUCH_PAGE)
    return seen(urls[0], *rows, control=there)


def broken_location(scheme: str) -> Json:
    host, url = "httpbin.com", f"{scheme}://httpbin.com/broken-redirect-{scheme}"
    rows = [system(host, HB), connect(HB, 443 if scheme == "https" else 80)]
    rows += [shake(HB, host)] if scheme == "https" else []
    failed = get(url, HB, 302, "", "http_invalid_redirect_location_host", headers={"Location": f"{scheme}://"})
    return seen(url, *rows, failed, control=both(HB))


def large(scheme: str, failure: str | None = None, body: str = "x" * (1 << 19)) -> Json:
    host, url = "largefile.com", f"{scheme}://largefile.com/"
    rows = [system(host, LF), connect(LF, 443 if scheme == "https" else 80)]
    rows += [shake(LF, host)] if scheme == "https" else []
    page = get(url, LF, 200, body, failure, truncated=True)
    there = {**both(LF), "http_request": control(LF, length=1 << 24, title="")["http_request"]}
    return seen(url, *rows, page, control=there)


def cloudflare(scheme: str) -> Json:
    host, url = "www.cloudflare-cache.com", f"{scheme}://www.cloudflare-cache.com/"
    marks = {"Cf-Ray": "1", "Nel": "1", "Report-To": "1", "Permissions-Policy": "1"}
    body = "<title>Just a moment...</title>" + "x" * 8400
    way = secure(url, CF, 503, body, headers=marks) if scheme == "https" else plain(url, CF, 503, body, headers=marks)
    there = {**both(CF), "http_request": control(CF, headers=marks)["http_request"]}
    return seen(url, system(host, CF), udp(host, CF), *way, control=there)


def idna(url: str) -> Json:
    yandex, ya = "https://yandex.com/", "https://ya.ru/"
    rows = [system("xn--d1acpjx3f.xn--p1ai", YX), connect(YX, 80), to(url, YX, yandex, 308)]
    rows += [system("yandex.com", YX, depth=1), connect(YX, 443, depth=1), shake(YX, "yandex.com", depth=1)]
    rows += [to(yandex, YX, ya, 308, depth=1), system("ya.ru", YX, depth=2), *secure(ya, YX, depth=2)]
    return seen(url, *rows, control=both(YX))


def localhost(url: str) -> Json:
    here = (system(WWW, "127.0.0.1"), udp(WWW, "127.0.0.1"), doh(WWW, "127.0.0.1"))
    return seen(url, *here, control=control("127.0.0.1", http=NO_SUCH_PAGE))


def no_control(url: str) -> Json:
    host = url.split("/")[2]
    way = secure(url, EX) if url.startswith("https:") else plain(url, EX)
    return seen(url, system(host, EX), udp(host, EX), doh(host, EX), *way, control_failure=RESET)


def der(*, days: int = 365) -> bytes:
    """A certificate that nobody knows; `days` negative: it has expired."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.derive_private_key(7, ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "made for a test")])
    began = datetime(2026, 1, 1, tzinfo=UTC) - timedelta(days=800)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(7).not_valid_before(began).not_valid_after(began + timedelta(days=800 + days))
    return made.sign(key, hashes.SHA256()).public_bytes(_der())


def _der() -> Any:
    from cryptography.hazmat.primitives.serialization import Encoding

    return Encoding.DER


MADE = der()
EX_AND_BS = control(
    EX,
    tcp={f"{EX}:443": None, f"{BS}:443": None},
    tls={f"{EX}:443": None, f"{BS}:443": "ssl_unknown_authority"},
)
PX_AND_EX = control(EX, tcp={f"{EX}:443": None, f"{PX}:443": None}, tls={f"{EX}:443": None, f"{PX}:443": None})
TO_SITE = [connect(EX, 443), shake(EX, WWW), get(HTTPS, EX)]
GHOST = control(dns="dns_name_error", tcp={f"{BP}:80": None, f"{BP}:443": "connection_refused_error"},
                http="dns_lookup_error")  # fmt: skip
ITSAT_NAMED = (system(ITSAT, BP), udp(ITSAT, BP), doh(ITSAT, NXDOMAIN))
ORG = "www.example.org"

CASES = [
    # Certificates
    Case("badSSLWithUnknownAuthorityWithConsistentDNS",
         certificate("untrusted-root.badssl.com", "ssl_unknown_authority", MADE), ACCESSIBLE),
    Case("badSSLWithExpiredCertificate",
         certificate("expired.badssl.com", "ssl_invalid_certificate", der(days=-300)), ACCESSIBLE),
    Case("badSSLWithWrongServerName",
         certificate("wrong.host.badssl.com", "ssl_invalid_hostname", MADE), ACCESSIBLE),
    Case("badSSLWithUnknownAuthorityWithInconsistentDNS",
         seen(HTTPS, *SPOOFED[BS], connect(BS, 443), shake(BS, WWW, "ssl_unknown_authority", der=[MADE]), *TO_SITE,
              control=EX_AND_BS), BLOCKED, ("dns.bogus",)),
    # The site differs
    Case("cloudflareCAPTCHAWithHTTP", cloudflare("http"), ACCESSIBLE),
    Case("cloudflareCAPTCHAWithHTTPS", cloudflare("https"), ACCESSIBLE),
    # No control
    Case("controlFailureWithSuccessfulHTTPWebsite", no_control(f"http://{ORG}/"), INCONCLUSIVE),
    Case("controlFailureWithSuccessfulHTTPSWebsite", no_control(f"https://{ORG}/"), ACCESSIBLE),
    # DNS
    Case("dnsBlockingAndroidDNSCacheNoData",
         seen(HTTPS, system(WWW, "android_dns_cache_no_data"), udp(WWW, EX), doh(WWW, EX), *TO_SITE, control=both(EX)),
         BLOCKED, ("dns.nodata",)),
    Case("dnsBlockingBOGON",
         seen(HTTPS, system(WWW, BOGON), udp(WWW, EX), doh(WWW, EX), connect(BOGON, 443, TIMEOUT), *TO_SITE,
              control=both(EX)), BLOCKED, ("dns.bogus",)),
    Case("dnsBlockingNXDOMAIN",
         seen(HTTPS, system(WWW, NXDOMAIN), udp(WWW, EX), doh(WWW, EX), *TO_SITE, control=both(EX)),
         BLOCKED, ("dns.nxdomain",)),
    Case("dnsHijackingToLocalhostWithHTTP",
         seen(HTTP, *SPOOFED["127.0.0.1"], *plain(HTTP, EX), connect(EX, 443), shake(EX, WWW), control=both(EX)),
         BLOCKED, ("dns.bogus",)),
    Case("dnsHijackingToLocalhostWithHTTPS",
         seen(HTTPS, *SPOOFED["127.0.0.1"], *TO_SITE, control=both(EX)), BLOCKED, ("dns.bogus",)),
    Case("dnsHijackingToProxyWithHTTPURL", proxied(https=False), ACCESSIBLE),
    Case("dnsHijackingToProxyWithHTTPSURL", proxied(https=True), ACCESSIBLE),
    Case("ghostDNSBlockingWithHTTP",
         seen(f"http://{ITSAT}/", *ITSAT_NAMED, *plain(f"http://{ITSAT}/", BP, 200, WARNING), connect(BP, 443, REFUSED),
              control=GHOST), DOWN),
    Case("ghostDNSBlockingWithHTTPS",
         seen(f"https://{ITSAT}/", *ITSAT_NAMED, connect(BP, 443, REFUSED), control=GHOST), DOWN),
    # HTTP
    Case("httpBlockingConnectionReset",
         seen(HTTP, *ALL_AGREE, connect(EX, 80), get(HTTP, EX, 0, "", RESET), connect(EX, 443), shake(EX, WWW),
              control=both(EX)), BLOCKED, ("http.reset",)),
    Case("httpDiffWithConsistentDNS",
         seen(HTTP, *ALL_AGREE, connect(EX, 80), get(HTTP, EX, 200, WARNING), control=both(EX)),
         BLOCKED, ("http.blockpage",)),
    Case("httpDiffWithInconsistentDNS",
         seen(HTTP, *SPOOFED[PX], *plain(HTTP, PX, 200, WARNING), connect(EX, 443), shake(EX, WWW), control=both(EX)),
         BLOCKED, ("http.blockpage",)),
    # Fine
    Case("idnaWithoutCensorshipLowercase", idna("http://яндекс.рф/"), ACCESSIBLE),
    Case("idnaWithoutCensorshipWithFirstLetterUppercase", idna("http://Яндекс.рф/"), ACCESSIBLE),
    Case("largeFileWithHTTP", large("http"), ACCESSIBLE),
    Case("largeFileWithHTTPS", large("https"), ACCESSIBLE),
    Case("localhostWithHTTP", localhost(HTTP), DOWN),
    Case("localhostWithHTTPS", localhost(HTTPS), DOWN),
    Case("successWithHTTP",
         seen(HTTP, *ALL_AGREE, *plain(HTTP, EX), connect(EX, 443), shake(EX, WWW), control=both(EX)), ACCESSIBLE),
    Case("successWithHTTPS", seen(HTTPS, *ALL_AGREE, *TO_SITE, control=both(EX)), ACCESSIBLE),
    # Redirects
    Case("redirectWithBrokenLocationForHTTP", broken_location("http"), INCONCLUSIVE),
    Case("redirectWithBrokenLocationForHTTPS", broken_location("https"), ACCESSIBLE),
    Case("redirectWithConsistentDNSAndThenConnectionRefusedForHTTP", second_refused(SHORT_HTTP, HTTP, 80, 443),
         BLOCKED, ("tcp.refused",)),
    Case("redirectWithConsistentDNSAndThenConnectionRefusedForHTTPS", second_refused(SHORT_HTTPS, HTTPS, 443),
         BLOCKED, ("tcp.refused",)),
    Case("redirectWithConsistentDNSAndThenConnectionResetForHTTP", second_http(RESET), BLOCKED, ("http.reset",)),
    Case("redirectWithConsistentDNSAndThenConnectionResetForHTTPS", second_https(RESET), BLOCKED, ("tls.reset",)),
    Case("redirectWithConsistentDNSAndThenNXDOMAIN", second_hop(SHORT_HTTPS, HTTPS, *named_at_second(NXDOMAIN)),
         BLOCKED, ("dns.nxdomain",)),
    Case("redirectWithConsistentDNSAndThenEOFForHTTP", second_http(EOF), BLOCKED, ("http.closed",)),
    Case("redirectWithConsistentDNSAndThenEOFForHTTPS", second_https(EOF), BLOCKED, ("tls.closed",)),
    Case("redirectWithConsistentDNSAndThenTimeoutForHTTP", second_http(TIMEOUT), BLOCKED, ("http.timeout",)),
    Case("redirectWithConsistentDNSAndThenTimeoutForHTTPS", second_https(TIMEOUT), BLOCKED, ("tls.timeout",)),
    Case("redirectWithMoreThanTenRedirectsAndHTTP", many_redirects("http"), DOWN),
    Case("redirectWithMoreThanTenRedirectsAndHTTPS", many_redirects("https"), DOWN),
    # TCP, TLS
    Case("tcpBlockingConnectTimeout",
         seen(HTTPS, *ALL_AGREE, connect(EX, 443, TIMEOUT, t=10.02), control=both(EX)), BLOCKED, ("tcp.timeout",)),
    Case("tcpBlockingConnectionRefusedWithInconsistentDNS",
         seen(f"http://{ORG}/", system(ORG, BP), udp(ORG, BP), doh(ORG, EX), connect(BP, 80, REFUSED),
              connect(BP, 443, REFUSED), *plain(f"http://{ORG}/", EX),
              control=control(EX, tcp={f"{EX}:80": None, f"{BP}:80": None, f"{BP}:443": "connection_refused_error"})),
         BLOCKED, ("dns.bogus",)),
    Case("throttlingWithHTTP", large("http", TIMEOUT, "x" * 90_000), THROTTLED, ("throughput.freeze",)),
    Case("throttlingWithHTTPS", large("https", TIMEOUT, "x" * 90_000), THROTTLED, ("throughput.freeze",)),
    Case("tlsBlockingConnectionResetWithConsistentDNS",
         seen(HTTPS, *ALL_AGREE, connect(EX, 443), shake(EX, WWW, RESET), control=both(EX)), BLOCKED, ("tls.reset",)),
    Case("tlsBlockingConnectionResetWithInconsistentDNS",
         seen(HTTPS, *SPOOFED[PX], connect(PX, 443), shake(PX, WWW, RESET), connect(EX, 443), shake(EX, WWW, RESET),
              control=PX_AND_EX), BLOCKED, ("tls.reset",)),
    # Down
    Case("websiteDownNXDOMAIN",
         seen("http://www.example.xyz/", system("www.example.xyz", NXDOMAIN), udp("www.example.xyz", NXDOMAIN),
              doh("www.example.xyz", NXDOMAIN), control=control(dns="dns_name_error", http="dns_lookup_error")), DOWN),
    Case("websiteDownNoAddrs",
         seen(HTTP, system(WWW, NO_ANSWER), udp(WWW, NO_ANSWER), doh(WWW, NO_ANSWER),
              control=control(http="dns_lookup_error")), DOWN),
    Case("websiteDownTCPConnect",
         seen("http://www.example.com:444/", *ALL_AGREE, connect(EX, 444, REFUSED),
              control=control(EX, tcp={f"{EX}:444": "connection_refused_error"}, http="connection_refused_error")),
         DOWN),
]  # fmt: skip
