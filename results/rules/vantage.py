"""Rules about where the vantage stood: on the network that it speaks for, from beginning to end? They go before all."""

from dataclasses import dataclass

from results.records import Condition, Measurement
from results.rules.rule import LINE, NOTHING, UNKNOWN, WEAK, Rule, sure

_CLOCK_OFF_S = 60.0  # more than a slow answer and whole seconds explain


@dataclass(frozen=True)
class VantageCase:
    """What the rules of the vantage may ask."""

    measurement: Measurement

    @property
    def condition(self) -> Condition:
        return self.measurement.condition or Condition()

    @property
    def seen(self) -> set[int]:
        """The networks that the machine's own address belonged to; where it tells none, what the control saw."""
        own = {self.condition.asn_before, self.condition.asn_after} - {None}
        control = self.measurement.control.asker_asn if self.measurement.control else None
        return {asn for asn in own or {control} if asn is not None}

    @property
    def seen_words(self) -> str:
        return ", ".join(f"AS{asn}" for asn in sorted(self.seen))

    @property
    def elsewhere(self) -> bool:
        return self.measurement.vantage.asn is not None and bool(self.seen - {self.measurement.vantage.asn})

    @property
    def clock_off(self) -> bool:
        return abs(self.condition.clock_ahead_s or 0.0) > _CLOCK_OFF_S

    @property
    def clock_words(self) -> str:
        ahead_s = self.condition.clock_ahead_s or 0.0
        return f"{span(abs(ahead_s))} {'ahead' if ahead_s > 0 else 'behind'}"


def span(seconds: float) -> str:
    """A time in the unit in which a person would say it."""
    for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"


VANTAGE_RULES = (
    Rule(
        "vantage_moved",
        lambda c: c.condition.moved or len(c.seen) > 1,
        UNKNOWN, LINE, sure(WEAK), NOTHING,
        "This machine's own address changed while it measured: a VPN came or went, or another line.",
    ),
    Rule(
        "vantage_elsewhere",
        lambda c: c.elsewhere,
        UNKNOWN, LINE, sure(WEAK), NOTHING,
        "This machine is on {c.seen_words}, and set to speak for AS{c.measurement.vantage.asn}: a VPN is on, or it is "
        "another line.",
    ),
)  # fmt: skip
VANTAGE_NOTES = (
    Rule(
        "clock_off",
        lambda c: c.clock_off,
        None, None, sure(WEAK), NOTHING,
        "This machine's clock is {c.clock_words}: the times in this record are wrong by as much.",
    ),
)  # fmt: skip
