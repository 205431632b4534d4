"""Sends what this vantage measured to the server that it has joined, until a receipt names each measurement.

What waits and in which batches is in results/outbox.py, how a request is signed in vantage/signing.py. Nothing that is
said here names a site or an address.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import NamedTuple

from pydantic import BaseModel, ValidationError

from probe.budget import Budget
from probe.net import Garbage
from probe.services import Answer, Services
from probe.tongue import N_, say
from probe.traffic import counted
from probe.vantage.answers import clock_of, why, words
from probe.vantage.identity import Identity
from probe.vantage.signing import sign
from results import outbox
from results.fate import Fate
from results.judgement import Judgement
from results.outbox import Batch, Receipt, Sender
from results.records import Measurement
from results.store import Store

PATH = "/v1/measurements"
_ANSWER_BYTES = 1024 * 1024
_SLOWEST_BYTES_S = 16 * 1024  # of a line that still sends
_ASKED_MAX_S = 86_400.0  # a server that asks for more patience is asked again after a day

UNREACHABLE = N_("The server can't be reached. What is measured is kept here, and sent when it can be.")
AGAIN = N_("The server takes measurements again.")
_UNTIL_THEN = N_("Until then what is measured is kept here.")
_REVOKED = N_("The server does not take measurements of this vantage; they are kept here. It says: {words}")
_UNREAD = N_("The server can't read a measurement that is sent to it; it is kept here. It says: {words}")
_REFUSED = N_("Measurement {uid}{more} is not at the server, and will not be sent again: {why}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long is waited for what, in seconds."""

    gather: float = 5.0  # until more has come to go in one request
    look: float = 300.0  # for what other programs store, who wake nobody
    answer: float = 60.0  # for an answer, beside the time that a slow line takes
    first: float = 5.0  # after a failure; doubled with each
    longest: float = 1800.0
    clock: float = 3600.0
    revoked: float = 6 * 3600.0


@dataclass(slots=True, kw_only=True)
class Counts:
    """What the server said of what was sent to it, and how much is left."""

    stored: int = 0
    there: int = 0
    refused: int = 0
    waiting: int = 0


class _Refusal(NamedTuple):
    """The server itself does not take the batch: no other address of it will."""

    wait_s: float | None  # None: no longer than after a failure
    kind: str
    says: str = ""
    smaller: bool = False


@dataclass(frozen=True, slots=True)
class _Unable:
    """Nobody who is the server answered, or it is not able to."""

    least_s: float = 0.0


class _Said(BaseModel):
    uid: str | None  # None: the server could not read even that
    fate: Fate
    says: str = ""


class _Receipts(BaseModel):
    receipts: tuple[_Said, ...]


