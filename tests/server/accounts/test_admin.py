"""What an admin does: members and invitations, accounts, and reading what was done."""

import re
from datetime import datetime

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from results.records import iso
from results.store import Store
from results.tables import MemberRow
from server import joining
from server.accounts import people
from server.accounts.roles import Role
from tests.server.accounts.conftest import PASSWORD, Browser, Site, audited


def join(store: Store, code: str, now: datetime) -> MemberRow:
    return joining.join(store, code=code, key=Ed25519PrivateKey.generate().public_key(), now=now)


@pytest.fixture
def chief(site: Site) -> Browser:
    return site.signed_in("chief", Role.ADMIN)


def test_an_invitation_made_on_the_page_lets_one_vantage_in(site: Site, chief: Browser) -> None:
    form = {"class": "mobile", "country": "kz", "hours": "168"}
    answer = chief.send("/admin/invite", "/admin", **form)
    code = re.findall(r'id="code">([^<]+)<', answer.text)[0]
    assert code not in chief.get("/admin").text
    member = join(site.store, code, now=site.clock())
    assert (member.vantage_class, member.country) == ("mobile", "KZ")
    page = chief.get("/admin").text
    assert member.vantage in page
    assert iso(member.joined_at) in page
    assert audited(site)[-1] == ("chief", "invitation made", "mobile, KZ")


@pytest.mark.parametrize("wrong", [{"class": "palace"}, {"country": "K"}, {"country": "ҚЗ"}, {"hours": "9999"}])
def test_a_wrong_invitation_is_said_beside_its_field_and_none_is_made(
    site: Site, chief: Browser, wrong: dict[str, str]
) -> None:
    field = next(iter(wrong))
    answer = chief.send("/admin/invite", "/admin", **{"class": "home", "country": "KZ", "hours": "48", **wrong})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert f'<a href="#{field}">' in answer.text
    assert audited(site)[-1][1] == "signed in"


def test_a_member_is_revoked_on_the_page(site: Site, chief: Browser) -> None:
    code = joining.invite(site.store, vantage_class="home", country="KZ", now=site.clock(), hours=1)
    member = join(site.store, code, now=site.clock())
    assert chief.send("/admin/revoke", "/admin", vantage=member.vantage).status_code == 303
    assert joining.member_of(site.store, member.key_id) is None
    assert audited(site)[-1] == ("chief", "member revoked", member.vantage)
    assert chief.send("/admin/revoke", "/admin", vantage="v-nobody").status_code == 422


def test_an_account_is_made_with_a_link_and_its_owner_chooses_the_password(site: Site, chief: Browser) -> None:
    answer = chief.send("/admin/accounts/add", "/admin/accounts", name="Dana", role="analyst")
    link = re.findall(r'id="link">https://[^/]+(/first/[^<]+)<', answer.text)[0]
    browser = site.browser()
    browser.send(link, link, new=PASSWORD, again=PASSWORD)
    assert browser.sign_in("dana").status_code == 303
    assert "Role: analyst" in browser.get("/account").text
    assert ("chief", "account made", "dana, analyst") in audited(site)


@pytest.mark.parametrize("name", ["chief", "a b", "operator"])
def test_an_account_that_can_t_be_is_one_sentence(site: Site, chief: Browser, name: str) -> None:
    answer = chief.send("/admin/accounts/add", "/admin/accounts", name=name, role="viewer")
    assert (answer.status_code, 'id="name-error"' in answer.text) == (422, True)
    assert len(people.everybody(site.store)) == 1


def test_an_account_is_disabled_enabled_and_given_another_role(site: Site, chief: Browser) -> None:
    browser = site.signed_in("dana")

    def change(**form: str) -> int:
        return chief.send("/admin/accounts/change", "/admin/accounts", account="dana", **form).status_code

    assert (change(doing="disable"), browser.get("/account").status_code) == (303, 303)
    assert (change(doing="enable"), browser.sign_in("dana").status_code) == (303, 303)
    assert (change(doing="role", role="admin"), browser.get("/admin").status_code) == (303, 200)
    assert (change(doing="role", role="king"), change(doing="nothing"), change(doing="enable")) == (422, 422, 422)
    assert [one for one in audited(site) if one[0] == "chief"][1:] == [
        ("chief", "signed in", ""),
        ("chief", "account disabled", "dana"),
        ("chief", "account enabled", "dana"),
        ("chief", "role changed", "dana, admin"),
    ]


@pytest.mark.parametrize("form", [{"doing": "disable"}, {"doing": "role", "role": "analyst"}])
def test_the_last_admin_stays_one(chief: Browser, form: dict[str, str]) -> None:
    answer = chief.send("/admin/accounts/change", "/admin/accounts", account="chief", **form)
    assert (answer.status_code, "This is the last admin" in answer.text) == (422, True)
    assert chief.get("/admin").status_code == 200


def test_the_audit_is_read_page_by_page(site: Site, chief: Browser) -> None:
    for number in range(250):
        joining.invite(site.store, vantage_class="home", country="KZ", now=site.clock(), hours=1, who=f"n{number}")
    page = chief.get("/admin/audit").text
    older = re.findall(r'href="(/admin/audit\?before=\d+)"', page)[0]
    assert (">n249<" in page, ">n0<" in page) == (True, False)
    page = chief.get(older).text
    assert (">n249<" in page, ">n0<" in page, "Older" in page) == (False, True, False)
    assert chief.get("/admin/audit?before=x").status_code == 200


def test_no_address_is_kept_of_anybody(site: Site, chief: Browser) -> None:
    """Neither in the audit nor in a session; the browser's own words about itself neither."""
    chief.get("/admin", headers={"user-agent": "a telling browser", "x-forwarded-for": "203.0.113.7"})
    site.browser().sign_in("chief", "wrong")
    with site.store.transaction() as connection:
        tables = ("account", "session", "one_time_link", "attempt", "audit")
        rows = str([connection.execute(sa.text(f"select * from {name}")).all() for name in tables])
    assert [text for text in ("127.0.0.1", "203.0.113", "telling") if text in rows] == []
