"""The control, asked as a probe asks it: what it looks at, what it never dials, whom it answers."""

import json
from collections.abc import Callable, Iterator
from subprocess import PIPE
from typing import Any

import pytest

from tests.lab import Lab, Site, pages, silent
from tests.whole.conftest import PORT, start_control

pytestmark = [pytest.mark.lab, pytest.mark.whole]

INSIDE = "http://127.0.0.1:9/"
SITES = (Site("www.far-away.org"), silent("dead.far-away.org"), Site("leads-in.org", http=pages.Redirect(INSIDE)))
Ask = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture(scope="module")
def world(lab_rights: None) -> Iterator[Lab]:  # noqa: ARG001
    with Lab(sites=SITES, delay_ms=5) as lab:
        start_control(lab)
        yield lab


@pytest.fixture
def ask(world: Lab) -> Ask:
    """Status and answer of one question."""

    def post(body: dict[str, Any], port: int = PORT, *headers: str) -> tuple[int, dict[str, Any]]:
        url = f"http://{world.control_ip}:{port}/v1/control"
        command = ["curl", "--silent", "--write-out", "\n%{http_code}", "--json", json.dumps(body), url]
        said = world.run([*command, *(part for header in headers for part in ("--header", header))], timeout_s=30)
        text, _, status = said.stdout.rpartition("\n")
        return int(status), json.loads(text)

    return post


def steps(answer: dict[str, Any], layer: str, source: str) -> list[dict[str, Any]]:
    return [step for step in answer["steps"] if step["layer"] == layer and step["source"] == source]


def test_the_probe_s_addresses_are_tried_beside_the_site_s_own(world: Lab, ask: Ask) -> None:
    """Also one that stays silent, though the site's own address answered long before."""
    dead, own = world.ip_of("dead.far-away.org"), world.ip_of("www.far-away.org")
    status, answer = ask({"url": "https://www.far-away.org/", "addresses": [own, dead]})
    assert status == 200
    assert [step["endpoint"] for step in steps(answer, "tcp", "system")] == [f"{own}:443"]
    found = [(step["endpoint"], step["failure"]) for step in steps(answer, "tcp", "probe")]
    assert found == [(f"{dead}:443", "generic_timeout_error")]
    assert steps(answer, "http", "system")[0]["status"] == 200


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1", "no address"]
)
def test_no_address_is_dialled_that_is_not_public(ask: Ask, address: str) -> None:
    _, answer = ask({"url": "https://www.far-away.org/", "addresses": [address]})
    assert steps(answer, "tcp", "probe") == []
    assert steps(answer, "http", "system") != []


def test_a_redirect_to_the_inside_is_not_followed(ask: Ask) -> None:
    _, answer = ask({"url": "http://leads-in.org/"})
    assert answer["hops"] == ["http://leads-in.org/", INSIDE]
    assert [step for step in answer["steps"] if step["hop"] == 1] == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"url": "file:///etc/passwd"}, 422),
        ({"url": "https://a:b@www.far-away.org/"}, 422),
        ({"url": INSIDE}, 200),
        ({"address": "1.2.3.4"}, 422),
        ({"url": "https://www.far-away.org/", "addresses": ["1.2.3.4"] * 13}, 422),
        ({"url": "https://www.far-away.org/" + "a" * 70_000}, 413),
    ],
)
def test_what_is_no_question_gets_no_look(world: Lab, ask: Ask, body: dict[str, Any], status: int) -> None:
    if status == 413:
        file = world.folder / "long.json"
        file.write_text(json.dumps(body))
        url = f"http://{world.control_ip}:{PORT}/v1/control"
        said = world.run(
            ["curl", "--silent", "--output", "-", "--write-out", "%{http_code}", "--json", f"@{file}", url]
        )
        assert said.stdout.endswith("413")
        return
    found, answer = ask(body)
    assert found == status
    assert not answer.get("steps")


def test_only_who_shows_the_token_is_answered(world: Lab, ask: Ask) -> None:
    process = world.popen_in_world(
        ["kedergi", "control", "--host", world.control_ip, "--port", "8735"],
        stderr=PIPE,
        env={"KEDERGI_CONTROL_TOKEN": "s3cret"},
    )
    assert process.stderr is not None
    assert "The control answers" in process.stderr.readline()
    question = {"url": "https://www.far-away.org/"}
    assert [ask(question, 8735)[0], ask(question, 8735, "Authorization: Bearer other")[0]] == [401, 401]
    assert ask(question, 8735, "Authorization: Bearer s3cret")[0] == 200
    process.terminate()
    assert process.wait(10) == 0
