"""A closed server: all but the way to sign in wants somebody who is signed in; an open one shows its pages to all."""

import pytest

from results.store import Store
from server.accounts.roles import Role
from tests.server.accounts.conftest import Serving, Site


@pytest.fixture
def closed(serving: Serving, store: Store) -> Site:
    return serving(store, public=False)


@pytest.mark.parametrize(
    ("path", "to"),
    [("/", "%2F"), ("/site?url=https%3A//a.kz/&span=7d", "%2Fsite%3Furl%3Dhttps%253A%2F%2Fa.kz%2F%26span%3D7d")],
)
def test_a_page_leads_to_where_one_signs_in_and_back(closed: Site, path: str, to: str) -> None:
    answer = closed.browser().get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/sign-in?next={to}")
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/api/sites.json", "/measurement/x.json", "/feed.xml", "/api/anything"])
def test_data_is_refused_in_json(closed: Site, path: str) -> None:
    answer = closed.browser().get(path)
    assert (answer.status_code, answer.json()) == (401, {"detail": "This server is closed: sign in."})


def test_nothing_is_sent_past_the_gate(closed: Site) -> None:
    assert closed.browser().ask("POST", "/").status_code == 401
    assert closed.browser().ask("DELETE", "/site").status_code == 401


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/v1/time", "/static/mark.svg", "/sign-in"])
def test_what_machines_ask_and_the_way_in_stay_open(closed: Site, path: str) -> None:
    assert closed.browser().get(path).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/static/../site",
        "/static/%2e%2e/site",
        "/static/..%2fsite",
        "/v1/../site",
        "/v1/",
        "/v1",
        "//sign-in",
        "/sign-in/../site",
        "/sign-in/",
        "/healthz/x",
        "/first/a/b",
        "/Static/mark.svg",
        "/site%0a",
        "/healthz%0a",
        "/site/.",
        "/;/sign-in",
    ],
)
def test_no_trick_with_the_path_comes_past_the_gate(closed: Site, path: str) -> None:
    import http.client

    # httpx would tidy such a path up.
    connection = http.client.HTTPConnection(closed.at.removeprefix("http://"), timeout=30)
    connection.request("GET", path)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    assert answer.status in {303, 400, 401, 404}
    assert "the page /site" not in text


@pytest.mark.parametrize("role", list(Role))
def test_whoever_is_signed_in_sees_the_pages(closed: Site, role: Role) -> None:
    browser = closed.signed_in(role=role)
    assert browser.get("/site").text == "the page /site"
    assert browser.get("/api/sites.json").status_code == 200
    browser.send("/sign-out", "/account")
    assert browser.get("/site").status_code == 303


def test_an_open_server_shows_its_pages_to_all(site: Site) -> None:
    assert [site.browser().get(path).status_code for path in ("/", "/site", "/api/sites.json")] == [200, 200, 200]
    assert site.browser().get("/account").status_code == 303


def test_who_asks_under_the_address_of_the_machine_is_served_what_machines_ask(site: Site) -> None:
    other = site.browser("10.0.0.7:8733")
    assert [other.get(path).status_code for path in ("/healthz", "/v1/time", "/", "/sign-in")] == [200, 200, 421, 421]
