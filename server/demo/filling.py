"""Fills the demo's store: plans, makes and judges simulated measurements, adds them in bulk, and has them followed.

The judge, the detector and the counts are those of true measurements; no episode and no event is put in by hand. What
happened is followed as it happens, so that news bear the times at which they would have been told. The same table makes
the same store.
"""

import os
import random
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import SQLModel

from results.episodes import VERSION as DETECTOR
from results.history import History
from results.links import append_all
from results.many_rows import add_all
from results.packing import packed
from results.records import Measurement, Vantage, adapter
from results.rollups import Rollups
from results.rules import RULES_VERSION
from results.schema import HEAD, up_to_date
from results.store import Store, verdict_values
from results.tables import narrow
from results.verdict import judge
from server.demo.facts import FILE, Fact, loaded, urls_of
from server.demo.making import made
from server.demo.planning import Series, looks, moments, series
from targets.bundled import bundled, bundled_names
from targets.operators import operator_of, owner_of
from targets.target import Target

INTERVAL = timedelta(hours=6)  # at which the newest of it is looked at
PREFIX = "simulated-"
_SEED = 7
_VARIANTS = 12  # of a check that sees one and the same: they differ in their times
_AT_ONCE = 2000
_TABLES = SQLModel.metadata.tables
_MARK = 0x4B445353  # "KDSS": what the file says of itself, where programs look what a SQLite file is


@dataclass(frozen=True, slots=True)
class _Look:
    """One check to be."""

    at: datetime
    one: Series
    fact: Fact | None


class _Variant(NamedTuple):
    """Everything of a measurement but its name and its time."""

    measurement: Measurement
    evidence: bytes
    verdict: Mapping[str, Any]
    row: Mapping[str, Any]


def file_of(folder: Path) -> Path:
    """Where the demo's store lies: named by all that it is made of, so that an older program's is not shown."""
    parts = [FILE, *sorted(FILE.parent.glob("*.py"))]
    made_of = sha256(b"".join(part.read_bytes() for part in parts))
    made_of.update(f"{RULES_VERSION} {DETECTOR} {HEAD}".encode())
    return folder / f"demo-{made_of.hexdigest()[:8]}.db"


def filled(folder: Path) -> Path:
    """The store's file, made where it is not there yet. It has its name only when it is whole. Blocks."""
    place = file_of(folder)
    if not place.exists():
        folder.mkdir(parents=True, exist_ok=True)
        new = place.with_name(f"{place.name}.{os.getpid()}.new")
        new.unlink(missing_ok=True)
        try:
            with closing(Store(f"sqlite:///{new}", _in_a_hurry)) as store:
                fill(store, facts())
            with new.open("rb") as whole:
                os.fsync(whole.fileno())
            for old in folder.glob("demo-????????.db"):
                old.unlink()
            new.replace(place)
        finally:
            for left in folder.glob(f"{new.name}*"):
                left.unlink()
    return place


def _in_a_hurry(engine: sa.Engine) -> None:
    """Makes the tables; then no commit waits for the disk: a file that a power cut spoils has no name yet."""
    up_to_date(engine)
    engine.dispose()

    def hurry(connection: Any, _record: Any) -> None:
        connection.execute("pragma synchronous=off")

    sa.event.listen(engine, "connect", hurry)


def facts() -> list[Fact]:
    """The table's; a test holds it free of problems."""
    return loaded()[0]


def sites(known: Sequence[Fact]) -> list[Target]:
    """What the bundled lists know of the sites, in the order of the table."""
    listed = {target.url: target for name in bundled_names() for target in bundled(name)}
    return [listed.get(url) or Target(url=url) for url in urls_of(known)]


def fill(store: Store, known: Sequence[Fact]) -> int:
    """Everything, from an empty store on; how many measurements."""
    total = 0
    with store.transaction(alone=True) as connection:
        if connection.dialect.name == "sqlite":
            connection.execute(sa.text(f"pragma application_id = {_MARK}"))
    networks = _networks(known)
    history = History(store, owner=owner_of, outlets=_outlets(known), interval=INTERVAL)
    for until in moments(known):
        for network in networks:
            total += network.add(store, until)
        history.follow()
        history.settle(until)
    Rollups(store).follow()
    with store.transaction() as connection:
        connection.execute(sa.text("analyze"))
    return total


