"""The OpenAPI document of /api/v1 is current, and a server answers anything only as it says."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode, checks

from results.store import Store
from server.api.app import create_api
from server.api.document import document, generated
from server.api.manners import OPEN
from server.pages.many.shown import Many
from tests.server.api.conftest import opened_app
from tests.server.conftest import served
from tests.server.simulated import EVERY, NOW, site

SPECIFICATION = json.loads(document())
OPERATIONS = list(SPECIFICATION["paths"])
EXAMPLES = 15
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]


@pytest.fixture(scope="module")
def at(told: Store) -> Iterator[str]:
    with served(opened_app(told)) as address:
        yield address


def test_the_document_is_that_of_the_routes(store: Store) -> None:
    shown = Many(store=store, targets={}, interval=EVERY, clock=lambda: NOW, version="")
    assert generated(create_api(shown, OPEN)) == document(), "write it anew: .venv/bin/python -m server.api"


def test_it_is_a_document_of_reading_alone_in_which_nothing_is_left_unsaid() -> None:
    assert SPECIFICATION["openapi"].startswith("3.")
    assert {method for methods in SPECIFICATION["paths"].values() for method in methods} == {"get"}
    assert all(methods["get"]["summary"] for methods in SPECIFICATION["paths"].values())
    text = document().decode()
    assert "422" not in text
    assert "Store" not in text


@pytest.mark.parametrize("path", OPERATIONS)
def test_whatever_is_asked_the_answer_is_one_of_the_document(at: str, path: str) -> None:
    operation = schemathesis.openapi.from_dict(SPECIFICATION)[path]["GET"]
    both = st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in GenerationMode))
    statuses: set[int] = set()

    @seed(1)
    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=False, suppress_health_check=list(HealthCheck)
    )
    @given(case=both)
    def asked(case: Any) -> None:
        answer = case.call(base_url=at, timeout=30)
        statuses.add(answer.status_code)
        case.validate_response(answer, checks=CHECKS)

    asked()
    assert statuses
    assert max(statuses) < 500


@pytest.mark.parametrize("path", OPERATIONS)
def test_what_there_is_is_as_the_document_says(at: str, path: str) -> None:
    """Drawn questions mostly find nothing: these find something."""
    import requests

    real = {"uid": "rich", "url": site("ratel.kz"), "network": "9198"}
    if "events" in path:
        real["uid"] = requests.get(f"{at}/api/v1/events", timeout=30).json()["events"][0]["uid"]
    operation = schemathesis.openapi.from_dict(SPECIFICATION)[path]["GET"]
    query = {name: real[name] for name in ("url", "network") if path.endswith("/cells")}
    case = operation.Case(path_parameters={"uid": real["uid"]} if "{uid}" in path else {}, query=query)
    answer = case.call(base_url=at, timeout=30)
    assert answer.status_code == 200, answer.text
    case.validate_response(answer, checks=CHECKS)
