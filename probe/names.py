"""Which addresses does a name have, for this machine and for those whom the network can't alter?

How one resolver is asked is in probe/steps/dns.py; what a difference means is said in results/rules/dns.py.
"""

import asyncio
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from probe.services import Services
from probe.steps import dns
from probe.trace import Course, StepFailed
from results.failure import DNS_SILENCE, Failure
from results.records import DnsStep, Via

_WINDOW_S = 1.5  # how long answers after the first are still heard
DENIED = frozenset({Failure.DNS_NXDOMAIN, Failure.DNS_NO_ANSWER})


@dataclass(frozen=True, slots=True)
class Resolvers:
    """Who can be asked."""

    system: tuple[str, ...] = ()  # what this machine is set to use, by address
    extra: tuple[str, ...] = ()  # from the configuration, by address
    trusted: tuple[str, ...] = ()  # encrypted, by URL


NONE = Resolvers()


async def own(
    course: Course, name: str, *, timeout_s: float, listening: Collection["asyncio.Task[Any]"] = ()
) -> list[str]:
    """The addresses that a program on this machine gets; empty where there are none.

    `listening`: queries of ours to the system's resolver, under way. The system asks again only after 5 s what was
    lost, ours is sent anew each second: it stands in where the system's got no answer in time.
    """
    try:
        return list(await dns.system(course, name, timeout_s=timeout_s))
    except StepFailed as failed:
        if failed.failure not in DNS_SILENCE or not listening:
            return []
    await asyncio.wait(listening)
    ours = [
        step
        for step in course.trace.steps
        if isinstance(step, DnsStep) and step.via is Via.UDP and step.name == name and step.attempt == course.attempt
    ]
    return [ip for step in ours if step.failure is None for ip in step.addresses]


async def hear(course: Course, name: str, server: str, via: Via, *, timeout_s: float, enough: asyncio.Event) -> None:
    """A query of our own to `server` (an IP address), whose every answer is kept until `enough` is set."""
    try:
        await dns.udp(course, name, server, timeout_s=timeout_s, window_s=_WINDOW_S, enough=enough, via=via)
    except StepFailed:
        return  # the trace has it


async def trusted(
    course: Course, name: str, urls: Iterable[str], services: Services, *, timeout_s: float
) -> tuple[str, ...]:
    """The first encrypted resolver's answer that is one; empty where none answers or there is no such name."""
    for url in urls:
        try:
            return await dns.trusted(course, name, url, services, timeout_s=timeout_s)
        except StepFailed as failed:
            if failed.failure in DENIED:
                return ()
    return ()
