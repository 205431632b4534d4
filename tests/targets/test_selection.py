"""Who measures what. Each row is a promise to a volunteer."""

import pytest

from targets.selection import select
from targets.target import Target, Use

VOLUNTEERS = ("home", "mobile", "unknown")
INSTITUTIONS = ("office", "hosting")
CLASSES = (*VOLUNTEERS, *INSTITUTIONS)

#  tier, use           opted in, measured by
RULES = [
    (1, Use.DEFAULT, False, CLASSES),
    (1, Use.DEFAULT, True, CLASSES),
    (1, Use.OPT_IN, False, ()),
    (1, Use.OPT_IN, True, CLASSES),
    (1, Use.OPTIONAL, True, ()),
    (1, Use.HISTORY, True, ()),
    (1, Use.REFERENCE, True, ()),
    (1, Use.NEVER, True, ()),
    (2, Use.DEFAULT, False, ()),
    (2, Use.DEFAULT, True, CLASSES),
    (2, Use.OPT_IN, False, ()),
    (2, Use.OPT_IN, True, CLASSES),
    (2, Use.OPTIONAL, True, ()),
    (3, Use.DEFAULT, False, ()),
    (3, Use.DEFAULT, True, INSTITUTIONS),
    (3, Use.OPT_IN, True, INSTITUTIONS),
    (3, Use.NEVER, True, ()),
]


@pytest.mark.parametrize("vantage_class", [*CLASSES, "a word of tomorrow"])
@pytest.mark.parametrize(("tier", "use", "opted_in", "measured_by"), RULES)
def test_a_vantage_measures_what_its_class_and_consent_allow(
    tier: int, use: Use, opted_in: bool, measured_by: tuple[str, ...], vantage_class: str
) -> None:
    target = Target(url="https://a.kz/", tier=tier, use=use)
    known_class = vantage_class if vantage_class in CLASSES else "unknown"
    expected = [target] if known_class in measured_by else []
    assert select([target], vantage_class=vantage_class, opted_in=opted_in) == expected


@pytest.mark.parametrize("use", [use for use in Use if use not in (Use.NEVER, Use.OPT_IN)])
def test_any_use_is_measured_when_asked_for(use: Use) -> None:
    target = Target(url="https://a.kz/", use=use)
    assert select([target], vantage_class="home", uses=[use]) == [target]


@pytest.mark.parametrize("use", [Use.NEVER, Use.OPT_IN])
def test_asking_does_not_replace_consent(use: Use) -> None:
    target = Target(url="https://a.kz/", use=use)
    assert select([target], vantage_class="hosting", uses=list(Use)) == []


@pytest.mark.parametrize(("tier", "measured"), [(1, True), (2, False), (3, False)])
def test_asking_for_a_use_does_not_lift_the_tier(tier: int, measured: bool) -> None:
    target = Target(url="https://a.kz/", tier=tier, use=Use.OPTIONAL)
    assert select([target], vantage_class="hosting", uses=[Use.OPTIONAL]) == ([target] if measured else [])


def test_the_order_of_the_list_is_kept() -> None:
    targets = [Target(url=f"https://{name}.kz/") for name in "cab"]
    assert select(targets, vantage_class="home") == targets
