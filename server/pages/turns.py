"""Since when: the run of a series that holds now, and the bracket in which it began.

Where tallies are not enough to tell, the store is asked again. No words here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from results.judgement import Verdict
from results.store import Tally


@dataclass(frozen=True, slots=True)
class Turn:
    """The verdict that holds, and when it began: after `before`, not later than `first`."""

    verdict: Verdict
    newest: datetime  # the last check that said so
    count: int
    before: datetime | None  # None: all that was looked at says the same
    first: datetime
    network_before: str | None = None
    network: str | None = None
    exact: bool = True  # else `first` is only the earliest that the tallies show

    @property
    def moved(self) -> bool:
        """Whether the line was another one before the turn."""
        return self.before is not None and self.network_before != self.network


def turn(tallies: Sequence[Tally]) -> Turn | None:
    """Of one series. Inconclusive checks neither make nor break a run, unless there is nothing else."""
    speaking = [entry for entry in tallies if entry.verdict is not Verdict.INCONCLUSIVE] or list(tallies)
    if not speaking:
        return None
    newest = max(speaking, key=lambda entry: entry.last_at)
    other = [entry for entry in speaking if entry.verdict is not newest.verdict]
    before = max(other, key=lambda entry: entry.last_at, default=None)
    same = [entry for entry in speaking if entry.verdict is newest.verdict]
    after = [entry for entry in same if before is None or entry.last_at > before.last_at]
    whole = [entry for entry in after if before is None or entry.first_at > before.last_at]
    first = min(whole or [newest], key=lambda entry: entry.first_at)
    return Turn(
        verdict=newest.verdict,
        newest=newest.last_at,
        count=sum(entry.count for entry in whole),
        before=before.last_at if before else None,
        first=first.first_at if whole else newest.last_at,
        network_before=before.network if before else None,
        network=first.network,
        exact=len(whole) == len(after),
    )
