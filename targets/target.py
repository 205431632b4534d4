"""The words of the lists: a target, its role, its use, and what is wrong with a line. Nothing is read here."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What an address is to its outlet."""

    MAIN = "main"
    MIRROR = "mirror"
    LANGUAGE_EDITION = "language_edition"
    SECTION = "section"
    SUBDOMAIN = "subdomain"
    HISTORIC = "historic"  # given up by the outlet; may belong to others now
    REFERENCE = "reference"  # looked at only for comparison


class Use(StrEnum):
    """When a target is measured. `selection.select` holds the rule."""

    DEFAULT = "default"
    OPT_IN = "opt-in"
    OPTIONAL = "optional"
    HISTORY = "history"
    NEVER = "never"
    REFERENCE = "reference"


TIERS = (1, 2, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One address of a list. Texts are empty where nothing is known."""

    url: str  # as the list gives it; url.canonical_url() has the one spelling
    outlet: str = ""
    role: Role = Role.MAIN
    category: str = ""  # a Citizen Lab code: knowledge/categories.csv
    language: str = ""  # BCP 47: ru, kk, en
    tier: int = (
        1  # 1 harmless to visit, 2 with consent to it, 3 never from a volunteer's line; numbers, for they compare
    )
    use: Use = Use.DEFAULT
    expected_title: str = ""
    note: str = ""
    source: str = ""
    list_name: str = ""  # "kz", or a file's name without folder and ending: folders name people


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one line of a list. `str()` is `file:line: says`."""

    file: str  # as it was given
    line: int  # from 1, where the record begins; 0 is the file as a whole
    says: str  # one sentence

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.says}"
