"""The pages of accounts speak the reader's language too, and keep the one that was chosen."""

import re

import pytest

from server.accounts.roles import Role
from server.pages.tongue import LANGUAGES, tongue
from tests.server.accounts.conftest import Site

PAGES = ("/account", "/admin", "/admin/accounts", "/admin/audit")


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_page_is_shown_in_every_language(site: Site, code: str) -> None:
    browser = site.signed_in("newsroom", Role.ADMIN)
    titles = ("Account", "Members", "Accounts", "Audit")
    for path, title in zip(PAGES, titles, strict=True):
        answer = browser.get(f"{path}?lang={code}", headers={"accept-language": "de"})
        assert f'<html lang="{code}">' in answer.text
        assert f"<title>{tongue(code).say(title)} · Kedergi</title>" in answer.text
        links = [link for link in re.findall(r'(?:href|action)="(/[^"#]*)"', answer.text) if "/static/" not in link]
        assert [link for link in links if "lang=" not in link] == []


def test_the_browser_s_language_is_spoken_where_none_was_chosen(site: Site) -> None:
    answer = site.browser().get("/sign-in", headers={"accept-language": "kk,ru;q=0.5"})
    assert "Құпиясөз" in answer.text
    assert answer.headers["content-language"] == "kk"
    assert "accept-language" in answer.headers["vary"].lower()


def test_what_is_wrong_with_a_form_is_said_in_the_chosen_language(site: Site) -> None:
    browser = site.signed_in("newsroom", Role.ADMIN)
    answer = browser.send("/admin/accounts/add?lang=ru", page="/admin/accounts", name="newsroom", role="viewer")
    assert answer.status_code == 422
    assert "Учётная запись newsroom уже есть или была; имя даётся один раз." in answer.text


def test_one_is_led_on_in_the_chosen_language(site: Site) -> None:
    site.add("newsroom")
    answer = site.browser().send(
        "/sign-in?lang=kk", name="newsroom", password="seven brown herons wade", next="/account"
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/account?lang=kk")
