"""Sites that are odd but fine, and servers that mean no good: what stands in the world for test_survival."""

import gzip
from asyncio import StreamWriter
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from tests.lab import http2
from tests.lab.http2 import Frames, Http2
from tests.lab.pages import Echo, EndlessBody, Manner, NeedsCookie, Page, Paths, Pours, Raw, Redirect, Request
from tests.lab.site import Site

OK = b"HTTP/1.1 200 OK\r\n"
GREAT = 32 * 2**20
_GREAT_HTML = b"<title>Great</title>".ljust(GREAT, b"x")
# Neither is made when it is asked for: that would hold the lab's only server process for seconds.
_GREAT = Pours(OK + b"Content-Length: %d\r\n\r\n" % GREAT + _GREAT_HTML[:100], b"x" * 16_384)


def _packed(encoding: str, packed: bytes) -> Raw:
    return Raw(OK + f"Content-Encoding: {encoding}\r\nContent-Length: {len(packed)}\r\n\r\n".encode() + packed)


@dataclass(frozen=True)
class Fine:
    """A site that must be found accessible, and the page that is read there."""

    name: str
    url: str
    https: Manner
    title: str = "Welcome"
    more: tuple[Site, ...] = ()


def _steps(number: int, end: str) -> dict[str, Manner]:
    """So many redirects from / on."""
    paths = ["/", *(f"/{at}" for at in range(1, number)), end]
    return {path: Redirect(paths[at + 1]) for at, path in enumerate(paths[:-1])}


_SHOP = NeedsCookie("/", "seen=1; Path=/", "seen=1")
_FAMILY = NeedsCookie("https://door.cookie-family.kz/", "seen=1; Domain=cookie-family.kz; Path=/", "seen=1")
_BACK = Site("door.cookie-family.kz", https=NeedsCookie("/", "x=1", "seen=1"))

FINE = (
    Fine("HTTP/2", "https://two.kz/", Http2()),
    Fine("HTTP/2, a great page", "https://two-great.kz/", Http2(_GREAT), "Great"),
    Fine("HTTP/2, a redirect", "https://two-moved.kz/", Http2(Paths({"/": Redirect("/a"), "/a": Page("A")})), "A"),
    Fine("HTTP/2, gzip", "https://two-gzip.kz/", Http2(Page("Packed", encoding="gzip")), "Packed"),
    Fine("gzip", "https://packed-gzip.kz/", Page("Packed", encoding="gzip"), "Packed"),
    Fine("deflate", "https://packed-deflate.kz/", Page("Packed", encoding="deflate"), "Packed"),
    Fine("br", "https://packed-br.kz/", Page("Packed", encoding="br"), "Packed"),
    Fine("32 MiB", "https://great.kz/", _GREAT, "Great"),
    Fine("32 MiB, gzip", "https://great-gzip.kz/", _packed("gzip", gzip.compress(_GREAT_HTML)), "Great"),
    Fine("IDN", "HTTPS://ЖАҢАЛЫҚ.ҚАЗ/", Page("Қазақ"), "Қазақ", (Site("xn--80aaqw4fuxvb.xn--80ao21a"),)),
    Fine("fragment", "https://part.kz/a?b=c#d", Echo(), "/a?b=c"),
    Fine("10 redirects", "https://ten.kz/", Paths(_steps(10, "/end"), Page("End")), "End"),
    Fine("a cookie between hops", "https://cookie.kz/", _SHOP, "Welcome back"),
    Fine("a cookie of the family", "https://cookie-family.kz/", _FAMILY, "Welcome back", (_BACK,)),
    Fine("a fragment in a redirect", "https://moved-part.kz/", Paths({"/": Redirect("/x#y")}, Echo()), "/x"),
)


def _packed_by_brotli() -> bytes:
    packer = import_module("brotli").Compressor(quality=5)
    pieces: list[bytes] = [packer.process(bytes(2**20)) for _ in range(256)]
    return b"".join((*pieces, packer.finish()))


def _to(location: str, **fields: str) -> Raw:
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())
    return Raw(f"HTTP/1.1 302 Found\r\nLocation: {location}\r\n{more}Content-Length: 0\r\n\r\n".encode())


@dataclass(frozen=True)
class _Onward:
    """To the next number, after a while."""

    async def answer(self, request: Request, out: StreamWriter) -> bool:
        location = f"/{int(request.path[1:] or 0) + 1}"
        return await Page(status=302, first_byte_s=3.5, headers=(("Location", location),)).answer(request, out)


