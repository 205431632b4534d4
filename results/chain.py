"""Each vantage's measurements form a chain: every link holds a digest of the one before. Pure.

Whoever has noted a digest can tell later that nothing up to it was removed, altered or put in another order. Links are
written and read in results/links.py. Verdicts are no part of it: they can be made again from the measurements.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

BEGINNING = "0" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One link as it is stored, with what is there of its measurement."""

    number: int  # from 1, without a gap
    uid: str
    digest: str  # 64 hex digits
    url: str | None
    started_at: datetime | None
    evidence_sha256: str | None  # of the JSON, unpacked; None where it is gone or can't be unpacked
    agrees: bool = True  # the row for lists says what the evidence says
    away: bool = False  # the evidence is in the archive, which is not here to be looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What doesn't fit, and where."""

    number: int | None  # None: it is no link
    uid: str | None
    url: str | None
    started_at: datetime | None
    says: str


def digest(before: str, uid: str, evidence: bytes) -> str:
    """Of a link: SHA-256 over the digest before, the uid, and the SHA-256 of the evidence, a line each."""
    return following(before, uid, sha256(evidence).hexdigest())


def following(before: str, uid: str, evidence_sha256: str) -> str:
    """The same for who has hashed the evidence already."""
    return sha256(f"{before}\n{uid}\n{evidence_sha256}\n".encode()).hexdigest()


def troubles(links: Iterable[Link]) -> Iterator[Trouble]:
    """What is wrong with one vantage's links, which come by number. A broken link does not make the next one wrong."""
    before, expected = BEGINNING, 1
    for link in links:
        if link.number != expected:
            missing = f"{expected}" if link.number == expected + 1 else f"{expected} to {link.number - 1}"
            yield Trouble(
                number=expected, uid=None, url=None, started_at=None, says=f"The chain has no number {missing}."
            )
        says = _says(link, before, follows=link.number == expected)
        if says:
            yield Trouble(number=link.number, uid=link.uid, url=link.url, started_at=link.started_at, says=says)
        before, expected = link.digest, link.number + 1


def _says(link: Link, before: str, *, follows: bool) -> str:
    if link.away:
        return ""
    if link.evidence_sha256 is None:
        return "The measurement is gone, or can't be read."
    if follows and following(before, link.uid, link.evidence_sha256) != link.digest:
        return "The measurement is not what was stored under this number."
    if not link.agrees:
        return "What lists and timelines read of it is not what its evidence says."
    return ""
