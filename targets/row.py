"""One row of a list to one target. Where the row came from and what stands beside it is not known here."""

import re
from collections.abc import Mapping
from dataclasses import fields
from enum import StrEnum
from typing import TypeVar

from targets.categories import categories, tier_of
from targets.target import TIERS, Role, Target, Use
from targets.url import BadUrl, parse, shown

COLUMNS = tuple(field.name for field in fields(Target) if field.name != "list_name")

CITIZEN_LAB_COLUMNS = {  # theirs to ours; empty: theirs says nothing that we keep
    "url": "url",
    "category_code": "category",
    "category_description": "",
    "date_added": "",
    "source": "source",
    "notes": "note",
}

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")

Word = TypeVar("Word", bound=StrEnum)


class BadRow(ValueError):
    """A row that gives no target. `str()` is one sentence."""


def target_of(cells: Mapping[str, str], *, list_name: str, use: Use) -> Target:
    """A target from the cells of a row, by column; `use` is for a row that names none.

    A row without a tier gets that of its category, and tier 1 without a category.

    Raises:
        BadRow: a URL, role, tier, use or language that is not allowed.
    """
    category = cells.get("category", "").upper()
    return Target(
        url=_url(cells.get("url", "")),
        outlet=cells.get("outlet", ""),
        role=_word(Role, "role", cells.get("role", "") or Role.MAIN),
        category=category,
        language=_language(cells.get("language", "")),
        tier=_tier(cells.get("tier", ""), category),
        use=_word(Use, "use", cells.get("use", "") or use),
        expected_title=cells.get("expected_title", ""),
        note=cells.get("note", ""),
        source=cells.get("source", ""),
        list_name=list_name,
    )


def doubt(target: Target) -> str:
    """What is odd about a target that is used all the same: one sentence, or empty."""
    if target.category and target.category not in categories():
        return f'The category "{shown(target.category)}" is not known; the target has tier {target.tier}.'
    return ""


def _url(text: str) -> str:
    try:
        parse(text)
    except BadUrl as exc:
        raise BadRow(str(exc)) from exc
    return text


def _word(words: type[Word], column: str, text: str) -> Word:
    try:
        return words(text.lower())
    except ValueError:
        raise _bad(column, text, ", ".join(words)) from None


def _language(text: str) -> str:
    if text and not _LANGUAGE.fullmatch(text):
        raise _bad("language", text, "codes such as ru, kk and en")
    return text


def _tier(text: str, category: str) -> int:
    if not text:
        return tier_of(category) if category else 1
    if text not in map(str, TIERS):
        raise _bad("tier", text, "1, 2 and 3")
    return int(text)


def _bad(column: str, text: str, allowed: str) -> BadRow:
    return BadRow(f'The {column} "{shown(text)}" is not known; allowed are {allowed}.')
