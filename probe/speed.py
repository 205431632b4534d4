"""Is a page slow for its name alone? The same page once more and alone, in turn with another name on the way.

What looks slow, and what the numbers mean, is said in results/throttling.py and results/rules/speed.py. The other name
is sent in the handshake only: the page is asked for by its own name, so that the server gives the same bytes.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from probe.net import Place, place
from probe.quiet import Quiet
from probe.reach import Reach
from probe.sanity import Neutral
from probe.steps.http import BODY_CAP_BYTES
from probe.trace import Course
from results.curves import from_zero, steady_kbps
from results.failure import SILENCE
from results.records import Aim, HttpStep, Past, Source, Step, TcpStep, Throughput, TlsStep
from results.throttling import (
    FOLD,
    LINE_BYTES,
    Pair,
    alone,
    delayed,
    line_kbps,
    looks_slow,
    pairs,
    same_page,
    settled,
    suspicious,
)

_ORDINARY = frozenset({Source.LITERAL, Source.SYSTEM})
_PAIRS, _THOROUGH_PAIRS = 5, 10
_PAIR_S = 5.0  # with less time left no pair is begun
_OTHER_S = 2.5  # for the head, and again for the body, with the other name
_LINE_S = 1.0  # the same for bytes from a control
_HANDSHAKES_S = 3.5  # the same for a pair of handshakes
_SILENCE_S, _SILENT_S = 6.0, 2.0  # waited for the others; then for each sample
_HEAD_MOST_S = 5.0
_SAMPLE_BYTES = 128 * 1024
_STOPS_S = 2.5  # after which a page has stopped that came whole in less
_OWN_LEAST_S, _OWN_TIMES, _OWN_MORE_S = 1.0, 5.0, 1.0  # with its own: longer than with the other, so much at most
_THOROUGH_SAMPLE_S = 6.0  # for the head, and again for the body, of either
_THOROUGH_S = 240.0  # for all pairs together
_TURN_S = 12.0  # a list with many slow pages isn't held up for all of them; the next round compares others
_LINE_LEAST_BYTES, _LINE_MOST_BYTES = 64 * 1024, 256 * 1024  # fewer end in slow start; more would cost too much
_TOLD_BYTES = 600  # for each kbit/s of the page: at four times its speed they take 1.2 s


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is compared with what."""

    course: Course
    where: Place
    page: HttpStep  # as the visit got it
    neutral: Neutral
    ask_line: Callable[[Course, int], Awaitable[None]]  # so many bytes from a control, where there is one
    how: Throughput = Throughput.AUTO
    past: Past | None = None

    @property
    def most_bytes(self) -> int:
        """How much of the page a sample reads: enough to tell a difference, or all, where it may stop anywhere."""
        whole = self.how is Throughput.THOROUGH or self.page.failure is not None
        return BODY_CAP_BYTES if whole else _SAMPLE_BYTES


def visited_page(steps: Sequence[Step], hop: int) -> HttpStep | None:
    """The page of a visit, if it came, or its head, the way it comes to a browser."""
    visited = (step for step in reversed(steps) if step.hop == hop and step.aim is Aim.VISIT)
    page = next((step for step in visited if isinstance(step, HttpStep) and step.status is not None), None)
    return page if page is not None and page.source in _ORDINARY else None


def is_slow(steps: Sequence[Step], page: HttpStep, past: Past | None, line_kbps: float | None) -> bool:
    """Whether the page of a visit looks slow."""
    tcp, tls = _way(steps, page)
    return tcp is not None and looks_slow(tcp, tls, page, past, line_kbps)


def starts_slowly(what: Comparison) -> bool:
    """Whether the visit's handshake was late, and not only because its certificates came as slowly as the page."""
    tcp, tls = _way(what.course.trace.steps, what.page)
    return tcp is not None and tls is not None and delayed((tls.ms - tcp.ms) / 1000, tls.received_bytes, what.page)


def _way(steps: Sequence[Step], page: HttpStep) -> tuple[TcpStep | None, TlsStep | None]:
    """The connection and the handshake that led to a page."""
    place = (page.hop, page.aim, page.attempt, page.endpoint)
    way = [step for step in steps if (step.hop, step.aim, step.attempt, step.endpoint) == place]
    tcp = next((step for step in way if isinstance(step, TcpStep) and step.source is page.source), None)
    tls = next((step for step in way if isinstance(step, TlsStep) and step.source is page.source), None)
    return tcp, tls


def stopped_page(steps: Sequence[Step], hop: int) -> HttpStep | None:
    """The page of a visit whose head came and whose body stopped."""
    page = visited_page(steps, hop)
    return page if page is not None and page.failure in SILENCE else None


