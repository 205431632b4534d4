"""Who is told of what, and when: [alerts] as subscriptions. Pure but for `read`, which looks at the addresses.

In which words is in texts.py, and what was sent is in results/queue.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from probe.config import ConfigError, Settings
from results.events import Event, EventKind, Network, Severity
from server.alerts.services import BadAddress, Service, opened

_RANK = {severity: place for place, severity in enumerate((Severity.LOW, Severity.MEDIUM, Severity.HIGH))}
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """Some addresses, and what they want to hear. An empty filter lets all pass."""

    to: tuple[Service, ...]
    sites: tuple[str, ...] = ()
    outlets: tuple[str, ...] = ()
    networks: tuple[int, ...] = ()
    kinds: tuple[EventKind, ...] = ()
    severity: Severity = Severity.LOW
    language: str = "en"
    quiet: tuple[time, time] | None = None
    digest: time | None = None
    zone: ZoneInfo
    link: str = "http://127.0.0.1:8733"

    def wants(self, event: Event, outlets: Mapping[str, str]) -> bool:
        """Whether anything of the event passes the filters. `outlets`: whose each URL is."""
        return (
            _RANK[event.severity] >= _RANK[self.severity]
            and (not self.kinds or event.kind in self.kinds)
            and (not self.networks or any(network.asn in self.networks for network in event.networks))
            and (not self.sites or any(self._names(url) for url in event.urls))
            and (not self.outlets or any(self._owns(outlets.get(url, "")) for url in event.urls))
        )

    def scope(self, event: Event, outlets: Mapping[str, str]) -> tuple[frozenset[str], frozenset[Network]]:
        """What of the event this is about: the sites and the networks that pass; none where the event doesn't."""
        if not self.wants(event, outlets):
            return frozenset(), frozenset()
        networks = (one for one in event.networks if not self.networks or one.asn in self.networks)
        return frozenset(self._asked_for(event, outlets)), frozenset(networks)

    def foremost(self, event: Event, outlets: Mapping[str, str]) -> Event:
        """The event with the sites that were asked for as its first: a message names no more than some."""
        first = self._asked_for(event, outlets)
        return replace(event, urls=(*first, *(url for url in event.urls if url not in first)))

    def _asked_for(self, event: Event, outlets: Mapping[str, str]) -> list[str]:
        return [
            url
            for url in event.urls
            if (not self.sites or self._names(url)) and (not self.outlets or self._owns(outlets.get(url, "")))
        ]

    def due(self, now: datetime, severity: Severity) -> tuple[datetime, str]:
        """When a message may go out, and why not at once."""
        at, why = now, ""
        if self.digest is not None:
            at, why = self._next(self.digest, now), "waits for the digest"
        ends = self._quiet_until(at)
        if ends is not None and severity is not Severity.HIGH:
            return ends, "waits for the quiet hours to end"
        return at, why

    def held(self, now: datetime, severity: Severity) -> datetime | None:
        """Until when it must not be sent now, if at all: what failed, or what nobody was there to send, comes late."""
        return None if severity is Severity.HIGH else self._quiet_until(now)

    def _quiet_until(self, moment: datetime) -> datetime | None:
        if self.quiet is None:
            return None
        begins, ends = self.quiet
        at = moment.astimezone(self.zone).time()
        inside = begins <= at < ends if begins < ends else at >= begins or at < ends
        return self._next(ends, moment) if inside else None

    def _next(self, wanted: time, moment: datetime) -> datetime:
        local = moment.astimezone(self.zone)
        at = local.replace(hour=wanted.hour, minute=wanted.minute, second=0, microsecond=0)
        return (at if at > local else at + _DAY).astimezone(UTC)

    def _names(self, url: str) -> bool:
        host = urlsplit(url).hostname or ""
        return any(host == site or host.endswith(f".{site}") for site in self.sites)

    def _owns(self, outlet: str) -> bool:
        return outlet.casefold() in {wanted.casefold() for wanted in self.outlets}


def read(settings: Settings) -> tuple[Subscription, ...]:
    """The subscriptions, the narrow ones first: their language and hours hold for an address that stands twice.

    Raises ConfigError.
    """
    alerts = settings.alerts
    whole = {"zone": ZoneInfo(alerts.zone), "link": alerts.link.rstrip("/")}
    found = []
    for place, section in enumerate(alerts.subscriptions):
        key = f"alerts.subscriptions.{place}.to"
        manner = {name: _of(section, alerts, name) for name in ("language", "quiet", "digest")}
        zone = ZoneInfo(_of(section, alerts, "zone"))
        found.append(
            Subscription(
                to=_services(key, section.to),
                sites=section.sites,
                outlets=section.outlets,
                networks=section.networks,
                kinds=tuple(EventKind(kind) for kind in section.kinds),
                severity=Severity(section.severity),
                **manner | whole | {"zone": zone},
            )
        )
    if alerts.to:
        manner = {name: getattr(alerts, name) for name in ("language", "quiet", "digest")}
        found.append(Subscription(to=_services("alerts.to", alerts.to), **manner | whole))
    return tuple(found)


def utc() -> ZoneInfo:
    return ZoneInfo("UTC")


def services(subscriptions: tuple[Subscription, ...]) -> dict[str, Service]:
    """Every address once, by its digest."""
    return {service.digest: service for one in subscriptions for service in one.to}


def _of(section: Any, alerts: Any, name: str) -> Any:
    return getattr(section if name in section.model_fields_set else alerts, name)


def _services(key: str, addresses: tuple[str, ...]) -> tuple[Service, ...]:
    found = []
    for place, address in enumerate(addresses):
        try:
            found.append(opened(address))
        except BadAddress as exc:
            raise ConfigError(f"{key}.{place} = a secret: {exc}.") from exc
    return tuple(found)
