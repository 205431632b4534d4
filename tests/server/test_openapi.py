"""The OpenAPI document of /v1 is true: it names every address, and a real server answers anything only as it says.

Requests are drawn from the document, right ones and wrong ones, signed by members and by nobody.
"""

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from requests.auth import AuthBase
from schemathesis import GenerationMode, checks

from server.openapi import DOCUMENT
from tests.server.fort import Fort, fortified
from tests.server.intake.sending import NDJSON, Sender
from tests.server.postgres import missing

ROOT = Path(__file__).parents[2]
SPECIFICATION = json.loads(DOCUMENT)
OPERATIONS = [(path, method) for path, methods in SPECIFICATION["paths"].items() for method in methods]
EXAMPLES = 25  # of each operation, for each who asks
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]


@schemathesis.serializer(NDJSON)
def as_lines(_context: Any, value: Any) -> bytes:
    return value.encode(errors="surrogatepass") if isinstance(value, str) else json.dumps(value).encode()


def addresses() -> set[str]:
    """Every address of the shared server that stands in its source."""
    sources = [path for path in (ROOT / "server").rglob("*.py") if "control" not in path.parts]
    return {found for path in sources for found in re.findall(r'"(/v1/[\w./{}-]+)"', path.read_text("utf-8"))}


def test_every_address_stands_in_the_document() -> None:
    assert addresses() == set(SPECIFICATION["paths"])


@pytest.fixture(scope="module")
def fort(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fort]:
    if why := missing():
        pytest.skip(why)
    with fortified(tmp_path_factory.mktemp("fort")) as made:
        yield made


def test_anyone_gets_the_document(fort: Fort) -> None:
    assert fort.client.get("/v1/openapi.json").json() == SPECIFICATION


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_an_address_takes_the_methods_of_the_document_and_no_other(fort: Fort, path: str, method: str) -> None:
    others = {"get", "post", "put", "delete", "patch"} - set(SPECIFICATION["paths"][path])
    assert fort.client.request(method, path).status_code not in {404, 405}
    assert {fort.client.request(other, path).status_code for other in others} == {405}


class Signing(AuthBase):
    """Signs what is about to be sent, by one member after the other: each may ask so often a minute."""

    def __init__(self, members: list[Sender]) -> None:
        self._members = itertools.cycle(members)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        body = request.body or b""
        assert isinstance(body, str | bytes)
        sent = body.encode("latin-1") if isinstance(body, str) else body
        said = {"content-type": NDJSON} | {name.lower(): _text(value) for name, value in request.headers.items()}
        plain = {name: value for name, value in said.items() if not name.startswith(("signature", "content-digest"))}
        member = next(self._members)
        request.headers.clear()
        request.headers.update(member.signed(request.path_url, sent, plain, method=request.method, url=request.url))
        return request


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


class Unsigned(AuthBase):
    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


@pytest.fixture(scope="module")
def members(fort: Fort) -> list[Sender]:
    return [fort.member() for _ in range(8)]


@pytest.fixture(params=["signed", "unsigned"])
def auth(request: pytest.FixtureRequest, members: list[Sender]) -> AuthBase:
    return Signing(members) if request.param == "signed" else Unsigned()


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_whatever_is_asked_the_answer_is_one_of_the_document(
    fort: Fort, auth: AuthBase, path: str, method: str
) -> None:
    operation = schemathesis.openapi.from_dict(SPECIFICATION)[path][method.upper()]
    both = st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in GenerationMode))
    statuses: set[int] = set()

    @seed(1)
    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=False, suppress_health_check=list(HealthCheck)
    )
    @given(case=both)
    def asked(case: Any) -> None:
        answer = case.call(base_url=fort.served.base_url, auth=auth, timeout=30)
        statuses.add(answer.status_code)
        case.validate_response(answer, checks=CHECKS)

    asked()
    assert statuses
    assert max(statuses) < 500
    assert statuses != {401} or isinstance(auth, Unsigned)  # what lies behind the signature was met
