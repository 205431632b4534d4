"""What block pages say, and where forged answers point: fingerprints, and whether an answer carries one.

The columns are those of OONI's blocking-fingerprints, so that its files and ours can be read by each other's readers:

- `name`, `other_names`: what the fingerprint is called here and in other collections. Two rows may share a name.
- `scope`: who is behind it; see `Scope`
- `location_found`: `body`, `header.` and a header's name, or `dns`
- `pattern_type`: `full` (equal), `prefix`, `contains`, or `regexp` (see pattern.py)
- `pattern`: what is looked for, to the letter, spaces and case included
- `confidence_no_fp`: 0 to 10, its author's guess how unlikely a false positive is
- `expected_countries`: ISO codes divided by commas
- `source`, `exp_url`, `notes`

Whether a country fits the vantage is for the caller to say, and so is whose page it is: what a site sends over its own
valid certificate is the site's, whatever it says.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from results.knowledge import rows
from results.knowledge.pattern import Pattern, PatternType
from results.knowledge.rows import BadRow, Problem, shown
from results.records import HttpStep

COLUMNS = (
    "name",
    "scope",
    "other_names",
    "location_found",
    "pattern_type",
    "pattern",
    "confidence_no_fp",
    "expected_countries",
    "source",
    "exp_url",
    "notes",
)
NEEDED = ("name", "scope", "location_found", "pattern_type", "pattern")

BODY, DNS, HEADER = "body", "dns", "header."

_LOCATION = re.compile(r"body|dns|header\.[a-z0-9!#$%&'*+.^_`|~-]+")
_USUAL_CONFIDENCE = 5  # where a row gives none

Word = TypeVar("Word", bound=StrEnum)


class Scope(StrEnum):
    """Who is behind a fingerprint."""

    NAT = "nat"  # a country
    ISP = "isp"  # one operator
    PROD = "prod"  # a filtering product, whoever runs it
    INST = "inst"  # a school or an office, for its own people
    PROV = "prov"  # the site's own provider, that refuses
    INJB = "injb"  # harmless: pay your bill, update your router
    VBW = "vbw"  # vague blocking words: says something only beside other evidence
    FP = "fp"  # known to be no block page


# The scopes that say by themselves that somebody between here and the site blocks it; the strongest first.
BLOCKING = (Scope.NAT, Scope.ISP, Scope.PROD, Scope.INST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """One row."""

    name: str
    scope: Scope
    location: str  # as the column `location_found`
    pattern: Pattern
    confidence: int = _USUAL_CONFIDENCE
    countries: tuple[str, ...] = ()  # none: anywhere
    other_names: str = ""
    source: str = ""
    exp_url: str = ""
    notes: str = ""

    @property
    def words(self) -> str:
        """For a reason: which, of whom, and who says so."""
        where = f" in {', '.join(self.countries)}" if self.countries else ""
        return f"{shown(self.name)} ({self.scope}{where}; known from {shown(self.source or 'its file')})"


Fingerprints = tuple[Fingerprint, ...]


def block_page(step: HttpStep, known: Fingerprints) -> Fingerprint | None:
    """The fingerprint that makes an answer a block page; None where there is none, or where it is a known false alarm.

    Only the scopes of `BLOCKING` count, the strongest first, then the surest. Headers, the redirect's target and the
    body are looked at; of a page whose body was not kept, the title. A redirect within the host is the site's own.
    """
    return _strongest(matching(step, known))


def matching(step: HttpStep, known: Fingerprints) -> Fingerprints:
    """Every fingerprint that an answer carries, of whatever scope, in the order of `known`."""
    body = step.body
    if body is None and step.title is not None:
        body = f"<title>{step.title}</title>"
    # Equality with a whole page or with its beginning says nothing where only the title is there.
    partly = step.body is None
    headers: dict[str, list[str]] = {}
    for name, value in step.headers:
        if name != "location" or not _stays(value, step.url):
            headers.setdefault(name, []).append(value)
    if step.location is not None and not _stays(step.location, step.url):
        headers.setdefault("location", []).append(step.location)

    def carries(row: Fingerprint) -> bool:
        if row.location == BODY:
            return body is not None and not (partly and row.pattern.is_anchored) and row.pattern.is_in(body)
        return any(row.pattern.is_in(value) for value in headers.get(row.location.removeprefix(HEADER), ()))

    return tuple(row for row in known if row.location != DNS and carries(row))


def forged_address(ip: str, known: Fingerprints) -> Fingerprint | None:
    """The fingerprint that makes an address a censor's answer, as `block_page`. Rows that hold a name match none."""
    return _strongest(row for row in known if row.location == DNS and _is_address(row.pattern, ip))


