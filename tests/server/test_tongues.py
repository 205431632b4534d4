"""The pages in three languages: which one a reader gets, that all of it is said, plurals, dates and numbers."""

import gettext
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi import FastAPI

from results.judgement import Reason
from results.store import Store
from server.pages.many.routes import ManyPages
from server.pages.many.shown import Many
from server.pages.reasons import said, said_in
from server.pages.times import Local
from server.pages.tongue import ENGLISH, LANGUAGES, Tongue, chosen, tongue
from targets.target import Role, Target
from tests.server.html import Page, page
from tests.server.many import BEELINE, KCELL, TOWN, app_of, events_of, followed, past
from tests.server.simulated import EVERY, HOME, NOW, judgement, rich, site

pytestmark = pytest.mark.anyio
CODES = list(LANGUAGES)

TARGETS = [
    Target(url=site("ratel.kz"), outlet="Ratel", category="NEWS"),
    Target(url=site("vlast.kz"), outlet="Vlast", category="NEWS"),
    Target(url=site("reference.org"), role=Role.REFERENCE),
]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Every kind of state there is, so that every word of it is on some page. Made once: the pages only read it."""
    store = Store(f"sqlite:///{tmp_path_factory.mktemp('tongues')}/kedergi.db")
    past(store, HOME, "ratel.kz", "o" * 40 + "b" * 20)
    past(store, KCELL, "ratel.kz", "o" * 30 + "cobcbobcb" + "c" * 21)
    past(store, BEELINE, "ratel.kz", "o" * 56 + "dudu")
    past(store, TOWN, "ratel.kz", "o" * 20, until=NOW - timedelta(days=2))
    past(store, KCELL, "vlast.kz", "o" * 40 + "s" * 20)
    past(store, HOME, "vlast.kz", "o" * 30 + "b" * 15 + "o" * 15)
    past(store, HOME, "reference.org", "o" * 3)
    store.add(rich(), judgement("n", says="The site itself answers with status 403, over its own certificate."))
    followed(store)
    yield store
    store.close()


EPISODE = {"key": str(HOME.asn), "of": "blocking"}


async def addresses(store: Store) -> list[str]:
    """Of every kind of page."""
    query = "?url=https%3A%2F%2Fratel.kz%2F"
    began = re.findall(r'href="(/episode\?[^"]+)"', (await client_of(app_of(store, TARGETS)).get(f"/site{query}")).text)
    return [
        "/", "/?kind=blocked&q=rat", "/?q=nothing", "/networks", "/network?key=9198", "/network?key=29355&span=30d",
        "/vantage?name=home-1", "/vantage?name=town-1",
        f"/site{query}", f"/site{query}&span=24h", f"/site{query}&span=365d",
        "/site?url=https%3A%2F%2Fvlast.kz%2F", "/method", "/measurement/rich", "/measurement/none", "/site",
        *(f"/event/{uid}" for uid in events_of(store)), *(one.replace("&amp;", "&") for one in began),
    ]  # fmt: skip


def client_of(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://kedergi.example.org")


@pytest.fixture
async def client(told: Store) -> httpx.AsyncClient:
    return client_of(app_of(told, TARGETS))


# Which language


@pytest.mark.parametrize(
    ("named", "accepted", "code"),
    [
        ("", "", "en"),
        ("", "ru", "ru"),
        ("", "kk-KZ,kk;q=0.9,ru;q=0.8,en;q=0.7", "kk"),
        ("", "de-DE,de;q=0.9,ru;q=0.5,en;q=0.4", "ru"),
        ("", "en;q=0.2, ru;q=0.3", "ru"),
        ("", "ru;q=0, kk;q=0.1", "kk"),
        ("", "fr, de", "en"),
        ("", "*", "en"),
        ("", "RU-ru", "ru"),
        ("", "ru;q=much,kk;level=1,,;;=,\x00", "en"),
        ("", ",".join(["xx"] * 500) + ",ru", "en"),
        ("kk", "ru", "kk"),
        ("xx", "ru", "ru"),
        ("../../etc", "", "en"),
    ],
)
def test_the_address_comes_before_the_browser_and_junk_is_passed_over(named: str, accepted: str, code: str) -> None:
    assert chosen(named, accepted).code == code


@pytest.mark.parametrize("code", CODES)
async def test_the_browser_chooses_and_the_answer_says_so(client: httpx.AsyncClient, code: str) -> None:
    answer = await client.get("/", headers={"accept-language": f"{code},en;q=0.1"})
    assert answer.headers["content-language"] == code
    assert "accept-language" in answer.headers["vary"].lower()
    assert next(Page(answer.text).all("html"))["lang"] == code


async def test_a_choice_of_language_holds_against_the_browser_and_stays_in_every_link(
    client: httpx.AsyncClient, told: Store
) -> None:
    for path in await addresses(told):
        mark = "&" if "?" in path else "?"
        answer = await client.get(f"{path}{mark}lang=kk", headers={"accept-language": "ru"})
        found = Page(answer.text)
        assert next(found.all("html"))["lang"] == "kk", path
        links = [link for link in found.all("a") if "hreflang" not in link and (link["href"] or "").startswith("/")]
        lost = [link["href"] for link in links if not _keeps(link["href"] or "")]
        assert lost == [], path
        for form in [one for one in found.all("form") if one.get("method") == "get"]:
            assert ("input", {"type": "hidden", "name": "lang", "value": "kk"}) in found.elements, (path, form)


def _keeps(href: str) -> bool:
    """Data says the same in every language."""
    parts = urlsplit(href)
    return parse_qs(parts.query).get("lang") == ["kk"] or bool(
        re.search(r"^/api/|\.(json|csv|svg|atom|xml)$", parts.path)
    )


async def test_the_switch_leads_to_the_same_page_with_all_else_that_was_chosen(client: httpx.AsyncClient) -> None:
    found = Page((await client.get("/?q=rat&tz=Europe%2FBerlin&lang=ru")).text)
    switch = {link["lang"]: link for link in found.all("a") if link.get("hreflang")}
    assert set(switch) == set(LANGUAGES)
    asked = parse_qs(urlsplit(switch["kk"]["href"] or "").query)
    assert asked == {"q": ["rat"], "tz": ["Europe/Berlin"], "lang": ["kk"]}
    assert switch["ru"]["aria-current"] == "true"
    assert "aria-current" not in switch["kk"]


async def test_other_languages_are_told_to_whoever_indexes(client: httpx.AsyncClient) -> None:
    found = Page((await client.get("/networks?span=7d")).text)
    told = {
        one["hreflang"]: one["href"] for one in found.all("link") if one.get("rel") == "alternate" and "hreflang" in one
    }
    assert told["x-default"] == "/networks?span=7d"
    assert told["ru"] == "/networks?span=7d&lang=ru"
    assert set(told) == {"x-default", *LANGUAGES}


# All of it is said


class Marked(gettext.NullTranslations):
    """Says everything between marks, so that what was not asked for is seen."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"

    def pgettext(self, context: str, message: str) -> str:  # noqa: ARG002 - gettext's shape
        return f"⟦{message}⟧"


