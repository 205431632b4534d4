"""The category codes, and how careful to be with each. Which site has which category stands in the lists."""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

CATEGORIES_FILE = Path(__file__).parent / "knowledge" / "categories.csv"
UNKNOWN_TIER = 3  # nobody has judged the code, so no volunteer visits its sites


@dataclass(frozen=True, slots=True)
class Category:
    """A code of the Citizen Lab lists, with the tier of a site about which only the code is known."""

    code: str
    name: str  # English
    tier: int  # 1 to 3
    reason: str  # why the tier is above 1; empty for 1


@cache
def categories() -> dict[str, Category]:
    """Every category by its code."""
    with CATEGORIES_FILE.open(encoding="utf-8", newline="") as file:
        return {
            row["code"]: Category(row["code"], row["name"], int(row["tier"]), row["reason"])
            for row in csv.DictReader(file)
        }


def tier_of(code: str) -> int:
    """The tier (1 to 3) of a site of which only the category is known; 3 for a code that is not in the table."""
    category = categories().get(code)
    return UNKNOWN_TIER if category is None else category.tier
