"""What a scenario is: something that an ISP does to a URL, and what must be concluded. No scenario stands here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tests.lab.lab import Lab
from tests.lab.rules import Rule
from tests.lab.site import Answer, Site


@dataclass(frozen=True)
class Scenario:
    name: str
    url: str
    isp: str
    """What the ISP does, in words."""
    verdict: str
    """accessible, blocked, throttled, down or inconclusive."""
    mechanisms: tuple[str, ...] = ()
    site: Site | None = None
    """What stands at the host of the URL; a plain site if nothing is said."""
    more_sites: tuple[Site, ...] = ()
    rules: tuple[Rule, ...] = ()
    lies: Mapping[str, Answer] = field(default_factory=dict)
    """What the ISP's resolver says otherwise than the truth."""
    or_mechanisms: tuple[tuple[str, ...], ...] = ()
    """What is as true as `mechanisms`, where the same act may be seen at two layers."""
    or_verdicts: tuple[str, ...] = ()
    """Verdicts that are not wrong either, such as `inconclusive` where nothing could prove the truth."""
    confidence: str | None = None
    """confirmed, likely or weak, where the contract fixes it."""
    says: str = ""
    """A word that one of the reasons must have."""

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def sites(self) -> tuple[Site, ...]:
        return (self.site or Site(self.host), *self.more_sites)


def lab_of(scenarios: Iterable[Scenario], *, rules: Iterable[Rule] = (), **options: Any) -> Lab:
    """A lab in which all these scenarios hold, and these rules of the caller's before theirs."""
    scenarios = tuple(scenarios)
    return Lab(
        sites=[site for scenario in scenarios for site in scenario.sites],
        rules=[*rules, *(rule for scenario in scenarios for rule in scenario.rules)],
        isp_zone={name: answer for scenario in scenarios for name, answer in scenario.lies.items()},
        **options,
    )
