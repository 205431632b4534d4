"""Signing in and out: who is let in, what the cookie is like, when a session ends."""

from datetime import timedelta

import pytest

from results.store import Store
from server.accounts import people
from server.accounts.roles import Role
from server.accounts.sessions import IDLE, LASTS
from tests.server.accounts.conftest import OTHER, PASSWORD, Serving, Site, audited

SESSION = "__Host-kedergi"


def test_whoever_knows_the_password_is_let_in_and_it_is_written_down(site: Site) -> None:
    site.add("newsroom")
    browser = site.browser()
    answer = browser.sign_in("  Newsroom ")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    assert "newsroom" in browser.get("/account").text
    assert audited(site)[-1] == ("newsroom", "signed in", "")


def test_the_cookie_is_for_this_host_alone_and_for_no_script(site: Site) -> None:
    site.add("newsroom")
    answer = site.browser().sign_in("newsroom")
    cookies = {line.partition("=")[0]: line for line in answer.headers.get_list("set-cookie")}
    for name in (SESSION, "__Host-kedergi-browser"):
        said = {part.strip().lower() for part in cookies[name].split(";")[1:]}
        assert {"httponly", "secure", "samesite=lax", "path=/"} <= said
        assert not any(part.startswith("domain") for part in said)
    assert "max-age" not in cookies[SESSION].lower()  # it ends with the browser


@pytest.mark.parametrize(
    ("name", "password"), [("newsroom", OTHER), ("nobody", PASSWORD), ("<b>", PASSWORD), ("newsroom", ""), ("", "")]
)
def test_a_wrong_name_and_a_wrong_password_are_one_answer_after_the_same_work(
    site: Site, name: str, password: str
) -> None:
    site.add("newsroom")
    before = site.hasher.verified
    answer = site.browser().sign_in(name, password)
    assert answer.status_code == 422
    assert "The name, the password or the code is wrong." in answer.text
    assert site.hasher.verified == before + 1
    assert SESSION not in "".join(answer.headers.get_list("set-cookie")).replace("__Host-kedergi-form", "")


def test_a_failed_try_is_written_down_and_a_name_that_nobody_has_is_not(site: Site) -> None:
    site.add("newsroom")
    site.browser().sign_in("newsroom", OTHER)
    site.browser().sign_in("my secret, in the wrong place", "x")
    assert audited(site)[-2:] == [("", "sign-in failed", "newsroom"), ("", "sign-in failed", "")]


def test_an_account_that_is_disabled_or_has_no_password_is_not_let_in(site: Site) -> None:
    site.add("newsroom")
    people.add(site.store, "reader", Role.VIEWER, who="operator", now=site.clock())
    site.add("chief", Role.ADMIN)
    people.disable(site.store, "newsroom", who="chief", now=site.clock())
    before = site.hasher.verified
    assert [site.browser().sign_in(name).status_code for name in ("newsroom", "reader")] == [422, 422]
    assert site.hasher.verified == before + 2


def test_signing_out_ends_the_session_at_the_server(site: Site) -> None:
    browser = site.signed_in()
    kept = dict(browser.cookies)
    assert browser.send("/sign-out", "/account").status_code == 303
    assert SESSION not in browser.cookies
    browser.cookies = kept
    assert browser.get("/account").headers["location"] == "/sign-in?next=%2Faccount"


@pytest.mark.parametrize("ahead", [IDLE, LASTS], ids=["idle", "old"])
def test_a_session_ends_without_use_and_with_time(site: Site, ahead: timedelta) -> None:
    browser = site.signed_in()
    step = timedelta(hours=7)
    while ahead == LASTS and site.clock.ahead + step < LASTS:
        site.clock.ahead += step
        assert browser.get("/account").status_code == 200
    site.clock.ahead = ahead
    assert browser.get("/account").status_code == 303


def test_changing_the_password_ends_all_other_sessions(site: Site) -> None:
    first = site.signed_in()
    second = site.browser()
    second.sign_in("newsroom")
    answer = first.send("/account/password", "/account", password=PASSWORD, new=OTHER, again=OTHER)
    assert answer.headers["location"] == "/account?said=password"
    assert [one.get("/account").status_code for one in (first, second)] == [200, 303]
    assert [site.browser().sign_in("newsroom", one).status_code for one in (PASSWORD, OTHER)] == [422, 303]
    assert ("newsroom", "password changed", "") in audited(site)


def test_the_password_now_is_asked_for_before_it_is_changed(site: Site) -> None:
    browser = site.signed_in()
    answer = browser.send("/account/password", "/account", password="wrong", new=OTHER, again=OTHER)
    assert (answer.status_code, "is wrong" in answer.text) == (422, True)
    assert site.browser().sign_in("newsroom").status_code == 303


def test_signing_out_elsewhere_leaves_this_browser(site: Site) -> None:
    first = site.signed_in()
    second = site.browser()
    second.sign_in("newsroom")
    first.send("/account/sessions", "/account")
    assert [one.get("/account").status_code for one in (first, second)] == [200, 303]


def test_a_disabled_account_is_signed_out_at_once(site: Site) -> None:
    browser = site.signed_in()
    site.add("chief", Role.ADMIN)
    people.disable(site.store, "newsroom", who="chief", now=site.clock())
    assert browser.get("/account").status_code == 303


def test_a_session_holds_at_another_server_of_the_same_store_and_key(
    site: Site, serving: Serving, store: Store
) -> None:
    browser = site.signed_in()
    browser.at = serving(store).at
    assert browser.get("/account").status_code == 200


def test_a_password_is_kept_anew_when_its_parameters_are_old(site: Site) -> None:
    from argon2 import PasswordHasher

    site.add("newsroom")
    old = PasswordHasher(time_cost=2, memory_cost=32, parallelism=1).hash(PASSWORD)
    with site.store.transaction(alone=True) as connection:
        people.renew(connection, "newsroom", old)
    assert site.browser().sign_in("newsroom").status_code == 303
    kept = people.find(site.store, "newsroom")
    assert kept is not None
    assert kept.password is not None
    assert not site.accounts.desk.passwords.outdated(kept.password)
    assert site.browser().sign_in("newsroom").status_code == 303
