"""The control, asked as a probe asks: what it looks at, what it never dials, whom it answers; and when it is gone."""

import json
from collections.abc import Callable, Iterator
from subprocess import PIPE
from typing import Any

import pytest

from tests.lab import Lab, Site, pages, silent
from tests.lab.addresses import CONTROL
from tests.lab.rules import Address, Degrade, Rule
from tests.lab.site import Answer
from tests.whole.conftest import PORT, checked, control, start_control
from tests.whole.side_by_side import judged

pytestmark = [pytest.mark.lab, pytest.mark.whole]

INSIDE = "http://127.0.0.1:8080/"
METADATA = "http://169.254.169.254/latest/meta-data/"
SITES = (
    Site("www.far-away.org"),
    silent("dead.far-away.org"),
    Site("leads-in.org", http=pages.Redirect(INSIDE)),
    Site("leads-to-clouds.org", http=pages.Redirect(METADATA)),
)
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
        file = world.folder / "question.json"
        file.write_text(json.dumps(body))
        url = f"http://{world.control_ip}:{port}/v1/control"
        command = ["curl", "--silent", "--write-out", "\n%{http_code}", "--json", f"@{file}", url]
        said = world.run([*command, *(part for header in headers for part in ("--header", header))], timeout_s=40)
        text, _, status = said.stdout.rpartition("\n")
        return int(status), json.loads(text)

    return post


def steps(answer: dict[str, Any], layer: str, source: str) -> list[dict[str, Any]]:
    return [step for step in answer["steps"] if step["layer"] == layer and step["source"] == source]


def test_the_probe_s_addresses_are_tried_beside_the_site_s_own(world: Lab, ask: Ask) -> None:
    """Also one that stays silent, twice, though the site's own address answered long before."""
    dead, own = world.ip_of("dead.far-away.org"), world.ip_of("www.far-away.org")
    status, answer = ask({"url": "https://www.far-away.org/", "addresses": [own, dead]})
    assert status == 200
    assert [step["endpoint"] for step in steps(answer, "tcp", "system")] == [f"{own}:443"]
    found = [(step["endpoint"], step["attempt"], step["failure"]) for step in steps(answer, "tcp", "probe")]
    assert found == [(f"{dead}:443", attempt, "generic_timeout_error") for attempt in (1, 2)]
    assert steps(answer, "http", "system")[0]["status"] == 200


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1"])
def test_no_address_is_dialled_that_is_not_public(ask: Ask, address: str) -> None:
    _, answer = ask({"url": "https://www.far-away.org/", "addresses": [address]})
    assert steps(answer, "tcp", "probe") == []
    assert steps(answer, "http", "system") != []


@pytest.mark.parametrize(("site", "inside"), [("leads-in.org", INSIDE), ("leads-to-clouds.org", METADATA)])
def test_a_redirect_to_the_inside_is_not_followed(ask: Ask, site: str, inside: str) -> None:
    _, answer = ask({"url": f"http://{site}/"})
    assert answer["hops"] == [f"http://{site}/", inside]
    assert [step for step in answer["steps"] if step["hop"] == 1] == []


def test_of_an_answer_that_mixes_public_and_private_only_the_public_is_dialled(lab_rights: None) -> None:  # noqa: ARG001
    with Lab(sites=SITES[:1], delay_ms=5) as lab:
        own = lab.ip_of("www.far-away.org")
    mixed = {"mixed.far-away.org": Answer(addresses=("127.0.0.1", "10.1.2.3", own))}
    with Lab(sites=SITES[:1], zone=mixed, delay_ms=5) as lab:
        assert lab.ip_of("www.far-away.org") == own
        start_control(lab)
        url = f"http://{lab.control_ip}:{PORT}/v1/control"
        said = lab.run(["curl", "--silent", "--json", '{"url": "http://mixed.far-away.org/"}', url], timeout_s=40)
    answer = json.loads(said.stdout)
    assert "127.0.0.1" in answer["steps"][0]["answers"][0]["addresses"]
    found = {(step["endpoint"], step["failure"]) for step in steps(answer, "tcp", "system")}
    assert found == {(f"{own}:80", None)}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"url": "file:///etc/passwd"}, 422),
        ({"url": "https://a:b@www.far-away.org/"}, 422),
        ({"url": INSIDE}, 422),
        ({"url": "http://www.far-away.org:22/"}, 422),
        ({"address": "1.2.3.4"}, 422),
        ({"url": "https://www.far-away.org/", "addresses": ["1.2.3.4"] * 13}, 422),
        ({"url": "https://www.far-away.org/", "addresses": ["no address"]}, 422),
        ({"url": "https://www.far-away.org/" + "a" * 70_000}, 413),
    ],
)
def test_what_is_no_question_gets_no_look(ask: Ask, body: dict[str, Any], status: int) -> None:
    found, answer = ask(body)
    assert found == status
    assert list(answer) == ["detail"]


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


def test_the_network_and_the_time_are_told_without_a_look(world: Lab) -> None:
    said = world.run(["curl", "--silent", f"http://{world.control_ip}:{PORT}/v1/network"], timeout_s=20)
    assert sorted(json.loads(said.stdout)) == ["asn", "at", "country"]


@pytest.mark.parametrize(("first", "failure"), [("dead", "generic_timeout_error"), ("closed", "connection_refused")])
def test_the_second_control_answers_where_the_first_is_gone(world: Lab, first: str, failure: str) -> None:
    """A dead site is told from a blocked one though the first control answers nothing, or nothing more."""
    gone = {"dead": f"http://{world.ip_of('dead.far-away.org')}:8734", "closed": f"http://{world.control_ip}:8799"}
    config = world.config(control={"url": [gone[first], control(world)["url"]]})
    _, (record,) = checked(world, config, "https://dead.far-away.org/")
    assert record["evidence"]["control"]["name"] == control(world)["url"]
    assert record["evidence"]["control"]["failure"] is None
    assert [(one["name"], one["failure"]) for one in record["evidence"]["more_controls"]] == [(gone[first], failure)]
    assert record["verdict"] == "down"


@pytest.mark.usefixtures("lab_rights")
def test_a_server_s_error_waits_for_a_slow_control() -> None:
    """Only the control knows whether everyone gets it; of a page that is fine it is not waited for so long."""
    broken, fine = "www.out-of-order.com", "www.in-order.com"
    slow = Rule(Address(CONTROL), Degrade(delay_ms=1000))  # a packet: the handshake alone takes two
    with Lab([Site(broken, https=pages.Page("Out of order", 300, 503)), Site(fine)], [slow]) as lab:
        start_control(lab)
        _, records = checked(lab, lab.config(control=control(lab)), f"https://{broken}/", f"https://{fine}/")
        by_url = {record["url"]: record for record in records}
        assert by_url[f"https://{broken}/"]["verdict"] == "down", judged(by_url[f"https://{broken}/"])
        assert by_url[f"https://{fine}/"]["evidence"]["control"]["failure"] == "interrupted"
