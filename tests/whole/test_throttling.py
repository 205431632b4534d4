"""Slow on purpose, told from slow: by name and by address, beside servers and lines that are merely slow."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.lab import Lab, Site
from tests.lab.pages import Page
from tests.lab.rules import Action, Address, Degrade, Everything, Freeze, Police, Rule, Shape, Sni
from tests.whole.conftest import checked, control, start_control

pytestmark = [pytest.mark.lab, pytest.mark.whole]

Records = dict[str, dict[str, Any]]
FLOW, SMALL = 60_000, 10_000
REFERENCES = ("www.wide-field.org", "www.long-letter.net")
BY_NAME: dict[str, tuple[Action, int, str, float | None]] = {
    "shaped-64": (Shape(kbit_s=64), SMALL, "throughput.low", 64),
    "shaped-128": (Shape(kbit_s=128), FLOW, "throughput.low", 128),
    "shaped-512": (Shape(kbit_s=512), FLOW, "throughput.low", 512),
    "policed-256": (Police(kbit_s=256), FLOW, "throughput.low", 256),
    "delayed": (Degrade(delay_ms=900), SMALL, "latency.high", None),
    "frozen": (Freeze(after_bytes=16_384), FLOW, "throughput.freeze", None),
}
FINE = {
    "fine": Page(size=FLOW),
    "tiny": Page(size=300),
    "thinks": Page(size=SMALL, first_byte_s=3.0),
    "slow-server": Page(size=FLOW, kbit_s=200),
}
BY_ADDRESS = "46.226.30.9"


def url(name: str) -> str:
    return f"https://{name}.speed-of-steppe.kz/"


def measured(lab: Lab, names: list[str], *, controlled: bool = True) -> Records:
    references = {"urls": [f"https://{name}/" for name in REFERENCES]}
    config = lab.config(reference=references, **({"control": control(lab)} if controlled else {}))
    _, records = checked(lab, config, "--concurrency", "3", *map(url, names), timeout_s=200)
    return {record["url"]: record for record in records}


def sites(manners: dict[str, Page]) -> list[Site]:
    wide = [Site(name, https=Page(size=40_000)) for name in REFERENCES]
    return [*wide, *(Site(f"{name}.speed-of-steppe.kz", https=manner) for name, manner in manners.items())]


@pytest.fixture(scope="module")
def slowed(lab_rights: None) -> Iterator[Lab]:  # noqa: ARG001
    rules = [Rule(Sni(f"{name}.speed-of-steppe.kz"), then) for name, (then, *_) in BY_NAME.items()]
    rules.append(Rule(Address(BY_ADDRESS, 443), Shape(kbit_s=128)))
    pages = {name: Page(size=size) for name, (_, size, *_) in BY_NAME.items()}
    narrow = Site("narrow.speed-of-steppe.kz", https=Page(size=FLOW), ip=BY_ADDRESS)
    with Lab(sites=[*sites({**pages, **FINE}), narrow], rules=rules, delay_ms=20) as lab:
        start_control(lab)
        yield lab


@pytest.fixture(scope="module")
def seen(slowed: Lab) -> Records:
    return measured(slowed, [*BY_NAME, *FINE, "narrow"])


WITHOUT = ("frozen", "shaped-128", "slow-server", "narrow")


@pytest.fixture(scope="module")
def seen_alone(slowed: Lab) -> Records:
    """Without a control."""
    return measured(slowed, list(WITHOUT), controlled=False)


@pytest.mark.parametrize("name", BY_NAME)
def test_what_is_slowed_for_its_name_is_throttled(seen: Records, name: str) -> None:
    record, (_, _, mechanism, kbps) = seen[url(name)], BY_NAME[name]
    assert record["verdict"] == "throttled", record["reasons"]
    assert record["mechanisms"][0] == mechanism
    said = record["reasons"][0]["says"]
    if kbps is not None:
        assert record["confidence"] == "confirmed"
        told = float(said.partition(" (")[2].partition(" kbit/s")[0])
        assert abs(told - kbps) <= 0.2 * kbps, said


def test_the_name_is_proven_without_a_control(seen_alone: Records) -> None:
    found = [seen_alone[url(name)] for name in WITHOUT]
    assert [record["verdict"] for record in found] == ["throttled", "throttled", "accessible", "accessible"], found
    assert [record["mechanisms"] for record in found[:2]] == [["throughput.freeze"], ["throughput.low"]]
    assert {record["confidence"] for record in found[:2]} == {"confirmed"}


def test_what_is_slowed_by_its_address_is_throttled(seen: Records) -> None:
    record = seen[url("narrow")]
    assert (record["verdict"], record["mechanisms"], record["confidence"]) == (
        "throttled",
        ["throughput.low"],
        "likely",
    )


@pytest.mark.parametrize("name", FINE)
def test_what_is_merely_slow_is_accessible(seen: Records, name: str) -> None:
    assert seen[url(name)]["verdict"] == "accessible", seen[url(name)]["reasons"]


@pytest.mark.parametrize(
    "line",
    [
        pytest.param({"rules": [Rule(Everything(), Shape(kbit_s=256, shared=True))]}, id="narrow"),
        pytest.param({"delay_ms": 300.0}, id="satellite"),
        pytest.param({"loss": 0.08, "jitter_ms": 20.0}, id="lossy"),
    ],
)
def test_a_bad_line_throttles_nobody(lab_rights: None, line: dict[str, Any]) -> None:  # noqa: ARG001
    with Lab(sites=sites(FINE), **{"delay_ms": 20.0, **line}) as lab:
        start_control(lab)
        records = measured(lab, list(FINE))
    assert {record["verdict"] for record in records.values()} <= {"accessible", "inconclusive"}, records
