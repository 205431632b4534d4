"""Accounts in a real browser: without JavaScript, by keyboard, on a telephone, with the cookies that it keeps."""

import re
from base64 import b32decode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from results.store import Store
from server.accounts import people
from server.accounts.roles import Role
from server.app import create_many
from server.joining import invite
from tests.server.accounts.conftest import PASSWORD, Serving, Site
from tests.server.accounts.test_admin import join
from tests.server.browser import axe
from tests.server.conftest import Visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

PATHS = ["/account", "/admin", "/admin/accounts", "/admin/audit"]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(f"sqlite:///{tmp_path / 'kedergi.db'}")
    yield opened
    opened.close()


@pytest.fixture
def site(serving: Serving, store: Store) -> Site:
    """With a few members, accounts, and rows in the audit."""
    pages = create_many(
        store, targets=[], interval=timedelta(minutes=30), clock=lambda: datetime.now(UTC), version="0.1.0"
    )
    made = serving(store, names=(), public=False, pages=pages)
    for country in ("KZ", "UZ"):
        join(store, invite(store, vantage_class="home", country=country, now=made.clock(), hours=1), made.clock())
    made.add("chief", Role.ADMIN)
    made.add("a-name-of-forty-characters.which-is-long", Role.ANALYST)
    people.disable(store, "a-name-of-forty-characters.which-is-long", who="chief", now=made.clock())
    return made


@pytest.fixture
def home(site: Site) -> str:
    return site.at


def sign_in(page: "Page", name: str = "chief", password: str = PASSWORD) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_the_first_admin_comes_in_through_the_link_and_invites(
    serving: Serving, tmp_path: Path, browser: "Browser"
) -> None:
    empty = Store(f"sqlite:///{tmp_path / 'empty.db'}")
    site = serving(empty, names=())
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site.at}/first/{people.first_link(empty, now=site.clock())}")
    page.get_by_label("Name").fill("chief")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("The same again").fill(PASSWORD)
    page.get_by_role("button", name="Keep it").click()
    assert page.get_by_role("status").inner_text() == "The password is chosen. Sign in with it."
    sign_in(page)
    page.get_by_role("link", name="Members").click()
    page.get_by_label("Country").fill("KZ")
    page.get_by_role("button", name="Make a code").click()
    assert re.fullmatch(r"([2-9A-Z]{4}-){5}[2-9A-Z]{4}", page.locator("#code").inner_text())
    page.get_by_role("button", name="Sign out").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Sign in"
    context.close()
    empty.close()


def test_a_second_factor_is_turned_on_without_javascript(visit: Visit, site: Site) -> None:
    page = visit("/account", java_script_enabled=False)
    sign_in(page)
    page.get_by_role("button", name="Turn it on").click()
    assert page.get_by_role("img", name="A picture for the app").is_visible()
    secret = page.locator("#secret").inner_text().replace(" ", "")
    app = TOTP(b32decode(secret), 6, SHA1(), 30)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Code").fill(app.generate(int(site.clock().timestamp())).decode())
    page.get_by_role("button", name="Turn it on").click()
    assert "The second factor is on" in page.get_by_role("status").inner_text()
    page.get_by_role("button", name="Sign out").click()
    sign_in(page)
    assert "is wrong" in page.get_by_role("alert").inner_text()


def test_a_closed_server_leads_back_to_the_page_that_was_asked_for(visit: Visit, site: Site) -> None:
    page = visit("/method")
    assert page.url == f"{site.at}/sign-in?next=%2Fmethod"
    sign_in(page)
    assert page.url == f"{site.at}/method"


def test_a_form_on_another_site_signs_nobody_out(visit: Visit, site: Site) -> None:
    page = visit("/account")
    sign_in(page)
    elsewhere = site.at.replace("127.0.0.1", "localhost")  # another site to a browser, and this server all the same
    other = page.context.new_page()
    other.route("**/*", lambda route: route.fulfill(content_type="text/html", body=FOREIGN.format(site.at)))
    other.goto(elsewhere)
    with other.expect_response(lambda answer: answer.request.method == "POST", timeout=5000) as caught:
        other.unroute("**/*")
        other.get_by_role("button").click()
    assert caught.value.status == 303
    assert other.get_by_role("heading", level=1).inner_text() == "Sign in"  # its cookie was not sent along
    page.reload()
    assert page.get_by_role("heading", level=1).inner_text() == "chief"


FOREIGN = '<form method="post" action="{}/sign-out"><input name="token" value="x"><button>Win</button></form>'


def test_a_mistake_is_said_at_the_top_and_beside_its_field(visit: Visit) -> None:
    from playwright.sync_api import expect

    page = visit("/sign-in")
    sign_in(page, password="wrong")
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    assert page.title().startswith("Error: ")
    summary.get_by_role("link").click()
    name = page.get_by_label("Name")
    assert name.get_attribute("aria-invalid") == "true"
    said = page.locator("#" + str(name.get_attribute("aria-describedby"))).inner_text()
    assert said == "The name, the password or the code is wrong."
    assert (name.input_value(), page.get_by_label("Password").input_value()) == ("chief", "")


def test_everything_can_be_done_by_keyboard(visit: Visit, site: Site) -> None:
    page = visit("/sign-in", java_script_enabled=False)
    page.get_by_label("Name").focus()
    for word in ("chief", PASSWORD):
        page.keyboard.type(word)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/account")
    page.goto(f"{site.at}/admin")
    page.locator("summary").first.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert "nothing is taken from it" in page.get_by_role("status").inner_text()


@pytest.mark.parametrize("width", [320, 390, 905, 1280])
def test_no_page_is_wider_than_its_window_and_every_field_has_a_label(visit: Visit, site: Site, width: int) -> None:
    page = visit("/sign-in", viewport={"width": width, "height": 844})
    wide = "document.documentElement.scrollWidth > innerWidth"
    fields = "document.querySelectorAll('input:not([type=hidden],[hidden]),select')"
    unlabelled = f"[...{fields}].filter(e => !e.labels.length).length"
    assert (page.evaluate(wide), page.evaluate(unlabelled)) == (False, 0)
    sign_in(page)
    for path in PATHS:
        page.goto(site.at + path)
        page.evaluate("document.querySelectorAll('details').forEach(e => e.open = true)")
        assert (path, page.evaluate(wide), page.evaluate(unlabelled)) == (path, False, 0)
        assert page.locator("h1").count() == 1


@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing_wrong_with_any_page(visit: Visit, site: Site, width: int) -> None:
    page = visit("/sign-in", viewport={"width": width, "height": 844})
    wrong = {"/sign-in": axe.found(page)}
    sign_in(page, password="wrong")
    wrong["a mistake"] = axe.found(page)
    sign_in(page)
    for path in PATHS:
        page.goto(site.at + path)
        page.evaluate("document.querySelectorAll('details').forEach(e => e.open = true)")
        wrong[path] = axe.found(page)
    page.goto(site.at + "/account")
    page.get_by_role("button", name="Turn it on").click()
    wrong["a second factor"] = axe.found(page)
    page.goto(f"{site.at}/first/unknown")
    wrong["a link that is used up"] = axe.found(page)
    assert {where: lines for where, lines in wrong.items() if lines} == {}
