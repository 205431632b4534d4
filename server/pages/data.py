"""What stands behind the pages, as JSON: the same values, no words but the public ones. And the list's filter."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from results.formats.episodes import record
from results.history import series_name
from results.points import Point
from results.records import iso
from server.pages import phrases
from server.pages.overview import Overview, Row
from server.pages.site import Site
from server.pages.times import Local
from server.pages.turns import Turn


def filtered(rows: Sequence[Row], verdict: str, words: str) -> list[Row]:
    """Rows with that verdict, whose address or outlet has all of the words."""
    wanted = words.casefold().split()
    return [
        row
        for row in rows
        if (not verdict or (row.turn and row.turn.verdict == verdict))
        and all(word in f"{row.target.url} {row.target.outlet}".casefold() for word in wanted)
    ]


def sites(view: Overview, now: Local) -> dict[str, Any]:
    return {
        "says": phrases.plain(view.sentence),
        "at": iso(now.now),
        "span": view.span,
        "sites": [
            {"url": row.target.url, "outlet": row.target.outlet or None, **_turn(row.turn), **_newest(row)}
            for row in view.rows
        ],
    }


def site(view: Site) -> dict[str, Any]:
    return {
        "says": phrases.plain(view.sentence),
        "url": view.url,
        "span": view.span,
        **_turn(view.turn),
        "episodes": [
            {**record(series_name(view.url, one.asn, one.network), one.episode), "confidence": one.confidence}
            for one in view.episodes
        ],
        "points": [point_json(point) for point in view.points],
    }


def point_json(point: Point) -> dict[str, Any]:
    return {
        "uid": point.uid,
        "at": iso(point.at),
        "verdict": point.verdict.value,
        "mechanisms": list(point.mechanisms),
        "confidence": point.confidence,
        "says": point.says,
        "timings_ms": {
            "dns": point.dns_ms,
            "tcp": point.tcp_ms,
            "tls": point.tls_ms,
            "ttfb": point.ttfb_ms,
            "total": point.total_ms,
        },
        "kbps": point.kbps,
        "status": point.status,
    }


def _turn(turn: Turn | None) -> dict[str, Any]:
    return {
        "verdict": turn.verdict.value if turn else None,
        "last_otherwise_at": _iso(turn.before if turn else None),
        "first_at": _iso(turn.first if turn else None),
        "last_at": _iso(turn.newest if turn else None),
    }


def _newest(row: Row) -> dict[str, Any]:
    return {"newest": point_json(row.point) if row.point else None, "last_looked_at": _iso(row.newest)}


def _iso(moment: datetime | None) -> str | None:
    return iso(moment) if moment else None
