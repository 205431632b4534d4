"""Times a step and keeps how it ended. The only place where a network's exception stops being one.

Nothing is judged here, and nothing but the network's own failures is caught.
"""

import os
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from probe.classify import NETWORK_ERRORS, failure_of
from results.failure import Failure
from results.records import Aim, AnyStep, DnsStep, HttpStep, TcpStep, TlsStep

WHOLE_S = 25.0  # for one check of one URL, whatever the network does
_DETAIL_LENGTH = 200


class StepFailed(Exception):
    """A step ended with a failure, which the trace has kept."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure)
        self.failure = failure


class Trace:
    """The steps of one check, in the order in which they ended."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._ends = WHOLE_S
        self.steps: list[AnyStep] = []

    def now(self) -> float:
        """Seconds since the check began."""
        return time.monotonic() - self._started

    def left_s(self) -> float:
        """What is left of the check's time, seconds."""
        return self._ends - self.now()

    def allow(self, seconds: float) -> None:
        """The check may go on for so long from now, where somebody asked for what takes longer."""
        self._ends = self.now() + seconds

    def at(self, moment: float) -> float:
        """A moment of time.monotonic() in seconds since the check began."""
        return moment - self._started

    @contextmanager
    def step(
        self, kind: type[DnsStep | TcpStep | TlsStep | HttpStep], endpoint: str, **known: Any
    ) -> Iterator[dict[str, Any]]:
        """Times what happens inside. The step's other fields are what is `known` and what is put into the dictionary.

        `t` in it says that the step ended sooner. Raises StepFailed where the network failed, or where the body set
        `failure` itself.
        """
        learnt: dict[str, Any] = {}
        t0 = self.now()
        try:
            yield learnt
        except NETWORK_ERRORS as exc:
            failure = failure_of(exc)
            if failure is None:
                raise
            learnt.update(failure=failure, detail=_words(exc))
            self.steps.append(kind(endpoint=endpoint, t0=t0, t=self.now(), **known, **learnt))
            raise StepFailed(failure) from exc
        ended = learnt.pop("t", self.now())
        step = kind(endpoint=endpoint, t0=t0, t=ended, **known, **learnt)
        self.steps.append(step)
        if step.failure is not None:
            raise StepFailed(step.failure)


class Course:
    """Where in a check we are: handed to each step, so that it can say so in what it records."""

    __slots__ = ("aim", "attempt", "hop", "trace")

    def __init__(self, trace: Trace, *, hop: int = 0, attempt: int = 1, aim: Aim = Aim.VISIT) -> None:
        self.trace = trace
        self.hop = hop
        self.attempt = attempt
        self.aim = aim

    def step(self, kind: type[DnsStep | TcpStep | TlsStep | HttpStep], endpoint: str, **known: Any) -> Any:
        """As Trace.step, with the place filled in."""
        return self.trace.step(kind, endpoint, hop=self.hop, attempt=self.attempt, aim=self.aim, **known)

    def aimed(self, aim: Aim) -> "Course":
        """The same place with another aim."""
        return Course(self.trace, hop=self.hop, attempt=self.attempt, aim=aim)


def _words(exc: BaseException) -> str:
    """The failure's own words. Not str(): asyncio puts addresses into it, and ssl the line of its source."""
    if isinstance(exc, ssl.SSLError):
        words = getattr(exc, "verify_message", "") or (exc.reason or "").lower().replace("_", " ")
    elif isinstance(exc, OSError) and exc.errno and not isinstance(exc, socket.gaierror):
        words = os.strerror(exc.errno)  # not its own strerror: asyncio puts addresses into that too
    else:
        words = getattr(exc, "strerror", None) or str(exc)
    return (words or type(exc).__name__)[:_DETAIL_LENGTH]
