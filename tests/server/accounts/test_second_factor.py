"""The second factor: turned on with a proof, asked for at each signing in, each code taken once."""

import re
from base64 import b32decode
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from server.accounts import people
from server.accounts.roles import Role
from tests.server.accounts.conftest import NAME, OTHER, PASSWORD, Browser, Site, audited


class App:
    """The app on a telephone, which has read the address on the page."""

    def __init__(self, site: Site, page: str) -> None:
        found = re.findall(r'href="(otpauth://[^"]+)"', page)[0].replace("&amp;", "&")
        self.address = urlsplit(found)
        self.secret = parse_qs(self.address.query)["secret"][0]
        self.clock = site.clock

    def code(self, steps: int = 0) -> str:
        app = TOTP(b32decode(self.secret), 6, SHA1(), 30)
        return app.generate(int(self.clock().timestamp()) + 30 * steps).decode()


def offered(browser: Browser) -> tuple[str, str]:
    """The page with a secret, and the sealed one in its form."""
    page = browser.send("/account/totp", "/account").text
    return page, re.findall(r'name="offered" value="([^"]+)"', page)[0]


def turned_on(site: Site, browser: Browser) -> App:
    page, sealed = offered(browser)
    app = App(site, page)
    answer = browser.send("/account/totp", "/account", offered=sealed, password=PASSWORD, code=app.code())
    assert answer.headers["location"] == "/account?said=on"
    return app


def test_the_secret_is_shown_as_a_picture_as_text_and_as_an_address(site: Site) -> None:
    page, _ = offered(site.signed_in())
    app = App(site, page)
    assert app.address.path == f"/Kedergi:newsroom%40{NAME}"
    assert '<svg viewBox="' in page
    shown = re.findall(r'<code id="secret">([^<]+)</code>', page)[0]
    assert shown.replace(" ", "") == app.secret
    assert len(b32decode(app.secret)) == 20


def test_a_code_is_asked_for_and_no_answer_tells_that_the_password_fitted(site: Site) -> None:
    app = turned_on(site, site.signed_in())
    site.clock.ahead += timedelta(seconds=30)
    wrong = site.browser().sign_in("newsroom", OTHER, code=app.code()).text
    none = site.browser().sign_in("newsroom").text
    assert re.findall("<li>.*", wrong) == re.findall("<li>.*", none) != []
    assert site.browser().sign_in("newsroom", code=app.code()).status_code == 303


def test_a_code_is_taken_once(site: Site) -> None:
    app = turned_on(site, site.signed_in())
    assert site.browser().sign_in("newsroom", code=app.code()).status_code == 422  # it turned the factor on
    site.clock.ahead += timedelta(seconds=30)
    code = app.code()
    assert [site.browser().sign_in("newsroom", code=code).status_code for _ in range(2)] == [303, 422]
    site.clock.ahead += timedelta(seconds=30)
    assert site.browser().sign_in("newsroom", code=code).status_code == 422


def test_an_older_code_is_not_taken_after_a_newer_one(site: Site) -> None:
    app = turned_on(site, site.signed_in())
    site.clock.ahead += timedelta(minutes=5)
    assert site.browser().sign_in("newsroom", code=app.code(steps=1)).status_code == 303
    assert site.browser().sign_in("newsroom", code=app.code()).status_code == 422


@pytest.mark.parametrize(("steps", "status"), [(-2, 422), (-1, 303), (1, 303), (2, 422)])
def test_a_clock_may_be_off_by_a_step(site: Site, steps: int, status: int) -> None:
    app = turned_on(site, site.signed_in())
    site.clock.ahead += timedelta(minutes=5)
    assert site.browser().sign_in("newsroom", code=app.code(steps)).status_code == status


@pytest.mark.parametrize("code", ["", "000000", "12345", "١٢٣٤٥٦", "x" * 3000, "²²²²²²"])
def test_what_is_no_code_is_none(site: Site, code: str) -> None:
    turned_on(site, site.signed_in())
    assert site.browser().sign_in("newsroom", code=code).status_code == 422


def test_a_wrong_code_turns_nothing_on(site: Site) -> None:
    browser = site.signed_in()
    _, sealed = offered(browser)
    answer = browser.send("/account/totp", "/account", offered=sealed, password=PASSWORD, code="000000")
    assert answer.status_code == 422
    assert re.findall(r'name="offered" value="([^"]+)"', answer.text)
    assert site.browser().sign_in("newsroom").status_code == 303


def test_a_secret_is_confirmed_soon_and_by_whom_it_was_offered_to(site: Site) -> None:
    browser, other = site.signed_in(), site.signed_in("reader")
    page, sealed = offered(browser)
    app = App(site, page)
    form = {"offered": sealed, "password": PASSWORD, "code": app.code()}
    for tried in ({**form, "offered": "gAAAA"}, form):
        assert other.send("/account/totp", "/account", **tried).status_code == 200  # another one is offered
    site.clock.ahead += timedelta(minutes=16)
    assert browser.send("/account/totp", "/account", **{**form, "code": app.code()}).status_code == 200
    assert [one.totp for one in people.everybody(site.store)] == [None, None]


def test_it_is_turned_off_with_the_password_and_a_code(site: Site) -> None:
    browser = site.signed_in()
    app = turned_on(site, browser)
    site.clock.ahead += timedelta(seconds=30)
    off = ("/account/totp/off", "/account")
    assert browser.send(*off, password=PASSWORD, code="000000").status_code == 422
    assert browser.send(*off, password=OTHER, code=app.code()).status_code == 422
    assert browser.send(*off, password=PASSWORD, code=app.code()).headers["location"] == "/account?said=off"
    assert site.browser().sign_in("newsroom").status_code == 303
    assert [what for _, what, _ in audited(site) if "factor" in what] == [
        "second factor turned on",
        "second factor turned off",
    ]


def test_an_admin_takes_it_off_for_whoever_has_lost_it(site: Site) -> None:
    turned_on(site, site.signed_in())
    chief = site.signed_in("chief", Role.ADMIN)
    chief.send("/admin/accounts/change", "/admin/accounts", account="newsroom", doing="forget")
    assert site.browser().sign_in("newsroom").status_code == 303
    assert ("chief", "second factor taken off", "newsroom") in audited(site)


def test_the_secret_does_not_lie_open_in_the_store_and_fits_one_account_alone(site: Site) -> None:
    app = turned_on(site, site.signed_in())
    site.add("reader")
    with site.store.transaction(alone=True) as connection:
        kept = connection.execute(sa.text("select totp from account where name = 'newsroom'")).scalar_one()
        connection.execute(sa.text("update account set totp = :kept where name = 'reader'"), {"kept": kept})
    assert app.secret not in kept
    site.clock.ahead += timedelta(minutes=5)
    assert [site.browser().sign_in(name, code=app.code()).status_code for name in ("reader", "newsroom")] == [422, 303]