def _outlets(known: Sequence[Fact]) -> dict[str, str]:
    return {target.url: target.outlet for target in sites(known) if target.outlet}


def vantage_of(asn: int) -> Vantage:
    """One a network. Its name says that it does not exist, and goes wherever its measurements go."""
    operator = operator_of(asn)
    assert operator is not None  # a test holds the table to known networks
    return Vantage(
        name=f"{PREFIX}as{asn}", country="KZ", asn=asn, network=operator.name, vantage_class=operator.network_class
    )


class _Network:
    """One network's checks, in the order of time."""

    def __init__(self, asn: int, planned: Iterable[_Look]) -> None:
        self._vantage, self._chance = vantage_of(asn), random.Random(_SEED * 100_000 + asn)
        self._left = deque(sorted(planned, key=attrgetter("at")))
        self._variants: dict[tuple[str, str], list[_Variant]] = {}

    def add(self, store: Store, until: datetime) -> int:
        """Those before that time that are not stored yet; how many."""
        total = 0
        while some := self._some(until):
            rows: dict[str, list[dict[str, Any]]] = {name: [] for name in ("measurement", "evidence", "verdict")}
            linked: list[tuple[str, datetime, str]] = []
            for look in some:
                _put(rows, linked, self._variant(look), look)
            with store.transaction(alone=True) as connection:
                append_all(connection, self._vantage.name, linked)
                for name, found in rows.items():
                    add_all(connection, _TABLES[name], found)
            total += len(some)
        return total

    def _some(self, until: datetime) -> list[_Look]:
        found: list[_Look] = []
        while self._left and self._left[0].at < until and len(found) < _AT_ONCE:
            found.append(self._left.popleft())
        return found

    def _variant(self, look: _Look) -> _Variant:
        key = (look.one.url, f"{look.fact.id} {look.fact.began_words}" if look.fact else "")
        if key not in self._variants:
            self._variants[key] = [_variant(look, self._vantage, self._chance) for _ in range(_VARIANTS)]
        return self._chance.choice(self._variants[key])


def _networks(known: Sequence[Fact]) -> list[_Network]:
    every = series(known)
    return [
        _Network(asn, [_Look(at, one, fact) for one in every if one.asn == asn for at, fact in looks(one)])
        for asn in sorted({one.asn for one in every})
    ]


def _variant(look: _Look, vantage: Vantage, chance: random.Random) -> _Variant:
    measurement = replace(made(look.one.url, vantage, look.fact, chance), uid="UID", round_uid="ROUND")
    return _Variant(
        measurement,
        adapter().dump_json(measurement),
        verdict_values("", measurement.started_at, judge(measurement)),
        narrow(measurement),
    )


def _put(
    rows: dict[str, list[dict[str, Any]]], linked: list[tuple[str, datetime, str]], variant: _Variant, look: _Look
) -> None:
    """The measurement's rows. What it was judged by does not depend on its time, so that is said once for all."""
    at = look.at
    round_uid = f"{PREFIX}{look.one.asn}-{at:%Y%m%dT%H%M}"
    uid = _uid(f"{round_uid} {look.one.url}")
    evidence = variant.evidence.replace(b'"uid":"UID"', b'"uid":"%s"' % uid.encode(), 1)
    evidence = evidence.replace(b'"round_uid":"ROUND"', b'"round_uid":"%s"' % round_uid.encode(), 1)
    evidence = evidence.replace(b'"1970-01-01T00:00:00Z"', b'"%s"' % f"{at:%Y-%m-%dT%H:%M:%SZ}".encode(), 1)
    named = {"uid": uid, "started_at": at}
    rows["measurement"].append({**variant.row, **named, "round_uid": round_uid})
    rows["evidence"].append({**named, **packed(evidence)})
    rows["verdict"].append({**variant.verdict, **named})
    linked.append((uid, at, sha256(evidence).hexdigest()))


def _uid(words: str) -> str:
    return PREFIX + sha256(words.encode()).hexdigest()[:20]
