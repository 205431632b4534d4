"""What the controls say during one check: asked beside the visit, waited for as long as the verdict needs them.

How one is asked is in probe/control.py, what a difference means in results/rules.
"""

import asyncio
from contextlib import suppress
from datetime import UTC

from probe import control, net
from probe.reach import Reach
from probe.scrub import scrubbed_url
from probe.tools import Tools
from probe.trace import Course, StepFailed
from results.failure import Failure
from results.hops import there
from results.records import Control, HttpStep, Source

_CONTROL_S = 24.0  # a server that never answers takes the control as long as us
_ANSWER_S = 14.0
_ADDRESSES_S = 2.0  # at the second attempt; it was asked before the first
_LINE_S = 3.0
_GRACE_S = 1.0  # for what a page that came and is proven doesn't need


class Witness:
    """One check's controls."""

    def __init__(self, tools: Tools, reach: Reach) -> None:
        self.asked: asyncio.Task[None] | None = None
        self.clock_ahead_s: float | None = None
        self._tools = tools
        self._reach = reach
        self._control: Control | None = None
        self._more: list[Control] = []

    async def ask(self, url: str, addresses: list[str]) -> None:
        """The controls in their order, until one speaks."""
        self._control = await self._answer(url, addresses)

    async def ask_again(self, where: net.Place, addresses: list[str]) -> None:
        """About a later hop: the control went there by itself, and may have met other addresses than we did."""
        spoken = await self.answer()
        about = scrubbed_url(where.url)
        known = there(spoken).get(about)
        met = {way.ip for way in known.ways} if known else set()
        if (
            spoken is not None
            and spoken.spoke
            and set(addresses) - met
            and spoken.hops[:1] != (scrubbed_url(where.url),)
        ):
            answer = await self._answer(where.url, addresses)
            if answer is not None:
                self._more.append(answer)

    async def addresses(self, url: str) -> list[str]:
        """What the control was told are the addresses of a hop's name; empty where it has not answered by now."""
        if self.asked is not None:
            await asyncio.wait([self.asked], timeout=self._reach.within(_ADDRESSES_S))
        side = there(self._control).get(scrubbed_url(url))
        return sorted(side.system_addresses) if side else []

    async def answer(self) -> Control | None:
        """The control's answer; None where none was asked, or it takes so long that no time would be left to doubt."""
        if self.asked is not None:
            await asyncio.wait([self.asked], timeout=self._reach.within(_ANSWER_S))
        return self._control

    async def wait(self, *, longer: bool) -> None:
        """`longer`: not where the page has come and its certificate proves it, nor where the line is dead."""
        if self.asked is not None:
            await asyncio.wait([self.asked], timeout=self._reach.within(_CONTROL_S) if longer else _GRACE_S)

    async def line(self, course: Course, amount: int) -> None:
        """How fast does this line bring so many bytes from the control that spoke? A step of its own."""
        tools, spoken = self._tools, self._control
        if spoken is None or not spoken.spoke:
            return
        curve: list[tuple[float, int]] = []

        def heard(came: int) -> None:
            curve.append((round(course.trace.now(), 4), came))

        url = spoken.name.rstrip("/") + control.LINE_PATH
        with suppress(StepFailed), course.step(HttpStep, spoken.name, url=url, source=Source.CONTROL) as learnt:
            try:
                async with asyncio.timeout(self._reach.within(_LINE_S)):
                    await control.line(tools.services, spoken.name, tools.control_token, amount, heard)
            except TimeoutError:
                if not curve:
                    raise
                learnt["capped"] = True  # it still flowed, slowly, and that was the question
            learnt.update(body_bytes=curve[-1][1] if curve else 0, curve=tuple(curve))

    def answers(self) -> tuple[Control | None, tuple[Control, ...]]:
        """The control that spoke, else the last one's failure; and those asked before it in vain or after it."""
        if self.asked is not None and self._control is None:
            failed = {control.name for control in self._more}
            name = next((name for name in self._tools.controls if name not in failed), self._tools.controls[-1])
            return Control(name=name, failure=Failure.INTERRUPTED, detail="not waited for"), tuple(self._more)
        return self._control, tuple(self._more)

    async def _answer(self, url: str, addresses: list[str]) -> Control | None:
        tools, limit_s = self._tools, self._reach.within(_CONTROL_S)
        answer = await control.ask_all(
            tools.services, tools.controls, tools.control_token, url, addresses, timeout_s=limit_s, in_vain=self._more
        )
        if answer is not None and answer.at is not None:
            self.clock_ahead_s = (tools.utcnow() - answer.at.astimezone(UTC)).total_seconds()
        return answer
