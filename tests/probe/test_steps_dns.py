"""Asking for a name: a resolver's answer, refusal and silence, the answers that race, and the encrypted resolver."""

import asyncio
import socket
import sys
from contextlib import suppress

import dns.message
import dns.rcode
import pytest

from probe.steps import dns as step
from probe.trace import Course, StepFailed
from results.failure import Failure
from results.records import DnsStep, Via, is_address
from tests.probe import servers
from tests.probe.resolver import (
    FALSE_ADDRESS,
    TRUE_ADDRESS,
    Liar,
    and_says_that_it_is_closed,
    answer,
    answers_second,
    as_a_stranger,
    cut_short,
    cut_short_after_a_lie,
    floods,
    honest,
    noisy,
    of_another_class,
    only_noise,
    over_tcp,
    raced,
    resolver,
    says_no_address,
    says_rcode,
    silent,
    through_aliases,
    without_pause,
)
from tests.probe.servers import Peer, site

pytestmark = pytest.mark.anyio
NAME = "ratel.example"


async def heard(
    course: Course, server: str, *, timeout_s: float = 2, window_s: float = 0.1, enough: asyncio.Event | None = None
) -> DnsStep:
    with suppress(StepFailed):
        await step.udp(course, NAME, server, timeout_s=timeout_s, window_s=window_s, enough=enough or asyncio.Event())
    (kept,) = course.trace.steps
    assert isinstance(kept, DnsStep)
    assert kept.via is Via.UDP
    return kept


# Over UDP, with every answer


async def test_an_honest_resolver_gives_one_answer(course: Course) -> None:
    async with resolver(honest) as server:
        kept = await heard(course, server)
    assert (kept.failure, kept.addresses, kept.endpoint) == (None, (TRUE_ADDRESS,), f"udp://{server}")
    assert [found.rcode for found in kept.answers] == ["NOERROR"]


async def test_both_answers_of_a_race_are_heard_the_first_counts(course: Course) -> None:
    """The first is what programs here believe; the second shows that it was forged."""
    async with resolver(raced) as server:
        kept = await heard(course, server)
    assert [found.addresses for found in kept.answers] == [(FALSE_ADDRESS,), (TRUE_ADDRESS,)]
    assert kept.addresses == (FALSE_ADDRESS,)
    assert kept.answers[0].t <= kept.answers[1].t


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux is known to tell a datagram's IP TTL")
async def test_each_answer_says_how_far_it_came(course: Course) -> None:
    async with resolver(raced) as server:
        kept = await heard(course, server)
    assert [found.ip_ttl for found in kept.answers] == [199, 61]


@pytest.mark.parametrize(
    ("liar", "failure", "rcode"),
    [
        (says_rcode(dns.rcode.NXDOMAIN), Failure.DNS_NXDOMAIN, "NXDOMAIN"),
        (says_rcode(dns.rcode.SERVFAIL), Failure.DNS_SERVFAIL, "SERVFAIL"),
        (says_rcode(dns.rcode.REFUSED), Failure.DNS_REFUSED, "REFUSED"),
        (says_rcode(dns.rcode.NOTIMP), Failure.DNS_OTHER, "NOTIMP"),
        (says_no_address, Failure.DNS_NO_ANSWER, "NOERROR"),
        (of_another_class, Failure.DNS_NO_ANSWER, "NOERROR"),
    ],
    ids=["nxdomain", "servfail", "refused", "notimp", "no address", "no internet"],
)
async def test_a_refusal_is_data(course: Course, liar: Liar, failure: Failure, rcode: str) -> None:
    async with resolver(liar) as server:
        kept = await heard(course, server)
    assert kept.failure is kept.answers[0].failure is failure
    assert (kept.answers[0].rcode, kept.addresses) == (rcode, ())


async def test_an_answer_that_is_cut_short_does_not_say_that_there_is_no_address(course: Course) -> None:
    """There, TCP is closed as well."""
    async with resolver(cut_short) as server:
        kept = await heard(course, server)
    assert (kept.failure, [found.rcode for found in kept.answers]) == (Failure.DNS_OTHER, ["NOERROR"])


async def test_an_answer_that_is_cut_short_is_asked_for_again_over_tcp(course: Course) -> None:
    whole = over_tcp(lambda query: answer(query, TRUE_ADDRESS))
    async with resolver(cut_short) as server, site(whole, host=server, port=53):
        kept = await heard(course, server)
    assert (kept.failure, kept.addresses) == (None, (TRUE_ADDRESS,))
    assert len(kept.answers) == 1


async def test_the_window_stays_open_while_tcp_is_asked(course: Course) -> None:
    """The lie came first, and is what programs here believe; the truth over TCP shows that it was one."""
    whole = over_tcp(lambda query: answer(query, TRUE_ADDRESS))
    async with resolver(cut_short_after_a_lie) as server, site(whole, host=server, port=53):
        kept = await heard(course, server, window_s=0.5)
    assert [found.addresses for found in kept.answers] == [(FALSE_ADDRESS,), (TRUE_ADDRESS,)]


@pytest.mark.parametrize(
    "peer",
    [
        servers.resets,
        servers.closes,
        servers.stalls,
        servers.says(b"\0\x04\xff\xff\xff\xff"),
        servers.says(b"\xff\xff" + b"\xff" * 65535),
        over_tcp(lambda _query: answer(dns.message.make_query("other.example", "A"), FALSE_ADDRESS)),
    ],
    ids=["reset", "closed", "silent", "noise", "much noise", "another question"],
)
async def test_a_resolver_that_fails_over_tcp_leaves_what_it_said_over_udp(course: Course, peer: Peer) -> None:
    async with resolver(cut_short) as server, site(peer, host=server, port=53):
        kept = await heard(course, server, timeout_s=0.5)
    assert (kept.failure, kept.addresses) == (Failure.DNS_OTHER, ())
    assert kept.ms < 3000