class Visible(HTMLParser):
    """What people read or hear of a page: its text, and the attributes that are read out."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text = ""
        self.attributes: list[str] = []
        self._silent: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        if tag in {"title", "style", "script", "code", "pre"} or known.get("class") in {
            "public",
            "letter",
            "code",
            "name",
        }:
            self._silent.append(tag)
        if "hreflang" in known or known.get("lang") == "en":  # a language's own name; what was stored in English
            self._silent.append(tag)
        read_out = ("title", "aria-label", "alt", "placeholder", "data-label", "label", "content")
        self.attributes += [known[name] or "" for name in read_out if name in known and tag != "meta"]

    def handle_endtag(self, tag: str) -> None:
        if self._silent and self._silent[-1] == tag:
            self._silent.pop()
        self.text += "\n" if tag in {"td", "th", "p", "li", "dd", "dt", "a", "option", "text", "label", "desc"} else ""

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.text += data


def unsaid(text: str) -> list[str]:
    """Words outside of the marks."""
    outside, depth = [], 0
    for char in text:
        depth += {"⟦": 1, "⟧": -1}.get(char, 0)
        outside.append(char if depth == 0 and char != "⟧" else " ")
    return [word for word in re.findall(r"[^\W\d_][\w’'-]+", "".join(outside)) if word.lower() not in DATA]


# Names and public words: the same in every language.
_DATA = """
    kedergi ratel kz vlast reference org home-1 astana-1 aktau-1 town-1 kazakhtelecom jsc kcell kar-tel llp beeline town
    net as9198 news humr utc json csv dns tcp tls http https quic ip ttl sha-256 www cars com wikipedia zero control
    example other login nginx server x-a let's encrypt cn isrg root us ok noerror udp dns-query quad9 timed out reset
    ssl_invalid_hostname generic_timeout_error eof_error connection_reset geolocation by db-ip routeviews nro
    ip-location-db cc asia almaty atom svg қараша қар
