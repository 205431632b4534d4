"""Whom a control answers: whoever shows the token, or a pass from a known server and a request signed by its holder.

Nothing is stored: a pass runs out within the hour, and with it a member that was revoked. Which nonces have come is
remembered for as long as a signature is believed.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from starlette.requests import Request

from probe.vantage import passes
from probe.vantage.signing import WINDOW
from server.body import Refused
from server.control.asker import NetworkOf, no_table
from server.control.limits import Budget
from server.intake.door import signed_by

_NONCES_MAX = 200_000
_REMEMBERED_S = 2 * WINDOW.total_seconds() + 60  # as long as a signature is believed, and a little


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Whom the control answers, and how it learns who asks."""

    token: str = field(default="", repr=False)  # empty, and no server either: anyone
    servers: tuple[Ed25519PublicKey, ...] = ()  # whose passes are believed
    behind_proxy: bool = False
    network_of: NetworkOf = no_table


class Admission:
    """Who gets an answer, and how many."""

    def __init__(self, access: Access, budget: Budget, utcnow: Callable[[], datetime]) -> None:
        """`budget`: of each asker, who is a key where one is proven, else an address."""
        self._access = access
        self._budget = budget
        self._utcnow = utcnow
        self._nonces = Nonces(utcnow)

    def holder(self, request: Request, address: str) -> Ed25519PublicKey | None:
        """Whose pass is shown, whose signature is still to be looked at; None where the token admits. Raises Refused.

        Whoever shows nothing that is good is counted by the address; a member is not, whoever else has the same one.
        """
        shown = request.headers.get(passes.HEADER, "")
        if not shown or not self._access.servers:
            self._count(address)
            if not self._shows_token(request):
                raise Refused(401, self._wanted())
            return None
        try:
            return passes.holder(shown, self._access.servers, now=self._utcnow())
        except passes.NoPass as exc:
            self._count(address)
            raise Refused(401, str(exc)) from exc

    def prove(self, request: Request, body: bytes, key: Ed25519PublicKey, address: str) -> None:
        """Whether it is the pass's owner who asks, and asks this for the first time. Raises Refused."""
        try:
            signed = signed_by(request, body, key, now=self._utcnow())
        except Refused:
            self._count(address)
            raise
        self._count(signed.key_id)
        if not self._nonces.is_new(signed.key_id, signed.nonce):
            raise Refused(401, "This question was asked before: sign each one anew.")

    def _count(self, asker: str) -> None:
        wait_s = self._budget.take(asker)
        if wait_s:
            raise Refused(429, "Too many questions from here within a minute.", retry_after_s=wait_s)

    def _shows_token(self, request: Request) -> bool:
        access = self._access
        if not access.token:
            return not access.servers
        shown = request.headers.get("authorization", "").encode()
        return hmac.compare_digest(shown, f"Bearer {access.token}".encode())

    def _wanted(self) -> str:
        if not self._access.servers:
            return "The token is missing or wrong."
        return "This control answers vantages that have joined its server, with a pass from it."


class Nonces:
    """Those that have come, for a while. Of a flood the oldest are forgotten: what they open is one look at a site."""

    def __init__(self, utcnow: Callable[[], datetime]) -> None:
        self._utcnow = utcnow
        self._seen: dict[tuple[str, str], float] = {}

    def __len__(self) -> int:
        return len(self._seen)

    def is_new(self, key_id: str, nonce: str) -> bool:
        """Whether it has not come before; from now on it has."""
        now = self._utcnow().timestamp()
        while self._seen:
            oldest = next(iter(self._seen))
            if len(self._seen) < _NONCES_MAX and now - self._seen[oldest] < _REMEMBERED_S:
                break
            del self._seen[oldest]
        new = (key_id, nonce) not in self._seen
        self._seen.setdefault((key_id, nonce), now)
        return new