async def compare(reach: Reach, quiet: Quiet, what: Comparison) -> None:
    """Pairs of samples until they prove that the name is slow, or the first doesn't differ; and one of the line."""
    if what.how is Throughput.THOROUGH:
        await _thoroughly(reach, quiet, what)
        return
    # A few packets need no turn.
    done = await _pairs_of_handshakes(reach, what) if starts_slowly(what) else []
    if settled(done) or reach.left_s() < _PAIR_S:
        return
    async with quiet.turn(within_s=min(_TURN_S, reach.left_s() - _PAIR_S)) as mine:
        if not mine or _is_the_line(quiet, what):
            return
        done += await _pairs_of_pages(reach, quiet, what, len(done))
        if settled(done):
            return
        await _line(reach, quiet, what)  # not by name; by address, or is it the line?
    if _ourselves(quiet, what) and reach.left_s() > _PAIR_S:
        await _again_in_silence(reach, quiet, what, len(done) + 1)


def _is_the_line(quiet: Quiet, what: Comparison) -> bool:
    """Whether the comparison of another page has told meanwhile that this line brings no more, to anyone."""
    line, page = quiet.line_kbps, what.page
    return line is not None and page.failure is None and not is_slow(what.course.trace.steps, page, what.past, line)


async def _thoroughly(reach: Reach, quiet: Quiet, what: Comparison) -> None:
    """As many pairs as a test of significance needs, whatever they say."""
    async with quiet.turn(within_s=_THOROUGH_S) as mine:
        if not mine:
            return
        what.course.trace.allow(_THOROUGH_S)
        for number in range(1, _THOROUGH_PAIRS + 1):
            if reach.left_s() < _PAIR_S + 4 * _THOROUGH_SAMPLE_S:
                break
            await _samples(reach, quiet, what, number, (_THOROUGH_SAMPLE_S, _THOROUGH_SAMPLE_S))
        await _line(reach, quiet, what)


async def _again_in_silence(reach: Reach, quiet: Quiet, what: Comparison, number: int) -> None:
    """What held the page to one speed may have been our own other checks: once more, while there are none."""
    limit_s = min(_SILENT_S, reach.left_s() / 4)
    async with quiet.silence(within_s=min(_SILENCE_S, reach.left_s() - _PAIR_S)) as silent:
        if not silent:
            return
        async with quiet.turn(within_s=max(0.0, reach.left_s() - 3 * limit_s)) as mine:
            if mine:
                await _samples(reach, quiet, what, number, (limit_s, limit_s))
                await _own(reach, quiet, what, number + 1, limit_s)


def _ourselves(quiet: Quiet, what: Comparison) -> bool:
    """Whether this line brings several times as much as the page held to, but not as the page and our other checks."""
    line = max(line_kbps(what.course.trace.steps, what.course.hop), quiet.just_now_kbps or 0.0)
    transfers = [what.page, *_pages(what, Aim.SAMPLE)]
    kbps = steady_kbps(from_zero(what.page.curve))
    return kbps is not None and line >= FOLD * kbps and len(alone(transfers, line)) < len(transfers)


def _pages(what: Comparison, aim: Aim) -> list[HttpStep]:
    steps = what.course.trace.steps
    return [step for step in steps if isinstance(step, HttpStep) and (step.hop, step.aim) == (what.course.hop, aim)]


async def _pairs_of_handshakes(reach: Reach, what: Comparison) -> list[Pair]:
    """Where they are late with the site's name the page would be, and tell nothing more."""
    done: list[Pair] = []
    while len(done) < _PAIRS and reach.left_s() > _HANDSHAKES_S and not settled(done):
        await _handshakes(reach, what, len(done) + 1)
        pair = _taken(what, len(done) + 1)
        done += [pair] if pair else []
        if not _worth_another(pair, done):
            break
    return done


async def _pairs_of_pages(reach: Reach, quiet: Quiet, what: Comparison, before: int) -> list[Pair]:
    """After so many pairs of handshakes."""
    done: list[Pair] = []
    limit_s = _OWN_LEAST_S
    while len(done) < _PAIRS and reach.left_s() > _PAIR_S and not settled(done):
        pair, limit_s = await _pair(reach, quiet, what, before + len(done) + 1, limit_s, first=not done)
        done += [pair] if pair else []
        if not _worth_another(pair, done):
            break
    if not any(pair.same_page for pair in done) and reach.left_s() > _PAIR_S:  # its own name has to speak for itself
        await _own(reach, quiet, what, before + len(done) + 2, limit_s)
    return done


def _worth_another(pair: Pair | None, done: list[Pair]) -> bool:
    """Whether the last pair differs; of several pairs one may not."""
    if pair is None:
        return False
    return suspicious(pair) or sum(map(suspicious, done)) * 2 > max(2, len(done))


