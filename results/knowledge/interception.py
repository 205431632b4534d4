"""State authorities that sign certificates for other people's sites: who they are, and whether a chain is theirs.

A certificate in a chain is not proof that it is used: a server may send any. Whoever asks here must know that our own
roots refused the chain. Whether the chain is valid is not looked at, because states went on with expired certificates.

The columns of interception_cas.csv, one row a certificate or a rule about names:

- `authority`: whose it is, as its certificate names it
- `sha1`, `sha256`: the fingerprint of one certificate, lower-case hex
- `cn`, `cn_words`, `o`, `c`: parts of a name that must all hold; `cn`, `o` and `c` are the whole value, `cn_words` are
  words that stand in the common name one after the other. Upper and lower case are alike (RFC 5280, section 7.1).
- `seen`: `yes` where interception with it was seen, `no` where it was only planned
- `not_before`, `not_after`: the certificate's dates, ISO 8601
- `source`, `note`

Fingerprints change every 75 days, names do not, hence both. A rule about names needs the country wherever the words
alone could be somebody else's: Kazakhstan's national authority, which signs for people and offices, is no interceptor,
and its root's name differs from that of a planned one by a suffix.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from cryptography.x509 import Name, NameOID

from results.knowledge import rows
from results.knowledge.rows import BadRow, Problem, shown
from results.records import Certificate

COLUMNS = (
    "authority",
    "sha1",
    "sha256",
    "cn",
    "cn_words",
    "o",
    "c",
    "seen",
    "not_before",
    "not_after",
    "source",
    "note",
)
NEEDED = ("authority", "seen", "source")

_HEX_DIGITS = {"sha1": 40, "sha256": 64}
_KEYWORDS = {"cn": NameOID.COMMON_NAME, "o": NameOID.ORGANIZATION_NAME, "c": NameOID.COUNTRY_NAME}
_MAX_NAME_CHARACTERS = 4096


class By(StrEnum):
    """What gave an authority away."""

    FINGERPRINT = "fingerprint"
    NAME = "name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """One row: a certificate by its fingerprint, or a rule about names. Texts are empty where nothing is asked."""

    authority: str
    sha1: str = ""
    sha256: str = ""
    cn: str = ""
    cn_words: str = ""
    o: str = ""
    c: str = ""
    seen: bool = True
    not_before: datetime | None = None
    not_after: datetime | None = None
    source: str = ""
    note: str = ""


Authorities = tuple[Authority, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A state's authority found in a chain."""

    authority: str
    by: By
    matched: str  # the fingerprint, or the whole name that a rule holds for; fit for a sentence
    seen: bool  # whether interception with it was ever seen: without that, it is no proof
    source: str

    @property
    def words(self) -> str:
        """For a reason: whose, by what, and who says so."""
        return f"{self.authority} (by its {self.by} {self.matched}; known from {self.source})"


def state_authority(chain: Iterable[Certificate], known: Authorities) -> Known | None:
    """The state's authority that a presented chain (leaf first) leads to; None where there is none.

    Fingerprints are compared with every certificate, names with every issuer, and with the subjects above the leaf.
    The leaf's own subject is left out: it is the site's, and anybody may call a company "Qaznet". What was seen to
    intercept goes before what was only planned, and a fingerprint before a name.
    """
    certificates = tuple(chain)
    prints = {text.lower() for certificate in certificates for text in (certificate.sha256, certificate.sha1) if text}
    names = [certificate.issuer for certificate in certificates]
    names += [certificate.subject for certificate in certificates[1:]]
    hits = (_by_fingerprint(row, prints) or _by_name(row, names) for row in known)
    return min(filter(None, hits), key=lambda hit: (not hit.seen, hit.by is not By.FINGERPRINT), default=None)


def read(path: str | Path) -> tuple[Authorities, list[Problem]]:
    """The authorities of a file in its order, and what is wrong with it in the order of lines. Raises nothing."""
    found, problems = rows.read(path, COLUMNS, NEEDED)
    authorities = []
    for row in found:
        try:
            authorities.append(_authority({name: cell.strip() for name, cell in row.cells.items()}))
        except BadRow as exc:
            problems.append(Problem(str(path), row.line, str(exc)))
    return tuple(authorities), sorted(problems, key=lambda problem: problem.line)


