"""One request to a peer, as a check makes it, and all that it leaves behind."""

import ssl
from dataclasses import dataclass

from probe.net import Cookies, Tcp, Tls, place
from probe.steps import http, tcp, tls
from probe.trace import Course, StepFailed
from results.records import HttpStep, Source
from tests.probe.conftest import NAME
from tests.probe.servers import Peer, site


@dataclass
class Asked:
    """What one request left behind."""

    step: HttpStep
    leads_to: str | None
    cookies: Cookies


async def asked(
    course: Course,
    peer: Peer,
    theirs: ssl.SSLContext | None = None,
    ours: ssl.SSLContext | None = None,
    *,
    path: str = "/",
    cookies: Cookies | None = None,
    timeout_s: float = 5,
) -> Asked:
    cookies = Cookies() if cookies is None else cookies
    leads_to = None
    async with site(peer, theirs) as port:
        where = place(f"{'https' if theirs else 'http'}://{NAME}:{port}{path}")
        connection = await tcp.connect(course, "127.0.0.1", port, source=Source.SYSTEM, timeout_s=5)
        stream: Tcp | Tls = connection
        try:
            if ours is not None:
                stream = await tls.handshake(course, connection, "", NAME, ours, source=Source.SYSTEM, timeout_s=5)
            leads_to = await http.get(
                course, stream, "there", where, cookies, source=Source.SYSTEM, timeout_s=timeout_s
            )
        except StepFailed as failed:
            assert course.trace.steps[-1].failure is failed.failure  # noqa: PT017 - either way is looked at
        assert connection.get_extra_info("socket").fileno() == -1, "the stream is left open"
    step = course.trace.steps[-1]
    assert isinstance(step, HttpStep)
    return Asked(step, leads_to, cookies)
