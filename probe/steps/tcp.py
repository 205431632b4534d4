"""Connects to one address and port. Nothing is resolved here and nothing is sent."""

import asyncio

from probe.net import Tcp
from probe.trace import Course
from results.records import Source, TcpStep


async def connect(course: Course, ip: str, port: int, *, source: Source, timeout_s: float) -> Tcp:
    """A connected socket, to be closed by the caller. Raises StepFailed."""
    with course.step(TcpStep, endpoint(ip, port), source=source):
        async with asyncio.timeout(timeout_s):
            return await Tcp.connect(ip, port)


def endpoint(ip: str, port: int) -> str:
    """As it is written in a URL: an IPv6 address in brackets."""
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"
