"""Values of the store as the objects of /api/v1. Pure: nothing is read here, and no address is matched."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from results.events import Event
from results.judgement import Confidence, Fault
from results.looking import Network, Placed
from results.records import iso
from server.api import shapes
from server.pages.cells import Cell
from server.pages.many import says
from server.pages.many.choice import Choice
from server.pages.many.now import Watcher
from server.pages.many.shown import called, network_of
from server.pages.times import Window
from server.pages.views import site_href
from targets.target import Target

PLAIN = Choice()  # links as a reader without any choice has them
_TIMES = ("last_good_at", "first_bad_at", "opened_at", "last_bad_at", "first_good_at", "closed_at")
_COUNTS = ("measurements", "bad", "intermittent")


def target(one: Target) -> shapes.Target:
    return shapes.Target(
        url=one.url,
        outlet=one.outlet or None,
        role=one.role.value,
        category=one.category or None,
        language=one.language or None,
        page=site_href(one.url),
    )


def network(one: Network) -> shapes.Network:
    return shapes.Network(**_network(one))


def _network(one: Network) -> dict[str, Any]:
    page = PLAIN.href("/network", key=one.key) if one.key else "/network?key="
    return {"key": one.key, "asn": one.asn, "name": called(one), "page": page}


def heard(one: Network, vantages: int, last_at: Any) -> shapes.HeardNetwork:
    return shapes.HeardNetwork(**_network(one), vantages=vantages, last_at=last_at)


def vantage(one: Watcher) -> shapes.Vantage:
    known = one.vantage
    return shapes.Vantage(
        name=known.name,
        network=network(known.network) if known.network else None,
        country=known.country or None,
        vantage_class=known.vantage_class or None,
        last_at=known.last_at,
        joined_at=known.joined_at,
        interval_s=known.interval.total_seconds() if known.interval else None,
        silent=one.silent,
        page=PLAIN.href("/vantage", name=known.name),
    )


def measurement(row: Any) -> shapes.Measurement:
    """Of a row of `measurement` with its verdict's."""
    timings = {name: row[f"{name}_ms"] for name in ("dns", "tcp", "tls", "ttfb", "total")}
    return shapes.Measurement(
        uid=row["uid"],
        url=row["url"],
        started_at=row["started_at"],
        runtime_ms=round(row["runtime_ms"], 1),
        vantage=shapes.MeasuredFrom(
            name=row["vantage"],
            country=row["country"],
            asn=row["asn"],
            network=row["network"],
            vantage_class=row["vantage_class"],
        ),
        verdict=row["verdict"],
        mechanisms=list(row["mechanisms"]),
        confidence=Confidence(row["confidence"]) if row["confidence"] else None,
        fault=Fault(row["fault"]) if row["fault"] else None,
        reasons=[shapes.Reason(**reason) for reason in row["reasons"]],
        rules_version=row["rules_version"],
        timings_ms=shapes.Timings(**timings),
        kbps=row["kbps"],
        status=row["status"],
        page=PLAIN.href(f"/measurement/{quote(row['uid'], safe='')}"),
    )


def episode(one: Placed) -> shapes.Episode:
    found = one.kept.episode
    return shapes.Episode(
        url=one.url,
        network=network(network_of(one)),
        kind=found.kind,
        state=found.state,
        mechanisms=list(found.mechanisms),
        confidence=Confidence(one.kept.confidence) if one.kept.confidence else None,
        **{name: getattr(found, name) for name in (*_TIMES, *_COUNTS)},
        event=one.event_uid,
        page=episode_href(one),
    )


def event(one: Event) -> shapes.Event:
    return shapes.Event(
        uid=one.uid,
        kind=one.kind,
        state="closed" if one.closed_at else "open",
        urls=list(one.urls),
        networks=[network(says.named(each)) for each in one.networks],
        vantage=one.vantage,
        mechanisms=list(one.mechanisms),
        confidence=Confidence(one.confidence) if one.confidence else None,
        confirmed=one.confirmed,
        severity=one.severity,
        **{name: getattr(one, name) for name in (*_TIMES, *_COUNTS)},
        page=event_href(one),
    )


def cells(url: str, on: Network, window: Window, row: Sequence[Cell]) -> shapes.Cells:
    return shapes.Cells(
        url=url,
        network=network(on),
        start=window.start,
        end=window.end,
        cell_s=window.cell.total_seconds(),
        cells=[
            shapes.Cell(start=one.start, end=one.end, checks=one.total, **counts(one),
                        mechanisms=mechanisms(one), empty=why_empty(one))
            for one in row
        ],
    )  # fmt: skip


def counts(cell: Cell) -> dict[str, int]:
    """By verdict, all five."""
    found = dict.fromkeys(("accessible", "blocked", "throttled", "down", "inconclusive"), 0)
    for piece in cell.pieces:
        found[piece.kind.verdict.value] += piece.count
    return found


def mechanisms(cell: Cell) -> dict[str, int]:
    """The one that is drawn of each check, the most often first."""
    found: dict[str, int] = {}
    for piece in cell.pieces:
        if piece.mechanism:
            found[piece.mechanism] = found.get(piece.mechanism, 0) + piece.count
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def why_empty(cell: Cell) -> str | None:
    return None if cell.pieces else cell.empty.value


def episode_href(one: Placed, choice: Choice = PLAIN) -> str:
    found = one.kept.episode
    began = iso(found.first_bad_at)
    return choice.href("/episode", url=one.url, key=one.network_key, of=found.kind.value, began=began)


def event_href(one: Event, choice: Choice = PLAIN) -> str:
    return choice.href(f"/event/{quote(one.uid, safe='')}")
