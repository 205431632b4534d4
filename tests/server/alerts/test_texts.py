"""The words of the alerts: golden ones, and what must be true of each change in each language."""

import re
from datetime import timedelta
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from results.events import Change, Event, EventKind
from results.outages import NAMELESS
from server.alerts.texts import Message, News, Style, digest, message, news, trial
from server.pages.tongue import LANGUAGES
from tests.server.alerts.build import BEGAN, KAZAKHTELECOM, NOW, RATEL, ended, event, flip

OWN = ["ru", "kk"]
WIDE = {EventKind.OUTAGE, EventKind.SHUTDOWN, EventKind.SILENT}


def style(language: str = "en", zone: str = "UTC") -> Style:
    outlets = {RATEL: "Ratel.kz"}
    return Style(language=language, zone=ZoneInfo(zone), link="https://k.example", now=NOW, outlets=outlets)


def told(language: str, of: Event, change: Change = Change.OPENED, *, past: bool = False, zone: str = "UTC") -> Message:
    return message(News(event=of, change=change, past=past), style(language, zone))


LINK = "https://k.example/site?url=https%3A%2F%2Fratel.kz%2F"

GOLDEN = {
    "en": (
        "Confirmed: ratel.kz is blocked",
        (
            "Outlet: Ratel.kz\n"
            "Networks: Kazakhtelecom (AS9198) and Kcell (AS29355)\n"
            "Began: between 13:40 and 14:10 UTC, 25 Nov\n"
            "How: the connection is cut when the site's name is sent\n"
            "How sure: confirmed on networks of 2 owners\n"
            "Measurements: 47 of 48 failed"
        ),
    ),
    "ru": (
        "Подтверждено: ratel.kz заблокирован",
        (
            "Издание: Ratel.kz\n"
            "Сети: Kazakhtelecom (AS9198) и Kcell (AS29355)\n"
            "Началось: между 13:40 и 14:10 UTC, 25 нояб.\n"
            "Как: сброс соединения после отправки имени сайта\n"
            "Достоверность: подтверждено в сетях 2 владельцев\n"
            "Неудачных измерений: 47 из 48"
        ),
    ),
    "kk": (
        "Расталды: ratel.kz бұғатталған",
        (
            "Басылым: Ratel.kz\n"
            "Желілер: Kazakhtelecom (AS9198) және Kcell (AS29355)\n"
            "Басталды: 25 қар., 13:40 мен 14:10 аралығында (UTC)\n"
            "Қалай: қосылымның үзілуі (сайт атауы жіберілгенде)\n"
            "Сенімділік: 2 иенің желілерінде расталды\n"
            "Сәтсіз өлшемдер: 48 ішінен 47"
        ),
    ),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_block_in_every_language(language: str) -> None:
    title, body = GOLDEN[language]
    assert told(language, event()) == Message(title, f"{body}\n{LINK}")


LEADS = [
    ({"confirmed": False}, Change.OPENED, False,
     "ratel.kz is blocked", "ratel.kz заблокирован", "ratel.kz бұғатталған"),
    ({"confirmed": False, "confidence": "likely"}, Change.OPENED, False,
     "ratel.kz is likely blocked", "ratel.kz, вероятно, заблокирован", "ratel.kz бұғатталған болуы ықтимал"),
    ({"confirmed": False, "confidence": "weak"}, Change.OPENED, False,
     "ratel.kz may be blocked", "ratel.kz, возможно, заблокирован", "ratel.kz бұғатталған болуы мүмкін"),
    ({}, Change.GREW, False,
     "Spreading: ratel.kz is blocked", "Шире: ratel.kz заблокирован", "Кеңейді: ratel.kz бұғатталған"),
    ({}, Change.WORSENED, False,
     "Worse: ratel.kz is blocked", "Хуже: ratel.kz заблокирован", "Нашарлады: ratel.kz бұғатталған"),
    ({}, Change.ENDED, False, "ratel.kz is accessible again", "ratel.kz снова доступен", "ratel.kz қайта қолжетімді"),
    ({}, Change.ENDED, True, "ratel.kz was blocked", "ratel.kz был заблокирован", "ratel.kz бұғатталған болатын"),
    ({"kind": EventKind.THROTTLING, "confirmed": False}, Change.OPENED, False, "ratel.kz is throttled",
     "ratel.kz замедлен (преднамеренное замедление)", "ratel.kz: жылдамдығы әдейі төмендетілген"),
    ({"kind": EventKind.THROTTLING}, Change.ENDED, False, "ratel.kz is no longer throttled",
     "ratel.kz больше не замедлен", "ratel.kz: жылдамдығы қалпына келді"),
    ({"kind": EventKind.OUTAGE, "urls": (), "networks": (KAZAKHTELECOM,)}, Change.OPENED, False,
     "Outage: Kazakhtelecom (AS9198)", "Сбой сети: Kazakhtelecom (AS9198)", "Желі істен шықты: Kazakhtelecom (AS9198)"),
    ({}, Change.REOPENED, False,
     "Again: ratel.kz is blocked", "Снова: ratel.kz заблокирован", "Қайтадан: ratel.kz бұғатталған"),
    ({"kind": EventKind.OUTAGE, "urls": (), "networks": (KAZAKHTELECOM,), "confidence": "weak"}, Change.OPENED, False,
     "Possible outage: Kazakhtelecom (AS9198)", "Возможен сбой сети: Kazakhtelecom (AS9198)",
     "Желі істен шыққан болуы мүмкін: Kazakhtelecom (AS9198)"),
    ({"kind": EventKind.OUTAGE, "urls": (), "networks": (KAZAKHTELECOM,), "confidence": "weak"}, Change.ENDED, False,
     "The possible outage is over: Kazakhtelecom (AS9198)", "Возможный сбой сети закончился: Kazakhtelecom (AS9198)",
     "Желінің ықтимал іркілісі аяқталды: Kazakhtelecom (AS9198)"),
    ({"kind": EventKind.OUTAGE, "urls": (), "networks": (KAZAKHTELECOM,), "confidence": "weak"}, Change.ENDED, True,
     "There may have been an outage: Kazakhtelecom (AS9198)", "Возможно, был сбой сети: Kazakhtelecom (AS9198)",
     "Желі істен шыққан болуы мүмкін еді: Kazakhtelecom (AS9198)"),
    ({"kind": EventKind.OUTAGE, "urls": (), "networks": (NAMELESS,)}, Change.OPENED, False,
     "Outage: an unknown network", "Сбой сети: неизвестная сеть", "Желі істен шықты: белгісіз желі"),
    ({"kind": EventKind.SHUTDOWN, "urls": (), "networks": (KAZAKHTELECOM,)}, Change.WORSENED, False,
     "Worse: Shutdown of the internet: Kazakhtelecom (AS9198)", "Хуже: Интернет отключён: Kazakhtelecom (AS9198)",
     "Нашарлады: Интернет өшірілді: Kazakhtelecom (AS9198)"),
    ({"kind": EventKind.SHUTDOWN, "urls": (), "networks": (KAZAKHTELECOM,)}, Change.ENDED, False,
     "The shutdown is over: Kazakhtelecom (AS9198)", "Интернет снова работает: Kazakhtelecom (AS9198)",
     "Интернет қайта қосылды: Kazakhtelecom (AS9198)"),
    ({"kind": EventKind.SILENT, "urls": (), "networks": (), "vantage": "v-1"}, Change.OPENED, False,
     "Vantage v-1 fell silent", "Точка измерения v-1 замолчала", "v-1 өлшеу нүктесі үнсіз қалды"),
]  # fmt: skip


@pytest.mark.parametrize(("of", "change", "past", "en", "ru", "kk"), LEADS)
def test_titles(of: dict[str, Any], change: Change, past: bool, en: str, ru: str, kk: str) -> None:
    said = [told(language, event(**of), change, past=past).title for language in LANGUAGES]
    assert said == [en, ru, kk]


ALONE = [
    ("en", "Seen from one vantage alone: it may be its own line."),
    ("ru", "Видно только с одной точки измерения: возможно, дело в её собственной линии."),
    ("kk", "Тек бір өлшеу нүктесінен көрінеді: мәселе оның өз байланыс арнасында болуы мүмкін."),
]


@pytest.mark.parametrize(("language", "line"), ALONE)
def test_what_one_vantage_alone_has_seen_is_said_to_be_so(language: str, line: str) -> None:
    one, two = (one_of(EventKind.OUTAGE, sure, confirmed=False) for sure in ("weak", "likely"))
    assert line in told(language, one).body.splitlines()
    assert line not in told(language, two).body
    assert line not in told(language, one_of(EventKind.BLOCKING, "weak", confirmed=False)).body


def every() -> list[tuple[str, EventKind, Change, str, bool, bool]]:
    sure = ("confirmed", "likely", "weak")
    return list(product(LANGUAGES, EventKind, Change, sure, (True, False), (True, False)))


def one_of(kind: EventKind, confidence: str, *, confirmed: bool) -> Event:
    of: dict[str, Any] = {EventKind.SILENT: {"vantage": "v-1", "networks": ()}}.get(kind, {})
    urls = () if kind in WIDE else (RATEL, "https://zona.kz/")
    how = {EventKind.BLOCKING: ("tls.reset",), EventKind.THROTTLING: ("throughput.low",)}.get(kind, ())
    return event(kind=kind, urls=urls, mechanisms=how, confidence=confidence, confirmed=confirmed, **of)


CONFIRMED = {"en": "confirmed", "ru": "подтвержден", "kk": "растал"}
BLOCKED = {"en": "blocked", "ru": "блокир", "kk": "бұғатт"}


@pytest.mark.parametrize(("language", "kind", "change", "confidence", "confirmed", "past"), every())
def test_whatever_happens_the_message_claims_no_more_than_is_known(
    language: str, kind: EventKind, change: Change, confidence: str, confirmed: bool, past: bool
) -> None:
    said = told(language, one_of(kind, confidence, confirmed=confirmed), change, past=past)
    whole = f"{said.title}\n{said.body}".casefold()
    assert not re.search(r"[{}]|цензур|censor", whole)
    assert (CONFIRMED[language] in whole) is (confirmed and kind not in WIDE)
    if kind is EventKind.THROTTLING:
        assert BLOCKED[language] not in whole
    if kind in WIDE:
        assert BLOCKED[language] not in said.title.casefold()
    assert ("v-1" in whole) is (kind is EventKind.SILENT)
    assert "UTC" in said.body
    assert said.body.splitlines()[-1].startswith("https://k.example/")
    assert "\n" not in said.title


@pytest.mark.parametrize("language", OWN)
@pytest.mark.parametrize("kind", EventKind)
@pytest.mark.parametrize("sure", ["likely", "weak"])
def test_no_english_is_left(language: str, kind: EventKind, sure: str) -> None:
    said = told(language, one_of(kind, sure, confirmed=False))
    names = r"https?://\S+|UTC|ratel\.kz|zona\.kz|Ratel\.kz|Kazakhtelecom|Kcell|AS\d+|v-1"
    assert re.findall(r"[a-z]{2,}", re.sub(names, "", f"{said.title}\n{said.body}"), re.IGNORECASE) == []


def sites(count: int) -> tuple[str, ...]:
    return tuple(f"https://site-{number}.kz/" for number in range(count))


MANY = [
    (1, "en", "site-0.kz is blocked"),
    (2, "en", "site-0.kz and site-1.kz are blocked"),
    (6, "en", "site-4.kz, and 1 more site are blocked"),
    (26, "en", "site-4.kz, and 21 more sites are blocked"),
    (1, "ru", "site-0.kz заблокирован"),
    (2, "ru", "site-0.kz и site-1.kz заблокированы"),
    (6, "ru", "site-4.kz и ещё 1 сайт заблокированы"),
    (7, "ru", "site-4.kz и ещё 2 сайта заблокированы"),
    (10, "ru", "site-4.kz и ещё 5 сайтов заблокированы"),
    (16, "ru", "site-4.kz и ещё 11 сайтов заблокированы"),
    (26, "ru", "site-4.kz и ещё 21 сайт заблокированы"),
    (21, "kk", "тағы 16 сайт бұғатталған"),
]


@pytest.mark.parametrize(("count", "language", "ends"), MANY)
def test_five_sites_are_named_and_the_rest_counted(count: int, language: str, ends: str) -> None:
    title = told(language, event(urls=sites(count), confirmed=False)).title
    assert title.endswith(ends)
    assert title.count("site-") == min(count, 5)


OWNERS = [(1, "в сетях 1 владельца"), (2, "в сетях 2 владельцев"), (5, "в сетях 5 владельцев")]


@pytest.mark.parametrize(("count", "says"), OWNERS)
def test_owners_are_counted_not_networks(count: int, says: str) -> None:
    networks = [KAZAKHTELECOM.__class__(asn=n, name=None, owner=f"owner {n % count}") for n in range(20)]
    assert says in told("ru", event(networks=tuple(networks))).body


BRACKETS = [
    ({}, "UTC", "Began: between 13:40 and 14:10 UTC, 25 Nov"),
    ({}, "Asia/Almaty", "Began: between 18:40 and 19:10 UTC+5, 25 Nov"),
    ({"last_good_at": BEGAN - timedelta(days=1)}, "UTC", "Began: between 24 Nov, 13:40 and 25 Nov, 14:10 UTC"),
    ({"last_good_at": None}, "UTC", "Began: before 25 Nov, 14:10 UTC, when measuring began"),
    ({"last_good_at": BEGAN - timedelta(days=365)}, "UTC", "Began: between 25 Nov 2025, 13:40 and 25 Nov, 14:10 UTC"),
]


@pytest.mark.parametrize(("of", "zone", "line"), BRACKETS)
def test_since_when_is_a_bracket_with_its_zone(of: dict[str, Any], zone: str, line: str) -> None:
    assert line in told("en", event(**of), zone=zone).body.splitlines()


def test_an_end_is_a_bracket_too() -> None:
    assert "Ended: between 15:40 and 16:40 UTC, 25 Nov" in told("en", ended(), Change.ENDED).body.splitlines()


@pytest.mark.parametrize(
    ("changes", "told_before", "late", "change", "past"),
    [
        ((Change.OPENED,), False, False, Change.OPENED, False),
        ((Change.OPENED,), False, True, Change.OPENED, True),
        ((Change.OPENED, Change.GREW), False, False, Change.OPENED, False),
        ((Change.GREW,), False, False, Change.OPENED, False),
        ((Change.OPENED, Change.ENDED), False, False, Change.ENDED, True),
        ((Change.ENDED,), True, False, Change.ENDED, False),
        ((Change.GREW, Change.ENDED), True, False, Change.ENDED, False),
        ((Change.WORSENED, Change.GREW), True, False, Change.WORSENED, False),
        ((Change.GREW,), True, False, Change.GREW, False),
        ((Change.ENDED, Change.REOPENED), True, False, Change.REOPENED, False),
        ((Change.ENDED, Change.REOPENED, Change.GREW), True, False, Change.REOPENED, False),
    ],
)
def test_several_flips_are_one_piece_of_news(
    changes: tuple[Change, ...], told_before: bool, late: bool, change: Change, past: bool
) -> None:
    flips = [flip(one, late=late) for one in changes]
    found = news(flips, told_before=told_before)
    assert (found.change, found.past, found.event) == (change, past, flips[-1].event)


@pytest.mark.parametrize(
    ("language", "count", "title"),
    [("en", 1, "1 alert"), ("en", 2, "2 alerts"), ("ru", 1, "1 оповещение"), ("ru", 3, "3 оповещения"),
     ("ru", 11, "11 оповещений"), ("ru", 21, "21 оповещение"), ("kk", 7, "7 хабарлама")],
)  # fmt: skip
def test_a_digest_counts_and_tells_each(language: str, count: int, title: str) -> None:
    pieces = [News(event=event(f"e-{n}", urls=(f"https://site-{n}.kz/",)), change=Change.OPENED) for n in range(count)]
    said = digest(pieces, style(language))
    assert said.title == title
    assert said.body.count("https://k.example/site?url=") == min(count, 20)


def test_a_site_s_braces_are_just_letters() -> None:
    """A path may hold anything."""
    assert told("ru", event(urls=("https://ratel.kz/{lead}",))).title == "Подтверждено: ratel.kz/{lead} заблокирован"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_test_message_says_that_it_is_one(language: str) -> None:
    said = trial(style(language))
    assert {"en": "test", "ru": "проб", "kk": "сынақ"}[language] in said.title
    assert "Kedergi" in said.title
