"""`kedergi check` of sites that are odd, and of servers that mean no good: each has its verdict, all end in time."""

import json
import sys
from pathlib import Path
from subprocess import PIPE
from typing import Any

import pytest

from results.records import is_bogon
from tests.lab import Lab
from tests.whole import hostile
from tests.whole.conftest import control, start_control

pytestmark = [pytest.mark.lab, pytest.mark.whole]

# The program's peak memory is known to whoever started it.
_WEIGHED = """
import resource, subprocess, sys
status = subprocess.run(sys.argv[1:]).returncode
print("peak KiB", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(status)
"""
WHOLE_MS = 26_000
PEAK_KIB = 150 * 1024

Records = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def lab(lab_rights: None) -> Any:  # noqa: ARG001
    with Lab(hostile.sites(), delay_ms=10) as lab:
        start_control(lab)
        yield lab


def checked(lab: Lab, urls: list[str], *options: str) -> tuple[Records, int]:
    """Records by URL, and the program's peak memory, KiB."""
    config: Path = lab.config(control=control(lab))
    command: list[str | Path] = ["kedergi", "check", "--config", config, "--format", "json", *options, *urls]
    done = lab.run([sys.executable, "-c", _WEIGHED, *command], timeout_s=300)
    assert "Traceback" not in done.stderr, done.stderr
    records = [json.loads(line) for line in done.stdout.splitlines()]
    peak = done.stderr.rpartition("peak KiB ")[2]
    return {record["url"]: record for record in records}, int(peak)


def page(record: dict[str, Any]) -> dict[str, Any]:
    """The last page that was asked for."""
    steps = [step for step in record["evidence"]["steps"] if step["layer"] == "http" and step["aim"] == "visit"]
    found: dict[str, Any] = steps[-1]
    return found


def named(fine: hostile.Fine) -> Any:
    return pytest.param(fine, id=fine.name.replace(" ", "-"))


# Odd and fine


@pytest.fixture(scope="module")
def fine(lab: Lab) -> tuple[Records, int]:
    return checked(lab, [row.url for row in hostile.FINE], "--concurrency", "5")


@pytest.mark.parametrize("row", [named(row) for row in hostile.FINE])
def test_an_odd_site_is_accessible(fine: tuple[Records, int], row: hostile.Fine) -> None:
    record = next(found for url, found in fine[0].items() if url.lower().startswith(row.url.split("#")[0].lower()))
    assert record["verdict"] == "accessible", record["reasons"]
    assert page(record)["title"] == row.title
    assert record["runtime_ms"] < WHOLE_MS


def test_http_2_was_spoken(fine: tuple[Records, int]) -> None:
    versions = {url: page(record)["http_version"] for url, record in fine[0].items()}
    assert {version for url, version in versions.items() if "//two" in url} == {"HTTP/2"}
    assert {version for url, version in versions.items() if "//two" not in url} == {"HTTP/1.1"}


@pytest.mark.parametrize("url", ["https://great.kz/", "https://two-great.kz/"])
def test_of_32_mib_little_crosses_the_line(lab: Lab, url: str) -> None:
    before = lab.counters.down
    records, _ = checked(lab, [url])
    assert (page(records[url])["body_bytes"], page(records[url])["capped"]) == (512 * 1024, True)
    # Packets, none of which is longer. What the kernel takes in before we say stop depends on how busy the machine is.
    assert (lab.counters.down - before) * 1500 < 4 * 2**20


def test_a_user_name_is_refused(lab: Lab) -> None:
    done = lab.run(["kedergi", "check", "--config", lab.config(), "https://user:secret@two.kz/"])
    assert done.returncode == 2
    assert "user name" in done.stderr
    assert "secret" not in done.stderr + done.stdout


def test_another_port_is_asked(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<title>Another port</title>")
    ip = lab.ip_of("two.kz")
    server = lab.popen_in_world(
        [sys.executable, "-u", "-m", "http.server", "8080", "--bind", ip, "--directory", tmp_path],
        stdout=PIPE,
    )
    assert server.stdout is not None
    server.stdout.readline()
    records, _ = checked(lab, ["http://two.kz:8080/"])
    (record,) = records.values()
    assert (record["verdict"], page(record)["title"]) == ("accessible", "Another port")


def test_a_cookie_does_not_go_to_another_site(lab: Lab) -> None:
    records, _ = checked(lab, ["https://giver.kz/"])
    assert page(records["https://giver.kz/"])["title"] == "/"
    assert records["https://giver.kz/"]["evidence"]["hops"][-1] == "https://other-family.kz/"


# Hostile

URLS = [
    *(f"https://{name}.hostile.kz/" for name in hostile.HOSTILE),
    *(f"https://to-{name}.hostile.kz/" for name in hostile.LEADS_TO),
    *(f"https://{name}.hostile-two.kz/" for name in hostile.HOSTILE_2),
]


@pytest.fixture(scope="module")
def survived(lab: Lab) -> tuple[Records, int]:
    return checked(lab, URLS, "--concurrency", "20")


@pytest.mark.parametrize("url", URLS)
def test_a_hostile_server_is_neither_blocked_nor_endless(survived: tuple[Records, int], url: str) -> None:
    record = survived[0][url]
    assert record["verdict"] not in {"blocked", "throttled"}, record["reasons"]
    assert record["runtime_ms"] < WHOLE_MS


def test_all_of_them_together_take_little_memory(survived: tuple[Records, int], fine: tuple[Records, int]) -> None:
    assert max(survived[1], fine[1]) < PEAK_KIB


def test_no_address_of_this_machine_or_its_network_is_dialled(survived: tuple[Records, int]) -> None:
    """Wherever a server sends us."""
    steps = [step for record in survived[0].values() for step in record["evidence"]["steps"]]
    dialled = {step["endpoint"].rpartition(":")[0] for step in steps if step["layer"] == "tcp"}
    assert dialled
    assert [ip for ip in dialled if is_bogon(ip.strip("[]"))] == []
