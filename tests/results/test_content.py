"""Is this the page that others get: the sign that says so, and what is no sign."""

from typing import Any

import pytest

from results import content
from tests.results.build import page

MARKS = (("x-ratel-node", "7"), ("x-request-id", "1"), ("server", "nginx"))
BODY, HEADERS = "the body is the same", "the site's own headers are there"
TITLE, LENGTH, NO_SIGN = "status and title are the same", "status and length agree", ""
FILES = "both pages load the same files"
OWN_FILES = "<link href='/t/ratel-7f3.css'><img src=//cdn.ratel.kz/i/ratel-logo.svg?v=2>"
THEIR_FILES = "<link href='https://static.ratel.kz/t/ratel-7f3.css?v=9'><img src='/i/ratel-logo.svg'>"
ANYBODYS_FILES = (
    "<link href='/css/bootstrap.min.css'><script src='/js/jquery.min.js'></script><link href='/favicon.ico'>"
)
LONG = {"length": 524_288, "capped": True}


@pytest.mark.parametrize(
    ("here", "there", "sign"),
    [
        ({}, {}, BODY),
        ({"status": 403, "body_sha256": "a"}, {"status": 200, "body_sha256": "a"}, BODY),
        ({"length": 0, "title": None, "body_sha256": "a"}, {"length": 0, "title": None, "body_sha256": "a"}, LENGTH),
        ({"status": 403, "headers": MARKS}, {"headers": MARKS[:2]}, HEADERS),
        ({"title": "Бас бет", "length": 1, "headers": MARKS}, {"headers": MARKS}, HEADERS),
        ({"length": 1, "title": "b", "headers": MARKS[1:]}, {"headers": MARKS}, NO_SIGN),
        ({"length": 1}, {"length": 9000}, TITLE),
        ({"status": 404, "body_sha256": "a"}, {"status": 200}, NO_SIGN),
        ({"title": "Access is restricted"}, {"title": "Ratel: independent news"}, NO_SIGN),
        ({"title": "Ratel: evening news", "length": 800}, {"title": "Ratel: independent News", "length": 1000}, LENGTH),
        (
            {"title": "Ratel: evening news", "length": 600},
            {"title": "Ratel: independent News", "length": 1000},
            NO_SIGN,
        ),
        ({"title": "Бас бет", "body": OWN_FILES}, {"title": "Main page", "body": THEIR_FILES}, FILES),
        (
            {"title": "Restricted", "body": OWN_FILES[:29]},
            {"title": "Ratel: morning", "body": THEIR_FILES},
            NO_SIGN,
        ),
        (
            {"title": "Restricted", "body": ANYBODYS_FILES},
            {"title": "Ratel: morning", "body": ANYBODYS_FILES},
            NO_SIGN,
        ),
        ({"location": "https://ratel.kz/a"}, {"location": "https://www.ratel.kz/"}, "both lead to the same site"),
        ({"location": "https://ratel.kz/a"}, {"location": "https://warning.net/"}, NO_SIGN),
        ({"location": "https://ratel.kz/a"}, {}, NO_SIGN),
        ({"title": None, "length": 700}, {"title": None, "length": 1000}, LENGTH),
        ({"title": None, "length": 699}, {"title": None, "length": 1000}, NO_SIGN),
        ({"title": None, "length": 1000}, {"title": "Ratel: independent news", "length": 900}, LENGTH),
        ({"title": None, "body_sha256": "a", **LONG}, {"title": None, "body_sha256": "b", **LONG}, LENGTH),
        ({"title": None, **LONG}, {"title": None, "length": 1}, NO_SIGN),
        ({"title": None, "body_bytes": None, "body_sha256": None}, {"title": None}, NO_SIGN),
    ],
)
def test_the_first_sign_that_both_are_of_one_site(here: dict[str, Any], there: dict[str, Any], sign: str) -> None:
    assert content.alike(page(**here), page(**there)) == sign
    assert content.alike(page(**there), page(**here)) == sign


@pytest.mark.parametrize("header", sorted(content._COMMON_HEADERS))
def test_a_header_that_any_server_may_send_is_no_sign(header: str) -> None:
    headers = ((header, "1"), ("x-one", "2"))
    here, there = page(403, headers=headers), page(200, title="b", headers=headers)
    assert content.alike(here, there) == NO_SIGN


def test_common_headers_are_spelled_as_they_are_stored() -> None:
    assert [name for name in content._COMMON_HEADERS if name != name.lower()] == []


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://ratel.kz/a", "http://ratel.kz/", True),
        ("https://www.ratel.kz/", "https://ratel.kz/", True),
        ("https://m.ratel.kz/", "https://news.ratel.kz:8443/", True),
        ("https://RATEL.kz./", "https://ratel.kz/", True),
        ("https://ratel.kz/", "https://ratel.com/", False),
        ("https://ratel.kz/", "https://notratel.kz/", False),
        ("https://ratel.kz.warning.net/", "https://ratel.kz/", False),
        ("https://www.nur.kz/", "https://nur.kz/", True),
        ("https://a.com.kz/", "https://b.com.kz/", False),
        ("https://www.a.com.kz/", "https://a.com.kz/", True),
        ("https://www.a.co.uk/", "https://b.co.uk/", False),
        ("https://x.livejournal.com/", "https://y.livejournal.com/", True),
        ("http://1.2.3.4/", "http://1.2.3.4:8080/", True),
        ("http://1.2.3.4/", "http://9.9.3.4/", False),
        ("tel:112", "https://ratel.kz/", False),
    ],
)
def test_two_addresses_are_of_one_site(one: str, other: str, same: bool) -> None:
    assert content.same_site(one, other) is same


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ((("server", "cloudflare"),), (("server", "cloudflare"), ("date", "now")), True),
        ((("x-served-by", "cache-1"),), (("x-served-by", "cache-2"),), True),
        ((("server", "nginx"),), (("server", "Apache"),), False),
        ((("server", ""),), (("server", ""),), False),
        ((("date", "now"),), (("date", "now"),), False),
        ((), (), False),
    ],
)
def test_two_answers_carry_the_marks_of_one_server(
    one: tuple[tuple[str, str], ...], other: tuple[tuple[str, str], ...], same: bool
) -> None:
    assert content.same_server(page(headers=one), page(headers=other)) is same
