"""What somebody tries who has no account, or one that may less: nothing of it works, and nothing of it is stored."""

import re
from datetime import timedelta
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from results.store import Store
from server.accounts.roles import Role
from server.accounts.web import own_path
from server.joining import members
from tests.server.accounts.conftest import NAME, OTHER, PASSWORD, Serving, Site, audited

SESSION, FORM = "__Host-kedergi", "__Host-kedergi-form"


def count(site: Site, table: str) -> int:
    with site.store.transaction() as connection:
        return int(connection.execute(sa.text(f"select count(*) from {table}")).scalar_one())


# Guessing


def test_guessing_is_slowed_down_and_the_password_helps_no_sooner(site: Site) -> None:
    site.add("newsroom")
    assert [site.browser().sign_in("newsroom", f"guess {number}").status_code for number in range(5)] == [422] * 5
    verified = site.hasher.verified
    refused = site.browser().sign_in("newsroom")
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 3
    assert site.hasher.verified == verified
    site.clock.ahead += timedelta(seconds=3)
    assert site.browser().sign_in("newsroom").status_code == 303


def test_a_name_that_nobody_has_is_slowed_down_likewise(site: Site) -> None:
    statuses = [site.browser().sign_in("nobody", f"guess {number}").status_code for number in range(6)]
    assert statuses == [422] * 5 + [429]


def test_nobody_is_kept_out_for_ever(site: Site) -> None:
    site.add("newsroom")
    for _ in range(12):
        site.browser().sign_in("newsroom", "guess")
        site.clock.ahead += timedelta(minutes=2)
    assert site.browser().sign_in("newsroom", "guess").status_code == 422
    refused = site.browser().sign_in("newsroom")
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) <= 61


def test_a_browser_that_was_signed_in_before_is_not_kept_out_by_a_stranger(site: Site) -> None:
    browser = site.signed_in()
    browser.send("/sign-out", "/account")
    for number in range(40):
        site.browser().sign_in(f"name-{number % 7}" if number > 6 else "newsroom", "guess")
    assert site.browser().sign_in("newsroom").status_code == 429
    assert browser.sign_in("newsroom").status_code == 303


def test_a_known_browser_is_no_way_to_guess_more(site: Site) -> None:
    browser = site.signed_in()
    browser.send("/sign-out", "/account")
    assert [browser.sign_in("newsroom", "guess").status_code for _ in range(6)] == [422] * 5 + [429]
    stranger = site.browser()
    stranger.cookies["__Host-kedergi-browser"] = "newsroom|AAAAAAAAAAAAAAAAAAAAAA.forged"
    assert [stranger.sign_in("newsroom", "guess").status_code for _ in range(6)] == [422] * 5 + [429]


def test_all_strangers_together_have_a_bound(site: Site) -> None:
    statuses = [site.browser().sign_in(f"name-{number}", "guess").status_code for number in range(32)]
    assert statuses == [422] * 30 + [429] * 2
    assert len([one for one in audited(site) if one[1] == "sign-in failed"]) == 30


def test_two_servers_on_one_store_share_the_count(site: Site, serving: Serving, store: Store) -> None:
    other = serving(store)
    statuses = [(site, other)[number % 2].browser().sign_in("newsroom", "guess").status_code for number in range(6)]
    assert statuses == [422] * 5 + [429]


def test_the_password_is_not_guessed_at_an_open_session(site: Site) -> None:
    browser = site.signed_in()
    form = {"new": OTHER, "again": OTHER}
    for _ in range(5):
        browser.send("/account/password", "/account", password="guess", **form)
    assert "too many tries" in browser.send("/account/password", "/account", password=PASSWORD, **form).text
    assert site.browser().sign_in("newsroom", OTHER).status_code == 422


# Forms from elsewhere


def test_a_form_without_a_token_is_refused(site: Site) -> None:
    site.add("newsroom")
    browser = site.browser()
    browser.get("/sign-in")
    for form in ({}, {"token": ""}, {"token": "A" * 43}, {"token": "é"}):
        answer = browser.ask("POST", "/sign-in", data={"name": "newsroom", "password": PASSWORD, **form})
        assert answer.status_code == 403
    assert count(site, "session") == 0


def test_the_token_of_another_session_is_refused(site: Site) -> None:
    mine, other = site.signed_in("newsroom"), site.signed_in("reader")
    for token in (other.token("/account"), site.browser().token()):
        answer = mine.ask("POST", "/sign-out", data={"token": token})
        assert answer.status_code == 403
    assert mine.get("/account").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://elsewhere.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:1"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
    ],
)
def test_a_form_on_a_page_of_another_origin_is_refused_even_with_the_token(site: Site, headers: dict[str, str]) -> None:
    browser = site.signed_in()
    data = {"token": browser.token("/account")}
    assert browser.ask("POST", "/sign-out", data=data, headers=headers).status_code == 403
    own = {"origin": browser.at, "sec-fetch-site": "same-origin"}
    assert browser.ask("POST", "/sign-out", data=data, headers=own).status_code == 303