def read(paths: Iterable[str | Path]) -> tuple[Fingerprints, list[Problem]]:
    """The fingerprints of files in their order, and what is wrong with them. Raises nothing.

    What stands twice, in whatever file, counts once.
    """
    fingerprints: dict[tuple[Scope, str, Pattern], Fingerprint] = {}
    problems: list[Problem] = []
    for path in paths:
        found, wrong = rows.read(path, COLUMNS, NEEDED)
        for row in found:
            try:
                one = _fingerprint(row.cells)
            except BadRow as exc:
                wrong.append(Problem(str(path), row.line, str(exc)))
            else:
                fingerprints.setdefault((one.scope, one.location, one.pattern), one)
        problems += sorted(wrong, key=lambda problem: problem.line)
    return tuple(fingerprints.values()), problems


def cells(fingerprint: Fingerprint) -> dict[str, str]:
    """A fingerprint as the cells of its row, by column."""
    return {
        "name": fingerprint.name,
        "scope": fingerprint.scope,
        "other_names": fingerprint.other_names,
        "location_found": fingerprint.location,
        "pattern_type": fingerprint.pattern.type,
        "pattern": fingerprint.pattern.text,
        "confidence_no_fp": str(fingerprint.confidence),
        "expected_countries": ",".join(fingerprint.countries),
        "source": fingerprint.source,
        "exp_url": fingerprint.exp_url,
        "notes": fingerprint.notes,
    }


def _strongest(found: Iterable[Fingerprint]) -> Fingerprint | None:
    hits = tuple(found)
    if any(hit.scope is Scope.FP for hit in hits):
        return None
    blocking = (hit for hit in hits if hit.scope in BLOCKING)
    return min(blocking, key=lambda hit: (BLOCKING.index(hit.scope), -hit.confidence), default=None)


def _stays(location: str, url: str) -> bool:
    """Whether a redirect leads to the host that it comes from."""
    return _host(location) in {"", _host(url)}


def _host(url: str) -> str:
    """Empty where a text has no host, as a redirect within a site."""
    with suppress(ValueError):  # "http://[": what comes from the network may be anything
        return urlsplit(url).hostname or ""
    return "?"


def _is_address(pattern: Pattern, ip: str) -> bool:
    if pattern.type is not PatternType.FULL:
        return pattern.is_in(ip)
    with suppress(ValueError):
        return ip_address(pattern.text) == ip_address(ip)  # an IPv6 address has many spellings
    return False


def _fingerprint(row: Mapping[str, str]) -> Fingerprint:
    stripped = {name: cell.strip() for name, cell in row.items()}
    if not stripped["name"]:
        raise BadRow("The name is empty.")
    return Fingerprint(
        name=stripped["name"],
        scope=_word(Scope, "scope", stripped["scope"]),
        location=_location(stripped["location_found"].lower()),
        pattern=Pattern.of(_word(PatternType, "pattern_type", stripped["pattern_type"]), row["pattern"]),
        confidence=_confidence(stripped.get("confidence_no_fp", "")),
        countries=tuple(_countries(stripped.get("expected_countries", ""))),
        other_names=stripped.get("other_names", ""),
        source=stripped.get("source", ""),
        exp_url=stripped.get("exp_url", ""),
        notes=stripped.get("notes", ""),
    )


def _word(words: type[Word], column: str, text: str) -> Word:
    try:
        return words(text.lower())
    except ValueError:
        raise BadRow(f'The {column} "{shown(text)}" is not known; allowed are {", ".join(words)}.') from None


def _location(text: str) -> str:
    if not _LOCATION.fullmatch(text):
        allowed = "body, dns, and header. with a header's name, as in header.location"
        raise BadRow(f'The location_found "{shown(text)}" is not known; allowed are {allowed}.')
    return text


def _confidence(text: str) -> int:
    if not text:
        return _USUAL_CONFIDENCE
    if not re.fullmatch("[0-9]|10", text):
        raise BadRow(f'The confidence_no_fp "{shown(text)}" is not allowed; allowed are 0 to 10.')
    return int(text)


def _countries(text: str) -> Iterator[str]:
    for code in filter(None, (part.strip() for part in text.split(","))):
        if not re.fullmatch("[A-Z]{2}", code):
            raise BadRow(f'The country "{shown(code)}" is not known; allowed are codes of two capital letters.')
        yield code
