"""Simulated pasts on several networks, counted and followed as a server does it. None of it was ever seen."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa
from fastapi import FastAPI

from results.history import History
from results.records import Vantage
from results.rollups import Rollups
from results.store import Store
from server.app import create_many
from targets.operators import owner_of
from targets.target import Target
from tests.server.simulated import EVERY, HOME, NOW, Simulated

KCELL = Vantage(name="astana-1", country="KZ", asn=29355, network="Kcell", vantage_class="mobile")
BEELINE = Vantage(name="aktau-1", country="KZ", asn=21299, network="Beeline", vantage_class="mobile")
TOWN = Vantage(name="town-1", country="KZ", network="Town Net", vantage_class="home")


def past(store: Store, vantage: Vantage, name: str, letters: str, *, until: datetime | None = None) -> None:
    """One letter of VERDICTS a round, the last one just now. Uids are told apart by the vantage and the site."""
    simulated = Simulated(store, vantage=vantage)
    simulated._numbers = (f"{vantage.name}-{name}-{number}" for number in range(10**6))  # type: ignore[assignment]
    simulated.past(name, letters, until=until)


def followed(store: Store) -> None:
    """Episodes, events and rollups of what is stored."""
    History(store, owner=owner_of, outlets={}, interval=EVERY).follow()
    Rollups(store).follow()


def app_of(store: Store, targets: Sequence[Target], now: datetime = NOW) -> FastAPI:
    return create_many(store, targets=targets, interval=EVERY, clock=lambda: now, version="0.1.0")


def events_of(store: Store) -> list[str]:
    """The names of all that are told."""
    with store.transaction() as connection:
        return list(connection.execute(sa.text("select uid from event order by opened_at")).scalars())


def hostile(words: str) -> Vantage:
    """A member that says whatever it likes of itself."""
    return replace(HOME, name=f"v{words}", country="KZ", asn=None, network=f"net{words}", vantage_class=f"home{words}")
