"""A measurement's steps, sorted for the rules: hop by hop, here and at the control, way by way. Nothing is judged."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import SplitResult, urlsplit

from results.failure import DNS_SILENCE, OWN_LINE, Failure
from results.records import (
    Aim,
    Control,
    DnsStep,
    HttpStep,
    Measurement,
    Source,
    Step,
    TcpStep,
    TlsStep,
    Via,
    is_address,
    is_bogon,
)

ORDINARY = frozenset({Source.LITERAL, Source.SYSTEM})
_TRUE = frozenset({Source.TRUSTED, Source.CONTROL})


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One try at one address: as many of its steps as it came to."""

    ip: str
    source: Source
    attempt: int
    tcp: TcpStep
    tls: TlsStep | None = None
    http: HttpStep | None = None

    @property
    def connected(self) -> bool:
        return self.tcp.failure is None

    @property
    def secured(self) -> bool:
        return self.tls is not None and self.tls.failure is None

    @property
    def arrived(self) -> bool:
        return self.http is not None and self.http.failure is None

    @property
    def last(self) -> Step:
        return self.http or self.tls or self.tcp


@dataclass(frozen=True, kw_only=True)  # without slots: what all rules ask for is worked out once
class Side:
    """One hop as one observer saw it."""

    url: str
    dns: tuple[DnsStep, ...]
    ways: tuple[Way, ...]
    tests: tuple[Step, ...]  # A/B tests

    @property
    def scheme(self) -> str:
        return split(self.url).scheme

    @property
    def host(self) -> str:
        return split(self.url).hostname or ""

    @property
    def is_address(self) -> bool:
        """Whether the URL names an IP address, so that nothing was to be resolved."""
        return is_address(self.host)

    @property
    def last_steps(self) -> tuple[Step, ...]:
        return tuple(way.last for way in self.ways)

    def asked(self, via: Via) -> tuple[DnsStep, ...]:
        return self._by_resolver.get(via, ())

    @cached_property
    def _by_resolver(self) -> dict[Via, tuple[DnsStep, ...]]:
        kinds = dict.fromkeys(step.via for step in self.dns)
        return {via: tuple(step for step in self.dns if step.via is via) for via in kinds}

    @cached_property
    def ordinary(self) -> tuple[Way, ...]:
        """Ways over the addresses that a program on this machine gets."""
        return tuple(way for way in self.ways if way.source in ORDINARY)

    @property
    def other(self) -> tuple[Way, ...]:
        """Ways over addresses that those gave whom the network can't alter."""
        return tuple(way for way in self.ways if way.source in _TRUE)

    @cached_property
    def system_addresses(self) -> frozenset[str]:
        """What a program on this machine gets, sooner or later."""
        return frozenset(ip for step in (*self.asked(Via.SYSTEM), *self.stand_ins) for ip in step.addresses)

    @cached_property
    def stand_ins(self) -> tuple[DnsStep, ...]:
        """Our own queries to the system's resolver that were answered where the system's got no answer in time."""
        unheard = {step.attempt for step in self.asked(Via.SYSTEM) if step.failure in DNS_SILENCE}
        return tuple(step for step in self.asked(Via.UDP) if step.failure is None and step.attempt in unheard)

    @cached_property
    def trusted_addresses(self) -> frozenset[str]:
        """What the trusted resolver says and what can be a site's."""
        return frozenset(ip for step in self.asked(Via.TRUSTED) for ip in step.addresses if not is_bogon(ip))

    @property
    def page(self) -> Way | None:
        """The way over which the page came as it comes to a browser."""
        return next((way for way in self.ordinary if way.arrived), None)

    @property
    def furthest(self) -> Way | None:
        """Of the ordinary ways the one that came furthest, the last where several did."""
        return max(
            self.ordinary, key=lambda way: (way.arrived, way.http is not None, way.secured, way.connected), default=None
        )


def here(measurement: Measurement) -> tuple[Side, ...]:
    """The hops as this vantage saw them."""
    return tuple(_side(number, url, measurement.steps) for number, url in enumerate(measurement.hops))


def there(*controls: Control | None) -> dict[str, Side]:
    """The hops as the controls saw them, by URL, the later's word before the earlier's; empty where none spoke."""
    return {
        url: _side(number, url, control.steps)
        for control in controls
        if control is not None and control.spoke
        for number, url in enumerate(control.hops)
    }


def _side(number: int, url: str, all_steps: Iterable[Step]) -> Side:
    steps = [step for step in all_steps if step.hop == number]
    visits = [step for step in steps if step.aim is Aim.VISIT]
    return Side(
        url=url,
        dns=tuple(step for step in visits if isinstance(step, DnsStep)),
        ways=tuple(_way(step, visits) for step in visits if isinstance(step, TcpStep)),
        tests=tuple(step for step in steps if step.aim is not Aim.VISIT),
    )


def _way(tcp: TcpStep, steps: Iterable[Step]) -> Way:
    same = [
        step
        for step in steps
        if step.endpoint == tcp.endpoint and step.attempt == tcp.attempt and getattr(step, "source", None) is tcp.source
    ]
    return Way(
        ip=tcp.ip,
        source=tcp.source,
        attempt=tcp.attempt,
        tcp=tcp,
        tls=next((step for step in same if isinstance(step, TlsStep)), None),
        http=next((step for step in same if isinstance(step, HttpStep)), None),
    )


def split(url: str) -> SplitResult:
    """A URL's parts; all empty where it can't be read."""
    try:
        return urlsplit(url)
    except ValueError:
        return SplitResult("", "", "", "", "")


def dns_failure(side: Side) -> Failure | None:
    """Why the system's lookup failed each time, as exactly as the query of our own tells; None where it once didn't."""
    system = side.asked(Via.SYSTEM)
    if not system or side.stand_ins or any(step.failure is None for step in system):
        return None
    exact = [step.failure for step in side.asked(Via.UDP) if step.failure not in {None, *OWN_LINE}]
    said = system[-1].failure
    vague = {Failure.DNS_TEMPORARY, Failure.DNS_OTHER, Failure.TIMEOUT, Failure.DNS_NXDOMAIN, Failure.DNS_NO_ANSWER}
    return exact[-1] if exact and said in vague else said
