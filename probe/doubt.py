"""A/B tests: what stands in the way, the name or the address? They run beside a second attempt and judge nothing.

One side is the site's name or address, the other a reference's; an unrelated name at the reference's address is the
baseline, since some servers refuse every name that they don't know.
"""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any

from probe import net
from probe.reach import Reach
from probe.sanity import Look, Neutral
from probe.scrub import scrubbed_url
from probe.trace import Course
from results.content import alike
from results.failure import CERTIFICATE_FAILURES
from results.records import (
    Aim,
    Control,
    DnsStep,
    HttpStep,
    Source,
    Step,
    TcpStep,
    TlsStep,
    Via,
    is_bogon,
)

_UNRELATED = "www.example.com"  # a name that nobody blocks and no reference serves
_ORDINARY = frozenset({Source.LITERAL, Source.SYSTEM})
_OTHER_PORT = {80: 443, 443: 80}


Test = Coroutine[Any, Any, None]


def tests(reach: Reach, course: Course, where: net.Place, steps: Iterable[Step], look: Look) -> list[Test]:
    """What is to be tried beside the second attempt, by what failed in the first."""
    steps = [step for step in steps if step.hop == course.hop]
    failed = testable(steps, course.hop)
    planned = of_name(reach, course, where, steps, look) + of_port(reach, course, where, steps)
    if failed is not None and look.neutrals:
        planned.append(compare(reach, course, where, failed, look))
    return planned


def of_name(reach: Reach, course: Course, where: net.Place, steps: Iterable[Step], look: Look) -> list[Test]:
    """A name that was not resolved, or not as others do, is asked where no resolver is: who answers sits on the path.

    Beside it another name, since some providers answer for every resolver in the world.
    """
    asked = [step for step in steps if isinstance(step, DnsStep) and step.hop == course.hop and step.aim is Aim.VISIT]
    own = {ip for step in asked if step.via in {Via.SYSTEM, Via.UDP} for ip in step.addresses if not is_bogon(ip)}
    true = {ip for step in asked if step.via is Via.TRUSTED for ip in step.addresses}
    if where.is_address or not look.neutrals or (own and (own & true or not true)):
        return []
    nobody = look.neutrals[0]
    return [
        reach.ask_nobody(course.aimed(Aim.NO_RESOLVER), where.host, nobody.ip),
        reach.ask_nobody(course.aimed(Aim.BASELINE), nobody.name, nobody.ip),
    ]


def of_port(reach: Reach, course: Course, where: net.Place, steps: Iterable[Step]) -> list[Test]:
    """No connection at all: does the same address take one on the other port of the web?"""
    tried = [step for step in steps if isinstance(step, TcpStep) and step.source in _ORDINARY]
    if not tried or any(step.failure is None for step in tried) or where.port not in _OTHER_PORT:
        return []
    return [reach.connect_once(course.aimed(Aim.OTHER_PORT), tried[0].ip, _OTHER_PORT[where.port])]


def of_page(reach: Reach, course: Course, where: net.Place, steps: Iterable[Step], look: Look) -> list[Test]:
    """A page without TLS that nobody else gets: whose is it?

    The path's, if the name alone brings it from an address of others; a server's for everybody, if our address gives
    it for any name; the site's own, if it comes over the site's certificate as well.
    """
    came = [step for step in steps if isinstance(step, HttpStep) and step.hop == course.hop and step.failure is None]
    own = next((step.ip for step in came if step.source in _ORDINARY and step.aim is Aim.VISIT), None)
    planned = [ask_elsewhere(reach, course, where, neutral) for neutral in look.neutrals[:2]]
    if own is not None and where.port == 80:
        unrelated, secured = net.place(f"http://{_UNRELATED}/"), net.place(f"https://{where.host}/")
        planned.append(reach.ask_once(course.aimed(Aim.NEUTRAL_NAME), own, 80, unrelated))
        planned.append(reach.ask_once(course.aimed(Aim.OTHER_PORT), own, 443, secured))
    return planned


def testable(steps: Iterable[Step], hop: int) -> TlsStep | HttpStep | None:
    """The newest step of a visit that the network ended in a handshake or a request, and not by a bad certificate.

    Where the system's addresses lead nowhere, of the visit to the true ones.
    """
    failed = [
        step
        for step in steps
        if isinstance(step, (TlsStep, HttpStep))
        and step.hop == hop
        and step.aim is Aim.VISIT
        and step.failure is not None
        and step.failure not in CERTIFICATE_FAILURES
    ]
    ordinary = [step for step in failed if step.source in _ORDINARY]
    true = [step for step in failed if step.source is Source.TRUSTED]
    return next(reversed(ordinary or true), None)


def same_page(steps: Iterable[Step], answer: Control, hop: int, url: str) -> bool:
    """Whether the control got the same page at this hop, or one of the same site."""
    ours = [step for step in steps if isinstance(step, HttpStep) and step.hop == hop and step.failure is None]
    at = answer.hops.index(scrubbed_url(url)) if scrubbed_url(url) in answer.hops else None
    theirs = [step for step in answer.steps if isinstance(step, HttpStep) and step.hop == at and step.failure is None]
    return bool(ours and theirs) and bool(alike(ours[-1], theirs[-1]))


async def compare(reach: Reach, course: Course, where: net.Place, failed: TlsStep | HttpStep, look: Look) -> None:
    """The same address with another name; the same name at another address, beside an unrelated one there."""
    neutral = look.neutrals[0]
    if isinstance(failed, TlsStep):
        planned = [reach.shake_once(course.aimed(Aim.NEUTRAL_NAME), failed.ip, where.port, neutral.name)]
        for other in look.spare[:1]:
            planned.append(reach.shake_once(course.aimed(Aim.NEUTRAL_ADDRESS), other.ip, 443, where.host))
            planned.append(reach.shake_once(course.aimed(Aim.BASELINE), other.ip, 443, _UNRELATED))
        await asyncio.gather(*planned)
    elif where.scheme == "http":
        other_name = net.place(f"http://{neutral.name}/")
        here = reach.ask_once(course.aimed(Aim.NEUTRAL_NAME), failed.ip, where.port, other_name)
        await asyncio.gather(here, ask_elsewhere(reach, course, where, neutral))


async def ask_elsewhere(reach: Reach, course: Course, where: net.Place, neutral: Neutral) -> None:
    """The site's page, and an unrelated one, from an address that is not the site's: does the path write them?"""
    unrelated = net.place(f"http://{_UNRELATED}/")
    named = reach.ask_once(course.aimed(Aim.NEUTRAL_ADDRESS), neutral.ip, 80, where)
    await asyncio.gather(named, reach.ask_once(course.aimed(Aim.BASELINE), neutral.ip, 80, unrelated))
