"""A year of 60 sites on 8 networks, an hour apart: 4.2 million simulated measurements, for benchmarks of the pages.

None of it was ever seen on a network, and its vantages are called so. The same seed makes the same store. As a program:
`python -m tests.bench.big_store sqlite:////tmp/big.db`.
"""

import json
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlmodel import SQLModel

from results.chain import BEGINNING, following
from results.episodes import Episode, Kind
from results.event_rows import as_json
from results.events import Network, Placed, gathered, uid_of
from results.rollups import Rollups
from results.store import Store
from targets.target import Target
from tests.server.simulated import judgement, rich

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
SITES = [f"site-{number:02d}.example.kz" for number in range(60)]
NETWORKS = [(9198, "Kazakhtelecom", "home"), (21299, "Beeline", "mobile"), (29355, "Kcell", "mobile"),
            (48503, "Tele2", "mobile"), (41798, "Transtelecom", "office"), (35104, "KazTransCom", "home"),
            (43370, "Almatv", "home"), (None, "a network without a number", "home")]  # fmt: skip
COLUMNS = {
    "measurement": ("uid", "url", "vantage", "country", "asn", "network", "vantage_class", "started_at", "runtime_ms",
                    "reference_tls_ms"),
    "verdict": ("uid", "started_at", "rules_version", "verdict", "mechanisms", "confidence", "reasons", "dns_ms",
                "tcp_ms", "tls_ms", "ttfb_ms", "total_ms", "kbps", "status"),
    "link": ("vantage", "number", "uid", "digest", "started_at"),
}  # fmt: skip
REASONS = json.dumps([{"rule": "simulated", "says": "This measurement is simulated."}])
WAYS = [("blocked", "tls.timeout", "likely"), ("blocked", "dns.bogus", "confirmed"), ("blocked", "tcp.reset", "likely"),
        ("blocked", "http.blockpage", "confirmed"), ("throttled", "latency.high", "likely"),
        ("blocked", "tls.reset", "weak")]  # fmt: skip
Rows = dict[str, list[tuple[Any, ...]]]


@dataclass(frozen=True)
class Stretch:
    """A site in trouble on one network, from one hour to another; None: it goes on."""

    site: int
    network: int
    start: int
    end: int | None
    verdict: str
    mechanism: str
    confidence: str
    group: int


def site_url(number: int) -> str:
    return f"https://{SITES[number]}/"


def targets() -> list[Target]:
    return [Target(url=site_url(n), outlet=f"Outlet {n // 3}", category="NEWS" if n % 2 else "HUMR") for n in range(60)]


def stretches(chance: random.Random, hours: int) -> list[Stretch]:
    """Thirty troubles in the year, of which eight are on."""
    found = []
    for group in range(30):
        site, way = group * 7 % 30, WAYS[group % len(WAYS)]
        on = group < 8
        start = hours - chance.randrange(30, min(900, hours)) if on else chance.randrange(1, max(60, hours - 2000))
        networks = chance.sample(range(len(NETWORKS)), chance.choice([1, 2, 3, 8]))
        end = None if on else min(start + chance.randrange(12, 1500), hours - 10)
        late = [chance.randrange(3) for _ in networks]
        found += [Stretch(site, n, start + by, end, *way, group) for n, by in zip(networks, late, strict=True)]
    return found


def one_network(number: int, troubles: Sequence[Stretch], hours: int, seed: int) -> Iterator[Rows]:
    """A day at a time."""
    chance = random.Random(seed * 100 + number)
    asn, network, vantage_class = NETWORKS[number]
    vantage = f"simulated-{number}"
    noise = [chance.lognormvariate(0, 0.12) for _ in range(4096)]
    away = {hour for _ in range(8) for hour in _run(chance, hours)}
    mine: dict[int, list[Stretch]] = {}
    for one in troubles:
        if one.network == number:
            mine.setdefault(one.site, []).append(one)
    link, digest = 0, BEGINNING
    rows: Rows = {name: [] for name in COLUMNS}
    for hour in range(hours):
        at = NOW - HOUR * (hours - hour)
        stem = f"{at:%Y-%m-%d %H}"
        evening = 1.5 if 14 <= at.hour <= 18 else 1.0
        for site in range(len(SITES)) if hour not in away else ():
            draw = noise[(hour * 61 + site * 7) % 4096]
            said = _said(mine.get(site, ()), hour, chance.random())
            ok, slow = said[0] in {"accessible", "throttled"}, said[0] == "throttled"
            tls = round((60 + 3 * site) * draw * evening * (30 if slow else 1), 1) if ok else None
            uid = f"simulated-{number}-{hour}-{site}"
            when = f"{stem}:{site:02d}:{(hour * 7 + number) % 60:02d}.000000"
            rows["measurement"].append((uid, site_url(site), vantage, "KZ", asn, network, vantage_class, when, 800.0,
                                        round(70 * draw * evening, 1)))  # fmt: skip
            mechanisms = json.dumps([said[1]] if said[1] else [])
            rows["verdict"].append((uid, when, 1, said[0], mechanisms, said[2] or None, REASONS, 12.0, 35.0, tls,
                                    round(tls * 1.4, 1) if tls else None, 900.0,
                                    round(9000 / draw / evening, 1) if ok else None, 200 if ok else None))  # fmt: skip
            link, digest = link + 1, following(digest, uid, digest)
            rows["link"].append((vantage, link, uid, digest, when))
        if at.hour == 23 or hour == hours - 1:
            yield rows
            rows = {name: [] for name in COLUMNS}


