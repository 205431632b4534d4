"""An event loop in which a day takes seconds: where nothing is left to do, time jumps to what is due next.

The loop's time stands still while the machine sleeps, as the kernel's does; the wall's clock goes on.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from contextlib import suppress
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import apscheduler.executors.base
import apscheduler.schedulers.base
import apscheduler.triggers.interval
import pytest

_CLOCKED = (apscheduler.schedulers.base, apscheduler.executors.base, apscheduler.triggers.interval)


class _Jumping(selectors.DefaultSelector):
    """Never waits for what is to come by a timer."""

    passed_s = 0.0

    def select(self, timeout: float | None = None) -> Any:
        found = super().select(0)
        if not found:
            assert timeout is not None, "nothing would ever happen again"
            self.passed_s += max(0.0, timeout)
        return found


class Day(asyncio.SelectorEventLoop):
    """The loop, the clock on the wall, and what is planned by it."""

    def __init__(self, begins: datetime) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)
        self._begins = begins
        self._slept = timedelta()

    def time(self) -> float:
        return self._jumping.passed_s

    def now(self) -> datetime:
        return self._begins + self._slept + timedelta(seconds=self.time())

    def sleep_machine(self, length: timedelta) -> None:
        self._slept += length

    def at(self, moment: datetime, do: Callable[[], object]) -> None:
        """On the wall's clock. What is slept through is done on waking."""

        def wake() -> None:
            left_s = (moment - self.now()).total_seconds()
            if left_s > 0:
                self.call_later(left_s, wake)
            else:
                do()

        wake()

    def run_in_executor(self, executor: Executor | None, func: Any, *args: Any) -> Any:  # type: ignore[override]  # noqa: ARG002
        """At once: threads would run in a time of their own."""
        done = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as exc:  # noqa: BLE001 - whoever waits gets it
            done.set_exception(exc)
        return done


def lived(day: Day, work: Callable[[], Coroutine[Any, Any, None]], length: timedelta) -> None:
    """Runs the work until the day is over, with apscheduler on its clock."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            return day.now().astimezone(tz or UTC)

    async def until() -> None:
        task = asyncio.ensure_future(work())
        over = asyncio.Event()
        day.at(day.now() + length, over.set)
        ended = asyncio.ensure_future(over.wait())
        await asyncio.wait([task, ended], return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    with pytest.MonkeyPatch.context() as patch:
        for module in _CLOCKED:
            patch.setattr(module, "datetime", Clock)
        try:
            day.run_until_complete(until())
        finally:
            day.close()
