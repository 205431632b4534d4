"""Asks the server for its list of targets, now and again, and keeps what is newer than what is here.

Which targets are measured is decided in probe/lists.py. Nothing that is said here names a site.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from probe.budget import Budget
from probe.net import Garbage
from probe.services import Answer, Services
from probe.tongue import N_, say
from probe.traffic import counted
from probe.vantage import server_list
from probe.vantage.enrolment import Enrolment
from probe.vantage.identity import Identity
from probe.vantage.sealed import NotSealed
from probe.vantage.server_list import ServerList
from probe.vantage.signing import sign

PATH = "/v1/targets"
_AHEAD = timedelta(days=1)  # so far may a clock be behind
NOT_BELIEVED = N_("The server's list of targets is not used: {why}. What was here before is looked at.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long is waited, in seconds."""

    answer: float = 60.0
    again: float = 6 * 3600.0  # a quarter less to a quarter more, so that not all vantages ask at once
    after_failure: float = 900.0


class Fetching:
    """One vantage's look-out for a newer list."""

    def __init__(
        self,
        services: Services,
        identity: Identity,
        joined: Enrolment,
        servers: Sequence[str],
        folder: Path,
        *,
        clock: Callable[[], datetime],
        chance: Random,
        budget: Budget,
        say: Callable[[str], None] = lambda _sentence: None,
        held: Callable[[], bool] = lambda: False,
        pace: Pace | None = None,
    ) -> None:
        """`servers` are addresses of one and the same. `say` is told in sentences what a person should know.

        `held` says whether nobody is to be asked now, and may read a file for it.
        """
        self._services = services
        self._identity = identity
        self._joined = joined
        self._servers = list(servers)
        self._folder = folder
        self._clock = clock
        self._chance = chance
        self._budget = budget
        self._say = say
        self._held = held
        self._pace = pace or Pace()
        self._said = ""
        self._newest = ""  # of those that came

    async def run(self, came: Callable[[], Awaitable[None]]) -> None:
        """Until it is cancelled. `came` is called each time that a newer list is in the folder."""
        while True:
            before = self._newest
            well = await self.once()
            if self._newest != before:
                await came()
            wait_s = self._pace.again if well else self._pace.after_failure
            await asyncio.sleep(wait_s * self._chance.uniform(0.75, 1.25))

    async def once(self) -> bool:
        """Whether the server was heard. A list that is not the server's, or older than ours, changes nothing."""
        here = await asyncio.to_thread(server_list.kept, self._folder, self._joined.believed)
        for server in tuple(self._servers):
            if self._budget.left_bytes(self._clock()) <= 0 or await asyncio.to_thread(self._held):
                return False
            answer = await self._asked(server, here)
            if answer is not None and answer.status == 304:
                return True
            if answer is not None and answer.status == 200 and await self._taken(answer, here):
                return True
        return False

    async def _asked(self, server: str, here: ServerList | None) -> Answer | None:
        """None where nobody answers."""
        url, now = server.rstrip("/") + PATH, self._clock()

        def headers() -> Mapping[str, str]:
            said = {"Content-Type": "application/x-ndjson", "Content-Length": "0"}
            if here is not None:
                said["If-None-Match"] = f'"{here.version}"'
            nonce = secrets.token_urlsafe(16)
            return sign(self._identity, "GET", url, said, b"", now=self._clock(), nonce=nonce)

        with counted() as traffic:
            try:
                async with asyncio.timeout(self._pace.answer):
                    most = server_list.MAX_BYTES
                    return await self._services.answer(url, headers, b"", limit_bytes=most, method="GET")
            except (OSError, Garbage):  # TimeoutError is one
                return None
            finally:
                self._budget.spend(traffic.both_bytes, now)

    async def _taken(self, answer: Answer, here: ServerList | None) -> bool:
        believed = self._joined.believed
        assert believed is not None
        try:
            found = await asyncio.to_thread(server_list.read, answer.body, believed)
        except NotSealed as exc:
            # A portal's page, or a server that is another one since: somebody should know.
            self._tell(say(NOT_BELIEVED, why=exc))
            return False
        if here is not None and found.made_at <= here.made_at:
            return (
                True  # of a worker of the server that has not the newest yet, or of someone who plays back an old one
            )
        if found.made_at > self._clock() + _AHEAD:  # it would keep out all that come after it
            why = say("it was made in the future; is this machine's clock right?")
            self._tell(say(NOT_BELIEVED, why=why))
            return False
        try:
            await asyncio.to_thread(server_list.keep, self._folder, answer.body)
        except OSError as exc:
            self._tell(say(NOT_BELIEVED, why=say("it can't be kept ({why})", why=exc.strerror)))
            return False
        self._said, self._newest = "", found.version
        return True

    def _tell(self, says: str) -> None:
        """Once, until something else is to be said."""
        if self._said != says:
            self._said = says
            self._say(says)
