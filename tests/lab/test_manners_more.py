"""Servers that look at who asks, and a proxy that changes nothing: what each end gets."""

from collections.abc import Iterator

import pytest

from tests.lab import Lab, Site, pass_through
from tests.lab.addresses import SPARE
from tests.lab.conftest import seer
from tests.lab.manners_more import ByAsker, Countdown, Large, SharedRate
from tests.lab.pages import Page

pytestmark = pytest.mark.lab

PROXY = SPARE[1]
SITES = (
    Site("choosy.kz", http=ByAsker(client=Page("For you"), others=Page("For all"))),
    Site("chain.kz", http=Countdown()),
    Site("large.kz", http=Large(1_000_000)),
    Site("sudden.kz", http=Page(size=60_000, kbit_s=400, burst_bytes=40_000)),
    Site("narrow.kz", http=SharedRate(Page(size=30_000), kbit_s=600)),
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


def test_a_burst_comes_at_once_and_the_rest_at_its_rate(lab: Lab) -> None:
    seen = seer(lab)("http", ip=lab.ip_of("sudden.kz"), host="sudden.kz", timeout_s=2)
    assert seen["bytes"] > 60_000
    assert 0.3 < seen["seconds"] < 0.8  # 0.4 s for 20 kB; without the burst it were 1.2 s


def test_a_server_with_one_rate_for_all_gives_it_to_one_after_the_other(lab: Lab) -> None:
    ask = {"ip": lab.ip_of("narrow.kz"), "host": "narrow.kz", "timeout_s": 2}
    first, second = (seer(lab)("http", **ask)["seconds"] for _ in range(2))
    assert 0.2 < first < 0.6  # 0.4 s less what had gathered
    assert 0.3 < second < 0.7


def test_a_server_with_one_rate_for_all_divides_it_between_those_who_ask_together(lab: Lab) -> None:
    command = ["curl", "-sS", "--parallel", "--parallel-immediate", "-o", "/dev/null", "-w", "%{time_total} "]
    times = lab.run([*command, "http://narrow.kz/?[1-2]"], check=True).stdout.split()
    assert 0.5 < min(map(float, times)) <= max(map(float, times)) < 1.2


def test_the_proxy_passes_the_site_s_own_page_and_certificate(lab: Lab) -> None:
    assert title(lab, PROXY) == "For all"  # it is the proxy that asks
    there, through = (seer(lab)("tls", ip=ip, name="choosy.kz") for ip in (lab.ip_of("choosy.kz"), PROXY))
    assert through["outcome"] == there["outcome"] == "ok"
    assert through["der"] == there["der"]


def test_the_proxy_answers_no_name_that_it_cannot_find(lab: Lab) -> None:
    assert seer(lab)("tls", ip=PROXY, name="nobody.kz")["outcome"] != "ok"
    assert seer(lab)("http", ip=PROXY, host="nobody.kz")["bytes"] == 0
