"""What the processes of a lab say to each other. Values only: all that the lab's handle and its workers share."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path

from tests.lab.rules import Rule
from tests.lab.site import Answer, Certificate, Site

ALIVE = "alive"
"""A file in the lab's folder for as long as the lab lives."""

CLIENT_ROOTS = "client-roots.pem"
"""The file there that stands in the place of the root certificates of the client's operating system."""


@dataclass(frozen=True)
class Congestion:
    """The evening: the share of the line's rate that is left varies at random moments, alike for all flows."""

    low: float = 0.1
    high: float = 1.0
    """The share is drawn between these, any factor as likely as any other."""
    every_s: tuple[float, float] = (0.3, 2.5)
    """For at least and at most how long one share holds."""
    loss: float = 0.01
    """For each packet downstream."""
    seed: int = 1

    def __post_init__(self) -> None:
        if not 0 < self.low <= self.high <= 1 or not 0 < self.every_s[0] <= self.every_s[1]:
            raise ValueError(f"a share is above 0 and at most 1, a time above 0, and the lower comes first: {self}")


@dataclass(frozen=True)
class Road:
    """The line as it is without the censor. Delay is one way."""

    delay_ms: float = 10.0
    jitter_ms: float = 0.0
    loss: float = 0.0
    up: bool = True
    kbit_s: float | None = None
    """The rate of the client's access line, for each direction; without it, or if it is infinite, there is no limit."""
    queue_ms: float = 200.0
    """A packet that would wait longer at its end is lost."""
    congestion: Congestion | None = None

    def __post_init__(self) -> None:
        if self.kbit_s is not None and not self.kbit_s > 0:
            raise ValueError("a line has some rate, or infinity")
        if self.congestion is not None and not self.limited:
            raise ValueError("congestion takes a share of the line's rate, and this line has none")

    @property
    def limited(self) -> bool:
        return self.kbit_s is not None and isfinite(self.kbit_s)


@dataclass(frozen=True)
class Route:
    """Who stands on the road: the client, the address of each hop, and the numbers of the hops that never answer."""

    client: str
    hops: tuple[str, ...]
    silent_hops: frozenset[int] = frozenset()
    client_ipv6: str | None = None
    """An IPv6 address with a default route on which everything is lost."""


@dataclass
class Counters:
    """What the road did, in packets."""

    up: int = 0
    down: int = 0
    lost: int = 0
    forged: int = 0
    expired: int = 0


@dataclass(frozen=True)
class Placed:
    """A site and the address it has got."""

    site: Site
    ip: str

    @property
    def names(self) -> tuple[str, ...]:
        return (self.site.name, *self.site.other_names)


@dataclass(frozen=True)
class Plan:
    """What the world begins with."""

    folder: Path
    sites: tuple[Placed, ...]
    isp_resolver: str
    clean_resolver: str
    doh: Placed
    middle_man: str
    middle_men: Mapping[str, Certificate]
    """More of them, by address: whose certificates each forges."""
    spare: tuple[str, ...]
    isp_lies: Mapping[str, Answer] = field(default_factory=dict)
    extra_zone: Mapping[str, Answer] = field(default_factory=dict)
    """Names besides those of the sites."""
    ahead_s: float = 0.0
    """How far the world's clock is ahead of this machine's; its certificates and dates go by it."""
    client_roots: tuple[Certificate, ...] = ()
    """Whose forgeries the client's operating system trusts besides the lab's CA."""


@dataclass(frozen=True)
class Orders:
    """All that a lab begins with."""

    road: Road
    route: Route
    rules: list[Rule]
    seed: int
    plan: Plan
    own_user: bool
    """Make a user namespace first, as an ordinary user must."""
