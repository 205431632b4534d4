"""May this machine measure now, and how much? A pause, a VPN, roaming, a metered line, a battery.

What is asked of whom is in probe/surroundings.py; what a round does with the answer in probe/schedule.py. Pure but for
`Fitness`, which puts the two together. A captive portal shows itself only in the round's look at the line.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Literal

from probe import control
from probe.services import Services
from probe.showing import Credential
from probe.surroundings import Surroundings, around
from probe.tongue import N_
from probe.vantage.pause import paused
from probe.whereabouts import whereabouts

_ASK_S = 10.0
Wish = Literal["full", "light", "none"]


class Extent(StrEnum):
    """How much of a round is measured."""

    FULL = "full"
    LIGHT = "light"  # names, connections and handshakes; no page
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Fit:
    """How much, and where it is not all, why: a word of `gap.why`."""

    extent: Extent = Extent.FULL
    why: str = ""


FULLY = Fit()
SAYS = {  # each for a person, once when it begins
    "paused": N_("Measuring is paused. It goes on by itself, or with: kedergi vantage resume"),
    "vpn": N_("A VPN is on, or this is another line than the configured one: nothing is measured until it is back."),
    "roaming": N_("This machine is roaming: nothing is measured abroad."),
    "portal": N_("This network wants you to sign in first (a captive portal): nothing is measured until then."),
    "metered": N_("This line is metered (probe.on_metered): less is measured, or nothing."),
    "battery": N_("This machine runs on its battery (probe.on_battery): less is measured, or nothing."),
    "moved": N_("The network changed during a round: what was left of the round is measured later."),
}


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the configuration says of it."""

    asn: int | None = None
    country: str | None = None
    on_metered: Wish = "light"
    on_battery: Wish = "full"


def fit(found: Surroundings, wishes: Wishes) -> Fit:
    """What is told by no one counts as fine: whoever can't tell a metered line must say so in the configuration."""
    if _elsewhere(found, wishes):
        return Fit(Extent.NONE, "vpn")
    if found.roaming:
        return Fit(Extent.NONE, "roaming")
    chosen = []
    if found.metered:
        chosen.append(Fit(Extent(wishes.on_metered), "metered"))
    if found.on_battery:
        chosen.append(Fit(Extent(wishes.on_battery), "battery"))
    least = min(chosen, key=lambda one: list(Extent)[::-1].index(one.extent), default=FULLY)
    return FULLY if least.extent is Extent.FULL else least


def _elsewhere(found: Surroundings, wishes: Wishes) -> bool:
    """The number of the network says most; then the country; a tunnel's name counts where neither can be compared."""
    if wishes.asn is not None and found.asn is not None:
        return found.asn != wishes.asn
    if wishes.country is not None and found.country is not None:
        return found.country != wishes.country
    return bool(found.tunnel)


class Fitness:
    """Asked before each round and each look between rounds."""

    def __init__(
        self,
        folder: Path,
        wishes: Wishes,
        clock: Callable[[], datetime],
        services: Services,
        controls: tuple[str, ...] = (),
        token: Credential = "",
        *,
        around: Callable[[], Surroundings] = around,
        here: Callable[[], object] = whereabouts,
    ) -> None:
        """`here` gives the same thing as long as the machine stands where it stood."""
        self._folder = folder
        self._wishes = wishes
        self._clock = clock
        self._ask = (services, controls, token)
        self._around = around
        self._here = here

    async def look(self) -> Fit:
        """In a pause nobody is asked anything."""
        if await asyncio.to_thread(paused, self._folder, self._clock()):
            return Fit(Extent.NONE, "paused")
        found = await asyncio.to_thread(self._around)
        if found.asn is None and (self._wishes.asn or self._wishes.country):
            services, controls, token = self._ask
            seen = await control.network(services, controls, token, timeout_s=_ASK_S)
            found = found.on(seen.asn, seen.country) if seen else found
        return fit(found, self._wishes)

    def stays(self) -> Callable[[], bool]:
        """A question, to be asked again: does the machine stand where it stood, and is there still no pause?"""
        before = self._here()
        return lambda: self._here() == before and paused(self._folder, self._clock()) is None


class AlwaysFit:
    """For a round that somebody asks for, whatever there is around."""

    async def look(self) -> Fit:
        return FULLY

    def stays(self) -> Callable[[], bool]:
        return lambda: True
