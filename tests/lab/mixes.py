"""Random countries, each from a seed: a lossy line, a dozen sites, what the ISP does to each, and what is true of each.

Nothing is measured here. The same seed gives the same mix; which packets are lost hangs on their order as well.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal

from tests.lab import pages
from tests.lab.addresses import MIDDLE_MAN
from tests.lab.lab import Lab
from tests.lab.pages import Page
from tests.lab.rules import (
    Action,
    Address,
    BlockPage,
    Close,
    Drop,
    Forge,
    Host,
    Nat,
    Query,
    Redirect,
    Reset,
    Rule,
    Sni,
    Unreachable,
)
from tests.lab.site import Answer, Certificate, Site, nowhere, refused, silent

JITTER_MS = 40.0
LOSS_MOST = 0.08  # each way
RTT_MS = (20.0, 200.0)
WARNING = Site("warning.silk-telecom.kz", http=Page("Access restricted", body=b"<title>Blocked</title>"))
WARNING_IP, DEAD_IP = "46.226.90.1", "46.226.90.2"  # nobody has the second


@dataclass(frozen=True)
class Mixed:
    """One site of a mix, with the truth about it."""

    what: str
    url: str
    verdict: str
    mechanisms: frozenset[str] = frozenset()
    """Whichever of these is named first, it is true."""
    sites: tuple[Site, ...] = ()
    rules: tuple[Rule, ...] = ()
    lies: Mapping[str, Answer] = field(default_factory=dict)
    fine: bool = False
    """The ISP lets it pass, and it is up: whoever calls it blocked accuses falsely."""


@dataclass(frozen=True)
class Mix:
    """A line and the sites beyond it."""

    seed: int
    delay_ms: float
    loss: float
    mixed: tuple[Mixed, ...]

    def lab(self, **options: Any) -> Lab:
        return Lab(
            sites=[Site(WARNING.name, http=WARNING.http, ip=WARNING_IP), *(s for one in self.mixed for s in one.sites)],
            rules=[rule for one in self.mixed for rule in one.rules],
            isp_zone={name: answer for one in self.mixed for name, answer in one.lies.items()},
            **{"delay_ms": self.delay_ms, "jitter_ms": JITTER_MS, "loss": self.loss, "seed": self.seed, **options},
        )


def mix(seed: int, *, sites: int = 12) -> Mix:
    """The mix of a seed: RTT of 20 to 200 ms before the jitter of 40 ms each way, loss of 0 to 8 % each way."""
    dice = Random(f"mix {seed}")
    return Mix(
        seed=seed,
        delay_ms=round(dice.uniform(*RTT_MS) / 2, 1),
        loss=round(dice.uniform(0, LOSS_MOST), 4),
        mixed=tuple(_mixed(dice, seed, number) for number in range(sites)),
    )


@dataclass(frozen=True)
class _Place:
    """The last hop of a site: where it is and how it is asked for."""

    host: str
    ip: str
    scheme: str
    hop: int
    """Where on the line the censor sits."""


@dataclass(frozen=True)
class _Act:
    """What the ISP does to one place."""

    what: str
    mechanisms: frozenset[str]
    rules: tuple[Rule, ...] = ()
    lies: Mapping[str, Answer] = field(default_factory=dict)


def _mixed(dice: Random, seed: int, number: int) -> Mixed:
    host, scheme = f"www.site-{seed}-{number}.kz", dice.choice(("http", "https", "https"))
    place = _Place(host, f"46.226.{20 + number // 100}.{10 + number % 100}", scheme, dice.randint(1, 4))
    kind = dice.choices((_fine, _down, _blocked), weights=(40, 12, 48))[0]
    what, verdict, site, acts = kind(dice, place)
    entry = dice.choice(("", "", "http", "https"))
    url = sent = f"{scheme}://{host}/"
    sites = [site]
    if entry:
        url = f"{entry}://go.site-{seed}-{number}.kz/"
        sites.append(_entry(f"go.site-{seed}-{number}.kz", sent, number))
    words = f"{what}, {scheme}{f', behind a redirect over {entry}' if entry else ''}"
    return Mixed(
        what=words,
        url=url,
        verdict=verdict,
        mechanisms=frozenset(name for act in acts for name in act.mechanisms),
        sites=tuple(sites),
        rules=tuple(rule for act in acts for rule in act.rules),
        lies={name: answer for act in acts for name, answer in act.lies.items()},
        fine=verdict == "accessible",
    )


def _entry(name: str, sent: str, number: int) -> Site:
    manner = pages.Redirect(sent)
    return Site(name, http=manner, https=manner, ip=f"46.226.{40 + number // 100}.{10 + number % 100}")


Kind = tuple[str, str, Site, tuple[_Act, ...]]


def _page(dice: Random, place: _Place) -> Page:
    return Page(
        f"News of {place.host}",
        size=dice.choice((700, 3_000, 20_000, 90_000)),
        status=dice.choice((200, 200, 200, 200, 403, 404)),
        encoding=dice.choice((None, None, "gzip")),
        first_byte_s=dice.choice((0.0, 0.0, 0.4)),
    )


def _fine(dice: Random, place: _Place) -> Kind:
    odd = (Certificate.EXPIRED, Certificate.SELF_SIGNED, Certificate.UNKNOWN_CA, Certificate.WRONG_NAME)
    certificate = dice.choice((*(Certificate.GOOD,) * 12, *odd)) if place.scheme == "https" else Certificate.GOOD
    page = _page(dice, place)
    what = "fine" if certificate is Certificate.GOOD else f"fine, certificate {certificate}"
    return what, "accessible", Site(place.host, http=page, https=page, ip=place.ip, certificate=certificate), ()


def _down(dice: Random, place: _Place) -> Kind:
    what, site = dice.choice(
        [
            ("refused for all", refused(place.host, place.ip)),
            ("silent for all", silent(place.host, place.ip)),
            ("no such name for all", nowhere(place.host)),
        ]
    )
    return what, "down", site, ()


def _blocked(dice: Random, place: _Place) -> Kind:
    page = _page(dice, place)
    layer = dice.choice((_by_resolver, _on_the_path, _by_address, _by_name))
    acts = [layer(dice, place)]
    if layer is _by_resolver and dice.random() < 0.2:
        acts.append(_by_name(dice, place))
    what = " and ".join(act.what for act in acts)
    return what, "blocked", Site(place.host, http=page, https=page, ip=place.ip), tuple(acts)


_Rcode = Literal["NXDOMAIN", "SERVFAIL", "REFUSED"]
_RCODES: tuple[tuple[_Rcode, str], ...] = (
    *(("NXDOMAIN", "dns.nxdomain"), ("SERVFAIL", "dns.servfail"), ("REFUSED", "dns.refused")),
)
_ASTRAY = ("10.10.34.35", "127.0.0.1", "0.0.0.0", WARNING_IP, DEAD_IP)


def _by_resolver(dice: Random, place: _Place) -> _Act:
    rcode, failure = dice.choice(_RCODES)
    address = dice.choice(_ASTRAY)
    answer, mechanism = dice.choice(
        [
            (Answer(rcode), failure),
            (Answer(addresses=(address,)), "dns.bogus"),
            (Answer(addresses=(address,)), "dns.bogus"),
            (Answer(), "dns.nodata"),
            (Answer(silent=True), "dns.timeout"),
        ]
    )
    said = "silence" if answer.silent else ", ".join(answer.addresses) or answer.rcode
    return _Act(f"the resolver says {said}", frozenset({mechanism}), lies={place.host: answer})


def _on_the_path(dice: Random, place: _Place) -> _Act:
    rcode, failure = dice.choice(_RCODES)
    address, races = dice.choice(_ASTRAY), dice.random() < 0.5
    forged: list[tuple[Forge | Drop, str]] = [
        # A resolver's own trouble is asked past, and the truth that follows is believed: that blocks nobody.
        (Forge(rcode, truth_follows=races and rcode == "NXDOMAIN"), failure),
        (Forge(addresses=(address,), truth_follows=races), "dns.bogus"),
        (Forge(truth_follows=races), "dns.nodata"),
        (Drop(), "dns.timeout"),
    ]
    then, mechanism = dice.choice(forged)
    said = "silence" if isinstance(then, Drop) else ", ".join(then.addresses) or then.rcode
    also = {"dns.injection"} if isinstance(then, Forge) else set()
    what = f"the path says {said}{' before the truth' if isinstance(then, Forge) and then.truth_follows else ''}"
    return _Act(what, frozenset({mechanism, *also}), rules=(Rule(Query(place.host), then, hop=place.hop),))


def _by_address(dice: Random, place: _Place) -> _Act:
    port = dice.choice((None, 443 if place.scheme == "https" else 80))
    choices: list[tuple[Action, str]] = [(Drop(), "tcp.timeout"), (Reset(), "tcp.refused")]
    then, mechanism = dice.choice([*choices, (Unreachable("host"), "tcp.unreachable")])
    what = f"{type(then).__name__} at the address{f' and port {port}' if port else ''}"
    return _Act(what, frozenset({mechanism}), rules=(Rule(Address(place.ip, port), then, hop=place.hop),))


def _by_name(dice: Random, place: _Place) -> _Act:
    choices: list[tuple[Action, str]] = [(Drop(), "timeout"), (Reset(), "reset"), (Close(), "closed")]
    secure = place.scheme == "https"
    if secure:
        choices.append((Nat(MIDDLE_MAN), "interception"))
    else:
        choices += [(BlockPage(), "blockpage"), (Redirect(f"http://{WARNING.name}/"), "redirect")]
    then, action = dice.choice(choices)
    when: Callable[[str], Sni | Host] = Sni if secure else Host
    mechanism = f"{'tls' if secure else 'http'}.{action}"
    return _Act(
        f"{type(then).__name__} on the name",
        frozenset({mechanism}),
        rules=(Rule(when(place.host), then, hop=place.hop),),
    )
