"""A closed server shows programs nothing either, and nothing that a page does not show is told to anybody."""

import pytest
from fastapi import FastAPI

from results.store import Store
from server.api.manners import CLOSED, OPEN
from tests.server.accounts.conftest import Serving, serving
from tests.server.api.conftest import filled, opened_app

__all__ = ["serving"]

ADDRESSES = ("/api/v1/targets", "/api/v1/measurements/rich", "/api/v1/openapi.json", "/data/now-matrix.csv",
             "/data/now-matrix.json", "/feed.atom", "/badge.svg?url=ratel.kz")  # fmt: skip


@pytest.fixture
def filled_store(store: Store) -> Store:
    filled(store)
    return store


@pytest.fixture
def closed_app(filled_store: Store) -> FastAPI:
    return opened_app(filled_store, CLOSED)


@pytest.mark.parametrize("path", ADDRESSES)
def test_a_closed_server_shows_programs_nothing_before_they_sign_in(
    serving: Serving, filled_store: Store, closed_app: FastAPI, path: str
) -> None:
    site = serving(filled_store, public=False, pages=closed_app)
    answer = site.browser().get(path)
    assert (answer.status_code, answer.json()) == (401, {"detail": "This server is closed: sign in."})
    assert answer.headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in answer.headers
    seen = site.signed_in().get(path)
    assert seen.status_code == 200
    assert seen.headers["cache-control"] == "private, no-cache"
    assert seen.headers["cross-origin-resource-policy"] == "same-origin"


def test_an_open_server_shows_them_to_all_and_a_guard_before_it_leaves_the_badge_open(
    serving: Serving, filled_store: Store
) -> None:
    site = serving(filled_store, pages=opened_app(filled_store, OPEN))
    answers = [site.browser().get(path) for path in ADDRESSES]
    assert {answer.status_code for answer in answers} == {200}
    assert answers[-1].headers["cross-origin-resource-policy"] == "cross-origin"
    assert {answer.headers["access-control-allow-origin"] for answer in answers} == {"*"}
