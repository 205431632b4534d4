"""What counts as a web address here, and its one spelling. Nothing is resolved and nothing is sent."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import SplitResult, quote, urlsplit

import idna

PORTS = {"http": 80, "https": 443}
MAX_CHARACTERS = 2048  # what browsers and content networks agree to carry
ALLOWED = 'allowed are http and https addresses such as "https://example.org/"'

_HOST_ALLOWED = "allowed are letters, digits and hyphens, up to 63 between two dots and 253 in all"
_SHOWN_CHARACTERS = 120
_KEPT = "/?%:@!$&'()*+,;=~[]"  # the rest is percent-encoded as UTF-8
_SCHEME = re.compile(r"[^/?#]*://")
_BRACKETED = re.compile(r"\[[^\[\]]*\](:[^:]*)?")
_LABEL = re.compile(r"[a-z0-9_-]*[a-z0-9][a-z0-9_-]*")  # underscores: old blog hosts have them


class BadUrl(ValueError):
    """A text that is no web address. `str()` is one sentence: what was given, what is wrong, what is allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Url:
    """A web address in its one spelling. `str()` puts it together again."""

    scheme: Literal["http", "https"]
    host: str  # lower-case ASCII; an IPv6 address stands without brackets
    port: int  # 1 to 65535, the scheme's own where none was given
    path: str  # ASCII, begins with "/", holds the query

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.path}"


def parse(text: str) -> Url:
    """The parts of a web address. The fragment is dropped, and space around the text is ignored.

    Raises:
        BadUrl: not http or https, no host, a user name, a bad host or port, spaces or control characters inside.
    """
    text = text.strip()
    parts = _split(text)
    if "@" in parts.netloc:
        raise _bad(text, "holds a user name or password", "write the address without it")
    host = _host_of(text, parts)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    scheme: Literal["http", "https"] = "https" if parts.scheme == "https" else "http"
    url = Url(scheme=scheme, host=host, port=_port_of(text, parts), path=quote(path, safe=_KEPT))
    if len(str(url)) > MAX_CHARACTERS:  # a letter that is no ASCII takes six
        raise _bad(text, f"is {len(str(url))} characters long when percent-encoded", f"allowed are {MAX_CHARACTERS}")
    return url


def canonical_url(text: str) -> str:
    """The one spelling of a web address: ASCII host in lower case, no default port, no fragment, a path.

    Raises:
        BadUrl: as `parse`.
    """
    return str(parse(text))


def ascii_host(host: str) -> str:
    """A host as DNS and TLS carry it: lower case, international names as `xn--`, no final dot; addresses as they are.

    Raises:
        BadUrl: neither a host name nor an IP address.
    """
    address = _address(host)
    if address is not None:
        return address
    name = host.lower() if host.isascii() else _international(host)
    name = name.removesuffix(".")
    labels = name.split(".")
    if len(name) > 253 or not all(len(label) <= 63 and _LABEL.fullmatch(label) for label in labels):
        raise _bad(host, "is not a host name", _HOST_ALLOWED)
    if labels[-1].isdigit() or re.fullmatch(r"0x[0-9a-f]*", labels[-1]):
        raise _bad(host, "is neither a host name nor an IP address", "write IPv4 as four numbers up to 255")
    return name


def shown(text: str) -> str:
    """A text fit for one line of a terminal or log: no control characters, no password, at most 120 characters."""
    text = re.sub(r"//[^/?#]*@", "//…@", text)
    if len(text) > _SHOWN_CHARACTERS:
        text = text[: _SHOWN_CHARACTERS - 1] + "…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def _split(text: str) -> SplitResult:
    if not text:
        raise BadUrl(f"The address is empty; {ALLOWED}.")
    if len(text) > MAX_CHARACTERS:
        raise _bad(text, f"is {len(text)} characters long", f"allowed are {MAX_CHARACTERS}")
    # urlsplit() would quietly drop tabs and newlines
    odd = next((c for c in text if c.isspace() or not c.isprintable() or c == "\\"), None)
    if odd is not None:
        raise _bad(text, f"holds {_named(odd)}", "write it percent-encoded or leave it out")
    if not _SCHEME.match(text):
        raise _bad(text, "has no http:// or https:// before it", _suggestion(text))
    try:
        parts = urlsplit(text)
    except ValueError as exc:  # an IPv6 address that is none, a host that changes under Unicode normalisation
        raise _bad(text, "has a host that cannot be read", ALLOWED) from exc
    if parts.scheme not in PORTS:
        scheme = text.partition("://")[0]
        raise _bad(text, f'has the scheme "{shown(scheme)}"', "allowed are http and https")
    return parts


def _host_of(text: str, parts: SplitResult) -> str:
    if not parts.hostname:
        raise _bad(text, "has no host", ALLOWED)
    if "[" in parts.netloc and not (_BRACKETED.fullmatch(parts.netloc) and ":" in (_address(parts.hostname) or "")):
        raise _bad(text, "has a host in brackets", 'brackets are for an IPv6 address, as in "https://[2001:db8::1]/"')
    try:
        return ascii_host(parts.hostname)
    except BadUrl as exc:
        raise BadUrl(f'In "{shown(text)}" the host {exc}') from exc


def _port_of(text: str, parts: SplitResult) -> int:
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port is None:
        return PORTS[parts.scheme]
    if port == 0:
        given = parts.netloc.rpartition("]")[2].partition(":")[2]
        raise _bad(text, f'has the port "{shown(given)}"', "allowed are 1 to 65535")
    return port


def _address(host: str) -> str | None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    return None if "%" in host else str(address)


def _international(host: str) -> str:
    try:
        return idna.encode(host, uts46=True).decode("ascii")
    except idna.IDNAError as exc:
        raise _bad(host, "is not an international host name", _HOST_ALLOWED) from exc


def _suggestion(text: str) -> str:
    candidate = f"https://{text.lstrip('/')}"
    try:
        url = parse(candidate)
    except BadUrl:
        return ALLOWED
    return f'write "{url}"' if "." in url.host else ALLOWED


def _named(character: str) -> str:
    names = {" ": "a space", "\t": "a tab", "\n": "a line break", "\r": "a line break", "\\": "a backslash"}
    return names.get(character, f"the character U+{ord(character):04X}")


def _bad(text: str, wrong: str, instead: str) -> BadUrl:
    return BadUrl(f'"{shown(text)}" {wrong}; {instead}.')