"""
DATA = frozenset(_DATA.split())


def marked(store: Store) -> FastAPI:
    """The pages in a language of marks."""
    spoken = Tongue(LANGUAGES["kk"], Marked())
    shown = Many(
        store=store, targets={one.url: one for one in TARGETS}, interval=EVERY, clock=lambda: NOW, version="0.1.0",
        tongues={"kk": spoken},
    )  # fmt: skip
    app = FastAPI()
    app.include_router(ManyPages(shown).router)
    return app


async def test_everything_that_a_page_says_is_translated(told: Store) -> None:
    """Marked for translation, in templates and in code."""
    client, missed = client_of(marked(told)), {}
    for path in await addresses(told):
        answer = await client.get(path, params=None, headers={"accept-language": "kk"})
        if answer.status_code != 200:
            continue
        found = Visible(answer.text)
        words = unsaid(found.text) + [word for one in found.attributes for word in unsaid(one)]
        if words:
            missed[path] = sorted(set(words))
    assert missed == {}


@pytest.mark.parametrize(("path", "words"), [("/measurement/none", "Здесь ничего нет."), ("/site", "В адресе нет или")])
async def test_what_can_t_be_shown_is_said_in_the_reader_s_language(
    client: httpx.AsyncClient, path: str, words: str
) -> None:
    assert words in Page((await client.get(path, headers={"accept-language": "ru"})).text).text


@pytest.mark.parametrize("code", CODES)
async def test_every_page_is_shown_in_every_language(client: httpx.AsyncClient, told: Store, code: str) -> None:
    for path in await addresses(told):
        answer = await client.get(path + ("&" if "?" in path else "?") + f"lang={code}")
        assert answer.status_code == (404 if path.endswith("/none") else 400 if path == "/site" else 200), path
        assert "⟦" not in answer.text


async def test_the_first_sentence_is_said_in_each_language(client: httpx.AsyncClient) -> None:
    said = {code: (await page(client, "/", lang=code)).text for code in CODES}
    assert "1 site is blocked and 1 is likely throttled on at least one network" in said["en"].replace(" .", ".")
    assert "1 сайт заблокирован , и 1, вероятно, замедлен , хотя бы в одной сети." in said["ru"]
    assert "1 сайт бұғатталған және 1 әдейі баяулатылған болуы ықтимал" in said["kk"]


async def test_what_a_rule_said_is_told_in_the_reader_s_language(client: httpx.AsyncClient) -> None:
    found = await page(client, "/measurement/rich", lang="ru")
    assert "Сам сайт отвечает статусом 403, со своим сертификатом." in found.text


REASONS = {
    "The line is down: no reference site could be reached either.": "Линия не работает: не удалось связаться и ни с "
    "одним контрольным сайтом.",
    "The TLS handshake with 93.184.216.34:443 fails here (generic_timeout_error after 5.0 s, tried twice); the control "
    "gets the site's certificate there in 96 ms.": "TLS-рукопожатие с 93.184.216.34:443 здесь не удаётся "
    "(generic_timeout_error через 5.0 с, две попытки); контрольная точка получает там сертификат сайта за 96 мс.",
    "The page came in 320 ms with status 200, over the site's own certificate.": "Страница пришла за 320 мс со "
    "статусом 200, с собственным сертификатом сайта.",
}


@pytest.mark.parametrize(("says", "russian"), REASONS.items())
def test_the_numbers_of_a_stored_reason_go_into_its_translation(says: str, russian: str) -> None:
    assert said(Reason(rule="r", says=says), tongue("ru")).text == russian
    assert said(Reason(rule="r", says=says), tongue("ru")).lang == ""
    assert said_in(says, ENGLISH) == says


def test_a_reason_that_nobody_knows_stays_as_it_is_and_says_in_which_language() -> None:
    found = said(Reason(rule="old", says="What no rule says <b>any more</b> {x}."), tongue("kk"))
    assert (found.text, found.lang) == ("What no rule says <b>any more</b> {x}.", "en")


# Plurals, dates, numbers


@pytest.mark.parametrize(
    ("code", "count", "words"),
    [
        ("en", 1, "1 check"), ("en", 2, "2 checks"), ("en", 21, "21 checks"),
        ("ru", 1, "1 проверка"), ("ru", 2, "2 проверки"), ("ru", 5, "5 проверок"), ("ru", 11, "11 проверок"),
        ("ru", 21, "21 проверка"), ("ru", 0, "0 проверок"),
        ("kk", 1, "1 тексеру"), ("kk", 5, "5 тексеру"), ("kk", 21, "21 тексеру"),
    ],
)  # fmt: skip
def test_each_language_counts_in_its_own_way(code: str, count: int, words: str) -> None:
    assert tongue(code).count("{count} check", "{count} checks", count) == words


@pytest.mark.parametrize(
    ("code", "short", "other_year", "exact"),
    [
        ("en", "20 Nov, 14:10", "20 Nov 2025, 14:10", "22 November 2026, 09:45:00"),
        ("ru", "20 нояб., 14:10", "20 нояб. 2025, 14:10", "22 ноября 2026 г., 09:45:00"),
        ("kk", "20 қар., 14:10", "2025 ж. 20 қар., 14:10", "2026 ж. 22 қараша, 09:45:00"),
    ],
)
def test_dates_are_those_of_the_language(code: str, short: str, other_year: str, exact: str) -> None:
    now = Local(NOW, tongue(code))
    at = datetime(2026, 11, 20, 14, 10, tzinfo=NOW.tzinfo)
    assert now.when(at) == short
    assert now.when(at.replace(year=2025)) == other_year
    assert now.exact(NOW) == exact
    assert now.tick(at.replace(hour=0, minute=0)) == short.removesuffix(", 14:10")


@pytest.mark.parametrize(
    ("code", "large", "small"),
    [("en", "1,234,567", "12.5"), ("ru", "1\xa0234\xa0567", "12,5"), ("kk", "1\xa0234\xa0567", "12,5")],
)
def test_numbers_are_those_of_the_language(code: str, large: str, small: str) -> None:
    assert tongue(code).number(1_234_567) == large
    assert tongue(code).number(12.5, 1) == small


@pytest.mark.parametrize("code", CODES)
def test_what_is_cached_is_told_apart_by_the_year_of_reading(code: str) -> None:
    spoken = tongue(code)
    assert spoken.day(date(2025, 1, 2), 2025) != spoken.day(date(2025, 1, 2), 2026)
