"""Which targets a vantage measures. A pure rule: no file, no clock, no network.

Tier 1 is for everybody, tier 2 for who has opted in, tier 3 for who has opted in on a line that is nobody's home.
"""

from collections.abc import Collection, Iterable

from targets.target import Target, Use

INSTITUTIONAL = frozenset({"office", "hosting"})  # vantage classes that no volunteer answers for with their person


def select(
    targets: Iterable[Target],
    *,
    vantage_class: str,
    opted_in: bool = False,
    uses: Collection[Use] = (Use.DEFAULT,),
) -> list[Target]:
    """The targets to measure, in their order.

    Args:
        targets: what the lists hold.
        vantage_class: home, mobile, office, hosting or unknown; any other word counts as unknown.
        opted_in: whoever runs the vantage has agreed to sensitive targets; adds those of use "opt-in".
        uses: which uses are wanted. `Use.NEVER` is not measured even when it is named.
    """
    wanted = {*uses, Use.OPT_IN} if opted_in else {*uses} - {Use.OPT_IN}
    allowed = _tiers(vantage_class, opted_in=opted_in)
    return [target for target in targets if target.use in wanted - {Use.NEVER} and target.tier in allowed]


def _tiers(vantage_class: str, *, opted_in: bool) -> frozenset[int]:
    if not opted_in:
        return frozenset({1})
    return frozenset({1, 2, 3}) if vantage_class in INSTITUTIONAL else frozenset({1, 2})
