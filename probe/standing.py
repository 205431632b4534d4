"""From where a check was made, and in what condition: facts for the record, put together when it has ended.

Nothing is asked here, and nothing judged: the rules are in results/rules/line.py.
"""

from collections.abc import Iterable
from dataclasses import replace

from probe.sanity import Look
from probe.whereabouts import Whereabouts, network_of
from results.records import AnyStep, Condition, Control, DnsStep, Vantage, Via
from targets.networks import Network, table_date


def vantage(configured: Vantage, before: Whereabouts, control: Control | None) -> Vantage:
    """The vantage as it is configured; what is left open there is looked up, or as the control saw it."""
    found = before.network or _seen(control)
    if found is None:
        return configured
    return replace(
        configured,
        asn=configured.asn or found.asn,
        country=configured.country or found.country,
        network=configured.network or (found.name if configured.asn in {None, found.asn} else None) or None,
    )


def condition(
    before: Whereabouts, after: Whereabouts, look: Look | None, control_clock_ahead_s: float | None, *, ipv6: bool
) -> Condition:
    """The own address is in none of it."""
    ahead_s = control_clock_ahead_s if control_clock_ahead_s is not None else look.clock_ahead_s if look else None
    return Condition(
        asn_before=before.network.asn if before.network else None,
        asn_after=after.network.asn if after.network else None,
        moved=before != after,
        clock_ahead_s=None if ahead_s is None else round(ahead_s, 1),
        ipv6=ipv6,
        asn_table=table_date(),
    )


def disputed(steps: Iterable[AnyStep], control: Control | None) -> list[str]:
    """A name's addresses where resolvers disagree about them; nothing where they don't."""
    asked = [step for step in steps if isinstance(step, DnsStep)]
    own = {ip for step in asked if step.via is not Via.TRUSTED for ip in step.addresses}
    true = {ip for step in asked if step.via is Via.TRUSTED for ip in step.addresses}
    if control is not None:
        true |= {ip for step in control.steps if isinstance(step, DnsStep) for ip in step.addresses}
    return sorted(own | true) if own - true else []


def asns(ips: Iterable[str]) -> dict[str, int]:
    """Their networks: are they of one, at least? Blocks, where the table has to be unpacked for it."""
    return {ip: found.asn for ip in ips if (found := network_of(ip)) is not None}


def _seen(control: Control | None) -> Network | None:
    if control is None or control.asker_asn is None:
        return None
    return Network(asn=control.asker_asn, country=control.asker_country, name="")