class Submitter:
    """One vantage's measurements on their way to its server."""

    def __init__(
        self,
        store: Store,
        services: Services,
        identity: Identity,
        servers: Sequence[str],
        vantage: Sender,
        interval: timedelta,
        clock: Callable[[], datetime],
        chance: Random,
        *,
        budget: Budget,
        say: Callable[[str], None] = lambda _sentence: None,
        held: Callable[[], bool] = lambda: False,
        pace: Pace | None = None,
    ) -> None:
        """`servers` are addresses of one and the same. `say` is told in sentences what a person should know.

        `held` says whether nothing is to be sent now, and may read a file for it.
        """
        self._store = store
        self._services = services
        self._identity = identity
        self._servers = list(servers)
        self._vantage = vantage
        self._interval = interval
        self._clock = clock
        self._chance = chance
        self._budget = budget
        self._say = say
        self._held = held
        self._pace = pace or Pace()
        self._came = asyncio.Event()
        self._counts = Counts()
        self._after = 0
        self._most = outbox.LINES_MAX
        self._failures = 0
        self._trouble = ""  # the kind that was said
        self._aside: set[str] = set()

    async def kept(self, _measurement: Measurement, _judgement: Judgement) -> None:
        """One more is stored. Sending it is not waited for: the next check is due."""
        self._came.set()

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            self._came.clear()
            wait_s = await self._turn()
            if wait_s is not None:
                await asyncio.sleep(wait_s)
                continue
            # wait_for would lose a stop that comes together with the news (Python 3.11).
            with suppress(TimeoutError):
                async with asyncio.timeout(self._pace.look):
                    await self._came.wait()
                    await asyncio.sleep(self._pace.gather)

    async def once(self) -> Counts:
        """Sends all there is, until that is done or something stands in the way."""
        self._counts = Counts()
        while await self._turn() == 0:
            pass
        standing = await asyncio.to_thread(outbox.standing, self._store, self._vantage)
        self._counts.waiting = standing.waiting
        return self._counts

    async def _turn(self) -> float | None:
        """One batch; so many seconds until the next one's turn. None: nothing waits."""
        now = self._clock()
        if self._budget.left_bytes(now) <= 0:
            return self._until_midnight(now)
        if await asyncio.to_thread(self._held):
            return self._pace.look
        batch = await asyncio.to_thread(
            outbox.next_batch, self._store, self._vantage, after=self._after, most=self._most, aside=self._aside
        )
        self._after = batch.after
        if batch.unfit:
            await self._keep(batch.unfit)
        if not batch.uids:
            return None
        unable_s = 0.0
        for _ in range(len(self._servers)):
            met = await self._try(self._servers[0], batch)
            if isinstance(met, _Receipts):
                return await self._received(batch, met)
            if isinstance(met, _Refusal):
                return await self._refused(batch, met)
            unable_s = max(unable_s, met.least_s)
            self._servers.append(self._servers.pop(0))  # what worked last is asked first
        self._tell("unreachable", say(UNREACHABLE))
        self._fewer()
        return max(self._patience(), unable_s)

    async def _try(self, server: str, batch: Batch) -> "_Receipts | _Refusal | _Unable":
        now = self._clock()
        limit_s = self._pace.answer + len(batch.packed) / _SLOWEST_BYTES_S
        url = server.rstrip("/") + PATH

        def headers() -> Mapping[str, str]:
            return self._signed(url, batch.packed)

        with counted() as traffic:
            try:
                async with asyncio.timeout(limit_s):
                    answer = await self._services.answer(url, headers, batch.packed, limit_bytes=_ANSWER_BYTES)
            except (OSError, Garbage):  # TimeoutError is one
                return _Unable()
            finally:
                self._budget.spend(traffic.both_bytes, now)
        return self._read(answer)

    def _signed(self, url: str, body: bytes) -> Mapping[str, str]:
        headers = {
            "Content-Type": "application/x-ndjson",
            "Content-Encoding": "zstd",
            "Content-Length": str(len(body)),
            "Kedergi-Interval": f"{self._interval.total_seconds():.0f}",
        }
        return sign(self._identity, "POST", url, headers, body, now=self._clock(), nonce=secrets.token_urlsafe(16))

    def _read(self, answer: Answer) -> "_Receipts | _Refusal | _Unable":
        """What an answer means. What no server of ours would say is somebody else's: a portal's, a censor's."""
        said, clock = why(answer), clock_of(answer, self._clock())
        its_words = words(said.detail) if said is not None else "nothing"
        match answer.status:
            case 200:
                with suppress(ValidationError):
                    return _Receipts.model_validate_json(answer.body)
            case 401 if clock is not None:
                return _Refusal(self._pace.clock, "clock", f"{clock} {say(_UNTIL_THEN)}")
            case 401 if said is not None:
                return _Refusal(self._pace.revoked, "revoked", say(_REVOKED, words=its_words))
            case 429:
                return _Refusal(_asked_s(answer), "busy")
            case 413:
                return _Refusal(None, "too large", smaller=True)
            case 422:
                return _Refusal(None, "unread", say(_UNREAD, words=its_words), smaller=True)
        return _Unable(_asked_s(answer) or 0.0)

    async def _received(self, batch: Batch, met: _Receipts) -> float:
        """Only what was sent can have a receipt. What has none goes with the next batch."""
        said = met.receipts
        if len(said) == len(batch.uids):  # one for each line, in their order
            named = zip(said, batch.uids, strict=True)
            said = tuple(one.model_copy(update={"uid": one.uid or uid}) for one, uid in named)
        sent = set(batch.uids)
        receipts = {one.uid: Receipt(one.uid, one.fate, words(one.says)) for one in said if one.uid in sent}
        await self._keep(tuple(receipts.values()))
        if not receipts:
            self._tell("unreachable", say(UNREACHABLE))
            self._fewer()
            return self._patience()
        self._failures = 0
        self._most = min(self._most + max(self._most // 4, 1), outbox.LINES_MAX)  # what is too much is seldom tried
        if self._trouble:
            self._say(say(AGAIN))
        self._trouble = ""
        return 0.0

    async def _refused(self, batch: Batch, met: _Refusal) -> float:
        if met.smaller and len(batch.uids) > 1:
            self._most = len(batch.uids) // 2
            return 0.0
        if met.says:
            self._tell(met.kind, met.says)
        if met.kind == "too large":
            await self._keep((Receipt(batch.uids[0], Fate.REFUSED, "It is too large for the server."),))
            return 0.0
        if met.kind == "unread":
            self._aside.add(batch.uids[0])  # so that the others go; it is tried again when the program starts anew
        return (met.wait_s or self._patience()) * self._chance.uniform(1.0, 1.1)

    async def _keep(self, receipts: Sequence[Receipt]) -> None:
        await asyncio.to_thread(outbox.keep, self._store, receipts, at=self._clock())
        fates = Counter(one.fate for one in receipts)
        self._counts.stored += fates[Fate.STORED]
        self._counts.there += fates[Fate.THERE]
        self._counts.refused += fates[Fate.REFUSED]
        refused = [one for one in receipts if one.fate is Fate.REFUSED]
        if refused:
            first, more = refused[0], say(" (and {count} more)", count=len(refused) - 1) if len(refused) > 1 else ""
            self._say(say(_REFUSED, uid=first.uid, more=more, why=first.says))

    def _tell(self, kind: str, says: str) -> None:
        """Once for each trouble, however long it lasts."""
        if self._trouble != kind:
            self._trouble = kind
            self._say(says)

    def _fewer(self) -> None:
        """A line that is cut after some bytes lets small requests through."""
        self._most = max(self._most // 2, 1)

    def _patience(self) -> float:
        """Twice as long after each failure, never the same for two vantages."""
        wait_s = min(self._pace.first * 2.0 ** min(self._failures, 20), self._pace.longest)
        self._failures += 1
        return wait_s * self._chance.uniform(0.5, 1.0)

    def _until_midnight(self, now: datetime) -> float:
        """When there is a budget again; looked at sooner, since clocks are set and machines sleep."""
        day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        return min((day - now).total_seconds() + self._chance.uniform(0, 60), self._pace.longest)


def _asked_s(answer: Answer) -> float | None:
    """How long the server asks to be left alone."""
    said = answer.headers.get("retry-after", "")
    return min(float(said), _ASKED_MAX_S) if said.isascii() and said.isdigit() else None