@pytest.mark.parametrize("kind", ["text/plain", "application/json", "multipart/form-data; boundary=x", ""])
def test_only_a_form_is_a_form(site: Site, kind: str) -> None:
    browser = site.signed_in()
    content = f"token={browser.token('/account')}"
    answer = browser.ask("POST", "/sign-out", content=content, headers={"content-type": kind})
    assert answer.status_code == 415


@pytest.mark.parametrize(
    "content",
    ["a=1&a=2", "a=%00", "a=%0a", "a=%ff", "&".join(f"a{number}=1" for number in range(50)), "a" * 20_000, "ä"],
    ids=["twice", "nul", "newline", "no UTF-8", "too many", "too long", "not encoded"],
)
def test_a_form_that_no_page_sends_is_refused(site: Site, content: str) -> None:
    browser = site.signed_in()
    answer = browser.ask(
        "POST",
        "/sign-out",
        content=f"token={browser.token('/account')}&{content}".encode(),
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    assert answer.status_code in {413, 422}
    assert browser.get("/account").status_code == 200


def test_looking_changes_nothing(site: Site) -> None:
    browser = site.signed_in(role=Role.ADMIN)
    for path in ("/sign-out", "/account/password", "/admin/invite", "/admin/revoke", "/admin/accounts/add"):
        assert browser.get(path).status_code in {404, 405}
    assert browser.get("/account").status_code == 200


# Sessions


def test_a_session_is_never_one_that_somebody_brought_along(site: Site) -> None:
    """Fixation: whoever plants cookies of their own in a browser does not know its session afterwards."""
    attacker = site.signed_in("attacker")
    victim = site.browser()
    site.add("newsroom")
    victim.cookies.update(attacker.cookies)
    planted = victim.cookies[SESSION]
    assert victim.sign_in("newsroom").status_code == 303
    assert victim.cookies[SESSION] != planted
    assert attacker.get("/account").status_code == 303  # that session has ended
    assert "newsroom" in victim.get("/account").text


def test_a_planted_form_cookie_does_not_survive_signing_in(site: Site) -> None:
    attacker, victim = site.browser(), site.browser()
    token = attacker.token()
    site.add("newsroom")
    victim.cookies[FORM] = attacker.cookies[FORM]
    victim.sign_in("newsroom")
    assert victim.ask("POST", "/sign-out", data={"token": token}).status_code == 403


def test_a_cookie_that_was_altered_is_nobodys(site: Site) -> None:
    browser = site.signed_in()
    whole = browser.cookies[SESSION]
    token, _, digest = whole.rpartition(".")
    altered = [
        token,
        f"{token}.",
        f".{digest}",
        f"{token[:-1]}{'A' if token[-1] != 'A' else 'B'}.{digest}",
        f"{token}.{digest[:-2]}AA",
        f"{token}.{site.accounts.desk.keys.digest('browser', token)}",  # signed for something else
        whole * 50,
        "é",
    ]
    for value in altered:
        browser.cookies[SESSION] = value
        assert browser.get("/account").status_code == 303
    browser.cookies[SESSION] = whole
    assert browser.get("/account").status_code == 200


def test_the_store_alone_makes_no_session(site: Site) -> None:
    """Neither the token nor anything that was signed is in it."""
    browser = site.signed_in()
    token = browser.cookies[SESSION].partition(".")[0]
    with site.store.transaction() as connection:
        rows = connection.execute(sa.text("select * from session")).all()
    assert len(rows) == 1
    assert token not in str(rows)
    browser.cookies[SESSION] = f"{rows[0][0]}.{browser.cookies[SESSION].partition('.')[2]}"
    assert browser.get("/account").status_code == 303


# Where one is sent after signing in


@pytest.mark.parametrize(
    "wanted",
    [
        "https://elsewhere.example/",
        "//elsewhere.example/",
        "/\\elsewhere.example",
        "\\\\elsewhere.example",
        "/\t/elsewhere.example",
        "/\n/elsewhere.example",
        "javascript:alert(1)",
        "elsewhere.example",
        "",
        "/" + "a" * 3000,
        "///elsewhere.example",
        "/é",
    ],
)
def test_nobody_is_sent_elsewhere_after_signing_in(site: Site, wanted: str) -> None:
    site.add("newsroom")
    page = f"/sign-in?next={quote(wanted)[:2500]}"
    browser = site.browser()
    assert 'name="next" value="/account"' in browser.get(page).text
    if wanted.isprintable():  # the rest is no form
        answer = browser.send("/sign-in", name="newsroom", password=PASSWORD, next=wanted)
        assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    assert own_path(wanted) == "/account"


def test_one_is_sent_back_to_the_page_that_was_asked_for(site: Site) -> None:
    site.add("chief", Role.ADMIN)
    browser = site.browser()
    asked = browser.get("/admin/audit?before=5").headers["location"]
    assert asked == "/sign-in?next=%2Fadmin%2Faudit%3Fbefore%3D5"
    wanted = re.findall(r'name="next" value="([^"]+)"', browser.get(asked).text)[0]
    assert browser.sign_in("chief", next=wanted).headers["location"] == "/admin/audit?before=5"


# Roles


ADMINS = [
    ("/admin/invite", {"class": "home", "country": "KZ", "hours": "48"}),
    ("/admin/revoke", {"vantage": "v-1"}),
    ("/admin/accounts/add", {"name": "mine", "role": "admin"}),
    ("/admin/accounts/change", {"account": "newsroom", "doing": "role", "role": "admin"}),
    ("/admin/accounts/change", {"account": "chief", "doing": "disable"}),
    ("/admin/accounts/change", {"account": "chief", "doing": "link"}),
]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ANALYST])
def test_who_is_no_admin_neither_sees_nor_does_what_admins_do(site: Site, role: Role) -> None:
    site.add("chief", Role.ADMIN)
    browser = site.signed_in(role=role)
    before = audited(site), count(site, "account"), count(site, "invitation")
    for path, form in ADMINS:
        assert browser.send(path, "/account", **form).status_code == 403
    for path in ("/admin", "/admin/accounts", "/admin/audit"):
        answer = browser.get(path)
        assert answer.status_code == 403
        assert "chief" not in answer.text
    assert (audited(site), count(site, "account"), count(site, "invitation")) == before