def _run(chance: random.Random, hours: int) -> range:
    start = chance.randrange(hours - 40)
    return range(start, start + chance.randrange(2, 30))


def _said(troubles: Sequence[Stretch], hour: int, dice: float) -> tuple[str, str, str]:
    if dice < 0.004:
        return "inconclusive", "", ""
    for one in troubles:
        if one.start <= hour and (one.end is None or hour < one.end) and dice > 0.03:
            return one.verdict, one.mechanism, one.confidence
    return ("down", "", "likely") if dice > 0.999 else ("accessible", "", "")


def fill(store: Store, *, seed: int = 7, hours: int = 365 * 24, told: Callable[[str], object] = print) -> int:
    """Writes it all; how many measurements."""
    began = time.monotonic()
    troubles = stretches(random.Random(seed), hours)
    engine = store._engine
    write = _copy if engine.dialect.name == "postgresql" else _insert
    total = 0
    for number in range(len(NETWORKS)):
        raw = engine.raw_connection()
        try:
            for rows in one_network(number, troubles, hours, seed):
                write(raw, rows)
                total += len(rows["measurement"])
            raw.commit()
        finally:
            raw.close()
    _tell(store, troubles, hours)
    store.add(rich("rich", url=site_url(0), started_at=NOW - HOUR), judgement("b"))
    told(f"{total} measurements written in {time.monotonic() - began:.0f} s")
    began = time.monotonic()
    Rollups(store).rebuild()
    told(f"rollups counted in {time.monotonic() - began:.0f} s")
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(sa.text("analyze"))
    return total


def _insert(raw: Any, rows: Rows) -> None:
    cursor = raw.cursor()
    if not raw.driver_connection.in_transaction:
        cursor.execute("pragma synchronous=off")
        cursor.execute("begin")
    for name, columns in COLUMNS.items():
        marks = ", ".join("?" * len(columns))
        cursor.executemany(f"insert into {name} ({', '.join(columns)}) values ({marks})", rows[name])


def _copy(raw: Any, rows: Rows) -> None:
    with raw.cursor() as cursor:
        for name, columns in COLUMNS.items():
            with cursor.copy(f"copy {name} ({', '.join(columns)}) from stdin") as copy:
                copy.write("".join("\t".join(map(_field, row)) + "\n" for row in rows[name]))


def _field(value: object) -> str:
    return "\\N" if value is None else str(value)


def _tell(store: Store, troubles: Sequence[Stretch], hours: int) -> None:
    """Episodes and events as they were planned."""
    start = NOW - HOUR * hours
    tables = SQLModel.metadata.tables
    groups: dict[int, list[Stretch]] = {}
    for one in troubles:
        groups.setdefault(one.group, []).append(one)
    with store.transaction(alone=True) as connection:
        for group, found in groups.items():
            uid = uid_of("simulated", str(group))
            placed = [_placed(one, start, hours) for one in found]
            event = gathered(uid, placed)
            values = {"kind": event.kind.value, "opened_at": event.opened_at, "closed_at": event.closed_at}
            connection.execute(sa.insert(tables["event"]).values(uid=uid, event=as_json(event), **values))
            connection.execute(sa.insert(tables["episode"]), [_row(one, uid) for one in placed])


def _placed(one: Stretch, start: datetime, hours: int) -> Placed:
    asn, name, _ = NETWORKS[one.network]
    at = partial(_at, start, one.site)
    last = (one.end if one.end is not None else hours) - 1
    episode = Episode(
        kind=Kind.THROTTLING if one.verdict == "throttled" else Kind.BLOCKING,
        mechanisms=(one.mechanism,),
        last_good_at=at(one.start - 1),
        first_bad_at=at(one.start),
        opened_at=at(one.start + 3),
        last_bad_at=at(last),
        first_good_at=at(last + 1) if one.end is not None else None,
        closed_at=at(last + 3) if one.end is not None else None,
        measurements=last + 1 - one.start,
        bad=round((last + 1 - one.start) * 0.97),
    )
    network = Network(asn=asn, name=name, owner=name)
    return Placed(url=site_url(one.site), outlet=None, network=network, episode=episode, confidence=one.confidence)


def _at(start: datetime, site: int, hour: int) -> datetime:
    return start + HOUR * hour + timedelta(minutes=site)


def _row(one: Placed, uid: str) -> dict[str, Any]:
    values = {name: getattr(one.episode, name) for name in Episode.__slots__}
    values |= {"kind": one.episode.kind.value, "mechanisms": list(one.episode.mechanisms)}
    key = str(one.network.asn) if one.network.asn is not None else one.network.name
    where = {"network_key": key, "asn": one.network.asn, "network": one.network.name}
    return {"url": one.url, **where, **values, "confidence": one.confidence, "event_uid": uid}


if __name__ == "__main__":
    made = Store(sys.argv[1])
    fill(made)
    made.close()
