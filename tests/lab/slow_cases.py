"""Lines from seeds, with sites that are slowed on purpose and sites that are merely slow, and what is true of each.

Nothing is measured here. The same seed gives the same lines and sites; which packets are lost hangs on their order too.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Literal

from tests.lab.lab import Lab
from tests.lab.manners_more import SharedRate
from tests.lab.orders import Congestion
from tests.lab.pages import Manner, Page
from tests.lab.rules import Action, Address, Degrade, Freeze, Police, Rule, Shape, Sni
from tests.lab.site import Site

LINES_KBIT_S = (1_000.0, 10_000.0, 50_000.0)
ONE_WAY_MS = (10.0, 20.0, 40.0, 75.0)
RATES_KBIT_S = (64.0, 128.0, 256.0, 512.0)
SIZES = (10_000, 30_000, 60_000, 150_000, 400_000, 1_000_000)
FREEZES = (4 * 1024, 16 * 1024, 64 * 1024)
SITES_MOST = 5


@dataclass(frozen=True)
class Case:
    """One site, and the truth about it."""

    what: str
    site: Site
    rules: tuple[Rule, ...] = ()
    mechanism: str = ""
    """Empty: nobody slows it."""
    by: Literal["name", "address"] | None = None
    kbit_s: float | None = None
    """What it is held to."""

    @property
    def url(self) -> str:
        return f"https://{self.site.name}/"


@dataclass(frozen=True)
class Line:
    """A line and the sites that are looked at over it, so many at a time."""

    seed: int
    what: str
    cases: tuple[Case, ...]
    at_once: int = 1
    delay_ms: float = 20.0
    jitter_ms: float = 0.0
    loss: float = 0.0
    kbit_s: float | None = None
    congestion: Congestion | None = None

    def lab(self, **options: Any) -> Lab:
        return Lab(
            [case.site for case in self.cases],
            [rule for case in self.cases for rule in case.rules],
            delay_ms=self.delay_ms,
            jitter_ms=self.jitter_ms,
            loss=self.loss,
            line_kbit_s=self.kbit_s,
            congestion=self.congestion,
            seed=self.seed,
            **options,
        )


def slowed(seed: int) -> Line:
    """A clean line on which every site is slowed, each in its own way."""
    chance = Random(f"slowed {seed}")
    kbit_s, one_way = chance.choice(LINES_KBIT_S), chance.choice(ONE_WAY_MS)
    ways = chance.sample(_WAYS, k=chance.randint(2, SITES_MOST))
    cases = tuple(way(chance, f"s{seed}-{number}") for number, way in enumerate(ways))
    at_once = chance.choice((1, 1, 3))
    return Line(seed, f"{kbit_s / 1000:.0f} Mbit/s", cases, at_once, one_way, chance.choice((0, 0, 5)), kbit_s=kbit_s)


def _place(chance: Random, name: str) -> Site:
    """An address of its own for each site: rules by address must hit one only."""
    return Site(
        f"{name}.speed-of-steppe.kz", https=Page(size=chance.choice(SIZES), first_byte_s=chance.choice((0, 0, 0.3)))
    )


def _held(chance: Random, name: str, kind: type[Shape] | type[Police], by: Literal["name", "address"]) -> Case:
    kbit_s, site = chance.choice(RATES_KBIT_S), _place(chance, name)
    site = replace(site, ip=f"46.226.77.{_number(name)}")
    when = Sni(site.name) if by == "name" else Address(site.ip or "", 443)
    what = f"{kind.__name__} {kbit_s:.0f} by {by}, {_size(site)}"
    return Case(what, site, (Rule(when, kind(kbit_s=kbit_s)),), "throughput.low", by, kbit_s)


def _number(name: str) -> int:
    return 1 + int(name.rpartition("-")[2])


def _size(site: Site) -> str:
    assert isinstance(site.https, Page)
    return f"{site.https.size // 1000} kB"


def _delayed(chance: Random, name: str, loss: float) -> Case:
    site = _place(chance, name)
    then: Action = Degrade(delay_ms=900, loss=loss)
    return Case(
        f"900 ms a packet, loss {loss:.0%}, {_size(site)}", site, (Rule(Sni(site.name), then),), "latency.high", "name"
    )


def _frozen(chance: Random, name: str) -> Case:
    after, site = chance.choice(FREEZES), _place(chance, name)
    sizes = [size for size in SIZES if size > after]
    site = replace(site, https=Page(size=chance.choice(sizes)))
    what = f"freeze after {after // 1024} KiB, {_size(site)}"
    return Case(what, site, (Rule(Sni(site.name), Freeze(after_bytes=after)),), "throughput.freeze", "name")


_Way = Callable[[Random, str], Case]
_WAYS: tuple[_Way, ...] = (
    lambda chance, name: _held(chance, name, Shape, "name"),
    lambda chance, name: _held(chance, name, Shape, "name"),
    lambda chance, name: _held(chance, name, Police, "name"),
    lambda chance, name: _held(chance, name, Police, "name"),
    lambda chance, name: _held(chance, name, Shape, "address"),
    lambda chance, name: _held(chance, name, Police, "address"),
    lambda chance, name: _delayed(chance, name, 0.0),
    lambda chance, name: _delayed(chance, name, chance.choice((0.02, 0.05))),
    _frozen,
    _frozen,
)


def halved(seed: int) -> Line:
    """One site that gets half of what it gets without the censor, for its name; as seen by curl, about."""
    chance = Random(f"halved {seed}")
    kbit_s, one_way, size = chance.choice(LINES_KBIT_S), chance.choice(ONE_WAY_MS), chance.choice(SIZES[2:])
    site = Site(f"h{seed}.speed-of-steppe.kz", https=Page(size=size, first_byte_s=chance.choice((0, 0, 0.3))))
    held = _halving_kbit_s(kbit_s, one_way, min(size, 512 * 1024))
    kind = chance.choice((Shape, Police)) if held > 256 else Shape
    case = Case(
        f"{kind.__name__} to a half, {_size(site)}",
        site,
        (Rule(Sni(site.name), kind(kbit_s=held)),),
        "throughput.low",
        "name",
    )
    return Line(seed, f"{kbit_s / 1000:.0f} Mbit/s", (case,), 1, one_way, chance.choice((0, 0, 5)), kbit_s=kbit_s)


def _halving_kbit_s(kbit_s: float, one_way_ms: float, size: int) -> float:
    """A rate at which the whole visit takes about twice as long as over the line, with its round trips."""
    flights, rtt_s = max(0, math.ceil(math.log2(size / 14_600 + 1)) - 1), 2 * one_way_ms / 1000
    body_s = max(size * 8 / 1000 / kbit_s, flights * rtt_s)
    return size * 8 / 1000 / (2 * body_s + 3 * rtt_s)


def undisturbed(seed: int) -> Line:
    """One site that nobody slows, over a line that may be good or bad: what must not look slowed in many pairs."""
    chance = Random(f"undisturbed {seed}")
    line = merely_slow(seed) if seed % 2 else slowed(seed)
    case = next((case for case in chance.sample(line.cases, k=len(line.cases)) if not case.mechanism), line.cases[0])
    return replace(line, cases=(replace(case, rules=() if case.mechanism else case.rules, mechanism=""),), at_once=1)


def merely_slow(seed: int) -> Line:
    """Nobody slows anything here: a bad line, or servers that are slow themselves."""
    chance = Random(f"merely slow {seed}")
    kind = _FINE[seed % len(_FINE)]
    return kind(chance, seed)


def _fine(chance: Random, seed: int, manners: list[tuple[str, Manner]]) -> tuple[Case, ...]:
    del chance
    return tuple(
        Case(what, Site(f"f{seed}-{number}.speed-of-steppe.kz", https=manner))
        for number, (what, manner) in enumerate(manners)
    )


def _pages(chance: Random, count: int) -> list[tuple[str, Manner]]:
    return [(f"a page of {size // 1000} kB", Page(size=size)) for size in chance.choices(SIZES, k=count)]


def _slow_line(chance: Random, seed: int) -> Line:
    kbit_s = chance.choice(RATES_KBIT_S)
    cases = _fine(chance, seed, _pages(chance, 3))
    return Line(
        seed, f"a line of {kbit_s:.0f} kbit/s", cases, chance.choice((1, 3)), chance.choice(ONE_WAY_MS), kbit_s=kbit_s
    )


def _satellite(chance: Random, seed: int) -> Line:
    cases = _fine(chance, seed, _pages(chance, 3))
    return Line(
        seed,
        "a satellite",
        cases,
        chance.choice((1, 3)),
        300.0,
        5.0,
        chance.choice((0, 0.01)),
        chance.choice(LINES_KBIT_S),
    )


def _lossy(chance: Random, seed: int) -> Line:
    cases = _fine(chance, seed, _pages(chance, 3))
    return Line(
        seed,
        "8 % lost",
        cases,
        chance.choice((1, 3)),
        chance.choice(ONE_WAY_MS),
        10.0,
        0.08,
        chance.choice(LINES_KBIT_S),
    )


def _evening(chance: Random, seed: int) -> Line:
    kbit_s = chance.choice((1_000.0, 4_000.0, 10_000.0))
    cases = _fine(chance, seed, _pages(chance, 3))
    crowd = Congestion(seed=seed, low=chance.choice((0.05, 0.1, 0.2)))
    return Line(
        seed,
        "an evening",
        cases,
        chance.choice((1, 3)),
        chance.choice(ONE_WAY_MS),
        5.0,
        kbit_s=kbit_s,
        congestion=crowd,
    )


def _slow_origins(chance: Random, seed: int) -> Line:
    size, kbit_s = chance.choice(SIZES), chance.choice(RATES_KBIT_S)
    manners: list[tuple[str, Manner]] = [
        (f"an origin of {kbit_s:.0f} kbit/s", Page(size=size, kbit_s=kbit_s)),
        (f"{kbit_s:.0f} kbit/s after 16 kB", Page(size=size, kbit_s=kbit_s, burst_bytes=16_000)),
        (f"{kbit_s:.0f} kbit/s for all together", SharedRate(Page(size=min(size, 150_000)), kbit_s)),
        ("thinks for 3 s", Page(size=size, first_byte_s=3.0)),
        ("a tiny page", Page(size=300)),
    ]
    cases = _fine(chance, seed, chance.sample(manners, k=3))
    return Line(
        seed,
        "slow origins",
        cases,
        chance.choice((1, 3)),
        chance.choice(ONE_WAY_MS),
        kbit_s=chance.choice(LINES_KBIT_S),
    )


def _far_nodes(chance: Random, seed: int) -> Line:
    far = []
    for number, (what, manner) in enumerate(_pages(chance, 3)):
        site = Site(f"f{seed}-{number}.speed-of-steppe.kz", https=manner, ip=f"46.226.78.{number + 1}")
        away = Degrade(delay_ms=chance.choice((60, 110, 150)), loss=chance.choice((0, 0.005, 0.02)))
        far.append(
            Case(
                f"{what}, {away.delay_ms} ms further, {away.loss:.1%} lost",
                site,
                (Rule(Address(site.ip or "", 443), away),),
            )
        )
    return Line(
        seed,
        "distant nodes",
        tuple(far),
        chance.choice((1, 3)),
        chance.choice(ONE_WAY_MS),
        kbit_s=chance.choice(LINES_KBIT_S),
    )


def _crowded(chance: Random, seed: int) -> Line:
    cases = _fine(chance, seed, _pages(chance, 8))
    return Line(seed, "all at once over 1 Mbit/s", cases, 16, chance.choice(ONE_WAY_MS), kbit_s=1_000.0)


_FINE = (_slow_line, _satellite, _lossy, _evening, _slow_origins, _far_nodes, _crowded)
