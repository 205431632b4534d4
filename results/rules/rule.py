"""What a rule is, and what every layer's rules may ask about a hop. The rows are in the layers' own files."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from results.failure import OWN_LINE, SILENCE, UNREACHABLE, Failure
from results.hops import Side, Way
from results.judgement import Confidence, Fault, Throttling, Verdict
from results.knowledge import Knowledge
from results.records import Aim, HttpStep, Measurement, Step, TlsStep

CONFIRMED, LIKELY, WEAK = Confidence.CONFIRMED, Confidence.LIKELY, Confidence.WEAK
ACCESSIBLE, BLOCKED, DOWN = Verdict.ACCESSIBLE, Verdict.BLOCKED, Verdict.DOWN
UNKNOWN, THROTTLED = Verdict.INCONCLUSIVE, Verdict.THROTTLED
SITE, PATH, LINE, US = Fault.SITE, Fault.PATH, Fault.LINE, Fault.US


@dataclass(frozen=True)
class Case:
    """One hop, here and at the control (None where it didn't go there), over one set of ways; and what is known."""

    measurement: Measurement
    here: Side
    there: Side | None
    ways: tuple[Way, ...]
    known: Knowledge

    @property
    def control_ways(self) -> tuple[Way, ...]:
        return self.there.ways if self.there else ()

    @property
    def endpoints(self) -> frozenset[str]:
        """Our endpoints whose outcome says something: not those that this machine itself can't send to."""
        return frozenset(way.tcp.endpoint for way in self.ways if not is_lame(way.tcp))

    @property
    def endpoints_words(self) -> str:
        return ", ".join(dict.fromkeys(way.tcp.endpoint for way in self.ways))

    @property
    def waited(self) -> str:
        """How long the longest failing step was waited for; empty where its times were not recorded."""
        longest = max((way.last.ms for way in self.ways if way.last.failure is not None), default=0.0)
        if longest <= 0:
            return ""
        return f" after {longest:.0f} ms" if longest < 1000 else f" after {longest / 1000:.1f} s"

    @property
    def repeated(self) -> bool:
        """Whether what failed was tried again after a pause."""
        return any(way.attempt > 1 for way in self.ways) or any(step.attempt > 1 for step in self.here.dns)

    @property
    def tries(self) -> str:
        return "tried twice" if self.repeated else "tried once"

    @property
    def neutral_name_answered(self) -> bool:
        """Whether the site's address answers when another name is sent."""
        return any(answered(step) for step in self.here.tests if step.aim is Aim.NEUTRAL_NAME)

    def fails_elsewhere(self, failure: Failure | None) -> bool:
        """Whether the site's name fails in the same way at an address that is not the site's, where an unrelated name
        is answered.
        """
        base = any(answered(step) for step in self.here.tests if step.aim is Aim.BASELINE)
        named = (step for step in self.here.tests if step.aim is Aim.NEUTRAL_ADDRESS)
        spoken = (step for step in named if isinstance(step, (TlsStep, HttpStep)))
        return base and any(step.failure is not None and same_kind(step.failure, failure) for step in spoken)


@dataclass(frozen=True, slots=True)
class Rule:
    """`verdict` None: the layer is passed, and `says`, where there is any, is a note. It is filled from the case."""

    id: str
    when: Callable[[Any], bool]
    verdict: Verdict | None
    fault: Fault | None
    confidence: Callable[[Any], Confidence]
    mechanisms: Callable[[Any], tuple[str, ...]]
    says: str
    throttling: Callable[[Any], Throttling | None] = lambda _case: None  # the numbers, where it is about speed


def took(times_ms: Iterable[float]) -> str:
    """The shortest of these times; empty where none was recorded."""
    shortest = min(times_ms, default=0.0)
    return f" in {shortest:.0f} ms" if shortest > 0 else ""


def sure(confidence: Confidence) -> Callable[[Any], Confidence]:
    return lambda _case: confidence


def as_repeated(case: Case) -> Confidence:
    """One failure that the control doesn't share is a weak sign; the same again after a pause is a likely one."""
    return LIKELY if case.repeated else WEAK


def only(*names: str) -> Callable[[Any], tuple[str, ...]]:
    return lambda _case: names


NOTHING = only()


def commonest(failures: Iterable[Failure | None]) -> Failure | None:
    """How several tries failed; what only tells of this machine counts where nothing else does."""
    counted = Counter(failure for failure in failures if failure is not None)
    for lame in (*sorted(OWN_LINE), Failure.NETWORK_UNREACHABLE):
        if len(counted) > 1:
            counted.pop(lame, None)
    return counted.most_common(1)[0][0] if counted else None


def is_lame(step: Step) -> bool:
    """Whether the failure is this machine's own: it may not send, or has no way to the IPv6 internet."""
    return step.failure in OWN_LINE or (step.failure is Failure.NETWORK_UNREACHABLE and ":" in step.ip)


def same_kind(one: Failure, other: Failure | None) -> bool:
    """Whether two failures look alike to whoever waits."""
    return one is other or (one in SILENCE and other in SILENCE) or (one in UNREACHABLE and other in UNREACHABLE)


def answered(step: Step) -> bool:
    """Whether the peer spoke, whatever it said."""
    return step.answered if isinstance(step, TlsStep) else isinstance(step, HttpStep) and step.status is not None
