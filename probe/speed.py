"""Is a page slow for its name alone? The same page once more and alone, in turn with another name on the way.

What looks slow, and what the numbers mean, is said in results/throttling.py and results/rules/speed.py. The other name
is sent in the handshake only: the page is asked for by its own name, so that the server gives the same bytes.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from probe.net import Place, place
from probe.reach import Reach
from probe.sanity import Neutral
from probe.trace import Course
from results.records import Aim, HttpStep, Source, Step, TcpStep, TlsStep
from results.throttling import Pair, looks_slow, pairs, plain, same_page, suspicious

_PAIRS = 3
_PAIR_S = 6.0  # with less time left no pair is begun
_OTHER_S = 3.0  # for the head, and again for the body, with the other name
_OWN_LEAST_S, _OWN_TIMES = 1.0, 5.0  # with its own name: so many times as long as with the other
_TURN_S = 10.0  # a list with many slow pages isn't held up for all of them; the next round compares others


class Quiet:
    """Samples are taken one after the other: two side by side would slow each other down."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    async def turn(self, *, within_s: float) -> bool:
        """Waits for the line; False where others hold it for too long. Whoever got it calls `done`."""
        try:
            async with asyncio.timeout(within_s):
                await self._lock.acquire()
        except TimeoutError:
            return False
        return True

    def done(self) -> None:
        self._lock.release()


def slow_page(steps: Sequence[Step], hop: int) -> HttpStep | None:
    """The page of a visit, if it looks slow."""
    visited = [step for step in steps if step.hop == hop and step.aim is Aim.VISIT]
    page = next((step for step in reversed(visited) if isinstance(step, HttpStep) and step.status is not None), None)
    if page is None or page.source not in {Source.LITERAL, Source.SYSTEM}:
        return None
    way = [step for step in visited if (step.endpoint, step.attempt) == (page.endpoint, page.attempt)]
    tcp = next((step for step in way if isinstance(step, TcpStep) and step.source is page.source), None)
    tls = next((step for step in way if isinstance(step, TlsStep) and step.source is page.source), None)
    return page if tcp is not None and looks_slow(tcp, tls, page) else None


async def compare(reach: Reach, quiet: Quiet, course: Course, where: Place, page: HttpStep, neutral: Neutral) -> None:
    """Pairs of samples, as long as they differ and there is time. Nothing where the other name is not served."""
    if not await quiet.turn(within_s=min(_TURN_S, reach.left_s() - _PAIR_S)):
        return
    try:
        done: list[Pair] = []
        while len(done) < _PAIRS and reach.left_s() > _PAIR_S:
            pair = await _pair(reach, course, where, page, neutral, len(done) + 1)
            if pair is None:
                return
            if not suspicious(pair):  # not by name; by address, or is it the line?
                line = Course(course.trace, hop=course.hop, aim=Aim.SAMPLE_LINE)
                reference = place(f"https://{neutral.name}/")
                await reach.sample(line, neutral.ip, reference, neutral.name, timeout_s=_OTHER_S)
                return
            done.append(pair)
            if len(done) > 1 and all(map(plain, done)):
                return
    finally:
        quiet.done()


async def _pair(
    reach: Reach, course: Course, where: Place, page: HttpStep, neutral: Neutral, number: int
) -> Pair | None:
    """Both samples; None where there is nothing to compare: another name brings another page, or none."""
    trace = course.trace
    other = Course(trace, hop=course.hop, attempt=number, aim=Aim.SAMPLE_NEUTRAL)
    own = Course(trace, hop=course.hop, attempt=number, aim=Aim.SAMPLE)
    asked = where if where.scheme == "https" else _elsewhere_named(where, neutral.name)
    fast = await reach.sample(other, page.ip, asked, neutral.name, timeout_s=_OTHER_S)
    if fast is None or not same_page(page, fast):
        return None
    limit_s = max(_OWN_LEAST_S, _OWN_TIMES * fast.ms / 1000)
    await reach.sample(own, page.ip, where, where.host, timeout_s=min(limit_s, reach.left_s() / 2))
    mine = (step for step in trace.steps if step.hop == course.hop and step.attempt == number)
    return next(iter(pairs(mine)), None)


def _elsewhere_named(where: Place, name: str) -> Place:
    """Without TLS the name stands in the request: another name asks for another site's page, at the same address."""
    return replace(place(f"http://{name}/"), port=where.port)
