"""One-time links: the first admin comes to be, and others choose their passwords; each link once, and for a day."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx
import pytest

from server.accounts import people
from server.accounts.roles import Role
from tests.server.accounts.conftest import OTHER, PASSWORD, Site, audited


def first(site: Site) -> str:
    code = people.first_link(site.store, now=site.clock())
    assert code is not None
    return f"/first/{code}"


def made(site: Site, name: str = "newsroom", role: Role = Role.VIEWER) -> str:
    return f"/first/{people.add(site.store, name, role, who='operator', now=site.clock())}"


def test_whoever_has_the_first_link_becomes_the_admin_once(site: Site) -> None:
    link, browser = first(site), site.browser()
    form = {"name": "Chief", "new": PASSWORD, "again": PASSWORD}
    assert "Nobody administers this server yet" in browser.get(link).text
    answer = browser.send(link, link, **form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?said=chosen")
    assert browser.sign_in("chief", next="/admin").headers["location"] == "/admin"
    assert browser.get("/admin").status_code == 200
    assert browser.get(link).status_code == 404
    assert people.first_link(site.store, now=site.clock()) is None
    assert audited(site)[0] == ("chief", "account made", "chief, the first admin")


def test_a_first_link_that_was_not_used_is_made_anew_and_the_old_one_leads_nowhere(site: Site) -> None:
    old, new = first(site), first(site)
    assert [site.browser().get(link).status_code for link in (old, new)] == [404, 200]


def test_a_first_link_leads_nowhere_once_there_is_an_admin(site: Site) -> None:
    link = first(site)
    site.add("chief", Role.ADMIN)
    browser = site.browser()
    token = browser.token()
    form = {"token": token, "name": "other", "new": PASSWORD, "again": PASSWORD}
    assert [browser.get(link).status_code, browser.ask("POST", link, data=form).status_code] == [404, 404]
    assert people.find(site.store, "other") is None


def test_looking_at_a_link_does_not_spend_it(site: Site) -> None:
    """Programs that look after links in messages open them, too."""
    link = made(site)
    assert [site.browser().ask(method, link).status_code for method in ("GET", "HEAD", "GET")] == [200, 200, 200]
    assert site.browser().send(link, link, new=PASSWORD, again=PASSWORD).status_code == 303


def test_a_link_is_good_for_a_day(site: Site) -> None:
    link, start = made(site), first(site)
    site.clock.ahead = timedelta(hours=24)
    assert [site.browser().get(one).status_code for one in (link, start)] == [404, 404]


def test_of_many_who_use_a_link_at_once_one_succeeds(site: Site) -> None:
    link = first(site)
    browsers = [site.browser() for _ in range(4)]
    tokens = [browser.token(link) for browser in browsers]

    def send(number: int) -> int:
        form = {"token": tokens[number], "name": f"chief-{number}", "new": PASSWORD, "again": PASSWORD}
        # A client of its own: the shared one forgets cookies between requests.
        with httpx.Client(timeout=30, trust_env=False) as client:
            browsers[number].client = client
            return browsers[number].ask("POST", link, data=form).status_code

    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(send, range(4)))
    assert statuses == [303, 404, 404, 404]
    assert len(people.everybody(site.store)) == 1


def test_choosing_another_password_signs_out_everywhere(site: Site) -> None:
    browser = site.signed_in()
    link = f"/first/{people.new_link(site.store, 'newsroom', who='chief', now=site.clock())}"
    assert site.browser().send(link, link, new=OTHER, again=OTHER).status_code == 303
    assert browser.get("/account").status_code == 303
    assert [site.browser().sign_in("newsroom", one).status_code for one in (PASSWORD, OTHER)] == [422, 303]
    assert ("newsroom", "password chosen with a link", "") in audited(site)


def test_a_browser_in_which_a_link_was_used_is_known(site: Site) -> None:
    """The way in for somebody whose name a stranger is trying."""
    link, browser = made(site), site.browser()
    browser.send(link, link, new=PASSWORD, again=PASSWORD)
    for _ in range(6):
        site.browser().sign_in("newsroom", "guess")
    assert site.browser().sign_in("newsroom").status_code == 429
    assert browser.sign_in("newsroom").status_code == 303


def test_a_link_of_a_disabled_account_leads_nowhere(site: Site) -> None:
    link = made(site)
    site.add("chief", Role.ADMIN)
    people.disable(site.store, "newsroom", who="chief", now=site.clock())
    assert site.browser().get(link).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/first/",
        "/first/x",
        "/first/" + "A" * 32,
        "/first/" + "A" * 5000,
        "/first/..%2f..%2fadmin",
        "/first/../admin",
        "/first/%00",
        "/first/%ff",
        "/first/'or'1'='1",
        "/first//admin",
        "//first/x",
        "/FIRST/x",
    ],
)
def test_an_address_that_is_no_link_shows_nothing(site: Site, path: str) -> None:
    first(site)
    answer = site.browser().get(path)
    assert answer.status_code in {303, 400, 404}
    assert 'name="new"' not in answer.text
    assert answer.headers.get("location", "").startswith("/sign-in") == (answer.status_code == 303)


@pytest.mark.parametrize(
    ("new", "again", "says"),
    [
        ("short", "short", "at least 12 characters"),
        ("aaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaa", "among the first that are guessed"),
        ("password12345", "password12345", "among the first that are guessed"),
        ("Пароль-2026-!!", "Пароль-2026-!!", "among the first that are guessed"),
        ("123456789012", "123456789012", "among the first that are guessed"),
        ("mnbvcxzlkjhg", "mnbvcxzlkjhg", "among the first that are guessed"),
        ("newsroom-2026!", "newsroom-2026!", "among the first that are guessed"),
        ("x" * 10 + "abcdef" * 50, "x", "at most 256 characters"),
        (PASSWORD, OTHER, "not the same"),
        (PASSWORD, "", "not the same"),
    ],
)
def test_a_password_that_would_be_guessed_or_was_mistyped_is_refused(
    site: Site, new: str, again: str, says: str
) -> None:
    link = made(site)
    browser = site.browser()
    answer = browser.send(link, link, new=new, again=again)
    assert answer.status_code == 422
    assert says in answer.text
    assert answer.text.count(new) <= answer.text.count(f"<strong>{new}")  # it is not shown again
    assert browser.send(link, link, new=PASSWORD, again=PASSWORD).status_code == 303


@pytest.mark.parametrize(
    "password", ["корова рыжая 7 вёдер", "correct horse battery", "83619204756182", "Q!w2-r7_Zz9.k"]
)
def test_other_passwords_are_taken_however_the_letters_are_put_together(site: Site, password: str) -> None:
    import unicodedata

    link = made(site)
    composed = unicodedata.normalize("NFC", password)
    assert site.browser().send(link, link, new=composed, again=composed).status_code == 303
    assert site.browser().sign_in("newsroom", unicodedata.normalize("NFD", password)).status_code == 303


@pytest.mark.parametrize("name", ["", "a b", "operator", "<b>", "-a", "a" * 41, "айгерим"])
def test_a_name_that_can_t_be_is_refused_and_the_link_stays_good(site: Site, name: str) -> None:
    link = first(site)
    answer = site.browser().send(link, link, name=name, new=PASSWORD, again=PASSWORD)
    assert (answer.status_code, "allowed are up to 40" in answer.text) == (422, True)
    assert site.browser().send(link, link, name="chief", new=PASSWORD, again=PASSWORD).status_code == 303
