"""One scenario: what was seen here and at the control, and what we must say about it."""

from dataclasses import dataclass

from results.judgement import Confidence, Verdict
from results.knowledge import Knowledge
from results.records import Measurement

CONFIRMED, LIKELY, WEAK = Confidence.CONFIRMED, Confidence.LIKELY, Confidence.WEAK
ACCESSIBLE, BLOCKED, THROTTLED = Verdict.ACCESSIBLE, Verdict.BLOCKED, Verdict.THROTTLED
DOWN, UNKNOWN = Verdict.DOWN, Verdict.INCONCLUSIVE


@dataclass(frozen=True)
class Row:
    """A promise to the readers of our reports."""

    what: str
    seen: Measurement
    verdict: Verdict
    confidence: Confidence
    rules: str  # the deciding one, which may end in `*`; behind it all others that say something
    mechanisms: str = ""
    known: Knowledge | None = None  # block pages and authorities; by default what is bundled
