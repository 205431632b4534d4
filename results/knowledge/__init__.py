"""What judgement knows beside the measurement: who intercepts, and what block pages say. No rule is here.

Pure values: read once from the files that lie beside this module, and from those that a user brought in. What is
matched against them, and how, stands in interception.py and blockpages.py.
"""

import hashlib
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from results.knowledge import blockpages, interception
from results.knowledge.blockpages import Fingerprints
from results.knowledge.interception import Authorities
from results.knowledge.rows import Problem

__all__ = ["Knowledge", "bundled", "with_users"]

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """All that `judge` may look up."""

    authorities: Authorities = ()
    fingerprints: Fingerprints = ()

    @property
    def digest(self) -> str:
        """Twelve hex digits that are the same for the same knowledge, on any machine: for who keeps verdicts."""
        return hashlib.sha256(repr((self.authorities, self.fingerprints)).encode()).hexdigest()[:12]


@cache
def bundled() -> Knowledge:
    """What comes with the program. tests/results/knowledge holds its files free of problems."""
    authorities, _ = interception.read(HERE / "interception_cas.csv")
    fingerprints, _ = blockpages.read([HERE / "blockpages.csv"])
    return Knowledge(authorities=authorities, fingerprints=fingerprints)


def with_users(folder: Path) -> tuple[Knowledge, list[Problem]]:
    """The bundled knowledge and the fingerprints of `folder`/*.csv, in the order of the files' names.

    With it comes what is wrong with those files. A folder that is not there holds none.
    """
    known = bundled()
    own, problems = blockpages.read(sorted(folder.glob("*.csv")))
    return replace(known, fingerprints=(*known.fingerprints, *own)), problems
