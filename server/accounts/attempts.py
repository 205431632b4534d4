"""How often a password may be tried: counted in the store, so that all servers on it share the count.

No address of a client is looked at. Trying slows down whoever tries, and never shuts an account: a browser in which it
had signed in before has a count of its own, so that a stranger who guesses does not keep its owner out.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import SQLModel

from results.store import Store

_ATTEMPT = SQLModel.metadata.tables["attempt"]
_FREE = 5  # tries that are not slowed down
_LONGEST_S = 60.0
_REMEMBERED = timedelta(hours=1)
_STRANGERS, _STRANGERS_IN = 30, timedelta(minutes=1)  # tries of all browsers that are not known, together


class TooSoon(Exception):
    """The next try is taken in so many seconds."""

    def __init__(self, wait_s: float) -> None:
        super().__init__()
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class Trier:
    """Who tries: a keyed digest of the name, or of the known browser."""

    who: str
    known: bool


def begin(store: Store, trier: Trier, *, now: datetime) -> int:
    """Counts a try before it is made, so that many at once are many; its id. Raises TooSoon."""
    with store.transaction(alone=True) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext("attempts"))))
        connection.execute(sa.delete(_ATTEMPT).where(_ATTEMPT.c.at < now - _REMEMBERED))
        wait_s = max(_own_wait_s(connection, trier, now), 0.0 if trier.known else _strangers_wait_s(connection, now))
        if wait_s > 0:
            raise TooSoon(wait_s)
        added = sa.insert(_ATTEMPT).values(who=trier.who, known=trier.known, at=now).returning(_ATTEMPT.c.id)
        return int(connection.execute(added).scalar_one())


def forgive(connection: sa.Connection, attempt: int) -> None:
    """It was none: the password fitted. What was tried before it still counts."""
    connection.execute(sa.delete(_ATTEMPT).where(_ATTEMPT.c.id == attempt))


def _own_wait_s(connection: sa.Connection, trier: Trier, now: datetime) -> float:
    newest = sa.func.max(_ATTEMPT.c.at, type_=_ATTEMPT.c.at.type)
    count, at = connection.execute(sa.select(sa.func.count(), newest).where(_ATTEMPT.c.who == trier.who)).one()
    if count < _FREE:
        return 0.0
    pause_s = min(_LONGEST_S, 2.0 ** min(count - _FREE + 1, 10))
    return float(pause_s - (now - at).total_seconds())


def _strangers_wait_s(connection: sa.Connection, now: datetime) -> float:
    strangers = sa.select(_ATTEMPT.c.at).where(_ATTEMPT.c.known.is_(False), _ATTEMPT.c.at > now - _STRANGERS_IN)
    at = connection.execute(strangers.order_by(_ATTEMPT.c.at.desc()).offset(_STRANGERS - 1).limit(1)).scalar()
    return 0.0 if at is None else (at + _STRANGERS_IN - now).total_seconds()