async def _pair(
    reach: Reach, quiet: Quiet, what: Comparison, number: int, limit_s: float, *, first: bool
) -> tuple[Pair | None, float]:
    """Both samples, and how long the next may take with the site's name. None: neither brought anything."""
    if first:
        fast = await _other(reach, quiet, what, number, _head_s(what.page))
        limit_s = _own_limit_s(what.page, fast.ms / 1000) if fast is not None else _OTHER_S
        await _own(reach, quiet, what, number, min(limit_s, reach.left_s() / 2))
    else:
        await _samples(reach, quiet, what, number, (_head_s(what.page), min(limit_s, reach.left_s() / 2)))
    return _taken(what, number), limit_s


def _taken(what: Comparison, number: int) -> Pair | None:
    """The pair of that number, from its steps."""
    steps = what.course.trace.steps
    mine = [step for step in steps if step.hop == what.course.hop and step.attempt == number]
    return next(iter(pairs(mine, what.page)), None)


async def _handshakes(reach: Reach, what: Comparison, number: int) -> None:
    aims = ((Aim.SAMPLE, what.where.host), (Aim.SAMPLE_NEUTRAL, what.neutral.name))
    for aim, name in aims if number % 2 else aims[::-1]:
        course = Course(what.course.trace, hop=what.course.hop, attempt=number, aim=aim)
        lax = name != what.where.host
        await reach.sample_handshake(course, what.page.ip, what.where.port, name, lax=lax)


def _head_s(page: HttpStep) -> float:
    """A server that thinks for long does so whatever the name."""
    waited_s = page.first_byte_t - page.t0 if page.first_byte_t is not None else 0.0
    return max(_OTHER_S, min(waited_s + 1.0, _HEAD_MOST_S))


def _own_limit_s(page: HttpStep, fast_s: float) -> float:
    """As long as a difference needs that can't be overlooked, and no longer."""
    if page.failure is not None:  # does it stop again?
        return _STOPS_S
    return max(_OWN_LEAST_S, min(_OWN_TIMES * fast_s, fast_s + _OWN_MORE_S))


async def _samples(reach: Reach, quiet: Quiet, what: Comparison, number: int, limits_s: tuple[float, float]) -> None:
    """One of each; the first comes second the next time, so that nothing which grows or fades favours one of them."""
    other_s, own_s = limits_s
    if number % 2:
        await _other(reach, quiet, what, number, other_s)
        await _own(reach, quiet, what, number, own_s)
    else:
        await _own(reach, quiet, what, number, own_s)
        await _other(reach, quiet, what, number, other_s)


async def _own(reach: Reach, quiet: Quiet, what: Comparison, number: int, limit_s: float) -> None:
    course = Course(what.course.trace, hop=what.course.hop, attempt=number, aim=Aim.SAMPLE)
    await reach.sample(
        course,
        what.page.ip,
        what.where,
        what.where.host,
        timeout_s=limit_s,
        most_bytes=what.most_bytes,
        in_flight=quiet.beside,
    )


async def _other(reach: Reach, quiet: Quiet, what: Comparison, number: int, limit_s: float) -> HttpStep | None:
    """The page with another name on the way; None where that name brings none, or another."""
    course = Course(what.course.trace, hop=what.course.hop, attempt=number, aim=Aim.SAMPLE_NEUTRAL)
    name = what.neutral.name
    asked = what.where if what.where.scheme == "https" else _elsewhere_named(what.where, name)
    got = await reach.sample(
        course,
        what.page.ip,
        asked,
        name,
        timeout_s=limit_s,
        most_bytes=what.most_bytes,
        in_flight=quiet.beside,
    )
    if got is None or not same_page(what.page, got):
        return None
    quiet.brought(got)
    return got


async def _line(reach: Reach, quiet: Quiet, what: Comparison) -> None:
    """What does this line bring from a reference? And where its page is too small to tell, from a control?"""
    kbps = steady_kbps(from_zero(what.page.curve)) or 0.0
    if (quiet.just_now_kbps or 0.0) > 2 * FOLD * kbps:  # far more than would be needed
        return
    course = Course(what.course.trace, hop=what.course.hop, aim=Aim.SAMPLE_LINE)
    name, ip = what.neutral.name, what.neutral.ip
    got = await reach.sample(course, ip, place(f"https://{name}/"), name, timeout_s=_OTHER_S, in_flight=quiet.beside)
    if got is not None and (got.body_bytes or 0) >= LINE_BYTES:
        quiet.brought(got, reference=True)
    elif reach.left_s() > _LINE_S:
        again = Course(what.course.trace, hop=what.course.hop, attempt=2, aim=Aim.SAMPLE_LINE)
        await what.ask_line(again, round(min(max(kbps * _TOLD_BYTES, _LINE_LEAST_BYTES), _LINE_MOST_BYTES)))
        for page in _pages(what, Aim.SAMPLE_LINE):
            quiet.brought(page, reference=True)


def _elsewhere_named(where: Place, name: str) -> Place:
    """Without TLS the name stands in the request: another name asks for another site's page, at the same address."""
    return replace(place(f"http://{name}/"), port=where.port)