@pytest.mark.parametrize(("path", "form"), ADMINS)
def test_who_is_not_signed_in_is_led_to_where_one_signs_in(site: Site, path: str, form: dict[str, str]) -> None:
    answer = site.browser().send(path, **form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert members(site.store) == []


def test_a_role_that_was_taken_is_gone_with_the_next_request(site: Site) -> None:
    chief, other = site.signed_in("chief", Role.ADMIN), site.signed_in("reader", Role.ADMIN)
    form = {"account": "reader", "doing": "role", "role": "viewer"}
    assert chief.send("/admin/accounts/change", "/admin/accounts", **form).status_code == 303
    assert other.get("/admin").status_code == 403


# What is shown


SCRIPT = "<script>alert(1)</script>"
MEMBER = "key_id, public_key, vantage, vantage_class, country, joined_at"


def test_what_somebody_wrote_is_shown_as_text(site: Site) -> None:
    """Names can't hold it; where it stands in the store all the same, and where it comes back from a form."""
    browser = site.signed_in("chief", Role.ADMIN)
    values = {"script": SCRIPT, "at": site.clock()}
    with site.store.transaction(alone=True) as connection:
        for statement in (
            "insert into account (name, role, made_at) values (:script, 'viewer', :at)",
            "insert into audit (number, at, who, what, about, digest) values (999, :at, :script, :script, :script, '')",
            f"insert into member ({MEMBER}) values ('k', 'p', :script, :script, :script, :at)",
        ):
            connection.execute(sa.text(statement).bindparams(sa.bindparam("at", type_=sa.DateTime())), values)
    shown = [browser.get(path).text for path in ("/admin", "/admin/accounts", "/admin/audit")]
    shown.append(site.browser().sign_in(SCRIPT, SCRIPT, next=SCRIPT).text)
    shown.append(browser.send("/admin/accounts/add", "/admin/accounts", name=SCRIPT, role=SCRIPT).text)
    shown.append(browser.send("/admin/accounts/add", "/admin/accounts", name=SCRIPT, role="viewer").text)
    shown.append(browser.send("/admin/invite", "/admin", country=SCRIPT, hours=SCRIPT).text)
    assert [text for text in shown if "<script" in text.lower()] == []
    assert all("&lt;script&gt;" in text for text in shown)


def test_no_page_can_do_more_than_show_itself(site: Site) -> None:
    chief = site.signed_in("chief", Role.ADMIN)
    for path in ("/sign-in", "/account", "/admin", "/admin/accounts", "/admin/audit", "/first/x", "/nothing", "/v1/x"):
        headers = chief.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] in {"same-origin", "no-referrer"}


def test_a_name_that_is_not_the_servers_is_refused(site: Site) -> None:
    """A page elsewhere may point its own name at this server."""
    site.add("newsroom")
    assert site.browser(NAME).get("/sign-in").status_code == 200
    for host in ("elsewhere.example", f"{NAME}.elsewhere.example", "", f"elsewhere.example:{NAME}"):
        stranger = site.browser(host or "x")
        assert stranger.get("/sign-in").status_code == 421
        assert stranger.get("/account").status_code == 421


def test_browsers_remember_that_the_server_is_reached_over_tls(site: Site) -> None:
    assert site.browser(NAME).get("/sign-in").headers["strict-transport-security"] == "max-age=31536000"
    assert "strict-transport-security" not in site.browser().get("/sign-in").headers
