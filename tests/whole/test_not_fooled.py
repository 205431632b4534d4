"""What looks like blocking and is not: no row may be called blocked, with a control, without one, on any line."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.lab import Lab
from tests.lab.addresses import CONTROL, SPARE
from tests.lab.pages import Page, Redirect
from tests.lab.rules import Address, Drop, Everything, Query, Reset, Rule, Shape
from tests.lab.scenarios import Scenario, lab_of
from tests.lab.scenarios.not_fooled import NOT_FOOLED
from tests.lab.site import Certificate, Site, refused, silent
from tests.whole.conftest import PORT, control, start_control
from tests.whole.side_by_side import BAD, Records, demand_the_truth, judged, measured, named

pytestmark = [pytest.mark.lab, pytest.mark.whole]


@pytest.fixture(scope="module")
def country(lab_rights: None) -> Iterator[Lab]:  # noqa: ARG001
    with lab_of(NOT_FOOLED) as lab:
        start_control(lab)
        yield lab


@pytest.fixture(scope="module")
def with_control(country: Lab) -> Records:
    return measured(country, NOT_FOOLED, control=control(country))


@pytest.fixture(scope="module")
def without_control(country: Lab) -> Records:
    return measured(country, NOT_FOOLED, nothing_wrong)


# A state's authority that signs a site for everyone: who has no control must take it for interception.
TELLABLE = tuple(row for row in NOT_FOOLED if not row.site or row.site.certificate is not Certificate.ISCA)


@pytest.mark.parametrize("scenario", named(NOT_FOOLED))
def test_it_is_told_from_blocking(with_control: Records, scenario: Scenario) -> None:
    record = with_control[scenario.url]
    assert record["verdict"] not in BAD, judged(record)
    demand_the_truth(record, scenario)


@pytest.mark.parametrize("scenario", named(TELLABLE))
def test_without_a_control_nothing_is_called_blocked(without_control: Records, scenario: Scenario) -> None:
    assert nothing_wrong(without_control[scenario.url], scenario), judged(without_control[scenario.url])


def nothing_wrong(record: dict[str, Any], scenario: Scenario) -> bool:
    error = {"accessible"} if (record["status"] or 0) >= 500 else set()  # nobody says that others get it too
    return record["verdict"] in {scenario.verdict, *scenario.or_verdicts, "inconclusive", *error}


# Honest sites and broken ones, on lines and with controls that are a trouble themselves.
PLAIN = (
    *(Site(f"www.fine-{number}.com") for number in range(4)),
    *(Site(f"plain.fine-{number}.com", https=None) for number in range(3)),
    *(Site(f"plain.led-{n}.com", http=Redirect(f"https://plain.led-{n}.com/")) for n in range(3)),
    Site("www.large-page.com", https=Page("Large", 200_000)),
)
DEAD_CONTROL = SPARE[1]


def _url(site: Site) -> str:
    return f"{'http' if site.name.startswith('plain') else 'https'}://{site.name}/"


FINE = tuple(Scenario(f"fine {site.name}", _url(site), "lets it pass", "accessible", site=site) for site in PLAIN)
DOWN = tuple(
    Scenario(name, _url(site), "lets it pass", "down", site=site)
    for name, site in (
        ("refused", refused("www.refuses-all.com")),
        ("silent", silent("plain.silent-to-all.com")),
    )
)


@dataclass(frozen=True)
class Line:
    name: str
    options: dict[str, Any] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    control: str | None = CONTROL
    """Where the settings say that a control is."""
    or_fine: tuple[str, ...] = ()
    """What else may be said of a fine site."""


LINES = (
    Line("satellite, 600 ms", {"delay_ms": 300}),
    Line("5 % loss and 40 ms jitter", {"delay_ms": 25, "jitter_ms": 40, "loss": 0.05}, or_fine=("inconclusive",)),
    Line("256 kbit/s for everything", rules=(Rule(Everything(), Shape(256, shared=True)),)),
    Line(
        "a resolver that loses a third of all questions",
        rules=(Rule(Query("*"), Drop(), probability=0.33),),
        or_fine=("inconclusive",),
    ),
    Line("control dropped by the ISP", rules=(Rule(Address(CONTROL), Drop()),)),
    Line("control reset by the ISP", rules=(Rule(Address(CONTROL), Reset()),)),
    Line("control dead", control=DEAD_CONTROL),
    Line("no control, 5 % loss", {"delay_ms": 25, "loss": 0.05}, control=None, or_fine=("inconclusive",)),
)


def allowed(line: Line, scenario: Scenario) -> set[str]:
    return {"down", "inconclusive"} if scenario in DOWN else {"accessible", *line.or_fine}


def seen_over(line: Line) -> Records:
    with lab_of((*FINE, *DOWN), rules=line.rules, **line.options) as lab:
        start_control(lab)
        sections: dict[str, dict[str, object]] = (
            {"control": {"url": f"http://{line.control}:{PORT}"}} if line.control else {}
        )
        return measured(lab, (*FINE, *DOWN), lambda record, row: record["verdict"] in allowed(line, row), **sections)


@pytest.fixture(scope="module")
def over_lines(lab_rights: None) -> dict[str, Records]:  # noqa: ARG001
    """All lines, five labs at a time: they wait more than they work."""
    with ThreadPoolExecutor(5) as pool:
        return dict(zip((line.name for line in LINES), pool.map(seen_over, LINES), strict=True))


@pytest.mark.parametrize("scenario", named((*FINE, *DOWN)))
@pytest.mark.parametrize("line", [pytest.param(line, id=line.name.replace(" ", "-")) for line in LINES])
def test_a_bad_line_or_control_blocks_nothing(over_lines: dict[str, Records], line: Line, scenario: Scenario) -> None:
    record = over_lines[line.name][scenario.url]
    assert record["verdict"] in allowed(line, scenario), judged(record)
