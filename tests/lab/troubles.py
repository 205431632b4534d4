"""What may be wrong with a vantage itself: ten troubles and their kinds, each as orders for a lab.

The sites are plainly fine in all of them, and nothing may be called blocked. What must be said of each stands beside.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.lab import addresses
from tests.lab.lab import Lab
from tests.lab.middle_men import PORTAL_NAME
from tests.lab.pages import Page, Redirect
from tests.lab.rules import Drop, Forge, Nat, Port, Query, Rule
from tests.lab.site import Answer, Certificate, Site

_DAY_S = 86_400.0
HOSTED = "185.65.135.10"  # AS39351, a company that rents servers
_PARKED = "92.47.201.30"
MOBILE = "2.72.14.9"  # AS29355, a mobile operator
SIX = "2a02:26f0:1234::77"
FINE = (
    Site("www.fine-paper.com", more_addresses=("2a00:1450:4010:c05::11",)),
    Site("www.fine-radio.com"),
    Site("plain.fine-garden.com", https=None),
    Site("plain.fine-school.com", http=Redirect("https://plain.fine-school.com/")),
)
URLS = tuple(f"{'http' if site.name.startswith('plain') else 'https'}://{site.name}/" for site in FINE)
_PORTAL_ZONE = {"zone": {PORTAL_NAME: Answer(addresses=(addresses.PORTAL,))}}


def _nothing(_lab: Lab) -> None:
    pass


@dataclass(frozen=True)
class Trouble:
    name: str
    words: tuple[str, ...]
    """One of these is in the reason, small letters, where the verdict is not that the site is accessible."""
    options: Mapping[str, Any] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    config: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    begins: Callable[[Lab], None] = _nothing
    """Called before the check."""
    midway: Callable[[Lab], None] | None = None
    """Called while the first site is being measured."""
    accessible: bool = False
    """Whether the sites can be reached all the same."""
    always_said: bool = False
    """Whether the trouble must be told also where a page came."""
    sites: tuple[Site, ...] = FINE


def _offline(lab: Lab) -> None:
    lab.set_line(route=False)


def _cut(lab: Lab) -> None:
    lab.set_line(up=False)


def _move(lab: Lab) -> None:
    lab.move_client(MOBILE)


_TO_PORTAL = Rule(Port(80), Nat(addresses.PORTAL))
_ISP = addresses.ISP_RESOLVER
_SLOW = Page("Slow", first_byte_s=2.5)
_WAITS = tuple(
    Site(site.name, http=_SLOW if isinstance(site.http, Page) else site.http, https=site.https and _SLOW)
    for site in FINE
)

TROUBLES = (
    Trouble("offline, no route", ("line", "offline", "send"), begins=_offline),
    Trouble("offline, the cable is cut", ("line", "offline"), begins=_cut),
    Trouble(
        "captive portal, TLS dropped",
        ("portal",),
        rules=(_TO_PORTAL, Rule(Port(443), Drop()), Rule(Port(8734), Drop())),
        options=_PORTAL_ZONE,
    ),
    Trouble(
        "captive portal, TLS with its own certificate",
        ("portal",),
        rules=(_TO_PORTAL, Rule(Port(443), Nat(addresses.PORTAL)), Rule(Port(8734), Drop())),
        options=_PORTAL_ZONE,
    ),
    Trouble("resolver silent", ("resolver",), rules=(Rule(Query("*", resolver=_ISP), Drop()),)),
    Trouble(
        "resolver fails for every name",
        ("resolver",),
        rules=(Rule(Query("*", resolver=_ISP), Forge("SERVFAIL")),),
    ),
    Trouble(
        "resolver lies for every name, a public address",
        ("resolver", "every name"),
        rules=(Rule(Query("*", resolver=_ISP), Forge(addresses=(_PARKED,))),),
        sites=(*FINE, Site("parked.silk-telecom.kz", ip=_PARKED)),
    ),
    Trouble(
        "resolver lies for every name, a private address",
        ("resolver", "every name"),
        rules=(Rule(Query("*", resolver=_ISP), Forge(addresses=("10.255.0.1",))),),
    ),
    Trouble(
        "resolver denies every name",
        ("resolver", "every name"),
        rules=(Rule(Query("*", resolver=_ISP), Forge("NXDOMAIN")),),
    ),
    Trouble("antivirus", ("antivirus", "reads all tls"), rules=(Rule(Port(443), Nat(addresses.ANTIVIRUS)),)),
    Trouble(
        "employer whose root the machine trusts",
        ("employer", "reads all tls"),
        {"client_roots": (Certificate.EMPLOYER,)},
        rules=(Rule(Port(443), Nat(addresses.EMPLOYER)),),
    ),
    Trouble("VPN", ("vpn", "network"), {"client": HOSTED}, config={"vantage": {"asn": 9198}}, always_said=True),
    Trouble("another network midway", ("network", "address"), midway=_move, sites=_WAITS),
    Trouble("clock 400 days ahead", ("clock",), {"world_clock_ahead_s": -400 * _DAY_S}),
    Trouble("clock 2 days behind", ("clock",), {"world_clock_ahead_s": 2 * _DAY_S}),
    Trouble("no IPv6", ("ipv6",), accessible=True),
    Trouble("IPv6 that leads nowhere", ("ipv6",), {"client_ipv6": SIX}, accessible=True),
)