def _by_fingerprint(row: Authority, prints: set[str]) -> Known | None:
    matched = next((text for text in (row.sha256, row.sha1) if text and text in prints), None)
    return _known(row, By.FINGERPRINT, matched) if matched else None


def _by_name(row: Authority, names: list[str]) -> Known | None:
    matched = next((name for name in names if _holds(row, name)), None)
    return _known(row, By.NAME, matched) if matched else None


def _known(row: Authority, by: By, matched: str) -> Known:
    return Known(authority=row.authority, by=by, matched=shown(matched), seen=row.seen, source=row.source)


def _holds(row: Authority, name: str) -> bool:
    """Whether a name has all the parts that a row asks for. A row that asks for none holds for no name."""
    whole = [(key, asked) for key, asked in (("cn", row.cn), ("o", row.o), ("c", row.c)) if asked]
    if not whole and not row.cn_words:
        return False
    parts = _parts(name)
    return all(_folded(asked) in parts.get(key, ()) for key, asked in whole) and (
        not row.cn_words or any(f" {_folded(row.cn_words)} " in f" {value} " for value in parts.get("cn", ()))
    )


@lru_cache(maxsize=1024)  # a round sees the same few issuers over and over
def _parts(name: str) -> Mapping[str, tuple[str, ...]]:
    """The values of cn, o and c in an RFC 4514 name, folded. A name that can't be read has none."""
    if len(name) > _MAX_NAME_CHARACTERS:
        return {}
    try:
        parsed = Name.from_rfc4514_string(name, _KEYWORDS)  # keywords in lower case; those in upper case it knows
    except ValueError:
        return {}
    return {
        key: tuple(_folded(str(attribute.value)) for attribute in parsed.get_attributes_for_oid(oid))
        for key, oid in _KEYWORDS.items()
    }


@lru_cache(maxsize=1024)
def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _authority(cells: Mapping[str, str]) -> Authority:
    if not cells["authority"] or not cells["source"]:
        raise BadRow("The authority or the source is empty; both are needed.")
    parts = {name: cells.get(name, "") for name in ("cn", "cn_words", "o", "c")}
    prints = {name: _hex(name, cells.get(name, "")) for name in _HEX_DIGITS}
    if any(parts.values()) == any(prints.values()):
        raise BadRow("Needed is either a fingerprint (sha1, sha256) or a part of a name (cn, cn_words, o).")
    if any(parts.values()) and not (parts["cn"] or parts["cn_words"] or parts["o"]):
        raise BadRow("A country alone is no authority; needed is one of cn, cn_words, o.")
    if parts["c"] and not re.fullmatch("[A-Z]{2}", parts["c"]):
        raise BadRow(f'The c "{shown(parts["c"])}" is no country; allowed are two capital letters such as KZ.')
    if cells["seen"] not in {"yes", "no"}:
        raise BadRow(f'The seen "{shown(cells["seen"])}" is not known; allowed are yes and no.')
    return Authority(
        authority=cells["authority"],
        **prints,
        **parts,
        seen=cells["seen"] == "yes",
        not_before=_moment("not_before", cells.get("not_before", "")),
        not_after=_moment("not_after", cells.get("not_after", "")),
        source=cells["source"],
        note=cells.get("note", ""),
    )


def _hex(column: str, text: str) -> str:
    digits = _HEX_DIGITS[column]
    if text and not re.fullmatch(f"[0-9a-f]{{{digits}}}", text.lower()):
        raise BadRow(f'The {column} "{shown(text)}" is no fingerprint; allowed are {digits} hex digits.')
    return text.lower()


def _moment(column: str, text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = datetime.min  # noqa: DTZ901 - refused below
    if moment.tzinfo is None:
        raise BadRow(f'The {column} "{shown(text)}" is no moment; allowed are such as 2020-02-28T06:46:02Z.')
    return moment
