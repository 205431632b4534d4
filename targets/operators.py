"""Who owns which network: several operators may be one owner, and then they are one witness, not several.

Which network an address belongs to is not said here (targets/networks).
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from targets.target import Problem

OPERATORS_FILE = Path(__file__).parent / "knowledge" / "networks.csv"
CLASSES = ("home", "mobile", "office", "hosting", "unknown")
_LARGEST_ASN = 4294967295


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """Who runs a network, and in whose hands it is."""

    asn: int
    name: str
    owner: str
    network_class: str  # one of CLASSES: what most of its lines are


def loaded(path: Path = OPERATORS_FILE) -> tuple[dict[int, Operator], list[Problem]]:
    """Every network by its number, and the rows that can't be used."""
    found: dict[int, Operator] = {}
    problems: list[Problem] = []
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        for row in reader:
            says = _wrong(row, found)
            if says:
                problems.append(Problem(str(path), reader.line_num, says))
                continue
            asn = int(row["asn"])
            found[asn] = Operator(asn=asn, name=row["operator"], owner=row["owner"], network_class=row["class"])
    return found, problems


def operator_of(asn: int | None) -> Operator | None:
    """None where the table does not know it."""
    return _bundled().get(asn or 0)


def owner_of(asn: int | None, name: str | None) -> str:
    """Of the table; where it does not know, every network is its own owner's, under its name or number."""
    known = operator_of(asn)
    return known.owner if known else name or (f"AS{asn}" if asn else "unknown")


@cache
def _bundled() -> Mapping[int, Operator]:
    return loaded()[0]


def _wrong(row: Mapping[str, str | None], found: Mapping[int, Operator]) -> str:
    asn = row.get("asn") or ""
    if not asn.isascii() or not asn.isdigit() or not 0 < int(asn) <= _LARGEST_ASN:
        return f"asn is {asn!r}; allowed is a number from 1 to {_LARGEST_ASN}."
    if int(asn) in found:
        return f"asn {asn} stands here already."
    empty = [name for name in ("operator", "owner", "source") if not row.get(name)]
    if empty:
        return f"{empty[0]} is empty; needed are operator, owner and source."
    if row.get("class") not in CLASSES:
        return f"class is {row.get('class')!r}; allowed are {', '.join(CLASSES)}."
    return ""
