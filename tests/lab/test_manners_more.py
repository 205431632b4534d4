"""Servers that look at who asks, and a proxy that changes nothing: what each end gets."""

from collections.abc import Iterator

import pytest

from tests.lab import Lab, Site, pass_through
from tests.lab.addresses import SPARE
from tests.lab.conftest import seer
from tests.lab.manners_more import ByAsker, Countdown, Large
from tests.lab.pages import Page

pytestmark = pytest.mark.lab

PROXY = SPARE[1]
SITES = (
    Site("choosy.kz", http=ByAsker(client=Page("For you"), others=Page("For all"))),
    Site("chain.kz", http=Countdown()),
    Site("large.kz", http=Large(1_000_000)),
)


@pytest.fixture(scope="module")
def lab(lab_rights: None) -> Iterator[Lab]:  # noqa: ARG001
    with Lab(SITES, delay_ms=1) as lab:
        pass_through.start(lab, PROXY)
        yield lab


def title(lab: Lab, ip: str) -> str:
    body: str = seer(lab)("http", ip=ip, host="choosy.kz")["body"]
    return body.partition("<title>")[2].partition("</title>")[0]


def test_the_client_gets_its_own_answer_and_others_theirs(lab: Lab) -> None:
    assert title(lab, lab.ip_of("choosy.kz")) == "For you"
    assert "<title>For all</title>" in lab.in_world(["curl", "-sS", "http://choosy.kz/"]).stdout


def test_a_countdown_ends_in_a_page(lab: Lab) -> None:
    said = lab.run(["curl", "-sSLo", lab.folder / "end", "-w", "%{num_redirects}", "http://chain.kz/redirect/15"])
    assert (said.stdout, said.stderr) == ("15", "")
    assert "<title>Arrived</title>" in (lab.folder / "end").read_text()


def test_a_large_file_has_the_size_it_says(lab: Lab) -> None:
    seen = seer(lab)("http", ip=lab.ip_of("large.kz"), host="large.kz", timeout_s=5)
    assert "Content-Length: 1000000" in seen["head"]
    assert seen["bytes"] - len(seen["head"]) - 4 == 1_000_000


def test_the_proxy_passes_the_site_s_own_page_and_certificate(lab: Lab) -> None:
    assert title(lab, PROXY) == "For all"  # it is the proxy that asks
    there, through = (seer(lab)("tls", ip=ip, name="choosy.kz") for ip in (lab.ip_of("choosy.kz"), PROXY))
    assert through["outcome"] == there["outcome"] == "ok"
    assert through["der"] == there["der"]


def test_the_proxy_answers_no_name_that_it_cannot_find(lab: Lab) -> None:
    assert seer(lab)("tls", ip=PROXY, name="nobody.kz")["outcome"] != "ok"
    assert seer(lab)("http", ip=PROXY, host="nobody.kz")["bytes"] == 0
