"""Texts that people and other programs write: addresses, lists, settings. Each is read or refused in one sentence."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from probe import config
from probe.net import place
from probe.scrub import scrubbed, scrubbed_url
from results.hops import split
from targets.bundled import LISTS, resolve
from targets.citizen_lab import NotCitizenLab, imported
from targets.load import read
from targets.url import BadUrl, canonical_url, parse
from tests.fuzz.family import Case, Family
from tests.fuzz.mutate import mutated

_URLS = (
    *("https://www.ratel.kz/news?id=1&x=%D0%9A#top", "http://xn--80aaxf.xn--80ao21a/", "https://жаңалық.қаз/а б"),
    *("https://[2001:db8::1]:8443/", "http://93.184.216.34:80", "HTTPS://A.B.C.:443/..//%00", "https://u:p@h.kz/"),
    *(
        "http://0x7f.1/",
        "https://ｒａｔｅｌ.kz/",
        "https://a\u00ad.kz/\u202e",
        "https://faß.de/",
        "http://[fe80::1%25eth0]/",
    ),
)
_SETTINGS = """
[vantage]
name = "v-1"
country = "KZ"
asn = 9198
class = "home"
[probe]
lists = ["kz", "own.txt"]
interval = "30m"
concurrency = 16
[dns]
resolvers = ["udp://8.8.8.8", "udp://[2001:4860:4860::8888]"]
trusted = ["https://dns.quad9.net/dns-query"]
[control]
url = ["https://control.example.org"]
token = "s3cret"
[reference]
urls = ["https://www.wikipedia.org/"]
[store]
url = "sqlite:///kedergi.db"
"""
_LISTS = (
    'url,outlet,role,category,tier,use,expected_title,note\nhttps://қаз.kz,"A, B",mirror,NEWS,2,opt-in,,\n',
    'url,category_code,category_description,date_added,source,notes\nhttps://a.kz/,NEWS,News,2014-04-15,x,"y\n z"\n',
    "# ours\nhttps://a.kz/\nb.kz\n\nhttps://a.kz\n",
    "note;url;tier\nx;https://a.kz/;3\n",
)


def _text(dice: Random, text: str) -> str:
    raw = mutated(dice, text.encode())
    return raw.decode("utf-8", dice.choice(("replace", "surrogateescape", "ignore"))) if dice.random() < 0.9 else text


def _url(dice: Random, _folder: Path) -> None:
    text, refusal = _text(dice, dice.choice(_URLS)), ""
    split(text)
    scrubbed(text)
    try:
        whole = str(parse(text))
    except BadUrl as exc:
        refusal = str(exc)
    if refusal:
        assert re.fullmatch(r"[^\x00-\x1f]+\.", refusal), refusal
        assert len(refusal) < 800
        return
    assert whole.isascii()
    assert canonical_url(whole) == whole
    assert place(text).url == place(whole).url == whole
    scrubbed_url(whole)


def _list(dice: Random, folder: Path) -> None:
    path = folder / f"{dice.getrandbits(60)}.csv"
    good = dice.choice(((LISTS / "kz.csv").read_bytes()[:6000], *(text.encode() for text in _LISTS)))
    path.write_bytes(dice.choice((b"", b"", b"\xef\xbb\xbf", b"\xff\xfe")) + mutated(dice, good))
    listing = read(path)
    assert listing.entries or listing.problems
    says = [problem.says for problem in (*listing.problems, *resolve([path])[1])]
    try:
        says += [problem.says for problem in imported(path)[1]]
    except NotCitizenLab as exc:
        says.append(str(exc))
    assert [each for each in says if "\n" in each or not each] == []


def _setting(dice: Random, folder: Path) -> None:
    path, says = folder / f"{dice.getrandbits(60)}.toml", "."
    path.write_bytes(mutated(dice, _SETTINGS.encode(), most=3))
    try:
        loaded = config.load(path)
        config.store_url(loaded)
        for url in (*loaded.control.url, *loaded.reference.urls, *loaded.dns.trusted):
            place(url)
    except config.ConfigError as exc:
        says = str(exc)
    assert "s3cret" not in says, says
    assert says.endswith("."), says


def _family(one: Callable[[Random, Path], None]) -> Family:
    @asynccontextmanager
    async def opened() -> AsyncIterator[Case]:
        with TemporaryDirectory() as folder:

            async def case(dice: Random) -> None:
                one(dice, Path(folder))

            yield case

    return opened


urls, lists, settings = _family(_url), _family(_list), _family(_setting)