async def test_aliases_lead_to_the_address(course: Course) -> None:
    async with resolver(through_aliases) as server:
        kept = await heard(course, server)
    assert (kept.failure, kept.addresses) == (None, (TRUE_ADDRESS,))


async def test_of_a_flood_of_answers_some_are_kept(course: Course) -> None:
    async with resolver(floods(100, 60)) as server:
        kept = await heard(course, server, window_s=5)
    assert len(kept.answers) == 64
    assert {len(found.addresses) for found in kept.answers} == {32}
    assert kept.answers[-1].t < 4  # the window is closed when there is enough


@pytest.mark.parametrize("liar", [only_noise([]), floods(1, 1)], ids=["noise", "answers"])
async def test_a_flood_holds_neither_the_clock_nor_others(course: Course, liar: Liar) -> None:
    """What comes faster than it is read: a loop that never waits would never look at the clock."""
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with resolver(liar, meet=without_pause) as server:
        beside = asyncio.create_task(other())
        kept = await heard(course, server, timeout_s=0.5, window_s=0.5)
        beside.cancel()
    assert len(kept.answers) <= 64
    assert kept.ms < 5000
    assert turns > 50


async def test_an_answer_from_somebody_else_is_not_heard(course: Course) -> None:
    async with resolver(honest, meet=as_a_stranger) as server:
        kept = await heard(course, server, timeout_s=0.3)
    assert kept.failure is Failure.TIMEOUT


async def test_what_answered_for_an_address_that_is_no_resolver_is_kept(course: Course) -> None:
    """A box on the path answers, then the host itself says that its port is closed."""
    async with resolver(honest, meet=and_says_that_it_is_closed) as server:
        kept = await heard(course, server, window_s=0.3)
    assert (kept.failure, kept.addresses) == (None, (TRUE_ADDRESS,))


async def test_noise_on_the_port_is_no_answer(course: Course) -> None:
    async with resolver(noisy) as server:
        kept = await heard(course, server)
    assert [found.addresses for found in kept.answers] == [(TRUE_ADDRESS,)]


async def test_a_resolver_that_answers_with_noise_alone_is_not_flooded_with_questions(course: Course) -> None:
    asked: list[int] = []
    async with resolver(only_noise(asked)) as server:
        kept = await heard(course, server, timeout_s=0.2)
    assert kept.failure is Failure.TIMEOUT
    assert len(asked) == 1


async def test_a_silent_resolver_times_out(course: Course) -> None:
    async with resolver(silent) as server:
        kept = await heard(course, server, timeout_s=0.1)
    assert (kept.failure, kept.answers) == (Failure.TIMEOUT, ())
    assert 90 < kept.ms < 1000


async def test_a_lost_question_is_asked_again(course: Course) -> None:
    asked: list[int] = []
    async with resolver(answers_second(asked)) as server:
        kept = await heard(course, server, timeout_s=5)
    assert kept.failure is None
    assert len(asked) == 2


async def test_a_closed_port_is_refused_at_once(course: Course) -> None:
    kept = await heard(course, "127.0.0.3")
    assert kept.failure is Failure.REFUSED
    assert kept.ms < 500


async def test_the_window_closes_early_when_no_more_is_needed(course: Course) -> None:
    enough = asyncio.Event()
    async with resolver(honest) as server:
        asyncio.get_running_loop().call_later(0.05, enough.set)
        kept = await heard(course, server, window_s=30, enough=enough)
    assert kept.failure is None
    assert kept.ms < 1000


async def test_without_an_answer_being_enough_does_not_cut_the_wait(course: Course) -> None:
    asked: list[int] = []
    enough = asyncio.Event()
    enough.set()
    async with resolver(answers_second(asked)) as server:
        kept = await heard(course, server, timeout_s=5, enough=enough)
    assert kept.addresses == (TRUE_ADDRESS,)


async def test_a_resolver_on_the_link_can_be_asked(course: Course) -> None:
    """Home routers announce themselves as fe80::1%eth0, and that is what resolv.conf then has."""
    interface = socket.if_nameindex()[0][1]
    kept = await heard(course, f"fe80::1%{interface}", timeout_s=0.1)
    assert kept.failure is not None


async def test_a_name_that_no_query_can_carry_is_a_failure_and_no_crash(course: Course) -> None:
    with pytest.raises(StepFailed) as caught:
        await step.udp(course, "x" * 64 + ".kz", "127.0.0.3", timeout_s=1, window_s=0, enough=asyncio.Event())
    assert caught.value.failure is Failure.DNS_OTHER


# The system's way


async def test_the_system_resolves_what_is_in_its_own_table(course: Course) -> None:
    addresses = await step.system(course, "localhost", timeout_s=5)
    (kept,) = course.trace.steps
    assert isinstance(kept, DnsStep)
    assert "127.0.0.1" in addresses
    assert (kept.via, kept.endpoint, kept.addresses, kept.ip) == (Via.SYSTEM, "system", addresses, "")


@pytest.mark.parametrize("name", ["a..b", ".kz", "x" * 64 + ".kz"], ids=["empty label", "leading dot", "long label"])
async def test_a_name_that_cannot_be_is_no_such_name(course: Course, name: str) -> None:
    with pytest.raises(StepFailed) as caught:
        await step.system(course, name, timeout_s=5)
    assert caught.value.failure is Failure.DNS_NXDOMAIN


async def test_every_resolver_of_this_system_is_an_address() -> None:
    assert [server for server in step.system_resolvers() if not is_address(server.partition("%")[0])] == []