HOSTILE: dict[str, Callable[[], Manner]] = {
    "headers": lambda: Pours(OK, b"x-more: and more\r\n" * 50),
    "headers-slow": lambda: Pours(OK, b"x-more: and more\r\n", 1),
    "header-line": lambda: Pours(OK + b"x: ", b"y" * 1000),
    "1xx": lambda: Pours(b"", b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" * 20),
    "1xx-slow": lambda: Pours(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 1),
    "chunks": lambda: Pours(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 100),
    "chunk-line": lambda: Pours(OK + b"Transfer-Encoding: chunked\r\n\r\n1;", b"x" * 1000),
    "body": lambda: EndlessBody(kbit_s=100_000),
    "body-slow": lambda: Pours(OK + b"\r\n", b"x", 1),
    "body-stops": lambda: Pours(OK + b"Content-Length: 100000\r\n\r\n" + b"x" * 20_000),
    "silence": Pours,
    "length-long": lambda: Raw(OK + b"Content-Length: 99\r\n\r\nshort"),
    "length-negative": lambda: Raw(OK + b"Content-Length: -5\r\n\r\nshort"),
    "length-twice": lambda: Raw(OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nshort"),
    "length-huge": lambda: Raw(OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\nshort"),
    "garbage": Raw,
    "http-0-9": lambda: Raw(b"<html>hello</html>"),
    "bare-lf": lambda: Raw(b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok"),
    "nul": lambda: Raw(OK + b"x: \0\0\r\n\r\n\0\0"),
    "charset": lambda: Page(headers=(("Content-Type", "text/html; charset=unicode_escape"),), body=b"<title>\\ud800"),
    "titles": lambda: Page(body=b"<title>" * 80_000),
    "bomb-gzip": lambda: _packed("gzip", gzip.compress(bytes(2**28))),
    "bomb-br": lambda: _packed("br", _packed_by_brotli()),
    "bomb-twice": lambda: _packed("gzip, gzip", gzip.compress(gzip.compress(bytes(2**28)))),
    "location-long": lambda: _to("/" + "x" * 1_000_000),
    "location-itself": lambda: Redirect("/"),
    "redirects-11": lambda: Paths(_steps(11, "/end"), Page("End")),
    "redirects-slow": _Onward,
    "late": lambda: Page(first_byte_s=9, size=100_000, kbit_s=20),
    "cookies-odd": lambda: _to("/x", Set_Cookie="a=\xff; expires=" + "1" * 60),
}
LEADS_TO = {
    "user": "https://user:password@two.kz/",
    "ftp": "ftp://two.kz/",
    "data": "data:text/html,hello",
    "javascript": "javascript:alert(1)",
    "ipv6": "https://[2001:db8::1]/",
    "mapped": "http://[::ffff:127.0.0.1]/",
    "zero": "http://0.0.0.0/",
    "localhost": "http://localhost/",
    "loopback": "http://2130706433/",
    "metadata": "http://169.254.169.254/latest/",
    "port": "https://two.kz:99999/",
    "nonsense": "http://[",
}

_HEAD = http2.head()
HOSTILE_2: dict[str, Manner] = {
    "reset": Frames(_HEAD + http2.data(b"x" * 5000) + http2.reset()),
    "reset-at-once": Frames(http2.reset(8)),
    "goaway": Frames(_HEAD + http2.data(b"x" * 5000) + http2.goaway()),
    "goaway-at-once": Frames(http2.goaway(11)),
    "garbage": Frames(b"\xff" * 5000),
    "http-1": Frames(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
    "status": Frames(http2.head("abc") + http2.data(b"x")),
    "status-huge": Frames(http2.head("9" * 30)),
    "continuation": Frames(http2.unfinished_head(), http2.continuation() * 50),
    "continuation-slow": Frames(http2.unfinished_head(), http2.continuation(), 0.5),
    "silence": Frames(),
    "silence-after-head": Frames(_HEAD),
    "pings": Frames(b"", http2.ping() * 50),
    "pings-slow": Frames(b"", http2.ping(), 0.5),
    "pings-in-body": Frames(_HEAD, http2.ping() * 50),
    "data-empty": Frames(_HEAD, http2.data(b"") * 50),
    "data-small": Frames(_HEAD, http2.data(b"x") * 50),
    "data-slow": Frames(_HEAD, http2.data(b"x"), 1),
    "body": Frames(_HEAD, http2.data(b"x" * 8000)),
}


def sites() -> list[Site]:
    """All of them, and one to which cookies of another site must not go."""
    fine = [Site(row.more[0].name if row.name == "IDN" else _host(row.url), https=row.https) for row in FINE]
    beside = [site for row in FINE if row.name != "IDN" for site in row.more]
    hostile = [Site(f"{name}.hostile.kz", https=make()) for name, make in HOSTILE.items()]
    hostile += [Site(f"to-{name}.hostile.kz", https=_to(where)) for name, where in LEADS_TO.items()]
    hostile_2 = [Site(f"{name}.hostile-two.kz", https=manner) for name, manner in HOSTILE_2.items()]
    giver = Paths({"/": _to("https://other-family.kz/", Set_Cookie="secret=1; Domain=kz; Path=/")})
    return [*fine, *beside, *hostile, *hostile_2, Site("giver.kz", https=giver), Site("other-family.kz", https=Echo())]


def _host(url: str) -> str:
    return url.split("/")[2]
