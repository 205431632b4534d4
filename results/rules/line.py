"""Rules about this vantage: when it can't tell, no site's failure means anything. They go before all others."""

from dataclasses import dataclass

from results.records import Layer, is_bogon
from results.rules.rule import LINE, NOTHING, UNKNOWN, US, WEAK, Case, Rule, is_lame, sure


@dataclass(frozen=True)
class LineCase(Case):
    """What the rules of the line may ask."""

    @property
    def references_dead(self) -> bool:
        looked = [reference for reference in self.measurement.references or () if not reference.gone]
        dead = bool(looked) and all(reference.failure is not None for reference in looked)
        return dead and not (self._name_resolved and all(reference.layer is Layer.DNS for reference in looked))

    @property
    def _name_resolved(self) -> bool:
        """Whether the resolver here told the truth about the site: then it is the references that have no name."""
        told = self.there.system_addresses if self.there else frozenset()
        return bool(self.here.system_addresses & (self.here.trusted_addresses | told))

    @property
    def own_line_fails(self) -> bool:
        return bool(self.ways) and all(is_lame(way.last) for way in self.ways)

    @property
    def own_failure(self) -> str:
        return str(self.ways[-1].last.failure)

    @property
    def literal_bogon(self) -> bool:
        return self.here.is_address and is_bogon(self.here.host)

    @property
    def never_tried_again(self) -> bool:
        """Whether the time ran out after one attempt: one lost packet must not become a verdict."""
        return self.measurement.cut_short and all(step.attempt == 1 for step in (*self.here.dns, *self.here.last_steps))


LINE_RULES = (
    Rule(
        "address_not_public",
        lambda c: c.literal_bogon,
        UNKNOWN, US, sure(WEAK), NOTHING,
        "{c.here.host} is no public address, and such are not dialled.",
    ),
    Rule(
        "own_line_fails",
        lambda c: c.own_line_fails,
        UNKNOWN, LINE, sure(WEAK), NOTHING,
        "This machine can't send to the site: {c.own_failure}.",
    ),
    Rule(
        "line_down",
        lambda c: c.references_dead,
        UNKNOWN, LINE, sure(WEAK), NOTHING,
        "The line is down, or nothing comes through it unaltered: no reference site could be reached either.",
    ),
    Rule(
        "tried_only_once",
        lambda c: c.never_tried_again,
        UNKNOWN, US, sure(WEAK), NOTHING,
        "The time for one check ran out before a second attempt, and one failure is no verdict.",
    ),
)  # fmt: skip
