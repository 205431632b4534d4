"""Samples take turns, get silence when they need it, and what the line brought is remembered for a while."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import pytest

from probe.quiet import Quiet
from results.records import HttpStep
from tests.results.scenarios.speed import body

LONG_S, SHORT_S = 30.0, 0.05


async def others_have_run() -> None:
    """Whoever can go on has gone on, as far as it can."""
    for _ in range(10):
        await asyncio.sleep(0)


# Turns


@pytest.mark.anyio
async def test_a_second_comparison_waits_until_the_first_has_ended() -> None:
    quiet, order = Quiet(), []
    holds, may_end = asyncio.Event(), asyncio.Event()

    async def first() -> None:
        async with quiet.turn(within_s=LONG_S) as mine:
            order.append(("first", mine))
            holds.set()
            await may_end.wait()
            order.append(("first ended", mine))

    async def second() -> None:
        await holds.wait()
        async with quiet.turn(within_s=LONG_S) as mine:
            order.append(("second", mine))

    async with asyncio.TaskGroup() as group:
        group.create_task(first())
        group.create_task(second())
        await holds.wait()
        await others_have_run()
        assert order == [("first", True)]
        may_end.set()
    assert order == [("first", True), ("first ended", True), ("second", True)]


@pytest.mark.anyio
async def test_who_waits_too_long_for_a_turn_gets_none_and_takes_none_away() -> None:
    quiet = Quiet()
    async with quiet.turn(within_s=LONG_S):
        async with quiet.turn(within_s=SHORT_S) as mine:
            assert mine is False
        async with quiet.turn(within_s=SHORT_S) as mine:  # the one who got none has not given the turn away
            assert mine is False
    async with quiet.turn(within_s=SHORT_S) as mine:
        assert mine is True


@pytest.mark.anyio
async def test_a_turn_ends_with_a_bug_as_well() -> None:
    quiet = Quiet()
    with pytest.raises(ZeroDivisionError):
        async with quiet.turn(within_s=LONG_S):
            raise ZeroDivisionError
    async with quiet.turn(within_s=SHORT_S) as mine:
        assert mine is True


# Who else is there


@asynccontextmanager
async def checks(quiet: Quiet, number: int) -> AsyncIterator[AsyncExitStack]:
    """So many checks under way; they end with the block, or when the stack is closed."""
    async with AsyncExitStack() as stack:
        for _ in range(number):
            stack.enter_context(quiet.load.one())
        yield stack


@pytest.mark.parametrize(("under_way", "comparing", "beside"), [(0, 0, 0), (3, 0, 3), (3, 1, 2), (3, 2, 1), (1, 1, 0)])
@pytest.mark.anyio
async def test_a_check_that_compares_or_waits_for_that_fetches_nothing_beside(
    under_way: int, comparing: int, beside: int
) -> None:
    quiet = Quiet()
    async with checks(quiet, under_way), AsyncExitStack() as turns:
        for _ in range(comparing):  # the first has the turn, the others have waited for it in vain
            await turns.enter_async_context(quiet.turn(within_s=SHORT_S))
        assert quiet.beside == beside
    assert quiet.beside == 0


# Silence


@pytest.mark.anyio
async def test_silence_begins_when_the_last_other_check_has_ended() -> None:
    quiet, silent = Quiet(), asyncio.Event()

    async def ask() -> bool:
        with quiet.load.one():
            async with quiet.silence(within_s=LONG_S) as is_silent:
                silent.set()
                return is_silent

    async with checks(quiet, 1) as one, checks(quiet, 1) as other:
        asking = asyncio.create_task(ask())
        await others_have_run()
        await one.aclose()
        await others_have_run()
        assert not silent.is_set()
        await other.aclose()
        assert await asking is True


@pytest.mark.anyio
async def test_a_check_that_waits_for_its_turn_disturbs_no_silence() -> None:
    quiet, may_end = Quiet(), asyncio.Event()

    async def compare() -> None:
        with quiet.load.one():
            async with quiet.turn(within_s=LONG_S):
                await may_end.wait()

    async with checks(quiet, 1):
        comparing = [asyncio.create_task(compare()) for _ in range(2)]
        async with quiet.silence(within_s=LONG_S) as is_silent:
            await others_have_run()
            assert is_silent is True
    may_end.set()
    await asyncio.gather(*comparing)


@pytest.mark.anyio
async def test_who_begins_to_wait_for_a_turn_ends_the_wait_for_silence() -> None:
    quiet, turns = Quiet(), AsyncExitStack()

    async def ask() -> bool:
        async with quiet.silence(within_s=LONG_S) as is_silent:
            return is_silent

    async with checks(quiet, 2), turns:
        asking = asyncio.create_task(ask())
        await others_have_run()
        assert not asking.done()
        await turns.enter_async_context(quiet.turn(within_s=LONG_S))
        await others_have_run()
        assert asking.done()
        assert await asking is True


@pytest.mark.anyio
async def test_there_is_no_silence_where_a_check_does_not_end_in_time_and_nobody_is_held_up_for_it() -> None:
    quiet = Quiet()
    async with checks(quiet, 2):  # the one that asks, and another
        async with quiet.silence(within_s=SHORT_S) as is_silent:
            assert is_silent is False
        async with asyncio.timeout(SHORT_S):
            await quiet.others_may()


@pytest.mark.anyio
async def test_two_that_ask_for_silence_do_not_wait_for_each_other() -> None:
    quiet = Quiet()
    async with checks(quiet, 2), quiet.silence(within_s=SHORT_S) as alone:
        assert alone is False
        async with quiet.silence(within_s=LONG_S) as both:
            assert both is True


@pytest.mark.anyio
async def test_no_check_is_begun_until_the_last_silence_is_over() -> None:
    quiet = Quiet()
    async with checks(quiet, 1), quiet.silence(within_s=LONG_S) as is_silent:
        beginning = asyncio.create_task(quiet.others_may())
        await others_have_run()
        assert (is_silent, beginning.done()) == (True, False)
        async with quiet.silence(within_s=LONG_S):
            pass
        await others_have_run()
        assert not beginning.done()
    async with asyncio.timeout(LONG_S):
        await beginning


@pytest.mark.anyio
async def test_silence_ends_with_a_bug_as_well() -> None:
    quiet = Quiet()
    with pytest.raises(ZeroDivisionError):
        async with quiet.silence(within_s=LONG_S):
            raise ZeroDivisionError
    async with asyncio.timeout(SHORT_S):
        await quiet.others_may()


# What the line brings


def test_nothing_is_known_of_a_line_that_brought_nothing() -> None:
    assert (Quiet().line_kbps, Quiet().just_now_kbps) == (None, None)


def test_the_most_that_references_brought_is_what_a_line_brings() -> None:
    quiet = Quiet()
    for kbps in (4_000, 9_000, 500):
        quiet.brought(body(kbps), reference=True)
    assert quiet.line_kbps == pytest.approx(9_000, rel=0.02)


def test_what_came_from_anywhere_is_the_least_that_a_line_brings_now_and_no_reference() -> None:
    quiet = Quiet()
    quiet.brought(body(4_000), reference=True)
    quiet.brought(body(9_000))
    assert (quiet.line_kbps, quiet.just_now_kbps) == pytest.approx((4_000, 9_000), rel=0.02)


@pytest.mark.parametrize(
    "came",
    [body(4_000, size=9_000), replace(body(4_000), curve=()), replace(body(4_000), body_bytes=None)],
    ids=["too small", "in one read", "nothing"],
)
def test_what_is_too_little_says_nothing_of_a_line(came: HttpStep) -> None:
    quiet = Quiet()
    quiet.brought(came, reference=True)
    assert (quiet.line_kbps, quiet.just_now_kbps) == (None, None)


@pytest.mark.parametrize(
    ("later_s", "line_kbps", "just_now_kbps"),
    [(1, 9_000, 9_000), (300, 9_000, 4_000), (24 * 3600, 4_000, 4_000)],
    ids=["at once", "minutes later", "the day after"],
)
def test_what_a_line_brought_long_ago_is_forgotten_and_what_it_brings_now_is_not(
    monkeypatch: pytest.MonkeyPatch, later_s: float, line_kbps: float, just_now_kbps: float
) -> None:
    quiet, now_s = Quiet(), time.monotonic()
    quiet.brought(body(9_000), reference=True)
    monkeypatch.setattr(time, "monotonic", lambda: now_s + later_s)
    quiet.brought(body(4_000), reference=True)
    assert (quiet.line_kbps, quiet.just_now_kbps) == pytest.approx((line_kbps, just_now_kbps), rel=0.02)
