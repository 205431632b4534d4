"""Asking for a name through an encrypted resolver: its answer, its failures, and what they must not be taken for."""

import ssl

import pytest

from probe.contexts import web_context
from probe.services import Services
from probe.steps import dns as step
from probe.trace import Course, StepFailed
from results.failure import Failure
from results.records import DnsStep, Via
from tests.probe import servers
from tests.probe.resolver import TRUE_ADDRESS, doh
from tests.probe.servers import Peer, page, site

pytestmark = pytest.mark.anyio
NAME = "ratel.example"


async def trusted(
    course: Course, roots: str, peer: Peer, theirs: ssl.SSLContext, *, host: str = "127.0.0.1", timeout_s: float = 5
) -> DnsStep:
    services = Services(web_context(roots))
    try:
        async with site(peer, theirs) as port:
            url = f"https://{host}:{port}/dns-query"
            await step.trusted(course, NAME, url, services, timeout_s=timeout_s)
    except StepFailed:
        pass
    finally:
        await services.aclose()
    (kept,) = course.trace.steps
    assert isinstance(kept, DnsStep)
    assert kept.via is Via.TRUSTED
    return kept


async def test_an_encrypted_resolver_answers(course: Course, roots: str, theirs: ssl.SSLContext) -> None:
    kept = await trusted(course, roots, doh, theirs)
    assert (kept.failure, kept.addresses, kept.name) == (None, (TRUE_ADDRESS,), NAME)


@pytest.mark.parametrize(
    ("peer", "failure"),
    [
        (page(b"this is no DNS"), Failure.DNS_OTHER),
        (page(b""), Failure.DNS_OTHER),
        (page(servers.HTML, "404 Not Found"), Failure.HTTP_GARBAGE),
        (page(b"\0" * 70_000), Failure.HTTP_GARBAGE),
        (servers.says(b"220 mail.example ESMTP\r\n\r\n"), Failure.HTTP_GARBAGE),
        (servers.closes, Failure.CLOSED),
        (servers.resets, Failure.RESET),
    ],
    ids=["garbage", "empty", "404", "too long", "no HTTP", "closed", "reset"],
)
async def test_what_an_encrypted_resolvers_failure_is_called(
    course: Course, roots: str, theirs: ssl.SSLContext, peer: Peer, failure: Failure
) -> None:
    kept = await trusted(course, roots, peer, theirs)
    assert (kept.failure, kept.addresses) == (failure, ())


async def test_a_silent_encrypted_resolver_times_out(course: Course, roots: str, theirs: ssl.SSLContext) -> None:
    kept = await trusted(course, roots, servers.is_silent, theirs, timeout_s=0.2)
    assert kept.failure is Failure.TIMEOUT


async def test_an_encrypted_resolver_with_a_strange_certificate_is_not_believed(
    course: Course, roots: str, other_authority: ssl.SSLContext
) -> None:
    """Nor does it leave a socket behind, which would fail this test as a ResourceWarning."""
    kept = await trusted(course, roots, doh, other_authority, host="localhost")
    assert (kept.failure, kept.addresses) == (Failure.TLS_AUTHORITY, ())


async def test_a_resolver_whose_own_name_is_not_found_says_nothing_about_the_sites_name(
    course: Course, roots: str, theirs: ssl.SSLContext
) -> None:
    """A censor that hides both must not make "blocked" into "there is no such site"."""
    kept = await trusted(course, roots, doh, theirs, host="no..such..resolver")
    assert kept.failure is not None
    assert kept.failure is not Failure.DNS_NXDOMAIN
