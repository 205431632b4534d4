"""Is this the page that others get? Compares one answer with another; no network, no list of block pages.

The signs follow what OONI's Web Connectivity compares (status, length, title, headers); one that matches is enough,
since pages differ by language, by minute and by reader, and a block page matches in none.
"""

import re

from results.hops import split
from results.records import HttpStep, is_address

_LENGTH_RATIO = 0.7
_DISTINCTIVE = 2
_SHARED_FILES = 2
_BRAND_LETTERS = 4  # google.kz and google.de are one; a shorter name before the ending may be anyone's
# Files that any page may load.
_ANYBODYS = frozenset(
    (
        *("app.css", "app.js", "bootstrap.css", "bootstrap.js", "bootstrap.min.css", "bootstrap.min.js", "favicon.ico"),
        *("index.css", "index.js", "jquery.js", "jquery.min.js", "logo.jpg", "logo.png", "logo.svg", "main.css"),
        *("main.js", "normalize.css", "reset.css", "script.js", "style.css", "styles.css"),
    )
)
_SECOND_LEVEL = frozenset(["ac", "co", "com", "edu", "gov", "mil", "ne", "net", "or", "org"])  # as in com.kz
_ASSETS = "css|js|png|jpe?g|svg|gif|webp|ico|woff2?"
_LOADED = re.compile(rf"(?:src|href)\s*=\s*[\"']?([^\"'?#\s>]{{1,200}}\.(?:{_ASSETS}))", re.IGNORECASE)
# Headers that any server may send, so that sharing them says nothing.
_COMMON_HEADERS = frozenset(
    [
        "accept-ranges",
        "age",
        "allow",
        "cache-control",
        "connection",
        "content-encoding",
        "content-language",
        "content-length",
        "content-type",
        "date",
        "etag",
        "expires",
        "keep-alive",
        "last-modified",
        "location",
        "pragma",
        "server",
        "set-cookie",
        "transfer-encoding",
        "vary",
        "via",
        "x-cache",
        "x-content-type-options",
        "x-frame-options",
        "x-powered-by",
        "x-xss-protection",
        "strict-transport-security",
        "content-security-policy",
        "referrer-policy",
        "alt-svc",
        "upgrade",
    ]
)


def alike(here: HttpStep, there: HttpStep) -> str:
    """In words, the first sign that both come from the same site; empty where there is none."""
    if len(_distinctive(here) & _distinctive(there)) >= _DISTINCTIVE:
        return "the site's own headers are there"
    if here.location or there.location:
        same = here.location and there.location and same_site(here.location, there.location)
        return "both lead to the same site" if same else ""
    if here.body_sha256 is not None and here.body_sha256 == there.body_sha256 and here.body_bytes:
        return "the body is the same"
    if here.status != there.status:
        return ""
    if _same_files(here, there):
        return "both pages load the same files"
    if here.title and here.title == there.title:
        return "status and title are the same"
    if here.title and there.title and not _share_a_word(here.title, there.title):
        return ""
    return "status and length agree" if _ratio(here, there) >= _LENGTH_RATIO else ""


def identical(one: HttpStep, other: HttpStep) -> bool:
    """Whether two answers are the same to the letter."""
    same_body = one.body_sha256 == other.body_sha256 and bool(one.body_bytes)
    return one.status == other.status and one.location == other.location and (same_body or one.location is not None)


def same_site(one: str, other: str) -> bool:
    """Whether two URLs are of one site: the same registered name, or the same under another country's ending.

    Told without a list of public suffixes.
    """
    first, second = _registered(one), _registered(other)
    brand = first.partition(".")[0]
    national = len(first.rpartition(".")[2]) == len(second.rpartition(".")[2]) == 2
    return first == second or (national and len(brand) >= _BRAND_LETTERS and brand == second.partition(".")[0])


def same_server(one: HttpStep, other: HttpStep) -> bool:
    """Whether two answers carry the marks of one server or one content network."""
    servers = [dict(step.headers).get("server", "") for step in (one, other)]
    return bool(servers[0] and servers[0] == servers[1]) or bool(_distinctive(one) & _distinctive(other))


def _same_files(here: HttpStep, there: HttpStep) -> bool:
    """A control's page often has no body: then ours need not be read."""
    theirs = _files(there)
    return len(theirs) >= _SHARED_FILES and len(theirs & _files(here)) >= _SHARED_FILES


def _files(step: HttpStep) -> set[str]:
    """What a page loads of its own, without hosts and parameters: other languages of a page load the same."""
    paths = {split(found[1]).path for found in _LOADED.finditer(step.body or "")}
    return {path for path in paths if path.rpartition("/")[2].lower() not in _ANYBODYS}


def _distinctive(step: HttpStep) -> set[str]:
    return {name for name, _ in step.headers} - _COMMON_HEADERS


def _share_a_word(one: str, other: str) -> bool:
    long = [{word for word in title.lower().split() if len(word) >= 5} for title in (one, other)]
    return bool(long[0] & long[1]) or not (long[0] and long[1])


def _ratio(here: HttpStep, there: HttpStep) -> float:
    if here.capped and there.capped:
        return 1.0
    small, large = sorted((here.body_bytes or 0, there.body_bytes or 0))
    return small / large if large else 1.0


def _registered(url: str) -> str:
    host = (split(url).hostname or "").rstrip(".")
    labels = host.split(".")
    if is_address(host) or len(labels) < 2:
        return host
    deep = len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL
    return ".".join(labels[-3:] if deep else labels[-2:])
